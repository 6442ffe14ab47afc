package cli

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// GCReport is the one document that a command prints which deletes, restores or rescues
// claims, or purges their volumes.
type GCReport struct {
	metav1.TypeMeta `json:",inline"`
	Command         string `json:"command"`
	// StartedAt and EndedAt are the cluster's time.
	StartedAt metav1.Time `json:"startedAt"`
	EndedAt   metav1.Time `json:"endedAt"`
	// DryRun is client or server when nothing was written.
	DryRun string   `json:"dryRun,omitempty"`
	Items  []GCItem `json:"items"`
	// Earlier are claims that were deleted before and are needed again, or whose deletion
	// was interrupted.
	Earlier []report.RetainedClaim `json:"earlier,omitempty"`
	// Missing is what could not be read.
	Missing []sts.Missing `json:"missing,omitempty"`
}

// Split implements [itemised].
func (r *GCReport) Split() (head any, items iter.Seq[any]) {
	without := *r
	without.Items = []GCItem{}
	return &without, report.Each(r.Items)
}

// GCItem is one claim, and what was done to it.
type GCItem struct {
	Namespace string `json:"namespace"`
	Claim     string `json:"claim"`
	Size      string `json:"size,omitempty"`
	Class     string `json:"class,omitempty"`
	// Volume is where the data is, ReclaimPolicy its original reclaim policy, without the
	// Retain of pvc-gc.
	Volume        string `json:"volume,omitempty"`
	ReclaimPolicy string `json:"reclaimPolicy,omitempty"`
	// Reason is why the claim can be deleted, or could.
	Reason    string       `json:"reason,omitempty"`
	DeletedAt *metav1.Time `json:"deletedAt,omitempty"`
	DeletedBy string       `json:"deletedBy,omitempty"`
	// Outcome is the result, absent when nothing was tried; Error is set when an error ended it.
	Outcome *operate.Decision `json:"outcome,omitempty"`
	Error   string            `json:"error,omitempty"`
}

func retainedItem(r retained) GCItem {
	at := metav1.NewTime(r.Record.DeletedAt)
	size := r.Volume.Spec.Capacity[corev1.ResourceStorage]
	return GCItem{
		Namespace: r.Record.Claim.Namespace, Claim: r.Record.Claim.Name, Size: size.String(), Class: r.Volume.Spec.StorageClassName,
		Volume: r.Volume.Name, ReclaimPolicy: string(r.Record.ReclaimPolicy), Reason: r.Record.Reason, DeletedAt: &at, DeletedBy: r.Record.DeletedBy,
	}
}
