package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

// Version prints the program's version on a line for scripts, and then the server's version
// with its known issues.
func Version(w io.Writer, r *report.VersionReport, st Style) error {
	var b strings.Builder
	fmt.Fprintf(&b, "kubectl-sts %s %s %s\n", r.Client.Version, r.Client.Platform, r.Client.GoVersion)
	if r.Server != nil {
		serverVersion(&b, r.Server, st)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func serverVersion(b *strings.Builder, s *report.ServerVersion, st Style) {
	tested := map[report.Support]cell{
		report.Tested:      {msgTested(), Good},
		report.TestedMinor: {msgTestedMinor(), Good},
		report.Untested:    {msgUntested(), Warn},
	}[s.Support]
	fmt.Fprintf(b, "server      %s %s, %s\n", s.Version, s.Platform, st.Paint(tested.tone, tested.text))
	if s.Support != report.Tested {
		fmt.Fprintln(b, msgTestedWith(s.TestedWith))
	}
	if len(s.KnownIssues) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", msgKnownIssues())
	for _, k := range s.KnownIssues {
		const indent = "  "
		fmt.Fprintf(b, "\n%s\n", st.Paint(Bold, k.Code))
		line := func(t Tone, text string) { b.WriteString(st.Wrap(indent, len(indent), t, text)) }
		line(Plain, msgKnownWhen(k.When))
		line(Plain, k.What+" "+k.Why)
		b.WriteString(st.hint(indent, k.WayOut))
		line(Dim, msgKnownSource(k.Source, k.Shown))
	}
}
