package diagnose

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// WhyUnbound is why the claim is not bound: by the volume that it names, by the newest of its
// warning events, or by what it requests. It is empty when the claim is bound or the reason is
// unknown.
func WhyUnbound(s *sts.Snapshot, c *corev1.PersistentVolumeClaim) string {
	if c.Status.Phase == corev1.ClaimBound || c.DeletionTimestamp != nil {
		return ""
	}
	if why := wrongVolume(s, c); why != "" {
		return why
	}
	if e := newestWarning(s, "PersistentVolumeClaim", c.UID, func(*corev1.Event) bool { return true }); e != nil {
		return e.Reason + ": " + strings.TrimSpace(e.Message)
	}
	class, name := c.Spec.StorageClassName, c.Spec.VolumeName
	switch {
	case name != "":
	case class != nil && *class == "":
		return msgUnboundEmptyClass()
	case class == nil && c.Annotations[corev1.BetaStorageClassAnnotation] == "":
		return msgUnboundNoClass()
	}
	return ""
}

// wrongVolume is why the claim cannot be bound to the PersistentVolume that it names.
func wrongVolume(s *sts.Snapshot, c *corev1.PersistentVolumeClaim) string {
	name := c.Spec.VolumeName
	if name == "" || s.Volumes == nil || !s.Knows("persistentvolumes") {
		return ""
	}
	v, found := s.Volume(name)
	switch ref := v.Claim; {
	case !found:
		return msgUnboundVolumeMissing(name)
	case ref.Name == "":
	case ref.Namespace != c.Namespace || ref.Name != c.Name:
		return msgUnboundVolumeTaken(name, ref.Namespace, ref.Name)
	case ref.UID != "" && ref.UID != c.UID:
		return msgUnboundVolumeStale(name, string(ref.UID), string(c.UID))
	}
	return ""
}
