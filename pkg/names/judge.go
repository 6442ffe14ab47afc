package names

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Verdict is the evaluation of a DNS server's result.
type Verdict string

// The verdicts.
const (
	// Correct: it matches what is published.
	Correct Verdict = "Correct"
	// Absent: there is no record, and nothing is published. This is correct, unless
	// [DNSLookup.Expected] says that the name should be published by now.
	Absent Verdict = "Absent"
	// Denied: there is no record, although one is published: usually a negative result in a cache
	// ([DNSLookup.KeptFor]).
	Denied Verdict = "Denied"
	// Incomplete: records are missing, and none is incorrect.
	Incomplete Verdict = "Incomplete"
	// Incorrect: it has an address that is not the pod's, usually that of the previous pod.
	Incorrect Verdict = "Incorrect"
	// Stale: there is a record, although none is published now.
	Stale Verdict = "Stale"
	// Failed: the DNS server returns an error, such as SERVFAIL or REFUSED.
	Failed Verdict = "Failed"
	// NoAnswer: there was no response in time.
	NoAnswer Verdict = "NoAnswer"
)

// Judge adds the answers to the lookups, with a verdict on each. Without an answer the verdict
// remains empty.
func (r *DNSReport) Judge(now time.Time, answers []Answer) {
	byQuestion := map[Question]*Answer{}
	for i := range answers {
		byQuestion[answers[i].Question] = &answers[i]
	}
	r.Lookups(func(l *DNSLookup) {
		if a := byQuestion[l.Question]; a != nil {
			l.judge(now, a, r.owners)
		}
	})
}

func (l *DNSLookup) judge(now time.Time, a *Answer, owners map[string]string) {
	// An earlier answer may have been judged before.
	l.Code, l.Message, l.Took, l.KeptFor = a.Code, "", nil, nil
	if a.Took > 0 { // not every tool reports it
		l.Took = &metav1.Duration{Duration: a.Took}
	}
	l.Got = slices.Clone(a.Addresses)
	for _, s := range a.Services {
		l.Got = append(l.Got, srvRecord(strings.ToLower(strings.TrimSuffix(s.Target, ".")), s.Port))
	}
	slices.Sort(l.Got)
	l.Got = slices.Compact(l.Got)
	if a.TTL > 0 && (a.Code == rcodeSuccess || a.Code == rcodeNameError) {
		l.KeptFor = &metav1.Duration{Duration: a.TTL}
	}
	extra, lacking := minus(l.Got, l.Want), minus(l.Want, l.Got)
	switch {
	case a.TimedOut:
		l.Verdict, l.Message = NoAnswer, a.Problem
	case a.Code == "":
		l.Verdict, l.Message = NoAnswer, msgFailedQuery(a.Problem)
	case a.Code != rcodeSuccess && a.Code != rcodeNameError && a.Code != notFound:
		l.Verdict, l.Message = Failed, msgErrorCode(a.Code)
	case len(l.Got) == 0 && len(l.Want) == 0:
		l.Verdict, l.Message = Absent, l.absence
	case len(l.Got) == 0:
		l.Verdict, l.Message = Denied, l.denial(now, a.TTL)
	case len(extra) > 0 && len(minus(extra, l.foreign)) == 0:
		l.Verdict, l.Message = Incorrect, msgAsPublished(l.withOwners(extra, owners), minus(l.ips, l.Got))
	case len(extra) > 0 && len(l.Want) == 0:
		l.Verdict, l.Message = Stale, msgStale(l.withOwners(extra, owners), l.absence, l.cached())
	case len(extra) > 0 && len(lacking) == 0:
		l.Verdict, l.Message = Incorrect, msgWrongToo(l.withOwners(extra, owners), l.cached())
	case len(extra) > 0:
		l.Verdict, l.Message = Incorrect, msgWrong(l.withOwners(extra, owners), lacking, l.cached())
	case len(lacking) > 0:
		l.Verdict, l.Message = Incomplete, msgIncomplete(lacking, l.cached())
	default:
		l.Verdict = Correct
	}
}

// The response codes that are about the name itself (RFC 1035).
const (
	rcodeSuccess   = "NOERROR"
	rcodeNameError = "NXDOMAIN"
)

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func few(list []string) string {
	const most = 3
	if more := len(list) - most; more > 0 {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(list, ", ")
}

// withOwners adds to addresses which other pod has them.
func (l *DNSLookup) withOwners(ips []string, owners map[string]string) []string {
	list := slices.Clone(ips)
	for i, ip := range ips {
		switch _, pod, _ := strings.Cut(owners[ip], "/"); {
		case l.Type == recordSRV:
		case pod == "" && l.pod != "":
			list[i] = msgNoPodsAddress(ip)
		case pod != "" && pod != l.pod:
			list[i] = msgAddressOfPod(ip, pod)
		}
	}
	return list
}

// cached is how long caches may return this answer.
func (l *DNSLookup) cached() time.Duration {
	if l.KeptFor == nil {
		return 0
	}
	return l.KeptFor.Duration
}

// denial says for how long a published name may be denied. DNS servers count down the TTL of
// answers in their cache, negative ones included, so the TTL of the answer is what is left of it.
func (l *DNSLookup) denial(now time.Time, left time.Duration) string {
	denial := msgNoSuchName()
	if l.Code == rcodeSuccess {
		denial = msgNoSuchRecord(l.Type)
	}
	if l.Code == notFound {
		denial = msgNotFound()
	}
	if l.since == nil {
		return msgDenied(denial, left)
	}
	// A cache keeps an answer for its full TTL at most, so an age of more than twice what is left of
	// it is unlikely to be due to a cache.
	age := now.Sub(l.since.Time)
	if left > 0 && age > denialPatience && age > 2*left {
		return msgDeniedTooLong(denial, age)
	}
	return msgDeniedFor(denial, age, left)
}

// denialPatience is longer than DNS servers in clusters cache that a name does not exist: 30s with
// CoreDNS as it is installed.
const denialPatience = 2 * time.Minute
