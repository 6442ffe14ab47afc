package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// nodesOf are the nodes that a recovery of the set's pod works on: of the pod, and of the record.
func nodesOf(s *sts.Snapshot, o sts.Ordinal) []string {
	var names []string
	for _, p := range s.Pods {
		if p.Name == s.Name(o) && p.Spec.NodeName != "" {
			names = append(names, p.Spec.NodeName)
		}
	}
	if r, err := record.ReadRecover(s.Set); err == nil {
		if r.Recovery != nil {
			names = append(names, r.Recovery.Node)
		}
		for _, t := range r.Taints {
			names = append(names, t.Node)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// besides is what else is read about nodes, which only informs: lists of the pods and the attachments of the whole
// cluster, and single attachments by name.
type besides struct {
	pods, attachments bool
	attached          []string
}

// nodeRead is what was read about nodes. attachments are the names of the volume attachments in it, by their volume.
type nodeRead struct {
	states      []sts.NodeState
	missing     []sts.Missing
	attachments map[string]string
}

// nodes reads nodes with their leases. What the user may not read is missing.
func (c *Client) nodes(ctx context.Context, names []string, also besides) (nodeRead, error) {
	inv := &sts.Inventory{}
	r := reader{ctx: ctx, inv: inv}
	out := make([]sts.NodeState, len(names))
	for i, name := range names {
		n := &out[i]
		n.Name = name
		r.read("nodes", func() (err error) {
			n.Node, err = orNone(c.kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{}))
			return err
		})
		r.read("leases", func() (err error) {
			n.Lease, err = orNone(c.kube.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, name, metav1.GetOptions{}))
			return err
		})
		if !also.pods {
			continue
		}
		r.read("pods", func() error {
			err := each(ctx, listOf(c.kube.CoreV1().Pods(metav1.NamespaceAll).List), metav1.ListOptions{Limit: pageSize, FieldSelector: "spec.nodeName=" + name},
				func(o runtime.Object) { n.Pods = append(n.Pods, o.(*corev1.Pod)) })
			if n.PodsHidden = apierrors.IsForbidden(err); n.PodsHidden { // only the plan lists them
				n.Pods, err = nil, nil
			}
			return err
		})
	}
	attachments := map[string]string{}
	attachment := func(o runtime.Object) {
		a := o.(*storagev1.VolumeAttachment)
		i := slices.Index(names, a.Spec.NodeName)
		if volume := a.Spec.Source.PersistentVolumeName; i >= 0 && volume != nil {
			out[i].Attached = append(out[i].Attached, *volume)
			attachments[*volume] = a.Name
		}
	}
	list := listOf(c.kube.StorageV1().VolumeAttachments().List)
	if len(names) > 0 && also.attachments {
		r.list("volumeattachments", metav1.ListOptions{Limit: pageSize}, list, attachment)
	}
	r.byNames("volumeattachments", also.attached, list, attachment)
	err := r.wait()
	for i := range out {
		slices.Sort(out[i].Attached)
		slices.SortFunc(out[i].Pods, func(a, b *corev1.Pod) int {
			return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
		})
	}
	return nodeRead{out, inv.Missing, attachments}, err
}

// orNone is nil for an object that does not exist.
func orNone[T any](o *T, err error) (*T, error) {
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return o, nil
}

// addNodes reads the nodes of a recovery.
func (c *Client) addNodes(ctx context.Context, inv *sts.Inventory, o sts.Ordinal) error {
	read, err := c.nodes(ctx, nodesOf(inv.Snapshots()[0], o), besides{pods: true, attachments: true})
	read.add(inv)
	return err
}

// add adds what was read to an inventory.
func (n nodeRead) add(inv *sts.Inventory) {
	inv.NodeStates = n.states
	for _, m := range n.missing {
		if inv.Knows(m.Resource) {
			inv.Missing = append(inv.Missing, m)
		}
	}
}

// nodeMemory is what a view has read about nodes, and when: the nodes and their leases, and the attachments. The pods
// are read once.
type nodeMemory struct {
	nodeRead
	at, attached time.Time
}

// A view reads nodes again after nodesAgain, and what is attached to them after attachedAgain.
const (
	nodesAgain    = heartbeat / 2
	attachedAgain = 10 * time.Second
)

// due is what is read next, besides the nodes. The attachments of the whole cluster are listed once: no volume is
// attached to a lost node any more. Later only those of the given volumes are read.
func (m *nodeMemory) due(now time.Time, volumes []string) besides {
	if m.at.IsZero() {
		return besides{pods: true, attachments: true}
	}
	var also besides
	if now.Sub(m.attached) >= attachedAgain {
		for _, v := range volumes {
			if name := m.attachments[v]; name != "" {
				also.attached = append(also.attached, name)
			}
		}
		slices.Sort(also.attached)
		also.attached = slices.Compact(also.attached)
	}
	return also
}

// recall is what was read now, with what was read before and is not read again.
func (m *nodeMemory) recall(now nodeRead, also besides) nodeRead {
	if also.attachments {
		return now
	}
	for i := range now.states {
		n, old := &now.states[i], m.states[i]
		n.Pods, n.PodsHidden = old.Pods, old.PodsHidden
		if len(also.attached) == 0 {
			n.Attached = old.Attached
		}
	}
	for _, old := range m.missing {
		if old.Resource == "volumeattachments" {
			now.missing = append(now.missing, old)
		}
	}
	if len(also.attached) == 0 {
		now.attachments = m.attachments
	}
	return now
}

func (m *nodeMemory) names() []string {
	var names []string
	for _, n := range m.states {
		names = append(names, n.Name)
	}
	return names
}

// refreshNodes adds the nodes to the inventory of a watch. They are read, not watched: a recovery needs few, and
// not for long. False where they cannot be read now.
func (v *View) refreshNodes(ctx context.Context, inv *sts.Inventory) bool {
	if v.query.Recover == nil {
		return true
	}
	snapshot, now, m := inv.Snapshots()[0], v.client.clock.Now(), &v.nodes // of this machine: the server may be corrected
	names := nodesOf(snapshot, *v.query.Recover)
	if !slices.Equal(names, m.names()) {
		*m = nodeMemory{}
	}
	if now.Sub(m.at) < nodesAgain {
		m.add(inv)
		return true
	}
	var volumes []string
	for _, c := range slices.Concat(snapshot.Claims, snapshot.Mounted) {
		volumes = append(volumes, c.Spec.VolumeName)
	}
	also := m.due(now, volumes)
	called, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	read, err := v.client.nodes(called, names, also)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		if err = v.failed(msgReadNodes(), err); !errors.Is(err, operate.ErrTransient) {
			v.fail(err)
		}
		return false
	}
	m.nodeRead = m.recall(read, also)
	if m.at = now; also.attachments || len(also.attached) > 0 {
		m.attached = now
	}
	m.add(inv)
	inv.TakenAt = v.client.Now()
	return true
}

