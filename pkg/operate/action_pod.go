package operate

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// PodRef is the one pod that an action is about.
type PodRef struct {
	// Name is the name of the pod.
	Name string `json:"name"`
	// UID is the UID of the pod: another pod of that name is not touched.
	UID types.UID `json:"uid"`
	// Ordinal is the ordinal of the pod.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Revision is the revision it runs.
	Revision string `json:"revision"`
}

func podRef(r sts.Replica) PodRef {
	return PodRef{Name: r.Pod.Name, UID: r.Pod.UID, Ordinal: r.Ordinal, Revision: r.Revision}
}

// EvictPod evicts one pod through the API server, which enforces PodDisruptionBudgets, if the pod
// still has this UID. The pod is recreated on the same revision.
type EvictPod struct {
	Description string `json:"-"`
	PodRef
}

func (*EvictPod) isSetAction() {}

// Type implements [SetAction].
func (*EvictPod) Type() string { return "EvictPod" }

// Describe implements [SetAction].
func (a *EvictPod) Describe() string { return a.Description }

// IsAPIWrite implements [SetAction].
func (*EvictPod) IsAPIWrite() bool { return true }

// Disrupts implements [SetAction].
func (*EvictPod) Disrupts() bool { return true }

// Endangers implements [SetAction].
func (a *EvictPod) Endangers(s *sts.Snapshot) []sts.Replica { return endangeredByRemoval(s, a.UID) }

func (*EvictPod) after(f Facts) Facts { return f }

func (a *EvictPod) simulate(w *preview) error {
	w.Delete(a.Ordinal)
	return nil
}

func (a *EvictPod) refusal(o *Objection, namespace, _ string) *Decision {
	d := o.RefuseRemoval(namespace, "evict", a.Name)
	return &d
}

// DeletePod deletes one pod, if it still has this UID.
type DeletePod struct {
	Description string `json:"-"`
	PodRef
}

func (*DeletePod) isSetAction() {}

// Type implements [SetAction].
func (*DeletePod) Type() string { return "DeletePod" }

// Describe implements [SetAction].
func (a *DeletePod) Describe() string { return a.Description }

// IsAPIWrite implements [SetAction].
func (*DeletePod) IsAPIWrite() bool { return true }

// Disrupts implements [SetAction].
func (*DeletePod) Disrupts() bool { return true }

// Endangers implements [SetAction].
func (a *DeletePod) Endangers(s *sts.Snapshot) []sts.Replica { return endangeredByRemoval(s, a.UID) }

func (a *DeletePod) after(f Facts) Facts {
	f.Deleted = withKey(f.Deleted, a.UID, a.Name)
	return f
}

func (a *DeletePod) simulate(w *preview) error {
	w.Delete(a.Ordinal)
	return nil
}

func (a *DeletePod) refusal(o *Objection, namespace, _ string) *Decision {
	d := o.RefuseRemoval(namespace, "delete", a.Name)
	return &d
}

// DryRunEviction checks with a dry run whether the API server would evict the pod.
//
// An eviction that the API server declines uses up a disruption of a budget for two minutes, a dry run
// does not.
type DryRunEviction struct {
	Description string `json:"-"`
	PodRef
	// When distinguishes two such dry runs for one pod.
	When string `json:"when"`
}

// EvictionCheck identifies a [DryRunEviction].
type EvictionCheck struct {
	Pod  PodRef
	When string
}

// Check is the key of the dry run in [Facts.Allowed].
func (a *DryRunEviction) Check() EvictionCheck { return EvictionCheck{Pod: a.PodRef, When: a.When} }

func (*DryRunEviction) isSetAction() {}

// Type implements [SetAction].
func (*DryRunEviction) Type() string { return "DryRunEviction" }

// Describe implements [SetAction].
func (a *DryRunEviction) Describe() string { return a.Description }

// IsAPIWrite implements [SetAction].
func (*DryRunEviction) IsAPIWrite() bool { return false }

// Disrupts implements [SetAction].
func (*DryRunEviction) Disrupts() bool { return false }

// Endangers implements [SetAction].
func (*DryRunEviction) Endangers(*sts.Snapshot) []sts.Replica { return nil }

func (a *DryRunEviction) after(f Facts) Facts {
	f.Allowed = withKey(f.Allowed, a.Check(), true)
	return f
}

func (*DryRunEviction) simulate(*preview) error { return nil }

