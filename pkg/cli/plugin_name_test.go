package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A package manager may install the program as another plugin: help, hints and usage errors then show commands
// that exist.
func TestAnotherPluginName(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for called, want := range map[string]string{
		"kubectl sts": "kubectl sts", "kubectl-sts": "kubectl sts", "sts": "kubectl sts",
		"kubectl statefulset": "kubectl statefulset", "kubectl ops sts": "kubectl ops sts", "kubectl-stateful_sets": "kubectl stateful-sets",
		"kubectl sts-x": "kubectl sts-x", "kubectl sts x": "kubectl sts x",
	} {
		c := &common{env: &Env{Called: called}, config: genericclioptions.NewConfigFlags(true)}
		hint := sts.Hintf("%s; or %s", sts.Kubectl("", "sts canary abort", "web"), sts.Kubectl("", "get pods"))
		if diff := cmp.Diff([]string{want + " canary abort web", "kubectl get pods"}, ststest.Commands(c.hint(c.hint(hint)))); diff != "" {
			t.Errorf("called %q, the hint (-want +got):\n%s", called, diff)
		}
		root := NewRoot(Env{Called: called, Getenv: func(string) string { return "" }})
		each(root, func(cmd *cobra.Command) {
			for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
				if strings.Contains(line, "kubectl sts ") && !strings.Contains(line, want+" ") {
					t.Errorf("called %q, help of %s: %s", called, cmd.Name(), line)
				}
			}
		})
		if status, _, err := root.Find([]string{"status"}); err != nil || !strings.Contains(status.Example, want+" status web") {
			t.Errorf("called %q, the example of status: %v %s", called, err, status.Example)
		}
	}

	var out, errOut bytes.Buffer
	root := NewRoot(Env{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut},
		Called: "kubectl statefulset", Getenv: func(string) string { return "" }})
	root.SetArgs([]string{"doctor", "--explain", "Nope"})
	if code := Exit(&errOut, root.Execute()); code != ExitUsage || !strings.Contains(errOut.String(), "kubectl statefulset doctor --list") {
		t.Errorf("exit code %d, %s", code, errOut.String())
	}
}

func TestVersionFlag(t *testing.T) {
	want := invoke(t, "version", "--client")
	got := invoke(t, "--version")
	if got.code != ExitOK || got.out.String() != want.out.String() || got.out.Len() == 0 {
		t.Errorf("exit code %d\n%s%s\nwant what version --client prints:\n%s", got.code, got.out.String(), got.err.String(), want.out.String())
	}
	if i := invoke(t, "status", "--version"); i.code != ExitUsage {
		t.Errorf("status --version: exit code %d, want it to be an unknown flag", i.code)
	}
}
