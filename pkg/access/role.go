package access

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The roles of examples/rbac.
const (
	roleNone     = "none"
	roleView     = "view"
	roleDoctor   = "doctor"
	roleDNS      = "dns"
	roleCanary   = "canary"
	rolePodCheck = "pod-check"
	roleDrain    = "drain"
	roleRecover  = "recover"
	roleExec     = "exec"
	roleGC       = "gc"
)

// Role is a role of examples/rbac.
type Role struct {
	// Name follows "kubectl-sts-".
	Name string
	// Namespace is that of a Role; a ClusterRole has none.
	Namespace string
	// For is what it is for, in a few words. Note is what to know before it is bound.
	For, Note string
}

// Roles are the roles of examples/rbac.
func Roles() []Role {
	return []Role{
		{Name: roleView, For: "commands that only read", Note: "status requires only statefulsets: without another permission the report lists what it could not read. " +
			"Nodes and volumes are not namespaced: they need a ClusterRoleBinding."},
		{Name: roleDoctor, For: "additionally for `doctor`", Note: "Without one of these the checks that need it are omitted. All but ConfigMaps are not namespaced: they need a ClusterRoleBinding."},
		{Name: roleDNS, Namespace: kubeSystem, For: "in `kube-system`: the cluster's DNS domain and `dns --resolve`", Note: "Optional. Bind it with a RoleBinding in kube-system."},
		{Name: roleCanary, For: "every command that changes a set", Note: "Volumes, nodes and admission are not namespaced: they need a ClusterRoleBinding, and are optional."},
		{Name: rolePodCheck, For: "optional: to check new pods with a dry run", Note: "In addition to kubectl-sts-canary. It is a separate role because it also allows creating pods without a dry run."},
		{Name: roleDrain, For: "additionally for `drain-scale`", Note: "In addition to kubectl-sts-canary. Drain profiles and --drain-exec run commands in pods: bind kubectl-sts-exec, too."},
		{Name: roleRecover, For: "additionally for `recover`", Note: "In addition to kubectl-sts-canary. Nodes are not namespaced: bind it with a ClusterRoleBinding. " +
			"It is a separate role because removing a node removes all pods on it."},
		{Name: roleExec, For: "additionally to run commands in pods", Note: "It is a separate role because it allows a shell in every pod of the namespace."},
		{Name: roleGC, For: "`pvc-gc --delete`, `rescue`, `undo` and `purge`", Note: "In addition to kubectl-sts-view. Volumes are not namespaced: bind it with a ClusterRoleBinding. " +
			"Restoring an owner reference also requires get on the kind of the owner: add it if operators own claims."},
	}
}

// rule is an RBAC rule, with what its one resource is for.
type rule struct {
	group            string
	resources, names []string
	verbs            []string
	why              []string
}

// rulesOf merges needs: each resource is in one rule.
func rulesOf(needs []Need) []rule {
	var single []rule
	for i := range needs {
		n := &needs[i]
		at := slices.IndexFunc(single, func(r rule) bool {
			return r.group == n.Group && r.resources[0] == n.Resource && slices.Equal(r.names, n.Names)
		})
		if at < 0 {
			at = len(single)
			single = append(single, rule{group: n.Group, resources: []string{n.Resource}, names: n.Names})
		}
		r := &single[at]
		r.verbs = ordered(append(r.verbs, n.Verbs...))
		if !slices.Contains(r.why, n.For) {
			r.why = append(r.why, n.For)
		}
	}
	var out []rule
	for _, r := range single {
		at := slices.IndexFunc(out, func(o rule) bool {
			return o.group == r.group && len(r.names)+len(o.names) == 0 && slices.Equal(o.verbs, r.verbs)
		})
		if at < 0 {
			out = append(out, r)
			continue
		}
		out[at].resources, out[at].why = append(out[at].resources, r.resources...), nil
	}
	return out
}

var verbOrder = []string{"get", "list", "watch", "create", "update", "patch", "delete"}

// ordered are the verbs, each once, in the usual order.
func ordered(verbs []string) []string {
	verbs = slices.Clone(verbs)
	slices.SortFunc(verbs, func(a, b string) int { return slices.Index(verbOrder, a) - slices.Index(verbOrder, b) })
	return slices.Compact(verbs)
}

func writeRules(b *strings.Builder, rules []rule) {
	b.WriteString("rules:\n")
	for _, r := range rules {
		if len(r.why) > 0 && len(r.resources) == 1 {
			comment(b, "  ", strings.Join(r.why, "; "))
		}
		group := r.group
		if group == "" {
			group = `""`
		}
		fmt.Fprintf(b, "  - apiGroups: [%s]\n    resources: [%s]\n", group, strings.Join(r.resources, ", "))
		if len(r.names) > 0 {
			fmt.Fprintf(b, "    resourceNames: [%s]\n", strings.Join(r.names, ", "))
		}
		fmt.Fprintf(b, "    verbs: [%s]\n", strings.Join(r.verbs, ", "))
	}
}

