package cli

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgDNSNoSet() string { return "no StatefulSets found: no DNS names to wait for" }

func msgDNSDomainAssumed(domain string) string {
	return "cannot determine the cluster domain, assuming " + domain + "; use --cluster-domain to set it"
}

// msgDNSFound: findings are those of [names.DNSReport.Found].
func msgDNSFound(findings []string) string {
	return "DNS problems found: " + strings.Join(findings, ", ")
}

func msgDNSUnchecked(resource, reason string) string {
	return fmt.Sprintf("cannot complete the checks: cannot read %s: %s", resource, reason)
}

// msgDNSUnresolved: count is the number of all names, of which names are the first.
func msgDNSUnresolved(count int, names []string) string {
	text := sts.Count(count, "name") + " do not resolve correctly: "
	if count == 1 {
		text = "1 name does not resolve correctly: "
	}
	text += strings.Join(names, ", ")
	if more := count - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func errDNSResolvConf(err error) error { return fmt.Errorf("--server=%s: %w", resolvConf, err) }

func msgDNSNoNameserver(file string) string {
	return fmt.Sprintf("--server=%s: no nameserver in %s", resolvConf, file)
}

// Progress.

func msgDNSRetrying(problem string) string { return problem + "; retrying" }

func msgDNSServerBack() string { return "the DNS server is responding again" }
