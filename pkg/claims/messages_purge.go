package claims

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgPurged() string { return "purged" }

func hintUnpurge(volume string, undo sts.Hint) sts.Hint {
	return sts.Hintf("%s; then %s", hintRetainByHand(volume), undo)
}

func msgClaimStillTerminating() string { return "the claim is still being deleted" }

func msgClaimBack(volume string, undo sts.Hint) (message string, hint sts.Hint) {
	return "the claim exists again, on persistentvolume/" + volume, sts.Hintf("to finish the undo: %s", undo)
}

func msgClaimMayGetVolume(volume string) string {
	return "the new claim is pending and may be bound to persistentvolume/" + volume
}

func msgPurgeFailed(volume, why string, unpurge sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("persistentvolume/%s could not be deleted: %s", volume, why),
		sts.Hintf("for details: %s; to keep the data: %s", sts.Kubectl("", "describe persistentvolume", volume), unpurge)
}

func msgWaitVolumeGone(volume string, unpurge sts.Hint) (message string, hint sts.Hint) {
	return "for persistentvolume/" + volume + " to be deleted", sts.Hintf("if no provisioner deletes it: %s", unpurge)
}

func msgWaitReleased(volume, phase string) string {
	return fmt.Sprintf("for persistentvolume/%s to be released (phase %s)", volume, phase)
}

func stepCheckDataUnused(claim string) string {
	return "check that the data of persistentvolumeclaim/" + claim + " is not needed"
}

func msgNeedUnknown(why string) (message string, hint sts.Hint) {
	return "cannot determine whether the claim is needed: " + why,
		sts.Hintf("request the missing permission, or rerun as a user who has it")
}

func msgRecreatedAndNeeded(namespace, newVolume, oldVolume, why string) (message string, hint sts.Hint) {
	return fmt.Sprintf("the claim was recreated on persistentvolume/%s, without this data, and is in use or needed: %s", newVolume, why),
		sts.Hintf("if the old data is not needed: %s", sts.Kubectl(namespace, "sts pvc-gc purge", oldVolume))
}

// msgSetAsideFor is about the volume of a newer claim, after undo --replace.
func msgSetAsideFor(namespace, restored, setAside, why string) (message string, hint sts.Hint) {
	return fmt.Sprintf("the claim was restored on persistentvolume/%s and is in use or needed: %s; persistentvolume/%s has only the data of the newer claim that was set aside", restored, why, setAside),
		sts.Hintf("if the newer data is not needed: %s", sts.Kubectl(namespace, "sts pvc-gc purge", setAside))
}

func msgDataNeeded(why string, undo sts.Hint) (message string, hint sts.Hint) {
	return "the claim is needed and this is its data: " + why, sts.Hintf("to restore it: %s", undo)
}

func msgVolumeShared(volume string, others []string) (message string, hint sts.Hint) {
	return fmt.Sprintf("persistentvolume/%s has the same storage as persistentvolume/%s: deleting it would delete the data of all of them", volume, strings.Join(others, ", persistentvolume/")),
		sts.Hintf("to delete only the PersistentVolume and keep the data: %s", sts.Kubectl("", "delete persistentvolume", volume))
}

func stepPurge(volume string) string { return "delete persistentvolume/" + volume + " and its data" }

func stepDeleteVolume(volume, policy string) string {
	return fmt.Sprintf("delete persistentvolume/%s; its storage stays (reclaim policy %s)", volume, policy)
}
