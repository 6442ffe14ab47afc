package kube

import (
	"context"
	"encoding/binary"
	"errors"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// session uses one connection until the queue is empty and everything is answered; the error says
// why it ended before that. Queries without an answer are then back in the queue.
func (c *dnsExchange) session(ctx context.Context, conn io.ReadWriteCloser) (err error) {
	s := &dnsSession{dnsExchange: c, outgoing: make(chan []byte, dnsWindow*dnsSends), flying: map[uint16]*dnsQuery{}}
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

type dnsSession struct {
	*dnsExchange
	outgoing chan []byte // has room for all pending queries, each as often as it is sent
	flying   map[uint16]*dnsQuery
	last     time.Time // of the last answer
	sent     int
}

// fill sends as many queries as may be pending at the same time.
func (s *dnsSession) fill() {
	for len(s.flying) < dnsWindow {
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

func (s *dnsSession) send(it *dnsQuery) {
	wait := s.server.Timeout
	msg := make([]byte, 2, 2+len(it.message))
	binary.BigEndian.PutUint16(msg, uint16(len(it.message)))
	msg = append(msg, it.message...)
	binary.BigEndian.PutUint16(msg[2:], it.id)
	if !s.stream {
		msg = msg[2:]
		wait /= dnsSends
	}
	it.sends++
	s.sent++
	it.order = s.sent
	it.due = s.server.Clock.Now().Add(wait)
	s.outgoing <- msg
}

// read returns one message. Over a stream it is preceded by its length.
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
	for _, it := range s.flying {
		if first == nil || it.order < first.order {
			first = it
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
	it := s.flying[binary.BigEndian.Uint16(msg)]
	if it == nil {
		return
	}
	r, err := names.Unpack(msg, it.question())
	if errors.Is(err, names.ErrMismatch) {
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
	case r.Truncated && !s.stream:
		s.mu.Lock()
		s.long = append(s.long, it)
		s.mu.Unlock()
	case r.Truncated:
		it.fail(msgTruncated(), false)
	case it.edns && r.RejectsEDNS():
		it.edns = false
		s.askOn(it)
	case r.Next != "" && it.aliases == maxAliases:
		it.fail(msgTooManyAliases(maxAliases), false)
	case r.Next != "":
		it.name = r.Next
		it.aliases++
		s.askOn(it)
	default:
		a := it.answer
		a.Code, a.Addresses, a.Services = r.Code, r.Addresses, r.Services
		a.TTL, a.Took = r.TTL, s.last.Sub(it.sent)
		a.Problem, a.TimedOut = "", false
	}
}

// askOn sends another query for the same answer.
func (s *dnsSession) askOn(it *dnsQuery) {
	if err := it.prepare(); err != nil {
		it.fail(err.Error(), false)
		return
	}
	s.again(it)
}

// late handles the query that has timed out. An error ends the connection: without any other answer
// for a while, this may be a server that answers one query after the other, so the remaining
// ones need a connection without this one.
func (s *dnsSession) late() error {
	it := s.next()
	if !s.stream && it.sends < dnsSends {
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
		return s.noAnswer()
	}
	it.fail(s.noAnswer().Error(), true)
	if !s.stream || s.server.Clock.Since(s.last) < s.server.Timeout/2 {
		return nil
	}
	return s.noAnswer()
}

// giveBack queues the unanswered queries of this connection, except those that have failed too often.
func (s *dnsSession) giveBack(err error) {
	items := slices.SortedFunc(maps.Values(s.flying), func(a, b *dnsQuery) int { return a.order - b.order })
	items = slices.DeleteFunc(items, func(it *dnsQuery) bool {
		if s.last.IsZero() || errors.Is(err, names.ErrNoAnswer) {
			it.attempts++
		}
		if it.attempts == dnsAttempts {
			it.fail(err.Error(), errors.Is(err, names.ErrNoAnswer))
			return true
		}
		return false
	})
	s.again(items...)
}
