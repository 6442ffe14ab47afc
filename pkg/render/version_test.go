package render_test

import (
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

func TestVersion(t *testing.T) {
	for name, test := range map[string]struct {
		server string
		style  render.Style
	}{
		"client":            {},
		"untested":          {server: "v1.28.2"},
		"tested-80-columns": {server: "v1.37.2", style: render.Style{Width: 80}},
		"next":              {server: "v1.38.0"},
		"minor-colour":      {server: "v1.35.2-eks-1234", style: render.Style{Width: 100, Color: true}},
	} {
		t.Run(name, func(t *testing.T) {
			r := report.NewVersionReport(report.ClientVersion{Version: "v0.1.0", Platform: "linux/amd64", GoVersion: "go1.26.8"})
			if test.server != "" {
				var err error
				if r.Server, err = report.NewServerVersion(test.server, "linux/arm64"); err != nil {
					t.Fatal(err)
				}
			}
			var b strings.Builder
			if err := render.Version(&b, r, test.style); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), "version-"+name+".txt")
		})
	}
}
