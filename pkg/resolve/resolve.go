// Package resolve asks DNS servers: many questions at once, and over whatever carries bytes to
// the server. It knows neither where a server is found nor what an answer should be.
package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	// connections are used side by side at most, each with a window of questions on their
	// way: many servers answer the questions of one connection one after the other.
	connections = 4
	window      = 16
	// sends is how often a question goes out as a datagram: those get lost.
	sends = 3
	// attempts is how many connections may fail a question.
	attempts = 3
	// maxAliases is how many further questions aliases may lead to.
	maxAliases = 8
)

// Dial opens a connection to a server. A Close ends a Read that waits.
type Dial func(context.Context) (io.ReadWriteCloser, error)

// Server is a DNS server, by the ways to reach it.
type Server struct {
	// Stream is for DNS over TCP (RFC 7766).
	Stream Dial
	// Packet is for DNS over UDP: each Write is a datagram, each Read gives one. It is nil
	// where only streams get through. What is too long for a datagram is asked for again
	// over Stream.
	Packet Dial
	// Timeout is how long one question is waited for, by the Clock.
	Timeout time.Duration
	Clock   clock.Clock
}

// Ask puts all questions to the server and returns their answers in the same order. What
// kept one question from being answered stands in its answer. An error says that nothing
// at all has come from the server, or that ctx has ended.
func (s *Server) Ask(ctx context.Context, questions []sts.DNSQuestion) ([]sts.DNSAnswer, error) {
	answers := make([]sts.DNSAnswer, len(questions))
	var items []*item
	for i, q := range questions {
		answers[i].DNSQuestion = q
		it := &item{answer: &answers[i], name: q.Name, edns: true}
		if err := it.prepare(); err != nil {
			answers[i].Problem = err.Error()
			continue
		}
		items = append(items, it)
	}
	if len(items) == 0 {
		return answers, nil
	}
	heard := 0
	if s.Packet != nil {
		c := &conversation{server: s, dial: s.Packet, queue: items}
		err := c.run(ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		heard = c.heard
		if items = c.long; err != nil {
			items = c.all // nothing has come: it may be that only streams get through
		}
		if len(items) == 0 {
			return answers, nil
		}
	}
	c := &conversation{server: s, dial: s.Stream, stream: true, queue: items}
	err := c.run(ctx)
	if err != nil && (heard == 0 || ctx.Err() != nil) {
		return nil, err
	}
	if err != nil {
		for _, it := range items {
			it.fail("too long for UDP, and by TCP "+err.Error(), errors.Is(err, errSilent))
		}
	}
	return answers, nil
}

// item is a question that has no answer yet.
type item struct {
	answer *sts.DNSAnswer
	// name is asked for: that of the question, or where its aliases lead to.
	name    string
	aliases int
	edns    bool
	message []byte // without its id

	id       uint16
	order    int       // in which it was sent, on this connection
	sent     time.Time // at first, on this connection
	due      time.Time // when waiting ends, or when it is sent again
	sends    int
	attempts int
}

// prepare makes the message; its id is for the connection to choose.
func (it *item) prepare() error {
	t, known := types[it.answer.Type]
	if !known {
		return fmt.Errorf("questions for %q are not asked", it.answer.Type)
	}
	message, err := pack(0, it.name, t, it.edns)
	it.message = message
	return err
}

func (it *item) fail(problem string, timedOut bool) {
	it.answer.Code, it.answer.Problem, it.answer.TimedOut = "", problem, timedOut
}

// conversation is all that is said to a server over connections of one kind.
type conversation struct {
	server *Server
	dial   Dial
	stream bool

	mu    sync.Mutex
	queue []*item
	all   []*item
	long  []*item // too long for a datagram
	heard int     // answers that came
	err   error   // why the last connection ended
}

// run asks the whole queue. It returns an error when not one answer has come.
func (c *conversation) run(ctx context.Context) error {
	c.all = slices.Clone(c.queue)
	// A server that cannot be reached is tried once, not by every connection.
	first, err := c.dial(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.connect(ctx, first) })
	for range min(connections, (len(c.all)+window-1)/window) - 1 {
		wg.Go(func() { c.connect(ctx, nil) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	for _, it := range c.queue { // everybody has given up
		it.fail(c.err.Error(), errors.Is(c.err, errSilent))
	}
	switch {
	case c.heard > 0:
		return nil
	case c.err != nil:
		return c.err
	}
	return c.silent() // datagrams that nobody has refused
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// connect keeps one connection after the other busy until nothing is left to ask. It gives
// up when two of them have brought nothing and nothing came over others meanwhile, and sooner
// on a server that has never said a word to datagrams, which were sent more than once.
func (c *conversation) connect(ctx context.Context, conn io.ReadWriteCloser) {
	heard, barren := 0, 0
	for ctx.Err() == nil && c.left() {
		var err error
		if conn == nil {
			conn, err = c.dial(ctx)
		}
		if err == nil {
			err = c.session(ctx, conn)
			conn = nil
		}
		if err == nil {
			continue
		}
		c.mu.Lock()
		c.err = err
		news := c.heard > heard
		heard = c.heard
		c.mu.Unlock()
		if news {
			barren = 0
		} else if barren++; barren == 2 || heard == 0 && !c.stream && errors.Is(err, errSilent) {
			return
		}
	}
	if conn != nil {
		_ = conn.Close() // unused
	}
}

func (c *conversation) left() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue) > 0
}

func (c *conversation) take() *item {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return nil
	}
	it := c.queue[0]
	c.queue = c.queue[1:]
	return it
}

// again puts questions at the head of the queue.
func (c *conversation) again(items ...*item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(items, c.queue...)
}

// errSilent: nothing came in time.
var errSilent = errors.New("no answer came")

func (c *conversation) silent() error {
	return fmt.Errorf("%w within %s", errSilent, c.server.Timeout)
}

// session asks over one connection until the queue is empty and everything answered; the
// error says why it ended before that. What is not answered then is in the queue again.
func (c *conversation) session(ctx context.Context, conn io.ReadWriteCloser) (err error) {
	s := &session{conversation: c, outgoing: make(chan []byte, window*sends), flying: map[uint16]*item{}}
	var (
		incoming = make(chan []byte)
		broken   error
		done     = make(chan struct{})
		wg       sync.WaitGroup
	)
	// Neither side may wait for the other to read.
	wg.Go(func() {
		for msg := range s.outgoing {
			_, _ = conn.Write(msg) // when it fails no answer comes, which is noticed
		}
	})
	wg.Go(func() {
		defer close(incoming)
		for {
			msg, err := read(conn, c.stream)
			if err != nil {
				broken = err
				return
			}
			select {
			case incoming <- msg:
			case <-done:
				return
			}
		}
	})
	defer func() {
		close(done)
		close(s.outgoing)
		_ = conn.Close() // nothing is expected of it any more
		wg.Wait()
		s.giveBack(err)
	}()
	timer := c.server.Clock.NewTimer(c.server.Timeout)
	defer timer.Stop()
	for {
		s.fill()
		if len(s.flying) == 0 {
			return nil
		}
		timer.Reset(s.next().due.Sub(c.server.Clock.Now()))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case msg, ok := <-incoming:
			if !ok {
				return broken
			}
			s.hear(msg)
		case <-timer.C():
			if err := s.late(); err != nil {
				return err
			}
		}
	}
}

