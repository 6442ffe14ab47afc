package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What go test -json says of a run in which one round and one scenario fail.
func TestResults(t *testing.T) {
	r := results{passed: map[string]bool{}}
	output := map[string]*bytes.Buffer{}
	for _, event := range [][3]string{
		{"run", "TestFidelity", ""},
		{"output", "TestFidelity", "web-1 was predicted\nplay it again: go -C test test ./e2e -fidelity-seed 7\n"},
		{"fail", "TestFidelity", ""},
		{"pass", "TestScenarios/canary-abort", ""},
		{"fail", "TestScenarios/known-x", ""},
		{"fail", "TestScenarios", ""},
		{"skip", "TestRecreate", ""}, // counts as failed
	} {
		r.receive(event[0], event[1], event[2], output, "v1.37.2")
	}
	want := map[string]bool{"TestFidelity": false, "TestScenarios/canary-abort": true, "TestScenarios/known-x": false, "TestScenarios": false, "TestRecreate": false}
	if diff := cmp.Diff(want, r.passed); diff != "" || r.rounds != 1 {
		t.Errorf("%d rounds failed\n%s", r.rounds, diff)
	}
	if diff := cmp.Diff([]string{"TestFidelity", "TestRecreate", "TestScenarios/known-x"}, r.failed()); diff != "" {
		t.Error(diff)
	}
}

func TestReport(t *testing.T) {
	got := table([]measured{
		{
			version: "v1.37.2", fidelity: [3]count{{160, 160}, {159, 160}, {158, 160}}, canaries: count{28, 29},
			gates:  map[string]gate{"MaxUnavailableStatefulSet": {stage: "beta", on: true}, "StaleControllerConsistencyStatefulSet": {stage: "beta", on: true}, "StatefulSetAutoDeletePVC": {on: true}, "Other": {}},
			known:  map[string]bool{"BrokenRolloutStays": true, "AvailabilitySeenLate": true, "ZeroForgetsPartition": false},
			failed: []string{"TestScenarios/known-zero-forgets-partition"},
		},
		{
			version: "v1.34.4", fidelity: [3]count{{160, 160}, {160, 160}}, canaries: count{29, 29},
			gates: map[string]gate{"MaxUnavailableStatefulSet": {stage: "alpha"}},
			known: map[string]bool{"AvailabilitySeenLate": true},
		},
	})
	for _, line := range []string{
		"|  | v1.37.2 | v1.34.4 |",
		"| gate MaxUnavailableStatefulSet | on, beta | off, alpha |",
		"| gate StaleControllerConsistencyStatefulSet | on, beta | none |",
		"| gate StatefulSetAutoDeletePVC | on | none |",
		"| rounds as predicted, gate on | 159 of 160 | 160 of 160 |",
		"| rounds as predicted, Recreate | 158 of 160 | none |",
		"| scenarios | 28 of 29 | 29 of 29 |",
		"| [BrokenRolloutStays](#brokenrolloutstays) | yes | not measured |",
		"| [RecreateTakesAllDown](#recreatetakesalldown) | not measured | none |",
		"| [AvailabilitySeenLate](#availabilityseenlate) | no | yes |",
		"| [ZeroForgetsPartition](#zeroforgetspartition) | ? | not measured |",
		"On v1.37.2, TestScenarios/known-zero-forgets-partition failed.",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
	if strings.Contains(got, "Other") {
		t.Errorf("an unrelated gate is reported:\n%s", got)
	}
}
