package sts

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Volume is the relevant part of a PersistentVolume. There are as many as claims, and the API's
// object is large.
type Volume struct {
	Name          string
	ReclaimPolicy corev1.PersistentVolumeReclaimPolicy
	// Claim is what the volume is bound to; its name is empty if that is nothing.
	Claim struct {
		Namespace, Name string
		UID             types.UID
	}
	Storage Storage
	// Phase is the volume's.
	Phase corev1.PersistentVolumePhase
	// DeletionTimestamp is since when the volume is being deleted, nil when it is not.
	DeletionTimestamp *metav1.Time
	// Retained is set if it retains the data of a deleted claim.
	Retained *RetainedClaim
}

// CopiedTo is the volume for the same storage that a rescue created because this one is being
// deleted; empty when there is none.
func (v *Volume) CopiedTo() string {
	if v.Retained == nil {
		return ""
	}
	return v.Retained.Copy
}

// Storage identifies the storage behind a volume, as far as its source shows it: two volumes of
// one Storage have the same data.
type Storage struct{ Kind, Where, What string }

// NewVolume takes the relevant part of the volume.
func NewVolume(v *corev1.PersistentVolume) Volume {
	out := Volume{Name: v.Name, ReclaimPolicy: v.Spec.PersistentVolumeReclaimPolicy, Storage: storageOf(v), Phase: v.Status.Phase,
		DeletionTimestamp: v.DeletionTimestamp}
	if ref := v.Spec.ClaimRef; ref != nil {
		out.Claim.Namespace, out.Claim.Name, out.Claim.UID = ref.Namespace, ref.Name, ref.UID
	}
	if r, err := ReadRetained(v); err == nil && r != nil {
		r.Claim.OwnerReferences = nil // the claim is judged without its former owners
		out.Retained = &RetainedClaim{
			UID: r.UID, Claim: r.Claim, DeletedAt: r.DeletedAt, Copy: r.Copy, CopyOf: r.CopyOf, Kind: r.Kind(),
			Size: v.Spec.Capacity[corev1.ResourceStorage],
		}
	}
	return out
}

func storageOf(v *corev1.PersistentVolume) Storage {
	s := &v.Spec.PersistentVolumeSource
	switch {
	case s.CSI != nil:
		return Storage{"csi", s.CSI.Driver, s.CSI.VolumeHandle}
	case s.NFS != nil:
		return Storage{"nfs", s.NFS.Server, s.NFS.Path}
	case s.ISCSI != nil:
		return Storage{"iscsi", s.ISCSI.TargetPortal, fmt.Sprintf("%s/%d", s.ISCSI.IQN, s.ISCSI.Lun)}
	case s.Local != nil:
		return Storage{"local", hostOf(v), s.Local.Path}
	case s.HostPath != nil: // a different folder on each node
		return Storage{"hostPath", hostOf(v), s.HostPath.Path}
	case s.RBD != nil:
		return Storage{"rbd", strings.Join(s.RBD.CephMonitors, ","), s.RBD.RBDPool + "/" + s.RBD.RBDImage}
	case s.CephFS != nil:
		return Storage{"cephfs", strings.Join(s.CephFS.Monitors, ","), s.CephFS.Path}
	case s.AWSElasticBlockStore != nil:
		return Storage{"awsElasticBlockStore", "", s.AWSElasticBlockStore.VolumeID}
	case s.GCEPersistentDisk != nil:
		return Storage{"gcePersistentDisk", "", s.GCEPersistentDisk.PDName}
	case s.AzureDisk != nil:
		return Storage{"azureDisk", "", s.AzureDisk.DataDiskURI}
	case s.AzureFile != nil:
		return Storage{"azureFile", s.AzureFile.SecretName, s.AzureFile.ShareName}
	case s.Cinder != nil:
		return Storage{"cinder", "", s.Cinder.VolumeID}
	case s.VsphereVolume != nil:
		return Storage{"vsphereVolume", "", s.VsphereVolume.VolumePath}
	}
	return Storage{}
}

// Sharers are the names of other volumes for the same storage that may be in use: all but those
// that were released. Empty for an unknown storage.
func (s Storage) Sharers(volumes []Volume, name string) []string {
	var out []string
	for i := range volumes {
		v := &volumes[i]
		if s != (Storage{}) && v.Storage == s && v.Name != name && v.Phase != corev1.VolumeReleased && v.Phase != corev1.VolumeFailed {
			out = append(out, v.Name)
		}
	}
	slices.Sort(out)
	return out
}

// hostOf is the node that a local volume is on, by its node affinity.
func hostOf(v *corev1.PersistentVolume) string {
	if v.Spec.NodeAffinity == nil || v.Spec.NodeAffinity.Required == nil {
		return ""
	}
	var hosts []string
	for _, term := range v.Spec.NodeAffinity.Required.NodeSelectorTerms {
		for _, e := range term.MatchExpressions {
			if e.Key == corev1.LabelHostname {
				hosts = append(hosts, e.Values...)
			}
		}
	}
	slices.Sort(hosts)
	return strings.Join(hosts, ",")
}

// MountedClaims are the names of the claims that the pod has as volumes, including those of
// its ephemeral volumes.
func MountedClaims(pod *corev1.Pod) []string {
	var out []string
	for i := range pod.Spec.Volumes {
		switch v := &pod.Spec.Volumes[i]; {
		case v.PersistentVolumeClaim != nil:
			out = append(out, v.PersistentVolumeClaim.ClaimName)
		case v.Ephemeral != nil:
			out = append(out, pod.Name+"-"+v.Name)
		}
	}
	return out
}
