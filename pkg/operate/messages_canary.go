package operate

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What canary start, promote and abort, undo and promote --auto report. Done messages continue
// "statefulset.apps/NAME", waits continue "waiting".

// Values of flags.

func msgInvalidCount(value string) string {
	return fmt.Sprintf("invalid value %q, must be a positive number or a percentage up to 100%%", value)
}

func msgInvalidStep(value string) string {
	return fmt.Sprintf("invalid step %q, must be a positive number or a percentage up to 100%% (for example 1,3,50%%,100%%)", value)
}

func msgStepsNotIncreasing(before, step string) string {
	return fmt.Sprintf("steps are cumulative and must increase: %s follows %s", step, before)
}

func msgInvalidImage(value string) string {
	return fmt.Sprintf("invalid value %q, must be IMAGE or CONTAINER=IMAGE", value)
}

func msgNotAnImage(image, why string) string {
	return fmt.Sprintf("invalid image %q: %s", image, why)
}

// Records and revisions.

func msgRevisionGone(set, revision string) string {
	return fmt.Sprintf("cannot determine the previous template of statefulset/%s: revision %s is no longer in its history and its template was not recorded", set, revision)
}

func hintRevisionGone(ns, set string) sts.Hint {
	return sts.Hintf("apply a working template: %s; or roll back to an older revision: %s; list the revisions: %s; if a failing pod then blocks the update: %s",
		sts.Kubectl(ns, "apply", "-f", "OLD.yaml"), sts.Kubectl(ns, "rollout undo", "sts/"+set, "--to-revision=N"),
		sts.Kubectl(ns, "sts history", set), sts.Kubectl(ns, "sts unstick", set))
}

// Guards.

func msgEndedByOther(rolledBack bool, revision string) string {
	if rolledBack {
		return "another command or client has rolled the update back to revision " + revision
	}
	return "another command or client has completed the update to revision " + revision
}

func msgEndedByItself(revision string) string {
	return "the update to revision " + revision + " is no longer in progress"
}

func msgNoCanary(verb string) string {
	return fmt.Sprintf("nothing to %s: no canary in progress", verb)
}

func msgBeingAborted(set string) string {
	return fmt.Sprintf("the canary of statefulset/%s is being aborted", set)
}

func hintBeingAborted(abort sts.Hint) sts.Hint {
	return sts.Hintf("complete the abort first: %s", abort)
}

func hintPartitionMoved() sts.Hint {
	return sts.Hintf("find out who changed it, then rerun with --take-over to continue from the current partition")
}

func hintTemplateChanged(abort sts.Hint) sts.Hint {
	return sts.Hintf("roll back: %s; or rerun with --take-over to continue with the changed template", abort)
}

func msgNoOrdinal(set string, o sts.Ordinal, has []sts.Ordinal) string {
	if len(has) == 0 {
		return fmt.Sprintf("ordinal %s not found: statefulset/%s is scaled to 0 replicas", o, set)
	}
	return fmt.Sprintf("ordinal %s not found: statefulset/%s has %s", o, set, sts.SayOrdinals(has))
}

func msgWaitCanaryReplaced(pod string) string {
	return fmt.Sprintf("for pod %s to be replaced", pod)
}

// Start.

func msgTemplateUnchanged() string {
	return "nothing to change: the pod template is the same"
}

func msgCanaryStartedBefore(set string, updated []sts.Ordinal, replicas int32) string {
	if len(updated) == 0 {
		return fmt.Sprintf("a canary of statefulset/%s is already in progress (no canary pods: scaled to %s)", set, sts.Count(replicas, "replica"))
	}
	return fmt.Sprintf("a canary of statefulset/%s is already in progress on %s", set, sts.SayOrdinals(updated))
}

func hintCanaryStartedBefore(updated []sts.Ordinal, promote, abort sts.Hint) sts.Hint {
	if len(updated) == 0 {
		return sts.Hintf("abort it first: %s", abort)
	}
	return sts.Hintf("complete it first: %s; or abort it: %s", promote, abort)
}

func msgStartParked(set string) (message string, hint sts.Hint) {
	return fmt.Sprintf("cannot start a canary: statefulset/%s is scaled to 0 replicas", set),
		sts.Hintf("scale it up first, or change the template with kubectl")
}