func (*DryRunEviction) refusal(*Objection, string, string) *Decision { return nil }

// FinalizerPatch changes the finalizers of a pod with one JSON patch (RFC 6902), if the pod still
// has this UID.
type FinalizerPatch struct {
	Description string `json:"-"`
	// Name is the name of the pod.
	Name string `json:"name"`
	// UID is the UID of the pod: another pod of that name is not changed.
	UID types.UID `json:"uid"`
	// Ordinal is the ordinal of the pod.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Ops are the JSON patch as it is sent, `test` operations included.
	Ops []PatchOp `json:"ops"`
}

// Describe implements [SetAction].
func (p *FinalizerPatch) Describe() string { return p.Description }

// IsAPIWrite implements [SetAction].
func (*FinalizerPatch) IsAPIWrite() bool { return true }

func (p *FinalizerPatch) simulate(w *preview) error {
	pod, err := Patched(w.Pods[p.Name], p.Ops)
	if err != nil {
		return err
	}
	w.Pods[p.Name] = pod
	return nil
}

func (p *FinalizerPatch) refusal(o *Objection, namespace, _ string) *Decision {
	d := o.RefuseRemoval(namespace, "patch", p.Name)
	return &d
}

const finalizersPath = "/metadata/finalizers"

func newFinalizerPatch(why string, pod *corev1.Pod, o sts.Ordinal, ops ...PatchOp) FinalizerPatch {
	return FinalizerPatch{Description: why, Name: pod.Name, UID: pod.UID, Ordinal: o,
		Ops: append([]PatchOp{Op("test", "/metadata/uid", pod.UID)}, ops...)}
}

// AddFinalizer adds the finalizer `kubectl-sts.dev/leaving` to a pod, so that the pod is not recreated.
type AddFinalizer struct{ FinalizerPatch }

func newAddFinalizer(why string, pod *corev1.Pod, o sts.Ordinal) *AddFinalizer {
	// The API server adds no finalizer to a pod that is being deleted.
	ops := []PatchOp{Op("test", "/metadata/deletionTimestamp", nil)}
	if len(pod.Finalizers) == 0 {
		ops = append(ops, Op("test", finalizersPath, nil), Op("add", finalizersPath, []string{record.LeavingFinalizer}))
	} else {
		ops = append(ops, Op("add", finalizersPath+"/-", record.LeavingFinalizer))
	}
	return &AddFinalizer{newFinalizerPatch(why, pod, o, ops...)}
}

func (*AddFinalizer) isSetAction() {}

// Type implements [SetAction].
func (*AddFinalizer) Type() string { return "AddFinalizer" }

// Disrupts implements [SetAction].
func (*AddFinalizer) Disrupts() bool { return false }

// Endangers implements [SetAction].
func (*AddFinalizer) Endangers(*sts.Snapshot) []sts.Replica { return nil }

func (a *AddFinalizer) after(f Facts) Facts {
	f.FinalizersAdded = withKey(f.FinalizersAdded, a.UID, f.FinalizersAdded[a.UID]+1)
	return f
}

// RemoveFinalizer removes the finalizer `kubectl-sts.dev/leaving` from a pod.
type RemoveFinalizer struct{ FinalizerPatch }

// NewRemoveFinalizer removes our finalizer from a pod that has it.
func NewRemoveFinalizer(why string, pod *corev1.Pod, o sts.Ordinal) *RemoveFinalizer {
	path := fmt.Sprintf("%s/%d", finalizersPath, slices.Index(pod.Finalizers, record.LeavingFinalizer))
	return &RemoveFinalizer{newFinalizerPatch(why, pod, o,
		Op("test", path, record.LeavingFinalizer), PatchOp{Op: "remove", Path: path})}
}

func (*RemoveFinalizer) isSetAction() {}

// Type implements [SetAction].
func (*RemoveFinalizer) Type() string { return "RemoveFinalizer" }

// Disrupts implements [SetAction].
func (*RemoveFinalizer) Disrupts() bool { return true }

// Endangers implements [SetAction]. A pod that is not being deleted stays without the finalizer.
func (a *RemoveFinalizer) Endangers(s *sts.Snapshot) []sts.Replica {
	if !terminating(s, a.UID) {
		return nil
	}
	return endangeredByRemoval(s, a.UID)
}

func (*RemoveFinalizer) after(f Facts) Facts { return f }
