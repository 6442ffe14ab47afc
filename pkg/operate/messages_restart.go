package operate

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

func stepCheckLeader(pod string) string { return "check whether pod " + pod + " is the leader" }

func stepBeginRestart(ordinals []sts.Ordinal, leaderLast bool) string {
	return "start the restart of " + sts.SayOrdinals(ordinals) + restartOrder(ordinals, leaderLast)
}

// startedBy is empty where it is not known.
func stepResumeRestart(startedBy string, left []sts.Ordinal, leaderLast bool) string {
	return "resume the restart" + by(startedBy, " started by %s") + ": " + sts.SayOrdinals(left) + restartOrder(left, leaderLast)
}

func restartOrder(ordinals []sts.Ordinal, leaderLast bool) string {
	switch {
	case len(ordinals) < 2:
		return ""
	case leaderLast:
		return ", one pod at a time, the leader last"
	}
	return ", one pod at a time"
}

func stepFinishRestart(done []sts.Ordinal) string {
	return "complete the restart of " + sts.SayOrdinals(done)
}

func msgRestarted(done []sts.Ordinal) string {
	return fmt.Sprintf("restarted: %s (%s) available, revisions unchanged", sts.Count(len(done), "pod"), sts.SayOrdinals(done))
}

func msgNothingToRestart() string { return "nothing to restart: 0 replicas" }

// What ends a restart.

func msgRestartRecordRemoved(set string) string {
	return fmt.Sprintf("annotation %s was removed from statefulset/%s during the restart", record.RestartAnnotation, set)
}

// left are the ordinals that are not restarted yet.
func msgOtherRestart(set, startedBy string, left []sts.Ordinal) string {
	rest := "no pods remaining"
	if len(left) > 0 {
		rest = sts.SayOrdinals(left) + " remaining"
	}
	return fmt.Sprintf("another restart of statefulset/%s%s is in progress: %s", set, by(startedBy, ", started by %s,"), rest)
}

func hintOtherRestart(again, forget sts.Hint) sts.Hint {
	return sts.Hintf("resume it: %s; or discard its record: %s", again, forget)
}

func msgWaitForLeaderCheck(pod string) string { return "for the leader check in pod " + pod }

// result is how the command ended: "exited with code 127".
func msgLeaderUnknown(pod, label, result string) string {
	return fmt.Sprintf("cannot determine whether pod %s is the leader: %s %s", pod, label, result)
}

func hintLeaderUnknown(container string) sts.Hint {
	return sts.Hintf("the command must work in container %s of every pod", container)
}

func msgTwoLeaders(a, b string) string {
	return fmt.Sprintf("--leader-exec reports two leaders: pods %s and %s", a, b)
}

func hintTwoLeaders() sts.Hint { return sts.Hintf("rerun the command once only one pod is the leader") }

func msgNoSuchRevision(pod, revision string) string {
	return fmt.Sprintf("for pod %s to be replaced: its revision %q does not exist", pod, revision)
}

func msgWaitForUpdate(due []sts.Ordinal, revision string) string {
	return "for the update of " + sts.SayOrdinals(due) + " to revision " + revision
}

// moves are what msgRevisionMove says, of each pair of revisions.
func msgRevisionsMove(moves []string) string {
	return "a restart would change revisions: " + strings.Join(moves, "; ")
}

func msgRevisionMove(pods []string, from, to string) string {
	return fmt.Sprintf("%s would be recreated with revision %s instead of %s", strings.Join(pods, ", "), to, from)
}

func hintUpdateByDeleting(deletePod sts.Hint) sts.Hint {
	return sts.Hintf("with update strategy OnDelete, deleting a pod updates it: %s", deletePod)
}

func hintFinishCanary(promote, abort sts.Hint) sts.Hint {
	return sts.Hintf("complete the update first: %s; or roll it back: %s", promote, abort)
}

func msgTwoBudgets(budgets []string, pod string) string {
	return fmt.Sprintf("cannot evict pod %s: more than one PodDisruptionBudget selects it (%s)", pod, strings.Join(budgets, " and "))
}

func hintTwoBudgets() sts.Hint {
	return sts.Hintf("delete or change all but one of these PodDisruptionBudgets")
}

func msgBudgetHoldsUnready(budget string) string {
	return fmt.Sprintf("for a pod to become healthy: poddisruptionbudget/%s blocks the eviction of unready pods until then", budget)
}

func msgBudgetHoldsFailing(budget, pod string) string {
	return fmt.Sprintf("pod %s is failing, and poddisruptionbudget/%s blocks its eviction until it is ready", pod, budget)
}

func hintBudgetHoldsFailing(evictUnready, deletePod sts.Hint) sts.Hint {
	return sts.Hintf("%s; or delete the pod: %s", evictUnready, deletePod)
}

// --forget.

func msgNoRestart() string { return "nothing to forget: no restart in progress" }

func stepForgetRestart() string { return "discard the record of the restart; no pod is restarted" }

func msgRestartForgotten() string {
	return "restart record discarded; pods already restarted are not affected"
}
