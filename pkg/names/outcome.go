package names

import (
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Found are the findings for which a pipeline should stop: warnings and errors, each with its set.
func (r *DNSReport) Found() []string {
	var found []string
	for i := range r.Items {
		for _, f := range r.Items[i].Findings {
			if f.Severity.AtLeast(sts.SeverityWarning) {
				found = append(found, msgFound(f.Code, r.Items[i].Name))
			}
		}
	}
	return found
}

// Unchecked is what the checks need and could not be read, nil if they are complete.
func (r *DNSReport) Unchecked() *sts.Missing {
	needed := []string{"pods", "services", "endpointslices"}
	i := slices.IndexFunc(r.Missing, func(m sts.Missing) bool { return slices.Contains(needed, m.Resource) })
	if i < 0 {
		return nil
	}
	return &r.Missing[i]
}

// ServerHint says what to check if all answers are incorrect in the same way: then the cause is the
// server, not a name.
func (r *DNSReport) ServerHint() sts.Hint {
	codes, failed := map[string]bool{}, true
	r.Lookups(func(l *DNSLookup) {
		if l.Expected {
			codes[l.Code] = true
			failed = failed && l.Verdict == Failed
		}
	})
	switch {
	case len(codes) != 1:
		return nil
	case failed:
		return hintServerLog()
	case codes[rcodeNameError] && r.ClusterDomainSource != DomainCorefile:
		return hintClusterDomain(r.ClusterDomain)
	}
	return nil
}

// Desired are the names of the ordinals in range.
func (d *DNSStatus) Desired() []string {
	var out []string
	for i := range d.Replicas {
		if n := &d.Replicas[i]; n.Desired && n.FQDN != "" {
			out = append(out, n.FQDN)
		}
	}
	return out
}
