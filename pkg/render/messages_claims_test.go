package render

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestClaimMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "claims",
		call(msgRetainedSum, 1, "1Gi", 0), call(msgRetainedSum, 12, "120Gi", 3),
		call(titleRetained), call(titleExcluded), call(titleAtRisk), call(titleWarning),
	)
}
