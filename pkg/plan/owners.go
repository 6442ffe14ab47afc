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

// autoscaled refuses a size that an autoscaler would change again.
func (i drainScale) autoscaled(s *sts.Snapshot) *Decision {
	from := sts.WantedReplicas(s.Set)
	refuse := func(hint, format string, args ...any) *Decision {
		d := decide(Refused, ReasonAutoscaler, fmt.Sprintf(format, args...), hint)
		return &d
	}
	for _, a := range s.Autoscalers() {
		below := min(a.MinReplicas, from) - 1 // the first size on the way to 0 that is below the minimum
		toOne := sts.Kubectl(s.Set.Namespace, "patch hpa", a.Name, "--type=merge", `-p '{"spec":{"minReplicas":1}}'`)
		switch {
		case i.Replicas == 0 && a.ScaledObject != "":
			return refuse("pause it for as long as the set is parked: "+sts.Kubectl(s.Set.Namespace, "annotate scaledobject", a.ScaledObject, "autoscaling.keda.sh/paused=true"),
				"%s may scale statefulset %s up again from 0 replicas: KEDA does that, an HPA alone does not", a.By, s.Set.Name)
		case i.Replicas == 0 && a.ScalesFromZero():
			return refuse("raise its minimum, so that it does not scale a StatefulSet with 0 replicas: "+toOne,
				"%s has minReplicas 0, so it may scale statefulset %s up again from 0 replicas", a.By, s.Set.Name)
		case i.Replicas == 0 && below > 0:
			return refuse("lower its minimum first (at 0 replicas it leaves the set alone): "+toOne,
				"%s keeps statefulset %s at %s: on the way to 0, at %s, it would scale up again", a.By, s.Set.Name, a.Range(), sts.Count(below, "replica"))
		case i.Replicas > 0 && a.MinReplicas > i.Replicas && i.Replicas < from:
			return refuse("lower its minimum first, or pause it",
				"%s keeps statefulset %s at %s: it would scale up again", a.By, s.Set.Name, a.Range())
		case a.MaxReplicas < i.Replicas && i.Replicas > from:
			return refuse("raise its maximum first, or pause it",
				"%s keeps statefulset %s at %s: it would scale down again", a.By, s.Set.Name, a.Range())
		}
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
			if size.To == 0 && !a.ScalesFromZero() {
				out = append(out, fmt.Sprintf("%s scales this StatefulSet (%s): at 0 replicas it leaves the set alone, and scales it again after --unpark", a.By, a.Range()))
				continue
			}
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

// FirstScale is the first change of size among the steps, nil when there is none.
func FirstScale(steps []Decision) *Scale {
	for _, d := range steps {
		if d.Action != nil && d.Action.Scale != nil {
			return d.Action.Scale
		}
	}
	return nil
}

// FinalScale is the change from the present size to the last one among the steps, to be tried: nil
// when the first step leads there already.
func FinalScale(s *sts.Snapshot, steps []Decision) *Scale {
	first := FirstScale(steps)
	for _, d := range slices.Backward(steps) {
		if d.Action != nil && d.Action.Scale != nil {
			if to := d.Action.Scale.To; to != first.To && to != sts.WantedReplicas(s.Set) {
				return scale(s.Set, to, "")
			}
			return nil
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
