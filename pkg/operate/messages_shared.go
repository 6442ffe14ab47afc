package operate

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// The lock.

func msgLockRemoved(set string) string {
	return fmt.Sprintf("lost the lock on statefulset/%s: annotation %s was removed", set, record.OwnerAnnotation)
}

func msgLockTaken(set, by, command string) string {
	return fmt.Sprintf("lost the lock on statefulset/%s: %s took it over with %q", set, by, command)
}

func msgLockTakenAndReleased(set, by, command string) string {
	return fmt.Sprintf("lost the lock on statefulset/%s: %s took it over with %q, which has ended", set, by, command)
}

func msgStartedMeanwhile(set, by, command string) string {
	return fmt.Sprintf("%s has started %q on statefulset/%s after this command", by, command, set)
}

func stepTakeLock(from, command string) string {
	return fmt.Sprintf("take over the lock from %q of %s", command, from)
}

func hintCheckStatus(namespace, set string) sts.Hint {
	return sts.Hintf("check its status: %s", sts.Kubectl(namespace, "sts status", set))
}

func msgLocked(set, by, command string, since time.Time) string {
	return fmt.Sprintf("statefulset/%s is locked by %s, running %q since %s", set, by, command, since.UTC().Format("2006-01-02 15:04:05 MST"))
}

func hintLocked() sts.Hint {
	return sts.Hintf("wait for that command to finish; if it is no longer running, rerun yours with --take-over")
}

func stepReleaseLock() string { return "release the lock" }

func stepRemoveManagedFields() string {
	return "remove the managedFields entries of " + sts.FieldManager
}

// What no verb can work on, and what each waits for.

func msgDeleting(set string) string { return "statefulset/" + set + " is being deleted" }

func msgStrategyRefused(set string) string {
	return "statefulset/" + set + ": " + sts.StrategyIsRefused
}

func msgNotObserved() string { return "for the StatefulSet controller to observe the change" }

func msgRevisionNotSeen(revision string) string {
	return "for controllerrevision/" + revision + " to appear in the watch"
}

func msgNoPartition(set, strategy string) string {
	return fmt.Sprintf("statefulset/%s has update strategy %s, which has no partition", set, strategy)
}

func msgNoPartitionOnDelete(set string) string {
	return "statefulset/" + set + " has update strategy OnDelete, which has no partition: a pod is updated only when it is deleted"
}

func msgNoPartitionRecreate(set string) string {
	return "statefulset/" + set + " has update strategy Recreate, which has no partition: all pods are replaced at once"
}

func hintRollingUpdate() sts.Hint {
	return sts.Hintf("set spec.updateStrategy.type to RollingUpdate first")
}

func stepEvict(pod string) string { return "evict pod " + pod }

func msgScalingDown(pod string) string { return "for pod " + pod + " to be removed by the scale-down" }

// trouble is why the pod is not available: "is Pending".
func msgWaitForPod(pod, trouble string) string { return "for pod " + pod + ": it " + trouble }

func msgPodTrouble(pod, trouble string) string { return "pod " + pod + " " + trouble }

func msgPlanChanged(set string, pods []string) string {
	return fmt.Sprintf("statefulset/%s has changed since the plan was shown: the command would now also replace or remove %s", set, sayAll(pods))
}

func hintPlanAgain() sts.Hint { return sts.Hintf("rerun the command to see the current plan") }

// Budgets.

func msgBudgetNever(budget, pod, numbers string) string {
	return fmt.Sprintf("poddisruptionbudget/%s can never allow the disruption of pod %s (%s)", budget, pod, numbers)
}

func hintBudgetNever() sts.Hint {
	return sts.Hintf("lower its minAvailable or raise its maxUnavailable so that one pod may be unavailable")
}

func msgBudgetShort(budget, numbers string) string {
	return fmt.Sprintf("for poddisruptionbudget/%s to allow a disruption (%s)", budget, numbers)
}

func hintEvictUnready(namespace, budget string) sts.Hint {
	return sts.Hintf("allow the eviction of unready pods: %s",
		sts.Kubectl(namespace, "patch pdb", budget, "--type=merge", "-p", `{"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}}`))
}

