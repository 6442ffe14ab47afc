package render

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// History prints one line per revision, newest first.
func History(w io.Writer, r *report.HistoryReport, now time.Time, st Style) error {
	t := table{style: st}
	t.header("REVISION", "NAME", "AGE", "ORDINALS", "CHANGED")
	for i := range r.Items {
		item := &r.Items[i]
		ordinals, tone := "-", Dim
		if len(item.Ordinals) > 0 {
			ordinals, tone = strings.ReplaceAll(sts.FormatOrdinals(item.Ordinals), " ", ""), Good
			if item.Update && !item.Stable {
				tone = Warn
			}
		}
		t.row(cell{strconv.FormatInt(item.Revision, 10), Plain}, cell{item.Name, Plain},
			cell{sts.Age(now.Sub(item.Created.Time)), Plain}, cell{ordinals, tone},
			cell{changeSummary(item, i == len(r.Items)-1), Plain})
	}
	return t.print(w)
}

// changeSummary is one line about the changes of a revision.
func changeSummary(r *report.Revision, oldest bool) string {
	switch {
	case r.Error != "":
		return r.Error
	case oldest:
		return msgOldestRevision()
	case len(r.Changes) == 0:
		return msgNoChange()
	}
	return sts.SayChanges(r.Changes)
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
