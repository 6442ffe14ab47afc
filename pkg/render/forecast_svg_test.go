package render_test

import (
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// TestForecastSVG draws the forecasts of pkg/forecast.
func TestForecastSVG(t *testing.T) {
	eachForecast(t, func(t *testing.T, name string, f *forecast.Forecast) {
		var out strings.Builder
		if err := render.ForecastSVG(&out, f); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, out.String())
		golden.Assert(t, out.String(), filepath.Join("forecast", name+".svg"))
	})
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
