package names

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

var web0 = Question{Name: "web-0.web.shop.svc.cluster.local", Type: recordA}

// response is a message that answers the query for web-0.
func response(code dnsmessage.RCode, answers ...dnsmessage.Resource) dnsmessage.Message {
	return dnsmessage.Message{
		Header:    dnsmessage.Header{Response: true, RCode: code},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(web0.Name + "."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
		Answers:   answers,
	}
}

func resource(name string, ttl uint32, body dnsmessage.ResourceBody) dnsmessage.Resource {
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name + "."), Class: dnsmessage.ClassINET, TTL: ttl}, Body: body}
}

func address(name string, ttl uint32) dnsmessage.Resource {
	return resource(name, ttl, &dnsmessage.AResource{A: [4]byte{10, 0, 0, 1}})
}

func alias(name, to string, ttl uint32) dnsmessage.Resource {
	return resource(name, ttl, &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(to + ".")})
}

func denied() dnsmessage.Message {
	m := response(dnsmessage.RCodeNameError)
	m.Authorities = []dnsmessage.Resource{resource("cluster.local", 30, &dnsmessage.SOAResource{
		NS: dnsmessage.MustNewName("ns.dns.cluster.local."), MBox: dnsmessage.MustNewName("hostmaster.cluster.local."), MinTTL: 5,
	})}
	return m
}

func TestUnpack(t *testing.T) {
	question, other := response(0), response(0)
	question.Response = false
	other.Questions[0].Type = dnsmessage.TypeAAAA
	for name, test := range map[string]struct {
		message dnsmessage.Message
		want    string
		next    string
		err     error
	}{
		"an address":                    {message: response(0, address(web0.Name, 30)), want: "NOERROR 10.0.0.1 30s"},
		"of another name":               {message: response(0, address("evil.example", 30)), want: "NOERROR"},
		"behind an alias":               {message: response(0, alias(web0.Name, "b.example", 7), address("b.example", 30)), want: "NOERROR 10.0.0.1 7s"},
		"an alias only":                 {message: response(0, alias(web0.Name, "b.example", 7)), want: "NOERROR", next: "b.example"},
		"aliases in a circle":           {message: response(0, alias(web0.Name, "b.example", 7), alias("b.example", web0.Name, 7)), err: errMalformed},
		"no such name, for 5s":          {message: denied(), want: "NXDOMAIN 5s"},
		"a TTL that is no number":       {message: response(0, address(web0.Name, 1<<31)), want: "NOERROR 10.0.0.1"},
		"a question":                    {message: question, err: ErrMismatch},
		"the answer to another one":     {message: other, err: ErrMismatch},
		"no question, and a success":    {message: dnsmessage.Message{Header: dnsmessage.Header{Response: true}}, err: ErrMismatch},
		"a server that knows no EDNS":   {message: response(dnsmessage.RCodeFormatError), want: "FORMERR"},
		"a failure without a question":  {message: dnsmessage.Message{Header: dnsmessage.Header{Response: true, RCode: dnsmessage.RCodeRefused}}, want: "REFUSED"},
		"a code that has no name of us": {message: response(15), want: "RCODE15"},
	} {
		packed, err := test.message.Pack()
		if err != nil {
			t.Fatal(err)
		}
		r, err := Unpack(packed, web0)
		if !errors.Is(err, test.err) || test.err == nil && err != nil {
			t.Errorf("%s: error %v, want %v", name, err, test.err)
			continue
		}
		if test.err != nil {
			continue
		}
		if diff := cmp.Diff(test.want, outcome(Answer{Code: r.Code, Addresses: r.Addresses, TTL: r.TTL})); diff != "" || r.Next != test.next {
			t.Errorf("%s: next %q, want %q\n%s", name, r.Next, test.next, diff)
		}
		if r.RejectsEDNS() != (r.Code == "FORMERR") {
			t.Errorf("%s: rejects EDNS: %t", name, r.RejectsEDNS())
		}
	}
}

func TestPack(t *testing.T) {
	for _, edns := range []bool{false, true} {
		packed, err := Pack(web0, edns)
		if err != nil {
			t.Fatal(err)
		}
		var m dnsmessage.Message
		if err := m.Unpack(packed); err != nil || m.ID != 0 || m.Questions[0].Name.String() != web0.Name+"." || m.Questions[0].Type != dnsmessage.TypeA || len(m.Additionals) == 1 != edns {
			t.Errorf("EDNS %t: %+v, %v", edns, m, err)
		}
	}
	for _, q := range []Question{{Name: "web", Type: "MX"}, {Name: "web..shop", Type: "A"}, {Name: strings.Repeat("x", 64), Type: "A"}, {Name: strings.Repeat("x.", 130), Type: "A"}} {
		if _, err := Pack(q, false); err == nil {
			t.Errorf("packed %+v", q)
		}
	}
}

// FuzzUnpack: any input is handled, and records of other names are ignored.
func FuzzUnpack(f *testing.F) {
	for _, m := range []dnsmessage.Message{
		response(0, address(web0.Name, 30)), response(0, alias(web0.Name, "b.example", 1), address("b.example", 30)), denied(), {},
	} {
		packed, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		r, err := Unpack(msg, web0)
		if err != nil {
			return
		}
		if r.Next == web0.Name || r.Truncated && len(r.Addresses) > 0 || len(r.Services) > 0 || r.TTL < 0 {
			t.Errorf("%+v", r)
		}
		if len(r.Addresses) > 0 && !strings.Contains(strings.ToLower(string(msg)), "web-0") {
			t.Errorf("addresses of another name: %+v", r)
		}
	})
}
