package access

import (
	"fmt"
	"slices"
	"strings"
)

// Table is the table of all permissions for docs/safety.md, in the order of the roles that grant them.
func Table() string {
	var b strings.Builder
	b.WriteString("| permission | role | for | without it |\n|---|---|---|---|\n")
	for _, role := range append(Roles(), Role{Name: roleNone}) {
		for _, r := range rowsOf(grantedBy(role.Name)) {
			name, use, without := "`kubectl-sts-"+role.Name+"`", strings.Join(r.uses, "; "), r.Without
			if role.Name == roleNone {
				name = "none"
			}
			if len(r.flags) > 0 {
				use = strings.Join(r.flags, ", ") + ": " + use
			}
			if without == "" {
				without = "error or refused, nothing is changed"
			}
			fmt.Fprintf(&b, "| %s %s%s | %s | %s | %s |\n", strings.Join(r.Verbs, ", "), strings.Join(r.resources, ", "), r.where(), name, use, without)
		}
	}
	return b.String()
}

// row is a row of the table: several resources, or several uses of one.
type row struct {
	Need
	resources, uses, flags []string
	always                 bool // also without a flag
}

func (n *Need) where() string {
	switch {
	case n.Scope == ClusterWide:
		return " (cluster-wide)"
	case n.Namespace != "":
		return " in `" + n.Namespace + "`"
	}
	return ""
}

// flag is the flag that needs the permission, "" for an option that is no flag.
func (n *Need) flag() string {
	if n.Option == "" || n.Option == PodCheckOption || n.Option == kubeletOption {
		return ""
	}
	return "`--" + n.Option + "`"
}

// rowsOf merges needs that differ in the flag, then those that differ in the verbs, then those that differ in
// what they are for, and then those that differ in the resource.
func rowsOf(needs []Need) []row {
	rows := make([]row, len(needs))
	for i, n := range needs {
		n.Verbs = ordered(n.Verbs)
		rows[i] = row{Need: n, resources: []string{n.Resource}, uses: []string{n.For}, always: n.flag() == ""}
		if !rows[i].always {
			rows[i].flags = []string{n.flag()}
		}
	}
	at := func(r row) string { return fmt.Sprint(r.where(), r.Without) }
	same := func(r row) string { return fmt.Sprint(r.Group, r.resources, at(r)) }
	for _, key := range []func(row) string{
		func(r row) string { return fmt.Sprint(same(r), r.Verbs, r.uses) },
		func(r row) string { return fmt.Sprint(same(r), r.flags, r.uses) },
		func(r row) string { return fmt.Sprint(same(r), r.Verbs, r.always) },
		func(r row) string { return fmt.Sprint(at(r), r.Verbs, r.flags, r.uses) },
	} {
		rows = mergedBy(rows, key)
	}
	return rows
}

func mergedBy(rows []row, key func(row) string) []row {
	var out []row
	places := map[string]int{}
	for _, r := range rows {
		i, seen := places[key(r)]
		if !seen {
			places[key(r)] = len(out)
			out = append(out, r)
			continue
		}
		o := &out[i]
		o.Verbs = ordered(append(o.Verbs, r.Verbs...))
		o.resources, o.uses = union(o.resources, r.resources), union(o.uses, r.uses)
		if o.always = o.always || r.always; o.always {
			o.flags = nil
		} else {
			o.flags = union(o.flags, r.flags)
		}
	}
	return out
}

// union has each value once, in order.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
