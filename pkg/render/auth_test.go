package render_test

import (
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestAuth(t *testing.T) {
	for name, test := range map[string]struct {
		command   string
		options   []string
		namespace string
		denied    string // verbs and resources
		style     render.Style
	}{
		"all":            {namespace: "db", denied: "create pods/exec, create pods, list resourcequotas, patch nodes, delete persistentvolumeclaims, list nodes"},
		"all-yes-colour": {namespace: "db", style: render.Style{Color: true, Width: 100}},
		"none":           {command: "restart", denied: "*"},
		"drain-exec":     {command: "drain-scale", options: []string{"drain-exec"}, namespace: "db", denied: "watch pods, create pods/exec, list leases", style: render.Style{Width: 80}},
		"recover":        {command: "recover", namespace: "db", denied: "delete nodes"},
		"yes":            {command: "history", namespace: "db"},
	} {
		t.Run(name, func(t *testing.T) {
			commands := access.Find(strings.Fields(test.command))
			answers := access.Answers{Allowed: map[access.Permission]bool{}}
			for _, p := range access.All(commands, test.namespace) {
				answers.Allowed[p] = test.denied != "*" && !strings.Contains(", "+test.denied+",", ", "+p.Verb+" "+p.Resource+",")
			}
			var b strings.Builder
			var hint sts.Hint
			if test.denied != "" {
				hint = sts.Hintf("print a role for an administrator to apply: %s", sts.Kubectl(test.namespace, "sts auth", test.command, "-o", "role"))
			}
			if err := render.Auth(&b, access.NewReport(commands, test.options, test.namespace, answers), hint, test.style); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), "auth-"+name+".txt")
		})
	}
}
