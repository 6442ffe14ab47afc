package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DoctorAnnotations prints an annotation of a GitHub Actions workflow for each finding that is not ignored, at
// its file and line, for each manifest that could not be read, and for each check that was omitted.
func DoctorAnnotations(w io.Writer, r *doctor.Report) error {
	var b strings.Builder
	annotate := func(command, file string, line int, title, text string) {
		properties := "title=" + githubProperty.Replace(OneLine(title))
		if file != "" && file != "-" {
			properties = "file=" + githubProperty.Replace(file) + "," + properties
			if line > 0 {
				properties += fmt.Sprintf(",line=%d", line)
			}
		}
		fmt.Fprintf(&b, "::%s %s::%s\n", command, properties, githubData.Replace(text))
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; !f.Ignored {
			annotate(annotationOf(f.Severity), f.File, f.Line, string(f.Code)+" "+strings.TrimPrefix(f.Namespace+"/"+f.Object, "/"), plainFinding(f))
		}
	}
	for _, f := range r.Files {
		annotate("error", f.File, 0, msgUnreadTitle()+" "+f.File, Printable(f.Message))
	}
	for _, o := range r.Omitted {
		annotate("notice", "", 0, string(o.Code), msgOmitted(o.Resource, []string{string(o.Code)}))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func annotationOf(s sts.Severity) string {
	switch s {
	case sts.SeverityError:
		return "error"
	case sts.SeverityWarning:
		return "warning"
	}
	return "notice"
}
