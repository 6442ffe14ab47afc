package diagnose

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ClaimRiskReason is why a pod's data would be lost when the pod is replaced: the first match in this
// order.
type ClaimRiskReason string

// The reasons.
const (
	// ClaimIsTerminating: the claim is being deleted: it remains until the last pod that mounts it has terminated.
	//
	// The API server keeps it by the finalizer kubernetes.io/pvc-protection.
	ClaimIsTerminating ClaimRiskReason = "ClaimTerminating"
	// ClaimIsLost: the claim has lost its PersistentVolume: no new pod can mount it.
	ClaimIsLost ClaimRiskReason = "ClaimLost"
	// ClaimIsMissing: the claim that the pod mounts does not exist.
	ClaimIsMissing ClaimRiskReason = "ClaimMissing"
	// VolumeIsTerminating: the PersistentVolume is being deleted: it remains until the claim is gone.
	//
	// The API server keeps it by the finalizer kubernetes.io/pv-protection.
	VolumeIsTerminating ClaimRiskReason = "VolumeTerminating"
	// VolumeIsMissing: the PersistentVolume does not exist.
	VolumeIsMissing ClaimRiskReason = "VolumeMissing"
	// VolumeIsTaken: the PersistentVolume is bound to another claim, or to an earlier one of this
	// name.
	VolumeIsTaken ClaimRiskReason = "VolumeTaken"
)

// ClaimRisk is a claim of a pod whose data would be lost with the pod, or without which the
// pod could not start again.
type ClaimRisk struct {
	// Reason is why the data would be lost.
	Reason ClaimRiskReason `json:"reason"`
	// Claim is the PersistentVolumeClaim.
	Claim string `json:"claim"`
	// Volume is its PersistentVolume; absent if it names none.
	Volume string `json:"volume,omitempty"`
	// DeletionTimestamp is when the deletion of the claim or the volume was requested, depending on
	// the reason.
	DeletionTimestamp *metav1.Time `json:"deletionTimestamp,omitempty"`
	// Message is the same, in words.
	Message string `json:"message"`
	// Rescuable is true if `kubectl sts pvc-gc rescue` can save the data.
	Rescuable bool `json:"rescuable,omitempty"`
}

// ClaimRisks are the risks to the claims that the replica's pod mounts, whichever client created
// them. An ephemeral volume's claim is meant to be deleted with its pod. A pod that has no node holds
// no claim and has written nothing. Claims that could not be read are not judged: see
// [sts.Snapshot.Knows].
func ClaimRisks(s *sts.Snapshot, r sts.Replica) []ClaimRisk {
	if r.Pod == nil || r.Pod.Spec.NodeName == "" || !s.Knows("persistentvolumeclaims") {
		return nil
	}
	var out []ClaimRisk
	for i := range r.Pod.Spec.Volumes {
		source := r.Pod.Spec.Volumes[i].PersistentVolumeClaim
		if source == nil {
			continue
		}
		c := s.Claim(source.ClaimName)
		if c != nil && !r.Desired && ownedByPod(c, r.Pod) {
			continue // whenScaled: Delete
		}
		if risk := claimRisk(s, source.ClaimName, c); risk != nil {
			out = append(out, *risk)
		}
	}
	return out
}

// SharedClaims are the claims of the replica's pod that are being deleted and that other pods of
// the set mount, too: until all of these are gone no new pod can mount them, even if the data is
// rescued.
func SharedClaims(s *sts.Snapshot, r sts.Replica) []ClaimRisk {
	var out []ClaimRisk
	for i := range r.Pod.Spec.Volumes {
		source := r.Pod.Spec.Volumes[i].PersistentVolumeClaim
		if source == nil {
			continue
		}
		c := s.Claim(source.ClaimName)
		if c == nil || c.DeletionTimestamp == nil {
			continue
		}
		for _, other := range s.Pods {
			if other.Name != r.Pod.Name && slices.Contains(sts.MountedClaims(other), c.Name) {
				out = append(out, ClaimRisk{Reason: ClaimIsTerminating, Claim: c.Name, Volume: c.Spec.VolumeName, DeletionTimestamp: c.DeletionTimestamp,
					Message: msgRiskClaimShared(c.Name, other.Name)})
				break
			}
		}
	}
	return out
}

// MountsClaims reports whether the replica's pod mounts a claim that should outlive it.
func MountsClaims(r sts.Replica) bool {
	return r.Pod != nil && r.Pod.Spec.NodeName != "" &&
		slices.ContainsFunc(r.Pod.Spec.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil })
}

func ownedByPod(c *corev1.PersistentVolumeClaim, pod *corev1.Pod) bool {
	return slices.ContainsFunc(c.OwnerReferences, func(ref metav1.OwnerReference) bool { return ref.UID == pod.UID })
}

