package operate

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// What drain-scale says: msg… is how it ended, after "statefulset.apps/NAME", or what it refuses, with a
// hint where there is one, wait… what it waits for, and step… what it does next.

func msgDrainInProgress(set string, from, to int32, profile, startedBy string) string {
	message := fmt.Sprintf("a %s of statefulset/%s from %d to %s", sayDirection(to > from), set, from, sts.Count(to, "replica"))
	if profile != "" {
		message += " with " + sayProfile(profile)
	}
	message += " is in progress"
	if startedBy != "" {
		message += ", started by " + startedBy
	}
	return message
}

func hintDrainInProgress(resume, cancel sts.Hint) sts.Hint {
	return sts.Hintf("to resume: %s; to cancel: %s", resume, cancel)
}

func msgDrainRecordRemoved(set string, status sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("another client removed annotation %s from statefulset/%s", record.DrainAnnotation, set),
		sts.Hintf("see its current state: %s", status)
}

func msgDrainRecordLost(pod string, remedies sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("pod %s has finalizer %s, but the record of its scale-down is missing: cannot determine whether %s has left its cluster", pod, record.LeavingFinalizer, pod), remedies
}

func msgDrainUnchanged(replicas int32) string {
	return "nothing to scale: already has " + sts.Count(replicas, "replica")
}

func msgDrainProfileRefuses(profile, why string) string {
	return fmt.Sprintf("profile %s does not support adding or removing individual members: %s", profile, why)
}

func msgDrainToZero(set string) (message string, hint sts.Hint) {
	return fmt.Sprintf("scaling statefulset/%s to 0 replicas would stop all members", set),
		sts.Hintf("add --park to stop them and record the current size")
}

func msgDrainQuorum(from, to, majority int32, scale sts.Hint) (message string, hint sts.Hint) {
	message = fmt.Sprintf("scaling from %d to %s would lose quorum (%d required)", from, sts.Count(to, "member"), majority)
	if majority < from {
		hint = sts.Hintf("scale to %d first: %s; scale further down once the remaining members have agreed on the new size", majority, scale)
	}
	return message, hint
}

func msgDrainMinHealthy(to, minHealthy int32) string {
	return fmt.Sprintf("scaling to %s would leave fewer than --min-healthy=%d", sts.Count(to, "member"), minHealthy)
}

func hintDrainMinHealthy(cancel sts.Hint) sts.Hint {
	return sts.Hintf("to resume, rerun without --min-healthy; to cancel: %s", cancel)
}

func msgDrainDeletesClaims(set string) (message string, hint sts.Hint) {
	return fmt.Sprintf("persistentVolumeClaimRetentionPolicy.whenScaled of statefulset/%s is Delete: the claims of the removed pods would be deleted with their data", set),
		sts.Hintf("add --keep-claims to set the policy to Retain during the scale-down, or --accept-data-loss to delete the claims")
}

func msgDrainBudgetBlocks(budget string, required, pods, replicas int32, scale sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("poddisruptionbudget/%s would block every eviction at %s: it requires %d of %d pods to be healthy", budget, sts.Count(replicas, "replica"), required, pods),
		sts.Hintf("change it first, or stop at %s: %s; or %s", sts.Count(replicas, "replica"), scale, hintDrainIgnoreBudgets())
}

func hintDrainIgnoreBudgets() sts.Hint {
	return sts.Hintf("add --pdb=ignore to delete the pod regardless of PodDisruptionBudgets")
}

func msgDrainBudgetStuck(budget, pod, numbers, unavailable string, edit sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("poddisruptionbudget/%s blocks the eviction of pod %s (%s) and will keep blocking it, because of pods that are not available and will not recover: %s", budget, pod, numbers, unavailable),
		sts.Hintf("relax it: %s", edit)
}

func msgDrainCanaryInProgress(set string, promote, abort sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("a canary rollout of statefulset/%s is in progress", set), sts.Hintf("complete it: %s; or abort it: %s", promote, abort)
}

