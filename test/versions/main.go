// Command versions runs the tests that must pass on every version of Kubernetes against each of them,
// and writes the results to docs/versions.md: the defaults of the feature gates as the running
// server reports them, the rounds in which the controller did what pkg/forecast predicts, the
// canaries, and the known issues of `kubectl sts version`. Run it with `make test-versions`.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	kubeversion "k8s.io/apimachinery/pkg/util/version"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var (
	only   = flag.String("only", "", "run one version, for example 1.35, and print the results instead of writing them to the file")
	rounds = flag.Int("rounds", 160, "how many rounds to play of each test of fidelity")
)

// doc is the file with the results, between two markers.
const (
	doc   = "../docs/versions.md"
	begin = "<!-- measured: make test-versions -->\n"
	end   = "<!-- end of measured -->"
)

// scenarios are those that a version of Kubernetes could break, and those of known issues.
const scenarios = `^TestScenarios$/^(canary-|known-|unstick-|parallel-recovers)|^TestMaxUnavailable$|^TestRecreate(Off)?$`

// fidelities are the tests that compare pkg/forecast with the controller, by their rows in the table,
// and the first version that has what they compare; empty for all.
var fidelities = []struct{ row, test, since string }{
	{"rounds as predicted, gate off", "TestFidelity", ""},
	{"rounds as predicted, gate on", "TestFidelityMaxUnavailable", ""},
	{"rounds as predicted, Recreate", "TestFidelityRecreate", "1.37"},
}

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "versions:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	versions := cluster.Versions()
	if *only != "" {
		version, err := cluster.Version(*only)
		if err != nil {
			return err
		}
		versions = []string{version}
	}
	var all []measured
	for _, version := range versions {
		m, err := measure(ctx, version)
		if err != nil {
			return fmt.Errorf("%s: %w", version, err)
		}
		all = append(all, m)
	}
	if *only != "" {
		fmt.Print(table(all))
	} else if err := writeDown(table(all)); err != nil {
		return err
	}
	failed := 0
	for _, m := range all {
		failed += len(m.failed)
	}
	if failed > 0 {
		return fmt.Errorf("%d tests failed: see above", failed)
	}
	return nil
}

// measured has the results of one version.
type measured struct {
	version string
	gates   map[string]gate
	// fidelity has the rounds of fidelities, none if the version lacks the feature.
	fidelity [3]count
	canaries count
	// known is the observed result of each known issue, by its code.
	known  map[string]bool
	failed []string
}

type gate struct {
	stage string // alpha or beta, empty if it is stable
	on    bool
}

func (g gate) String() string {
	text := map[bool]string{false: "off", true: "on"}[g.on]
	if g.stage != "" {
		text += ", " + g.stage
	}
	return text
}

type count struct{ passed, all int }

func (c count) String() string { return fmt.Sprintf("%d of %d", c.passed, c.all) }

func measure(ctx context.Context, version string) (measured, error) {
	m := measured{version: version, known: map[string]bool{}}
	var err error
	if m.gates, err = askGates(ctx, version); err != nil {
		return m, err
	}
	for i, f := range fidelities {
		if f.since != "" && !kubeversion.MustParseGeneric(version).AtLeast(kubeversion.MustParseGeneric(f.since)) {
			continue
		}
		name := f.test
		results, err := play(ctx, version, "^"+name+"$", "-fidelity-rounds", strconv.Itoa(*rounds), "-fidelity-seed", "1")
		if err != nil {
			return m, err
		}
		m.fidelity[i] = count{*rounds - results.rounds, *rounds}
		m.failed = append(m.failed, results.failed()...)
		if results.passed[name] == (results.rounds > 0) {
			return m, fmt.Errorf("%s failed otherwise than by a round", name)
		}
	}
	results, err := play(ctx, version, scenarios)
	if err != nil {
		return m, err
	}
	m.failed = append(m.failed, results.failed()...)
	issues := report.KnownIssues()
	for name, passed := range results.passed {
		_, scenario, nested := strings.Cut(name, "/")
		if !nested {
			continue
		}
		if issue := slices.IndexFunc(issues, func(k report.KnownIssue) bool { return k.Scenario() == scenario }); issue >= 0 {
			m.known[issues[issue].Code] = passed
			continue
		}
		m.canaries.all++
		if passed {
			m.canaries.passed++
		}
	}
	return m, nil
}

