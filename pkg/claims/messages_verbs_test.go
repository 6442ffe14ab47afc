package claims

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

const (
	exampleVolume   = "pvc-0f3a"
	exampleRetained = "; data retained on persistentvolume/pvc-0f3a"
	exampleUndo     = "kubectl sts pvc-gc undo data-web-1 -n shop"
	exampleRestart  = "kubectl sts restart web --ordinal 1 -n shop"
)

func TestPVCGCMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "collect",
		call(hintUndo, "shop", "data-web-1"), call(hintRetainByHand, exampleVolume), call(msgDataRetained, exampleVolume),
		call(msgNoClaimRef), call(msgClaimRef, "other", "restored", "6b1c"), call(msgClaimRef, "shop", "data-web-1", ""),
		call(msgVolumeElsewhere, exampleVolume, msgNoClaimRef()), call(msgVolumeElsewhere, exampleVolume, msgClaimRef("other", "restored", "6b1c")),
		call(msgVolumeOfOther, exampleVolume, msgClaimRef("other", "restored", "6b1c")),
		call(msgRetainIgnored, exampleVolume, "Delete"), call(msgVolumeNotRetained, exampleVolume),
		call(msgWaitClaimGone, "data-web-1", nil), call(msgWaitClaimGone, "data-web-1", []string{"example.com/hold"}),
		call(stepMarkKept, "data-web-1"), call(stepUnmarkKept, "data-web-1"), call(stepRestorePolicy, exampleVolume, "data-web-1"),
		call(stepDisown, exampleVolume),

		call(stepRetain, exampleVolume), call(stepCheckUnused, "data-web-3"), call(stepCheckNeeded, "data-web-3"),
		call(stepDeleteClaim, "data-web-3", "out of range (statefulset/web has ordinals 0-2)"),
		call(msgClaimKept, "mounted by pod debug"), call(msgClaimDeleted, exampleRetained), call(msgClaimDeletedNoVolume),
		call(msgClaimDeletedVolumeGone, exampleVolume), call(msgClaimDeletedByOther, ""), call(msgClaimDeletedByOther, exampleRetained),
		call(msgClaimDeletedRestored, ""), call(msgClaimDeletedVolumeChanged, exampleVolume),
		call(msgClaimDeletedRecreated, "pvc-77de", exampleRetained), call(msgClaimDeletedInUse, "shop", "data-web-1", "web-1", exampleRetained),
		call(hintRecreated, exampleUndo), call(msgUndoInterrupted, exampleVolume), call(msgVolumeTerminating, exampleVolume),
	)
}

func TestPVCGCUndoMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "undo",
		call(msgOwnerNotRestored, "backup", "nightly", "it does not exist"), call(msgOtherController, "other", "o"),
		call(msgRestored, exampleVolume, ""), call(msgRestored, exampleVolume, msgOwnerNotRestored("backup", "nightly", "it does not exist")),
		call(msgVolumeGone, exampleVolume), call(msgPurgeInProgress, exampleVolume), call(hintPurgeStalled, hintUnpurge(exampleVolume, hintUndo("shop", "data-web-1"))),
		call(msgClaimOnOriginal, "shop", "data-web-1", exampleVolume, exampleVolume+"-copy", exampleUndo),
		call(msgOldClaimInUse, "web-1", exampleRetained, exampleRestart, exampleUndo+" --replace"),
		call(msgNewClaimExists, "pvc-77de", exampleVolume, exampleUndo), call(msgReplaceRefused, msgNewClaimMakerUnknown(), exampleVolume, exampleUndo),
		call(msgNewClaimMakerUnknown), call(msgNewClaimOlder), call(msgNewClaimFilled), call(msgNewClaimKept), call(msgNewClaimNotNeeded),
		call(msgNewVolumeGone, "pvc-77de"), call(msgNewVolumeOfOther, "pvc-77de", msgNoClaimRef()), call(msgNewVolumeTerminating, "pvc-77de"),
		call(msgNewClaimOtherPod, "debug"), call(msgTooSmall, "2Gi", exampleVolume, "1Gi"), call(msgOtherVolumeMode, exampleVolume),
		call(msgNoAccessMode, "ReadWriteMany", exampleVolume), call(msgSetAsideReason), call(msgRecreatedMeanwhile, "pvc-77de", exampleRetained),
		call(msgWaitBound, "data-web-1", exampleVolume), call(stepReserveVolume, exampleVolume, "data-web-1"), call(stepCheckUser, "data-web-1"),
		call(stepCheckNewClaim, "data-web-1"), call(stepRetainNew, "pvc-77de"), call(stepDeleteNewClaim, "data-web-1"),
		call(stepRecreateClaim, "data-web-1", exampleVolume), call(stepCheckOwners, "data-web-1"), call(stepRestoreOwners, "data-web-1"),
	)
}

func TestPVCGCPurgeMessages(t *testing.T) {
	call := messagetest.Call
	unpurge := hintUnpurge(exampleVolume, hintUndo("shop", "data-web-1"))
	messagetest.Golden(t, "purge",
		call(msgPurged), call(hintUnpurge, exampleVolume, exampleUndo), call(msgClaimStillTerminating), call(msgClaimBack, exampleVolume, exampleUndo),
		call(msgClaimMayGetVolume, exampleVolume), call(msgPurgeFailed, exampleVolume, "rpc error: code = Internal", unpurge),
		call(msgWaitVolumeGone, exampleVolume, unpurge), call(msgWaitReleased, exampleVolume, "Bound"), call(stepCheckDataUnused, "data-web-1"),
		call(msgNeedUnknown, "pods could not be listed; one may mount it"),
		call(msgRecreatedAndNeeded, "shop", "pvc-77de", exampleVolume, "mounted by pod web-1"), call(msgDataNeeded, "mounted by pod reader", exampleUndo),
		call(msgSetAsideFor, "shop", exampleVolume, "pvc-77de", "mounted by pod web-1"),
		call(msgVolumeShared, exampleVolume, []string{"twin"}), call(stepPurge, exampleVolume), call(stepDeleteVolume, exampleVolume, "Retain"),
	)
}

func TestPVCGCRescueMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "rescue",
		call(msgNothingToRescueNoVolume), call(msgNothingToRescue, exampleVolume), call(msgRescued, exampleVolume),
		call(msgRescuedByCopy, exampleVolume, exampleVolume+"-copy", true), call(msgRescuedByCopy, exampleVolume, exampleVolume+"-copy", false),
		call(msgRescuedAndGone, exampleRetained), call(msgRescueTooLate, exampleVolume), call(msgReclaimed, exampleVolume, "Released", "Delete"),
		call(msgReclaiming, exampleVolume, "Released"), call(msgVolumeLost, exampleVolume, "shop", "data-web-1", "6b1c"),
		call(msgForeignCopy, exampleVolume+"-copy", exampleVolume, "data-web-1"), call(msgRescueReason, exampleVolume), call(msgRescueReason, ""),
		call(stepRescue, exampleVolume), call(stepCopyVolume, exampleVolume+"-copy", exampleVolume), call(stepRecordCopy, exampleVolume, exampleVolume+"-copy"),
	)
}
