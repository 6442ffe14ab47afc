package kube

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

const second = time.Second

func ask(hosts ...string) []names.Question {
	var questions []names.Question
	for _, n := range hosts {
		name, typ, typed := strings.Cut(n, " ")
		if !typed {
			typ = "A"
		}
		questions = append(questions, names.Question{Name: name + ".web.shop.svc.cluster.local", Type: typ})
	}
	return questions
}

// in runs a test on a clock of its own, with a server that stops at its end.
func in(t *testing.T, s *server, f func(t *testing.T, r *Resolver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		f(t, &Resolver{Stream: s.stream, Timeout: 2 * second, Clock: clock.RealClock{}})
		s.wg.Wait() // every connection has been closed
	})
}

func summary(answers []names.Answer) string {
	var lines []string
	for _, a := range answers {
		host, _, _ := strings.Cut(a.Name, ".")
		line := host + " " + a.Type + ": "
		switch {
		case a.Problem != "" && a.TimedOut:
			line += "timed out: " + a.Problem
		case a.Problem != "":
			line += a.Problem
		default:
			line += a.Code
			for _, ip := range a.Addresses {
				line += " " + ip
			}
			for _, s := range a.Services {
				line += fmt.Sprintf(" %s:%d", s.Target, s.Port)
			}
			if a.TTL > 0 {
				line += " " + a.TTL.String()
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestResolve(t *testing.T) {
	const web0 = "web-0.web.shop.svc.cluster.local"
	tests := []struct {
		name   string
		ask    []names.Question
		answer func(conn int, q query, say func(dnsmessage.Message))
		want   string
		err    string
		// within is the maximum duration, on the test's clock.
		within time.Duration
	}{
		{name: "addresses, and NXDOMAIN with the TTL of the SOA", ask: ask("web-0", "web-1", "web-2", "web-0 AAAA"), answer: zone,
			want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: NOERROR 10.0.0.2 30s\nweb-2 A: NXDOMAIN 5s\nweb-0 AAAA: NXDOMAIN 5s"},
		{name: "the SOA's own TTL is shorter than its minimum", ask: ask("web-9"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				m := q.reply(dnsmessage.RCodeNameError)
				m.Authorities = []dnsmessage.Resource{soa(3, 300)}
				say(m)
			}, want: "web-9 A: NXDOMAIN 3s"},
		{name: "an invalid TTL", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				say(q.reply(0, dnsRecord(q.name, 1<<31, &dnsmessage.AResource{A: [4]byte{10, 0, 0, 1}})))
			}, want: "web-0 A: NOERROR 10.0.0.1"},
		{name: "no record of that type", ask: ask("web-0 AAAA"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				m := q.reply(0)
				m.Authorities = []dnsmessage.Resource{soa(30, 5)}
				say(m)
			}, want: "web-0 AAAA: NOERROR 5s"},
		{name: "IPv6", ask: ask("web-0 AAAA"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				say(q.reply(0, dnsRecord(q.name, 30, &dnsmessage.AAAAResource{AAAA: [16]byte{0xfd, 15: 1}})))
			}, want: "web-0 AAAA: NOERROR fd00::1 30s"},
		{name: "services, the shorter TTL of two", ask: ask("_http._tcp SRV"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				one := &dnsmessage.SRVResource{Port: 80, Weight: 50, Target: dnsmessage.MustNewName(web0 + ".")}
				two := &dnsmessage.SRVResource{Port: 81, Weight: 50, Target: dnsmessage.MustNewName("Web-1.Web.")}
				say(q.reply(0, dnsRecord(q.name, 30, one), dnsRecord(q.name, 20, two)))
			}, want: "_http SRV: NOERROR web-0.web.shop.svc.cluster.local:80 web-1.web:81 20s"},
		{name: "a target with control characters", ask: ask("_http._tcp SRV"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				say(q.reply(0, dnsRecord(q.name, 30, &dnsmessage.SRVResource{Port: 80, Target: dnsmessage.MustNewName("\x1b[31mred\xff.")})))
			}, want: `_http SRV: NOERROR \027[31mred\255:80 30s`},
		{name: "refused", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) { say(q.reply(dnsmessage.RCodeRefused)) },
			want:   "web-0 A: REFUSED"},
		{name: "an extended code", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				m := q.reply(23 & 0xf)
				opt := dnsmessage.Resource{Body: &dnsmessage.OPTResource{}}
				_ = opt.Header.SetEDNS0(1232, 23, false)
				m.Additionals = []dnsmessage.Resource{opt}
				say(m)
			}, want: "web-0 A: BADCOOKIE"},
		{name: "a server from before EDNS", ask: ask("web-0", "web-1"),
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if !q.edns {
					zone(conn, q, say)
					return
				}
				m := q.reply(dnsmessage.RCodeFormatError)
				m.Questions = nil // a server need not repeat a question that it does not understand
				say(m)
			}, want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: NOERROR 10.0.0.2 30s"},
		{name: "a name in upper case", ask: ask("WEB-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				m := q.reply(0, address(strings.ToUpper(q.name), 1))
				m.Questions[0].Name = dnsmessage.MustNewName(strings.ToLower(q.Name.String()))
				say(m)
			}, want: "WEB-0 A: NOERROR 10.0.0.1 30s"},

		{name: "CNAMEs, with the shortest TTL", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				say(q.reply(0, alias("b.example", "c.example", 7), alias(q.name, "b.example", 60), address("c.example", 3)))
			}, want: "web-0 A: NOERROR 10.0.0.3 7s"},
		{name: "CNAMEs that need another query", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				if q.name == "b.example" {
					say(q.reply(0, address(q.name, 4)))
					return
				}
				say(q.reply(0, alias(q.name, "b.example", 60)))
			}, want: "web-0 A: NOERROR 10.0.0.4 30s"},
		{name: "a CNAME without records of that type", ask: ask("web-0 AAAA"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				m := q.reply(0, alias(q.name, "b.example", 60))
				m.Authorities = []dnsmessage.Resource{soa(30, 5)}
				say(m)
			}, want: "web-0 AAAA: NOERROR 5s"},
		{name: "CNAME loop", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				say(q.reply(0, alias(q.name, "b.example", 60), alias("b.example", q.name, 60)))
			}, want: "web-0 A: malformed answer: CNAME loop"},
		{name: "too many CNAMEs", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) { say(q.reply(0, alias(q.name, "x."+q.name, 60))) },
			want:   "web-0 A: " + msgTooManyAliases(8)},

		{name: "records of other names are ignored", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				say(q.reply(0, address("web-1.web.shop.svc.cluster.local", 6)))
			}, want: "web-0 A: NOERROR"},
		{name: "a wrong id, a wrong question, a question, then the answer", ask: ask("web-0"),
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				m := q.reply(0, address(q.name, 66))
				m.ID++
				say(m)
				m = q.reply(0, address(q.name, 67))
				m.Questions = []dnsmessage.Question{{Name: dnsmessage.MustNewName("evil.example."), Type: q.Type, Class: q.Class}}
				say(m)
				m = q.reply(0, address(q.name, 68))
				m.Response = false
				say(m)
				zone(conn, q, say)
				say(q.reply(0, address(q.name, 69))) // too late to count
			}, want: "web-0 A: NOERROR 10.0.0.1 30s"},
		{name: "an answer without the question is ignored", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				m := q.reply(0, address(q.name, 66))
				m.Questions = nil
				say(m)
			}, err: errNoAnswerWithin(2 * time.Second).Error(), within: 4 * second},
		{name: "truncated over TCP", ask: ask("web-0"),
			answer: func(_ int, q query, say func(dnsmessage.Message)) {
				m := q.reply(0)
				m.Truncated = true
				say(m)
			}, want: "web-0 A: " + msgTruncated()},

		{name: "invalid queries", ask: append(ask(strings.Repeat("x", 64), "web-0", "web-0 TXT"), names.Question{Name: "long" + strings.Repeat(".long", 60), Type: "A"}, names.Question{Name: "a..b", Type: "A"}), answer: zone,
			want: strings.Repeat("x", 64) + " A: invalid DNS name: label \"" + strings.Repeat("x", 64) + "\" has 64 characters, must be no more than 63\n" +
				"web-0 A: NOERROR 10.0.0.1 30s\nweb-0 TXT: unsupported record type TXT\n" +
				"long A: invalid DNS name: it has 304 characters, must be no more than 253\n" +
				"a A: invalid DNS name: a label is empty"},

		{name: "answers one query after the other, and one takes too long", ask: ask("web-0", "web-1", "slow", "web-0", "web-1"), within: 3 * second,
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if strings.HasPrefix(q.name, "slow") {
					time.Sleep(time.Minute)
				}
				zone(conn, q, say)
			}, want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: NOERROR 10.0.0.2 30s\n" +
				"slow A: timed out: " + errNoAnswerWithin(2*time.Second).Error() + "\nweb-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: NOERROR 10.0.0.2 30s"},
		{name: "the first connection stalls", ask: ask("web-0", "web-1"), within: 3 * second,
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if conn > 1 {
					zone(conn, q, say)
				}
			}, want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: NOERROR 10.0.0.2 30s"},
		{name: "the first query stalls every connection", ask: ask("slow", "web-0"), within: 5 * second,
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if strings.HasPrefix(q.name, "slow") {
					time.Sleep(time.Minute)
				}
				zone(conn, q, say)
			}, want: "slow A: timed out: " + errNoAnswerWithin(2*time.Second).Error() + "\nweb-0 A: NOERROR 10.0.0.1 30s"},
		{name: "no answer at all", ask: many(900), within: 4 * second,
			answer: func(int, query, func(dnsmessage.Message)) {}, err: errNoAnswerWithin(2 * time.Second).Error()},
		{name: "closes the connection at once", ask: many(900), within: second,
			answer: func(_ int, q query, _ func(dnsmessage.Message)) { q.hangUp() }, err: msgServerClosed()},
		{name: "stops answering", ask: ask("web-0", "web-1", "web-2"), within: 7 * second,
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if conn == 1 && q.number == 1 {
					zone(conn, q, say)
				}
			}, want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: timed out: " + errNoAnswerWithin(2*time.Second).Error() + "\nweb-2 A: timed out: " + errNoAnswerWithin(2*time.Second).Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in(t, &server{answer: test.answer}, func(t *testing.T, s *Resolver) {
				start := time.Now()
				got, err := s.Resolve(t.Context(), test.ask)
				switch {
				case test.err != "":
					if err == nil || err.Error() != test.err {
						t.Errorf("error %v, want %s", err, test.err)
					}
				case err != nil:
					t.Error(err)
				default:
					if diff := cmp.Diff(test.want, summary(got)); diff != "" {
						t.Error(diff)
					}
				}
				if took := time.Since(start); took > test.within {
					t.Errorf("took %s, want at most %s", took, test.within)
				}
			})
		})
	}
}

