package print_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/simulate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Those that pkg/simulate predicts.
func TestForecasts(t *testing.T) {
	eachForecast(t, func(t *testing.T, name string, f *simulate.Forecast) {
		goldenForecast(t, name, f, print.Style{}, false)
		if name == "update" {
			goldenForecast(t, name+"-wide", f, print.Style{}, true)
			goldenForecast(t, name+"-80-columns", f, print.Style{Width: 80, Color: true}, false)
		}
	})
}

// eachForecast runs a test on each of the golden forecasts of pkg/simulate.
func eachForecast(t *testing.T, test func(t *testing.T, name string, f *simulate.Forecast)) {
	t.Helper()
	files, err := filepath.Glob("../simulate/testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no forecasts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := &simulate.Forecast{}
			if err := yaml.UnmarshalStrict(raw, f); err != nil {
				t.Fatal(err)
			}
			test(t, name, f)
		})
	}
}

// A forecast with many replicas stays readable.
func TestForecastOfManyReplicas(t *testing.T) {
	s := ststest.Web(300).Snapshots()[0]
	q := simulate.Question{From: simulate.Live, Domain: sts.DefaultClusterDomain, Set: s.Set.DeepCopy()}
	q.ReadyAfter.Duration, q.TerminateAfter.Duration = 20*time.Second, 10*time.Second
	q.Set.Spec.Template = ststest.Template("web:2")
	f := simulate.Foretell(s, q)
	goldenForecast(t, "many", f, print.Style{}, false)
	if len(f.Events) != 4*300 {
		t.Errorf("%d events, want 4 for each pod", len(f.Events))
	}
}

func goldenForecast(t *testing.T, name string, f *simulate.Forecast, st print.Style, full bool) {
	t.Helper()
	var b strings.Builder
	if err := print.Forecast(&b, f, st, full); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, b.String(), filepath.Join("forecast", name+".txt"))
}
