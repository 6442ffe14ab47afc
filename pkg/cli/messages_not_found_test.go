package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestNotFoundMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "not_found",
		call(hintPodOf, "web-0", "web"),
		call(hintOtherKind, "Deployment", "api"),
		call(hintNearNames, "shop", []string{"web", "wbf"}),
		call(hintNearNamespaces, []string{"shop", "show"}),
		call(hintSetsOf, "shop", []string{}),
		call(hintSetsOf, "shop", []string{"web"}),
		call(hintSetsOf, "shop", []string{"cache", "db", "queue", "search", "web"}),
	)
}

func TestNearNames(t *testing.T) {
	for _, test := range []struct {
		name string
		have []string
		want []string
	}{
		{"wbe", []string{"db", "web"}, []string{"web"}},
		{"postgress", []string{"postgres", "postgres-ha", "redis"}, []string{"postgres"}},
		{"a", []string{"b", "c"}, nil},
		{"db", []string{"mydatabase"}, nil},
	} {
		got := nearNames(test.name, test.have)
		if len(got) == 0 {
			got = nil
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
