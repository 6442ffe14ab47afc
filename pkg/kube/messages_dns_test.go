package kube

import (
	"errors"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestDNSMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "dns",
		call(msgDNSServer, "kube-system", "coredns-7d8-x2k"), call(msgNoDNSServer),
		call(errForward, "kube-system", "coredns-7d8-x2k", errors.New("error upgrading connection: Forbidden")),
		call(errForwardClosed, "coredns-7d8-x2k", errors.New("EOF")), call(errForwardTimeout, 15*time.Second),
		call(errForwardPort, "coredns-7d8-x2k", 53, "connection refused"),
	)
}
