package cli

import (
	"errors"
	"fmt"
	"io"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A server may have more immutable fields than this program knows, and Kubernetes names them
// differently from version to version.
func TestImmutableForServer(t *testing.T) {
	spec := field.NewPath("spec")
	invalid := func(problems ...*field.Error) error {
		return fmt.Errorf("the manifest: %w", apierrors.NewInvalid(schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "web", problems))
	}
	command := sts.Kubectl("test", "sts plan", "web")
	hint := hintFieldsImmutable(command).String()
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"no error", nil, ""},
		{"another error", errors.New("connection refused"), ""},
		{"another answer", apierrors.NewForbidden(schema.GroupResource{Resource: "statefulsets"}, "web", errors.New("field is immutable")), ""},
		{"invalid for another reason", invalid(field.Invalid(spec.Child("replicas"), -1, "must be greater than or equal to 0")), ""},
		{"1.36", invalid(field.Forbidden(spec, "updates to statefulset spec for fields other than 'replicas' are forbidden")),
			msgFieldsImmutableForServer("web", []string{"spec"}, []string{"spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden"})},
		{"1.37, one that is mutable for us", invalid(field.Invalid(spec.Child("ordinals"), 1, "field is immutable")),
			msgFieldsImmutableForServer("web", []string{"spec.ordinals"}, []string{"spec.ordinals: Invalid value: 1: field is immutable"})},
		{"1.37, two", invalid(field.Invalid(spec.Child("a"), 1, "field is immutable"), field.Invalid(spec.Child("b"), 2, "field is immutable")),
			msgFieldsImmutableForServer("web", []string{"spec.a", "spec.b"}, []string{"spec.a: Invalid value: 1: field is immutable", "spec.b: Invalid value: 2: field is immutable"})},
		{"in the template, for which the set need not be recreated", invalid(field.Invalid(spec.Child("template", "spec", "x"), 1, "field is immutable")), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := immutableForServer(test.err, ststest.Web(3).Sets[0], command)
			var outcome *outcomeError
			switch {
			case test.want == "" && err != nil:
				t.Errorf("%v, want nothing", err)
			case test.want != "" && (!errors.As(err, &outcome) || outcome.Message != test.want || outcome.Hint.String() != hint || Exit(io.Discard, err) != ExitRefused):
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
