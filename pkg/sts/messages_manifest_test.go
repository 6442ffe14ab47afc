package sts

import (
	"errors"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestManifestMessages(t *testing.T) {
	messagetest.Golden(t, "manifest",
		messagetest.Call(msgRequired, "spec.selector"),
		messagetest.Call(msgInvalidName, "Web", "must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"),
		messagetest.Call(msgInvalidSelector, errors.New(`"is" is not a valid label selector operator`)),
		messagetest.Call(msgSelectorMismatch),
		messagetest.Call(msgNegative, "spec.replicas", -1),
		messagetest.Call(msgUnsupported, "spec.podManagementPolicy", "parallel", "OrderedReady or Parallel"),
		messagetest.Call(msgRollingUpdateOnly, "OnDelete"),
		messagetest.Call(msgContainerIncomplete, 0), messagetest.Call(msgContainerName, 0, "APP_x"),
	)
}
