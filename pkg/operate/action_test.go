package operate_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard/guardtest"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// The list of actions, which docs and other tests are made from, is complete.
func TestListOfActions(t *testing.T) {
	var got []string
	for _, a := range operate.SetActions() {
		got = append(got, reflect.TypeOf(a).Elem().Name())
		if a.Type() != got[len(got)-1] {
			t.Errorf("the type of a %T is %q", a, a.Type())
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(guardtest.Receivers(t, "isSetAction"), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// An action has its type beside its fields.
func TestDecisionsInJSON(t *testing.T) {
	for _, test := range []struct {
		d    operate.Decision
		want string
	}{
		{operate.Decision{Verdict: operate.Done, Reason: "Complete", Message: "done"},
			`{"verdict":"Done","reason":"Complete","message":"done"}`},
		{operate.Decision{Verdict: operate.Wait, Reason: "PodNotAvailable", Message: "for pod web-1: it is starting", Subject: "pod/web-1", Detail: "Starting"},
			`{"verdict":"Wait","reason":"PodNotAvailable","message":"waiting for pod web-1: it is starting","subject":"pod/web-1"}`},
		{operate.Decision{Verdict: operate.Do, Reason: "Evict", Message: "evict pod web-1", Action: &operate.EvictPod{
			Description: "evict pod web-1", PodRef: operate.PodRef{Name: "web-1", UID: "u", Ordinal: 1, Revision: "r"}}},
			`{"verdict":"Do","reason":"Evict","message":"evict pod web-1","action":{"type":"EvictPod","description":"evict pod web-1","name":"web-1","uid":"u","ordinal":1,"revision":"r"}}`},
		{operate.Decision{Verdict: operate.Do, Reason: "Check", Message: "check", Action: &operate.Exec{Description: "check", Key: "k", For: "check", Command: "true"}},
			`{"verdict":"Do","reason":"Check","message":"check","action":{"type":"Exec","description":"check","for":"check","command":"true"}}`},
	} {
		got, err := json.Marshal(test.d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}
