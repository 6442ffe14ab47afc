package diagnose

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestClaimRiskMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "claim_risk",
		call(msgRiskClaimMissing, "data-web-1"), call(msgFateUnknown, "pvc-0f3a"), call(msgFateClaimOnly), call(msgFateRetained, "pvc-0f3a"),
		call(msgFateDeleted, "pvc-0f3a", "Delete"), call(msgRiskClaimTerminating, "data-web-1", "3m", msgFateDeleted("pvc-0f3a", "Delete")),
		call(msgRiskClaimTerminating, "data-web-1", "3m", msgFateClaimOnly()),
		call(msgRiskClaimShared, "shared", "web-2"), call(msgRiskClaimLost, "data-web-1", "pvc-0f3a"), call(msgRiskClaimLost, "data-web-1", ""), call(msgRiskVolumeMissing, "data-web-1", "pvc-0f3a"),
		call(msgRiskVolumeTaken, "data-web-1", "pvc-0f3a", "other", "restored", "6b1c"), call(msgRiskVolumeTerminating, "data-web-1", "pvc-0f3a", "3m"),
	)
}
