package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

var severityTones = map[sts.Severity]Tone{sts.SeverityError: Bad, sts.SeverityWarning: Warn, sts.SeverityInfo: Dim}

// verdicts are ordered by importance, the least important first: of several answers on one line
// only the most important one is shown.
var verdicts = []names.Verdict{
	"", names.Absent, names.Correct, names.Stale, names.Incomplete, names.Incorrect, names.Denied, names.Failed, names.NoAnswer,
}

func verdictTone(l *names.DNSLookup) Tone {
	switch {
	case l.Verdict == names.Correct:
		return Good
	case l.Verdict == names.Absent && !l.Expected:
		return Dim
	case l.Verdict == names.Stale || l.Verdict == names.Incomplete:
		return Warn
	}
	return Bad
}

// worst is the lookup with the most important verdict, nil if there is none.
func worst(lookups []names.DNSLookup) *names.DNSLookup {
	var out *names.DNSLookup
	for i := range lookups {
		if l := &lookups[i]; out == nil || slices.Index(verdicts, l.Verdict) > slices.Index(verdicts, out.Verdict) {
			out = l
		}
	}
	return out
}

func took(lookups []names.DNSLookup) string {
	var most time.Duration
	for _, l := range lookups {
		if l.Took != nil {
			most = max(most, l.Took.Duration)
		}
	}
	switch {
	case most == 0:
		return ""
	case most < time.Millisecond:
		return " <1ms"
	}
	return " " + most.Round(time.Millisecond).String()
}

// answer is the short form of the answer for a name.
func answer(lookups []names.DNSLookup) cell {
	l := worst(lookups)
	if l == nil || l.Verdict == "" {
		return cell{"-", Dim}
	}
	text := l.Verdict.Label()
	if len(lookups) > 1 && l.Verdict != names.Correct && l.Verdict != names.Absent {
		text = l.Type + " " + text
	}
	return cell{text + took(lookups), verdictTone(l)}
}

// resolved counts the ordinals in range whose names resolve correctly.
func resolved(d *names.DNSStatus) (right, desired int, asked bool) {
	for i := range d.Replicas {
		r := &d.Replicas[i]
		l := worst(r.Lookups)
		asked = asked || l != nil && l.Verdict != ""
		if !r.Desired {
			continue
		}
		desired++
		if l != nil && l.Verdict == names.Correct {
			right++
		}
	}
	return right, desired, asked
}

// published counts the ordinals in range whose names are in EndpointSlices; known is false if
// these could not be read or there is no cluster.
func published(d *names.DNSStatus) (count, desired int, known bool) {
	for i := range d.Replicas {
		r := &d.Replicas[i]
		known = known || r.Published != nil
		if !r.Desired {
			continue
		}
		desired++
		if r.Published != nil && *r.Published {
			count++
		}
	}
	return count, desired, known
}

// anyOf reports whether it is known for any set what is published, and whether any set's names
// were queried.
func anyOf(r *names.DNSReport) (known, asked bool) {
	for i := range r.Items {
		_, _, k := published(&r.Items[i])
		_, _, a := resolved(&r.Items[i])
		known, asked = known || k, asked || a
	}
	return known, asked
}

func share(n, of int) (string, Tone) {
	tone := Warn
	switch n {
	case of:
		tone = Good
	case 0:
		tone = Bad
	}
	return fmt.Sprintf("%d/%d", n, of), tone
}

// DNSTable prints one line per set.
func DNSTable(w io.Writer, r *names.DNSReport, st Style, c Columns) error {
	t := table{style: st}
	known, asked := anyOf(r)
	titles := []string{"NAME", "SERVICE", "NAMES"}
	if known {
		titles = append(titles, "PUBLISHED")
	}
	if c.Namespace {
		titles = append([]string{"NAMESPACE"}, titles...)
	}
	if asked {
		titles = append(titles, "CORRECT")
	}
	t.header(append(titles, "FINDINGS")...)
	for i := range r.Items {
		d := &r.Items[i]
		count, desired, readable := published(d)
		row := []cell{{d.Name, Plain}, {dash(d.Service.Name), Plain}, {strconv.Itoa(desired), Plain}}
		switch {
		case readable:
			text, tone := share(count, desired)
			row = append(row, cell{text, tone})
		case known:
			row = append(row, cell{"-", Dim})
		}
		if c.Namespace {
			row = append([]cell{{d.Namespace, Plain}}, row...)
		}
		if asked {
			n, desired, _ := resolved(d)
			text, tone := share(n, desired)
			row = append(row, cell{text, tone})
		}
		t.row(append(row, findingCell(d.Findings))...)
	}
	return t.print(w)
}

// findingCell is the worst finding of a set.
func findingCell(findings []sts.Finding) cell {
	if len(findings) == 0 {
		return cell{}
	}
	f := findings[0]
	text := sts.Words(f.Severity) + ": " + f.Message
	if more := len(findings) - 1; more > 0 {
		text = fmt.Sprintf("%s (+%d): %s", sts.Words(f.Severity), more, f.Message)
	}
	return cell{text, severityTones[f.Severity]}
}

