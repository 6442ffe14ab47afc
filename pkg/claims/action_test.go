package claims_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard/guardtest"
)

// The list of actions, which other tests are made from, is complete.
func TestListOfActions(t *testing.T) {
	var got []string
	for _, a := range claims.Actions() {
		got = append(got, reflect.TypeOf(a).Elem().Name())
	}
	slices.Sort(got)
	if diff := cmp.Diff(guardtest.Receivers(t, "isAction"), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
