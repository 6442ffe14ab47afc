package names

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// udpSize is the maximum size of an answer in one datagram: one that is not fragmented on common
// networks (DNS Flag Day 2020).
const udpSize = 1232

var types = map[string]dnsmessage.Type{
	"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "SRV": dnsmessage.TypeSRV,
}

// codes are the response codes by their names in the IANA registry.
var codes = map[dnsmessage.RCode]string{
	0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
	6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS", 23: "BADCOOKIE",
}

func codeName(c dnsmessage.RCode) string {
	if name, known := codes[c]; known {
		return name
	}
	return fmt.Sprintf("RCODE%d", c)
}

// The limits of a name and of each of its labels (RFC 1035, section 2.3.4).
const (
	maxName  = 253 // as text, without the trailing dot
	maxLabel = 63
)

// CheckName returns why a name cannot be queried, nil if it can.
func CheckName(name string) error {
	if len(name) > maxName {
		return errors.New(msgInvalidLength(len(name), maxName))
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" {
			return errors.New(msgEmptyLabel())
		}
		if len(label) > maxLabel {
			return errors.New(msgLabelTooLong(label, maxLabel))
		}
	}
	return nil
}

// Pack makes the message of a query, with ID 0. With edns the server may use longer datagrams.
func Pack(q Question, edns bool) ([]byte, error) {
	t, known := types[q.Type]
	if !known {
		return nil, errors.New(msgRecordType(q.Type))
	}
	if err := CheckName(q.Name); err != nil {
		return nil, err
	}
	n, err := dnsmessage.NewName(q.Name + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: n, Type: t, Class: dnsmessage.ClassINET}},
	}
	if edns {
		opt := dnsmessage.Resource{Body: &dnsmessage.OPTResource{}}
		if err := opt.Header.SetEDNS0(udpSize, dnsmessage.RCodeSuccess, false); err != nil {
			return nil, err
		}
		m.Additionals = []dnsmessage.Resource{opt}
	}
	return m.Pack()
}

// Reply is the content of one message.
type Reply struct {
	// Code is the response code by its name in the IANA registry.
	Code string
	// Truncated: the answer did not fit.
	Truncated bool
	Addresses []string
	Services  []SRV
	TTL       time.Duration
	// Next is the target of the CNAMEs if the message has no record of that name.
	Next string
}

// RejectsEDNS reports whether the server is from before EDNS: the query must be repeated without it.
func (r *Reply) RejectsEDNS() bool {
	return r.Code == codeName(dnsmessage.RCodeFormatError) || r.Code == codeName(dnsmessage.RCodeNotImplemented)
}

// ErrMismatch is a message that does not answer the query.
var ErrMismatch = errors.New(msgMismatch())

// errMalformed is a message with an invalid format.
var errMalformed = errors.New(msgMalformed())

