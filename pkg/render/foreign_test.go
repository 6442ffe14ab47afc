package render

import (
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestForeign(t *testing.T) {
	for name, test := range map[string]struct{ line, want string }{
		"plain":                {"listening on :5432\r\n", "listening on :5432"},
		"colors":               {"\x1b[1;31mFATAL\x1b[0m: no", "FATAL: no"},
		"clears the line":      {"\x1b[2Kprogress 50%", "progress 50%"},
		"moves up":             {"\x1b[?25l\x1b[1Aup", "up"},
		"a title":              {"\x1b]0;owned\x07prompt", "prompt"},
		"a title, ended by ST": {"\x1b]2;owned\x1b\\prompt", "prompt"},
		"a link":               {"\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"},
		"a device string":      {"\x1bP1$r0m\x1b\\rest", "rest"},
		"a short one":          {"\x1b(Bascii\x1bc", "ascii"},
		"half a sequence":      {"text\x1b[", "text"},
		"a progress bar":       {"10%\r50%\r100%\r\n", "100%"},
		"tabs and bells":       {"a\tb\a\x00c\u009bd", "a    bcd"},
		"reversed text":        {"a\u202eb\u2066c\u200bd\u2028e", "abcde"},
		"other scripts":        {"données ✓ 数据", "données ✓ 数据"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, Foreign(test.line), test.want) })
	}
}

// TestNothingChangesTheTerminal: a message in a table, in a wrapped text, in a line of status or of
// its screen is printed without its control characters, and the columns fit what is printed.
func TestNothingChangesTheTerminal(t *testing.T) {
	const message = "\x1b[2K\x1b]0;owned\x07back-off\nof\a app"
	st := Style{Width: 80, Color: true}
	assert.Equal(t, st.Wrap("", 0, Plain, message), "back-off of app\n")
	assert.Equal(t, Style{}.Wrap("→ ", 2, Plain, message), "→ back-off of app\n")
	var b strings.Builder
	rows := &table{style: st}
	rows.row(cell{message, Bad}, cell{"last", Plain})
	rows.row(cell{"short", Plain}, cell{"last", Plain})
	assert.NilError(t, rows.print(&b))
	assert.Equal(t, b.String(), "\x1b[31mback-off of app\x1b[0m  last\nshort            last\n")
	s := &report.Status{Name: "web", State: report.Progressing, Message: message}
	assert.Equal(t, StatusLine(s), msgStatusLine("web", report.Progressing, 0, 0, "back-off of app"))
	s.Conditions = []report.ConditionStatus{{Type: "Progressing", Status: "Unknown", Message: message}}
	b.Reset()
	assert.NilError(t, StatusScreen(&b, s, time.Time{}, st))
	assert.Assert(t, strings.Contains(b.String(), "Progressing=Unknown: back-off of app"), b.String())
	b.Reset()
	Missing(&b, []sts.Missing{{Resource: "pods", Reason: message}})
	assert.Equal(t, b.String(), msgUnreadable("pods", "back-off of app")+"\n")
}