func many(n int) []names.Question {
	var questions []names.Question
	for i := range n {
		questions = append(questions, ask(fmt.Sprintf("web-%d", i%2))...)
	}
	return questions
}

func allRight(t *testing.T, answers []names.Answer) {
	t.Helper()
	for i, a := range answers {
		if want := []string{fmt.Sprintf("10.0.0.%d", i%2+1)}; a.Code != "NOERROR" || !cmp.Equal(a.Addresses, want) {
			t.Fatalf("answer %d of %d: %+v", i, len(answers), a)
		}
	}
}

func TestManyQuestionsKeepTheirOrder(t *testing.T) {
	t.Run("a millisecond per query", func(t *testing.T) {
		in(t, &server{answer: func(conn int, q query, say func(dnsmessage.Message)) {
			time.Sleep(time.Millisecond)
			zone(conn, q, say)
		}}, func(t *testing.T, s *Resolver) {
			start := time.Now()
			got, err := s.Resolve(t.Context(), many(900))
			if err != nil {
				t.Fatal(err)
			}
			allRight(t, got)
			if took := time.Since(start); took > 250*time.Millisecond {
				t.Errorf("took %s: not over several connections", took)
			}
		})
	})
	t.Run("in reverse order", func(t *testing.T) {
		in(t, &server{raw: func(conn net.Conn) {
			var held [][]byte
			for {
				_ = conn.SetReadDeadline(time.Now().Add(second))
				msg, err := readMessage(conn, true)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					for i := range held {
						writeMessage(conn, held[len(held)-1-i], true)
					}
					held = nil
					continue
				}
				if err != nil {
					return
				}
				var m dnsmessage.Message
				if err := m.Unpack(msg); err != nil {
					return
				}
				q := query{Header: m.Header, Question: m.Questions[0], name: nameIn(m.Questions[0])}
				zone(0, q, func(m dnsmessage.Message) {
					packed, _ := m.Pack()
					held = append(held, packed)
				})
			}
		}}, func(t *testing.T, s *Resolver) {
			got, err := s.Resolve(t.Context(), many(2*dnsWindow))
			if err != nil {
				t.Fatal(err)
			}
			allRight(t, got)
		})
	})
	// Some servers allow a hundred queries per connection, some only one.
	for _, limit := range []int{1, 20, 128} {
		t.Run(fmt.Sprintf("%d on a connection", limit), func(t *testing.T) {
			in(t, &server{answer: func(conn int, q query, say func(dnsmessage.Message)) {
				zone(conn, q, say)
				if q.number == limit {
					q.hangUp()
				}
			}}, func(t *testing.T, s *Resolver) {
				got, err := s.Resolve(t.Context(), many(900))
				if err != nil {
					t.Fatal(err)
				}
				allRight(t, got)
			})
		})
	}
}

