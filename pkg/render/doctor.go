package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Doctor prints the findings, the most severe first, then the sets without any, and how many there are.
func Doctor(w io.Writer, r *doctor.Report, st Style, c Columns) error {
	var b strings.Builder
	for i := range r.Findings {
		if f := &r.Findings[i]; !f.Ignored {
			b.WriteString(finding(f, st, c))
			if f.Severity != sts.SeverityInfo { // infos are short, and may be many
				b.WriteByte('\n')
			}
		}
	}
	b.WriteString(ignoredFindings(r, st, c))
	b.WriteString(unreadFiles(r, st))
	b.WriteString(omittedChecks(r, st))
	var healthy []string
	for _, item := range r.Items {
		if item.Errors+item.Warnings+item.Infos == 0 {
			healthy = append(healthy, objectName("statefulset/"+item.Name, item.Namespace, c))
		}
	}
	if len(healthy) > 0 {
		title := msgHealthy()
		b.WriteString(st.Wrap(st.Paint(Good, title)+" ", len(title)+1, Plain, strings.Join(atMost(healthy, 20), ", ")))
	}
	b.WriteString(st.Paint(Bold, msgDoctorSum(r.Summary, len(r.Items))) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// finding is what is wrong with which object, why, and what to do about it.
func finding(f *doctor.DoctorFinding, st Style, c Columns) string {
	var b strings.Builder
	title := sts.Words(f.Severity)
	head := objectName(f.Object, f.Namespace, c)
	if len(f.Ordinals) > 0 {
		head += " " + msgAtOrdinals(f.Ordinals)
	}
	head += " " + string(f.Code)
	if place := placeOf(f); place != "" {
		head += " (" + place + ")"
	}
	b.WriteString(st.Wrap(st.Paint(severityTones[f.Severity], title+":")+" ", len(title)+2, Plain, head))
	b.WriteString(st.Wrap("  ", 2, Plain, f.Message))
	b.WriteString(st.hint("  ", f.Hint))
	if f.Severity != sts.SeverityInfo {
		for line := range strings.Lines(f.Patch) {
			b.WriteString("      " + st.Paint(Dim, strings.TrimRight(line, "\n")) + "\n")
		}
	}
	return b.String()
}

// objectName names an object, with its namespace where that is shown.
func objectName(object, namespace string, c Columns) string {
	if c.Namespace && namespace != "" {
		return namespace + " " + object
	}
	return object
}

// placeOf is where in the manifests the finding is.
func placeOf(f *doctor.DoctorFinding) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

func ignoredFindings(r *doctor.Report, st Style, c Columns) string {
	n := notes{}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Ignored {
			n.add(msgIgnored(string(f.Code), f.IgnoreReason), objectName(f.Object, f.Namespace, c))
		}
	}
	return n.text(msgIgnoredTitle(), Dim, st)
}

func unreadFiles(r *doctor.Report, st Style) string {
	var b strings.Builder
	for _, f := range r.Files {
		title := msgUnreadTitle()
		b.WriteString(st.Wrap(st.Paint(Bad, title)+" ", len(title)+1, Plain, f.File+": "+f.Message))
	}
	return b.String()
}

func omittedChecks(r *doctor.Report, st Style) string {
	by := map[string][]string{}
	var resources []string
	for _, o := range r.Omitted {
		if by[o.Resource] == nil {
			resources = append(resources, o.Resource)
		}
		by[o.Resource] = append(by[o.Resource], string(o.Code))
	}
	slices.Sort(resources)
	var b strings.Builder
	for _, resource := range resources {
		title := msgOmittedTitle()
		b.WriteString(st.Wrap(st.Paint(Warn, title)+" ", len(title)+1, Plain, msgOmitted(resource, by[resource])))
	}
	return b.String()
}

// CheckList prints a line for each check.
func CheckList(w io.Writer, checks []*doctor.Check, st Style) error {
	t := table{style: st}
	t.header("CODE", "SEVERITY", "LOOKS AT", "TITLE")
	for _, c := range checks {
		t.row(cell{string(c.Code), Plain}, cell{sts.Words(c.Severity), severityTones[c.Severity]}, cell{msgLooks(c.Looks), Plain}, cell{c.Title, Plain})
	}
	return t.print(w)
}

// ExplainCheck prints everything about a check.
func ExplainCheck(w io.Writer, c *doctor.Check, st Style) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", st.Paint(Bold, string(c.Code)), st.Paint(severityTones[c.Severity], sts.Words(c.Severity)))
	b.WriteString(st.Wrap("", 0, Plain, c.Title+"."))
	b.WriteString("\n" + st.Wrap("", 0, Plain, c.Explain))
	title := msgRemedyTitle()
	b.WriteString("\n" + st.Wrap(st.Paint(Bold, title)+" ", len(title)+1, Plain, c.Remedy))
	title = msgLooksTitle()
	b.WriteString(st.Wrap(st.Paint(Bold, title)+" ", len(title)+1, Plain, msgLooks(c.Looks)))
	if len(c.Needs) > 0 {
		title = msgNeedsTitle()
		b.WriteString(st.Wrap(st.Paint(Bold, title)+" ", len(title)+1, Plain, strings.Join(c.Needs, ", ")))
	}
	b.WriteString("\n" + st.Wrap("", 0, Dim, msgHowToIgnore(string(c.Code), doctor.IgnoreAnnotation)))
	_, err := io.WriteString(w, b.String())
	return err
}

// atMost cuts a long list.
func atMost(items []string, most int) []string {
	if more := len(items) - most; more > 1 {
		return append(items[:most:most], sts.Count(more, "other"))
	}
	return items
}
