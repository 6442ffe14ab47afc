// Package e2e runs scenarios: the real binary against a real control plane. Each file below testdata
// tests one promise and is read from top to bottom; README.md describes its commands.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// bin is a folder with kubectl-sts, kubecache the discovery cache of kubectl; all scenarios share them.
var bin, kubecache string

func TestMain(m *testing.M) {
	flag.Parse()
	// Scenarios mostly wait: by default more of them run at once than there are processors.
	if !given("test.parallel") {
		if err := flag.Set("test.parallel", "5"); err != nil {
			fatal(err)
		}
	}
	dir, err := os.MkdirTemp("", "kubectl-sts-e2e-")
	if err != nil {
		fatal(err)
	}
	bin, kubecache = filepath.Join(dir, "bin"), filepath.Join(dir, "kubecache")
	err = provideBinary(filepath.Join(bin, "kubectl-sts"))
	if err == nil {
		// testscript does not remove a folder if only some of the scenarios run.
		err = os.Setenv("GOTMPDIR", dir)
	}
	if err == nil { // what tests expect of the plugin is not ASCII only
		err = os.Setenv("LC_ALL", "C.UTF-8")
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	cluster.StopShared()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func given(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// provideBinary builds the plugin once for the whole run, or uses KUBECTL_STS_BIN.
func provideBinary(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if have := os.Getenv("KUBECTL_STS_BIN"); have != "" {
		have, err := filepath.Abs(have)
		if err != nil {
			return err
		}
		return os.Symlink(have, path)
	}
	build := exec.Command("go", "build", "-o", path, "./cmd/kubectl-sts")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return nil
}

// TestScenarios runs on a cluster with default settings.
func TestScenarios(t *testing.T) {
	t.Parallel()
	run(t, "default", cluster.Shared(t, nil))
}

// gated has the feature gates that are off by default, if this version of Kubernetes has them.
// Its scenarios do not depend on the other gates.
func gated(t *testing.T) *cluster.Cluster {
	t.Helper()
	gates := map[string]bool{"MaxUnavailableStatefulSet": true}
	minor := kubernetesMinor(t)
	if minor >= unusedSince-1 { // alpha
		gates["PersistentVolumeClaimUnusedSinceTime"] = true
	}
	if minor >= recreateSince {
		gates[recreateGate] = true
	}
	return cluster.Shared(t, gates)
}

// unusedSince is the first minor version in which claims have the condition Unused by default.
const unusedSince = 37

// The feature gate of the update strategy Recreate, and the first minor version with it.
const (
	recreateGate  = "StatefulSetRecreateStrategy"
	recreateSince = 37
)

// kubernetesMinor is the minor version of the clusters, 36 for 1.36.
func kubernetesMinor(t *testing.T) int {
	t.Helper()
	full, err := cluster.Version("")
	if err != nil {
		t.Fatal(err)
	}
	return int(version.MustParseGeneric(full).Minor())
}

// hasRecreate reports whether the version has the update strategy Recreate. The API server of one
// that does not have it must reject the strategy: then no set can use it.
func hasRecreate(t *testing.T) bool {
	t.Helper()
	if kubernetesMinor(t) >= recreateSince {
		return true
	}
	c := cluster.Shared(t, nil)
	labels := map[string]string{"app": "web"}
	_, err := c.Client().AppsV1().StatefulSets(c.Namespace(t)).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.StatefulSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels}, UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: "Recreate"},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:v1"}}}},
		},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.updateStrategy") {
		t.Fatalf("the update strategy Recreate before Kubernetes 1.%d: error %v, want a rejection", recreateSince, err)
	}
	return false
}

// TestRecreate runs with the update strategy Recreate enabled.
func TestRecreate(t *testing.T) {
	t.Parallel()
	if hasRecreate(t) {
		run(t, "recreate", gated(t))
	}
}

// TestRecreateOff runs with the strategy enabled in the API server but not in the controller, as if
// the feature gate had been turned off later.
func TestRecreateOff(t *testing.T) {
	t.Parallel()
	if hasRecreate(t) {
		run(t, "recreate-off", cluster.SharedApart(t, map[string]bool{recreateGate: true}, map[string]bool{recreateGate: false}))
	}
}

// TestMaxUnavailable runs with the feature gate MaxUnavailableStatefulSet.
func TestMaxUnavailable(t *testing.T) {
	t.Parallel()
	run(t, "max-unavailable", gated(t))
}

// TestUnusedSince runs with the condition Unused of claims.
func TestUnusedSince(t *testing.T) {
	t.Parallel()
	run(t, "unused-since", gated(t))
}

// TestDNS runs with CoreDNS. Scenarios that break CoreDNS or pause a controller run after the others,
// one at a time, because they affect the whole cluster.
func TestDNS(t *testing.T) {
	t.Parallel()
	c := cluster.SharedDNS(t)
	t.Run("up", func(t *testing.T) { runBeside(t, "dns", c) })
	t.Run("down", func(t *testing.T) { runBeside(t, "dns-down", c) })
	t.Run("paused", func(t *testing.T) { runAlone(t, "paused", c) })
}

