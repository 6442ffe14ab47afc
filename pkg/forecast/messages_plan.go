package forecast

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Changes.

func msgReplicasChange(from, to int32) string { return fmt.Sprintf("replicas: %d → %d", from, to) }

// msgPartitionChange adds to a change of the partition which ordinals use the new template: those
// from the given one, where end is behind the highest.
func msgPartitionChange(change string, start, from, end sts.Ordinal) string {
	switch {
	case from >= end:
		return change + " (no pod uses the new template)"
	case from == start:
		return change + " (all pods use the new template)"
	}
	return fmt.Sprintf("%s (pods %s and above use the new template)", change, from)
}

func msgSetDeletion(cascade string) string {
	return "deleted with --cascade=" + strings.ToLower(cascade)
}

func msgNodeFailure(node string) string { return "node " + node + " becomes unreachable" }

// Events. The table of events shows what follows the name of the object, after one name or several.

func stepClaimCreated(claim string) string { return "claim " + claim + " created" }

func stepClaimDeleted(claim string) string {
	return "claim " + claim + " marked for deletion (still in use)"
}

func stepClaimGone(claim string) string { return "claim " + claim + " deleted, including the data" }

func stepPodCreated(pod, template string) string {
	return fmt.Sprintf("pod %s created with %s", pod, template)
}

func stepPodRecreated(pod, template string) string {
	return fmt.Sprintf("pod %s recreated with %s", pod, template)
}

func stepPodReady(pod string) string { return "pod " + pod + " ready" }

func stepPodAvailable(pod string, minReadySeconds int32) string {
	return fmt.Sprintf("pod %s available (ready for %s)", pod, sts.Duration(time.Duration(minReadySeconds)*time.Second))
}

func stepPodUnready(pod string) string { return "pod " + pod + " no longer ready" }

func stepPodGone(pod string) string { return "pod " + pod + " terminated" }

func stepPodDeletedForUpdate(pod string) string { return "pod " + pod + " deleted for the update" }

func stepPodDeletedForScaleDown(pod string) string {
	return "pod " + pod + " deleted for the scale-down"
}

func stepPodDeletedForRecreation(pod string) string {
	return "pod " + pod + " deleted to be recreated"
}

func stepPodDeletedWithSet(pod string) string { return "pod " + pod + " deleted with the StatefulSet" }

func stepPodDeletedWithNode(pod string) string { return "pod " + pod + " deleted with its node" }

func stepPodDeletedOnLostNode(pod string) string {
	return "pod " + pod + " deleted, stuck in Terminating (node unreachable)"
}

func stepSetDeleted(set string) string {
	return "statefulset " + set + " marked for deletion (removed after its pods)"
}

func stepSetGone(set string) string { return "statefulset " + set + " deleted" }

func stepNodeLost(node string) string {
	return "node " + node + " unreachable (state of its pods unknown)"
}

func stepNodeRemoved(node string) string {
	return "node " + node + " deleted by an administrator"
}

func msgSetTemplate() string { return "the template of the StatefulSet" }

func msgRevisionTemplate(revision string) string { return "the template of revision " + revision }

// Why an event happens after others.

func msgWaitsForOldPods() string { return "Recreate: all pods of the old revision terminate first" }

func msgWaitsForName() string { return "pod names are unique" }

func msgWaitsForClaim() string { return "the old claim must be deleted first" }

func msgWaitsInOrder() string { return "OrderedReady: one pod at a time" }

func msgWaitsForUpdate(maxUnavailable int) string {
	if maxUnavailable > 1 {
		return fmt.Sprintf("RollingUpdate: at most %d pods unavailable", maxUnavailable)
	}
	return "RollingUpdate: one pod at a time"
}

// Claims.

func msgClaimDeleted() string { return "deleted, including the data" }

func msgClaimRecreated() string { return "deleted, including the data, then recreated empty" }

func msgClaimBlocked(finalizers []string) string {
	return "Terminating, blocked by " + finalizerList(finalizers)
}

func msgClaimTerminating() string { return "Terminating, in use until its pod terminates" }

func msgClaimCreated() string { return "created empty" }

func msgClaimKept() string { return "kept, including the data" }

func msgClaimOrphaned() string { return "orphaned, unchanged" }

func msgClaimReused() string { return "previously orphaned, reused with its data" }

func msgClaimUnchanged() string { return "in use, unchanged" }

// DNS names.

func msgNameComes(after time.Duration) string { return "published after " + sts.Duration(after) }

func msgNameComesAtOnce() string { return "published immediately, before the pod is ready" }

func msgNameComesWhenReady() string { return "published when the pod is ready" }

func msgNameComesAndGoes(after, away time.Duration) string {
	when := "immediately"
	if after > 0 {
		when = "after " + sts.Duration(after)
	}
	return fmt.Sprintf("published %s, then unavailable for %s, then a new IP", when, sts.Duration(away))
}

