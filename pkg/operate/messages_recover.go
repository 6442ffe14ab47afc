package operate

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

const outOfService = "node.kubernetes.io/out-of-service"

// The steps.

// lost is what is known about the node.
func stepBeginRecover(pod, lost string) string {
	return fmt.Sprintf("start the recovery of pod %s: %s", pod, lost)
}

func stepResumeRecover(pod, node, startedBy string) string {
	return "resume the recovery" + by(startedBy, " started by %s") + fmt.Sprintf(": pod %s, node %s", pod, node)
}

// removed is what msgPodsOfNode says.
func stepTaintNode(node, removed string) string {
	return fmt.Sprintf("taint node %s with %s=nodeshutdown:NoExecute: this removes %s, and detaches the volumes", node, outOfService, removed)
}

func stepDeleteNode(node, removed string) string {
	return fmt.Sprintf("delete node %s: this removes %s; the volumes may stay attached for 6 minutes (force detach)", node, removed)
}

func stepForceDelete(pod string) string {
	return fmt.Sprintf("delete pod %s with grace period 0; its volumes stay attached to the node until the force detach after 6 minutes, or until their VolumeAttachments are deleted", pod)
}

func msgPodsOfNodeHidden() string { return "all pods on it (they could not be listed)" }

// members are the pods of StatefulSets, as namespace/name.
func msgPodsOfNode(pods int, members []string) string {
	text := "all pods on it (" + sts.Count(pods, "pod")
	if len(members) == 0 {
		return text + ", none of a StatefulSet)"
	}
	return text + "; of StatefulSets: " + strings.Join(firstNames(members), ", ") + ")"
}

func firstNames(names []string) []string {
	const most = 10
	if len(names) <= most {
		return names
	}
	return append(names[:most:most], fmt.Sprintf("and %d more", len(names)-most))
}

func stepUntaintNode(node string) string {
	return fmt.Sprintf("remove the taint %s from node %s", outOfService, node)
}

func stepStopRecoverReady(node string) string { return stepStopRecover("node " + node + " is ready") }

func stepStopRecover(why string) string { return "stop the recovery: " + why }

func stepFinishRecover(pod string, taintStays bool) string {
	if taintStays {
		return "complete the recovery of pod " + pod + "; the taint stays until the node is ready"
	}
	return "complete the recovery of pod " + pod
}

func stepRelease() string { return "remove the record of the recovery" }

// What is waited for.

func msgNodeNotRead(node string) string { return "for node " + node + " to be read" }

func msgWaitForRemoval(pod, node string, finalizers []string) string {
	return fmt.Sprintf("for pod %s to be removed from node %s", pod, node) + keptBy(finalizers)
}

func msgWaitForNodeDeletion(node string, finalizers []string) string {
	return fmt.Sprintf("for node %s to be deleted", node) + keptBy(finalizers)
}

// keptBy says which finalizers an object has that was deleted.
func keptBy(finalizers []string) string {
	if len(finalizers) == 0 {
		return ""
	}
	return ": it has finalizers " + strings.Join(finalizers, ", ")
}

func msgWaitForDetach(pod string, volumes []string, node string) string {
	return fmt.Sprintf("for pod %s: persistentvolume/%s still attached to node %s (force detach after 6m)", pod, strings.Join(volumes, ", "), node)
}

// The end.

// on is the node of the new pod, empty when there is none.
func msgRecovered(pod, from, on string) string {
	if on == "" {
		return fmt.Sprintf("recovered: pod %s removed from node %s", pod, from)
	}
	return fmt.Sprintf("recovered: pod %s available on node %s instead of %s", pod, on, from)
}

func msgRecoveredTaintStays(recovered, node string) string {
	return fmt.Sprintf("%s; the taint %s stays on node %s", recovered, outOfService, node)
}

func hintRelease(release sts.Hint) sts.Hint {
	return sts.Hintf("keep the taint while the machine is off; once the node is ready again, remove it: %s", release)
}

func msgNothingToRecover(pod, node string) string {
	return fmt.Sprintf("nothing to recover: pod %s is available on node %s", pod, node)
}

func msgNothingToRelease() string {
	return "nothing to release: no node has a taint of an earlier recovery"
}

func msgReleased() string { return "released: no node has a taint of an earlier recovery" }

// nodes are what is known about each node.
func msgTaintsStay(nodes []string) string {
	return fmt.Sprintf("the taint %s stays: %s", outOfService, strings.Join(nodes, "; "))
}

func hintTaintsStay(node string) sts.Hint {
	return sts.Hintf("rerun the command once the node is ready or deleted; to remove the taint by hand: %s",
		sts.Kubectl("", "taint node", node, outOfService+"-"))
}

// What is refused.