// TestShells runs in real shells.
func TestShells(t *testing.T) {
	t.Parallel()
	shells, err := cluster.FetchShells(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	p := params("shells", cluster.Shared(t, nil))
	prepare := p.Setup
	p.Setup = func(env *testscript.Env) error {
		if err := prepare(env); err != nil {
			return err
		}
		env.Setenv("PATH", env.Getenv("PATH")+":"+shells.Bin)
		env.Setenv("SHELLS", shells.Root)
		env.Setenv("SHELL_LIBRARIES", shells.Libraries)
		return nil
	}
	testscript.Run(t, p)
}

// TestNode runs on a real node, with real pods. Nothing else runs meanwhile: probes and elections of real
// programs have timeouts of their own.
func TestNode(t *testing.T) {
	runSome(t, realNode, cluster.SharedNode(t), 3)
}

// realNode is the folder of scenarios whose sets run on the real node.
const realNode = "node"

func run(t *testing.T, folder string, c *cluster.Cluster) {
	testscript.Run(t, params(folder, c))
}

func params(folder string, c *cluster.Cluster) testscript.Params {
	return testscript.Params{
		Dir:                filepath.Join("testdata", folder),
		Setup:              func(env *testscript.Env) error { return setup(env, c, folder == realNode) },
		Cmds:               commands,
		Condition:          func(cond string) (bool, error) { return holdsHere(c.State().Kubernetes, cond) },
		RequireUniqueNames: true,
	}
}

// runBeside runs a few scenarios at a time in addition to those that -parallel counts. They mostly
// wait for containers and caches: among the others they would come last, while nothing else runs.
func runBeside(t *testing.T, folder string, c *cluster.Cluster) { runSome(t, folder, c, 2) }

// runAlone runs one scenario at a time.
func runAlone(t *testing.T, folder string, c *cluster.Cluster) { runSome(t, folder, c, 1) }

func runSome(t *testing.T, folder string, c *cluster.Cluster, atOnce int) {
	b := &beside{T: t, few: make(chan struct{}, atOnce)}
	testscript.RunT(b, params(folder, c))
	b.all.Wait()
}

// beside is a test whose subtests run concurrently, but only this many at a time.
type beside struct {
	*testing.T
	few chan struct{}
	all sync.WaitGroup
}

// Parallel implements [testscript.T]: subtests already run in parallel.
func (*beside) Parallel() {}

// Verbose implements [testscript.T].
func (*beside) Verbose() bool { return testing.Verbose() }

// Run implements [testscript.T].
func (b *beside) Run(name string, f func(testscript.T)) {
	b.all.Go(func() {
		b.few <- struct{}{}
		defer func() { <-b.few }()
		b.T.Run(name, func(t *testing.T) { f(&beside{T: t}) })
	})
}

// holdsHere reports whether a condition of a scenario holds: known:CODE for a known issue of the
// cluster's version, since:VERSION, or versions.
func holdsHere(kubernetes, condition string) (bool, error) {
	if condition == "versions" { // make test-versions sets the version, even the default one
		return os.Getenv(cluster.KubernetesEnv) != "", nil
	}
	if since, ok := strings.CutPrefix(condition, "since:"); ok {
		first, err := version.ParseGeneric(since)
		return err == nil && version.MustParseGeneric(kubernetes).AtLeast(first), err
	}
	code, ok := strings.CutPrefix(condition, "known:")
	all := report.KnownIssues()
	if !ok || !slices.ContainsFunc(all, func(k report.KnownIssue) bool { return k.Code == code }) {
		return false, fmt.Errorf("[%s] is no condition: write [known:CODE], with a code that kubectl sts version knows, or [since:1.37]", condition)
	}
	known, err := report.KnownOf(kubernetes)
	return slices.ContainsFunc(known, func(k report.KnownIssue) bool { return k.Code == code }), err
}

// Known issues that are marked as shown have a scenario, and those with a scenario are marked.
func TestKnownIssuesAreShown(t *testing.T) {
	t.Parallel()
	for _, k := range report.KnownIssues() {
		files, err := filepath.Glob(filepath.Join("testdata", "*", k.Scenario()+".txtar"))
		if err != nil || (len(files) == 1) != k.Shown {
			t.Errorf("%s: shown is %t, and it has the scenarios %v (%v)", k.Code, k.Shown, files, err)
		}
	}
}

// The versions that the program calls tested are those on which the tests can run.
func TestTestedVersions(t *testing.T) {
	t.Parallel()
	for _, version := range report.TestedWith {
		if !slices.Contains(cluster.Versions(), version) {
			t.Errorf("%s is called tested, and there is no such test cluster", version)
		}
	}
}
