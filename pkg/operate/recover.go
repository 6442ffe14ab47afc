package operate

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// RecoverOptions are the options of [NewRecoverPod].
type RecoverOptions struct {
	Lock
	// Ordinal is the ordinal whose pod is on a lost node.
	Ordinal sts.Ordinal
	// Action is what is done about the node or the pod.
	Action record.RecoverAction
	// NodeIsOff is the node whose machine is off, as a person has confirmed; empty for none.
	NodeIsOff string
}

type recoverPod RecoverOptions

// NewRecoverPod has a pod of a lost node recreated on another one. It does one thing about the
// node or the pod, and follows until the new pod is available.
func NewRecoverPod(o RecoverOptions, _ *sts.Snapshot) Intent { return recoverPod(o) }

const (
	// removalGrace is for how long nothing must have changed before a pod counts as not removed: the pod
	// garbage collector runs every 20 s, and waits 40 s after a node was deleted.
	removalGrace = 3 * time.Minute
	// detachGrace is the same for a volume: it is detached from a node without a kubelet after 6 minutes.
	detachGrace = 8 * time.Minute
)

// Next implements [Intent].
func (i recoverPod) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := recoverLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	recovery := l.recover.Recovery
	if !i.resumes(l) {
		if d := gs.Require(guard.BeforeStart, l); d != nil {
			return *d
		}
		recovery = i.choose(s)
	}
	l.recovery = recovery
	r, node := replicaAt(s, i.Ordinal), s.NodeOf(recovery.Node)
	fresh := recovery != l.recover.Recovery
	switch {
	case node == nil:
		return decide(Wait, ReasonNotObserved, msgNodeNotRead(recovery.Node), nil)
	case isRemoved(recovery, r):
		return i.follow(s, f, l)
	case !fresh && node.IsReady(): // also after the taint was removed because of that
		return i.stop(s, l, i.nodeReadyAgain(l), stepStopRecoverReady(node.Name))
	case fresh || !acted(recovery, node, r):
		switch d := cmp.Or(gs.Require(guard.BeforeStep, l), i.requireClaims(l)); {
		case d != nil && (fresh || d.Reason == ReasonNotConfirmed): // the confirmation resumes it
			return *d
		case d != nil: // nothing was done about the node or the pod
			return i.stop(s, l, *d, stepStopRecover(d.Message))
		case i.begun(s, l):
			return i.act(s, l, r)
		}
		return i.begin(s, l)
	case !i.begun(s, l):
		return i.begin(s, l)
	}
	return i.awaitRemoval(s, f, recovery, r)
}

// resumes says whether the recovery on record is the one that this command continues. It is over once its pod
// was removed and the command finds the next one on a lost node, or once the command finds another Node object
// of that name, which is lost, too. Until then it does not matter which action has removed the pod.
func (i recoverPod) resumes(l look) bool {
	recovery, r := l.recover.Recovery, replicaAt(l.s, i.Ordinal)
	switch {
	case recovery == nil || recovery.Ordinal != i.Ordinal:
		return false
	case isRemoved(recovery, r):
		return !foundOnLostNode(l, r)
	case recovery.Action != i.Action:
		return false
	}
	n := l.s.NodeOf(recovery.Node)
	return n == nil || n.Node == nil || n.UID() == recovery.NodeUID || !foundOnLostNode(l, r)
}

// foundOnLostNode says whether the command has found this pod on this node, which counts as lost. What is lost
// while it runs needs a command of its own, and a confirmation.
func foundOnLostNode(l look, r sts.Replica) bool {
	lost := onLostNode(l.s, r)
	if lost == nil || l.f.Found == nil {
		return lost != nil
	}
	pod, node := replicaAt(l.f.Found, r.Ordinal).Pod, l.f.Found.NodeOf(lost.Node)
	return pod != nil && pod.UID == r.Pod.UID && node != nil && node.UID() == l.s.NodeOf(lost.Node).UID()
}

// onLostNode is the evidence that the node of the pod counts as lost, nil when it does not.
func onLostNode(s *sts.Snapshot, r sts.Replica) *diagnose.Lost {
	if r.Pod == nil {
		return nil
	}
	n := s.NodeOf(r.Pod.Spec.NodeName)
	if n == nil {
		return nil
	}
	if lost := diagnose.LostNode(n.Node, n.Lease, r.Pod, s.TakenAt); lost != nil && lost.Proven(s.TakenAt) {
		return lost
	}
	return nil
}

