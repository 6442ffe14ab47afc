package sts_test

import (
	"math"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// spec.replicas, and the recorded size of a parked set, may be numbers that would exhaust the
// memory if they were processed ordinal by ordinal.
func TestSizesThatNoClusterHas(t *testing.T) {
	set := ststest.Web(3).Sets[0]
	for _, test := range []struct {
		replicas int32
		ok       bool
	}{{0, true}, {sts.MostReplicas, true}, {sts.MostReplicas + 1, false}, {math.MaxInt32, false}} {
		*set.Spec.Replicas = test.replicas
		if err := sts.CheckSize(set); (err == nil) != test.ok {
			t.Errorf("%d replicas: error %v", test.replicas, err)
		}
	}
	for value, want := range map[string]bool{"3": true, "200000": true, "200001": false, "2147483647": false, "0": false, "": false} {
		set.Annotations = map[string]string{record.ParkedAnnotation: value}
		if _, parked := record.ParkedSize(set); parked != want {
			t.Errorf("parked at %q: %t", value, parked)
		}
	}
}
