package names

import "slices"

// Resolved reports whether the name of every ordinal in range resolves correctly.
func (w *Watch) Resolved() bool { return !w.astray() && len(w.Report.Pending()) == 0 }

// astray: so far there is no set, or none with any of the requested ordinals.
func (w *Watch) astray() bool {
	return len(w.Report.Items) == 0 || len(w.ordinals) > 0 && !slices.ContainsFunc(w.Report.Items, func(d DNSStatus) bool {
		return len(d.Replicas) > 0
	})
}

// Nameless is a set whose pods can never have names, empty if there is none.
func (r *DNSReport) Nameless() string {
	for i := range r.Items {
		if item := &r.Items[i]; item.Service.Name == "" && len(item.Replicas) > 0 {
			return item.Name
		}
	}
	return ""
}

// WaitingFor are the names that do not resolve correctly, and why the first one does not: the text
// follows "waiting".
func (w *Watch) WaitingFor() string {
	if w.Report == nil {
		return msgForCluster()
	}
	pending := w.Report.Pending()
	switch {
	case len(w.Report.Items) == 0:
		return msgForSet()
	case w.astray():
		return msgForOrdinals()
	case w.problem != "":
		return msgForServer(w.problem)
	case !w.answered && !w.Complete():
		return msgForFirstAnswers()
	case len(pending) == 0:
		return msgForLastAnswers()
	}
	return msgForNames(len(pending), pending[0], w.Report.reasons()[pending[0]])
}

// reasons are why names do not resolve correctly, as far as that is known.
func (r *DNSReport) reasons() map[string]string {
	why := map[string]string{}
	for i := range r.Items {
		for k := range r.Items[i].Replicas {
			switch n := &r.Items[i].Replicas[k]; {
			case n.Message != "":
				why[n.FQDN] = n.Message
			case !n.Expected && !n.Ready:
				why[n.FQDN] = msgPodNotReady()
			case !n.Expected:
				why[n.FQDN] = msgPodLeaving()
			}
		}
	}
	r.Lookups(func(l *DNSLookup) {
		if l.Message != "" && l.Verdict != Correct && why[l.Name] == "" {
			why[l.Name] = l.Message
		}
	})
	return why
}
