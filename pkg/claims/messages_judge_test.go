package claims

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestJudgeMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "judge",
		call(msgClaimNameUnmatched), call(msgClaimUnlabeled), call(msgClaimOtherLabels, "web", "data"),
		call(msgClaimControlled, "cluster", "orders"), call(msgClaimCreatedBy, "a Helm chart"),
		call(msgClaimLabeled, "JupyterHub", "hub.jupyter.org/username"), call(msgClaimFieldManager, "velero-server"),
		call(msgClaimMounted, []string{"web-0"}), call(msgClaimMounted, []string{"a", "b (Succeeded)", "c (terminating)", "2 others"}),
		call(msgClaimMountedByCondition),
		call(msgClaimNeeded, "web", "ordinals 0-2"), call(msgSetDeleting, msgClaimNeeded("web", "ordinal 0")),
		call(msgClaimReferenced, "cronjob.batch/backup", string(sts.UseNames), 0),
		call(msgClaimReferenced, "persistentvolumeclaim/copy", string(sts.UseClones), 0),
		call(msgClaimReferenced, "volumesnapshot.snapshot.storage.k8s.io/nightly", string(sts.UseSnapshots), 2),
		call(msgReservedByParkedSize, 5), call(msgReservedByDrain, 5, 2), call(msgReservedByAnnotation, "downscaler/original-replicas", 3),
		call(msgReservedByKEDA, "queue"), call(msgClaimReserved, "web", "ordinals 0-9", "HPA cpu"),
		call(msgClaimOutOfRange, "web", "ordinals 0-2"), call(msgClaimParked, "web"), call(msgClaimTemplateRemoved, "web", "logs"),
		call(msgMatchedByLabels, []string{"app=old"}), call(msgMatchedByLabels, []string{"app=mariadb", "release=wordpress", "…"}),
		call(msgMatchedByAlike, 3), call(msgMatchedByName),
		call(msgClaimSetGone, "old", msgMatchedByLabels([]string{"app=old"})), call(msgClaimSetGone, "old", msgMatchedByAlike(3)),
		call(msgClaimSetRecreated, "old", msgMatchedByName()),
		call(msgAmbiguousSet, "wordpress-mariadb", false), call(msgAmbiguousSet, "mariadb", true),
		call(msgClaimAmbiguous, []string{"mariadb", "wordpress-mariadb (deleted)"}),
		call(msgClaimGarbageCollected, "pod web-3", "whenScaled: Delete"), call(msgClaimGarbageCollected, "statefulset/old", "whenDeleted: Delete"),
		call(msgClaimTerminating, "3m", ""), call(msgClaimTerminating, "3m", "mounted by pod web-1"),

		call(msgHeldByClaim, false), call(msgHeldByClaim, true), call(msgHeldBySet, "web"), call(msgHeldPodsUnknown),
		call(msgHeldUsesUnknown, []string{"jobs", "cronjobs"}), call(msgHeldScalersUnknown, "horizontalpodautoscalers"),
		call(msgHeldSizeUnknown, "downscaler/original-replicas", "web"), call(msgHeldRestore, "2026-03-01 12:40 UTC"),
		call(msgHeldHandMade), call(msgHeldRestored, "velero.io/restore-name"), call(msgHeldSetGone, "old"),
		call(msgHeldAmbiguous, []string{"mariadb", "wordpress-mariadb"}), call(msgHeldAmbiguousSelection, []string{"mariadb", "wordpress-mariadb"}),
		call(msgHeldOtherSet, "web-db"), call(msgHeldNameOnly), call(msgHeldLastUseUnknown), call(msgHeldUsedRecently, "30d"),

		call(msgDoubtOperator, "web", "Database db (example.com/v1)"), call(msgDoubtParkedSize, "web", "many"), call(msgDoubtOtherSet, "web-db"),
		call(msgDoubtCondition), call(msgDoubtFinalizer, "example.com/hold"), call(msgDoubtLost, "pvc-0f3a"),
		call(msgDoubtVolumeTaken, "pvc-0f3a", "other", "restored", "6b1c"), call(msgDoubtSharedStorage, "pvc-0f3a", "csi disk-1", []string{"pvc-1", "pvc-2"}),
	)
}
