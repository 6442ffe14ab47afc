package sts_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// A field that is spelled otherwise than the API has it is not the field.
func TestDecodeObjectIsCaseSensitive(t *testing.T) {
	set := &appsv1.StatefulSet{}
	problems, err := sts.DecodeObject([]byte(`{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web","Namespace":"shop"},
		"spec":{"Replicas":3,"servicename":"other","serviceName":"web","podmanagementpolicy":"Parallel",
		"volumeclaimtemplates":[{"metadata":{"name":"data"}}],
		"template":{"spec":{"containers":[{"name":"app","image":"a:1"},{"name":"b","Image":"b:1","volumemounts":[],"imag":"x"}]}}}}`), set)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`unknown field "metadata.Namespace" (did you mean "namespace"?)`,
		`unknown field "spec.Replicas" (did you mean "replicas"?)`,
		`unknown field "spec.podmanagementpolicy" (did you mean "podManagementPolicy"?)`,
		`unknown field "spec.servicename" (did you mean "serviceName"?)`,
		`unknown field "spec.template.spec.containers[1].Image" (did you mean "image"?)`,
		`unknown field "spec.template.spec.containers[1].imag" (did you mean "image"?)`,
		`unknown field "spec.template.spec.containers[1].volumemounts" (did you mean "volumeMounts"?)`,
		`unknown field "spec.volumeclaimtemplates" (did you mean "volumeClaimTemplates"?)`,
	}
	if diff := cmp.Diff(want, sorted(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	spec := &set.Spec
	if set.Namespace != "" || spec.Replicas != nil || spec.ServiceName != "web" || spec.PodManagementPolicy != "" || len(spec.VolumeClaimTemplates) > 0 || spec.Template.Spec.Containers[1].Image != "" {
		raw, _ := json.Marshal(set)
		t.Errorf("a misspelled field is taken for the field: %s", raw)
	}
}

func TestDecodeObjectNamesProblems(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		into      any
		want      []string
		err       string
	}{
		{name: "a field of a newer Kubernetes", raw: `{"spec":{"quorumMode":"Fast"}}`, into: &appsv1.StatefulSet{}, want: []string{`unknown field "spec.quorumMode"`}},
		{name: "a short name is similar to none", raw: `{"spec":{"template":{"spec":{"containers":[{"tpy":1}]}}}}`, into: &appsv1.StatefulSet{}, want: []string{`unknown field "spec.template.spec.containers[0].tpy"`}},
		{name: "twice", raw: `{"spec":{"replicas":3,"replicas":1}}`, into: &appsv1.StatefulSet{}, want: []string{`duplicate field "spec.replicas"`}},
		{name: "of a Service", raw: `{"spec":{"clusterip":"None","selectors":{"a":"b"}}}`, into: &corev1.Service{},
			want: []string{`unknown field "spec.clusterip" (did you mean "clusterIP"?)`, `unknown field "spec.selectors" (did you mean "selector"?)`}},
		{name: "below a map", raw: `{"metadata":{"labels":{"Any.Key":"x"}}}`, into: &corev1.Service{}},
		{name: "a number for a text", raw: `{"spec":{"serviceName":1}}`, into: &appsv1.StatefulSet{}, err: "spec.serviceName: must be a string, not a number: quote it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			problems, err := sts.DecodeObject([]byte(test.raw), test.into)
			if diff := cmp.Diff(test.want, sorted(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			checkError(t, err, test.err)
		})
	}
}

func sorted(problems []sts.FieldProblem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.String())
	}
	slices.Sort(out)
	return out
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
