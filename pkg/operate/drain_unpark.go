package operate

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

// Unpark scales a parked set back to its recorded size, all members at once: they never left
// their cluster, and may need each other to become ready.
type Unpark struct {
	Holder
}

// Next implements [Intent].
func (i Unpark) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guard(s, f); d != nil {
		return *d
	}
	if d := settled(s); d != nil {
		return *d
	}
	size, parked := sts.ParkedSize(s.Set)
	have := sts.DesiredReplicas(s.Set)
	switch {
	case !parked && have > 0:
		return decide(Done, ReasonNothingToDo, msgDrainNotParked(have), nil)
	case !parked && s.Set.Annotations[sts.ParkedAnnotation] != "":
		message, hint := msgDrainParkedSize(s.Set.Name, s.Set.Annotations[sts.ParkedAnnotation], drainCommand(s, 1))
		return decide(Refused, ReasonParked, message, hint)
	case !parked:
		message, hint := msgDrainNoParkedSize(s.Set.Name, drainCommand(s, 1))
		return decide(Refused, ReasonParked, message, hint)
	}
	if d := noDrain(s); d != nil {
		return *d
	}
	if have < size {
		if d := i.resizable(s, size); d != nil {
			return *d
		}
		return do(newScale(stepDrainUnpark(have, size), s.Set, size, "Unparked"), "Scale")
	}
	if d := available(s, Stuck); d != nil {
		return *d
	}
	end := decide(Done, ReasonUnparked, msgDrainUnparked(have), nil)
	d := do(newPatch(s.Set).drop(sts.ParkedAnnotation, sts.OwnerAnnotation).action("", stepDrainForgetSize()), "Finish")
	d.Then = &end
	return d
}
