package doctor

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestDoctorMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "doctor",
		call(msgNoSuchCheck, "Quorum", []string{"BudgetBreaksQuorum", "OrderedReadyNeedsQuorum"}),
		call(msgNoSuchCheck, "x", nil),
		call(msgIgnoreUnused, "NoHistory"),
		call(msgMisspelledField, "spec.Replicas", "replicas"),
		call(msgUnknownField, "spec.quorumMode"),
		call(hintDuplicateField), call(msgDuplicateField, "spec.replicas"),
		call(msgVersionRemoved, "policy/v1beta1", "policy/v1"),
		call(msgOnDelete),
		call(msgNoHistory),
	)
}
