package operate

import (
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// requireUnmanaged refuses a change of these fields that an operator or a GitOps controller
// would revert.
func (l Lock) requireUnmanaged(s *sts.Snapshot, fields ...sts.Field) *Decision {
	return l.requireNoManager(s, func(m sts.Manager) sts.Hint { return hintManagedInGit(m.Hint) }, fields...)
}

// requireUnmanagedSize is [Lock.requireUnmanaged] for the size. Where that is managed from Git, the members have to
// leave before the new size is committed, or the pods are removed without a drain.
func (l Lock) requireUnmanagedSize(s *sts.Snapshot, to int32) *Decision {
	return l.requireNoManager(s, func(sts.Manager) sts.Hint { return hintDrainGitOps(to) }, sts.FieldReplicas)
}

func (l Lock) requireNoManager(s *sts.Snapshot, inGit func(sts.Manager) sts.Hint, fields ...sts.Field) *Decision {
	if l.Force {
		return nil
	}
	for _, m := range sts.Managers(s.Set) {
		if !m.Reverts || !m.Writes(fields...) {
			continue
		}
		hint := hintManagedByOperator(m.Hint)
		if !m.Operator {
			hint = inGit(m)
		}
		d := decide(Refused, ReasonManaged, msgManaged(s.Set.Name, m.Name, m.Evidence), hint)
		return &d
	}
	return nil
}

// requireNoAutoscaler refuses a size that an autoscaler would change again.
func (i drainScale) requireNoAutoscaler(s *sts.Snapshot) *Decision {
	from := sts.DesiredReplicas(s.Set)
	refuse := func(message string, hint sts.Hint) *Decision {
		d := decide(Refused, ReasonAutoscaler, message, hint)
		return &d
	}
	for _, a := range s.Autoscalers() {
		below := min(a.MinReplicas, from) - 1 // the first size below the minimum
		toOne := sts.Kubectl(s.Set.Namespace, "patch hpa", a.Name, "--type=merge", "-p", `{"spec":{"minReplicas":1}}`)
		switch {
		case i.Replicas == 0 && a.ScaledObject != "":
			return refuse(msgKEDAWouldScaleUp(s.Set.Name, a.By), hintPauseKEDA(s.Set.Namespace, a.ScaledObject))
		case i.Replicas == 0 && a.ScalesFromZero():
			return refuse(msgHPAFromZero(s.Set.Name, a.By), hintHPAFromZero(toOne))
		case i.Replicas == 0 && below > 0:
			return refuse(msgHPABeforeZero(s.Set.Name, a.By, a.Range(), below), hintHPABeforeZero(toOne))
		case i.Replicas > 0 && a.MinReplicas > i.Replicas && i.Replicas < from:
			return refuse(msgAutoscaled(s.Set.Name, a.By, a.Range(), "up"), hintAutoscaled("lower its minimum"))
		case a.MaxReplicas < i.Replicas && i.Replicas > from:
			return refuse(msgAutoscaled(s.Set.Name, a.By, a.Range(), "down"), hintAutoscaled("raise its maximum"))
		}
	}
	return nil
}

// Cautions are warnings before the first step that writes: which other clients manage the set
// and, where the step begins a canary, which autoscaler may scale it meanwhile.
func Cautions(s *sts.Snapshot, steps []Decision) []sts.Hint {
	first, changing, size := firstPatch(steps, func(*PatchSet) bool { return true }), FirstPatch(steps), lastScale(steps)
	if size == nil && (first == nil || changing == nil && first.Canary == nil) {
		return nil // no other client manages the pods
	}
	var out []sts.Hint
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
				out = append(out, msgIgnoresParked(a.By, a.Range()))
				continue
			}
			out = append(out, msgMayScale(a.By, a.Range(), size.To))
		}
		return out
	}
	if c, err := record.ReadCanary(s.Set); c != nil || err != nil || first.Canary == nil || first.Canary.Aborting {
		return out
	}
	for _, a := range s.Autoscalers() {
		if a.MaxReplicas > sts.DesiredReplicas(s.Set) {
			out = append(out, msgMayScaleCanary(a.By, a.Range()))
		}
	}
	return out
}

// lastScale is the last change of size among the steps, nil when there is none.
func lastScale(steps []Decision) *Scale {
	for _, d := range slices.Backward(steps) {
		if a, ok := d.Action.(*Scale); ok {
			return a
		}
	}
	return nil
}

// FirstScale is the first change of size among the steps, nil when there is none.
func FirstScale(steps []Decision) *Scale {
	for _, d := range steps {
		if a, ok := d.Action.(*Scale); ok {
			return a
		}
	}
	return nil
}

// FinalScale is the change from the current size to the last one among the steps, for a dry run: nil
// when the first step leads there already.
func FinalScale(s *sts.Snapshot, steps []Decision) *Scale {
	first := FirstScale(steps)
	for _, d := range slices.Backward(steps) {
		if a, ok := d.Action.(*Scale); ok {
			if a.To != first.To && a.To != sts.DesiredReplicas(s.Set) {
				return newScale("", s.Set, a.To, "")
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
		if p, ok := d.Action.(*PatchSet); ok && that(p) {
			return p
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
