package render

import (
	"io"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

var claimTones = map[claims.State]Tone{
	claims.ClaimTerminating: Warn, claims.ClaimPolicy: Warn, claims.ClaimInUse: Good, claims.ClaimDesired: Good,
	claims.ClaimReserved: Dim, claims.ClaimParked: Dim, claims.ClaimForeign: Dim,
}

// ClaimTable prints one line per claim, the sums, the risks, the excluded claims and the warnings.
func ClaimTable(w io.Writer, r *claims.ClaimReport, now time.Time, st Style, c Columns) error {
	t := table{style: st}
	titles := []string{"CLAIM", "SET", "ORDINAL", "STATE", "SIZE", "CLASS", "RECLAIM", "LAST-USED"}
	if c.Namespace {
		titles = append([]string{"NAMESPACE"}, titles...)
	}
	if c.Wide {
		titles = append(titles, "VOLUME", "PHASE")
	}
	if c.Labels {
		titles = append(titles, "LABELS")
	}
	t.header(append(titles, "REASON")...)
	for i := range r.Items {
		t.row(claimRow(&r.Items[i], now, c)...)
	}
	if !c.Wide && !c.Labels {
		t.fit("CLASS", "RECLAIM", "SET", "ORDINAL", "SIZE", "LAST-USED")
	}
	if err := t.print(w); err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	if err := claimSums(r, st).print(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, claimNotes(r, st, c))
	return err
}

// RetainedNotes are the notes about deleted claims, one line for those with the same note.
func RetainedNotes(kept []claims.RetainedClaim, st Style, c Columns) string {
	var n notes
	for i := range kept {
		name := kept[i].Claim
		if c.Namespace {
			name = kept[i].Namespace + "/" + name
		}
		n.add(kept[i].Message, name)
	}
	return n.text(titleRetained(), Warn, st)
}

// RetainedSum is how much is retained of deleted claims; empty when nothing is.
func RetainedSum(r *claims.RetainedSum, st Style, c Columns) string {
	if r == nil || r.Volumes == 0 {
		return ""
	}
	namespaces := 0
	if c.Namespace {
		namespaces = len(r.Namespaces)
	}
	return st.Wrap("", 0, Plain, msgRetainedSum(r.Volumes, r.Size.String(), namespaces))
}

func claimRow(item *claims.Claim, now time.Time, c Columns) []cell {
	state, tone := sts.Words(item.State), claimTones[item.State]
	if item.Candidate {
		state, tone = state+" *", Bold
	}
	ordinal := "-"
	if item.Ordinal != nil {
		ordinal = item.Ordinal.String()
	}
	row := []cell{
		{item.Name, Plain}, {dash(item.Set), Plain}, {ordinal, Plain}, {state, tone}, {dash(item.Size), Plain},
		{dash(item.Class), Plain}, {dash(item.ReclaimPolicy), Plain}, {lastUsed(item, now), Plain},
	}
	if c.Namespace {
		row = append([]cell{{item.Namespace, Plain}}, row...)
	}
	if c.Wide {
		row = append(row, cell{dash(item.Volume), Plain}, cell{dash(item.Phase), Plain})
	}
	if c.Labels {
		row = append(row, cell{labels.FormatLabels(item.Labels), Plain})
	}
	reason := item.Message
	if item.Confidence != "" {
		reason += "; confidence " + sts.Words(item.Confidence)
	}
	return append(row, cell{reason, Plain})
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func lastUsed(c *claims.Claim, now time.Time) string {
	switch {
	case c.State == claims.ClaimInUse:
		return "now"
	case c.UnusedSince == nil:
		return "unknown"
	}
	return sts.Age(now.Sub(c.UnusedSince.Time)) + " ago"
}

// claimSums has a line per storage class, and one for the total.
func claimSums(r *claims.ClaimReport, st Style) *table {
	t := &table{style: st}
	t.header("CLASS", "CLAIMS", "SIZE", "CANDIDATES *", "SIZE")
	line := func(name string, s *claims.ClaimSum, tone Tone) {
		t.row(cell{name, tone}, cell{strconv.Itoa(s.Claims), tone}, cell{s.Size.String(), tone},
			cell{strconv.Itoa(s.Candidates), tone}, cell{s.CandidateSize.String(), tone})
	}
	for i := range r.Classes {
		line(dash(r.Classes[i].Class), &r.Classes[i], Plain)
	}
	if len(r.Classes) > 1 {
		line("all", &r.Total, Bold)
	}
	return t
}

// HeldNotes are why claims are excluded, one line for those with the same reason.
func HeldNotes(r *claims.ClaimReport, st Style, c Columns) string {
	var n notes
	for i := range r.Items {
		if item := &r.Items[i]; item.Held != "" {
			name := item.Name
			if c.Namespace {
				name = item.Namespace + "/" + name
			}
			n.add(item.Held, name)
		}
	}
	return n.text(titleExcluded(), Dim, st)
}

// claimNotes are the risks, why claims are excluded, and the warnings about these and the
// candidates. Claims with the same note share a line.
func claimNotes(r *claims.ClaimReport, st Style, c Columns) string {
	risks, doubts := "", &notes{}
	for i := range r.Items {
		item := &r.Items[i]
		name := item.Name
		if c.Namespace {
			name = item.Namespace + "/" + name
		}
		if item.Risk != nil {
			message := item.Risk.Message
			if c.Namespace {
				message = item.Namespace + ": " + message
			}
			risks += st.Wrap(st.Paint(Bad, titleAtRisk())+" ", len(titleAtRisk())+1, Plain, message)
		}
		if item.Candidate || item.Held != "" {
			for _, d := range item.Doubts {
				doubts.add(d, name)
			}
		}
	}
	text := risks + HeldNotes(r, st, c) + doubts.text(titleWarning(), Warn, st)
	if text != "" {
		text = "\n" + text
	}
	return text
}

// notes are texts with the names that each is about, in the order in which they were added.
type notes struct {
	texts []string
	names map[string][]string
}

func (n *notes) add(text, name string) {
	if n.names == nil {
		n.names = map[string][]string{}
	}
	if n.names[text] == nil {
		n.texts = append(n.texts, text)
	}
	n.names[text] = append(n.names[text], name)
}

func (n *notes) text(title string, tone Tone, st Style) string {
	const most = 3
	var b strings.Builder
	for _, text := range n.texts {
		names := n.names[text]
		if more := len(names) - most; more > 0 {
			names = append(names[:most:most], sts.Count(more, "other"))
		}
		b.WriteString(st.Wrap(st.Paint(tone, title)+" ", len(title)+1, Plain, strings.Join(names, ", ")+": "+text))
	}
	return b.String()
}