// gateLine is a gate in the server's metrics.
var gateLine = regexp.MustCompile(`^kubernetes_feature_enabled\{name="(\w+)",stage="(\w*)"\} ([01])$`)

// askGates reads the feature gates of a server of this version with its defaults.
func askGates(ctx context.Context, version string) (map[string]gate, error) {
	c, err := cluster.Up(ctx, cluster.Config{Kubernetes: version, Nodes: 1, Log: os.Stderr})
	if err != nil {
		return nil, err
	}
	metrics, err := c.Client().Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err := errors.Join(err, c.Down()); err != nil {
		return nil, err
	}
	gates := map[string]gate{}
	for line := range strings.Lines(string(metrics)) {
		if found := gateLine.FindStringSubmatch(strings.TrimSpace(line)); found != nil {
			gates[found[1]] = gate{stage: strings.ToLower(found[2]), on: found[3] == "1"}
		}
	}
	if len(gates) == 0 {
		return nil, errors.New("no feature gates in the metrics of the server")
	}
	return gates, nil
}

// results are those of one run of go test.
type results struct {
	passed map[string]bool
	rounds int // of fidelity that failed
}

// failed names the tests, without those that failed because a subtest did.
func (r results) failed() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.passed)) {
		if r.passed[name] {
			continue
		}
		if n := len(names); n > 0 && strings.HasPrefix(name, names[n-1]+"/") { // its parts come after it
			names = names[:n-1]
		}
		names = append(names, name)
	}
	return names
}

// play runs the tests that match the pattern on the version. A failed test is no error.
func play(ctx context.Context, version, pattern string, args ...string) (results, error) {
	r := results{passed: map[string]bool{}}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1", "-timeout=2h", "-run", pattern, "./e2e"}, args...)...)
	cmd.Env = append(os.Environ(), cluster.KubernetesEnv+"="+version, cluster.AttachEnv+"=")
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	lines := bufio.NewReader(stdout)
	output := map[string]*bytes.Buffer{}
	for {
		line, readErr := lines.ReadBytes('\n')
		var event struct{ Action, Test, Output string }
		if json.Unmarshal(line, &event) == nil && event.Test != "" {
			r.receive(event.Action, event.Test, event.Output, output, version)
		}
		if readErr == io.EOF {
			break
		} else if readErr != nil {
			return r, readErr
		}
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return r, err
	}
	if len(r.passed) == 0 {
		return r, fmt.Errorf("no test ran for %s: %w", pattern, cmp.Or(err, errors.New("nothing matches it")))
	}
	return r, nil
}

// receive handles an event of go test -json. The output of failed tests is shown.
func (r *results) receive(action, test, text string, output map[string]*bytes.Buffer, version string) {
	switch action {
	case "output":
		if output[test] == nil {
			output[test] = &bytes.Buffer{}
		}
		output[test].WriteString(text)
		if strings.Contains(text, "play it again: ") {
			r.rounds++
		}
	case "pass", "fail", "skip": // nothing may be left out
		r.passed[test] = action == "pass"
		fmt.Fprintf(os.Stderr, "%s %s %s\n", version, action, test)
		if action == "fail" && output[test] != nil {
			_, _ = os.Stderr.Write(output[test].Bytes())
		}
		delete(output, test)
	}
}

// writeDown writes the text between the markers in docs/versions.md.
func writeDown(text string) error {
	raw, err := os.ReadFile(filepath.FromSlash(doc))
	if err != nil {
		return err
	}
	head, rest, begun := strings.Cut(string(raw), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !begun || !ended {
		return fmt.Errorf("%s lacks its markers", doc)
	}
	return os.WriteFile(filepath.FromSlash(doc), []byte(head+begin+text+end+tail), 0o644)
}
