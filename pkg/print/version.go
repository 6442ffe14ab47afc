package print

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
)

// Version prints the program's version on a line that scripts read, and then the server's
// with what is known of it.
func Version(w io.Writer, r *inspect.VersionReport, st Style) error {
	var b strings.Builder
	fmt.Fprintf(&b, "kubectl-sts %s %s %s\n", r.Client.Version, r.Client.Platform, r.Client.GoVersion)
	if r.Server != nil {
		serverVersion(&b, r.Server, st)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func serverVersion(b *strings.Builder, s *inspect.ServerVersion, st Style) {
	tested := map[inspect.Support]cell{
		inspect.Tested:      {"tested", Good},
		inspect.TestedMinor: {"tested with another patch of it", Good},
		inspect.Untested:    {"not tested", Warn},
	}[s.Support]
	fmt.Fprintf(b, "server      %s %s, %s\n", s.Version, s.Platform, st.Paint(tested.tone, tested.text))
	if s.Support != inspect.Tested {
		fmt.Fprintf(b, "tested with %s\n", strings.Join(s.TestedWith, ", "))
	}
	if len(s.KnownIssues) == 0 {
		return
	}
	b.WriteString("\nWhat this version of Kubernetes is known to do with StatefulSets:\n")
	for _, k := range s.KnownIssues {
		const indent = "  "
		fmt.Fprintf(b, "\n%s\n", st.Paint(Bold, k.Code))
		line := func(t Tone, text string) { b.WriteString(st.Wrap(indent, len(indent), t, text)) }
		line(Plain, "When "+k.When+":")
		line(Plain, k.What+" "+k.Why)
		prefix, width := st.arrow(indent)
		b.WriteString(st.Wrap(prefix, width, Plain, k.WayOut))
		source := k.Source
		if !k.Shown {
			source += " (not measured)"
		}
		line(Dim, source)
	}
}
