package access

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// AuthReport is which commands the user may run, and which permissions are missing.
type AuthReport struct {
	metav1.TypeMeta `json:",inline"`
	// Namespace is the namespace of the StatefulSets; absent for all namespaces.
	Namespace string `json:"namespace,omitempty"`
	// Items are the commands.
	Items []CommandAccess `json:"items"`
}

// CommandAccess is what the user may do of what one command requests.
type CommandAccess struct {
	// Command is the command, without `kubectl sts`.
	Command string `json:"command"`
	// Allowed is whether the user may run it.
	Allowed Allowed `json:"allowed"`
	// Permissions are all permissions that it uses.
	Permissions []PermissionAccess `json:"permissions"`
}

// Allowed is whether a user may run a command.
type Allowed string

// The values of Allowed.
const (
	// Yes: no permission is missing.
	Yes Allowed = "Yes"
	// Partly: all required permissions are there, but an optional one or one for a flag is missing.
	Partly Allowed = "Partly"
	// No: a required permission is missing.
	No Allowed = "No"
)

// Needed is when a command needs a permission.
type Needed string

// The values of Needed.
const (
	// Required: the command fails without it.
	Required Needed = "Required"
	// Optional: the command does less without it.
	Optional Needed = "Optional"
	// WithOption: it is only used with a flag.
	WithOption Needed = "WithOption"
)

// PermissionAccess is one permission, and whether the user has it.
type PermissionAccess struct {
	// Verb is the verb as in RBAC rules.
	Verb string `json:"verb"`
	// Group is the API group; empty for the core group.
	Group string `json:"group"`
	// Resource is the resource, with its subresource: `statefulsets/scale`.
	Resource string `json:"resource"`
	// Namespace is where it is required; absent for the whole cluster.
	Namespace string `json:"namespace,omitempty"`
	// Names are the objects, any one of which is enough; absent for all.
	Names []string `json:"names,omitempty"`
	// Needed is when the command needs it.
	Needed Needed `json:"needed"`
	// Option is the flag that needs it, as for `--with`.
	Option string `json:"option,omitempty"`
	// For is what it is for.
	For string `json:"for"`
	// Without is what is lost without it; absent if the command or the flag fails.
	Without string `json:"without,omitempty"`
	// Allowed is whether the user has it.
	Allowed bool `json:"allowed"`
}

// Answers are what the API server says about permissions.
type Answers struct {
	// Allowed has the permissions of the user.
	Allowed map[Permission]bool
	// Unserved are API groups that the server does not serve.
	Unserved map[string]bool
}

// NewReport is the report on these commands with these flags.
func NewReport(commands []Command, options []string, namespace string, answers Answers) *AuthReport {
	r := &AuthReport{TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "AuthReport"}, Namespace: namespace, Items: []CommandAccess{}}
	for _, c := range commands {
		item := CommandAccess{Command: c.Name, Allowed: Yes, Permissions: []PermissionAccess{}}
		for i := range c.Needs {
			n := &c.Needs[i]
			for _, p := range n.Permissions(namespace) {
				if p.Custom && answers.Unserved[p.Group] {
					continue
				}
				a := PermissionAccess{
					Verb: p.Verb, Group: p.Group, Resource: p.Resource, Namespace: p.Namespace, Names: n.Names,
					Needed: n.needed(options), Option: n.Option, For: n.For, Without: n.Without, Allowed: answers.Allowed[p],
				}
				item.Permissions = append(item.Permissions, a)
				switch {
				case a.Allowed:
				case a.Needed == Required:
					item.Allowed = No
				case item.Allowed == Yes:
					item.Allowed = Partly
				}
			}
		}
		r.Items = append(r.Items, item)
	}
	return r
}

func (n *Need) needed(options []string) Needed {
	switch {
	case n.flag() != "" && !has(options, n.Option):
		return WithOption
	case n.Without != "":
		return Optional
	}
	return Required
}

// Lacking are the required permissions that are missing, each once, as "create pods/eviction".
func (r *AuthReport) Lacking() []string {
	var out []string
	for _, item := range r.Items {
		for i := range item.Permissions {
			p := &item.Permissions[i]
			if name := p.Verb + " " + p.Object(); p.Needed == Required && !p.Allowed && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// Object is the resource with its group, "statefulsets.apps/scale".
func (p *PermissionAccess) Object() string {
	if p.Group == "" {
		return p.Resource
	}
	resource, sub, ok := strings.Cut(p.Resource, "/")
	if resource += "." + p.Group; ok {
		resource += "/" + sub
	}
	return resource
}
