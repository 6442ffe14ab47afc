package operate

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgPurged(volume string) string { return "purged; persistentvolume/" + volume + " deleted" }

func hintUnpurge(volume, undo string) string { return hintRetainByHand(volume) + " && " + undo }

func msgClaimStillTerminating() string { return "the claim is still being deleted" }

func msgClaimBack(volume, undo string) (message, hint string) {
	return "the claim exists again, on persistentvolume/" + volume, "to finish the undo: " + undo
}

func msgClaimMayGetVolume(volume string) string {
	return "the new claim is pending and may be bound to persistentvolume/" + volume
}

func msgPurgeFailed(volume, why, unpurge string) (message, hint string) {
	return fmt.Sprintf("persistentvolume/%s could not be deleted: %s", volume, why),
		fmt.Sprintf("for details: kubectl describe persistentvolume %s; to keep the data: %s", volume, unpurge)
}

func msgWaitVolumeGone(volume, unpurge string) (message, hint string) {
	return "for persistentvolume/" + volume + " to be deleted", "if no provisioner deletes it: " + unpurge
}

func msgWaitReleased(volume, phase string) string {
	return fmt.Sprintf("for persistentvolume/%s to be released (phase %s)", volume, phase)
}

func stepCheckDataUnused(claim string) string {
	return "check that the data of persistentvolumeclaim/" + claim + " is not needed"
}

func msgNeedUnknown(why string) (message, hint string) {
	return "cannot determine whether the claim is needed: " + why,
		"request the missing permission, or rerun as a user who has it"
}

func msgRecreatedAndNeeded(namespace, newVolume, oldVolume, why string) (message, hint string) {
	return fmt.Sprintf("the claim was recreated on persistentvolume/%s, without this data, and is in use or needed: %s", newVolume, why),
		"if the old data is not needed: " + sts.Kubectl(namespace, "sts", "pvc-gc", "purge", oldVolume)
}

func msgDataNeeded(why, undo string) (message, hint string) {
	return "the claim is needed and this is its data: " + why, "to restore it: " + undo
}

func msgVolumeShared(volume string, others []string) (message, hint string) {
	return fmt.Sprintf("persistentvolume/%s has the same storage as persistentvolume/%s: deleting it would delete the data of all of them", volume, strings.Join(others, ", persistentvolume/")),
		"to delete only the PersistentVolume and keep the data: kubectl delete persistentvolume " + volume
}

func stepPurge(volume string) string { return "delete persistentvolume/" + volume + " and its data" }

func stepDeleteVolume(volume, policy string) string {
	return fmt.Sprintf("delete persistentvolume/%s; its storage stays (reclaim policy %s)", volume, policy)
}
