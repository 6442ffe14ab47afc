package sts

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
)

// Values of the wrong type are named by their path, and the rest of the object is decoded.
func TestTypeProblems(t *testing.T) {
	const object = `{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":SPEC}`
	for _, test := range []struct {
		name, spec, want, dropped string
	}{
		{"a number in a label", `{"template":{"metadata":{"labels":{"a/version":1.5}}}}`, "spec.template.metadata.labels[a/version]: must be a string, not a number: quote it", ""},
		{"a number in quotes", `{"replicas":"3"}`, "spec.replicas: must be a number, not a string: remove the quotes", ""},
		{"words", `{"replicas":"three"}`, "spec.replicas: must be a number, not a string", "spec.replicas"},
		{"a fraction", `{"replicas":1.5}`, "spec.replicas: must be an integer, not 1.5", "spec.replicas"},
		{"too large", `{"replicas":99999999999}`, "spec.replicas: 99999999999 is out of range", "spec.replicas"},
		{"a boolean in quotes", `{"template":{"spec":{"hostNetwork":"true"}}}`, "spec.template.spec.hostNetwork: must be a boolean, not a string: remove the quotes", ""},
		{"an object for a list", `{"template":{"spec":{"containers":{"name":"a"}}}}`, "spec.template.spec.containers: must be a list, not an object", "spec.template.spec.containers"},
		{"a list for an object", `{"selector":[]}`, "spec.selector: must be an object, not a list", "spec.selector"},
		{"two, and one in a list", `{"replicas":[1],"template":{"spec":{"containers":[{"name":"a"},"b"]}}}`, "spec.replicas: must be a number, not a list; spec.template.spec.containers[1]: must be an object, not a string", "spec.replicas spec.template.spec.containers[1]"},
		{"a quantity", `{"volumeClaimTemplates":[{"spec":{"resources":{"requests":{"storage":"1GB"}}}}]}`, `spec.volumeClaimTemplates[0].spec.resources.requests[storage]: invalid quantity "1GB": must be a number with a suffix such as Gi or m`, "spec.volumeClaimTemplates[0].spec.resources.requests[storage]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := &appsv1.StatefulSet{}
			_, err := DecodeObject([]byte(strings.Replace(object, "SPEC", test.spec, 1)), set)
			var problems TypeProblems
			if !errors.As(err, &problems) {
				t.Fatalf("error %v", err)
			}
			dropped := ""
			for _, p := range problems {
				if p.Dropped {
					dropped += " " + p.Path
				}
			}
			if diff := cmp.Diff(test.want, problems.Error()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if want := test.dropped; want != "" && dropped != " "+want || want == "" && dropped != "" {
				t.Errorf("dropped%s, want %s", dropped, want)
			}
			if set.Name != "db" {
				t.Errorf("the rest is not decoded: %+v", set)
			}
		})
	}
}
