package sts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// test/e2e asks the API server about the same objects.
func TestObjections(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range append(ststest.Refused(), ststest.Accepted()...) {
		if seen[v.Name] && v.Field != "" {
			t.Errorf("two objects are called %q", v.Name)
		}
		seen[v.Name] = true
		objections := sts.Objections(v.Object)
		var fields []string
		for _, o := range objections {
			fields = append(fields, o.Field)
		}
		var want []string
		if v.Field != "" {
			want = []string{v.Field}
		}
		if diff := cmp.Diff(want, slices.Compact(fields)); diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", v.Name, objections, diff)
		}
		set, ok := v.Object.(*appsv1.StatefulSet)
		if !ok {
			continue
		}
		if diff := cmp.Diff(objections, sts.Objections(sts.Defaulted(set))); diff != "" {
			t.Errorf("%s (-as written +with defaults):\n%s", v.Name, diff)
		}
	}
}

// The API server accepts names of up to 63 characters without a dot, even if the pods of such a set
// cannot be created.
func TestObjectionsToNames(t *testing.T) {
	for name, takes := range map[string]bool{
		"web": true, "web-x": true, "0": true, strings.Repeat("w", sts.LongestSetName+1): true, strings.Repeat("w", 63): true,
		"web.x": false, "Web": false, "web-": false, "": false, strings.Repeat("w", 64): false,
	} {
		set := ststest.ValidSet()
		set.Name = name
		if objections := sts.Objections(set); (len(objections) == 0) != takes {
			t.Errorf("%q: %v", name, objections)
		}
	}
}