func msgDrainRestartInProgress(set string, resume, forget sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("a restart of statefulset/%s is in progress", set), sts.Hintf("resume it: %s; or discard its record: %s", resume, forget)
}

func hintDrainPartition(promote, abort sts.Hint) sts.Hint {
	return sts.Hintf("the partition stops the update; complete it: %s; or roll it back: %s", promote, abort)
}

func hintDrainGitOps(to int32) sts.Hint {
	return sts.Hintf("pause syncing, rerun with --force-ownership, commit replicas: %d, then resume syncing", to)
}

func msgDrainScaledByOther(who, set string, has, expected int32, up bool) string {
	return fmt.Sprintf("%s scaled statefulset/%s to %s during its %s (expected %d)", who, set, sts.Count(has, "replica"), sayDirection(up), expected)
}

func hintDrainTakeOver() sts.Hint {
	return sts.Hintf("find out why, then rerun with --take-over to continue from there")
}

func hintDrainStartAgain(cancel sts.Hint) sts.Hint {
	return sts.Hintf("cancel it: %s; then rerun the command", cancel)
}

func hintDrainScaleBack(size int32, scale sts.Hint) sts.Hint {
	return sts.Hintf("scale back to %d: %s; then rerun the command to resume", size, scale)
}

func hintDrainScaleDown(pod string, scale sts.Hint) sts.Hint {
	return sts.Hintf("pod %s has been added since then and would be removed without being drained; if that is acceptable: %s; then rerun the command to resume", pod, scale)
}

func waitDrainUnseenPods(set string, counted, seen int) string {
	return fmt.Sprintf("for all pods of statefulset/%s to be observed (status.replicas is %d, observed %d)", set, counted, seen)
}

func waitDrainRecreated(pod string) string {
	return "for pod " + pod + " to be recreated (it was deleted)"
}

func waitDrainTerminated(pod string) string { return "for pod " + pod + " to terminate" }

func waitDrainDeletedBefore(pod string) string {
	return "for pod " + pod + " to terminate (it was deleted before it was drained)"
}

func stepDrainCheckEviction(pod string) string { return "check whether pod " + pod + " can be evicted" }

func stepDrainFirst(up bool, from, to int32, step string) string {
	verb := "down"
	if up {
		verb = "up"
	}
	return fmt.Sprintf("scale %s from %d to %s: %s", verb, from, sts.Count(to, "replica"), step)
}

func stepDrainRemove(member string) string { return "remove " + member }

func stepDrainRemoveMissing(member, why string) string {
	text := fmt.Sprintf("remove %s, which has no pod", member)
	if why != "" {
		text += ": " + why
	}
	return text
}

func stepDrainLeave(member, profile, values string) string {
	text := fmt.Sprintf("drain %s with %s", member, sayProfile(profile))
	if values != "" {
		text += " (" + values + ")"
	}
	return text
}

func stepDrainKeepClaims(step string) string {
	return step + "; set whenScaled to Retain until the scale-down is complete"
}

func stepDrainAdd(member string) string { return "add " + member }

func stepDrainJoin(member, profile string) string {
	return fmt.Sprintf("add %s with the join hooks of %s", member, sayProfile(profile))
}

func stepDrainResume(member string, phase record.MemberPhase, startedBy string) string {
	text := fmt.Sprintf("resume with %s (%s)", member, sts.Words(phase))
	if startedBy != "" {
		text += ", started by " + startedBy
	}
	return text
}

func stepDrainRestartCreated(member string) string {
	return "start over with " + member + ": its pod has been created since then"
}

func stepDrainRestartDeleted(member string) string {
	return "start over with " + member + ": its pod was deleted"
}

func stepAddFinalizer(pod string) string {
	return "add a finalizer to pod " + pod + " so that it is not recreated"
}

func msgFinalizerRemoved(pod string, times int, get sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("another client keeps removing finalizer %s from pod %s (added %d times); without it the StatefulSet controller may recreate the pod", record.LeavingFinalizer, pod, times),
		sts.Hintf("find that client: %s; then rerun the command to resume", get)
}

