package claims

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Owner is an owner reference that a claim had before it was deleted.
type Owner struct {
	Ref metav1.OwnerReference
	// Why the claim cannot have it again, empty if it can.
	Why string
}

// own restores the owner references of a restored claim from its record, nil when that is
// done. Those of the StatefulSet controller are not in the record.
func own(v *View, record *sts.Retained) *ClaimDecision {
	c := v.Claim
	missing := slices.DeleteFunc(slices.Clone(record.Claim.OwnerReferences), func(r metav1.OwnerReference) bool { return owned(c, r.UID) })
	if len(missing) == 0 || c.DeletionTimestamp != nil {
		return nil
	}
	if v.Owners == nil {
		d := do(&CheckOwners{Description: stepCheckOwners(v.Name), Namespace: v.Namespace, Refs: missing}, ReasonClaimRestored)
		return &d
	}
	refs := slices.Clone(c.OwnerReferences)
	for _, o := range v.missingOwners() {
		if o.Why == "" {
			refs = append(refs, o.Ref)
		}
	}
	if len(refs) == len(c.OwnerReferences) {
		return nil
	}
	const path = "/metadata/ownerReferences"
	ops := []operate.PatchOp{operate.Op("test", "/metadata/deletionTimestamp", nil)}
	if len(c.OwnerReferences) == 0 {
		ops = append(ops, operate.Op("test", path, nil), operate.Op("add", path, refs))
	} else {
		ops = append(ops, operate.Op("test", path, c.OwnerReferences), operate.Op("replace", path, refs))
	}
	d := do(&RestoreOwners{newClaimPatch(stepRestoreOwners(v.Name), c, ops...)}, ReasonClaimRestored)
	return &d
}

func owned(c *corev1.PersistentVolumeClaim, uid types.UID) bool {
	return slices.ContainsFunc(c.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == uid })
}

// missingOwners are the owners that were read and that the claim does not have, each with
// why it cannot have it. An object has at most one controller.
func (v *View) missingOwners() []Owner {
	controller := metav1.GetControllerOfNoCopy(v.Claim)
	var out []Owner
	for _, o := range v.Owners {
		switch {
		case owned(v.Claim, o.Ref.UID):
			continue
		case o.Why == "" && controller != nil && o.Ref.Controller != nil && *o.Ref.Controller:
			o.Why = msgOtherController(strings.ToLower(controller.Kind), controller.Name)
		}
		out = append(out, o)
	}
	return out
}

// sayOwners is which owner references of a restored claim were not restored, and why.
func (v *View) sayOwners() string {
	text := ""
	for _, o := range v.missingOwners() {
		if o.Why != "" {
			text += msgOwnerNotRestored(strings.ToLower(o.Ref.Kind), o.Ref.Name, o.Why)
		}
	}
	return text
}
