// Package resolve queries DNS servers: many queries at once, over any connection to the server. It
// knows neither where a server is nor what an answer should be.
package resolve

import (
	"context"
	"encoding/binary"
	"errors"
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
	// connections is the maximum number of concurrent connections, window that of pending queries
	// on each: many servers answer the queries of one connection one after the other.
	connections = 4
	window      = 16
	// sends is how often a query is sent as a datagram, which may get lost.
	sends = 3
	// attempts is the maximum number of connections for one query.
	attempts = 3
	// maxAliases is the maximum number of further queries for the targets of CNAMEs.
	maxAliases = 8
)

// Dial opens a connection to a server. Close must interrupt a pending Read.
type Dial func(context.Context) (io.ReadWriteCloser, error)

// Server is a DNS server and how to connect to it.
type Server struct {
	// Stream is for DNS over TCP (RFC 7766).
	Stream Dial
	// Packet is for DNS over UDP: each Write sends a datagram, each Read returns one. It is nil
	// if only streams can be used. Queries whose answer is too long for a datagram are repeated
	// over Stream.
	Packet Dial
	// Timeout is the timeout of one query, by the Clock.
	Timeout time.Duration
	Clock   clock.Clock
}

// Ask sends all queries to the server and returns the answers in the same order. If a query failed,
// its answer says why. An error means that there was no response from the server at all, or
// that ctx has ended.
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
			items = c.all // no answer: UDP may be blocked
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
			it.fail(msgTooLongForUDP(err), errors.Is(err, errSilent))
		}
	}
	return answers, nil
}

// item is a pending query.
type item struct {
	answer *sts.DNSAnswer
	// name is the name to query: that of the question, or the target of its CNAMEs.
	name    string
	aliases int
	edns    bool
	message []byte // without its id

	id       uint16
	order    int       // in which it was sent, on this connection
	sent     time.Time // for the first time, on this connection
	due      time.Time // when it times out or is sent again
	sends    int
	attempts int
}

// prepare packs the message; the connection sets its id.
func (it *item) prepare() error {
	t, known := types[it.answer.Type]
	if !known {
		return errors.New(msgRecordType(it.answer.Type))
	}
	message, err := pack(0, it.name, t, it.edns)
	it.message = message
	return err
}

func (it *item) fail(problem string, timedOut bool) {
	it.answer.Code, it.answer.Problem, it.answer.TimedOut = "", problem, timedOut
}

// conversation is the exchange with a server over connections of one kind.
type conversation struct {
	server *Server
	dial   Dial
	stream bool

	mu    sync.Mutex
	queue []*item
	all   []*item
	long  []*item // too long for a datagram
	heard int     // number of answers
	err   error   // why the last connection ended
}

// run processes the whole queue. It returns an error if there was no answer at all.
func (c *conversation) run(ctx context.Context) error {
	c.all = slices.Clone(c.queue)
	// An unreachable server is dialed once, not by every connection.
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
	for _, it := range c.queue { // all connections have given up
		it.fail(c.err.Error(), errors.Is(c.err, errSilent))
	}
	switch {
	case c.heard > 0:
		return nil
	case c.err != nil:
		return c.err
	}
	return c.silent() // datagrams without any response
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// connect uses one connection after the other until the queue is empty. It gives up after two
// without an answer, if the others had none meanwhile, and earlier if a server has never
// responded to datagrams, which were sent more than once.
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

// again puts queries at the head of the queue.
func (c *conversation) again(items ...*item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(items, c.queue...)
}

// errSilent: there was no answer in time.
var errSilent = errors.New(msgSilent())

func (c *conversation) silent() error {
	return errSilentFor(errSilent, c.server.Timeout)
}

// session uses one connection until the queue is empty and everything is answered; the error says
// why it ended before that. Queries without an answer are then back in the queue.
func (c *conversation) session(ctx context.Context, conn io.ReadWriteCloser) (err error) {
	s := &session{conversation: c, outgoing: make(chan []byte, window*sends), flying: map[uint16]*item{}}
	var (
		incoming = make(chan []byte)
		broken   error
		done     = make(chan struct{})
		wg       sync.WaitGroup
	)
	// Neither reading nor writing may block the other.
	wg.Go(func() {
		for msg := range s.outgoing {
			_, _ = conn.Write(msg) // if it fails, the query times out
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
		_ = conn.Close() // no longer needed
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
			s.receive(msg)
		case <-timer.C():
			if err := s.late(); err != nil {
				return err
			}
		}
	}
}

type session struct {
	*conversation
	outgoing chan []byte // has room for all pending queries, each as often as it is sent
	flying   map[uint16]*item
	last     time.Time // of the last answer
	sent     int
}

// fill sends as many queries as may be pending at the same time.
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

// read returns one message. Over a stream it is preceded by its length.
func read(conn io.Reader, stream bool) ([]byte, error) {
	if !stream {
		msg := make([]byte, 64<<10)
		n, err := conn.Read(msg)
		return msg[:n], err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New(msgServerClosed())
		}
		return nil, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, msg); err != nil {
		return nil, errConnectionCut(err)
	}
	return msg, nil
}

// next is the query that times out first: the one that was sent first.
func (s *session) next() *item {
	var first *item
	for _, it := range s.flying {
		if first == nil || it.order < first.order {
			first = it
		}
	}
	return first
}

// receive processes an answer. It ignores messages that match no pending query: a late answer or a
// forgery.
func (s *session) receive(msg []byte) {
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
		it.fail(msgTruncated(), false)
	case it.edns && (r.code == dnsmessage.RCodeFormatError || r.code == dnsmessage.RCodeNotImplemented):
		it.edns = false // a server from before EDNS
		s.askOn(it)
	case r.next != "" && it.aliases == maxAliases:
		it.fail(msgTooManyAliases(maxAliases), false)
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

// askOn sends another query for the same answer.
func (s *session) askOn(it *item) {
	if err := it.prepare(); err != nil {
		it.fail(err.Error(), false)
		return
	}
	s.again(it)
}

// late handles the query that has timed out. An error ends the connection: without any other answer
// for a while, this may be a server that answers one query after the other, so the remaining
// ones need a connection without this one.
func (s *session) late() error {
	it := s.next()
	if !s.stream && it.sends < sends {
		s.send(it)
		return nil
	}
	delete(s.flying, it.id)
	if s.stream && s.last.IsZero() && it.attempts == 0 {
		// No answer over this connection: what is behind it, such as a forwarded port, may have
		// stalled. The query is the last on the next connection, in case it stalls the server.
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

// giveBack queues the unanswered queries of this connection, except those that have failed too often.
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
