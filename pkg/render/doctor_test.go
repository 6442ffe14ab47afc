package render

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// overlays is a report about a set that two files define, with two findings in one field.
func overlays() *doctor.Report {
	finding := func(file, message string) doctor.DoctorFinding {
		return doctor.DoctorFinding{
			Finding:   sts.Finding{Code: "MovingTag", Severity: sts.SeverityWarning, Object: "statefulset/db", Message: message},
			Namespace: "default", Field: "spec.template", File: file, Line: 3,
		}
	}
	return &doctor.Report{
		Items:    []doctor.DoctorSet{{Namespace: "default", Name: "db", File: "dev/db.yaml"}, {Namespace: "default", Name: "db", File: "prod/db.yaml"}, {Namespace: "default", Name: "web", File: "web.yaml"}},
		Findings: []doctor.DoctorFinding{finding("dev/db.yaml", "one"), finding("dev/db.yaml", "two"), finding("prod/db.yaml", "one")},
	}
}

// A finding is in the test suite of the file that it is about.
func TestJUnitTellsOverlaysApart(t *testing.T) {
	var out bytes.Buffer
	if err := DoctorJUnit(&out, overlays(), true, func(f *doctor.DoctorFinding) bool { return f.File == "dev/db.yaml" }); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal(out.Bytes(), &suites); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, s := range suites.Suites {
		got[s.Name] = s.Failures
	}
	want := map[string]int{"default/statefulset/db (dev/db.yaml)": 1, "default/statefulset/db (prod/db.yaml)": 0, "default/statefulset/web": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failures of the suites (-want +got):\n%s", diff)
	}
}

// Each finding has its own identity, and keeps it when its line moves.
func TestSARIFTellsFindingsApart(t *testing.T) {
	identities := func(r *doctor.Report) (out []string) {
		var buffer bytes.Buffer
		if err := DoctorSARIF(&buffer, r, "v1.0.0"); err != nil {
			t.Fatal(err)
		}
		var log sarifLog
		if err := json.Unmarshal(buffer.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		for _, result := range log.Runs[0].Results {
			out = append(out, result.Fingerprints[fingerprint])
		}
		return out
	}
	r := overlays()
	before := identities(r)
	seen := map[string]bool{}
	for _, id := range before {
		seen[id] = true
	}
	if len(seen) != len(r.Findings) {
		t.Errorf("%d identities for %d findings: %v", len(seen), len(r.Findings), before)
	}
	for i := range r.Findings {
		r.Findings[i].Line += 10
	}
	if diff := cmp.Diff(before, identities(r)); diff != "" {
		t.Errorf("identities after the lines have moved (-before +after):\n%s", diff)
	}
}
