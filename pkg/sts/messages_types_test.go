package sts

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestTypeMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "types",
		call(msgWrongType, "a string", "a number", "quote it"),
		call(msgWrongType, "a list", "an object", ""),
		call(msgNoInteger, "1.5"),
		call(msgNumberTooLarge, "99999999999"),
		call(msgNoValueOf, "Quantity", `"1GB"`),
		call(msgNoValueOf, "IntOrString", "1.5"),
		call(msgNoValueOf, "Time", `"today"`),
		call(msgNoValueOf, "Duration", "5"),
	)
}
