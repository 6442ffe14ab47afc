package claims

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What all commands of pvc-gc say of one claim. Messages of a claim that ended well follow its
// name ("persistentvolumeclaim/data-web-3 deleted; …"), those of others come after a colon.

func hintUndo(namespace, claim string, flags ...string) sts.Hint {
	return sts.Kubectl(namespace, "sts pvc-gc undo", append([]string{claim}, flags...)...)
}

func hintRetainByHand(volume string) sts.Hint {
	return sts.Kubectl("", "patch persistentvolume", volume, "-p", `{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}`)
}

func msgDataRetained(volume string) string { return "; data retained on persistentvolume/" + volume }

func msgVolumeElsewhere(volume, ref string) string {
	return fmt.Sprintf("persistentvolume/%s is no longer reserved for this claim (spec.claimRef: %s)", volume, ref)
}

func msgNoClaimRef() string { return "none" }

func msgClaimRef(namespace, claim, uid string) string {
	if uid == "" {
		return namespace + "/" + claim
	}
	return fmt.Sprintf("%s/%s, UID %s", namespace, claim, uid)
}

func msgVolumeOfOther(volume, ref string) string {
	return fmt.Sprintf("persistentvolume/%s is not bound to this claim (spec.claimRef: %s)", volume, ref)
}

func msgRetainIgnored(volume, policy string) (message string, hint sts.Hint) {
	return fmt.Sprintf("persistentvolume/%s still has reclaim policy %s after it was set to Retain", volume, policy),
		sts.Hintf("check for an admission webhook or a controller that changes PersistentVolumes")
}

func msgVolumeNotRetained(volume string) string {
	return "persistentvolume/" + volume + " no longer retains the data of a deleted claim"
}

func msgWaitClaimGone(claim string, finalizers []string) string {
	text := "for persistentvolumeclaim/" + claim + " to be deleted"
	if len(finalizers) > 0 {
		text += fmt.Sprintf(" (finalizer %s)", strings.Join(finalizers, ", "))
	}
	return text
}

func stepMarkKept(claim string) string {
	return fmt.Sprintf("add annotation %s to persistentvolumeclaim/%s while the reclaim policy of its volume is restored", KeepAnnotation, claim)
}

func stepUnmarkKept(claim string) string {
	return fmt.Sprintf("remove annotation %s from persistentvolumeclaim/%s", KeepAnnotation, claim)
}

func stepRestorePolicy(volume, claim string) string {
	return fmt.Sprintf("restore the reclaim policy of persistentvolume/%s: persistentvolumeclaim/%s stays", volume, claim)
}

func stepDisown(volume string) string {
	return "remove kubectl-sts from the managedFields of persistentvolume/" + volume
}

// pvc-gc --delete

func stepRetain(volume string) string {
	return "set persistentvolume/" + volume + " to reclaim policy Retain"
}

func stepCheckUnused(claim string) string {
	return "check that persistentvolumeclaim/" + claim + " is still unused"
}

func stepCheckNeeded(claim string) string {
	return "check whether persistentvolumeclaim/" + claim + " is needed again"
}

func stepDeleteClaim(claim, reason string) string {
	return fmt.Sprintf("delete persistentvolumeclaim/%s: %s", claim, reason)
}

func msgClaimKept(why string) string { return "not deleted: " + why }

func msgClaimDeleted(retained string) string { return "deleted" + retained }

func msgClaimDeletedNoVolume() string { return "deleted; it had no volume" }

func msgClaimDeletedVolumeGone(volume string) string {
	return "deleted; persistentvolume/" + volume + " no longer exists"
}

func msgClaimDeletedByOther(retained string) string {
	return "already deleted by another client" + retained
}

func msgClaimDeletedRestored(owners string) string {
	return "deleted, then restored with its data because it is needed again" + owners
}

func msgClaimDeletedVolumeChanged(volume string) string {
	return "deleted, but another client has changed persistentvolume/" + volume + ", which retained the data"
}

func msgClaimDeletedRecreated(volume, retained string) string {
	return fmt.Sprintf("deleted, then recreated on persistentvolume/%s%s", volume, retained)
}

func msgClaimDeletedInUse(namespace, claim, pod, retained string) (message string, hint sts.Hint) {
	return fmt.Sprintf("deleted, but pod %s has started to use it: the claim will be removed when the pod is gone%s", pod, retained),
		sts.Hintf("when pod %s is gone: %s", pod, hintUndo(namespace, claim))
}

func hintRecreated(undo sts.Hint) sts.Hint {
	return sts.Hintf("the new claim does not have the old data; to restore it, scale down to remove the ordinal, delete the new claim, then run %s", undo)
}

func msgUndoInterrupted(volume string) string {
	return "persistentvolume/" + volume + " was already released by an undo that was interrupted"
}

func msgVolumeTerminating(volume string) string {
	return "persistentvolume/" + volume + " is being deleted: its data would be lost with the claim"
}
