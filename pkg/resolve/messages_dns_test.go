package resolve

import (
	"strings"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestQueryMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "dns",
		call(msgRecordType, "MX"), call(msgNameTooLong, 254, 253), call(msgEmptyLabel), call(msgLabelTooLong, strings.Repeat("x", 64), 63),
		call(msgNoAnswer), call(msgAliasLoop), call(msgMismatch), call(msgMalformed), call(msgGetentSRV), call(msgUnexpectedOutput, "Segmentation fault"),
	)
}