func msgRecoverRecordRemoved(set string) string {
	return fmt.Sprintf("annotation %s was removed from statefulset/%s during the recovery", record.RecoverAnnotation, set)
}

func hintTaintWithoutRecord(node string) sts.Hint {
	return sts.Hintf("node %s has the taint %s, which is no longer on record; once the node is ready again, remove it: %s", node, outOfService,
		sts.Kubectl("", "taint node", node, outOfService+"-"))
}

func msgNodeUnseen(resource string) string {
	return fmt.Sprintf("cannot determine whether the node is lost: cannot read %s", resource)
}

func hintNodeUnseen() sts.Hint {
	return sts.Hintf("request get on nodes, and on leases in namespace kube-node-lease (cluster-scoped: see kubectl-sts-recover in examples/rbac/roles.yaml)")
}

func msgOtherRecovery(pod, node string) string {
	return fmt.Sprintf("the recovery of pod %s from node %s is in progress", pod, node)
}

func hintOtherRecovery(again, release sts.Hint) sts.Hint {
	return sts.Hintf("resume it: %s; or discard its record: %s", again, release)
}

func msgNoPodToRecover(pod string) string { return fmt.Sprintf("pod %s does not exist", pod) }

func msgNoNode(pod string) string { return fmt.Sprintf("pod %s is not assigned to a node", pod) }

func msgNodeIsReady(node, pod string) string {
	return fmt.Sprintf("node %s of pod %s is ready: it is not lost", node, pod)
}

func msgNodeReadyAgain(node, pod string) string {
	return fmt.Sprintf("node %s is ready again: its kubelet terminates pod %s; the recovery was stopped", node, pod)
}

// lost is what is known about the node.
func msgNotLost(lost, pod string, tolerated time.Duration) string {
	return fmt.Sprintf("%s; pod %s tolerates this for %s", lost, pod, sts.Age(tolerated))
}

func hintRerunIn(d time.Duration) sts.Hint {
	return sts.Hintf("rerun the command in %s", sts.Age(d+time.Second))
}

func msgKubeletAlive(lost string) string {
	return lost + "; its kubelet has renewed its lease since: the machine is running"
}

func hintKubeletAlive(node string) sts.Hint {
	return sts.Hintf("find out why the node is not ready: %s; or power the machine off and rerun the command", sts.Kubectl("", "describe node", node))
}

func msgNodeGone(node, pod string) string {
	return fmt.Sprintf("node %s does not exist; the pod garbage collector deletes pod %s within about a minute", node, pod)
}

func hintNodeGone(forced sts.Hint) sts.Hint {
	return sts.Hintf("if it does not, delete the pod: %s", forced)
}

func msgTaintTolerated(pod string) string {
	return fmt.Sprintf("pod %s tolerates the taint %s, which would not remove it", pod, outOfService)
}

func hintOtherAction(deleteNode, forced sts.Hint) sts.Hint {
	return sts.Hintf("delete the node: %s; or only the pod: %s", deleteNode, forced)
}

// confirmed is the node that was confirmed, empty for none.
func msgNotConfirmed(pod, node, confirmed string) string {
	if confirmed == "" {
		return fmt.Sprintf("pod %s is on node %s: it was not confirmed that its machine is off", pod, node)
	}
	return fmt.Sprintf("pod %s is on node %s, but --node-is-off confirms node %s", pod, node, confirmed)
}

func msgNodeRecreated(node string) string {
	return fmt.Sprintf("node %s was recreated after it was confirmed that its machine is off", node)
}

func hintConfirm(node string) sts.Hint {
	return sts.Hintf("make sure that the machine of node %s is off and stays off, then confirm it with --node-is-off %s", node, node)
}

func msgNotRemoved(pod, node string, after time.Duration, finalizers []string) string {
	return fmt.Sprintf("pod %s was not removed from node %s within %s", pod, node, sts.Age(after)) + keptBy(finalizers)
}

// lost is what is known about the node of the new pod.
func msgNextNodeLost(pod, lost string) string {
	return fmt.Sprintf("the new pod %s is on a lost node, too: %s", pod, lost)
}

func hintRecoverAgain(again sts.Hint) sts.Hint {
	return sts.Hintf("recover it from that node: %s", again)
}

func msgNodeNotDeleted(node string, after time.Duration, finalizers []string) string {
	return fmt.Sprintf("node %s was not deleted within %s", node, sts.Age(after)) + keptBy(finalizers)
}

func hintNodeNotDeleted(describe, taint sts.Hint) sts.Hint {
	return sts.Hintf("check the node and the controllers of its finalizers: %s; or taint it: %s", describe, taint)
}

func hintNotRemoved(forced, describe sts.Hint) sts.Hint {
	return sts.Hintf("check the pod: %s; delete it with grace period 0: %s", describe, forced)
}
