// Package resolve queries DNS servers: many queries at once, over any connection to the server. It
// knows neither where a server is nor what an answer should be.
package kube

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

const (
	// connections is the maximum number of concurrent connections, window that of pending queries
	// on each: many servers answer the queries of one connection one after the other.
	dnsConnections = 4
	dnsWindow      = 16
	// sends is how often a query is sent as a datagram, which may get lost.
	dnsSends = 3
	// attempts is the maximum number of connections for one query.
	dnsAttempts = 3
	// maxAliases is the maximum number of further queries for the targets of CNAMEs.
	maxAliases = 8
)

// Dial opens a connection to a server. Close must interrupt a pending Read.
type Dial func(context.Context) (io.ReadWriteCloser, error)

// Server is a DNS server and how to connect to it.
type Resolver struct {
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
func (s *Resolver) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	answers := make([]names.Answer, len(questions))
	var items []*dnsQuery
	for i, q := range questions {
		answers[i].Question = q
		it := &dnsQuery{answer: &answers[i], name: q.Name, edns: true}
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
		c := &dnsExchange{server: s, dial: s.Packet, queue: items}
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
	c := &dnsExchange{server: s, dial: s.Stream, stream: true, queue: items}
	err := c.run(ctx)
	if err != nil && (heard == 0 || ctx.Err() != nil) {
		return nil, err
	}
	if err != nil {
		for _, it := range items {
			it.fail(msgTooLongForUDP(err), errors.Is(err, names.ErrNoAnswer))
		}
	}
	return answers, nil
}

// item is a pending query.
type dnsQuery struct {
	answer *names.Answer
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
func (it *dnsQuery) prepare() error {
	message, err := names.Pack(it.question(), it.edns)
	it.message = message
	return err
}

// question is what is queried now.
func (it *dnsQuery) question() names.Question {
	return names.Question{Name: it.name, Type: it.answer.Type}
}

func (it *dnsQuery) fail(problem string, timedOut bool) {
	it.answer.Code, it.answer.Problem, it.answer.TimedOut = "", problem, timedOut
}

// conversation is the exchange with a server over connections of one kind.
type dnsExchange struct {
	server *Resolver
	dial   Dial
	stream bool

	mu    sync.Mutex
	queue []*dnsQuery
	all   []*dnsQuery
	long  []*dnsQuery // too long for a datagram
	heard int         // number of answers
	err   error       // why the last connection ended
}

// run processes the whole queue. It returns an error if there was no answer at all.
func (c *dnsExchange) run(ctx context.Context) error {
	c.all = slices.Clone(c.queue)
	// An unreachable server is dialed once, not by every connection.
	first, err := c.dial(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.connect(ctx, first) })
	for range min(dnsConnections, (len(c.all)+dnsWindow-1)/dnsWindow) - 1 {
		wg.Go(func() { c.connect(ctx, nil) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	for _, it := range c.queue { // all connections have given up
		it.fail(c.err.Error(), errors.Is(c.err, names.ErrNoAnswer))
	}
	switch {
	case c.heard > 0:
		return nil
	case c.err != nil:
		return c.err
	}
	return c.noAnswer() // datagrams without any response
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
func (c *dnsExchange) connect(ctx context.Context, conn io.ReadWriteCloser) {
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
		} else if barren++; barren == 2 || heard == 0 && !c.stream && errors.Is(err, names.ErrNoAnswer) {
			return
		}
	}
	if conn != nil {
		_ = conn.Close() // unused
	}
}

func (c *dnsExchange) left() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue) > 0
}

func (c *dnsExchange) take() *dnsQuery {
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
func (c *dnsExchange) again(items ...*dnsQuery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(items, c.queue...)
}

func (c *dnsExchange) noAnswer() error {
	return errNoAnswerWithin(c.server.Timeout)
}