// isRemoved says whether the pod of the recovery no longer exists.
func isRemoved(r *record.Recovery, now sts.Replica) bool {
	return now.Pod == nil || now.Pod.UID != r.UID
}

func (i recoverPod) guards() setGuards {
	return setGuards{
		i.lockGuard(),
		deletionGuard,
		guard.New(scaleRule, i.requireNoOtherDrain),
		recordGuard,
		guard.New(removedRule, requireRecoverRecord),
		guard.New(guard.NewRule("node known", "refuses if the node or its lease cannot be read", guard.Always), requireNodeKnown),
		guard.New(guard.NewRule("other recovery", "refuses while the recovery of another pod is in progress", guard.BeforeStart), i.requireOwnRecovery),
		guard.New(ordinalRule, i.requireOrdinal),
		guard.New(guard.NewRule("hanging pod", "refuses if the pod does not exist or has no node; ends when it is available and its node is Ready", guard.BeforeStart), i.requireHanging),
		guard.New(guard.NewRule("lost node", "refuses while the node is Ready, or if it has been unready for less than the pod tolerates the taint `node.kubernetes.io/unreachable` (300s by default)", guard.BeforeStep), i.requireLost),
		guard.New(guard.NewRule("silent kubelet", "refuses if the kubelet has renewed its lease since the node became unready or since the command started", guard.BeforeStep), requireSilent),
		guard.New(guard.NewRule("action applies", "refuses an action that cannot remove the pod: the Node object does not exist, or the pod tolerates the out-of-service taint", guard.BeforeStep), i.requireApplicable),
		guard.New(guard.NewRule("machine off", "refuses unless a person has confirmed, with the name of the node, that its machine is off, or if the Node object was recreated since", guard.BeforeStep), i.requireConfirmed),
	}
}

// requireNoOtherDrain allows the scale operation that waits for this pod to terminate: it continues when the pod is gone.
func (i recoverPod) requireNoOtherDrain(l look) *Decision {
	drain, err := record.ReadDrain(l.s.Set)
	if err == nil && drain != nil && drain.Member != nil && drain.Member.Ordinal == i.Ordinal && drain.Member.Phase == record.Removing {
		recovery := l.recover.Recovery
		if pod := replicaAt(l.s, i.Ordinal).Pod; pod != nil && pod.DeletionTimestamp != nil || recovery != nil && recovery.Ordinal == i.Ordinal {
			return nil
		}
	}
	return requireNoDrain(l.s)
}

// recoverLook is a look with the record of recoveries.
func recoverLook(s *sts.Snapshot, f Facts) look {
	l := look{s: s, f: f}
	r, err := record.ReadRecover(s.Set)
	if err != nil {
		d := badRecord(err)
		l.unreadable, r = &d, &record.Recover{}
	}
	l.recover = r
	return l
}

// requireRecoverRecord stops when the record was removed: without it a taint would never be removed, and only the
// hint names one that was added before.
func requireRecoverRecord(l look) *Decision {
	if l.recover.Recovery != nil || len(l.recover.Taints) > 0 || l.unreadable != nil || !l.f.Wrote && !l.f.foundRecord(record.RecoverAnnotation) {
		return nil
	}
	hint := hintCheckStatus(l.s.Set.Namespace, l.s.Set.Name)
	for i := range l.s.NodeStates {
		if n := &l.s.NodeStates[i]; n.OutOfServiceAt() >= 0 {
			hint = hintTaintWithoutRecord(n.Name)
		}
	}
	d := decide(Refused, ReasonTakenOver, msgRecoverRecordRemoved(l.s.Set.Name), hint)
	return &d
}

func requireNodeKnown(l look) *Decision {
	for _, resource := range []string{"nodes", "leases"} {
		if !l.s.Knows(resource) {
			d := decide(Refused, ReasonUnseen, msgNodeUnseen(resource), hintNodeUnseen())
			return &d
		}
	}
	return nil
}

func (i recoverPod) requireOwnRecovery(l look) *Decision {
	other := l.recover.Recovery
	if other == nil || other.Ordinal == i.Ordinal {
		return nil
	}
	d := decide(Refused, ReasonRecoveryInProgress, msgOtherRecovery(l.s.Name(other.Ordinal), other.Node),
		hintOtherRecovery(other.Again(l.s.Set), record.ReleaseCommand(l.s.Set)))
	return &d
}

