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
	// dnsConnections is the maximum number of concurrent connections, dnsWindow that of pending
	// queries on each: many servers answer the queries of one connection one after the other.
	dnsConnections = 4
	dnsWindow      = 16
	// dnsSends is how often a query is sent as a datagram, which may get lost.
	dnsSends = 3
	// dnsAttempts is the maximum number of connections for one query.
	dnsAttempts = 3
	// maxAliases is the maximum number of further queries for the targets of CNAMEs.
	maxAliases = 8
)

// Dial opens a connection to a server. Close must interrupt a pending Read.
type Dial func(context.Context) (io.ReadWriteCloser, error)

// Resolver sends queries to a DNS server, many at once, over any connections to it.
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

// Resolve sends all queries to the server and returns the answers in the same order. If a query failed,
// its answer says why. An error means that there was no response from the server at all, or
// that ctx has ended.
func (r *Resolver) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	answers := make([]names.Answer, len(questions))
	var queries []*dnsQuery
	for i, question := range questions {
		answers[i].Question = question
		q := &dnsQuery{answer: &answers[i], name: question.Name, edns: true}
		if err := q.prepare(); err != nil {
			answers[i].Problem = err.Error()
			continue
		}
		queries = append(queries, q)
	}
	if len(queries) == 0 {
		return answers, nil
	}
	answered := 0
	if r.Packet != nil {
		c := &dnsExchange{resolver: r, dial: r.Packet, queue: queries}
		err := c.run(ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		answered = c.answered
		if queries = c.long; err != nil {
			queries = c.all // no answer: UDP may be blocked
		}
		if len(queries) == 0 {
			return answers, nil
		}
	}
	c := &dnsExchange{resolver: r, dial: r.Stream, stream: true, queue: queries}
	err := c.run(ctx)
	if err != nil && (answered == 0 || ctx.Err() != nil) {
		return nil, err
	}
	if err != nil {
		for _, q := range queries {
			q.fail(msgTooLongForUDP(err), errors.Is(err, names.ErrNoAnswer))
		}
	}
	return answers, nil
}

// dnsQuery is a pending query.
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
func (q *dnsQuery) prepare() error {
	message, err := names.Pack(q.question(), q.edns)
	q.message = message
	return err
}

// question is what is queried now.
func (q *dnsQuery) question() names.Question {
	return names.Question{Name: q.name, Type: q.answer.Type}
}

func (q *dnsQuery) fail(problem string, timedOut bool) {
	q.answer.Code, q.answer.Problem, q.answer.TimedOut = "", problem, timedOut
}

// dnsExchange is the exchange with a server over connections of one kind.
type dnsExchange struct {
	resolver *Resolver
	dial     Dial
	stream   bool

	mu       sync.Mutex
	queue    []*dnsQuery
	all      []*dnsQuery
	long     []*dnsQuery // too long for a datagram
	answered int         // number of answers
	err      error       // why the last connection ended
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
	for _, q := range c.queue { // all connections have given up
		q.fail(c.err.Error(), errors.Is(c.err, names.ErrNoAnswer))
	}
	switch {
	case c.answered > 0:
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
	answered, withoutAnswer := 0, 0
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
		progress := c.answered > answered
		answered = c.answered
		c.mu.Unlock()
		if progress {
			withoutAnswer = 0
		} else if withoutAnswer++; withoutAnswer == 2 || answered == 0 && !c.stream && errors.Is(err, names.ErrNoAnswer) {
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
	q := c.queue[0]
	c.queue = c.queue[1:]
	return q
}

// again puts queries at the head of the queue.
func (c *dnsExchange) again(queries ...*dnsQuery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(queries, c.queue...)
}

func (c *dnsExchange) noAnswer() error {
	return errNoAnswerWithin(c.resolver.Timeout)
}
