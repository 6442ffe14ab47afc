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
)

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
	r, err := Unpack(msg, it.question())
	if errors.Is(err, ErrMismatch) {
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
		if s.last.IsZero() || errors.Is(err, ErrNoAnswer) {
			it.attempts++
		}
		if it.attempts == attempts {
			it.fail(err.Error(), errors.Is(err, ErrNoAnswer))
			return true
		}
		return false
	})
	s.again(items...)
}