func msgDrainImpossible(set, member string, phase record.MemberPhase, up bool, cancel sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("annotation %s on statefulset/%s records %s as %s, which is not possible in a %s", record.DrainAnnotation, set, member, phase, sayDirection(up)),
		sts.Hintf("to cancel: %s", cancel)
}

func stepRemoveFinalizer(pod string) string { return "remove the finalizer from pod " + pod }

func stepRemoveFinalizerDeletedSet(pod, set string) string {
	return fmt.Sprintf("remove the finalizer from pod %s: statefulset/%s is being deleted", pod, set)
}

func stepRemoveFinalizerDeletedPod(pod string) string {
	return fmt.Sprintf("remove the finalizer from pod %s so that it is recreated: it was deleted before it left its cluster", pod)
}

func stepRemoveFinalizerUnknown(pod string) string {
	return fmt.Sprintf("remove the finalizer from pod %s; check the member: it may have partially left its cluster", pod)
}

func stepDrainLeft(member string) string { return "record that " + member + " has left its cluster" }

func stepDrainReverted(member string) string {
	return fmt.Sprintf("record that %s did not leave its cluster and its drain was reverted", member)
}

func stepDrainStillMember(member string) string {
	return "record that " + member + " is still a member"
}

func msgDrainPrecheckFailed(member, problem string) (message string, hint sts.Hint) {
	return fmt.Sprintf("cannot drain %s: %s; nothing was changed", member, problem),
		sts.Hintf("if it has never joined its cluster, rerun with --profile none")
}

func msgDrainUnknown(member, problem string, podDeleted bool, finish, cancel sts.Hint) (message string, hint sts.Hint) {
	message = fmt.Sprintf("cannot determine whether %s has left its cluster: %s", member, problem)
	if podDeleted {
		message += "; its pod was deleted in the meantime"
	}
	return message, sts.Hintf("rerun the command to check again; if it has left: %s; if it has not: %s", finish, cancel)
}

func msgDrainFailed(member, problem string) string {
	return fmt.Sprintf("%s did not leave its cluster: %s; it may have partially left; its pod was not removed", member, problem)
}

func msgDrainFailedReverted(member, problem string) string {
	return fmt.Sprintf("%s did not leave its cluster: %s; its drain was reverted; its pod was not removed", member, problem)
}

func msgDrainFailedNotReverted(member, problem, revert string) string {
	return fmt.Sprintf("%s did not leave its cluster: %s; reverting its drain failed: %s; its pod was not removed", member, problem, revert)
}

func hintDrainFailed(cancel sts.Hint) sts.Hint {
	return sts.Hintf("rerun the command to retry; to cancel: %s", cancel)
}

func hintDrainNoProgram(profile string) sts.Hint {
	return sts.Hintf("save the profile: %s; set the path of the program in it or the container that has it, and rerun with --profile FILE; or rerun with a command of your own: --drain-exec or --drain-cmd",
		sts.Kubectl("", "sts profile show", profile))
}

func hintDrainRetry() sts.Hint { return sts.Hintf("rerun the command to retry") }

func stepDrainScaleDown(to int32, member string) string {
	return fmt.Sprintf("scale to %s, removing %s", sts.Count(to, "replica"), member)
}

func stepDrainScaleUp(to int32, member string) string {
	return fmt.Sprintf("scale to %s, adding %s", sts.Count(to, "replica"), member)
}

func stepDrainDelete(pod string) string {
	return "delete pod " + pod + " regardless of PodDisruptionBudgets"
}

// hintResumeAfter is the hint for a pod that must be gone first.
func hintResumeAfter(remedy sts.Hint) sts.Hint {
	return sts.Hintf("%s; then rerun the command to resume", remedy)
}

func stepDrainGone(pod string) string { return "record that pod " + pod + " is gone" }

func stepDrainGoneHooks(pod string) string {
	return "record that pod " + pod + " is gone; its after hooks are next"
}

