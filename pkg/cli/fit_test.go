package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Commands in warnings, notes, workarounds and usage errors are for the cluster and the namespace of the
// command line, too.
func TestNotesFitTheCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kim's config")
	if err := os.WriteFile(file, []byte(`{"contexts": [{"name": "prod", "context": {"namespace": "shop"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--context=prod", "--kubeconfig", file, "-n", ststest.Namespace}
	anywhere := " --context prod --kubeconfig " + sts.ShellQuote(file)
	there := " -n " + ststest.Namespace + anywhere
	for _, test := range []struct {
		name  string
		print func(t *testing.T, c *common)
		want  string
	}{
		{"a warning about an operator", func(_ *testing.T, c *common) {
			inv := ststest.Web(3)
			inv.Sets[0].OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Database", Name: "db", Controller: new(true)}}
			plan := []operate.Decision{{Verdict: operate.Do, Action: &operate.Scale{From: 3, To: 4, Ordinal: 3}}}
			r := &mutationRun{mutation: &mutation{common: c}, snapshot: inv.Snapshots()[0], report: &ChangeReport{Plan: plan}}
			r.warn()
		}, "whose operator manages this StatefulSet: kubectl edit Database.example.com db" + there + "\n"},
		{"a note of plan", func(t *testing.T, c *common) {
			inv := ststest.Web(3)
			inv.Sets[0].Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
				WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType, WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
			}
			inv.Pods, inv.Claims = inv.Pods[:2], inv.Claims[:2]
			if err := render.Forecast(c.env.Out, c.predict(inv.Snapshots()[0], forecast.Question{From: forecast.Live}), c.env.style(), false); err != nil {
				t.Fatal(err)
			}
		}, "→ if the pod is not created: kubectl annotate statefulset web example.com/retry=now" + there + "\n"},
		{"a member that stays after a cancelled scale-up", func(t *testing.T, c *common) {
			inv := ststest.Web(6)
			inv.Sets[0].Annotations = map[string]string{record.DrainAnnotation: sts.EncodeAnnotation(record.Drain{
				From: 5, To: 7, Profile: "etcd", StartedAt: ststest.Now, Member: &record.Member{Ordinal: 5, Phase: record.Starting, Since: ststest.Now},
			})}
			s := inv.Snapshots()[0]
			plan := operate.Preview(operate.NewCancelDrain(operate.CancelOptions{}, s), s)
			r := &mutationRun{mutation: &mutation{common: c, out: newText(), drains: true}, snapshot: s, report: &ChangeReport{Name: "web", Plan: plan}}
			if err := r.finish(s, plan[len(plan)-1], nil); err != nil {
				t.Fatal(err)
			}
		}, "→ to remove web-5: kubectl sts drain-scale web --replicas 5" + there + "\n"},
		{"a workaround of a known issue", func(t *testing.T, c *common) {
			server, err := c.serverReport("v1.37.2", "linux/amd64")
			if err != nil {
				t.Fatal(err)
			}
			for _, known := range server.KnownIssues {
				_, _ = c.env.Out.Write([]byte(known.WayOut.String() + "\n"))
			}
		}, "kubectl sts pvc-gc -A" + anywhere + "\n"},
		{"undo without --to-revision", func(t *testing.T, c *common) { rerun(t, c, append(flags, "undo", "sts/web")...) },
			"error: --to-revision is required\n→ list the revisions: kubectl sts history web" + there + "\n"},
		{"pvc-gc purge -A", func(t *testing.T, c *common) { rerun(t, c, append(flags, "pvc-gc", "purge", "-A")...) },
			"--all-namespaces is not supported: set --namespace\n→ list the namespaces (in retained.namespaces): kubectl sts pvc-gc -A -o json" + anywhere + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			c := &common{config: genericclioptions.NewConfigFlags(true), env: &Env{
				IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &b, ErrOut: &b}, Getenv: func(string) string { return "" },
			}}
			f := pflag.NewFlagSet("", pflag.ContinueOnError)
			c.config.AddFlags(f)
			if err := f.Parse(flags); err != nil {
				t.Fatal(err)
			}
			test.print(t, c)
			if got := b.String(); !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// rerun runs the whole command line with the output of c.
func rerun(t *testing.T, c *common, args ...string) {
	t.Helper()
	i := invoke(t, args...)
	_, _ = c.env.ErrOut.Write(i.err.Bytes())
	if i.code != ExitUsage {
		t.Errorf("exit code %d", i.code)
	}
}

// A command for a user with more permissions is not for the user who got the refusal.
func TestHintsForAnotherUser(t *testing.T) {
	c := &common{env: &Env{}, config: genericclioptions.NewConfigFlags(true)}
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.config.AddFlags(f)
	if err := f.Parse([]string{"--context=prod", "--user=u", "--as=dev", "--as-uid=7", "--as-group=ops"}); err != nil {
		t.Fatal(err)
	}
	patch := sts.Kubectl("", "patch persistentvolume", "pvc-0")
	const want = "kubectl patch persistentvolume pvc-0 --context prod"
	for _, hint := range []sts.Hint{patch.ForOtherUser(), hintRescuePermissions(patch)} {
		if diff := cmp.Diff([]string{want}, ststest.Commands(c.hint(c.hint(hint)))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff([]string{want + " --user u --as dev --as-uid 7 --as-group ops"}, ststest.Commands(c.hint(patch))); diff != "" {
		t.Errorf("for the same user (-want +got):\n%s", diff)
	}
}

// The annotation of an error has its hint, too.
func TestAnnotationHasTheHint(t *testing.T) {
	hint := sts.Kubectl("shop", "sts history", "web")
	for _, err := range []error{&sts.HintedError{Err: errors.New("revision 9 not found"), Hint: hint}, refused("X", "revision 9 not found", hint)} {
		var out strings.Builder
		m := &mutation{common: &common{
			env:    &Env{IOStreams: genericiooptions.IOStreams{Out: &out}, Getenv: func(string) string { return "" }},
			config: genericclioptions.NewConfigFlags(true),
		}, verb: "undo"}
		m.annotateError("web", err)
		if !strings.HasSuffix(out.String(), "revision 9 not found%0A"+strings.TrimSuffix(m.hint(hint).String(), "\n")+"\n") {
			t.Errorf("%q", out.String())
		}
	}
}

// A StatefulSet may be named like a subcommand.
func TestHintsNameSetsNotSubcommands(t *testing.T) {
	for _, test := range []struct {
		hint sts.Hint
		want string
	}{
		{sts.Kubectl("db", "sts pvc-gc", "undo"), "kubectl sts pvc-gc sts/undo -n db"},
		{sts.Kubectl("db", "sts pvc-gc", "web"), "kubectl sts pvc-gc web -n db"},
		{sts.Kubectl("db", "sts pvc-gc undo", "purge"), "kubectl sts pvc-gc undo purge -n db"},
		{sts.Kubectl("db", "sts restart", "undo"), "kubectl sts restart undo -n db"},
		{sts.Kubectl("db", "delete pod", "undo"), "kubectl delete pod undo -n db"},
	} {
		c := &common{env: &Env{}, config: genericclioptions.NewConfigFlags(true)}
		c.root = &cobra.Command{Use: "kubectl-sts"}
		c.root.AddCommand(newPVCGC(c), newRestart(c))
		if got := c.hint(c.hint(test.hint)).String(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
