package kube

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// server is a name server in the test's own process. It receives the queries of one connection one
// after the other.
type server struct {
	t *testing.T
	// answer writes any number of messages.
	answer func(conn int, q query, say func(dnsmessage.Message))
	// raw handles each connection instead, if it is set.
	raw func(conn net.Conn)

	mu    sync.Mutex
	conns int
	wg    sync.WaitGroup
}

type query struct {
	dnsmessage.Header
	dnsmessage.Question
	name string
	edns bool
	// stream: it came over TCP.
	stream bool
	// number counts the questions of a connection, from 1.
	number int
	// hangUp closes the connection.
	hangUp func()
}

func (s *server) stream(context.Context) (io.ReadWriteCloser, error) { return s.dial(true), nil }
func (s *server) packet(context.Context) (io.ReadWriteCloser, error) { return s.dial(false), nil }

func (s *server) dial(stream bool) net.Conn {
	here, there := net.Pipe()
	s.mu.Lock()
	s.conns++
	n := s.conns
	s.mu.Unlock()
	s.wg.Go(func() {
		defer there.Close()
		if s.raw != nil {
			s.raw(there)
			return
		}
		for number := 1; ; number++ {
			msg, err := readMessage(there, stream)
			if err != nil {
				return
			}
			q := s.parse(msg, number, func() { there.Close() })
			q.stream = stream
			s.answer(n, q, func(m dnsmessage.Message) {
				packed, err := m.Pack()
				if err != nil {
					s.t.Error(err)
					return
				}
				writeMessage(there, packed, stream)
			})
		}
	})
	return here
}

func (s *server) parse(msg []byte, number int, hangUp func()) query {
	var m dnsmessage.Message
	if err := m.Unpack(msg); err != nil || len(m.Questions) != 1 {
		s.t.Errorf("a question that cannot be read: %v", err)
		return query{hangUp: hangUp}
	}
	q := query{Header: m.Header, Question: m.Questions[0], number: number, hangUp: hangUp}
	q.name = nameIn(q.Question)
	q.edns = len(m.Additionals) == 1 && m.Additionals[0].Header.Type == dnsmessage.TypeOPT
	return q
}

// nameIn is the name that is queried, as a name server compares it.
func nameIn(q dnsmessage.Question) string {
	return strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
}

func readMessage(conn net.Conn, stream bool) ([]byte, error) {
	if !stream {
		msg := make([]byte, 1<<16)
		n, err := conn.Read(msg)
		return msg[:n], err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(conn, msg)
	return msg, err
}

func writeMessage(conn net.Conn, msg []byte, stream bool) {
	if stream {
		msg = append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
	}
	_, _ = conn.Write(msg) // the client may have closed the connection
}

// reply begins a message that answers q.
func (q query) reply(code dnsmessage.RCode, answers ...dnsmessage.Resource) dnsmessage.Message {
	return dnsmessage.Message{
		Header:    dnsmessage.Header{ID: q.ID, Response: true, RecursionDesired: true, RCode: code},
		Questions: []dnsmessage.Question{q.Question},
		Answers:   answers,
	}
}

func dnsRecord(name string, ttl uint32, body dnsmessage.ResourceBody) dnsmessage.Resource {
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name + "."), Class: dnsmessage.ClassINET, TTL: ttl},
		Body:   body,
	}
}

func address(name string, last byte) dnsmessage.Resource {
	return dnsRecord(name, 30, &dnsmessage.AResource{A: [4]byte{10, 0, 0, last}})
}

func alias(name, to string, ttl uint32) dnsmessage.Resource {
	return dnsRecord(name, ttl, &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(to + ".")})
}

func soa(ttl, minimum uint32) dnsmessage.Resource {
	return dnsRecord("cluster.local", ttl, &dnsmessage.SOAResource{
		NS: dnsmessage.MustNewName("ns.dns.cluster.local."), MBox: dnsmessage.MustNewName("hostmaster.cluster.local."), MinTTL: minimum,
	})
}

// zone answers for web-0 and web-1 and says that there is no other name.
func zone(_ int, q query, say func(dnsmessage.Message)) {
	host, _, _ := strings.Cut(q.name, ".")
	switch {
	case host == "web-0" && q.Type == dnsmessage.TypeA:
		say(q.reply(0, address(q.name, 1)))
	case host == "web-1" && q.Type == dnsmessage.TypeA:
		say(q.reply(0, address(q.name, 2)))
	default:
		m := q.reply(dnsmessage.RCodeNameError)
		m.Authorities = []dnsmessage.Resource{soa(30, 5)}
		say(m)
	}
}

var errUnreachable = errors.New("connection refused")
