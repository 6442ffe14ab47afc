package diagnose

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestClaimRiskMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "claim_risk",
		call(msgRiskClaimMissing, "data-web-1"), call(msgEffectUnknown, "pvc-0f3a"), call(msgEffectClaimOnly), call(msgEffectRetained, "pvc-0f3a"),
		call(msgEffectDeleted, "pvc-0f3a", "Delete"), call(msgRiskClaimTerminating, "data-web-1", "3m", msgEffectDeleted("pvc-0f3a", "Delete")),
		call(msgRiskClaimTerminating, "data-web-1", "3m", msgEffectClaimOnly()),
		call(msgRiskClaimShared, "shared", "web-2"), call(msgRiskClaimLost, "data-web-1", "pvc-0f3a"), call(msgRiskClaimLost, "data-web-1", ""), call(msgRiskVolumeMissing, "data-web-1", "pvc-0f3a"),
		call(msgRiskVolumeTaken, "data-web-1", "pvc-0f3a", "other", "restored", "6b1c"), call(msgRiskVolumeTerminating, "data-web-1", "pvc-0f3a", "3m"),
	)
}
