package print_test

import (
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/simulate"
)

// TestForecastSVG draws the forecasts of pkg/simulate.
func TestForecastSVG(t *testing.T) {
	eachForecast(t, func(t *testing.T, name string, f *simulate.Forecast) {
		var out strings.Builder
		if err := print.ForecastSVG(&out, f); err != nil {
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
