package operate_test

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// taintedAt is when the recovery in these tables has added its taint.
var taintedAt = ststest.Now.Add(-time.Minute)

// hanging is a set of 3 whose pod web-1 is terminating on node-1, which has been lost for an hour.
func hanging(changes ...change) *sts.Inventory {
	inv := ststest.Web(3)
	inv.Pods[1].Spec.NodeName = "node-1"
	inv.Pods[1].ResourceVersion = "41"
	ststest.NotReady(inv.Pods[1], ststest.Now.Add(-time.Hour))
	ststest.Terminating(inv.Pods[1], ststest.Now.Add(-50*time.Minute))
	inv.NodeStates = []sts.NodeState{ststest.LostNode("node-1", ststest.Now.Add(-time.Hour), inv.Pods[1])}
	for _, change := range changes {
		change(inv)
	}
	return inv
}

// recovering has the record of a recovery of web-1, and the lock of the command 1.
func recovering(action record.RecoverAction, changes ...change) *sts.Inventory {
	inv := hanging()
	r := record.Recover{Recovery: &record.Recovery{Ordinal: 1, UID: "web-1-uid", Node: "node-1", NodeUID: "node-1-uid", Action: action, StartedBy: "alice@laptop", StartedAt: taintedAt}}
	if action == record.OutOfService {
		r.Taints = []record.NodeTaint{{Node: "node-1", UID: "node-1-uid", AddedAt: taintedAt}}
	}
	inv.Sets[0].Annotations = map[string]string{record.RecoverAnnotation: sts.EncodeAnnotation(r)}
	owned("alice@laptop", "1")(inv)
	for _, change := range changes {
		change(inv)
	}
	return inv
}

func onNode(f func(*sts.NodeState)) change { return func(inv *sts.Inventory) { f(&inv.NodeStates[0]) } }

var (
	nodeReady   = onNode(func(n *sts.NodeState) { n.Node.Status.Conditions[0].Status = corev1.ConditionTrue })
	nodeDeleted = onNode(func(n *sts.NodeState) { n.Node, n.Lease, n.Pods = nil, nil, nil })
	outOfOrder  = onNode(func(n *sts.NodeState) { n.Node.Spec.Taints = append(n.Node.Spec.Taints, sts.OutOfService()) })
	ourTaint    = onNode(func(n *sts.NodeState) {
		taint := sts.OutOfService()
		taint.TimeAdded = &metav1.Time{Time: taintedAt}
		n.Node.Spec.Taints = append(n.Node.Spec.Taints, taint)
	})
	movedPod = func(inv *sts.Inventory) {
		inv.Pods[1] = ststest.Pod(inv.Sets[0], 1, ststest.StableRevision)
		inv.Pods[1].UID = "new"
	}
	movedPending = func(inv *sts.Inventory) {
		movedPod(inv)
		inv.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodPending}
		inv.Pods[1].CreationTimestamp = metav1.NewTime(ststest.Now)
	}
	renewed  = onNode(func(n *sts.NodeState) { n.Lease = ststest.Lease(n.Name, ststest.Now.Add(-time.Second)) })
	recorded = func(taints ...record.NodeTaint) change {
		return annotated(record.RecoverAnnotation, sts.EncodeAnnotation(record.Recover{Taints: taints}))
	}
	tainted = record.NodeTaint{Node: "node-1", UID: "node-1-uid", AddedAt: taintedAt}
	// nodeKept: the Node object was deleted, and has a finalizer.
	nodeKept = onNode(func(n *sts.NodeState) {
		n.Node.Finalizers, n.Node.DeletionTimestamp = []string{"test.example/termination"}, &metav1.Time{Time: ststest.Now}
	})
	nodeRecreated = onNode(func(n *sts.NodeState) { n.Node.UID = "again" })
	// podKept: the pod was deleted with grace period 0, and has a finalizer.
	podKept = onPod(1, func(p *corev1.Pod) {
		p.Finalizers, p.DeletionGracePeriodSeconds = []string{"test.example/backup"}, new(int64)
	})
	// lostAgain: the pod that was created on node-2 is terminating, because that is lost, too.
	lostAgain  = func(inv *sts.Inventory) { secondNode(inv, ststest.Now.Add(-30*time.Minute)) }
	claimGoing = func(inv *sts.Inventory) {
		inv.Claims[1].DeletionTimestamp, inv.Claims[1].Finalizers = &metav1.Time{Time: ststest.Now}, []string{"kubernetes.io/pvc-protection"}
		inv.Pods[1].Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: inv.Claims[1].Name}}}}
	}
)