func msgDrainAfterFailed(pod, problem string) string {
	return fmt.Sprintf("pod %s is gone, but its after hooks failed: %s", pod, problem)
}

func stepDrainAfterDone(member string) string {
	return "record that the after hooks of " + member + " are done"
}

func stepDrainFinish(up bool, ordinals []sts.Ordinal) string {
	verb := "removed"
	if up {
		verb = "added"
	}
	return fmt.Sprintf("complete the %s (%s %s)", sayDirection(up), verb, sts.SayOrdinals(ordinals))
}

func msgDrainScaled(to int32, up bool, ordinals []sts.Ordinal) string {
	verb := "removed"
	if up {
		verb = "added"
	}
	return fmt.Sprintf("scaled to %s; %s %s", sts.Count(to, "replica"), verb, sts.SayOrdinals(ordinals))
}

func msgDrainKeptClaims(claims []string, list sts.Hint) (message string, hint sts.Hint) {
	if len(list) > 0 {
		hint = sts.Hintf("list them: %s", list)
	}
	return fmt.Sprintf("data kept in %s %s", sts.ClaimWord(len(claims)), sayAll(claims)), hint
}

func msgDrainDeletedClaims(claims []string) string {
	return fmt.Sprintf("deleted %s %s", sts.ClaimWord(len(claims)), strings.Join(claims, ", "))
}

func msgDrainRescuedClaims(claims []string) string {
	return fmt.Sprintf("deleted %s %s (data rescued)", sts.ClaimWord(len(claims)), strings.Join(claims, ", "))
}

// Members that join.

func msgDrainUpInline(option, set string, from, to int32) (message string, hint sts.Hint) {
	return fmt.Sprintf("%s applies to members that are removed, but statefulset/%s would be scaled up from %d to %s", option, set, from, sts.Count(to, "replica")),
		sts.Hintf("use --profile: its join hooks run for members that are added")
}

func msgDrainUpParked(set string, members int32, unpark sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("statefulset/%s is parked: its %s never left their cluster and must be started together", set, sts.Count(members, "member")), unpark
}

func msgDrainStaleClaims(set string, claims []string, undo sts.Hint) (message string, hint sts.Hint) {
	hint = sts.Hintf("add --fresh-claims to move the data aside, or --reuse-claims to start with it; to restore data that was moved aside: %s", undo)
	if len(claims) == 1 {
		return fmt.Sprintf("claim %s of statefulset/%s still has the data of a removed member; the new member would start with it", claims[0], set), hint
	}
	return fmt.Sprintf("claims %s of statefulset/%s still have the data of removed members; the new members would start with it", strings.Join(claims, ", "), set), hint
}

func stepDrainAnnounced(member string) string {
	return "record that the join.before hooks of " + member + " are done"
}

func stepDrainJoined(member string) string { return "record that " + member + " has joined" }

func msgDrainNotAdded(member, problem string) string {
	return fmt.Sprintf("%s was not added: %s", member, problem)
}

func msgDrainNotJoined(member, problem string) string {
	return fmt.Sprintf("pod %s is running, but its join.started hooks failed: %s", member, problem)
}

func msgDrainJoinAfterFailed(member, problem string) string {
	return fmt.Sprintf("pod %s is ready, but its join.after hooks failed: %s", member, problem)
}

// --unpark

func msgDrainNotParked(replicas int32) string {
	return fmt.Sprintf("nothing to unpark: not parked (%s)", sts.Count(replicas, "replica"))
}

func msgDrainParkedSize(set, size string, scale sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("annotation %s on statefulset/%s is not a valid size: %q", record.ParkedAnnotation, set, size), sts.Hintf("set the size: %s", scale)
}

func msgDrainNoParkedSize(set string, scale sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("statefulset/%s has no recorded size: it was not scaled to 0 with --park", set), sts.Hintf("set the size: %s", scale)
}

func stepDrainUnpark(from, to int32) string {
	return fmt.Sprintf("scale from %d to %s, the size before it was parked", from, sts.Count(to, "replica"))
}

