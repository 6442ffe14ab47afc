package render

import (
	"io"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

var allowedTones = map[access.Allowed]Tone{access.Yes: Good, access.Partly: Warn, access.No: Bad}

// Auth prints one line per command or, for one command, one per permission; and what to do next.
func Auth(w io.Writer, r *access.AuthReport, hint sts.Hint, st Style) error {
	var b strings.Builder
	t := table{style: st}
	if len(r.Items) == 1 {
		item := &r.Items[0]
		b.WriteString(st.Wrap("", 0, allowedTones[item.Allowed], msgAuthResult(item.Command, r.Namespace, item.Allowed)) + "\n")
		t.header("ALLOWED", "PERMISSION", "NEEDED", "FOR", "WITHOUT-IT")
		for _, line := range merged(item.Permissions) {
			t.row(yesNo(line.Allowed), cell{permission(line) + elsewhere(line, r.Namespace), Plain}, cell{msgAuthNeeded(line.PermissionAccess), Plain}, cell{line.For, Plain}, cell{line.Without, Dim})
		}
		t.fit("WITHOUT-IT", "FOR")
	} else {
		t.header("COMMAND", "ALLOWED", "MISSING")
		for _, item := range r.Items {
			t.row(cell{item.Command, Plain}, cell{strings.ToLower(string(item.Allowed)), allowedTones[item.Allowed]}, cell{lacks(&item), Plain})
		}
	}
	if err := t.print(&b); err != nil {
		return err
	}
	if len(hint) > 0 {
		b.WriteString("\n" + Hint(hint, st))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func yesNo(yes bool) cell {
	if yes {
		return cell{"yes", Good}
	}
	return cell{"no", Bad}
}

// line is a permission with several verbs that are needed for the same and are all allowed or all missing.
type line struct {
	access.PermissionAccess
	verbs []string
}

func merged(permissions []access.PermissionAccess) []line {
	var out []line
	for _, p := range permissions {
		same := slices.IndexFunc(out, func(l line) bool {
			q := l.PermissionAccess
			return q.Group == p.Group && q.Resource == p.Resource && q.Namespace == p.Namespace && q.Allowed == p.Allowed &&
				q.Option == p.Option && q.For == p.For && q.Without == p.Without
		})
		if same < 0 {
			same = len(out)
			out = append(out, line{PermissionAccess: p})
		}
		out[same].verbs = append(out[same].verbs, p.Verb)
	}
	return out
}

// permission is "list, watch statefulsets.apps".
func permission(l line) string { return strings.Join(l.verbs, ", ") + " " + l.Object() }

// elsewhere is where a permission is needed, if not in the namespace of the sets.
func elsewhere(l line, namespace string) string {
	switch l.Namespace {
	case namespace:
		return ""
	case "":
		return " " + msgAuthClusterWide()
	}
	return " " + msgAuthIn(l.Namespace)
}

// lacks lists what a command lacks: the required permissions, or else what it is needed for.
func lacks(item *access.CommandAccess) string {
	var required, optional []access.PermissionAccess
	for _, p := range item.Permissions {
		switch {
		case p.Allowed:
		case p.Needed == access.Required:
			required = append(required, p)
		default:
			optional = append(optional, p)
		}
	}
	if len(required) > 0 {
		return listedPermissions(required)
	}
	if len(optional) == 0 {
		return ""
	}
	var flags []string
	var others []access.PermissionAccess
	for _, p := range optional {
		switch flag := msgAuthNeeded(p); {
		case p.Needed != access.WithOption:
			others = append(others, p)
		case !slices.Contains(flags, flag):
			flags = append(flags, flag)
		}
	}
	return msgAuthOptional(listedPermissions(others), flags)
}

// listedPermissions is "list, watch pods, services; patch statefulsets".
func listedPermissions(permissions []access.PermissionAccess) string {
	var resources, lists []string
	verbs := map[string][]string{}
	for _, p := range permissions {
		if verbs[p.Resource] == nil {
			resources = append(resources, p.Resource)
		}
		if !slices.Contains(verbs[p.Resource], p.Verb) {
			verbs[p.Resource] = append(verbs[p.Resource], p.Verb)
		}
	}
	by := map[string][]string{}
	for _, resource := range resources {
		list := strings.Join(verbs[resource], ", ")
		if by[list] == nil {
			lists = append(lists, list)
		}
		by[list] = append(by[list], resource)
	}
	for i, list := range lists {
		lists[i] = list + " " + strings.Join(by[list], ", ")
	}
	return strings.Join(lists, "; ")
}