func msgNameOfTerminatingPod() string { return "not published: the pod is terminating" }

func msgNameOfLeavingPod() string {
	return "not published: the pod is not ready and will be deleted"
}

func msgNameOfMissingPod() string { return "never published: the pod will not be created" }

func msgNameOfUnreadyPod() string { return "never published: the pod will not become ready" }

func msgNameBriefly() string { return "briefly unavailable, then a new IP" }

func msgNameUnchanged() string { return "unchanged" }

func msgNameAway(away time.Duration) string {
	return "unavailable for " + sts.Duration(away) + ", then a new IP"
}

func msgNameLostTerminating() string { return "lost: the pod will not terminate" }

func msgNameLostUnready() string { return "lost: the pod will not become ready again" }

func msgNameGoes() string { return "removed with the pod" }

// Why pods have no DNS names.

func msgServiceNameInvalid(name string) string {
	return fmt.Sprintf("spec.serviceName %s is not the name of a Service: the pods have no DNS names", name)
}

func msgServiceNameEmpty() string { return "spec.serviceName is not set: the pods have no DNS names" }

func msgServiceNotFound(service string) string {
	return "service " + service + " does not exist: the pods have no DNS names"
}

func msgServiceExternal(service string) string {
	return "service " + service + " is of type ExternalName: the pods have no DNS names"
}

func msgServiceSelectsNone(service string) string {
	return "service " + service + " does not select the pods of the StatefulSet: they have no DNS names"
}

func msgServiceElsewhere(service, namespace string, others []string) string {
	return fmt.Sprintf("in the manifest, service %s is in namespace %s, but the StatefulSet is in namespace %s: the pods have no DNS names", service, strings.Join(others, ", "), namespace)
}

func msgServiceUnknown(service string) string {
	return "service " + service + " is not known: assumed to be headless and to publish only ready pods"
}

func msgServiceWithoutSelector(service string) string {
	return "service " + service + " has no selector: pods have DNS names only if the client that creates its EndpointSlices sets their hostnames"
}

// PodDisruptionBudgets.

func msgBudgetAllows(budget string, healthy, required int32) string {
	return fmt.Sprintf("poddisruptionbudget/%s would allow the deletion: %d healthy, %d required", budget, healthy, required)
}

func msgBudgetBlocks(budget string, healthy, required int32) string {
	return fmt.Sprintf("poddisruptionbudget/%s would block the deletion: %d healthy, %d required", budget, healthy, required)
}

func msgBudgetBlocksAll(budget string, healthy, required int32) string {
	return fmt.Sprintf("poddisruptionbudget/%s would block every deletion: %d healthy, %d required", budget, healthy, required)
}

func msgBudgetWithoutPods(budget string) string {
	return "poddisruptionbudget/" + budget + " would block the deletion: status.expectedPods is 0"
}

// Why a pod is stuck: what follows its name.

func msgDeadlock() string {
	return "will not terminate: it waits for its claims to be deleted, and they wait for it (foreground deletion during a scale-down)"
}

func msgNotTerminating(finalizers []string) string {
	return "will not terminate: blocked by " + finalizerList(finalizers)
}

func msgNeverReady() string { return "will not become ready" }

// Outcomes.

func msgComplete(replicas int32, template string) string {
	return fmt.Sprintf("%s available with %s", sts.Count(replicas, "pod"), template)
}

func msgHeld(ordinals []sts.Ordinal) string {
	verb := "are"
	if len(ordinals) == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%s %s below the partition and will not be updated", sts.SayOrdinals(ordinals), verb)
}

func msgWaiting(strategy string, ordinals []sts.Ordinal) string {
	pods := "their pods are"
	if len(ordinals) == 1 {
		pods = "its pod is"
	}
	return fmt.Sprintf("%s will be updated when %s deleted (%s)", sts.SayOrdinals(ordinals), pods, strategy)
}

func msgSetAndPodsDeleted(claimsKept bool) string {
	if claimsKept {
		return "StatefulSet and pods deleted; claims kept"
	}
	return "StatefulSet and pods deleted"
}

func msgOrphaned(claimsKept bool) string {
	text := "StatefulSet deleted; its pods keep running and are not recreated"
	if claimsKept {
		text += "; claims kept"
	}
	return text
}

func msgNameTooLong(length int) (message string, hint sts.Hint) {
	return fmt.Sprintf("no pod can be created: the name of the StatefulSet has %d characters, and the label controller-revision-hash would be too long", length),
		sts.Hintf("use a name of at most %d characters", sts.LongestSetName)
}