func stepDrainForgetSize() string { return "remove the recorded size" }

func msgDrainUnparked(replicas int32) string {
	return "unparked with " + sts.Count(replicas, "replica")
}

// --cancel

func msgDrainNothingToCancel() string { return "nothing to cancel: no drain-scale in progress" }

func stepDrainCancel(up bool) string { return "cancel the " + sayDirection(up) }

func msgDrainCancelled(up bool, replicas int32) string {
	return fmt.Sprintf("%s cancelled at %s", sayDirection(up), sts.Count(replicas, "replica"))
}

func hintDrainUnpark(replicas int32, unpark sts.Hint) sts.Hint {
	return sts.Hintf("scale back to %s: %s", sts.Count(replicas, "replica"), unpark)
}

func msgDrainCancelScaled(replicas int32, lowest string) string {
	return fmt.Sprintf("the StatefulSet was scaled to %s in the meantime: %s and above will be removed without being drained", sts.Count(replicas, "replica"), lowest)
}

func msgDrainCancelStays(member string, remove sts.Hint) (message string, hint sts.Hint) {
	return member + " stays", sts.Hintf("to remove %s: %s", member, remove)
}

func msgDrainCancelKnown(member string) string {
	return fmt.Sprintf("check its cluster: %s may already be registered there", member)
}

func msgDrainCancelPartially(member string) string {
	return fmt.Sprintf("check %s: it may have partially left its cluster", member)
}

func msgDrainCancelMember(member string) string { return member + " has not left its cluster" }

func msgDrainCancelReverted(member string) string {
	return "the drain of " + member + " was reverted"
}

func msgDrainCancelTooLate(member string, finish sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("%s has already left its cluster: its pod cannot continue as a member", member), sts.Hintf("complete the scale-down: %s", finish)
}

func msgDrainCancelProfile(recorded, option string) (message string, hint sts.Hint) {
	return "the scale-down was started with profile " + recorded, sts.Hintf("rerun with --profile %s", option)
}

func msgDrainCancelUnknown(member, problem string) (message string, hint sts.Hint) {
	return fmt.Sprintf("cannot determine whether %s has left its cluster: %s", member, problem), sts.Hintf("rerun the command to check again")
}

func msgDrainCancelFailed(member, problem string) string {
	return fmt.Sprintf("cannot revert the drain of %s: %s", member, problem)
}

// The commands of profiles.

func msgDrainNoSurvivor(command string) string {
	return fmt.Sprintf("cannot run %s: no other member is available", command)
}

func msgDrainNoPod(command string) string {
	return fmt.Sprintf("cannot run %s: the pod of the member does not exist", command)
}

func msgDrainTooMuchOutput() string { return "too much output" }

func stepDrainRun(label, why string) string {
	if why == "" {
		return "run " + label
	}
	return why + " (" + label + ")"
}

func stepDrainIfNeeded(why string) string {
	if why == "" {
		why = "run it"
	}
	return "if needed, " + why
}

func waitDrainRuns(label string) string { return "for " + label + " to complete" }

func waitDrainRetry(label, problem string) string {
	return fmt.Sprintf("to retry %s: %s", label, problem)
}

func waitDrainLeaves(member string, checks int, problem string) string {
	text := "checked once"
	if checks > 1 {
		text = fmt.Sprintf("checked %d times", checks)
	}
	if problem != "" {
		text += ", not yet: " + problem
	}
	return fmt.Sprintf("for %s to leave its cluster (%s)", member, text)
}

func msgDrainStillThere() string { return "it has not left" }

func msgDrainLeaveTimeout(timeout time.Duration, problem string) string {
	return fmt.Sprintf("timed out after %s waiting for it to leave: %s", sts.Age(timeout), problem)
}

// sayProfile names a profile, or the option that stands for one.
func sayProfile(name string) string {
	if strings.HasPrefix(name, "--") {
		return name
	}
	return "profile " + name
}

func sayDirection(up bool) string {
	if up {
		return "scale-up"
	}
	return "scale-down"
}
