package render

import (
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// History prints one line per revision, newest first; where wide, one for each of its changes, in full. A narrow
// terminal shows the changes instead of the names.
func History(w io.Writer, r *report.HistoryReport, now time.Time, st Style, wide bool) error {
	t := table{style: st}
	t.header("REVISION", "NAME", "AGE", "ORDINALS", "CHANGED")
	oldest := int64(math.MaxInt64)
	for _, item := range r.Items {
		oldest = min(oldest, item.Revision)
	}
	for i := range r.Items {
		item := &r.Items[i]
		ordinals, tone := "-", Dim
		if len(item.Ordinals) > 0 {
			ordinals, tone = strings.ReplaceAll(sts.FormatOrdinals(item.Ordinals), " ", ""), Good
			if item.Update && !item.Stable {
				tone = Warn
			}
		}
		changes := []string{changeSummary(item, item.Revision == oldest)}
		if wide && len(item.Changes) > 0 {
			changes = nil
			for _, c := range item.Changes {
				changes = append(changes, msgChangedValue(strings.TrimPrefix(c.Path, "spec."), c.From, c.To))
			}
		}
		t.row(cell{strconv.FormatInt(item.Revision, 10), Plain}, cell{item.Name, Plain},
			cell{sts.Age(now.Sub(item.Created.Time)), Plain}, cell{ordinals, tone},
			cell{changes[0], Plain})
		for _, change := range changes[1:] {
			t.row(cell{}, cell{}, cell{}, cell{}, cell{change, Plain})
		}
	}
	if wide {
		t.style.Width = 0
	} else if st.Width > 0 && st.Width-t.fixed() < 60 {
		t.drop("NAME")
	}
	return t.print(w)
}

// changeSummary is one line about the changes of a revision: images first, and the values before the fields, since
// the line may be cut at its end.
func changeSummary(r *report.Revision, oldest bool) string {
	switch {
	case r.Error != "":
		return r.Error
	case oldest:
		return msgOldestRevision()
	case len(r.Changes) == 0:
		return msgNoChange()
	}
	return sts.SayChangesBy(r.Changes, func(c sts.Change, path string) string { return msgChangedValue(path, c.From, c.To) })
}

// Diff colours a unified diff.
func Diff(w io.Writer, unified string, st Style) error {
	var b strings.Builder
	for line := range strings.Lines(unified) {
		text := strings.TrimSuffix(line, "\n")
		tone := Plain
		switch {
		case strings.HasPrefix(text, "---"), strings.HasPrefix(text, "+++"):
			tone = Bold
		case strings.HasPrefix(text, "-"):
			tone = Bad
		case strings.HasPrefix(text, "+"):
			tone = Good
		case strings.HasPrefix(text, "@@"):
			tone = Dim
		}
		b.WriteString(st.Paint(tone, text) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
