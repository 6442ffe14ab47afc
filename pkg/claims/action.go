package claims

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// Action is one step for a claim: a write to it or to its volume, or a check. The types of this
// package are the only ones: see [Actions].
type Action interface {
	isAction()

	// Describe says what the action does, and why, as people read it.
	Describe() string
	// IsAPIWrite says whether the action changes an object in the API server.
	IsAPIWrite() bool
	// EndsDryRun says whether the steps after it depend on a real change in the cluster.
	EndsDryRun() bool
}

// Actions are all types of actions, as in [Action].
func Actions() []Action {
	return []Action{
		&RetainVolume{}, &RescueVolume{}, &SetAsideVolume{}, &ClearClaimRef{}, &ReleaseVolume{}, &PurgeVolume{}, &DeleteVolume{}, &CopyVolume{},
		&MarkKept{}, &UnmarkKept{}, &RestoreOwners{}, &CreateClaim{}, &DeleteClaim{}, &CheckUsage{}, &CheckOwners{},
	}
}

// VolumePatch changes a PersistentVolume with one JSON patch (RFC 6902), if it still has
// this UID and has not changed.
type VolumePatch struct {
	Description string
	Name        string
	UID         types.UID
	// ReclaimPolicy is the new one, empty when it stays.
	ReclaimPolicy corev1.PersistentVolumeReclaimPolicy
	Ops           []operate.PatchOp
}

// Describe implements [Action].
func (p *VolumePatch) Describe() string { return p.Description }

// IsAPIWrite implements [Action].
func (*VolumePatch) IsAPIWrite() bool { return true }

// RetainVolume sets the volume of a claim that is deleted next to reclaim policy Retain, and
// records the claim on it.
type RetainVolume struct{ VolumePatch }

func (*RetainVolume) isAction() {}

// EndsDryRun implements [Action].
func (*RetainVolume) EndsDryRun() bool { return false }

// RescueVolume is a [RetainVolume] for a claim that another client deletes.
type RescueVolume struct{ VolumePatch }

func (*RescueVolume) isAction() {}

// EndsDryRun implements [Action].
func (*RescueVolume) EndsDryRun() bool { return true }

// SetAsideVolume is a [RetainVolume] for a claim that makes room for an older one of its name.
type SetAsideVolume struct{ VolumePatch }

func (*SetAsideVolume) isAction() {}

// EndsDryRun implements [Action].
func (*SetAsideVolume) EndsDryRun() bool { return false }

// ClearClaimRef reserves a volume for the next claim of the same name.
type ClearClaimRef struct{ VolumePatch }

func (*ClearClaimRef) isAction() {}

// EndsDryRun implements [Action].
func (*ClearClaimRef) EndsDryRun() bool { return false }

// ReleaseVolume restores the reclaim policy of a volume, and removes what kubectl-sts has left on it.
type ReleaseVolume struct{ VolumePatch }

func (*ReleaseVolume) isAction() {}

// EndsDryRun implements [Action].
func (*ReleaseVolume) EndsDryRun() bool { return true }

// PurgeVolume makes the cluster delete a volume and its data.
type PurgeVolume struct{ VolumePatch }

func (*PurgeVolume) isAction() {}

// EndsDryRun implements [Action].
func (*PurgeVolume) EndsDryRun() bool { return true }

// DeleteVolume deletes a PersistentVolume, but not its storage, if it still has this UID and has not
// changed.
type DeleteVolume struct {
	Description     string
	Name            string
	UID             types.UID
	ResourceVersion string
}

func (*DeleteVolume) isAction() {}

// Describe implements [Action].
func (a *DeleteVolume) Describe() string { return a.Description }

// IsAPIWrite implements [Action].
func (*DeleteVolume) IsAPIWrite() bool { return true }

// EndsDryRun implements [Action].
func (*DeleteVolume) EndsDryRun() bool { return true }

// CopyVolume creates a PersistentVolume for the storage of one that is being deleted.
type CopyVolume struct {
	Description string
	Volume      *corev1.PersistentVolume
}

func (*CopyVolume) isAction() {}

// Describe implements [Action].
func (a *CopyVolume) Describe() string { return a.Description }

// IsAPIWrite implements [Action].
func (*CopyVolume) IsAPIWrite() bool { return true }

// EndsDryRun implements [Action].
func (*CopyVolume) EndsDryRun() bool { return true }

// ClaimPatch changes a claim with one JSON patch (RFC 6902), if it still has this UID.
type ClaimPatch struct {
	Description     string
	Namespace, Name string
	UID             types.UID
	Ops             []operate.PatchOp
}

