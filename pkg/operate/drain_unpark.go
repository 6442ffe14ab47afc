package operate

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

type unpark struct{ Lock }

// NewUnpark scales a parked set back to its recorded size, all members at once: they never left
// their cluster, and may need each other to become ready.
func NewUnpark(l Lock, _ *sts.Snapshot) Intent { return unpark{l} }

// Next implements [Intent].
func (i unpark) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := look{s: s, f: f}, i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	have := sts.DesiredReplicas(s.Set)
	if size, _ := record.ParkedSize(s.Set); have < size {
		if d := gs.Require(guard.BeforeStart, l); d != nil {
			return *d
		}
		return do(newScale(stepDrainUnpark(have, size), s.Set, size, "Unparked"), "Scale")
	}
	if d := requireAvailable(s, Stuck); d != nil {
		return *d
	}
	end := decide(Done, ReasonUnparked, msgDrainUnparked(have), nil)
	d := do(newPatch(s.Set).drop(record.ParkedAnnotation, record.OwnerAnnotation).action("", stepDrainForgetSize()), "Finish")
	d.Then = &end
	return d
}

func (i unpark) guards() setGuards {
	return setGuards{
		i.lockGuard(),
		settledGuard,
		guard.New(guard.NewRule("parked size", "ends when the StatefulSet is not parked; refuses if its size is not recorded", guard.Always), requireParkedSize),
		drainGuard,
		guard.New(ownerRule, func(l look) *Decision {
			size, _ := record.ParkedSize(l.s.Set)
			return i.requireUnmanagedSize(l.s, size)
		}),
	}
}

// requireParkedSize requires a set that is parked, and whose size before that is known.
func requireParkedSize(l look) *Decision {
	s := l.s
	_, parked := record.ParkedSize(s.Set)
	have := sts.DesiredReplicas(s.Set)
	var d Decision
	switch {
	case parked:
		return nil
	case have > 0:
		d = decide(Done, ReasonNothingToDo, msgDrainNotParked(have), nil)
	case s.Set.Annotations[record.ParkedAnnotation] != "":
		message, hint := msgDrainParkedSize(s.Set.Name, s.Set.Annotations[record.ParkedAnnotation], drainCommand(s, 1))
		d = decide(Refused, ReasonParked, message, hint)
	default:
		message, hint := msgDrainNoParkedSize(s.Set.Name, drainCommand(s, 1))
		d = decide(Refused, ReasonParked, message, hint)
	}
	return &d
}
