package loop_test

import (
	"encoding/json"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// An action that was carried out is one object with the fields of its type.
func TestAppliedInJSON(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{loop.Applied{At: ststest.Now, Action: &operate.Scale{Description: "scale", From: 3, To: 2, Ordinal: 2, Ops: []operate.PatchOp{}}},
			`{"at":"2026-03-01T12:00:00Z","type":"Scale","description":"scale","from":3,"to":2,"ordinal":2,"ops":[]}`},
		{loop.Command{At: ststest.Now, Exec: operate.Exec{Description: "check", For: "check", Command: "true"}, ExecResult: operate.ExecResult{ExitCode: 3}},
			`{"at":"2026-03-01T12:00:00Z","for":"check","command":"true","exitCode":3}`},
	} {
		got, err := json.Marshal(test.value)
		if err != nil || string(got) != test.want {
			t.Errorf("%s, %v; want %s", got, err, test.want)
		}
	}
}