// Describe implements [Action].
func (p *ClaimPatch) Describe() string { return p.Description }

// IsAPIWrite implements [Action].
func (*ClaimPatch) IsAPIWrite() bool { return true }

func newClaimPatch(why string, c *corev1.PersistentVolumeClaim, ops ...operate.PatchOp) ClaimPatch {
	return ClaimPatch{Description: why, Namespace: c.Namespace, Name: c.Name, UID: c.UID,
		Ops: append([]operate.PatchOp{operate.Op("test", "/metadata/uid", c.UID)}, ops...)}
}

const annotationsPath = "/metadata/annotations"

// MarkKept adds the keep annotation to a claim, so that no pvc-gc deletes it.
type MarkKept struct{ ClaimPatch }

func newMarkKept(c *corev1.PersistentVolumeClaim) *MarkKept {
	ops := []operate.PatchOp{operate.Op("test", "/metadata/deletionTimestamp", nil)}
	if len(c.Annotations) == 0 {
		ops = append(ops, operate.Op("test", annotationsPath, nil), operate.Op("add", annotationsPath, map[string]string{KeepAnnotation: KeptMeanwhile}))
	} else {
		ops = append(ops, operate.Op("add", annotationsPath+"/"+operate.EscapePointer(KeepAnnotation), KeptMeanwhile))
	}
	return &MarkKept{newClaimPatch(stepMarkKept(c.Name), c, ops...)}
}

func (*MarkKept) isAction() {}

// EndsDryRun implements [Action].
func (*MarkKept) EndsDryRun() bool { return false }

// UnmarkKept removes the annotation of a [MarkKept].
type UnmarkKept struct{ ClaimPatch }

func newUnmarkKept(c *corev1.PersistentVolumeClaim) *UnmarkKept {
	path := annotationsPath + "/" + operate.EscapePointer(KeepAnnotation)
	return &UnmarkKept{newClaimPatch(stepUnmarkKept(c.Name), c,
		operate.Op("test", path, KeptMeanwhile), operate.PatchOp{Op: "remove", Path: path})}
}

func (*UnmarkKept) isAction() {}

// EndsDryRun implements [Action].
func (*UnmarkKept) EndsDryRun() bool { return false }

// RestoreOwners restores the owner references of a claim.
type RestoreOwners struct{ ClaimPatch }

func (*RestoreOwners) isAction() {}

// EndsDryRun implements [Action].
func (*RestoreOwners) EndsDryRun() bool { return false }

// CreateClaim recreates a claim on the volume that it had.
type CreateClaim struct {
	Description string
	Claim       *corev1.PersistentVolumeClaim
}

func (*CreateClaim) isAction() {}

// Describe implements [Action].
func (a *CreateClaim) Describe() string { return a.Description }

// IsAPIWrite implements [Action].
func (*CreateClaim) IsAPIWrite() bool { return true }

// EndsDryRun implements [Action].
func (*CreateClaim) EndsDryRun() bool { return true }

// DeleteClaim deletes a claim, if it still has this UID and has not changed since it was read.
type DeleteClaim struct {
	Description     string
	Namespace, Name string
	UID             types.UID
	ResourceVersion string
}

func (*DeleteClaim) isAction() {}

// Describe implements [Action].
func (a *DeleteClaim) Describe() string { return a.Description }

// IsAPIWrite implements [Action].
func (*DeleteClaim) IsAPIWrite() bool { return true }

// EndsDryRun implements [Action].
func (*DeleteClaim) EndsDryRun() bool { return true }

// CheckUsage reads what may need a claim in its namespace.
type CheckUsage struct {
	Description string
	Namespace   string
}

func (*CheckUsage) isAction() {}

// Describe implements [Action].
func (a *CheckUsage) Describe() string { return a.Description }

// IsAPIWrite implements [Action].
func (*CheckUsage) IsAPIWrite() bool { return false }

// EndsDryRun implements [Action].
func (*CheckUsage) EndsDryRun() bool { return false }

// CheckOwners reads the owners of a claim: with a reference to one that does not exist, the
// garbage collector would delete the claim.
type CheckOwners struct {
	Description string
	Namespace   string
	Refs        []metav1.OwnerReference
}

func (*CheckOwners) isAction() {}

// Describe implements [Action].
func (a *CheckOwners) Describe() string { return a.Description }

// IsAPIWrite implements [Action].
func (*CheckOwners) IsAPIWrite() bool { return false }

// EndsDryRun implements [Action].
func (*CheckOwners) EndsDryRun() bool { return false }