func msgStuckOnLostNode(pod, node string) (message string, hint sts.Hint) {
	return fmt.Sprintf("pod %s stays unavailable until node %s is deleted or tainted as out-of-service; it is then recreated on another node with the same name and claims", pod, node),
		sts.Hintf(`make sure that the machine of node %s is powered off (two pods must never write to the same volume), then run "%s"`, node, sts.Kubectl("", "delete node", node))
}

func hintDeadlock(removeFinalizers sts.Hint) sts.Hint {
	return sts.Hintf("wait for the scale-down to finish first, or use --cascade=background; if the pod is already stuck, wait until its containers have terminated, then: %s", removeFinalizers)
}

func msgPodStuck(pod, trouble string) string { return "pod " + pod + " " + trouble }

func msgPodNotCreated(pod string) string { return "pod " + pod + " will not be created" }

func msgPodNotCreatedBeforeClaim(pod, claim string, finalizers []string) string {
	return fmt.Sprintf("pod %s will not be created until its old claim %s is deleted (blocked by %s)", pod, claim, finalizerList(finalizers))
}

func msgStuckOldPod(pod, trouble string) string {
	return msgPodStuck(pod, trouble) + "; Recreate creates new pods only after it has terminated"
}

func msgStuckRecreate(pod, trouble string) string {
	return msgPodStuck(pod, trouble) + " and blocks the update; another template would replace all pods at once, including this one"
}

func msgStuckOutdated(pod, trouble string) string {
	return msgPodStuck(pod, trouble) + "; the StatefulSet controller waits for it to become ready before replacing it, even with a new template (kubernetes#67250)"
}

func msgStuckUpdate(pod, trouble string) string {
	return msgPodStuck(pod, trouble) + " and blocks the update until the template changes"
}

func msgStuckForever(pod, trouble string) string {
	return msgPodStuck(pod, trouble) + " and blocks the update; restoring the old template is not enough (kubernetes#67250)"
}

func msgStuckOnDelete(pod, trouble, template string) string {
	return fmt.Sprintf("%s; OnDelete keeps it on its revision until it is deleted, then recreates it with %s", msgPodStuck(pod, trouble), template)
}

func msgStuckOnDeleteUpdated(pod, trouble string) string {
	return msgPodStuck(pod, trouble) + "; it already has the new template"
}

func hintFixThenReplace(undo, replace sts.Hint) sts.Hint {
	if len(undo) == 0 {
		return sts.Hintf(`apply a working template, then run "%s"`, replace)
	}
	return sts.Hintf(`run "%s", then "%s"`, undo, replace)
}

func hintApplyTemplate() sts.Hint { return sts.Hintf("apply a working template") }

// Notes.

func msgAssumedHealthy(node string) string {
	return fmt.Sprintf("assumes that the StatefulSet is running and all its pods are available, each on its own node (%s …)", node)
}

func msgAutoscalerRestores(by, replicas string) string {
	return fmt.Sprintf("%s keeps the StatefulSet at %s and will scale it back into that range", by, replicas)
}

func msgAutoscalerInterferes(by, replicas string) string {
	return fmt.Sprintf("%s keeps the StatefulSet at %s and may scale it at any time", by, replicas)
}

func msgNodeTiming(unready, evicted, removed time.Duration) string {
	return fmt.Sprintf("assumes default timings: pods become not ready %s after their node becomes unreachable and are deleted %s later (or after their tolerationSeconds); "+
		"the node is assumed to be deleted %s after that", sts.Duration(unready), sts.Duration(evicted), sts.Duration(removed))
}

func msgCut(events int) string { return fmt.Sprintf("prediction stopped after %d events", events) }

func msgBudgetCountsMore(budget string, expected int) string {
	return fmt.Sprintf("poddisruptionbudget/%s covers %d pods, more than the StatefulSet has; only the pods of the StatefulSet are counted here", budget, expected)
}

func msgRevisionFails(revision string) string {
	return "all pods of revision " + revision + " fail; new ones are assumed to fail as well"
}

func msgUnreadable(resource, reason string) string { return "cannot read " + resource + ": " + reason }

func msgAssumedReady(pod, trouble string) string {
	return fmt.Sprintf("pod %s %s: assumed to become ready; use --broken to assume that it does not", pod, trouble)
}

func msgNotReadyNow() string { return "is not ready" }

func msgControllerAsleep(pod string, annotate sts.Hint) (message string, hint sts.Hint) {
	return "pod " + pod + " is missing although nothing blocks it: the StatefulSet controller may have missed the deletion of its old claim",
		sts.Hintf("if the pod is not created: %s", annotate)
}

func msgControllerBlind(claim, pod string) string {
	return fmt.Sprintf("the StatefulSet controller is not notified when the old claim %s is deleted: pod %s may be created much later, after another change of the StatefulSet", claim, pod)
}