// DNSNames prints one line per name, of all sets in one table.
func DNSNames(w io.Writer, r *names.DNSReport, st Style, c Columns) error {
	t := table{style: st}
	known, asked := anyOf(r)
	titles := []string{"STATEFULSET", "ORDINAL", "NAME"}
	if known {
		titles = append(titles, "IP", "READY", "PUBLISHED", "SINCE")
	}
	if asked {
		titles = append(titles, "ANSWER")
	}
	if known || asked {
		titles = append(titles, "REASON")
	}
	if c.Namespace {
		titles = append([]string{"NAMESPACE"}, titles...)
	}
	t.header(titles...)
	for i := range r.Items {
		d := &r.Items[i]
		for k := range d.Replicas {
			n := &d.Replicas[k]
			since, text := "-", n.Message
			if n.PublishedSince != nil {
				since = sts.Age(r.TakenAt.Sub(n.PublishedSince.Time))
			}
			if l := worst(n.Lookups); l != nil && l.Message != "" {
				text = l.Message
			}
			row := []cell{{d.Name, Plain}, {n.Ordinal.String(), Plain}, {dash(n.FQDN), Plain}}
			if known {
				row = append(row, cell{ips(n), Plain}, ready(n), publishedCell(n), cell{since, Plain})
			}
			if asked {
				row = append(row, answer(n.Lookups))
			}
			if known || asked {
				row = append(row, cell{text, Plain})
			}
			if c.Namespace {
				row = append([]cell{{d.Namespace, Plain}}, row...)
			}
			t.row(row...)
		}
	}
	return t.print(w)
}

func ips(n *names.DNSReplica) string { return dash(strings.Join(n.IPs, ",")) }

func yes(b bool) cell {
	if b {
		return cell{"yes", Good}
	}
	return cell{"no", Warn}
}

func ready(n *names.DNSReplica) cell {
	if !n.Ready && len(n.IPs) == 0 && (n.Reason == names.NoPod || n.Reason == names.NoService) {
		return cell{"-", Dim}
	}
	return yes(n.Ready)
}

func publishedCell(n *names.DNSReplica) cell {
	if n.Published == nil {
		return cell{"-", Dim}
	}
	return yes(*n.Published)
}

