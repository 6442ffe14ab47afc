package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestDoctorMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "doctor",
		call(msgNoneSelected, "app=web", "deploy"), call(msgNoSetsInManifests),
		call(msgNoObjects, "standard input"),
		call(msgNoObjectsInNamespace, "typo", "web.yaml", "shop"),
		call(msgFilesUnread, 1, "web.yaml", "yaml: line 2: could not find expected ':'"),
		call(msgFilesUnread, 3, "web.yaml", "yaml: line 2: could not find expected ':'"),
		call(msgDoctorFound, 1, "statefulset/web", "BudgetNever"),
		call(msgDoctorFound, 4, "statefulset/web", "BudgetNever"),
	)
}