// claimRisk judges one claim of the snapshot; c is nil when it does not exist.
func claimRisk(s *sts.Snapshot, name string, c *corev1.PersistentVolumeClaim) *ClaimRisk {
	if c == nil {
		return &ClaimRisk{Reason: ClaimIsMissing, Claim: name, Message: msgRiskClaimMissing(name)}
	}
	return NewClaimRisk(c, s.Volume, s.Volumes != nil && s.Knows("persistentvolumes"), s.TakenAt)
}

// NewClaimRisk judges a claim that a pod mounts by the claim and its volume: nil if the data
// outlives the pod. volume finds a PersistentVolume by its name; seen is false if volumes were
// not read. A rescue of a volume that is being deleted counts while its copy exists.
func NewClaimRisk(c *corev1.PersistentVolumeClaim, volume func(name string) (sts.Volume, bool), seen bool, now time.Time) *ClaimRisk {
	risk := &ClaimRisk{Claim: c.Name, Volume: c.Spec.VolumeName}
	v, found := volume(c.Spec.VolumeName)
	safe := found && sts.Rescued(c, v)
	if safe && v.DeletionTimestamp != nil {
		held, exists := volume(v.Retained.Copy)
		safe = exists && held.DeletionTimestamp == nil
	}
	switch {
	case safe && (c.DeletionTimestamp != nil || v.DeletionTimestamp != nil):
		return nil
	case c.DeletionTimestamp != nil:
		risk.Reason, risk.DeletionTimestamp, risk.Rescuable = ClaimIsTerminating, c.DeletionTimestamp, c.Spec.VolumeName != "" && c.Status.Phase != corev1.ClaimLost
		risk.Message = msgRiskClaimTerminating(c.Name, sts.Age(now.Sub(c.DeletionTimestamp.Time)), effectOf(c, v, seen))
	case c.Status.Phase == corev1.ClaimLost:
		risk.Reason = ClaimIsLost
		risk.Message = msgRiskClaimLost(c.Name, c.Spec.VolumeName)
	case c.Status.Phase != corev1.ClaimBound || !seen || c.Spec.VolumeName == "":
		return nil
	case !found:
		risk.Reason = VolumeIsMissing
		risk.Message = msgRiskVolumeMissing(c.Name, c.Spec.VolumeName)
	case v.Claim.Name != "" && (v.Claim.Namespace != c.Namespace || v.Claim.Name != c.Name || v.Claim.UID != "" && v.Claim.UID != c.UID):
		risk.Reason = VolumeIsTaken
		risk.Message = msgRiskVolumeTaken(c.Name, v.Name, v.Claim.Namespace, v.Claim.Name, string(v.Claim.UID))
	case v.DeletionTimestamp != nil:
		risk.Reason, risk.DeletionTimestamp, risk.Rescuable = VolumeIsTerminating, v.DeletionTimestamp, true
		risk.Message = msgRiskVolumeTerminating(c.Name, v.Name, sts.Age(now.Sub(v.DeletionTimestamp.Time)))
	default:
		return nil
	}
	return risk
}

// effectOf is what happens to the data of a claim that is being deleted when its last pod is gone.
func effectOf(c *corev1.PersistentVolumeClaim, v sts.Volume, seen bool) string {
	switch {
	case c.Spec.VolumeName != "" && !seen:
		return msgEffectUnknown(c.Spec.VolumeName)
	case v.Name == "":
		return msgEffectClaimOnly()
	case v.ReclaimPolicy == corev1.PersistentVolumeReclaimRetain:
		return msgEffectRetained(v.Name)
	}
	return msgEffectDeleted(v.Name, string(v.ReclaimPolicy))
}

// RiskClaims are the names of the claims at risk, each once.
func RiskClaims(risks []ClaimRisk) []string {
	var names []string
	for _, r := range risks {
		if !slices.Contains(names, r.Claim) {
			names = append(names, r.Claim)
		}
	}
	return names
}

// RescueCommand saves the data of the claims that can be rescued; empty when none can.
func RescueCommand(namespace string, risks []ClaimRisk) sts.Hint {
	names := RiskClaims(slices.DeleteFunc(slices.Clone(risks), func(r ClaimRisk) bool { return !r.Rescuable }))
	if len(names) == 0 {
		return nil
	}
	return sts.Kubectl(namespace, "sts pvc-gc rescue", names...)
}

// ReplaceCommand is the command after which the controller recreates the replica's pod, for a
// hint. Where data would be lost with the pod, it is the command that saves the data first.
func ReplaceCommand(s *sts.Snapshot, r sts.Replica) sts.Hint {
	if risks := ClaimRisks(s, r); len(risks) > 0 {
		if rescue := RescueCommand(s.Set.Namespace, risks); len(rescue) > 0 {
			return rescue
		}
		return sts.Kubectl(s.Set.Namespace, "describe pvc", risks[0].Claim)
	}
	return sts.Kubectl(s.Set.Namespace, "delete pod", s.Name(r.Ordinal))
}
