package cli

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestVersionMessages(t *testing.T) {
	messagetest.Golden(t, "version", messagetest.Call(msgServerTimeout, "https://10.0.0.1:6443", 5*time.Second))
}