// What to do about a pod that is failing, or about an update in progress.

func hintRejectedUpdate(abort, look sts.Hint) sts.Hint {
	return sts.Hintf("roll back the update: %s; or remove what rejects it; for details: %s", abort, look)
}

func hintRollBack(command, look sts.Hint) sts.Hint {
	return sts.Hintf("roll back the update: %s; for details: %s", command, look)
}

func hintPodRejected(look, abort sts.Hint) sts.Hint {
	return sts.Hintf("find out what rejects or changes the pod: %s; if the update is the cause, roll it back: %s", look, abort)
}

func msgOrdinalsOnOther(ordinals []sts.Ordinal, revisions []string, update string) string {
	return fmt.Sprintf("%s at revision %s, not at %s", sts.SayOrdinals(ordinals), strings.Join(revisions, " and "), update)
}

// what is in progress, as msgOrdinalsOnOther and msgUpdateIncomplete say.
func msgUpdateInProgress(set, what string) string {
	return fmt.Sprintf("an update of statefulset/%s is in progress: %s", set, what)
}

func msgUpdateIncomplete(from, to string) string {
	return fmt.Sprintf("revision %s → %s", from, to)
}

func hintStuckRollBack(pod, trouble string, unstick sts.Hint) sts.Hint {
	return sts.Hintf("the update is stuck because pod %s %s; roll it back: %s", pod, trouble, unstick)
}

func hintStuckDeletePods(pod, trouble string, unstick sts.Hint) sts.Hint {
	return sts.Hintf("the update is stuck because pod %s %s; unblock it: %s", pod, trouble, unstick)
}

func hintStuckNoRemedy(pod, trouble string, unstick sts.Hint) sts.Hint {
	return sts.Hintf("the update is stuck because pod %s %s; apply a working template, then run %s", pod, trouble, unstick)
}

func hintFinishUpdate(wait, abort sts.Hint) sts.Hint {
	return sts.Hintf("wait for the update to complete: %s%s", wait, orRollBack(abort))
}

func hintUpdateFails(pod, trouble string, look, abort sts.Hint) sts.Hint {
	return sts.Hintf("the update is stuck because pod %s %s; find out why: %s%s", pod, trouble, look, orRollBack(abort))
}

func orRollBack(abort sts.Hint) sts.Hint {
	if len(abort) == 0 {
		return nil
	}
	return sts.Hintf("; or roll it back: %s", abort)
}

// Pods that block an update.

func msgWaitReplaced(pod, revision string) string {
	return "for pod " + pod + " to be recreated with revision " + revision
}

func msgMemberLeaving(pod string) string {
	return fmt.Sprintf("pod %s is leaving or has left its cluster and must not be recreated as a member (finalizer %s prevents this)", pod, record.LeavingFinalizer)
}

func hintFinishDrain(again sts.Hint) sts.Hint {
	return sts.Hintf("complete the scale-down first: %s", again)
}

func msgWaitOnRevision(pod, revision, trouble string) string {
	return fmt.Sprintf("for pod %s (revision %s): it %s", pod, revision, trouble)
}

func msgWaitBeforeDelete(wait string, still time.Duration) string {
	return wait + "; it will be deleted if nothing changes for " + sts.Age(still)
}

func stepDeleteBlocker(pod, trouble, revision string) string {
	return fmt.Sprintf("delete pod %s: it %s and blocks the rollout of revision %s", pod, trouble, revision)
}

func msgMaxDeletes(pod string, most int32, deleted int) string {
	return fmt.Sprintf("pod %s blocks the rollout, but --max-deletes=%d does not allow another deletion (%s deleted)", pod, most, sts.Count(deleted, "pod"))
}

func msgDeletedTwice(pod, revision string) string {
	return fmt.Sprintf("pod %s was deleted and recreated with revision %s, but blocks the rollout again: it will not be deleted twice", pod, revision)
}

func hintMaxDeletes(look sts.Hint) sts.Hint {
	return sts.Hintf("inspect it: %s; rerun the command to resume (--max-deletes then counts from 0)", look)
}
