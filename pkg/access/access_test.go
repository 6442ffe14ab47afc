package access_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
)

// Each need says what it is for, is granted by a role or by none on purpose, and no permission of a command is
// listed twice with the same condition.
func TestCommandsAreComplete(t *testing.T) {
	roles := map[string]bool{"none": true}
	for _, r := range access.Roles() {
		roles[r.Name] = true
	}
	for _, c := range access.Commands() {
		seen := map[any]bool{}
		for _, n := range c.Needs {
			if n.For == "" || !roles[n.Role] || n.Scope == access.ClusterWide && n.Namespace != "" {
				t.Errorf("%s: %+v", c.Name, n)
			}
			for _, p := range n.Permissions("db") {
				if key := [2]any{p, n.Option}; seen[key] {
					t.Errorf("%s has %+v twice", c.Name, p)
				} else {
					seen[key] = true
				}
			}
		}
	}
}

func TestFind(t *testing.T) {
	for words, want := range map[string]string{
		"canary start": "canary start",
		"canary":       "canary start, canary status, canary promote, canary abort",
		"pvc-gc":       "pvc-gc", // a command and a group
		"pvc-gc undo":  "pvc-gc undo",
		"canar":        "",
		"status web":   "",
	} {
		var got []string
		for _, c := range access.Find(strings.Fields(words)) {
			got = append(got, c.Name)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", words, got, want)
		}
	}
	if all := access.Find(nil); len(all) != len(access.Commands()) {
		t.Errorf("%d of %d commands", len(all), len(access.Commands()))
	}
}

// Every permission is asked for once, however many commands require it.
func TestAll(t *testing.T) {
	seen := map[access.Permission]bool{}
	for _, p := range access.All(access.Commands(), "db") {
		if seen[p] {
			t.Errorf("%+v twice", p)
		}
		seen[p] = true
	}
	for _, p := range []access.Permission{
		{Verb: "create", Resource: "pods/eviction", Namespace: "db"},
		{Verb: "patch", Resource: "nodes"},
		{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Namespace: "kube-node-lease"},
		{Verb: "get", Resource: "configmaps", Namespace: "kube-system", Name: "coredns"},
		{Verb: "list", Group: "keda.sh", Resource: "scaledobjects", Namespace: "db", Custom: true},
	} {
		if !seen[p] {
			t.Errorf("%+v is not asked for", p)
		}
	}
}

func TestReport(t *testing.T) {
	restart := access.Find([]string{"restart"})
	all := access.All(restart, "db")
	for _, test := range []struct {
		name    string
		lacks   string // verb and resource
		options []string
		want    access.Allowed
		needed  access.Needed
	}{
		{name: "nothing", want: access.Yes},
		{name: "a required permission", lacks: "create pods/eviction", want: access.No, needed: access.Required},
		{name: "an optional permission", lacks: "create events", want: access.Partly, needed: access.Optional},
		{name: "one for a flag", lacks: "create pods/exec", want: access.Partly, needed: access.WithOption},
		{name: "one for a flag that is used", lacks: "create pods/exec", options: []string{"leader-exec"}, want: access.No, needed: access.Required},
		{name: "the dry run of pods", lacks: "create pods", options: []string{"pod-check"}, want: access.Partly, needed: access.Optional},
	} {
		answers := access.Answers{Allowed: map[access.Permission]bool{}}
		for _, p := range all {
			answers.Allowed[p] = p.Verb+" "+p.Resource != test.lacks
		}
		item := access.NewReport(restart, test.options, "db", answers).Items[0]
		if item.Allowed != test.want {
			t.Errorf("without %s: %s, want %s", test.name, item.Allowed, test.want)
		}
		for _, p := range item.Permissions {
			if name := p.Verb + " " + p.Resource; p.Allowed != (name != test.lacks) || name == test.lacks && p.Needed != test.needed {
				t.Errorf("without %s: %+v", test.name, p)
			}
		}
	}
}

// What the server does not serve is not requested either.
func TestReportWithoutCustomResources(t *testing.T) {
	commands := access.Find([]string{"pvc-gc"})
	answers := access.Answers{Allowed: map[access.Permission]bool{}, Unserved: map[string]bool{"keda.sh": true}}
	for _, p := range access.All(commands, "db") {
		answers.Allowed[p] = !p.Custom
	}
	r := access.NewReport(commands, []string{"delete"}, "db", answers)
	var missing []string
	for _, p := range r.Items[0].Permissions {
		if !p.Allowed {
			missing = append(missing, p.Object())
		}
	}
	if diff := cmp.Diff([]string{"volumesnapshots.snapshot.storage.k8s.io"}, missing); diff != "" {
		t.Error(diff)
	}
	if r.Lacking() != nil {
		t.Errorf("required: %v", r.Lacking())
	}
}

func TestLacking(t *testing.T) {
	r := access.NewReport(access.Find([]string{"drain-scale"}), nil, "db", access.Answers{})
	got := strings.Join(r.Lacking(), ", ")
	for _, want := range []string{"patch statefulsets.apps/scale", "create pods/eviction", "patch pods", "get statefulsets.apps"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	for _, optional := range []string{"create pods/exec", "events", "nodes"} {
		if strings.Contains(got, optional) {
			t.Errorf("%s has %s", got, optional)
		}
	}
}

func TestRoleFor(t *testing.T) {
	for file, test := range map[string]struct {
		user, command string
		options       []string
		namespace     string
	}{
		"history":       {user: "kim@example.com", command: "history", namespace: "db"},
		"drain-exec":    {user: "system:serviceaccount:ci:deploy", command: "drain-scale", options: []string{"drain-exec"}, namespace: "db"},
		"recover":       {user: "kim", command: "recover", namespace: "db"},
		"status-wide":   {user: "https://idp.example.com/kim: \"k\"", command: "status", options: []string{"cluster"}, namespace: "db"},
		"canary-status": {user: "kim", command: "canary status"},
	} {
		t.Run(file, func(t *testing.T) {
			text := access.RoleFor(test.user, access.Find(strings.Fields(test.command)), test.options, test.namespace)
			golden.Assert(t, text, "role-"+file+".yaml")
			for document := range strings.SplitSeq(text, "---\n") {
				var kind struct{ Kind string }
				if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
					t.Fatal(err)
				}
				into := map[string]any{
					"Role": &rbacv1.Role{}, "ClusterRole": &rbacv1.ClusterRole{},
					"RoleBinding": &rbacv1.RoleBinding{}, "ClusterRoleBinding": &rbacv1.ClusterRoleBinding{},
				}[kind.Kind]
				if err := yaml.UnmarshalStrict([]byte(document), into); err != nil {
					t.Errorf("%s\n%v", document, err)
				}
			}
		})
	}
}

// The roles of examples/rbac grant everything that the commands request, except what is granted by none on purpose.
func TestExamplesGrantEverything(t *testing.T) {
	granted := map[access.Permission]bool{}
	for document := range strings.SplitSeq(access.Examples(), "---\n") {
		var role rbacv1.ClusterRole // a Role has the same fields
		if err := yaml.UnmarshalStrict([]byte(document), &role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					granted[access.Permission{Verb: verb, Group: rule.APIGroups[0], Resource: resource}] = true
				}
			}
		}
	}
	for _, p := range access.All(access.Commands(), "db") {
		if !granted[access.Permission{Verb: p.Verb, Group: p.Group, Resource: p.Resource}] && p.Resource != "nodes/proxy" {
			t.Errorf("no role grants %+v", p)
		}
	}
}
