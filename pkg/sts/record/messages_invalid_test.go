package record

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestInvalidMessages(t *testing.T) {
	call := messagetest.Call
	const remove = "kubectl annotate statefulset web kubectl-sts.dev/canary- -n shop"
	messagetest.Golden(t, "invalid",
		call(msgInvalidRecord, "web", CanaryAnnotation, "unexpected end of JSON input"),
		call(msgUnexpectedJSON, "array", ""),
		call(msgUnexpectedJSON, "string", "member.ordinal"),
		call(msgNoStableRevision), call(msgNoCommand), call(msgNoOwner), call(msgNoSizes), call(msgNoRecovery),
		call(hintBadOwner, remove), call(hintBadCanary, remove), call(hintBadDrain, remove), call(hintBadRecover, "kubectl annotate statefulset web kubectl-sts.dev/recover- -n shop"), call(hintBadRestart, "kubectl sts restart web --forget -n shop"),
	)
}