func (i recoverPod) requireOrdinal(l look) *Decision {
	if !sts.Wants(l.s.Set, i.Ordinal) && replicaAt(l.s, i.Ordinal).Pod == nil {
		return refuseOrdinal(l.s, i.Ordinal)
	}
	return nil
}

// requireHanging requires a pod on a node. A pod that is available on a Ready node needs nothing; what an
// earlier recovery has left is then removed.
func (i recoverPod) requireHanging(l look) *Decision {
	s, r := l.s, replicaAt(l.s, i.Ordinal)
	if r.Pod == nil || r.Pod.Spec.NodeName == "" {
		t := diagnose.Replica(s, r)
		if r.Pod == nil {
			d := decide(Refused, ReasonPodNotAvailable, msgNoPodToRecover(s.Name(i.Ordinal)), remedyOf(s, r, t))
			return &d
		}
		d := decide(Refused, ReasonPodNotAvailable, msgNoNode(r.Pod.Name), remedyOf(s, r, t))
		return &d
	}
	if node := s.NodeOf(r.Pod.Spec.NodeName); node == nil || !node.IsReady() || !r.Available {
		return nil
	}
	end := decide(Done, ReasonNothingToDo, msgNothingToRecover(r.Pod.Name, r.Pod.Spec.NodeName), nil)
	if d := untaint(s, l.recover); d != nil {
		return d
	}
	rest := withoutRecovery(s, l.recover)
	if l.recover.Recovery == nil && len(rest.Taints) == len(l.recover.Taints) {
		return &end
	}
	d := do(newPatch(s.Set).recover(rest).action("", stepRelease()), "Release")
	d.Then = &end
	return &d
}

func remedyOf(s *sts.Snapshot, r sts.Replica, t *diagnose.Trouble) sts.Hint {
	if t == nil {
		return hintCheckStatus(s.Set.Namespace, s.Set.Name)
	}
	return diagnose.LookCommand(s, r.Ordinal, t)
}

// lostNode is the evidence about the recovery's node, nil when it is Ready.
func lostNode(l look) *diagnose.Lost {
	n := l.s.NodeOf(l.recovery.Node)
	pod := replicaAt(l.s, l.recovery.Ordinal).Pod
	return diagnose.LostNode(n.Node, n.Lease, pod, l.s.TakenAt)
}

func (i recoverPod) requireLost(l look) *Decision {
	pod, lost := l.s.Name(i.Ordinal), lostNode(l)
	var d Decision
	switch {
	case lost == nil:
		d = decide(Refused, ReasonNodeReady, msgNodeIsReady(l.recovery.Node, pod), nil)
	case lost.Alive || lost.Proven(l.s.TakenAt):
		return nil // see requireSilent
	default:
		d = decide(Refused, ReasonNotLost, msgNotLost(lost.Message, pod, lost.Tolerated), hintRerunIn(lost.Due.Sub(l.s.TakenAt)))
	}
	d.Subject = nodeSubject(l.recovery.Node)
	return &d
}

// requireSilent refuses when the kubelet is alive. Its clock may be off, so a lease that was renewed while the
// command runs counts whatever its time is.
func requireSilent(l look) *Decision {
	lost := lostNode(l)
	renewed := false
	if l.f.Found != nil {
		before, now := l.f.Found.NodeOf(l.recovery.Node), l.s.NodeOf(l.recovery.Node)
		renewed = before != nil && renewedAt(now) != "" && renewedAt(before) != renewedAt(now)
	}
	if !lost.Alive && !renewed {
		return nil
	}
	d := decide(Refused, ReasonKubeletAlive, msgKubeletAlive(lost.Message), hintKubeletAlive(l.recovery.Node))
	d.Subject = nodeSubject(l.recovery.Node)
	return &d
}

func renewedAt(n *sts.NodeState) string {
	if n.Lease == nil || n.Lease.Spec.RenewTime == nil {
		return ""
	}
	return n.Lease.Spec.RenewTime.UTC().Format(time.RFC3339Nano)
}

