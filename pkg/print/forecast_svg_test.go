package print_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/simulate"
)

// TestForecastSVG draws the forecasts that pkg/simulate has told.
func TestForecastSVG(t *testing.T) {
	files, err := filepath.Glob("../simulate/testdata/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal("pkg/simulate has no forecasts to draw", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := &simulate.Forecast{}
			if err := yaml.Unmarshal(raw, f); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := print.ForecastSVG(&out, f); err != nil {
				t.Fatal(err)
			}
			wellFormed(t, out.String())
			golden(t, filepath.Join("testdata", "forecast", name+".svg"), out.String())
		})
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}
