package report

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

func msgDrainScaling(from, to int32, done int) string {
	text := fmt.Sprintf("scaling from %d to %s", from, sts.Count(to, "replica"))
	if done > 0 {
		text += fmt.Sprintf(", %d of %d done", done, max(from, to)-min(from, to))
	}
	return text
}

func msgDrainRecordLost(pod string) string {
	return fmt.Sprintf("%s is leaving or has left its cluster; annotation %s, the record of its scale-down, is missing", pod, record.DrainAnnotation)
}

func msgDrainAlmostDone() string { return "all members are done" }

func msgDrainNextToJoin(member string) string { return "next to join: " + member }

func msgDrainNextToLeave(member string) string { return "next to leave: " + member }

func msgMemberLeaving(member string) string { return member + " is leaving its cluster" }

func msgMemberReverted(member string) string {
	return member + " did not leave its cluster, its drain was reverted"
}

func msgMemberRemoved(member string) string { return member + " is being removed" }

func msgMemberLeft(member string) string { return member + " has left its cluster" }

func msgMemberTerminating(member string) string {
	return member + " has left its cluster, its pod is terminating"
}

func msgMemberStillThere(member string) string {
	return member + " has left its cluster, its pod will be removed"
}

func msgMemberGone(member string) string { return member + " has left its cluster, its pod is gone" }

func msgMemberFinishing(member string) string { return member + " is gone, its after hooks are next" }

func msgMemberAdded(member string) string { return member + " will be added" }

func msgMemberJoining(member string) string { return member + " will join" }

func msgMemberStarting(member string) string { return member + " is starting" }

func msgMemberPhase(phase record.MemberPhase, since time.Duration, profile string) string {
	if profile == "" {
		return "for " + sts.Age(since)
	}
	return fmt.Sprintf("%s for %s, %s", sts.Words(phase), sts.Age(since), profile)
}
