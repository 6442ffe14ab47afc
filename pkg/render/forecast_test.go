package render_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Those that pkg/forecast predicts.
func TestForecasts(t *testing.T) {
	eachForecast(t, func(t *testing.T, name string, f *forecast.Forecast) {
		goldenForecast(t, name, f, render.Style{}, false)
		if name == "update" {
			goldenForecast(t, name+"-wide", f, render.Style{}, true)
			goldenForecast(t, name+"-80-columns", f, render.Style{Width: 80, Color: true}, false)
		}
	})
}

// eachForecast runs a test on each of the golden forecasts of pkg/forecast.
func eachForecast(t *testing.T, test func(t *testing.T, name string, f *forecast.Forecast)) {
	t.Helper()
	files, err := filepath.Glob("../forecast/testdata/*.yaml")
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
			f := &forecast.Forecast{}
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
	q := forecast.Question{From: forecast.Live, Domain: names.DefaultDomain, Set: s.Set.DeepCopy()}
	q.ReadyAfter.Duration, q.TerminateAfter.Duration = 20*time.Second, 10*time.Second
	q.Set.Spec.Template = ststest.Template("web:2")
	f := forecast.Run(s, q)
	goldenForecast(t, "many", f, render.Style{}, false)
	if len(f.Events) != 4*300 {
		t.Errorf("%d events, want 4 for each pod", len(f.Events))
	}
}

func goldenForecast(t *testing.T, name string, f *forecast.Forecast, st render.Style, full bool) {
	t.Helper()
	var b strings.Builder
	if err := render.Forecast(&b, f, st, full); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, b.String(), filepath.Join("forecast", name+".txt"))
}
