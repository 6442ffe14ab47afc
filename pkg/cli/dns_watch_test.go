package cli

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// The exit code of dns --wait and --watch; --exit-code considers the findings once all names resolve.
func TestEndOfDNSWatch(t *testing.T) {
	found := names.NewReport(ststest.Web(2), names.Options{}) // it has no Service
	if len(found.Found()) == 0 {
		t.Fatal("the report has no findings")
	}
	waits, checks := resolveOptions{wait: true}, resolveOptions{watch: true}
	for name, test := range map[string]struct {
		options dnsOptions
		verdict operate.Verdict
		err     error
		code    int
	}{
		"resolved":                        {dnsOptions{resolveOptions: waits}, operate.Done, nil, ExitOK},
		"resolved, with --exit-code":      {dnsOptions{resolveOptions: waits, exitCode: true}, operate.Done, nil, ExitFound},
		"stuck":                           {dnsOptions{resolveOptions: waits}, operate.Stuck, nil, ExitStuck},
		"stuck, with --exit-code":         {dnsOptions{resolveOptions: waits, exitCode: true}, operate.Stuck, nil, ExitStuck},
		"the duration of --watch is over": {dnsOptions{resolveOptions: checks}, operate.Wait, &loop.TimeoutError{After: time.Minute}, ExitOK},
		"the cluster cannot be read":      {dnsOptions{resolveOptions: waits, exitCode: true}, operate.Wait, errors.New("forbidden"), ExitError},
	} {
		w := &dnsWatch{options: test.options}
		watch := names.NewWatch(nil)
		watch.Report = found
		if err := w.ended(watch, operate.Decision{Verdict: test.verdict}, test.err); Exit(io.Discard, err) != test.code {
			t.Errorf("%s: %v, want exit code %d", name, err, test.code)
		}
	}
}
