package inspect_test

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func load(t *testing.T, scenario string) *sts.Inventory {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", scenario+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	inv, err := ststest.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// recorded is every scenario with the state that it was recorded for.
var recorded = map[string]inspect.State{
	"canary-after-zero":    inspect.Paused,
	"canary-crash-looping": inspect.Stuck,
	"canary-paused":        inspect.Paused,
	"canary-scaled":        inspect.Paused,
	"complete":             inspect.Complete,
	"deleting":             inspect.Deleting,
	"drain-interrupted":    inspect.ScalingDown,
	"drain-removing":       inspect.ScalingDown,
	"forbidden-by-quota":   inspect.ScalingUp, // for two seconds
	"forced-rollback-trap": inspect.Stuck,
	"hidden-pods":          inspect.Complete,
	"missing-service":      inspect.Complete,
	"on-delete":            inspect.Paused,
	"ordinals-start-3":     inspect.Paused,
	"parallel-pull":        inspect.Stuck,
	"parked":               inspect.Parked,
	"parked-to-come-back":  inspect.Parked,
	"restart-interrupted":  inspect.Complete,
	"rolling-update":       inspect.Progressing,
	"scaling-down":         inspect.ScalingDown,
	"scaling-up":           inspect.ScalingUp,
	"unbound-claim":        inspect.Stuck,
}

func TestStatusReportOfRecordedScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(recorded) {
		t.Errorf("%d scenarios in testdata, %d in the table", len(files), len(recorded))
	}
	for name, state := range recorded {
		t.Run(name, func(t *testing.T) {
			report := inspect.NewStatusReport(load(t, name), nil)
			if got := report.Items[0].State; got != state {
				t.Errorf("state %s, want %s", got, state)
			}
			raw, err := yaml.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, string(raw), name+".report")
		})
	}
}