func (i recoverPod) requireApplicable(l look) *Decision {
	if i.Action == record.ForceDeletePod {
		return nil
	}
	r, node := replicaAt(l.s, i.Ordinal), l.s.NodeOf(l.recovery.Node)
	forced := i.again(l.s, record.ForceDeletePod)
	if node.Node == nil {
		d := decide(Refused, ReasonNodeGone, msgNodeGone(l.recovery.Node, l.s.Name(i.Ordinal)), hintNodeGone(forced))
		d.Subject = nodeSubject(l.recovery.Node)
		return &d
	}
	if i.Action == record.OutOfService && !r.Terminating && diagnose.ToleratesOutOfService(r.Pod) {
		d := decide(Refused, ReasonTaintTolerated, msgTaintTolerated(r.Pod.Name), hintOtherAction(i.again(l.s, record.DeleteNode), forced))
		d.Subject = podSubject(r.Pod.Name)
		return &d
	}
	return nil
}

// again is the command with another action.
func (i recoverPod) again(s *sts.Snapshot, a record.RecoverAction) sts.Hint {
	return (&record.Recovery{Ordinal: i.Ordinal, Action: a}).Again(s.Set)
}

// requireConfirmed: a plan is made before its confirmation, and only there none is required.
func (i recoverPod) requireConfirmed(l look) *Decision {
	node := l.s.NodeOf(l.recovery.Node)
	if acted(l.recovery, node, replicaAt(l.s, i.Ordinal)) {
		return nil
	}
	var d Decision
	switch confirmed := l.f.Found; {
	case i.NodeIsOff != l.recovery.Node && (i.NodeIsOff != "" || confirmed != nil):
		d = decide(Refused, ReasonNotConfirmed, msgNotConfirmed(l.s.Name(i.Ordinal), l.recovery.Node, i.NodeIsOff), hintConfirm(l.recovery.Node))
	case confirmed != nil && node.Node != nil && (confirmed.NodeOf(node.Name) == nil || confirmed.NodeOf(node.Name).UID() != node.UID()):
		d = decide(Refused, ReasonNotConfirmed, msgNodeRecreated(node.Name), hintConfirm(node.Name))
	default:
		return nil
	}
	d.Subject = nodeSubject(l.recovery.Node)
	return &d
}

// requireClaims refuses before the recovery is recorded what the guards of all verbs would refuse after that.
func (i recoverPod) requireClaims(l look) *Decision {
	if i.AcceptDataLoss {
		return nil
	}
	going := endangeredByNode(l.s, l.recovery.Node)
	if i.Action == record.ForceDeletePod {
		going = endangeredByRemoval(l.s, l.recovery.UID)
	}
	return claimsGuards.Require(guard.BeforeStep, removal{s: l.s, going: going})
}

// choose records the pod and its node.
func (i recoverPod) choose(s *sts.Snapshot) *record.Recovery {
	r := replicaAt(s, i.Ordinal)
	out := &record.Recovery{Ordinal: i.Ordinal, UID: r.Pod.UID, Node: r.Pod.Spec.NodeName, Action: i.Action, StartedBy: i.Name, StartedAt: s.TakenAt}
	if n := s.NodeOf(out.Node); n != nil {
		out.NodeUID = n.UID()
	}
	return out
}

// acted says whether the action has been carried out: only the removal of the pod is left. What finalizers keep
// is not deleted again.
func acted(r *record.Recovery, node *sts.NodeState, pod sts.Replica) bool {
	gone := r.NodeUID != "" && node.UID() != r.NodeUID
	switch r.Action {
	case record.ForceDeletePod:
		return pod.Pod != nil && ForceDeleted(pod.Pod)
	case record.DeleteNode:
		return gone || isDeleting(node)
	}
	return gone || node.OutOfServiceAt() >= 0
}

// ForceDeleted says whether a pod was deleted with grace period 0. It still exists because of its finalizers.
func ForceDeleted(p *corev1.Pod) bool {
	return p.DeletionTimestamp != nil && p.DeletionGracePeriodSeconds != nil && *p.DeletionGracePeriodSeconds == 0
}

// isDeleting says whether the Node object was deleted and still exists because of its finalizers.
func isDeleting(n *sts.NodeState) bool { return n.Node != nil && n.Node.DeletionTimestamp != nil }

