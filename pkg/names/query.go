package names

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The types of DNS records that a set's names have.
const (
	recordA    = "A"
	recordAAAA = "AAAA"
	recordSRV  = "SRV"
)

// recordOf is the type of the DNS record for an IP address.
func recordOf(ip string) string {
	if strings.Contains(ip, ":") {
		return recordAAAA
	}
	return recordA
}

// familyOf is the IP family of an IP address.
func familyOf(ip string) corev1.IPFamily {
	if recordOf(ip) == recordAAAA {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

// Question is a query for the records of one type and name.
type Question struct {
	// Name is the name in the query, fully qualified, without the trailing dot:
	// `web-0.web.shop.svc.cluster.local`.
	Name string `json:"name"`
	// Type is `A`, `AAAA` or `SRV`.
	Type string `json:"type"`
}

// notFound: there is no such record, or the query failed; the tool does not report which.
const notFound = "NOTFOUND"

// Answer is the answer of a DNS server to one query.
type Answer struct {
	Question
	// Code is the response code by its name in the IANA registry: NOERROR, NXDOMAIN, SERVFAIL,
	// REFUSED. It is NOTFOUND if the tool that made the query does not report the code, and
	// empty if there was no answer; Problem then says why.
	Code string
	// Addresses are those of the A or AAAA records, in the order of the answer.
	Addresses []string
	// Services are the SRV records.
	Services []SRV
	// TTL is how long resolvers may cache the answer. For a negative answer it is the smaller of
	// the SOA's own TTL and its minimum field (RFC 2308, section 5).
	TTL time.Duration
	// Took is the time from the query to the answer.
	Took time.Duration
	// Problem says why there was no answer.
	Problem string
	// TimedOut: there was no answer within the timeout of one query.
	TimedOut bool
}

// SRV is one SRV record (RFC 2782).
type SRV struct {
	Target string
	Port   int32
}
