package print

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

var claimTones = map[sts.ClaimState]Tone{
	sts.ClaimTerminating: Warn, sts.ClaimPolicy: Warn, sts.ClaimInUse: Good, sts.ClaimWanted: Good,
	sts.ClaimReserved: Dim, sts.ClaimParked: Dim, sts.ClaimForeign: Dim,
}

// ClaimTable prints one line per claim, the sums, and the doubts about candidates.
func ClaimTable(w io.Writer, r *inspect.ClaimReport, now time.Time, st Style, c Columns) error {
	t := table{style: st}
	titles := []string{"CLAIM", "SET", "ORDINAL", "STATE", "SIZE", "CLASS", "RECLAIM", "LAST-USED"}
	if c.Namespace {
		titles = append([]string{"NAMESPACE"}, titles...)
	}
	if c.Wide {
		titles = append(titles, "VOLUME", "PHASE")
	}
	t.header(append(titles, "REASON")...)
	for i := range r.Items {
		t.row(claimRow(&r.Items[i], now, c)...)
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
	_, err := io.WriteString(w, claimDoubts(r, st, c))
	return err
}

func claimRow(item *inspect.Claim, now time.Time, c Columns) []cell {
	state, tone := string(item.State), claimTones[item.State]
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
	reason := item.Reason
	if item.Confidence != "" {
		reason += "; confidence " + string(item.Confidence)
	}
	if item.Held != "" {
		reason += "; held: " + item.Held
	}
	return append(row, cell{reason, Plain})
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func lastUsed(c *inspect.Claim, now time.Time) string {
	switch {
	case c.State == sts.ClaimInUse:
		return "now"
	case c.UnusedSince == nil:
		return "unknown"
	}
	return sts.Age(now.Sub(c.UnusedSince.Time)) + " ago"
}

// claimSums has a line per storage class, and one for all of them.
func claimSums(r *inspect.ClaimReport, st Style) *table {
	t := &table{style: st}
	t.header("CLASS", "CLAIMS", "SIZE", "CANDIDATES *", "SIZE")
	line := func(name string, s *inspect.ClaimSum, tone Tone) {
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

// claimDoubts tells of the candidates what to know before they go.
func claimDoubts(r *inspect.ClaimReport, st Style, c Columns) string {
	var b strings.Builder
	for i := range r.Items {
		item := &r.Items[i]
		if !item.Candidate && item.Held == "" {
			continue
		}
		name := item.Name
		if c.Namespace {
			name = item.Namespace + "/" + name
		}
		for _, doubt := range item.Doubts {
			if b.Len() == 0 {
				b.WriteByte('\n')
			}
			b.WriteString(st.Wrap(st.Paint(Warn, "doubt:")+" ", len("doubt: "), Plain, fmt.Sprintf("%s: %s", name, doubt)))
		}
	}
	return b.String()
}
