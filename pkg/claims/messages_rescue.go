package claims

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgNothingToRescueNoVolume() string { return "not at risk: it has no volume, so no data" }

func msgNothingToRescue(volume string) string {
	return "not at risk: neither the claim nor persistentvolume/" + volume + " is being deleted"
}

func msgRescued(volume string) string {
	return "rescued; persistentvolume/" + volume + " will retain the data when the claim is gone"
}

func msgRescuedByCopy(volume, copied string, terminating bool) string {
	text := fmt.Sprintf("rescued; persistentvolume/%s is being deleted, and the next claim of this name will be bound to persistentvolume/%s, which has the same storage", volume, copied)
	if !terminating {
		text += ", once this claim is deleted"
	}
	return text
}

func msgRescuedAndGone(retained string) string { return "rescued and already gone" + retained }

func msgRescueTooLate(volume string) string {
	return "too late: the claim and persistentvolume/" + volume + " no longer exist"
}

func msgReclaimed(volume, phase, policy string) (message string, hint sts.Hint) {
	return fmt.Sprintf("the claim is gone and nothing was recorded: persistentvolume/%s is %s with reclaim policy %s", volume, phase, policy),
		hintRetainByHand(volume)
}

func msgReclaiming(volume, phase string) (message string, hint sts.Hint) {
	return fmt.Sprintf("persistentvolume/%s is already %s: the cluster may be deleting its data", volume, phase), hintRetainByHand(volume)
}

func msgVolumeLost(volume, namespace, claim, uid string) (message string, hint sts.Hint) {
	return fmt.Sprintf("persistentvolume/%s no longer exists, so it cannot be set to Retain; the storage may still exist, and a running pod still has it mounted", volume),
		sts.Hintf("back up the data from the pod now; or recreate persistentvolume %s from a backup of its manifest, with persistentVolumeReclaimPolicy Retain and claimRef {namespace: %s, name: %s, uid: %s}: the claim will be Bound again",
			volume, namespace, claim, uid)
}

func msgForeignCopy(name, volume, claim string) (message string, hint sts.Hint) {
	return fmt.Sprintf("persistentvolume/%s already exists, but is not a copy of persistentvolume/%s that a new claim %s could be bound to", name, volume, claim),
		sts.Hintf("if it is not needed, delete it, then rerun the command")
}

func msgRescueReason(volume string) string {
	if volume != "" {
		return "persistentvolume/" + volume + " was being deleted"
	}
	return "the claim was being deleted"
}

func stepRescue(volume string) string {
	return "set persistentvolume/" + volume + " to reclaim policy Retain and record the claim on it"
}

func stepCopyVolume(name, volume string) string {
	return fmt.Sprintf("create persistentvolume/%s for the storage of persistentvolume/%s, which is being deleted", name, volume)
}

func stepRecordCopy(volume, name string) string {
	return fmt.Sprintf("record on persistentvolume/%s that persistentvolume/%s has the same storage", volume, name)
}
