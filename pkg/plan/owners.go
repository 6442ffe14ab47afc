package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// unmanaged refuses a change of these fields that an operator or a GitOps
// controller would undo.
func (h Holder) unmanaged(s *sts.Snapshot, fields ...sts.Field) *Decision {
	if h.Force {
		return nil
	}
	for _, m := range sts.Managers(s.Set) {
		if !m.Reverts || !m.Writes(fields...) {
			continue
		}
		hint := m.Hint + "; --force-ownership goes on all the same"
		if !m.Operator {
			hint = m.Hint + "; --print-patch prints it, --force-ownership goes on all the same"
		}
		d := decide(Refused, ReasonManaged, fmt.Sprintf("%s manages statefulset %s (%s) and would undo the change", m.Name, s.Set.Name, m.Evidence), hint)
		return &d
	}
	return nil
}

// Cautions are what a person should know of others before the first step that
// writes: who else manages the set, and, where the step begins a canary, who may
// scale it meanwhile.
func Cautions(s *sts.Snapshot, steps []Decision) []string {
	first, changing, size := firstPatch(steps, func(*PatchSet) bool { return true }), FirstPatch(steps), lastScale(steps)
	if size == nil && (first == nil || changing == nil && first.Canary == nil) {
		return nil // evictions are nobody else's business
	}
	var out []string
	var fields []sts.Field
	if changing != nil {
		fields = changing.fields()
	}
	if size != nil {
		fields = append(fields, sts.FieldReplicas)
	}
	for _, m := range sts.Managers(s.Set) {
		if m.Writes(fields...) {
			out = append(out, m.Caution(fields...))
		}
	}
	if size != nil {
		for _, a := range s.Autoscalers() {
			out = append(out, fmt.Sprintf("%s scales this StatefulSet (%s) and may change what is left at %d", a.By, a.Range(), size.To))
		}
		return out
	}
	if c, err := sts.ReadCanary(s.Set); c != nil || err != nil || first.Canary == nil || first.Canary.Aborting {
		return out
	}
	for _, a := range s.Autoscalers() {
		if a.MaxReplicas > sts.WantedReplicas(s.Set) {
			out = append(out, fmt.Sprintf("%s scales this StatefulSet (%s): ordinals that it adds during the canary come up on the canary's revision", a.By, a.Range()))
		}
	}
	return out
}

// lastScale is the last change of size among the steps, nil when there is none.
func lastScale(steps []Decision) *Scale {
	for _, d := range slices.Backward(steps) {
		if d.Action != nil && d.Action.Scale != nil {
			return d.Action.Scale
		}
	}
	return nil
}

// FirstPatch is the first of the steps that writes the set's spec, nil when none does.
func FirstPatch(steps []Decision) *PatchSet {
	return firstPatch(steps, func(p *PatchSet) bool { return len(p.fields()) > 0 })
}

func firstPatch(steps []Decision, that func(*PatchSet) bool) *PatchSet {
	for _, d := range steps {
		if d.Action != nil && d.Action.PatchSet != nil && that(d.Action.PatchSet) {
			return d.Action.PatchSet
		}
	}
	return nil
}

// fields are the fields of the spec that the patch writes.
func (p *PatchSet) fields() []sts.Field {
	var out []sts.Field
	for _, o := range p.Ops {
		f, ok := fieldAt(o.Path)
		if ok && o.Op != "test" && (len(out) == 0 || out[len(out)-1] != f) {
			out = append(out, f)
		}
	}
	return out
}

func fieldAt(path string) (sts.Field, bool) {
	for prefix, f := range map[string]sts.Field{
		"/spec/template":                     sts.FieldTemplate,
		"/spec/updateStrategy/rollingUpdate": sts.FieldPartition,
		"/spec/replicas":                     sts.FieldReplicas,
	} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return f, true
		}
	}
	return "", false
}
