package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Ended is a command that has ended, for the annotations and summary of a workflow.
type Ended struct {
	Command, Namespace, Name string
	// Outcome is how it ended, nil after an error. Error is that error, which may be a
	// timeout or an interruption. Without both, the command ended before it began with this set.
	Outcome *operate.Decision
	Error   string
	// Hint is that without an outcome, which has its own.
	Hint   sts.Hint
	DryRun string
	Took   time.Duration
	Done   []Entry
	Checks []Check
	// Status is nil when the set was never seen.
	Status *report.Status
}

// Entry is one thing that was done, and when.
type Entry struct {
	At   time.Time
	What string
}

// Check is one command that was run.
type Check struct {
	At            time.Time
	Label, Output string
	Command, Said string
	Good          bool
}

// verdict is one word for the end, and its message.
func (e Ended) verdict() (word, message string, good bool) {
	switch {
	case e.Error != "":
		return "failed", e.Error, false
	case e.Outcome == nil:
		return "not started", msgNotStarted(), false
	}
	switch e.Outcome.Verdict {
	case operate.Done:
		return "done", e.Outcome.Message, true
	case operate.Stuck:
		return "stuck", e.Outcome.Message, false
	case operate.Failed:
		return "gate failed", e.Outcome.Message, false
	case operate.Refused:
		return "refused", e.Outcome.Message, false
	}
	return "planned", e.Outcome.Message, true
}

// hint is what to do.
func (e Ended) hint() sts.Hint {
	if e.Error != "" || e.Outcome == nil {
		return e.Hint
	}
	return e.Outcome.Hint
}

// Annotation writes the end as a GitHub Actions workflow command: a notice, or an
// error (docs.github.com, "Workflow commands for GitHub Actions").
func Annotation(w io.Writer, e Ended) error {
	word, message, good := e.verdict()
	level := "notice"
	if !good {
		level, message = "error", word+": "+message
	}
	if hint := e.hint(); len(hint) > 0 {
		message += "\n" + hint.String()
	}
	title := fmt.Sprintf("kubectl sts %s %s/%s", e.Command, e.Namespace, e.Name)
	_, err := fmt.Fprintf(w, "::%s title=%s::%s\n", level, githubProperty.Replace(title), githubData.Replace(message))
	return err
}

var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// Markdown writes the end as a summary: what happened, when, and the state of the set.
func Markdown(w io.Writer, e Ended) error {
	var b strings.Builder
	word, message, _ := e.verdict()
	fmt.Fprintf(&b, "### kubectl sts %s %s: %s\n\n%s\n\n", e.Command, markdown(e.Name), word, markdown(message))
	if hint := e.hint(); len(hint) > 0 {
		fmt.Fprintf(&b, "→ %s\n\n", strings.Join(markdownLines(hint), "<br>"))
	}
	fmt.Fprintf(&b, "%s\n\n", markdown(msgSummary(e.Namespace, e.DryRun, e.Took)))
	if s := e.Status; s != nil && len(s.Replicas) > 0 {
		b.WriteString("| pod | role | revision | ready | restarts |\n|---|---|---|---|---|\n")
		for _, r := range s.Replicas {
			ready := "no"
			switch {
			case r.Trouble != nil:
				ready = r.Trouble.Reason
			case r.Ready:
				ready = "yes"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %d |\n", r.Pod, sts.Words(r.Role), r.Revision, markdown(ready), r.Restarts)
		}
		b.WriteByte('\n')
	}
	if len(e.Done) > 0 {
		b.WriteString("| time (UTC) | action |\n|---|---|\n")
		for _, d := range e.Done {
			fmt.Fprintf(&b, "| %s | %s |\n", clockTime(d.At), markdown(d.What))
		}
		b.WriteByte('\n')
	}
	for _, c := range e.Checks {
		mark := "✗"
		if c.Good {
			mark = "✓"
		}
		fmt.Fprintf(&b, "<details><summary>%s %s <code>%s</code> %s (%s)</summary>\n\n%s\n</details>\n\n",
			mark, html(c.Label), html(c.Command), html(c.Said), clockTime(c.At), fenced(c.Output))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func clockTime(t time.Time) string { return t.UTC().Format(time.TimeOnly) }

// fenced is the unchanged text in a code fence that does not occur in it.
func fenced(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + text + "\n" + fence
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ")

func html(text string) string { return htmlEscapes.Replace(text) }

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`)

// markdownLines are the lines of a hint, their commands as code.
func markdownLines(hint sts.Hint) []string {
	var out []string
	for _, line := range hint.Lines() {
		text := markdown(line.Text)
		if line.Command != nil {
			text += "<code>" + markdown(line.Command.String()) + "</code>"
		}
		out = append(out, text)
	}
	return out
}

// markdown keeps text from being markup, also inside a table.
func markdown(text string) string { return markdownEscapes.Replace(html(text)) }