func msgTooManyCanaries(set string, canaries, replicas int32) (message string, hint sts.Hint) {
	return fmt.Sprintf("%d canaries exceed the %s of statefulset/%s", canaries, sts.Count(replicas, "replica"), set), sts.Hintf("lower --canaries")
}

func msgContainerRequired(set, image string, containers []string) (message string, hint sts.Hint) {
	return fmt.Sprintf("statefulset/%s has several containers, specify one as CONTAINER=%s", set, image), hintContainers(containers)
}

func msgContainerNotFound(set, container string, containers []string) (message string, hint sts.Hint) {
	return fmt.Sprintf("container %s not found in statefulset/%s", container, set), hintContainers(containers)
}

func hintContainers(containers []string) sts.Hint {
	return sts.Hintf("use one of its containers: %s", strings.Join(containers, ", "))
}

func msgContainerTwice(container string) string {
	return fmt.Sprintf("more than one image specified for container %s", container)
}

func msgPatchInvalid(err error) string {
	return fmt.Sprintf("cannot apply the patch to the pod template: %s", err)
}

func msgTemplateInvalid(reason string) string {
	return fmt.Sprintf("invalid pod template: %s", reason)
}

func stepStart(canaries []sts.Ordinal, change string) string {
	return fmt.Sprintf("start a canary on %s: %s", sts.SayOrdinals(canaries), change)
}

func msgImageChange(container, from, to string) string {
	return fmt.Sprintf("container %s from %s to %s", container, from, to)
}

func msgRestartChange(at string) string {
	return fmt.Sprintf("restart its pods (restartedAt %s)", at)
}

// Promote.

func msgPromoteParked(set string, abort sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("cannot promote the canary: statefulset/%s is scaled to 0 replicas", set),
		sts.Hintf("scale it up first; or abort the canary: %s", abort)
}

func stepPromote(o sts.Ordinal) string {
	return fmt.Sprintf("promote the canary to ordinal %s", o)
}

func stepPromoteFinish(nextUpdate string) string {
	return withClause("complete the canary: all pods run the new revision", nextUpdate)
}

func msgWaitUpdateFinished() string {
	return "for the StatefulSet controller to complete the update"
}

func msgPromoted(revision, nextUpdate string) string {
	return withClause(fmt.Sprintf("fully promoted to revision %s, all pods are available", revision), nextUpdate)
}

func msgPartitionReset(before int32) string {
	return fmt.Sprintf("the partition is 0 (was %d): the next update will reach all ordinals", before)
}

func msgPartitionRestored(partition int32, below []sts.Ordinal) string {
	return fmt.Sprintf("the partition is %d again: the next update will not reach %s", partition, sts.SayOrdinals(below))
}

// Where start and promote end.

func msgCanaryStarted(updated, rest []sts.Ordinal, waited bool) string {
	if !waited {
		return notUpdated(fmt.Sprintf("canary started on %s (not waiting for pods to become available)", sts.SayOrdinals(updated)), rest)
	}
	return notUpdated(fmt.Sprintf("canary started on %s (available)", sts.SayOrdinals(updated)), rest)
}

func msgCanaryPromoted(updated, rest []sts.Ordinal) string {
	return notUpdated(fmt.Sprintf("promoted to %s (available)", sts.SayOrdinals(updated)), rest)
}

func msgCanaryWithoutPods(rest []sts.Ordinal) string {
	if len(rest) == 0 {
		return "canary paused: scaled to 0 replicas"
	}
	return fmt.Sprintf("canary paused: no canary pods after the scale-down; not updated: %s", sts.SayOrdinals(rest))
}

func hintCanaryPaused(promote, abort sts.Hint) sts.Hint {
	return sts.Hintf("continue: %s; or roll back: %s", promote, abort)
}

// Abort.

func hintTemplateReapplied(who string, abort sts.Hint) sts.Hint {
	return sts.Hintf("revert the change at its source, or %s will overwrite the template again with its next apply; then restore the stable template: %s", who, abort)
}

func stepAbort(off []sts.Ordinal, stable, because, disturbed string) string {
	text := fmt.Sprintf("restore the pod template of revision %s", stable)
	if len(off) > 0 {
		text = fmt.Sprintf("roll back %s to revision %s", sts.SayOrdinals(off), stable)
	}
	if because != "" {
		text += ", because " + because
	}
	if disturbed != "" {
		text += "; " + disturbed
	}
	return text
}

