package render

import (
	"io"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

// Profiles prints one line per drain profile.
func Profiles(w io.Writer, list []*profile.Profile, st Style) error {
	t := table{style: st}
	t.header("NAME", "SYSTEM", "DOES", "TESTED", "DETECTED BY")
	for _, p := range list {
		does, tested := cell{"drain", Plain}, cell{"no", Warn}
		switch {
		case p.Refuse != "":
			does, tested = cell{"refuses", Bad}, cell{"-", Dim}
		case p.Join != nil:
			does.text += ", join"
		}
		if p.Tested != "" {
			tested = cell{"yes", Good}
		}
		var by []string
		for _, image := range p.Match.Images {
			by = append(by, "image "+image)
		}
		by = append(by, p.Match.Labels...)
		t.row(cell{p.Metadata.Name, Plain}, cell{p.System, Plain}, does, tested, cell{strings.Join(by, ", "), Plain})
	}
	t.fit("SYSTEM")
	return t.print(w)
}