// secondNode has the next pod of web-1 on node-2, which is not ready since then.
func secondNode(inv *sts.Inventory, since time.Time) {
	movedPod(inv)
	p := inv.Pods[1]
	p.Spec.NodeName = "node-2"
	ststest.NotReady(p, since)
	inv.NodeStates = append(inv.NodeStates, ststest.LostNode("node-2", since, p))
}

func recoverer(action record.RecoverAction, off string) operate.RecoverPod {
	return operate.RecoverPod{Lock: holder("1"), Ordinal: 1, Action: action, NodeIsOff: off}
}

// found are the facts of a command that has found this inventory.
func found(inv *sts.Inventory) operate.Facts { return operate.Facts{Found: inv.Snapshots()[0]} }

func recoverCases() []decisionCase {
	taint, remove, force := recoverer(record.OutOfService, "node-1"), recoverer(record.DeleteNode, "node-1"), recoverer(record.ForceDeletePod, "node-1")
	asked := recoverer(record.OutOfService, "")
	release := operate.ReleaseNodes{Lock: holder("1")}
	wrote := found(recovering(record.OutOfService))
	wrote.Wrote = true
	long := wrote
	long.Still = 3 * time.Minute
	other := onSet(func(set *appsv1.StatefulSet) {
		set.Annotations[record.RecoverAnnotation] = sts.EncodeAnnotation(record.Recover{Recovery: &record.Recovery{Ordinal: 2, UID: "u", Node: "node-2", Action: record.DeleteNode}})
	})
	recent := onNode(func(n *sts.NodeState) { *n = ststest.LostNode("node-1", ststest.Now.Add(-4*time.Minute)) })
	everything := onPod(1, func(p *corev1.Pod) {
		p.DeletionTimestamp = nil
		p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	})
	healthy := onPod(1, func(p *corev1.Pod) {
		p.DeletionTimestamp = nil
		ststest.Ready(p, ststest.Now.Add(-time.Hour))
	})
	attached := func(inv *sts.Inventory) {
		movedPending(inv)
		inv.Pods[1].Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-web-1"}}}}
		inv.Claims[1].Spec.VolumeName = "pv-1"
		inv.NodeStates[0].Attached = []string{"pv-0", "pv-1"}
	}
	one := func(name string, from *sts.Inventory, i operate.Intent, f operate.Facts, v operate.Verdict, reason string) decisionCase {
		return decisionCase{name: name, from: from, intent: i, facts: f, verdict: v, reason: reason}
	}
	fresh := found(hanging())
	second := recoverer(record.OutOfService, "node-2")
	unreadyAgain := func(inv *sts.Inventory) { secondNode(inv, ststest.Now.Add(-2*time.Minute)) }
	again := func(changes ...change) operate.Facts { return found(recovering(record.OutOfService, changes...)) }
	secondLost := func(inv *sts.Inventory) { // but the pod is not there yet
		inv.NodeStates = append(inv.NodeStates, ststest.LostNode("node-2", ststest.Now.Add(-time.Hour)))
	}
	longAgain := func(f operate.Facts) operate.Facts {
		f.Still = 3 * time.Minute
		return f
	}
	returned := func(inv *sts.Inventory) { // on another node, and the recovery was interrupted
		movedPod(inv)
		inv.Pods[1].UID, inv.Pods[1].Spec.NodeName = "web-1-uid", "node-2"
		inv.NodeStates = append(inv.NodeStates, ststest.ReadyNode("node-2"))
	}
	earlier := func(inv *sts.Inventory) { // the taint of an earlier recovery stays on node-0
		n := ststest.LostNode("node-0", ststest.Now.Add(-time.Hour))
		taint := sts.OutOfService()
		taint.TimeAdded = &metav1.Time{Time: taintedAt}
		n.Node.Spec.Taints = append(n.Node.Spec.Taints, taint)
		inv.NodeStates = append(inv.NodeStates, n)
		r, err := record.ReadRecover(inv.Sets[0])
		if err != nil {
			panic(err)
		}
		r.Taints = append(r.Taints, record.NodeTaint{Node: "node-0", UID: "node-0-uid", AddedAt: taintedAt})
		annotate(inv.Sets[0], record.RecoverAnnotation, sts.EncodeAnnotation(*r))
	}
	return []decisionCase{
		one("begin", hanging(), taint, fresh, operate.Do, "Begin"),
		one("begin with a stale status", hanging(healthy), taint, fresh, operate.Do, "Begin"),
		one("in a plan no confirmation is required", hanging(), asked, operate.Facts{}, operate.Do, "Begin"),
		one("not confirmed", hanging(), asked, fresh, operate.Refused, operate.ReasonNotConfirmed),
		one("another node was confirmed", hanging(), recoverer(record.OutOfService, "node-2"), fresh, operate.Refused, operate.ReasonNotConfirmed),
		one("another node was confirmed, in a plan", hanging(), recoverer(record.OutOfService, "node-2"), operate.Facts{}, operate.Refused, operate.ReasonNotConfirmed),
		one("the node is ready", hanging(nodeReady), taint, fresh, operate.Refused, operate.ReasonNodeReady),
		one("not for long enough", hanging(recent), taint, found(hanging(recent)), operate.Refused, operate.ReasonNotLost),
		one("the kubelet lives", hanging(renewed), taint, found(hanging(renewed)), operate.Refused, operate.ReasonKubeletAlive),
		one("the lease is renewed meanwhile, by a clock that is behind", hanging(onNode(func(n *sts.NodeState) { n.Lease = ststest.Lease(n.Name, ststest.Now.Add(-2*time.Hour)) })), taint, fresh,
			operate.Refused, operate.ReasonKubeletAlive),
		one("the node is deleted", hanging(nodeDeleted), taint, fresh, operate.Refused, operate.ReasonNodeGone),
		one("the node is deleted, delete-node", hanging(nodeDeleted), remove, fresh, operate.Refused, operate.ReasonNodeGone),
		one("the node is deleted, force-delete-pod", hanging(nodeDeleted), force, found(hanging(nodeDeleted)), operate.Do, "Begin"),
		one("another client has tainted the node", hanging(outOfOrder), asked, fresh, operate.Do, "Begin"),
		one("another client has tainted the node, which is ready", hanging(outOfOrder, nodeReady), taint, fresh, operate.Refused, operate.ReasonNodeReady),
		one("the pod tolerates the taint", hanging(everything), taint, fresh, operate.Refused, operate.ReasonTaintTolerated),
		one("the pod tolerates the taint, delete-node", hanging(everything), remove, fresh, operate.Do, "Begin"),
		one("no such ordinal", hanging(), operate.RecoverPod{Lock: holder("1"), Ordinal: 7, Action: record.OutOfService}, fresh, operate.Refused, operate.ReasonBadRequest),
		one("the pod is missing", hanging(func(inv *sts.Inventory) { inv.Pods = append(inv.Pods[:1], inv.Pods[2]) }), taint, fresh, operate.Refused, operate.ReasonPodNotAvailable),
		one("the pod has no node", hanging(onPod(1, func(p *corev1.Pod) { p.Spec.NodeName = "" })), taint, fresh, operate.Refused, operate.ReasonPodNotAvailable),
		one("nothing to recover", hanging(healthy, nodeReady), taint, fresh, operate.Done, operate.ReasonNothingToDo),
		one("nothing to recover, but to release", hanging(healthy, ourTaint, nodeReady, recorded(tainted)), taint, fresh, operate.Do, "Untaint"),
		one("nothing to recover, and released", hanging(healthy, nodeReady, recorded(tainted)), taint, fresh, operate.Do, "Release"),
		one("nodes could not be read", hanging(func(inv *sts.Inventory) { inv.Missing = []sts.Missing{{Resource: "nodes"}} }), taint, fresh, operate.Refused, operate.ReasonUnseen),
		one("leases could not be read", hanging(func(inv *sts.Inventory) { inv.Missing = []sts.Missing{{Resource: "leases"}} }), taint, fresh, operate.Refused, operate.ReasonUnseen),
		one("the node was not read yet", hanging(func(inv *sts.Inventory) { inv.NodeStates = nil }), taint, fresh, operate.Wait, operate.ReasonNotObserved),
		one("locked", hanging(owned("bob@laptop", "2")), taint, fresh, operate.Refused, operate.ReasonOwned),
		one("the set is being deleted", hanging(onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })), taint, fresh, operate.Refused, operate.ReasonDeleting),
		one("a scale operation", hanging(annotated(record.DrainAnnotation, sts.EncodeAnnotation(record.Drain{From: 3, To: 2, StartedAt: ststest.Now}))), taint, fresh, operate.Refused, operate.ReasonScaleInProgress),
		one("another recovery", recovering(record.DeleteNode, other), taint, found(recovering(record.DeleteNode, other)), operate.Refused, operate.ReasonRecoveryInProgress),
		one("an invalid record", hanging(annotated(record.RecoverAnnotation, `{"recovery":{"action":"reboot"}}`)), taint, fresh, operate.Refused, operate.ReasonBadRecord),
		one("another action", recovering(record.OutOfService, ourTaint), force, found(recovering(record.OutOfService, ourTaint)), operate.Do, "Begin"),

		one("taint", recovering(record.OutOfService), taint, wrote, operate.Do, "Taint"),
		one("delete the node", recovering(record.DeleteNode), remove, found(recovering(record.DeleteNode)), operate.Do, "DeleteNode"),
		one("delete the pod", recovering(record.ForceDeletePod), force, found(recovering(record.ForceDeletePod)), operate.Do, "ForceDelete"),
		one("resumed by the same owner", recovering(record.OutOfService, owned("alice@laptop", "0")), taint, found(recovering(record.OutOfService, owned("alice@laptop", "0"))), operate.Do, "Begin"),
		one("resumed and not confirmed", recovering(record.OutOfService), asked, wrote, operate.Refused, operate.ReasonNotConfirmed),
		one("ready right before the write", recovering(record.OutOfService, nodeReady), taint, wrote, operate.Do, "Stop"),
		one("ready right before the deletion of the node", recovering(record.DeleteNode, nodeReady), remove, found(recovering(record.DeleteNode)), operate.Do, "Stop"),
		one("ready right before the deletion of the pod", recovering(record.ForceDeletePod, nodeReady), force, found(recovering(record.ForceDeletePod)), operate.Do, "Stop"),
		one("the lease is renewed right before the write", recovering(record.OutOfService, renewed), taint, wrote, operate.Do, "Stop"),
		one("the lease is renewed right before the write, and an earlier taint stays", recovering(record.OutOfService, renewed, earlier), taint, wrote, operate.Do, "Stop"),
		one("the claim is at risk", hanging(claimGoing), taint, found(hanging(claimGoing)), operate.Refused, operate.ReasonDataLoss),
		one("the claim is at risk right before the write", recovering(record.OutOfService, claimGoing), taint, wrote, operate.Do, "Stop"),
		one("the node was recreated after the confirmation", hanging(nodeRecreated), taint, fresh, operate.Refused, operate.ReasonNotConfirmed),
		one("the node was recreated after the confirmation, force-delete-pod", recovering(record.ForceDeletePod, nodeRecreated), force, found(recovering(record.ForceDeletePod)), operate.Refused, operate.ReasonNotConfirmed),
		one("the record was removed, and the taint stays", hanging(owned("alice@laptop", "1"), ourTaint), taint, wrote, operate.Refused, operate.ReasonTakenOver),
		one("the record was removed", hanging(owned("alice@laptop", "1")), taint, wrote, operate.Refused, operate.ReasonTakenOver),

		one("wait for the removal", recovering(record.OutOfService, ourTaint), taint, wrote, operate.Wait, operate.ReasonPodNotAvailable),
		one("another client has added the taint", recovering(record.OutOfService, outOfOrder), taint, wrote, operate.Wait, operate.ReasonPodNotAvailable),
		one("the node was deleted", recovering(record.DeleteNode, nodeDeleted), remove, found(recovering(record.DeleteNode)), operate.Wait, operate.ReasonPodNotAvailable),
		one("not removed", recovering(record.OutOfService, ourTaint), taint, long, operate.Stuck, operate.ReasonNotRemoved),
		one("a finalizer keeps the node", recovering(record.DeleteNode, nodeKept), remove, found(recovering(record.DeleteNode)), operate.Wait, operate.ReasonPodNotAvailable),
		one("a finalizer keeps the node for long", recovering(record.DeleteNode, nodeKept), remove, longAgain(found(recovering(record.DeleteNode))), operate.Stuck, operate.ReasonNotRemoved),
		one("a finalizer keeps the node, which is tainted instead", recovering(record.DeleteNode, nodeKept), taint, found(recovering(record.DeleteNode, nodeKept)), operate.Do, "Begin"),
		one("a finalizer keeps the node, which is ready again", recovering(record.DeleteNode, nodeKept, nodeReady), remove, found(recovering(record.DeleteNode)), operate.Do, "Stop"),
		one("a finalizer would keep the pod", recovering(record.ForceDeletePod, onPod(1, func(p *corev1.Pod) { p.Finalizers = []string{"test.example/backup"} })), force, found(recovering(record.ForceDeletePod)), operate.Do, "ForceDelete"),
		one("a finalizer keeps the pod", recovering(record.ForceDeletePod, podKept), force, found(recovering(record.ForceDeletePod)), operate.Wait, operate.ReasonPodNotAvailable),
		one("a finalizer keeps the pod for long", recovering(record.ForceDeletePod, podKept), force, longAgain(found(recovering(record.ForceDeletePod))), operate.Stuck, operate.ReasonNotRemoved),
		one("a finalizer keeps the pod on a tainted node for long", recovering(record.OutOfService, ourTaint, podKept), taint, long, operate.Stuck, operate.ReasonNotRemoved),

		one("a second node is lost", recovering(record.OutOfService, ourTaint, lostAgain), second, again(ourTaint, lostAgain), operate.Do, "Begin"),
		one("a second node is lost, in a plan", recovering(record.OutOfService, ourTaint, lostAgain), asked, operate.Facts{}, operate.Do, "Begin"),
		one("a second node is lost, and the first was confirmed", recovering(record.OutOfService, ourTaint, lostAgain), taint, again(ourTaint, lostAgain), operate.Refused, operate.ReasonNotConfirmed),
		one("a second node is lost meanwhile", recovering(record.OutOfService, ourTaint, lostAgain), taint, wrote, operate.Stuck, operate.ReasonPodFailing),
		one("a node of the record is lost meanwhile", recovering(record.OutOfService, ourTaint, lostAgain), second, again(ourTaint, secondLost), operate.Stuck, operate.ReasonPodFailing),
		one("a second node is not ready", recovering(record.OutOfService, ourTaint, unreadyAgain), second, again(ourTaint, unreadyAgain), operate.Wait, operate.ReasonPodNotAvailable),
		one("the node was recreated, and is lost", recovering(record.OutOfService, nodeRecreated), taint, again(nodeRecreated), operate.Do, "Begin"),
		one("the node was recreated, and is lost, meanwhile", recovering(record.OutOfService, nodeRecreated), taint, wrote, operate.Wait, operate.ReasonPodNotAvailable),
		one("the pod was removed by another action", recovering(record.OutOfService, ourTaint, movedPending), force, again(ourTaint, movedPending), operate.Wait, operate.ReasonPodNotAvailable),
		one("an interrupted recovery, and the pod is available", recovering(record.OutOfService, ourTaint, returned), force, again(ourTaint, returned), operate.Do, "Release"),

		one("ready before the removal", recovering(record.OutOfService, ourTaint, nodeReady), taint, wrote, operate.Do, "Untaint"),
		one("ready before the removal, without the taint", recovering(record.DeleteNode, nodeReady, onNode(func(n *sts.NodeState) { n.Node.UID = "again" })), remove, found(recovering(record.DeleteNode)), operate.Do, "Stop"),
		one("ready before the removal, with the taint of another client", recovering(record.OutOfService, outOfOrder, nodeReady), taint, wrote, operate.Do, "Stop"),

		one("the new pod starts", recovering(record.OutOfService, ourTaint, movedPending), taint, wrote, operate.Wait, operate.ReasonPodNotAvailable),
		one("the new pod does not exist yet", recovering(record.OutOfService, ourTaint, func(inv *sts.Inventory) { inv.Pods = append(inv.Pods[:1], inv.Pods[2]) }), taint, wrote, operate.Wait, operate.ReasonPodNotAvailable),
		one("the volume is attached", recovering(record.ForceDeletePod, attached), force, found(recovering(record.ForceDeletePod)), operate.Wait, operate.ReasonVolumeAttached),
		one("the new pod crashes", recovering(record.OutOfService, ourTaint, movedPod, crashing(1)), taint, wrote, operate.Stuck, operate.ReasonPodFailing),
		one("finish, the taint stays", recovering(record.OutOfService, ourTaint, movedPod), taint, wrote, operate.Do, "Finish"),
		one("finish, the node is ready", recovering(record.OutOfService, ourTaint, movedPod, nodeReady), taint, wrote, operate.Do, "Untaint"),
		one("finish, the node is ready and released", recovering(record.OutOfService, movedPod, nodeReady), taint, wrote, operate.Do, "Finish"),

		one("nothing to release", hanging(), release, fresh, operate.Done, operate.ReasonNothingToDo),
		one("release", hanging(recorded(tainted), ourTaint, nodeReady), release, fresh, operate.Do, "Untaint"),
		one("released", hanging(recorded(tainted), nodeReady), release, fresh, operate.Do, "Release"),
		one("release a deleted node", hanging(recorded(tainted), nodeDeleted), release, fresh, operate.Do, "Release"),
		one("release another node of that name", hanging(recorded(tainted), ourTaint, onNode(func(n *sts.NodeState) { n.Node.UID = "again" })), release, fresh, operate.Do, "Release"),
		one("release the taint of another client", hanging(recorded(tainted), outOfOrder, nodeReady), release, fresh, operate.Do, "Release"),
		one("release, not ready", hanging(recorded(tainted), ourTaint), release, fresh, operate.Refused, operate.ReasonNodeNotReady),
		one("release an interrupted recovery", recovering(record.OutOfService, ourTaint), release, wrote, operate.Do, "Release"),
	}
}