// DNSScreen prints one set's names in detail, with the answers of a DNS server and the findings.
func DNSScreen(w io.Writer, r *names.DNSReport, d *names.DNSStatus, st Style) error {
	var b strings.Builder
	b.WriteString(st.Paint(Bold, "statefulset.apps/"+d.Name) + "  " + dnsSummary(d, st) + "\n")
	field := func(name, text string) {
		b.WriteString("  " + st.Paint(Dim, fmt.Sprintf("%-9s", name)) + "  " + text + "\n")
	}
	field("Service", st.cut(OneLine(dnsService(d)), 13))
	if d.Service.FQDN != "" {
		text := d.Service.FQDN
		if a := answer(d.Service.Lookups); a.text != "-" {
			text += "  " + st.Paint(a.tone, a.text)
		}
		field("Name", text)
	}
	for i := range d.Service.Ports {
		p := &d.Service.Ports[i]
		if p.SRV == "" {
			field("Port", msgDNSPortUnnamed(p.Port))
			continue
		}
		text := p.SRV
		switch {
		case !d.Service.Headless:
			text = msgDNSServicePort(p.SRV, p.ServicePort)
		case p.Port != 0:
			text = msgDNSPort(p.SRV, p.Port)
		}
		if a := answer(p.Lookups); a.text != "-" {
			text += "  " + st.Paint(a.tone, a.text)
		}
		field("SRV", text)
	}
	field("Domain", msgDNSDomain(r.ClusterDomain, domainSources[r.ClusterDomainSource], r.OtherDomains))
	if r.Server != "" {
		field("Queried", r.Server)
	}
	t, suffix := nameTable(d, st)
	if suffix != "" {
		field("Suffix", msgDNSSuffix(suffix))
	}
	if len(d.Replicas) > 0 {
		b.WriteByte('\n')
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	if len(d.Replicas) > 0 {
		if err := t.print(w); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, dnsNotes(d, st)+dnsFindings(d, st))
	return err
}

var domainSources = map[names.DomainSource]string{
	names.DomainGiven: msgDNSDomainGiven(), names.DomainCorefile: msgDNSDomainCorefile(), names.DomainKubelet: msgDNSDomainKubelet(),
	names.DomainAssumed: msgDNSDomainAssumed(),
}

func dnsSummary(d *names.DNSStatus, st Style) string {
	n, desired, known := published(d)
	if !known {
		return sts.Count(desired, "name")
	}
	text, tone := share(n, desired)
	if desired == 0 {
		tone = Dim
	}
	text = st.Paint(tone, msgDNSPublished(text))
	if right, _, asked := resolved(d); asked {
		s, tone := share(right, desired)
		text += ", " + st.Paint(tone, msgDNSCorrect(s))
	}
	return text
}

func dnsService(d *names.DNSStatus) string {
	s := &d.Service
	switch {
	case s.Name == "":
		return msgDNSNoServiceSet()
	case s.Found == nil:
		return msgDNSServiceUnknown(s.Name)
	case !*s.Found:
		return msgDNSServiceNotFound(s.Name)
	}
	return msgDNSService(s.Name, s.Headless, s.PublishNotReadyAddresses)
}

// nameTable has a line for each ordinal. If the terminal is too narrow for the full names, it has
// their short form, and suffix is what they lack.
func nameTable(d *names.DNSStatus, st Style) (t *table, suffix string) {
	full, wide := nameRows(d, st, func(n *names.DNSReplica) string { return n.FQDN })
	if st.Width == 0 || wide <= st.Width || len(d.Replicas) == 0 || len(d.Replicas[0].ShortNames) == 0 {
		return full, ""
	}
	short, _ := nameRows(d, st, func(n *names.DNSReplica) string { return n.ShortNames[0] })
	return short, strings.TrimPrefix(d.Replicas[0].FQDN, d.Replicas[0].ShortNames[0])
}

// leastReason is the width that is reserved for a reason.
const leastReason = 26

func nameRows(d *names.DNSStatus, st Style, name func(*names.DNSReplica) string) (t *table, width int) {
	t = &table{style: st, indent: "  "}
	_, _, known := published(d)
	_, _, asked := resolved(d)
	bare := slices.ContainsFunc(d.Replicas, func(n names.DNSReplica) bool { return len(n.IPs) > 0 })
	switch {
	case !known && !asked && !bare:
		t.header("NAME")
	case asked:
		t.header("NAME", "IP", "READY", "PUBLISHED", "ANSWER")
	default:
		t.header("NAME", "IP", "READY", "PUBLISHED")
	}
	columns := len(t.rows[0])
	for i := range d.Replicas {
		n := &d.Replicas[i]
		row := []cell{{cmp.Or(name(n), msgDNSPodWithoutName(n.Pod)), Plain}, {ips(n), Plain}, ready(n), publishedCell(n), answer(n.Lookups)}[:columns]
		if !n.Desired {
			row[0].tone = Dim
		}
		last := &row[columns-1]
		switch {
		case columns == 1:
		case !n.Desired && (n.Message == "" || !asked):
			last.text += ", out of range"
		case n.Message != "" && (!asked || worst(n.Lookups).Verdict == names.Absent):
			last.text += ", " + strings.TrimPrefix(n.Message, "the pod is ")
		}
		t.row(row...)
	}
	width = len(t.indent)
	for c := range columns {
		most := 0
		for _, row := range t.rows {
			most = max(most, utf8.RuneCountInString(row[c].text))
		}
		if c == columns-1 {
			most = min(most, leastReason)
		}
		width += most + 2
	}
	return t, width - 2
}

// dnsNotes are the incorrect answers. Names with the same message share a line.
func dnsNotes(d *names.DNSStatus, st Style) string {
	byVerdict := map[names.Verdict]*notes{}
	add := func(name string, lookups []names.DNSLookup) {
		for i := range lookups {
			l := &lookups[i]
			if l.Verdict == "" || l.Verdict == names.Correct || l.Verdict == names.Absent {
				continue
			}
			if byVerdict[l.Verdict] == nil {
				byVerdict[l.Verdict] = &notes{}
			}
			byVerdict[l.Verdict].add(l.Message, name)
		}
	}
	for i := range d.Replicas {
		add(d.Replicas[i].Pod, d.Replicas[i].Lookups)
	}
	add(d.Service.Name, d.Service.Lookups)
	for i := range d.Service.Ports {
		add("SRV "+d.Service.Ports[i].Name, d.Service.Ports[i].Lookups)
	}
	text := ""
	for _, v := range slices.Backward(verdicts) {
		if n := byVerdict[v]; n != nil {
			tone := Bad
			if v == names.Stale || v == names.Incomplete {
				tone = Warn
			}
			text += n.text(v.Label()+":", tone, st)
		}
	}
	if text != "" {
		text = "\n" + text
	}
	return text
}

func dnsFindings(d *names.DNSStatus, st Style) string {
	var b strings.Builder
	for _, f := range d.Findings {
		if b.Len() == 0 {
			b.WriteByte('\n')
		}
		title := sts.Words(f.Severity) + ":"
		b.WriteString(st.Wrap(st.Paint(severityTones[f.Severity], title)+" ", len(title)+1, Plain, f.Message+" ["+string(f.Code)+"]") + Hint(f.Hint, st))
	}
	return b.String()
}
