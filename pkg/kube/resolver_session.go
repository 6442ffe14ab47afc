package kube

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

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// session uses one connection until the queue is empty and everything is answered; the error says
// why it ended before that. Queries without an answer are then back in the queue.
func (c *dnsExchange) session(ctx context.Context, conn io.ReadWriteCloser) (err error) {
	s := &dnsSession{dnsExchange: c, outgoing: make(chan []byte, dnsWindow*dnsSends), pending: map[uint16]*dnsQuery{}}
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
			msg, err := readDNSMessage(conn, c.stream)
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
	timer := c.resolver.Clock.NewTimer(c.resolver.Timeout)
	defer timer.Stop()
	for {
		s.fill()
		if len(s.pending) == 0 {
			return nil
		}
		timer.Reset(s.next().due.Sub(c.resolver.Clock.Now()))
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

type dnsSession struct {
	*dnsExchange
	outgoing chan []byte // has room for all pending queries, each as often as it is sent
	pending  map[uint16]*dnsQuery
	last     time.Time // of the last answer
	sent     int
}

// fill sends as many queries as may be pending at the same time.
func (s *dnsSession) fill() {
	for len(s.pending) < dnsWindow {
		q := s.take()
		if q == nil {
			return
		}
		for q.id = uint16(rand.Uint32()); s.pending[q.id] != nil; {
			q.id++
		}
		s.pending[q.id] = q
		q.sent, q.sends = s.resolver.Clock.Now(), 0
		s.send(q)
	}
}

func (s *dnsSession) send(q *dnsQuery) {
	wait := s.resolver.Timeout
	msg := make([]byte, 2, 2+len(q.message))
	binary.BigEndian.PutUint16(msg, uint16(len(q.message)))
	msg = append(msg, q.message...)
	binary.BigEndian.PutUint16(msg[2:], q.id)
	if !s.stream {
		msg = msg[2:]
		wait /= dnsSends
	}
	q.sends++
	s.sent++
	q.order = s.sent
	q.due = s.resolver.Clock.Now().Add(wait)
	s.outgoing <- msg
}

// readDNSMessage returns one message. Over a stream it is preceded by its length.
func readDNSMessage(conn io.Reader, stream bool) ([]byte, error) {
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
func (s *dnsSession) next() *dnsQuery {
	var first *dnsQuery
	for _, q := range s.pending {
		if first == nil || q.order < first.order {
			first = q
		}
	}
	return first
}

// receive processes an answer. It ignores messages that match no pending query: a late answer or a
// forgery.
func (s *dnsSession) receive(msg []byte) {
	if len(msg) < 2 {
		return
	}
	q := s.pending[binary.BigEndian.Uint16(msg)]
	if q == nil {
		return
	}
	r, err := names.Unpack(msg, q.question())
	if errors.Is(err, names.ErrMismatch) {
		return
	}
	s.last = s.resolver.Clock.Now()
	delete(s.pending, q.id)
	s.mu.Lock()
	s.answered++
	s.mu.Unlock()
	switch {
	case err != nil:
		q.fail(err.Error(), false)
	case r.Truncated && !s.stream:
		s.mu.Lock()
		s.long = append(s.long, q)
		s.mu.Unlock()
	case r.Truncated:
		q.fail(msgTruncated(), false)
	case q.edns && r.RejectsEDNS():
		q.edns = false
		s.requery(q)
	case r.Next != "" && q.aliases == maxAliases:
		q.fail(msgTooManyAliases(maxAliases), false)
	case r.Next != "":
		q.name = r.Next
		q.aliases++
		s.requery(q)
	default:
		a := q.answer
		a.Code, a.Addresses, a.Services = r.Code, r.Addresses, r.Services
		a.TTL, a.Took = r.TTL, s.last.Sub(q.sent)
		a.Problem, a.TimedOut = "", false
	}
}

// requery sends another query for the same answer.
func (s *dnsSession) requery(q *dnsQuery) {
	if err := q.prepare(); err != nil {
		q.fail(err.Error(), false)
		return
	}
	s.again(q)
}

// late handles the query that has timed out. An error ends the connection: without any other answer
// for a while, this may be a server that answers one query after the other, so the remaining
// ones need a connection without this one.
func (s *dnsSession) late() error {
	q := s.next()
	if !s.stream && q.sends < dnsSends {
		s.send(q)
		return nil
	}
	delete(s.pending, q.id)
	if s.stream && s.last.IsZero() && q.attempts == 0 {
		// No answer over this connection: what is behind it, such as a forwarded port, may have
		// stalled. The query is the last on the next connection, in case it stalls the server.
		q.attempts++
		s.mu.Lock()
		s.queue = append(s.queue, q)
		s.mu.Unlock()
		return s.noAnswer()
	}
	q.fail(s.noAnswer().Error(), true)
	if !s.stream || s.resolver.Clock.Since(s.last) < s.resolver.Timeout/2 {
		return nil
	}
	return s.noAnswer()
}

// giveBack queues the unanswered queries of this connection, except those that have failed too often.
func (s *dnsSession) giveBack(err error) {
	queries := slices.SortedFunc(maps.Values(s.pending), func(a, b *dnsQuery) int { return a.order - b.order })
	queries = slices.DeleteFunc(queries, func(q *dnsQuery) bool {
		if s.last.IsZero() || errors.Is(err, names.ErrNoAnswer) {
			q.attempts++
		}
		if q.attempts == dnsAttempts {
			q.fail(err.Error(), errors.Is(err, names.ErrNoAnswer))
			return true
		}
		return false
	})
	s.again(queries...)
}