func TestOddBytes(t *testing.T) {
	tests := []struct {
		name string
		send func(id uint16) []byte // after the question has been read
		want string
	}{
		{"half a length", func(uint16) []byte { return []byte{0} }, msgServerClosed()},
		{"half a message", func(uint16) []byte { return []byte{0, 40, 1, 2, 3} }, errConnectionCut(errors.New("unexpected EOF")).Error()},
		{"an empty message", func(uint16) []byte { return []byte{0, 0} }, msgServerClosed()},
		{"HTTP", func(uint16) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, errConnectionCut(errors.New("unexpected EOF")).Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in(t, &server{raw: func(conn net.Conn) {
				msg, err := readMessage(conn, true)
				if err == nil {
					_, _ = conn.Write(test.send(binary.BigEndian.Uint16(msg)))
				}
			}}, func(t *testing.T, s *Resolver) {
				_, err := s.Resolve(t.Context(), ask("web-0"))
				if err == nil || err.Error() != test.want {
					t.Errorf("error %v, want %s", err, test.want)
				}
			})
		})
	}
	t.Run("a header and garbage", func(t *testing.T) {
		in(t, &server{raw: func(conn net.Conn) {
			msg, err := readMessage(conn, true)
			if err == nil {
				writeMessage(conn, append(append(msg[:2:2], 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0), "\xff\xff\xff"...), true)
			}
		}}, func(t *testing.T, s *Resolver) {
			got, err := s.Resolve(t.Context(), ask("web-0"))
			if err != nil || !strings.HasPrefix(got[0].Problem, "malformed answer: ") {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	})
}

func TestConnectionRefused(t *testing.T) {
	in(t, &server{}, func(t *testing.T, s *Resolver) {
		dials := 0
		s.Stream = func(context.Context) (io.ReadWriteCloser, error) {
			dials++
			return nil, errUnreachable
		}
		if _, err := s.Resolve(t.Context(), many(900)); !errors.Is(err, errUnreachable) || dials != 1 {
			t.Errorf("error %v after %d dials", err, dials)
		}
	})
}

func TestWriteWithoutReader(t *testing.T) {
	in(t, &server{raw: func(net.Conn) { time.Sleep(time.Minute) }}, func(t *testing.T, s *Resolver) {
		if _, err := s.Resolve(t.Context(), many(3)); !errors.Is(err, names.ErrNoAnswer) {
			t.Errorf("error %v", err)
		}
	})
}

func TestInterrupted(t *testing.T) {
	in(t, &server{answer: func(int, query, func(dnsmessage.Message)) {}}, func(t *testing.T, s *Resolver) {
		why := errors.New("Ctrl-C")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(second, func() { cancel(why) })
		if _, err := s.Resolve(ctx, many(900)); !errors.Is(err, why) {
			t.Errorf("error %v", err)
		}
	})
}

func TestPackets(t *testing.T) {
	truncated := func(conn int, q query, say func(dnsmessage.Message)) {
		if q.stream || strings.HasPrefix(q.name, "web-0") {
			zone(conn, q, say)
			return
		}
		m := q.reply(0, address(q.name, 66))
		m.Truncated = true
		say(m)
	}
	tests := []struct {
		name   string
		answer func(conn int, q query, say func(dnsmessage.Message))
		want   string
		err    string
		conns  int
		within time.Duration
	}{
		{name: "two datagrams get lost", conns: 1, within: 2 * second,
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if q.number > 4 {
					zone(conn, q, say)
				}
			}, want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: NOERROR 10.0.0.2 30s"},
		{name: "all datagrams for one name get lost", conns: 1, within: 3 * second,
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if strings.HasPrefix(q.name, "web-0") {
					zone(conn, q, say)
				}
			}, want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: timed out: " + errNoAnswerWithin(2*time.Second).Error()},
		{name: "too long for a datagram", answer: truncated, conns: 2,
			want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: NOERROR 10.0.0.2 30s"},
		{name: "only TCP gets through", conns: 2, within: 3 * second,
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if q.stream {
					zone(conn, q, say)
				}
			}, want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: NOERROR 10.0.0.2 30s"},
		{name: "too long for a datagram, and TCP is silent", conns: 3, within: 4 * second,
			answer: func(conn int, q query, say func(dnsmessage.Message)) {
				if !q.stream {
					truncated(conn, q, say)
				}
			}, want: "web-0 A: NOERROR 10.0.0.1 30s\nweb-1 A: timed out: " + msgTooLongForUDP(errNoAnswerWithin(2*time.Second))},
		{name: "nothing gets through", within: 6 * second, conns: 3,
			answer: func(int, query, func(dnsmessage.Message)) {}, err: errNoAnswerWithin(2 * time.Second).Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := &server{answer: test.answer}
			in(t, srv, func(t *testing.T, s *Resolver) {
				s.Packet = srv.packet
				start := time.Now()
				got, err := s.Resolve(t.Context(), ask("web-0", "web-1"))
				if text := fmt.Sprint(err); err != nil && text != test.err || err == nil && test.err != "" {
					t.Errorf("error %v, want %q", err, test.err)
				}
				if err == nil {
					if diff := cmp.Diff(test.want, summary(got)); diff != "" {
						t.Error(diff)
					}
				}
				if took := time.Since(start); took > test.within {
					t.Errorf("took %s, want at most %s", took, test.within)
				}
				if srv.conns != test.conns {
					t.Errorf("%d connections, want %d", srv.conns, test.conns)
				}
			})
		})
	}
}

func TestResolverAt(t *testing.T) {
	tests := []struct {
		address string
		err     string
	}{
		{"10.96.0.10", ""},
		{"10.96.0.10:5353", ""},
		{"fd00::10", ""},
		{"[fd00::10]:53", ""},
		{"[fd00::10]", ""},
		{"dns.example.org", ""},
		{"tcp://127.0.0.1:53", ""},
		{"", "must be HOST or HOST:PORT"},
		{":53", "must be HOST or HOST:PORT"},
		{"10.96.0.10:dns", "with a port from 1 to 65535"},
		{"10.96.0.10:70000", "with a port from 1 to 65535"},
		{"udp://127.0.0.1:53", "must be HOST or HOST:PORT"},
		{"https://dns.example.org/dns-query", "must be HOST or HOST:PORT"},
	}
	for _, test := range tests {
		s, err := ResolverAt(test.address, second, clock.RealClock{})
		switch {
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("ResolverAt(%q): error %v, want %q", test.address, err, test.err)
		case test.err == "" && err != nil:
			t.Errorf("ResolverAt(%q): %v", test.address, err)
		case err == nil && (s.Packet == nil) != strings.HasPrefix(test.address, "tcp://"):
			t.Errorf("ResolverAt(%q): UDP is used: %t", test.address, s.Packet != nil)
		}
	}
}

// bothPorts are a TCP and a UDP port of the same number. One of them may be in use already.
func bothPorts(t *testing.T) (net.Listener, net.PacketConn) {
	t.Helper()
	var problem error
	for range 20 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		datagrams, err := net.ListenPacket("udp", listener.Addr().String())
		if err == nil {
			return listener, datagrams
		}
		problem = err
		_ = listener.Close()
	}
	t.Fatal(problem)
	return nil, nil
}

// TestSockets uses real ones: a UDP and a TCP port of this machine.
func TestSockets(t *testing.T) {
	listener, datagrams := bothPorts(t)
	address := listener.Addr().String()
	t.Cleanup(func() {
		_ = listener.Close()
		_ = datagrams.Close()
	})
	srv := &server{t: t}
	respond := func(msg []byte, stream bool) []byte {
		var out []byte
		q := srv.parse(msg, 1, nil)
		zone(0, q, func(m dnsmessage.Message) {
			m.Truncated = !stream && strings.HasPrefix(q.name, "web-1")
			out, _ = m.Pack()
		})
		return out
	}
	go func() {
		msg := make([]byte, 1<<16)
		for {
			n, from, err := datagrams.ReadFrom(msg)
			if err != nil {
				return
			}
			_, _ = datagrams.WriteTo(respond(msg[:n], false), from)
		}
	}()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for {
					msg, err := readMessage(conn, true)
					if err != nil {
						return
					}
					writeMessage(conn, respond(msg, true), true)
				}
			}()
		}
	}()
	for _, a := range []string{address, "tcp://" + address} {
		s, err := ResolverAt(a, 5*second, clock.RealClock{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Resolve(t.Context(), many(300))
		if err != nil {
			t.Fatal(err)
		}
		allRight(t, got)
	}
	_ = listener.Close()
	_ = datagrams.Close()
	s, _ := ResolverAt(address, second, clock.RealClock{})
	if _, err := s.Resolve(t.Context(), many(40)); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("after closing the sockets: error %v", err)
	}
}