type session struct {
	*conversation
	outgoing chan []byte // has room for all that flies, each time that it is sent
	flying   map[uint16]*item
	last     time.Time // when something was heard
	sent     int
}

// fill sends as many questions as may be on their way together.
func (s *session) fill() {
	for len(s.flying) < window {
		it := s.take()
		if it == nil {
			return
		}
		for it.id = uint16(rand.Uint32()); s.flying[it.id] != nil; {
			it.id++
		}
		s.flying[it.id] = it
		it.sent, it.sends = s.server.Clock.Now(), 0
		s.send(it)
	}
}

func (s *session) send(it *item) {
	wait := s.server.Timeout
	msg := make([]byte, 2, 2+len(it.message))
	binary.BigEndian.PutUint16(msg, uint16(len(it.message)))
	msg = append(msg, it.message...)
	binary.BigEndian.PutUint16(msg[2:], it.id)
	if !s.stream {
		msg = msg[2:]
		wait /= sends
	}
	it.sends++
	s.sent++
	it.order = s.sent
	it.due = s.server.Clock.Now().Add(wait)
	s.outgoing <- msg
}

// read gives one message. Over a stream its length stands before it.
func read(conn io.Reader, stream bool) ([]byte, error) {
	if !stream {
		msg := make([]byte, 64<<10)
		n, err := conn.Read(msg)
		return msg[:n], err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the server has closed the connection")
		}
		return nil, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, msg); err != nil {
		return nil, fmt.Errorf("the connection has ended in the middle of an answer: %w", err)
	}
	return msg, nil
}