// begun says whether the record and the lock are stored, and with them the taint that will be added.
func (i recoverPod) begun(s *sts.Snapshot, l look) bool {
	return l.recover.Recovery == l.recovery && i.holdsLock(s) && !i.needsTaint(s, l)
}

// needsTaint says whether the taint that will be added is not on record yet.
func (i recoverPod) needsTaint(s *sts.Snapshot, l look) bool {
	node, r := s.NodeOf(l.recovery.Node), replicaAt(s, i.Ordinal)
	if l.recovery.Action != record.OutOfService || isRemoved(l.recovery, r) || acted(l.recovery, node, r) {
		return false
	}
	known := l.recover.TaintOf(node.Name)
	return known == nil || known.UID != node.UID()
}

// holdsLock says whether the lock is stored as that of this command.
func (i recoverPod) holdsLock(s *sts.Snapshot) bool {
	o, err := record.ReadOwner(s.Set)
	return err == nil && o != nil && o.ID == i.ID
}

// begin writes the record and the lock. The taint is recorded before it is added: after a kill, it is known
// whose it is.
func (i recoverPod) begin(s *sts.Snapshot, l look) Decision {
	var event, why string
	if l.recover.Recovery != l.recovery {
		event, why = "RecoverStarted", stepBeginRecover(s.Name(i.Ordinal), lostNode(l).Message) // the guards have required that it is lost
	} else {
		why = stepResumeRecover(s.Name(i.Ordinal), l.recovery.Node, l.recovery.StartedBy)
	}
	r := l.recover.Copy()
	r.Recovery = l.recovery
	if node := l.recovery.Node; i.needsTaint(s, l) {
		r.Taints = slices.DeleteFunc(r.Taints, func(t record.NodeTaint) bool { return t.Node == node })
		r.Taints = append(r.Taints, record.NodeTaint{Node: node, UID: s.NodeOf(node).UID(), AddedAt: s.TakenAt.UTC().Truncate(time.Second)})
	}
	return do(newPatch(s.Set).recover(r).owner(i.Owner).action(event, why), "Begin")
}

// act is the one action about the node or the pod.
func (i recoverPod) act(s *sts.Snapshot, l look, r sts.Replica) Decision {
	node := s.NodeOf(l.recovery.Node)
	switch l.recovery.Action {
	case record.DeleteNode:
		return do(&DeleteNode{Description: stepDeleteNode(node.Name, removedWith(node)), Node: node.Name, UID: node.Node.UID, ResourceVersion: node.Node.ResourceVersion}, "DeleteNode")
	case record.ForceDeletePod:
		return do(&ForceDeletePod{Description: stepForceDelete(r.Pod.Name), PodRef: podRef(r), Node: node.Name}, "ForceDelete")
	}
	return do(newTaintNode(stepTaintNode(node.Name, removedWith(node)), node, *l.recover.TaintOf(node.Name)), "Taint")
}

// removedWith says which pods are removed with a node.
func removedWith(n *sts.NodeState) string {
	var members []string
	for _, p := range n.Pods {
		if sts.OwnerSet(p) != "" {
			members = append(members, p.Namespace+"/"+p.Name)
		}
	}
	if n.PodsHidden {
		return msgPodsOfNodeHidden()
	}
	return msgPodsOfNode(len(n.Pods), members)
}

// nodeReadyAgain is the end where the node is Ready before the pod was removed: its kubelet ends the pod. Our taint
// would remove everything that runs there.
func (i recoverPod) nodeReadyAgain(l look) Decision {
	d := decide(Refused, ReasonNodeReady, msgNodeReadyAgain(l.recovery.Node, l.s.Name(i.Ordinal)), nil)
	d.Subject = nodeSubject(l.recovery.Node)
	return d
}

// stop removes the record of a recovery that must not continue, and before it our taint from a node that is Ready.
func (i recoverPod) stop(s *sts.Snapshot, l look, end Decision, why string) Decision {
	if d := untaint(s, l.recover, l.recovery.Node); d != nil {
		return *d
	}
	d := do(newPatch(s.Set).recover(withoutRecovery(s, l.recover)).drop(record.OwnerAnnotation).action("RecoverStopped", why), "Stop")
	d.Then = &end
	return d
}

