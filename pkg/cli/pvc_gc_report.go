package cli

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// GCReport is the result of a command that deletes, restores or rescues claims, or purges their
// volumes.
type GCReport struct {
	metav1.TypeMeta `json:",inline"`
	// Command is `pvc-gc` for `--delete`, `pvc-gc rescue`, `pvc-gc undo`, `pvc-gc purge`.
	Command string `json:"command"`
	// StartedAt is when the state was read, by the cluster's clock.
	StartedAt metav1.Time `json:"startedAt"`
	// EndedAt is when the command ended.
	EndedAt metav1.Time `json:"endedAt"`
	// DryRun is `client` or `server` if this was a dry run, in which nothing is written. Also absent from a
	// list.
	DryRun string `json:"dryRun,omitempty"`
	// Items are the affected claims.
	Items []GCItem `json:"items"`
	// With `--delete`: claims of earlier deletions that may require action.
	Earlier []claims.RetainedClaim `json:"earlier,omitempty"`
	// Missing is what could not be read, usually because a permission is missing.
	Missing []sts.Missing `json:"missing,omitempty"`
}

// Split implements [itemised].
func (r *GCReport) Split() (head any, items iter.Seq[any]) {
	without := *r
	without.Items = []GCItem{}
	return &without, claims.Each(r.Items)
}

// GCItem is one claim, and what was done to it.
type GCItem struct {
	// Namespace is the namespace of the PersistentVolumeClaim.
	Namespace string `json:"namespace"`
	// Claim is the name of the PersistentVolumeClaim.
	Claim string `json:"claim"`
	// Size is its size, or that of its volume.
	Size string `json:"size,omitempty"`
	// Class is its storage class.
	Class string `json:"class,omitempty"`
	// Volume is the PersistentVolume with the data; absent if there never was one.
	Volume string `json:"volume,omitempty"`
	// ReclaimPolicy is the volume's original reclaim policy, which is restored together with the claim.
	ReclaimPolicy string `json:"reclaimPolicy,omitempty"`
	// With `undo` and `purge`: why the volume retains the data.
	State sts.RetainedKind `json:"state,omitempty"`
	// Message is why the claim could be deleted, or with `rescue` what is at risk.
	Message string `json:"message,omitempty"`
	// With `rescue`, `undo` and `purge`: when it was deleted; with `rescue` absent if only its volume
	// is being deleted.
	DeletedAt *metav1.Time `json:"deletedAt,omitempty"`
	// With `undo` and `purge`: who deleted it.
	DeletedBy string `json:"deletedBy,omitempty"`
	// Outcome is the result; absent if the claim was not processed. In a dry run the verdict `Do` is for
	// a claim that would be changed, with the last step that was tried, or with `--dry-run=client` the
	// next step; `Wait` is for one that would be changed after something that the command waits for.
	Outcome *claims.ClaimDecision `json:"outcome,omitempty"`
	// Error is the error that ended it, including a timeout or an interruption.
	Error string `json:"error,omitempty"`

	word string // what the result is counted as; empty if the claim was not processed
}

func retainedItem(r retained) GCItem {
	at := metav1.NewTime(r.Record.DeletedAt)
	size := r.Volume.Spec.Capacity[corev1.ResourceStorage]
	return GCItem{
		Namespace: r.Record.Claim.Namespace, Claim: r.Record.Claim.Name, Size: size.String(), Class: r.Volume.Spec.StorageClassName,
		Volume: r.Volume.Name, ReclaimPolicy: string(r.Record.ReclaimPolicy), State: r.Record.Kind(), Message: r.Record.Reason, DeletedAt: &at, DeletedBy: r.Record.DeletedBy,
	}
}
