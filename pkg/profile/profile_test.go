package profile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

func TestBuiltinProfilesComeBack(t *testing.T) {
	for _, p := range profile.Builtin() {
		raw, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := profile.Parse(raw)
		if err != nil {
			t.Fatalf("%s\n%s", err, raw)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Errorf("%s is another one after it was written and read (-before +after):\n%s", p.Metadata.Name, diff)
		}
	}
}