// confirmNode rereads the set and the node of an action right before the action: the lock and the record must be
// those that the action was decided on, else nothing would remember it, and so must the node's Ready condition and
// its lease.
func (v *View) confirmNode(ctx context.Context, s *sts.Snapshot, a operate.SetAction) error {
	name := operate.NodeOf(a)
	if name == "" {
		return nil
	}
	set, err := orNone(v.client.kube.AppsV1().StatefulSets(v.query.Namespace).Get(ctx, s.Set.Name, metav1.GetOptions{}))
	if err != nil {
		return v.failed(msgReread(s.Set.Name), err)
	}
	if set == nil || holds(set) != holds(s.Set) {
		return operate.ErrBehind
	}
	fresh, err := v.client.nodes(ctx, []string{name}, besides{})
	if err != nil {
		return v.failed(msgReadNodes(), err)
	}
	if seen := s.NodeOf(name); seen == nil || lifeSigns(seen) != lifeSigns(&fresh.states[0]) {
		return operate.ErrBehind
	}
	return nil
}

// holds is what entitles a command to an action on a node.
func holds(set *appsv1.StatefulSet) string {
	return fmt.Sprint(set.UID, set.DeletionTimestamp != nil, set.Annotations[record.OwnerAnnotation], set.Annotations[record.RecoverAnnotation])
}

// lifeSigns are what shows that a node is not lost.
func lifeSigns(n *sts.NodeState) string {
	out := string(n.UID())
	if n.Node != nil {
		if ready := sts.NodeReady(n.Node); ready != nil {
			out += " " + string(ready.Status) + " " + ready.LastHeartbeatTime.UTC().String()
		}
	}
	if n.Lease != nil && n.Lease.Spec.RenewTime != nil {
		out += " " + n.Lease.Spec.RenewTime.UTC().String()
	}
	return out
}

// TryNode has the API server check whether it would carry out an action on a node, or the deletion of a pod
// without its kubelet.
func (v *View) TryNode(ctx context.Context, a operate.SetAction) error {
	switch a := a.(type) {
	case *operate.TaintNode:
		_, err := v.patchNode(ctx, &a.NodePatch, metav1.DryRunAll)
		return err
	case *operate.UntaintNode:
		_, err := v.patchNode(ctx, &a.NodePatch, metav1.DryRunAll)
		return err
	case *operate.DeleteNode:
		return v.deleteNode(ctx, a, metav1.DryRunAll)
	}
	return nil
}

