package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// unauthorised are commands that request no objects.
var unauthorised = []string{"auth", "version", "options", "profile list", "profile show", "profile lint", "completion install", "completion uninstall"}

// Every command has its permissions in the table, and each option of the table is a flag of its command.
func TestEveryCommandHasPermissions(t *testing.T) {
	table := map[string]access.Command{}
	for _, c := range access.Commands() {
		table[c.Name] = c
	}
	root := NewRoot(Env{Called: "kubectl sts"})
	each(root, func(cmd *cobra.Command) {
		name := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), root.CommandPath()), " ")
		c, known := table[name]
		delete(table, name)
		runs := cmd.Runnable() && name != "" && (!cmd.HasSubCommands() || len(access.Find(strings.Fields(name))) == 1)
		if runs && strings.HasPrefix(name, "completion") { // cobra's
			return
		}
		if runs != known && !slices.Contains(unauthorised, name) {
			t.Errorf("%q: runs %t, in the table of permissions %t", name, runs, known)
		}
		for _, option := range access.Options([]access.Command{c}) {
			if slices.Contains([]string{access.ClusterOption, access.PodCheckOption, "kubelet"}, option) {
				continue
			}
			flag, value, _ := strings.Cut(option, "=")
			if f := cmd.Flags().Lookup(flag); f == nil || value != "" && f.Value.Set(value) != nil {
				t.Errorf("%s has no flag --%s", name, option)
			}
		}
	})
	for name := range table {
		t.Errorf("%q is in the table of permissions, but is no command", name)
	}
}

// The output of auth, and its exit codes.
func TestAuth(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Date", ststest.Now.UTC().Format(http.TimeFormat))
		switch {
		case strings.HasSuffix(r.URL.Path, "/selfsubjectrulesreviews"):
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprint(w, `{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","spec":{},"status":{"nonResourceRules":[],"incomplete":false,
				"resourceRules":[{"verbs":["get","list","watch"],"apiGroups":["","apps","policy"],"resources":["*"]}]}}`)
		case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprint(w, `{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{},"status":{"allowed":false}}`)
		case strings.HasSuffix(r.URL.Path, "/selfsubjectreviews"):
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprint(w, `{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"kim"}}}`)
		case strings.HasSuffix(r.URL.Path, "/namespaces/db"):
			_, _ = fmt.Fprint(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"db"}}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	var said transcript
	for _, test := range []struct {
		args string
		code int
	}{
		{"auth", ExitOK},
		{"auth --exit-code", ExitFound},
		{"auth history --exit-code", ExitOK},
		{"auth canary", ExitOK},
		{"auth canary start --exit-code", ExitFound},
		{"auth canary promote --with check-exec -A", ExitOK},
		{"auth restart -o name", ExitOK},
		{"auth history -o yaml", ExitOK},
		{"auth history -o role", ExitOK},
		{"auth drain-scale --with=--drain-exec,cluster -o role -A", ExitOK},
		{"auth scale", ExitUsage},
		{"auth canary go", ExitUsage},
		{"auth status --with check-exec", ExitUsage},
		{"auth status --with=", ExitUsage},
		{"auth status -o role --exit-code", ExitUsage},
		{"auth status -o wide", ExitUsage},
	} {
		i := invoke(t, append(strings.Fields(test.args), "--server", server.URL, "-n", "db")...)
		if i.code != test.code {
			t.Errorf("%s: exit code %d\n%s", test.args, i.code, i.err.String())
		}
		said.add(i, test.args, server.URL, "https://10.0.0.1:6443")
	}
	said.check(t, "auth")
}

// An error about a missing permission names the command that shows what is missing; other errors do not, and
// neither do those of commands that request no objects.
func TestErrorsAboutPermissions(t *testing.T) {
	denied := fmt.Errorf("read: %w", &kube.PermissionError{Message: "no permission to list pods"})
	for _, test := range []struct {
		args string
		err  error
		want string
	}{
		{"canary start", denied, "kubectl sts auth canary start -n db"},
		{"status", denied, "kubectl sts auth status -n db"},
		{"status -A", denied, "kubectl sts auth status -A"},
		{"status", errors.New("no route to host"), ""},
		{"version", denied, ""},
		{"auth", denied, ""},
	} {
		c := &common{env: &Env{}, config: genericclioptions.NewConfigFlags(true)}
		*c.config.Namespace = "db"
		root := NewRoot(Env{Called: "kubectl sts"})
		cmd, flags, err := root.Find(strings.Fields(test.args))
		if err == nil {
			err = cmd.ParseFlags(flags)
		}
		if err != nil {
			t.Fatal(err)
		}
		var got string
		explained := c.explainDenied(cmd, test.err)
		if hinted := (*sts.HintedError)(nil); errors.As(explained, &hinted) {
			got = ststest.Commands(hinted.Hint)[0]
		}
		if got != test.want || !errors.Is(explained, test.err) {
			t.Errorf("%s, %v: %q, want %q", test.args, test.err, got, test.want)
		}
	}
}