// awaitRemoval waits until the pod is gone, and before that the Node object that was deleted.
func (i recoverPod) awaitRemoval(s *sts.Snapshot, f Facts, recovery *record.Recovery, r sts.Replica) Decision {
	node := s.NodeOf(recovery.Node)
	stays := recovery.Action == record.DeleteNode && isDeleting(node)
	if f.Still >= removalGrace && f.Found != nil { // a preview does not know how long it takes
		if stays {
			d := decide(Stuck, ReasonNotRemoved, msgNodeNotDeleted(node.Name, removalGrace, node.Node.Finalizers),
				hintNodeNotDeleted(sts.Kubectl("", "describe node", node.Name), i.again(s, record.OutOfService)))
			d.Subject = nodeSubject(node.Name)
			return d
		}
		hint := sts.Kubectl(s.Set.Namespace, "describe pod", r.Pod.Name)
		if len(r.Pod.Finalizers) == 0 && recovery.Action != record.ForceDeletePod {
			hint = hintNotRemoved(i.again(s, record.ForceDeletePod), hint)
		}
		d := decide(Stuck, ReasonNotRemoved, msgNotRemoved(r.Pod.Name, recovery.Node, removalGrace, r.Pod.Finalizers), hint)
		d.Subject = podSubject(r.Pod.Name)
		return d
	}
	d := decide(Wait, ReasonPodNotAvailable, msgWaitForRemoval(r.Pod.Name, recovery.Node, r.Pod.Finalizers), nil)
	d.Subject, d.Detail = podSubject(r.Pod.Name), "removal"
	if stays {
		d.Message, d.Subject = msgWaitForNodeDeletion(node.Name, node.Node.Finalizers), nodeSubject(node.Name)
	}
	d.Recheck = s.TakenAt.Add(removalGrace - f.Still)
	return d
}

// follow waits until the new pod is available, then removes the record. The taint stays as long as the node is
// not Ready.
func (i recoverPod) follow(s *sts.Snapshot, f Facts, l look) Decision {
	r, recovery := replicaAt(s, i.Ordinal), l.recovery
	t := diagnose.Replica(s, r)
	switch {
	case t == nil || !r.Desired:
		return i.finish(s, l, r)
	case !i.holdsLock(s):
		return i.begin(s, l)
	}
	if lost := onLostNode(s, r); lost != nil {
		d := decide(Stuck, ReasonPodFailing, msgNextNodeLost(s.Name(i.Ordinal), lost.Message), hintRecoverAgain(i.again(s, i.Action)))
		d.Subject = podSubject(r.Pod.Name)
		return d
	}
	if volumes := stillAttached(s, r, s.NodeOf(recovery.Node)); len(volumes) > 0 && f.Still < detachGrace && !r.Ready && r.Pod.Spec.NodeName != "" {
		d := decide(Wait, ReasonVolumeAttached, msgWaitForDetach(r.Pod.Name, volumes, recovery.Node), nil)
		d.Subject, d.Recheck = podSubject(r.Pod.Name), s.TakenAt.Add(detachGrace-f.Still)
		return d
	}
	return trouble(s, r, t, Stuck)
}

