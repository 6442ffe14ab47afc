package sts_test

import (
	"math"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// spec.replicas may be a number that would exhaust the memory if it were processed ordinal by ordinal.
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
}
