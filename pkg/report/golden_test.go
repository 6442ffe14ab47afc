package report_test

import (
	"path/filepath"
	"testing"

	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// recorded is every scenario with the state that it was recorded for.
var recorded = map[string]report.State{
	"canary-after-zero":    report.Paused,
	"canary-crash-looping": report.Stuck,
	"canary-paused":        report.Paused,
	"canary-scaled":        report.Paused,
	"complete":             report.Complete,
	"deleting":             report.Deleting,
	"drain-interrupted":    report.ScalingDown,
	"drain-removing":       report.ScalingDown,
	"forbidden-by-quota":   report.ScalingUp, // for two seconds
	"forced-rollback-trap": report.Stuck,
	"hidden-pods":          report.Complete,
	"missing-service":      report.Complete,
	"on-delete":            report.Paused,
	"ordinals-start-3":     report.Paused,
	"parallel-pull":        report.Stuck,
	"parked":               report.Parked,
	"parked-to-come-back":  report.Parked,
	"restart-interrupted":  report.Progressing,
	"rolling-update":       report.Progressing,
	"scaling-down":         report.ScalingDown,
	"scaling-up":           report.ScalingUp,
	"unbound-claim":        report.Stuck,
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
			report := report.NewStatusReport(ststest.Load(t, name), nil)
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
