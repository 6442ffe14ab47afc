package names

import (
	"math"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

func TestCheckOrdinals(t *testing.T) {
	for _, test := range []struct {
		replicas, start int32
		want            string
	}{
		{0, 0, ""},
		{MostNames, 0, ""},
		{-1, 0, msgNegativeReplicas("web", -1)},
		{MostNames + 1, 0, msgTooManyReplicas("web", MostNames+1, MostNames)},
		{3, math.MaxInt32 - 3, ""},
		{3, math.MaxInt32 - 2, msgInvalidOrdinals("web", 3, math.MaxInt32-2)},
		{3, -1, msgInvalidOrdinals("web", 3, -1)},
	} {
		set := &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: &test.replicas, Ordinals: &appsv1.StatefulSetOrdinals{Start: test.start}}}
		set.Name = "web"
		got := ""
		if err := CheckOrdinals(set); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%d replicas from %d: error %q, want %q", test.replicas, test.start, got, test.want)
		}
	}
}