func (v *View) patchNode(ctx context.Context, p *operate.NodePatch, dryRun ...string) (*corev1.Node, error) {
	body, err := json.Marshal(p.Ops)
	if err != nil {
		return nil, err
	}
	node, err := v.client.kube.CoreV1().Nodes().Patch(ctx, p.Node, types.JSONPatchType, body,
		metav1.PatchOptions{FieldManager: sts.FieldManager, DryRun: dryRun})
	if err != nil {
		return nil, v.nodeFailed(ctx, err, "patch", p.Node)
	}
	alteration, err := operate.NotStored(p.Ops, node)
	return node, v.client.storedAs(ctx, write{operation: admissionv1.Update, resource: "nodes", object: node}, "node "+p.Node, alteration, err)
}

func (v *View) deleteNode(ctx context.Context, a *operate.DeleteNode, dryRun ...string) error {
	preconditions := metav1.NewUIDPreconditions(string(a.UID))
	preconditions.ResourceVersion = &a.ResourceVersion
	r := v.client.kube.CoreV1().RESTClient().Delete().Resource("nodes").Name(a.Node).
		Body(&metav1.DeleteOptions{Preconditions: preconditions, DryRun: dryRun})
	for _, d := range dryRun {
		r.Param("dryRun", d) // the body decides; this is for logs of URLs
	}
	if err := r.Do(ctx).Error(); err != nil {
		return v.nodeFailed(ctx, err, "delete", a.Node)
	}
	return nil
}

// nodeFailed reads the error of a write to a node.
func (v *View) nodeFailed(ctx context.Context, err error, verb, node string) error {
	if apierrors.IsNotFound(err) || testFailed(err) || apierrors.IsConflict(err) {
		return fmt.Errorf("%w: %w", operate.ErrChanged, err)
	}
	o := v.client.objection(ctx, "", err, verb, "nodes", "")
	switch {
	case o == nil, o.Kind == operate.NotAllowed, o.Kind == operate.ByFailingWebhook:
		return v.failed(msgWriteNode(verb, node), err)
	case o.Kind == operate.NoDryRun:
		return o
	}
	return o.RefuseObject("", verb, "node/"+node)
}

// applyNode carries out an action on a node, or deletes a pod without its kubelet. Handled is false for another
// action.
func (v *View) applyNode(ctx context.Context, s *sts.Snapshot, a operate.SetAction) (seen func(*sts.Snapshot) bool, handled bool, err error) {
	var event string
	switch a := a.(type) {
	case *operate.TaintNode:
		event = "NodeTainted"
		seen, err = v.taint(ctx, &a.NodePatch)
	case *operate.UntaintNode:
		event = "NodeUntainted"
		seen, err = v.taint(ctx, &a.NodePatch)
	case *operate.DeleteNode:
		event = "NodeDeleted"
		err = v.deleteNode(ctx, a)
		seen = func(s *sts.Snapshot) bool { // one with finalizers stays
			n := s.NodeOf(a.Node)
			return n != nil && (n.UID() != a.UID || n.Node.DeletionTimestamp != nil)
		}
	case *operate.ForceDeletePod:
		event = "PodForceDeleted"
		err = v.deletePod(ctx, a.Name, metav1.DeleteOptions{Preconditions: asSeen(s, a.UID), GracePeriodSeconds: new(int64)})
		seen = func(s *sts.Snapshot) bool {
			p := podByUID(s, a.UID)
			return p == nil || operate.ForceDeleted(p)
		}
	default:
		return nil, false, nil
	}
	if err != nil {
		return nil, true, err
	}
	v.record(ctx, s.Set, event, a.Describe())
	return seen, true, nil
}

func (v *View) taint(ctx context.Context, p *operate.NodePatch) (func(*sts.Snapshot) bool, error) {
	node, err := v.patchNode(ctx, p)
	if err != nil {
		return nil, err
	}
	return func(s *sts.Snapshot) bool {
		n := s.NodeOf(p.Node)
		return n == nil || n.Node == nil || !olderThan(n.Node.ResourceVersion, node.ResourceVersion)
	}, nil
}

// MayRecover checks the permissions for an action of a recovery.
func (c *Client) MayRecover(ctx context.Context, namespace string, a record.RecoverAction) error {
	switch a {
	case record.DeleteNode:
		return c.May(ctx, "", "delete", "nodes", "")
	case record.ForceDeletePod:
		return c.May(ctx, namespace, "delete", "pods", "")
	}
	return c.May(ctx, "", "patch", "nodes", "")
}
