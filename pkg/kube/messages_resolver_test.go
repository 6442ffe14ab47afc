package kube

import (
	"io"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestResolverMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "resolver",
		call(errNoAnswerWithin, 5*time.Second), call(msgServerClosed), call(errConnectionCut, io.ErrUnexpectedEOF),
		call(msgTooLongForUDP, errNoAnswerWithin(5*time.Second)), call(msgTruncated), call(msgTooManyAliases, 8),
		call(msgNoShell), call(msgNoTool), call(msgSkipped), call(msgStderr, "nslookup: not found"),
		call(errInvalidAddress, "udp://10.96.0.10"), call(errInvalidPort, "10.96.0.10:dns"),
	)
}
