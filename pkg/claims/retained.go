package claims

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// RetainedSum is the data of deleted claims that volumes retain.
type RetainedSum struct {
	// Volumes is the number of volumes that retain the data of a deleted claim.
	Volumes int `json:"volumes"`
	// Size is their total size.
	Size resource.Quantity `json:"size"`
	// Namespaces are the namespaces of these claims.
	Namespaces []string `json:"namespaces,omitempty"`
	// Notable are claims that may require action.
	Notable []RetainedClaim `json:"notable,omitempty"`
}

// RetainedClaim is a claim whose data a volume retains, and which exists again, is needed
// again, or whose deletion was interrupted.
type RetainedClaim struct {
	// Namespace is the namespace of the PersistentVolumeClaim.
	Namespace string `json:"namespace"`
	// Claim is the name of the PersistentVolumeClaim.
	Claim string `json:"claim"`
	// Volume is the PersistentVolume with the data.
	Volume string `json:"volume"`
	// DeletedAt is when it was deleted.
	DeletedAt metav1.Time `json:"deletedAt"`
	// State is the state of the claim.
	State RetainedState `json:"state"`
	// Message is the same, in words.
	Message string `json:"message"`
}

// RetainedState is the state of a deleted claim whose data a volume retains, if it may require action.
type RetainedState string

// The states that are notable.
const (
	// RetainedMissing: an ordinal or a pod requires the claim, and it does not exist: `undo` restores
	// it.
	RetainedMissing RetainedState = "Missing"
	// RetainedWaiting: a new claim of that name is needed and has no volume yet: `undo` binds it to this volume.
	RetainedWaiting RetainedState = "Waiting"
	// RetainedReplaced: a new claim of that name is needed or in use, on another volume.
	RetainedReplaced RetainedState = "Replaced"
	// RetainedTerminating: the claim is being deleted and a pod uses it: it is deleted with the pod.
	RetainedTerminating RetainedState = "Terminating"
	// RetainedRescued: another client has deleted the claim or its volume, a pod still uses it, and
	// the data is retained: `undo` restores it when the pod is gone.
	RetainedRescued RetainedState = "Rescued"
	// RetainedInterrupted: the claim is on this volume: a deletion or an undo was interrupted, and
	// `undo` restores the reclaim policy of the volume.
	RetainedInterrupted RetainedState = "Interrupted"
)

// Urgent reports whether the claim is needed and must be restored.
func (c *RetainedClaim) Urgent() bool {
	return c.State == RetainedMissing || c.State == RetainedWaiting
}

// newRetained counts the volumes that retain data of the selected claims.
func newRetained(inv *sts.Inventory, judge *Judge, picks func(claim string, v *Judgment, namespace string) bool) *RetainedSum {
	sum := &RetainedSum{}
	var there map[[2]string]*corev1.PersistentVolumeClaim
	for i := range inv.Volumes {
		volume := &inv.Volumes[i]
		kept := volume.Retained
		if kept == nil || kept.Copy != "" || // its copy is what counts
			volume.Claim.Name != "" && (volume.Claim.Name != kept.Claim.Name || volume.Claim.Namespace != kept.Claim.Namespace) {
			continue
		}
		if there == nil {
			there = make(map[[2]string]*corev1.PersistentVolumeClaim, len(inv.Claims))
			for _, c := range inv.Claims {
				there[[2]string{c.Namespace, c.Name}] = c
			}
		}
		c := there[[2]string{kept.Claim.Namespace, kept.Claim.Name}]
		judged := kept.Claim
		if c != nil {
			judged = c
		}
		v := judge.Judge(judged)
		if !picks(judged.Name, &v, judged.Namespace) {
			continue
		}
		state := retainedState(volume, c, &v, c != nil && judge.MountedBy(c) != "")
		if state != RetainedInterrupted {
			sum.Volumes++
			sum.Size.Add(kept.Size)
			if !slices.Contains(sum.Namespaces, judged.Namespace) {
				sum.Namespaces = append(sum.Namespaces, judged.Namespace)
			}
		}
		if state != "" {
			sum.Notable = append(sum.Notable, RetainedClaim{
				Namespace: judged.Namespace, Claim: judged.Name, Volume: volume.Name, DeletedAt: metav1.NewTime(kept.DeletedAt),
				State: state, Message: retainedMessage(state, kept, inv.TakenAt),
			})
		}
	}
	slices.Sort(sum.Namespaces)
	slices.SortFunc(sum.Notable, func(a, b RetainedClaim) int {
		return strings.Compare(a.Namespace+"/"+a.Claim+"/"+a.Volume, b.Namespace+"/"+b.Claim+"/"+b.Volume)
	})
	return sum
}

func retainedMessage(s RetainedState, kept *sts.RetainedClaim, now time.Time) string {
	switch {
	case s == RetainedRescued && kept.CopyOf != "":
		return msgRetainedRescuedVolume()
	case s == RetainedRescued:
		return msgRetainedRescued(sts.Age(now.Sub(kept.DeletedAt)))
	case s == RetainedTerminating && kept.Kind == sts.RetainedSetAside:
		return msgRetainedSetAside()
	case s == RetainedTerminating:
		return msgRetainedHeld()
	case s == RetainedMissing:
		return msgRetainedMissing()
	case s == RetainedWaiting:
		return msgRetainedWaiting()
	case s == RetainedReplaced:
		return msgRetainedReplaced()
	}
	return msgRetainedUnfinished()
}

// retainedState is what is notable about the claim c, which is nil if it does not exist and
// held if a pod uses it; empty when nothing is.
func retainedState(volume *sts.Volume, c *corev1.PersistentVolumeClaim, v *Judgment, held bool) RetainedState {
	wanted := v.State == ClaimDesired || v.State == ClaimInUse
	same := c != nil && c.UID == volume.Retained.UID
	switch kind := volume.Retained.Kind; {
	case kind == sts.RetainedSetAside && !same && (c == nil || c.Spec.VolumeName != volume.Name):
		return "" // the older claim is the one that is needed
	case same && (volume.Retained.CopyOf != "" || kind == sts.RetainedRescued && c.DeletionTimestamp != nil):
		return RetainedRescued
	case c == nil && wanted:
		return RetainedMissing
	case c == nil:
		return ""
	case c.DeletionTimestamp != nil:
		if same && held {
			return RetainedTerminating
		}
		return ""
	case same || c.Spec.VolumeName == volume.Name:
		return RetainedInterrupted
	case !wanted:
		return ""
	case c.Spec.VolumeName == "":
		return RetainedWaiting
	}
	return RetainedReplaced
}
