package operate

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgNothingToPause() string { return "nothing to pause: no update in progress" }

func stepPause(kept []sts.Ordinal) string {
	if len(kept) == 0 {
		return "pause the update; nothing is reverted"
	}
	return "pause the update: " + sts.SayOrdinals(kept) + " will not be updated, nothing is reverted"
}

// coming are above the partition and not updated yet.
func msgPaused(kept, updated, coming []sts.Ordinal) string {
	text := "paused: " + sts.SayOrdinals(kept) + " not updated"
	if len(updated) > 0 {
		text += ", " + sts.SayOrdinals(updated) + " on the new revision"
	}
	if len(coming) > 0 {
		text += ", " + sts.SayOrdinals(coming) + " still to be updated by the controller"
	}
	return text + "; nothing was reverted"
}

func hintPaused(resume, promote, abort sts.Hint) sts.Hint {
	return sts.Hintf("resume it: %s; or promote it: %s; or roll it back: %s", resume, promote, abort)
}

func msgNothingToResume() string { return "nothing to resume: no paused update" }

func stepResume() string {
	return "resume the update: the StatefulSet controller will update the other pods without checking PodDisruptionBudgets"
}

func msgResumed() string { return "resumed: the StatefulSet controller continues the update" }

// The update had stopped at a partition before it was paused.

func stepRemovePause(partition int32, kept []sts.Ordinal) string {
	return fmt.Sprintf("remove the record of the pause; the partition is %d, as before the pause: %s will not be updated", partition, sts.SayOrdinals(kept))
}

func msgPauseRemoved(partition int32, kept []sts.Ordinal) string {
	return fmt.Sprintf("resumed: the partition is %d, as before the pause: %s will not be updated", partition, sts.SayOrdinals(kept))
}

func msgPartitionBefore(set string, partition int32, kept []sts.Ordinal) string {
	return fmt.Sprintf("cannot resume statefulset/%s: resuming would restore partition %d, which keeps %s from being updated, and would remove the record that a rollback requires",
		set, partition, sts.SayOrdinals(kept))
}

func hintPartitionBefore(promoteFull, abort sts.Hint) sts.Hint {
	return sts.Hintf("complete the update: %s; or roll it back: %s", promoteFull, abort)
}