// stillAttached are the volumes of the pod that are attached to the lost node.
func stillAttached(s *sts.Snapshot, r sts.Replica, lost *sts.NodeState) []string {
	if lost == nil || r.Pod == nil {
		return nil
	}
	var out []string
	for _, c := range slices.Concat(s.Claims, s.Mounted) {
		if slices.Contains(lost.Attached, c.Spec.VolumeName) && slices.ContainsFunc(r.Pod.Spec.Volumes, func(v corev1.Volume) bool {
			return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == c.Name
		}) {
			out = append(out, c.Spec.VolumeName)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// finish removes the record, and the taint where the node is back or deleted.
func (i recoverPod) finish(s *sts.Snapshot, l look, r sts.Replica) Decision {
	if d := untaint(s, l.recover, l.recovery.Node); d != nil {
		return *d
	}
	rest := withoutRecovery(s, l.recover)
	on := ""
	if r.Pod != nil {
		on = r.Pod.Spec.NodeName
	}
	end := decide(Done, ReasonRecovered, msgRecovered(s.Name(i.Ordinal), l.recovery.Node, on), nil)
	if rest.TaintOf(l.recovery.Node) != nil {
		end.Message, end.Hint = msgRecoveredTaintStays(end.Message, l.recovery.Node), hintRelease(record.ReleaseCommand(s.Set))
	}
	d := do(newPatch(s.Set).recover(rest).drop(record.OwnerAnnotation).
		action("RecoverCompleted", stepFinishRecover(s.Name(i.Ordinal), rest.TaintOf(l.recovery.Node) != nil)), "Finish")
	d.Then = &end
	return d
}

// untaint removes the next taint of ours from a node that is Ready again: of the given nodes, or of all. Nil when
// there is none.
func untaint(s *sts.Snapshot, r *record.Recover, nodes ...string) *Decision {
	for _, t := range r.Taints {
		n := s.NodeOf(t.Node)
		if n == nil || !n.IsReady() || len(nodes) > 0 && !slices.Contains(nodes, t.Node) {
			continue
		}
		if at := t.IsOn(n); at >= 0 {
			d := do(newUntaintNode(stepUntaintNode(n.Name), n, at), "Untaint")
			return &d
		}
	}
	return nil
}

// withoutRecovery is what stays on record after the recovery: each taint of ours that is on its node, which
// nothing else remembers.
func withoutRecovery(s *sts.Snapshot, r *record.Recover) record.Recover {
	rest := r.Copy()
	rest.Recovery = nil
	rest.Taints = slices.DeleteFunc(rest.Taints, func(t record.NodeTaint) bool {
		n := s.NodeOf(t.Node)
		return n != nil && t.IsOn(n) < 0
	})
	return rest
}

// ReleaseOptions are the options of [NewReleaseNodes].
type ReleaseOptions struct{ Lock }

type releaseNodes ReleaseOptions

// NewReleaseNodes removes the taints of earlier recoveries from nodes that are Ready again, and the record of a
// recovery that was interrupted.
func NewReleaseNodes(o ReleaseOptions, _ *sts.Snapshot) Intent { return releaseNodes(o) }

// Next implements [Intent].
func (i releaseNodes) Next(s *sts.Snapshot, f Facts) Decision {
	l := recoverLook(s, f)
	if d := i.guards().Require(guard.Always, l); d != nil {
		return *d
	}
	r := l.recover
	if r.Recovery == nil && len(r.Taints) == 0 {
		return decide(Done, ReasonNothingToDo, msgNothingToRelease(), nil)
	}
	if d := untaint(s, r); d != nil {
		return *d
	}
	rest := withoutRecovery(s, r)
	end := decide(Done, ReasonReleased, msgReleased(), nil)
	if len(rest.Taints) > 0 {
		end = i.remaining(s, rest.Taints)
	}
	if r.Recovery == nil && len(rest.Taints) == len(r.Taints) {
		return end
	}
	d := do(newPatch(s.Set).recover(rest).drop(record.OwnerAnnotation).action("RecoverReleased", stepRelease()), "Release")
	d.Then = &end
	return d
}

// remaining refuses to remove the taint of a node that is not Ready.
func (i releaseNodes) remaining(s *sts.Snapshot, taints []record.NodeTaint) Decision {
	var nodes []string
	for _, t := range taints {
		text := t.Node
		if n := s.NodeOf(t.Node); n != nil {
			if lost := diagnose.LostNode(n.Node, n.Lease, nil, s.TakenAt); lost != nil {
				text = lost.Message
			}
		}
		nodes = append(nodes, text)
	}
	d := decide(Refused, ReasonNodeNotReady, msgTaintsStay(nodes), hintTaintsStay(taints[0].Node))
	d.Subject = nodeSubject(taints[0].Node)
	return d
}

func (i releaseNodes) guards() setGuards {
	return setGuards{
		i.lockGuard(),
		recordGuard,
		guard.New(guard.NewRule("node known", "refuses if the node or its lease cannot be read", guard.Always), requireNodeKnown),
	}
}

// ConfirmsNode is the node whose machine must be off for the plan, empty when the plan needs none.
func ConfirmsNode(steps []Decision) string {
	for _, d := range steps {
		if d.Action == nil {
			continue
		}
		if node := NodeOf(d.Action); node != "" {
			return node
		}
	}
	return ""
}

// WithNodeOff is the intent after a person has confirmed that the machine of the node is off.
func WithNodeOff(i Intent, node string) Intent {
	r, ok := i.(recoverPod)
	if !ok {
		return i
	}
	r.NodeIsOff = node
	return r
}
