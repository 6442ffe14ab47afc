package claims

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgRestored(volume, owners string) string {
	return "restored on persistentvolume/" + volume + owners
}

func msgOwnerNotRestored(kind, name, why string) string {
	return fmt.Sprintf("; owner reference to %s/%s not restored: %s", kind, name, why)
}

func msgOtherController(kind, name string) string {
	return "the claim is controlled by " + kind + "/" + name
}

func msgVolumeGone(volume string) string { return "persistentvolume/" + volume + " no longer exists" }

func msgPurgeInProgress(volume string) string {
	return "persistentvolume/" + volume + " is being purged"
}

func hintPurgeStalled(commands sts.Hint) sts.Hint {
	return sts.Hintf("if it is not removed, its data may be intact: %s", commands)
}

func msgClaimOnOriginal(namespace, claim, original, volume string, undo sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("the claim is on persistentvolume/%s, which is being deleted; the next claim of this name will be bound to persistentvolume/%s, which has the same data", original, volume),
		sts.Hintf("run %s, restart the pod that uses it, then run %s", sts.Kubectl(namespace, "delete pvc", claim, "--wait=false"), undo)
}

func msgOldClaimInUse(pod, retained string, removePod, undo sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("the claim is being deleted, but pod %s still uses it%s", pod, retained),
		sts.Hintf("%s, then %s", removePod, undo)
}

func msgNewClaimExists(newVolume, volume string, undo sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("a new claim of this name exists on persistentvolume/%s; the old data is retained on persistentvolume/%s", newVolume, volume),
		sts.Hintf("scale down to remove the ordinal that uses the new claim, delete that claim, then run %s; or, if the StatefulSet controller created it, rerun with --replace", undo)
}

func msgReplaceRefused(why, volume string, undo sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("--replace requires a new, empty claim that the StatefulSet controller created: %s; the old data is retained on persistentvolume/%s", why, volume),
		sts.Hintf("scale down to remove the ordinal that uses the new claim, delete that claim, then run %s", undo)
}

func msgNewClaimMakerUnknown() string {
	return "its managedFields do not show that only kube-controller-manager has written it"
}

func msgNewClaimOlder() string { return "it is older than the record of the old claim" }

func msgNewClaimFilled() string { return "it was created from a data source" }

func msgNewClaimKept() string { return "annotation " + KeepAnnotation + " is set" }

func msgNewClaimNotNeeded() string { return "no StatefulSet has this ordinal" }

func msgNewVolumeGone(volume string) string {
	return "its persistentvolume/" + volume + " does not exist"
}

func msgNewVolumeOfOther(volume, ref string) string {
	return fmt.Sprintf("its persistentvolume/%s is not bound to it (spec.claimRef: %s)", volume, ref)
}

func msgNewVolumeTerminating(volume string) string {
	return "its persistentvolume/" + volume + " is being deleted"
}

func msgNewClaimOtherPod(pod string) string { return "pod " + pod + " uses it" }

func msgTooSmall(requested, volume, capacity string) string {
	return fmt.Sprintf("its volumeClaimTemplate requests %s, but persistentvolume/%s has %s", requested, volume, capacity)
}

func msgOtherVolumeMode(volume string) string {
	return "its volumeClaimTemplate requests a different volumeMode than that of persistentvolume/" + volume
}

func msgNoAccessMode(mode, volume string) string {
	return fmt.Sprintf("its volumeClaimTemplate requests access mode %s, which persistentvolume/%s does not have", mode, volume)
}

func msgSetAsideReason() string { return "replaced by the older claim of the same name" }

func msgRecreatedMeanwhile(volume, retained string) string {
	return "recreated in the meantime on persistentvolume/" + volume + retained
}

func msgWaitBound(claim, volume string) string {
	return fmt.Sprintf("for persistentvolumeclaim/%s to be bound to persistentvolume/%s", claim, volume)
}

func stepReserveVolume(volume, claim string) string {
	return fmt.Sprintf("reserve persistentvolume/%s for the next persistentvolumeclaim/%s", volume, claim)
}

func stepCheckUser(claim string) string {
	return "check which pod uses persistentvolumeclaim/" + claim
}

func stepCheckNewClaim(claim string) string {
	return "check what uses the new persistentvolumeclaim/" + claim
}

func stepRetainNew(volume string) string {
	return "set persistentvolume/" + volume + " of the new claim to reclaim policy Retain"
}

func stepDeleteNewClaim(claim string) string {
	return "delete the new persistentvolumeclaim/" + claim + ", so that the old one can be restored"
}

func stepRecreateClaim(claim, volume string) string {
	return fmt.Sprintf("recreate persistentvolumeclaim/%s on persistentvolume/%s", claim, volume)
}

func stepCheckOwners(claim string) string {
	return "check whether the owners of persistentvolumeclaim/" + claim + " exist"
}

func stepRestoreOwners(claim string) string {
	return "restore the owner references of persistentvolumeclaim/" + claim
}
