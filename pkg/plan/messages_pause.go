package plan

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgNothingToPause() string { return "nothing to pause: no update in progress" }

func stepPause(kept []sts.Ordinal) string {
	return "pause the update; " + sts.SayOrdinals(kept) + " not updated, nothing is reverted"
}

func msgPaused(kept, updated []sts.Ordinal) string {
	return fmt.Sprintf("paused: %s not updated, %s on the new revision; nothing was reverted", sts.SayOrdinals(kept), sts.SayOrdinals(updated))
}

func hintPaused(resume, promote, abort string) string {
	return resume + ", or " + promote + ", or " + abort
}

func msgNothingToResume() string { return "nothing to resume: no paused update" }

func stepResume() string {
	return "resume the update: the StatefulSet controller will update the other pods without checking PodDisruptionBudgets"
}

func msgResumed() string { return "resumed: the StatefulSet controller continues the update" }

// The update had stopped at a partition before it was paused.

func stepRemovePause(partition int32, kept []sts.Ordinal) string {
	return fmt.Sprintf("remove the pause; partition %d, as before it, keeps %s from being updated", partition, sts.SayOrdinals(kept))
}

func msgPauseRemoved(partition int32, kept []sts.Ordinal) string {
	return fmt.Sprintf("resumed: partition %d, as before the pause, keeps %s from being updated", partition, sts.SayOrdinals(kept))
}

func msgPartitionBefore(set string, partition int32, kept []sts.Ordinal) string {
	return fmt.Sprintf("cannot resume statefulset/%s: its partition was %d before, which would keep %s from being updated, and the record needed to roll back would be lost",
		set, partition, sts.SayOrdinals(kept))
}

func hintPartitionBefore(promoteFull, abort string) string { return promoteFull + ", or " + abort }
