package report

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

func TestDrainMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "drain",
		call(msgDrainScaling, 5, 3, 0), call(msgDrainScaling, 5, 3, 1), call(msgDrainRecordLost, "db-4"), call(msgDrainAlmostDone),
		call(msgDrainNextToJoin, "db-5"), call(msgDrainNextToLeave, "db-4"),
		call(msgMemberLeaving, "db-4"), call(msgMemberReverted, "db-4"), call(msgMemberRemoved, "db-4"), call(msgMemberLeft, "db-4"),
		call(msgMemberTerminating, "db-4"), call(msgMemberStillThere, "db-4"), call(msgMemberGone, "db-4"), call(msgMemberFinishing, "db-4"),
		call(msgMemberAdded, "db-5"), call(msgMemberJoining, "db-5"), call(msgMemberStarting, "db-5"),
		call(msgMemberPhase, record.Draining, 3*time.Minute, "etcd"), call(msgMemberPhase, record.Removing, 3*time.Minute, ""),
	)
}
