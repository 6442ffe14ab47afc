package sts

import "time"

// DNSQuestion asks a DNS server for the records of one type under one name.
type DNSQuestion struct {
	// Name is fully qualified, without the dot at its end: "web-0.web.shop.svc.cluster.local".
	Name string `json:"name"`
	// Type is A, AAAA or SRV.
	Type string `json:"type"`
}

// DNSAnswer is what a DNS server said to one question.
type DNSAnswer struct {
	DNSQuestion
	// Code is the response code by its name in the IANA registry: NOERROR, NXDOMAIN, SERVFAIL,
	// REFUSED. It is empty when no answer came; Problem then says why.
	Code string `json:"code,omitempty"`
	// Addresses are those of the A or AAAA records, in the order of the answer.
	Addresses []string `json:"addresses,omitempty"`
	// Services are the SRV records.
	Services []DNSService `json:"services,omitempty"`
	// TTL is how long resolvers may keep the answer. For an answer without a record it is how
	// long they may keep that there is none: the smaller of the SOA's own TTL and its minimum
	// field (RFC 2308, section 5).
	TTL time.Duration `json:"-"`
	// Took is the time from the question to the answer.
	Took time.Duration `json:"-"`
	// Problem says why no answer came.
	Problem string `json:"problem,omitempty"`
	// TimedOut: nothing came within the time for one question.
	TimedOut bool `json:"timedOut,omitempty"`
}

// DNSService is one SRV record (RFC 2782).
type DNSService struct {
	Target string `json:"target"`
	Port   int32  `json:"port"`
}
