package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestStatusMessages(t *testing.T) {
	messagetest.Golden(t, "status",
		messagetest.Call(msgNoneFound, "StatefulSets"),
		messagetest.Call(msgNoneInNamespace, "StatefulSets", "shop"),
		messagetest.Call(msgNoneInMissingNamespace, "StatefulSets", "shop"),
		messagetest.Call(msgNoSuchOrdinals, "web"),
		messagetest.Call(msgWaitFor, "complete", "updating: 1 of 3 pods updated; web-1 is Pending (3s)"),
		messagetest.Call(msgWaitFor, "complete", ""),
		messagetest.Call(msgStuckSet, "web", "web-2 is in CrashLoopBackOff (container app, exit code 1, 4 restarts); it blocks the update"),
		messagetest.Call(msgNeverReached, "web", "Complete", "paused"),
		messagetest.Call(msgNotComplete, []string{"db", "web"}),
	)
}