func stepAbortLower(o sts.Ordinal, stable string) string {
	return fmt.Sprintf("also roll back ordinal %s to revision %s", o, stable)
}

func msgWaitRolledBack() string {
	return "for the StatefulSet controller to complete the rollback"
}

func stepAbortFinish() string {
	return "complete the abort: all pods are rolled back"
}

func msgAborted(stable string) string {
	return fmt.Sprintf("rolled back to revision %s, all pods are available", stable)
}

func hintAppliedBy(who string) sts.Hint {
	return sts.Hintf("revert the change at its source too: %s applied the template that was rolled back, and the next apply will restore it", who)
}

func msgAbortAltered(set string, updated, rest []sts.Ordinal, from sts.Ordinal, revision, stable string, changes []sts.Change) string {
	text := fmt.Sprintf("statefulset/%s is rolled back, but mutating admission changed the stable template: %s %s revision %s instead of %s (%s)",
		set, sts.SayOrdinals(updated), runs(updated), revision, stable, sts.SayChanges(changes))
	if len(rest) > 0 {
		text += fmt.Sprintf("; the partition stays at ordinal %s, because lowering it would restart %s with the same changes", from, sts.SayOrdinals(rest))
	}
	return text
}

func msgAbortReencoded(set string, rest []sts.Ordinal, from sts.Ordinal, revision, stable string) string {
	text := fmt.Sprintf("statefulset/%s is rolled back, but the API server stored the same template as a new revision, %s instead of %s", set, revision, stable)
	if len(rest) > 0 {
		text += fmt.Sprintf("; the partition stays at ordinal %s, because lowering it would restart %s, which already %s this template", from, sts.SayOrdinals(rest), runs(rest))
	}
	return text
}

func hintAbortRenamed(promote sts.Hint) sts.Hint {
	return sts.Hintf("if these restarts are acceptable: %s", promote)
}

// Promote --auto.

func stepLock(options string) string {
	return "promote step by step: " + options
}

func stepOf(number, of int, step string) string {
	return fmt.Sprintf("step %d of %d: %s", number, of, step)
}

func stepRaisePartition(o sts.Ordinal) string {
	return fmt.Sprintf("raise the partition above ordinal %s, which has not been replaced yet", o)
}

func msgGateFailed(why string, updated, rest []sts.Ordinal) string {
	return notUpdated(fmt.Sprintf("%s; canary paused on %s", why, sts.SayOrdinals(updated)), rest)
}

func hintGateFailed(abort sts.Hint) sts.Hint {
	return sts.Hintf("rerun the command to check the gates again; or roll back: %s", abort)
}

func msgGateAborted(why, end string) string {
	return fmt.Sprintf("%s; canary aborted: %s", why, end)
}

// Gates.

func msgTooManyRestarts(pod string, restarts, allowed int32, trouble string) string {
	text := fmt.Sprintf("pod %s restarted %s, more than --max-restarts=%d", pod, times(restarts), allowed)
	if trouble != "" {
		text += "; it " + trouble
	}
	return text
}

func msgWaitTolerated(pod, trouble string, allowed int32) string {
	return fmt.Sprintf("for pod %s: it %s; %s allowed", pod, trouble, sts.Count(allowed, "restart"))
}

func msgWaitSoak(pod string, soak time.Duration) string {
	return fmt.Sprintf("for pod %s to be ready for %s", pod, sts.Duration(soak))
}

func stepCheck(command string) string {
	return fmt.Sprintf("run --check %q", command)
}

func stepCheckExec(command, pod string, number, of int) string {
	text := fmt.Sprintf("run --check-exec %q in pod %s", command, pod)
	if of > 1 {
		text += fmt.Sprintf(" (%d of %d)", number, of)
	}
	return text
}

func msgWaitCheck(command string) string {
	return fmt.Sprintf("for --check %q", command)
}

func msgWaitCheckExec(pods int) string {
	return "for --check-exec in " + sts.Count(pods, "pod")
}

func msgCheckFailed(check, command, pod string, a ExecResult) string {
	text := fmt.Sprintf("--%s %q", check, command)
	if pod != "" {
		text += " in pod " + pod
	}
	return text + " " + a.String()
}