// RoleTable is the table of the roles for docs/safety.md.
func RoleTable() string {
	var b strings.Builder
	b.WriteString("| role | for |\n|---|---|\n")
	for _, r := range Roles() {
		fmt.Fprintf(&b, "| `kubectl-sts-%s` | %s |\n", r.Name, r.For)
	}
	return b.String()
}

// Examples is examples/rbac/roles.yaml.
func Examples() string {
	var b strings.Builder
	b.WriteString("# Roles for kubectl sts, for a ClusterRoleBinding or, in one namespace, a RoleBinding. `kubectl sts auth COMMAND -o role`\n" +
		"# prints a smaller one. docs/safety.md explains each permission.\n" +
		"# Generated by make docs: change pkg/access.\n")
	for i, role := range Roles() {
		if i > 0 {
			b.WriteString("---\n")
		}
		comment(&b, "", strings.ToUpper(role.For[:1])+role.For[1:]+". "+role.Note)
		head(&b, role.Namespace, "Role", "kubectl-sts-"+role.Name)
		writeRules(&b, rulesOf(grantedBy(role.Name)))
	}
	return b.String()
}

// grantedBy are the needs that the role grants.
func grantedBy(role string) []Need {
	var out []Need
	for _, c := range Commands() {
		for _, n := range c.Needs {
			if n.Role == role {
				out = append(out, n)
			}
		}
	}
	return out
}

// comment writes lines of at most 120 columns.
func comment(b *strings.Builder, indent, text string) {
	const width = 120
	line := indent + "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

// head begins a role or a binding, in a namespace or, with the prefix Cluster, without one.
func head(b *strings.Builder, namespace, kind, name string) {
	if namespace == "" {
		kind = "Cluster" + kind
	}
	fmt.Fprintf(b, "apiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata:\n  name: %s\n", kind, quoted(name))
	if namespace != "" {
		fmt.Fprintf(b, "  namespace: %s\n", quoted(namespace))
	}
}

// quoted is a YAML scalar: our own names need no quotes.
func quoted(s string) string {
	if strings.HasPrefix(s, "kube") && !strings.ContainsAny(s, ":# ") {
		return s
	}
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string
	}
	return string(raw)
}

// RoleFor are manifests that grant a user what the commands require with these flags: a Role with its RoleBinding
// for each namespace, and a ClusterRole only for what is beyond namespaces. Optional permissions beyond the
// namespace are granted with [ClusterOption] only, and named in a comment otherwise.
func RoleFor(user string, commands []Command, options []string, namespace string) string {
	var places []string
	needs := map[string][]Need{}
	var omitted []Need
	for _, c := range commands {
		for _, n := range c.Needs {
			switch {
			case n.Option != "" && !has(options, n.Option):
				continue
			case n.Without != "" && n.Option == "" && n.beyond() && !has(options, ClusterOption):
				omitted = append(omitted, n)
				continue
			}
			in := n.in(namespace)
			if needs[in] == nil {
				places = append(places, in)
			}
			needs[in] = append(needs[in], n)
		}
	}
	slices.Sort(places)
	var b strings.Builder
	if len(omitted) > 0 {
		comment(&b, "", "Not granted, because it is optional and beyond the namespace: "+listed(rulesOf(omitted))+". Add it with --with="+ClusterOption+".")
	}
	name := "kubectl-sts:" + nameOf(commands) + ":" + strings.NewReplacer("/", "-", "%", "-").Replace(user)
	for i, in := range places {
		if i > 0 {
			b.WriteString("---\n")
		}
		head(&b, in, "Role", name)
		writeRules(&b, rulesOf(needs[in]))
		b.WriteString("---\n")
		head(&b, in, "RoleBinding", name)
		kind := "Role"
		if in == "" {
			kind = "ClusterRole"
		}
		fmt.Fprintf(&b, "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: %s\n  name: %s\nsubjects:\n%s", kind, quoted(name), subject(user))
	}
	return b.String()
}

// nameOf names the commands: "canary-start", "canary" for several of a group.
func nameOf(commands []Command) string {
	words := strings.Fields(commands[0].Name)
	for _, c := range commands[1:] {
		for i, w := range strings.Fields(c.Name) {
			if i >= len(words) || words[i] != w {
				words = words[:min(i, len(words))]
				break
			}
		}
	}
	if len(words) == 0 {
		return "all"
	}
	return strings.Join(words, "-")
}

func listed(rules []rule) string {
	var out []string
	for _, r := range rules {
		out = append(out, strings.Join(r.verbs, ", ")+" "+strings.Join(r.resources, ", "))
	}
	return strings.Join(out, "; ")
}

// subject is the user, or the service account that the name stands for.
func subject(user string) string {
	if account, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		if namespace, name, ok := strings.Cut(account, ":"); ok {
			return fmt.Sprintf("  - kind: ServiceAccount\n    name: %s\n    namespace: %s\n", quoted(name), quoted(namespace))
		}
	}
	return fmt.Sprintf("  - apiGroup: rbac.authorization.k8s.io\n    kind: User\n    name: %s\n", quoted(user))
}

func has(options []string, option string) bool { return slices.Contains(options, option) }
