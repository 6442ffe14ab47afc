package cli

import (
	"errors"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestPVCGCMessages(t *testing.T) {
	call := messagetest.Call
	const undo = "kubectl sts pvc-gc undo data-web-1 -n shop"
	byHand := hintRetainByHand([]string{"pvc-0f3a", "pvc-77de"})
	messagetest.Golden(t, "pvc_gc",
		call(msgCandidatesFound, 2), call(msgListing, []string{"500 pods", "12 statefulsets"}),
		call(hintUndoIn, []string{"db"}, 0, "kubectl sts pvc-gc undo -n db"), call(hintUndoIn, []string{"db", "shop"}, 2, "kubectl sts pvc-gc undo -n db"),
		call(hintRescueFirst, "kubectl sts pvc-gc rescue data-web-1"),

		call(msgNothingToDelete), call(msgClaimsToDelete, 1), call(msgClaimsToDelete, 2), call(msgAsideRefused, "data-web-3", "deployment.apps/reader references it"),
		call(msgBackupFailed), call(msgClaimsDeletedEvent, "kim@laptop", []string{"data-web-2", "data-web-3"}, sts.Kubectl("shop", "sts pvc-gc undo")),
		call(msgNeededAgain, "data-web-2", "deleted, but is needed again: run undo before a new, empty claim is created"),
		call(msgTooMany, 60, "claim", 50), call(msgTooMany, 2, "volume", 1),

		call(msgRetainedNotFound, "shop"), call(msgNothingToDo), call(msgClaimExists, "data-web-3"), call(msgFinishingUndo, "data-web-3"), call(msgConfirmUndo, 2),
		call(hintListNamespaces, sts.Kubectl("", "sts pvc-gc", "-A", "-o", "json")), call(hintCreateNamespace, sts.Kubectl("", "create namespace", "shop")), call(msgSetInsteadOfClaim, "web", []string{"data-web-2", "data-web-3"}),
		call(msgVolumeOfDeletion, sts.Kubectl("", "sts pvc-gc undo", "pvc-0f3a"), "2026-03-01 12:40:00 UTC"),
		call(msgDeletedTwice, "data-web-3", []sts.Hint{msgVolumeOfDeletion(sts.Kubectl("", "sts pvc-gc undo", "pvc-0f3a"), "2026-03-01 12:40:00 UTC"),
			msgVolumeOfDeletion(sts.Kubectl("", "sts pvc-gc undo", "pvc-77de"), "2026-03-02 09:00:00 UTC")}),
		call(msgBrokenRecord, errors.New("annotation kubectl-sts.dev/claim of persistentvolume pvc-0f3a: unexpected end of JSON input"), "pvc-0f3a"),

		call(msgPurgeData, 2), call(msgPurgeVolumes, 1), call(titleNotPurged), call(titleNotPurgeable),

		call(msgRiskUnknown, "shop", sts.Missing{Resource: "persistentvolumes"}), call(msgNoneAtRisk, "shop"), call(msgConfirmRescue, 2), call(msgRescuedBefore, "data-web-1", "pvc-0f3a"), call(hintUndoAfterwards, undo),

		call(msgNoPermission, "patch"), call(hintVolumePermissions), call(hintRetainByHand, []string{"pvc-0f3a", "pvc-77de"}), call(hintRescuePermissions, byHand),

		call(msgProgress, 3, 7, "claim"), call(msgVolumeOfClaim, "pvc-0f3a", "data-web-3"),
		call(msgWaitClaims, msgProgress(2, 7, "claim")), call(msgClaimsFailed, msgProgress(2, 7, "claim")),
		call(msgClaimsRefused, 1, msgProgress(1, 7, "claim"), "deleted", "persistentvolumeclaim/data-web-3"),
		call(msgClaimsRefused, 2, msgProgress(2, 7, "volume"), "purged", msgVolumeOfClaim("pvc-0f3a", "data-web-3")),
		call(msgClaimsStuck, 1, msgProgress(1, 7, "claim"), "persistentvolumeclaim/data-web-1"),
		call(msgClaimsStuck, 2, msgProgress(2, 7, "claim"), "persistentvolumeclaim/db/data-web-1"),
	)
}
