package operate

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Scale changes the set's replicas through its scale subresource, with one JSON
// patch that tests what it replaces.
type Scale struct {
	Description string `json:"-"`
	// Event is the reason of the Event that is recorded on the set.
	Event string `json:"event,omitempty"`
	// From is the replicas before.
	From int32 `json:"from"`
	// To is the replicas after.
	To int32 `json:"to"`
	// Ordinal is the ordinal that is removed or added; the lowest one if there are several.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Ops are the JSON patch of the scale subresource as it is sent, `test` operations included.
	Ops []PatchOp `json:"ops"`
}

func newScale(why string, set *appsv1.StatefulSet, to int32, event string) *Scale {
	from := sts.DesiredReplicas(set)
	a := &Scale{Description: why, Event: event, From: from, To: to, Ordinal: sts.Start(set) + sts.Ordinal(min(from, to)), Ops: []PatchOp{
		Op("test", "/metadata/uid", set.UID),
		Op("test", "/spec/replicas", from),
		Op("replace", "/spec/replicas", to),
	}}
	if from == 0 { // which is omitted from a Scale
		a.Ops[1], a.Ops[2] = Op("test", "/spec", struct{}{}), Op("add", "/spec/replicas", to)
	}
	return a
}

func (*Scale) isSetAction() {}

// Type implements [SetAction].
func (*Scale) Type() string { return "Scale" }

// Describe implements [SetAction].
func (a *Scale) Describe() string { return a.Description }

// IsAPIWrite implements [SetAction].
func (*Scale) IsAPIWrite() bool { return true }

// Disrupts implements [SetAction].
func (*Scale) Disrupts() bool { return true }

// Endangers implements [SetAction].
func (a *Scale) Endangers(s *sts.Snapshot) []sts.Replica {
	if a.To >= sts.DesiredReplicas(s.Set) {
		return nil
	}
	due, end := dueForUpdate(s), sts.Start(s.Set)+sts.Ordinal(a.To)
	return endangered(s, func(r sts.Replica) bool { return r.Desired && r.Ordinal >= end || due(r) })
}

func (a *Scale) after(f Facts) Facts {
	f.Scaled = withKey(f.Scaled, a.Ordinal, true)
	return f
}

func (a *Scale) simulate(w *preview) error {
	w.Set = w.Set.DeepCopy()
	w.Set.Spec.Replicas = &a.To
	w.Set.Generation++
	return nil
}

func (*Scale) refusal(o *Objection, namespace, set string) *Decision {
	d := o.RefuseWrite(namespace, "scale", set)
	return &d
}
