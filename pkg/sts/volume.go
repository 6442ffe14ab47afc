package sts

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Volume is what matters of a PersistentVolume. There are as many as claims, and the
// API's object is large.
type Volume struct {
	Name          string
	ReclaimPolicy corev1.PersistentVolumeReclaimPolicy
	// Claim is what the volume is bound to; its name is empty where that is nothing.
	Claim struct {
		Namespace, Name string
		UID             types.UID
	}
	Storage Storage
	// Retained is set where it keeps the data of a claim that was deleted.
	Retained *RetainedClaim
}

// Storage is what a volume stands for, as far as its source says it: two volumes of one
// Storage have the same data.
type Storage struct{ Kind, Where, What string }

// NewVolume takes what matters of the volume.
func NewVolume(v *corev1.PersistentVolume) Volume {
	out := Volume{Name: v.Name, ReclaimPolicy: v.Spec.PersistentVolumeReclaimPolicy, Storage: storageOf(v)}
	if ref := v.Spec.ClaimRef; ref != nil {
		out.Claim.Namespace, out.Claim.Name, out.Claim.UID = ref.Namespace, ref.Name, ref.UID
	}
	if r, err := ReadRetained(v); err == nil && r != nil {
		out.Retained = &RetainedClaim{UID: r.UID, Claim: r.Claim, DeletedAt: r.DeletedAt, Size: v.Spec.Capacity[corev1.ResourceStorage]}
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
	}
	return Storage{} // a hostPath is another directory on each node
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