// Unpack reads the answer to a query. Records of names other than the targets of its CNAMEs are
// ignored.
func Unpack(msg []byte, q Question) (Reply, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil {
		return Reply{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if !h.Response || h.OpCode != 0 {
		return Reply{}, ErrMismatch
	}
	r := Reply{Code: codeName(h.RCode), Truncated: h.Truncated}
	t := types[q.Type]
	asked, err := p.AllQuestions()
	switch {
	case err != nil:
		return r, fmt.Errorf("%w: %w", errMalformed, err)
	case len(asked) == 0 && h.RCode != dnsmessage.RCodeSuccess && h.RCode != dnsmessage.RCodeNameError:
		return r, nil // a server that does not understand a query need not repeat it
	case len(asked) != 1 || canonical(asked[0].Name) != canonicalName(q.Name) || asked[0].Type != t || asked[0].Class != dnsmessage.ClassINET:
		return r, ErrMismatch
	case r.Truncated:
		return r, nil
	}
	if err := r.records(&p, h.RCode, q.Name, t); err != nil {
		return r, fmt.Errorf("%w: %w", errMalformed, err)
	}
	return r, nil
}

// records reads the three sections after the question.
func (r *Reply) records(p *dnsmessage.Parser, code dnsmessage.RCode, name string, t dnsmessage.Type) error {
	answers, err := p.AllAnswers()
	if err != nil {
		return err
	}
	authorities, err := p.AllAuthorities()
	if err != nil {
		return err
	}
	additionals, err := p.AllAdditionals()
	if err != nil {
		return err
	}
	for i := range additionals {
		if additionals[i].Header.Type == dnsmessage.TypeOPT {
			code = additionals[i].Header.ExtendedRCode(code)
		}
	}
	r.Code = codeName(code)
	var kept shortest
	end, err := follow(answers, canonicalName(name), &kept)
	if err != nil {
		return err
	}
	for i := range answers {
		a := &answers[i]
		if a.Header.Type != t || a.Header.Class != dnsmessage.ClassINET || canonical(a.Header.Name) != end {
			continue
		}
		kept.see(a.Header.TTL)
		switch body := a.Body.(type) {
		case *dnsmessage.AResource:
			r.Addresses = append(r.Addresses, netip.AddrFrom4(body.A).String())
		case *dnsmessage.AAAAResource:
			r.Addresses = append(r.Addresses, netip.AddrFrom16(body.AAAA).String())
		case *dnsmessage.SRVResource:
			r.Services = append(r.Services, SRV{Target: canonical(body.Target), Port: int32(body.Port)})
		}
	}
	none := len(r.Addresses) == 0 && len(r.Services) == 0
	if none && code == dnsmessage.RCodeSuccess && end != canonicalName(name) && !hasSOA(authorities) {
		r.Next = end
		return nil
	}
	if none {
		kept = shortest{}
		for i := range authorities {
			if soa, ok := authorities[i].Body.(*dnsmessage.SOAResource); ok {
				kept.see(min(authorities[i].Header.TTL, soa.MinTTL)) // RFC 2308, section 5
			}
		}
	}
	r.TTL = kept.duration()
	return nil
}

// follow follows the CNAMEs and returns the name at their end.
func follow(answers []dnsmessage.Resource, name string, kept *shortest) (string, error) {
	been := map[string]bool{}
	for {
		if been[name] {
			return "", errors.New(msgAliasLoop())
		}
		been[name] = true
		next := ""
		for i := range answers {
			alias, ok := answers[i].Body.(*dnsmessage.CNAMEResource)
			if ok && canonical(answers[i].Header.Name) == name {
				next = canonical(alias.CNAME)
				kept.see(answers[i].Header.TTL)
				break
			}
		}
		if next == "" {
			return name, nil
		}
		name = next
	}
}

func hasSOA(authorities []dnsmessage.Resource) bool {
	for i := range authorities {
		if authorities[i].Header.Type == dnsmessage.TypeSOA {
			return true
		}
	}
	return false
}

// shortest is the smallest of the TTLs passed to see.
type shortest struct {
	seconds uint32
	any     bool
}

// maxTTL: larger values count as 0 (RFC 2181, section 8).
const maxTTL = 1<<31 - 1

func (s *shortest) see(seconds uint32) {
	if seconds > maxTTL {
		seconds = 0
	}
	if !s.any || seconds < s.seconds {
		s.seconds, s.any = seconds, true
	}
}

func (s *shortest) duration() time.Duration { return time.Duration(s.seconds) * time.Second }

// canonical is the form in which names are shown and compared: lower case, without the trailing dot.
func canonical(n dnsmessage.Name) string { return canonicalName(n.String()) }

// Bytes that are not printable ASCII are escaped as in zone files (RFC 1035, section 5.1): a server
// may send anything, and a terminal would execute control sequences.
func canonicalName(n string) string {
	var b strings.Builder
	n = strings.TrimSuffix(n, ".")
	for i := range len(n) {
		switch c := n[i]; {
		case c <= ' ' || c > '~':
			fmt.Fprintf(&b, `\%03d`, c)
		case 'A' <= c && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