// next is the question whose time is over first: the one that was sent first.
func (s *session) next() *item {
	var first *item
	for _, it := range s.flying {
		if first == nil || it.order < first.order {
			first = it
		}
	}
	return first
}

// hear takes an answer. What nobody has asked is not one: a late answer to a question that
// was given up, or a forgery.
func (s *session) hear(msg []byte) {
	if len(msg) < 2 {
		return
	}
	it := s.flying[binary.BigEndian.Uint16(msg)]
	if it == nil {
		return
	}
	r, err := unpack(msg, it.name, types[it.answer.Type])
	if errors.Is(err, errForeign) {
		return
	}
	s.last = s.server.Clock.Now()
	delete(s.flying, it.id)
	s.mu.Lock()
	s.heard++
	s.mu.Unlock()
	switch {
	case err != nil:
		it.fail(err.Error(), false)
	case r.truncated && !s.stream:
		s.mu.Lock()
		s.long = append(s.long, it)
		s.mu.Unlock()
	case r.truncated:
		it.fail("what came is cut off, although it came over TCP", false)
	case it.edns && (r.code == dnsmessage.RCodeFormatError || r.code == dnsmessage.RCodeNotImplemented):
		it.edns = false // a server from before EDNS
		s.askOn(it)
	case r.next != "" && it.aliases == maxAliases:
		it.fail("the aliases lead too far", false)
	case r.next != "":
		it.name = r.next
		it.aliases++
		s.askOn(it)
	default:
		a := it.answer
		a.Code, a.Addresses, a.Services = codeName(r.code), r.addresses, r.services
		a.TTL, a.Took = r.ttl, s.last.Sub(it.sent)
		a.Problem, a.TimedOut = "", false
	}
}

// askOn asks another question for the same answer.
func (s *session) askOn(it *item) {
	if err := it.prepare(); err != nil {
		it.fail(err.Error(), false)
		return
	}
	s.again(it)
}

// late deals with the question whose time is over. An error ends the connection: when nothing
// else came for a while either, this may be a server that answers one question after the
// other, and those behind deserve a connection without this one.
func (s *session) late() error {
	it := s.next()
	if !s.stream && it.sends < sends {
		s.send(it)
		return nil
	}
	delete(s.flying, it.id)
	if s.stream && s.last.IsZero() && it.attempts == 0 {
		// Not a word over this connection: what is behind it, like a forwarded port, may have
		// stalled. The question comes last on the next, in case it is what stalls the server.
		it.attempts++
		s.mu.Lock()
		s.queue = append(s.queue, it)
		s.mu.Unlock()
		return s.silent()
	}
	it.fail(s.silent().Error(), true)
	if !s.stream || s.server.Clock.Since(s.last) < s.server.Timeout/2 {
		return nil
	}
	return s.silent()
}

// giveBack queues what this connection has not answered, unless it was tried often enough.
func (s *session) giveBack(err error) {
	items := slices.SortedFunc(maps.Values(s.flying), func(a, b *item) int { return a.order - b.order })
	items = slices.DeleteFunc(items, func(it *item) bool {
		if s.last.IsZero() || errors.Is(err, errSilent) {
			it.attempts++
		}
		if it.attempts == attempts {
			it.fail(err.Error(), errors.Is(err, errSilent))
			return true
		}
		return false
	})
	s.again(items...)
}
