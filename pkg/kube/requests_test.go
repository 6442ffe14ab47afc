package kube

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"gotest.tools/v3/golden"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// What is sent decides whether a write is safe: a server cannot check what a request
// leaves out. The golden files hold the whole request of every action, in the form in
// which the verbs decide on it.

// elsewhere are the actions for which this package sends no write.
var elsewhere = []any{&operate.Exec{}, &claims.CheckUsage{}}

// TestEveryActionIsHeld: an action that is new needs a request in the golden files.
func TestEveryActionIsHeld(t *testing.T) {
	held := map[reflect.Type]bool{}
	for _, a := range elsewhere {
		held[reflect.TypeOf(a)] = true
	}
	for _, c := range setCases() {
		held[reflect.TypeOf(c.action(t))] = true
	}
	for _, c := range claimCases() {
		held[reflect.TypeOf(c.action(t))] = true
	}
	for _, a := range operate.SetActions() {
		if !held[reflect.TypeOf(a)] {
			t.Errorf("no test holds what is sent for %T", a)
		}
	}
	for _, a := range claims.Actions() {
		if !held[reflect.TypeOf(a)] {
			t.Errorf("no test holds what is sent for %T", a)
		}
	}
}

// setCase is a decision about a set, and the request that follows from it.
type setCase struct {
	name   string
	from   *sts.Inventory
	intent operate.Intent
	facts  operate.Facts
	// disrupts: pods may go because of it.
	disrupts bool
}

func (c setCase) action(t *testing.T) operate.SetAction {
	t.Helper()
	d := c.intent.Next(c.from.Snapshots()[0], c.facts)
	if d.Action == nil {
		t.Fatalf("%s: there is no action: %s %s: %s", c.name, d.Verdict, d.Reason, d.Message)
	}
	return d.Action
}

var holder = operate.Lock{Owner: record.Owner{Name: "alice@laptop", ID: "1", Command: "test", Since: ststest.Now}}

// web is a healthy set whose pods mount their claims.
func web(replicas int32) *sts.Inventory {
	inv := ststest.Web(replicas)
	for i, p := range inv.Pods {
		p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: inv.Claims[i].Name}}}}
	}
	return inv
}

// removing is a set of 5 of which the last member has left and will be removed.
func removing(changes ...func(*sts.Inventory)) *sts.Inventory {
	inv := web(5)
	inv.Pods[4].ResourceVersion = "44"
	inv.Sets[0].Annotations = map[string]string{
		record.OwnerAnnotation: sts.EncodeAnnotation(holder.Owner),
		record.DrainAnnotation: sts.EncodeAnnotation(record.Drain{From: 5, To: 4, StartedBy: "alice@laptop", StartedAt: ststest.Now,
			Member: &record.Member{Ordinal: 4, UID: inv.Pods[4].UID, Phase: record.Removing, Since: ststest.Now}}),
	}
	for _, change := range changes {
		change(inv)
	}
	return inv
}

func held(inv *sts.Inventory) { inv.Pods[4].Finalizers = []string{record.LeavingFinalizer} }

func going(inv *sts.Inventory) { ststest.Terminating(inv.Pods[4], ststest.Now) }

func smaller(inv *sts.Inventory) { *inv.Sets[0].Spec.Replicas = 4 }

// start starts a canary with another image.
func start(acceptAdmission bool) operate.Intent {
	return operate.NewStartCanary(operate.StartOptions{Lock: holder, Images: []operate.ImageRequest{{Image: "web:2"}},
		Canaries: intstr.FromInt32(1), AcceptAdmission: acceptAdmission}, web(3).Snapshots()[0])
}

func setCases() []setCase {
	drain := func(o operate.DrainOptions) operate.Intent { return operate.NewDrainScale(o, web(5).Snapshots()[0]) }
	down := drain(operate.DrainOptions{Lock: holder, Replicas: 4})
	ignoring := drain(operate.DrainOptions{Lock: holder, Replicas: 4, IgnoreBudgets: true})
	check := operate.EvictionCheck{Pod: operate.PodRef{Name: "web-4", UID: "web-4-uid", Ordinal: 4, Revision: ststest.StableRevision}}
	wrote, allowed := operate.Facts{Wrote: true}, operate.Facts{Wrote: true, Allowed: map[operate.EvictionCheck]bool{check: true}}
	gone := removing(smaller)
	gone.Pods = gone.Pods[:4]
	return []setCase{
		{"change the template and the partition", web(3), start(false), operate.Facts{}, true},
		{"write down what begins", web(5), down, operate.Facts{Allowed: allowed.Allowed}, false},
		{"ask the budgets", removing(), down, wrote, false},
		{"hold a pod with a finalizer", removing(), down, allowed, false},
		{"evict a pod", removing(held), down, allowed, true},
		{"delete a pod", removing(held), ignoring, wrote, true},
		{"scale", removing(held, going), down, wrote, true},
		{"take the finalizer off a pod", removing(held, going, smaller), down, wrote, true},
		{"finish", gone, down, wrote, false},
		{"taint a lost node", recovering(record.OutOfService), recovery(record.OutOfService), lostFacts(), true},
		{"delete a lost node", recovering(record.DeleteNode), recovery(record.DeleteNode), lostFacts(), true},
		{"delete a pod of a lost node", recovering(record.ForceDeletePod), recovery(record.ForceDeletePod), lostFacts(), true},
		{"take the taint off a node", released(), operate.NewReleaseNodes(operate.ReleaseOptions{Lock: holder}, nil), wrote, false},
	}
}

func recovery(a record.RecoverAction) operate.Intent {
	return operate.NewRecoverPod(operate.RecoverOptions{Lock: holder, Ordinal: 1, Action: a, NodeIsOff: "node-1"}, nil)
}

// recovering is a set whose pod web-1 is on a lost node, with the record of its recovery.
func recovering(a record.RecoverAction) *sts.Inventory {
	inv := web(3)
	inv.Pods[1].Spec.NodeName, inv.Pods[1].ResourceVersion = "node-1", "41"
	inv.NodeStates = []sts.NodeState{ststest.LostNode("node-1", ststest.Now.Add(-time.Hour), inv.Pods[1])}
	inv.Sets[0].Annotations = map[string]string{
		record.OwnerAnnotation: sts.EncodeAnnotation(holder.Owner),
		record.RecoverAnnotation: sts.EncodeAnnotation(record.Recover{
			Recovery: &record.Recovery{Ordinal: 1, UID: inv.Pods[1].UID, Node: "node-1", NodeUID: "node-1-uid", Action: a, StartedAt: ststest.Now},
			Taints:   []record.NodeTaint{{Node: "node-1", UID: "node-1-uid", AddedAt: ststest.Now}},
		}),
	}
	return inv
}

func lostFacts() operate.Facts {
	return operate.Facts{Wrote: true, Found: recovering(record.OutOfService).Snapshots()[0]}
}

// released is a set with a taint of ours on a node that is ready again.
func released() *sts.Inventory {
	inv := recovering(record.OutOfService)
	taint := sts.OutOfService()
	taint.TimeAdded = &metav1.Time{Time: ststest.Now}
	n := inv.NodeStates[0].Node
	n.Status.Conditions[0].Status, n.Spec.Taints = corev1.ConditionTrue, append(n.Spec.Taints, taint)
	return inv
}

// TestNodeIsRereadBeforeItsPodsAreRemoved: a node that is back, or whose kubelet has renewed its lease, is not
// touched, although the snapshot shows a lost one. Neither is one that a command without the lock or the record
// would touch.
func TestNodeIsRereadBeforeItsPodsAreRemoved(t *testing.T) {
	node := func(f func(*sts.NodeState)) func(*sts.Inventory) {
		return func(inv *sts.Inventory) { f(&inv.NodeStates[0]) }
	}
	set := func(f func(*appsv1.StatefulSet)) func(*sts.Inventory) {
		return func(inv *sts.Inventory) { f(inv.Sets[0]) }
	}
	other := holder.Owner
	other.ID = "2"
	for change, now := range map[string]func(*sts.Inventory){
		"the node is ready":     node(func(n *sts.NodeState) { n.Node.Status.Conditions[0].Status = corev1.ConditionTrue }),
		"the node is another":   node(func(n *sts.NodeState) { n.Node.UID = "other" }),
		"the lease was renewed": node(func(n *sts.NodeState) { n.Lease = ststest.Lease(n.Name, ststest.Now) }),
		"the lease is new":      node(func(n *sts.NodeState) { n.Lease.Spec.RenewTime.Time = n.Lease.Spec.RenewTime.Add(time.Second) }),
		"the lock was taken":    set(func(s *appsv1.StatefulSet) { s.Annotations[record.OwnerAnnotation] = sts.EncodeAnnotation(other) }),
		"the lock was removed":  set(func(s *appsv1.StatefulSet) { delete(s.Annotations, record.OwnerAnnotation) }),
		"the record is another": set(func(s *appsv1.StatefulSet) {
			s.Annotations[record.RecoverAnnotation] = sts.EncodeAnnotation(record.Recover{Taints: []record.NodeTaint{{Node: "node-1", UID: "node-1-uid", AddedAt: ststest.Now}}})
		}),
		"the record was removed": set(func(s *appsv1.StatefulSet) { delete(s.Annotations, record.RecoverAnnotation) }),
		"the set is another":     set(func(s *appsv1.StatefulSet) { s.UID = "other" }),
		"the set is terminating": set(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} }),
	} {
		for _, action := range record.RecoverActions() {
			server := recovering(action)
			now(server)
			r, client := recordRequests(t, server)
			err := setCase{"", recovering(action), recovery(action), lostFacts(), true}.apply(t, r, client)
			if writes, _ := r.writes(); !errors.Is(err, operate.ErrBehind) || len(writes) > 0 {
				t.Errorf("%s, %s: %v; sent:\n%v", action, change, err, writes)
			}
		}
	}
}

// TestReleaseIsSeen: the API server returns a pod that goes with its last finalizer as it was
// before, with the old resourceVersion. A snapshot in which the finalizer is still there is from
// before the write, and must not decide what comes next: the pod's claims may have gone already.
func TestReleaseIsSeen(t *testing.T) {
	inv := removing(held, going, smaller)
	r, client := recordRequests(t, inv)
	view := open(t, r, client)
	s := inv.Snapshots()[0]
	intent := operate.NewDrainScale(operate.DrainOptions{Lock: holder, Replicas: 4}, web(5).Snapshots()[0])
	seen, err := view.Apply(t.Context(), s, intent.Next(s, operate.Facts{Wrote: true}).Action)
	view.Close()
	if err != nil {
		t.Fatal(err)
	}
	later := func(change func(*sts.Inventory)) *sts.Snapshot {
		inv := removing(held, going, smaller)
		change(inv)
		return inv.Snapshots()[0]
	}
	for name, test := range map[string]struct {
		s    *sts.Snapshot
		want bool
	}{
		"before the write": {s, false},
		"the pod has gone": {later(func(inv *sts.Inventory) { inv.Pods = inv.Pods[:4] }), true},
		"another finalizer holds it": {later(func(inv *sts.Inventory) {
			inv.Pods[4].Finalizers, inv.Pods[4].ResourceVersion = []string{"a.example/x"}, "45"
		}), true},
		"ours was put on it once more": {later(func(inv *sts.Inventory) { inv.Pods[4].ResourceVersion = "45" }), true},
	} {
		if got := seen(test.s); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}

// apply opens a view on the set and carries the action out.
func (c setCase) apply(t *testing.T, r *recorder, client *Client) error {
	t.Helper()
	view := open(t, r, client)
	_, err := view.Apply(t.Context(), c.from.Snapshots()[0], c.action(t))
	view.Close()
	return err
}

func open(t *testing.T, r *recorder, client *Client) *View {
	t.Helper()
	warn := func(line string) { t.Errorf("warning: %s", line) }
	view, err := client.Open(t.Context(), Query{Namespace: ststest.Namespace, Names: []string{"web"}}, Needs, Tell{Warn: warn, Say: warn})
	if err != nil {
		t.Fatal(err)
	}
	r.forget()
	return view
}

func TestRequestsForASet(t *testing.T) {
	var all strings.Builder
	for _, c := range setCases() {
		r, client := recordRequests(t, c.from)
		if err := c.apply(t, r, client); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		writes, listed := r.writes()
		for _, resource := range []string{"pods", "poddisruptionbudgets", "persistentvolumeclaims"} {
			if c.disrupts && !slices.Contains(listed, resource) {
				t.Errorf("%s: %s are not read once more before the write: only %v", c.name, resource, listed)
			}
		}
		all.WriteString(inFull(t, c.name, r, writes))
	}
	all.WriteString(asks(t))
	golden.Assert(t, all.String(), "set.requests")
}

// asks is what is sent to have the server check something and carry out nothing.
func asks(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	start := setCases()[0]
	r0, client0 := recordRequests(t, start.from)
	view0 := open(t, r0, client0)
	inv := removing(held)
	r, client := recordRequests(t, inv)
	view := open(t, r, client)
	lost, lostClient := recordRequests(t, recovering(record.OutOfService))
	viewLost := open(t, lost, lostClient)
	for _, q := range []struct {
		name string
		r    *recorder
		send func() error
	}{
		{"dry run of a patch", r0, func() error {
			_, _, err := view0.Try(t.Context(), start.from.Snapshots()[0], start.action(t).(*operate.PatchSet))
			return err
		}},
		{"dry run of a change of size", r, func() error {
			inv := removing(held, going)
			c := setCase{"", inv, operate.NewDrainScale(operate.DrainOptions{Lock: holder, Replicas: 4}, web(5).Snapshots()[0]), operate.Facts{Wrote: true}, true}
			return view.TryScale(t.Context(), inv.Snapshots()[0], c.action(t).(*operate.Scale))
		}},
		{"dry run of an eviction", r, func() error {
			return view.DryRunEviction(t.Context(), operate.PodRef{Name: "web-4", UID: "web-4-uid"})
		}},
		{"dry run of the creation of a pod", r, func() error {
			set := inv.Sets[0]
			return view.TryPod(t.Context(), set, sts.NewPod(set, &set.Spec.Template, ststest.StableRevision, 4))
		}},
		{"dry run of taking the finalizer off", r, func() error {
			_, err := client.PatchFinalizer(t.Context(), ststest.Namespace, &operate.NewRemoveFinalizer("", inv.Pods[4], 4).FinalizerPatch, metav1.DryRunAll)
			return err
		}},
		{"dry run of a taint", lost, func() error { return tryNode(t, viewLost, record.OutOfService) }},
		{"dry run of the deletion of a node", lost, func() error { return tryNode(t, viewLost, record.DeleteNode) }},
		{"event", r, func() error { return client.Record(t.Context(), inv.Sets[0], "Reason", "what was done") }},
	} {
		q.r.forget()
		if err := q.send(); err != nil {
			t.Errorf("%s: %v", q.name, err)
		}
		writes, _ := q.r.writes()
		for _, w := range writes {
			if dry := strings.Contains(w.line, "dryRun=All"); dry != strings.HasPrefix(q.name, "dry run") {
				t.Errorf("%s: %s", q.name, w.line)
			}
		}
		all.WriteString(inFull(t, q.name, q.r, writes))
	}
	return all.String()
}

func tryNode(t *testing.T, v *View, a record.RecoverAction) error {
	return v.TryNode(t.Context(), setCase{"", recovering(a), recovery(a), lostFacts(), true}.action(t))
}

func inFull(t *testing.T, name string, r *recorder, writes []request) string {
	t.Helper()
	if len(writes) == 0 {
		t.Errorf("%s: nothing was sent", name)
	}
	var all strings.Builder
	fmt.Fprintf(&all, "# %s\n", name)
	for _, w := range writes {
		w.guarded(t, r.find(w))
		if e, is := w.object.(*corev1.Event); is && name != "event" { // that case shows one in full
			fmt.Fprintf(&all, "%s\n  %s: %s\n\n", w.line, e.Reason, e.Message)
			continue
		}
		fmt.Fprintf(&all, "%s\n", w)
	}
	return all.String()
}

// TestStaleViewWritesNothing: a watch may have stalled. A pod that is down by now was available
// in the view, so no other pod may be disrupted because of what it shows.
func TestStaleViewWritesNothing(t *testing.T) {
	for change, now := range map[string]func(*sts.Inventory){
		"a pod is not ready":   func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[0], ststest.Now) },
		"a pod is terminating": func(inv *sts.Inventory) { ststest.Terminating(inv.Pods[0], ststest.Now) },
		"a pod is gone":        func(inv *sts.Inventory) { inv.Pods = inv.Pods[1:] },
		"a pod was recreated":  func(inv *sts.Inventory) { inv.Pods[0].UID = "recreated" },
		"a budget is short":    func(inv *sts.Inventory) { inv.Budgets[0].Status.DisruptionsAllowed = 0 },
		"a claim is terminating": func(inv *sts.Inventory) {
			for _, c := range inv.Claims {
				c.DeletionTimestamp, c.Finalizers = &metav1.Time{Time: ststest.Now}, []string{"kubernetes.io/pvc-protection"}
			}
		},
		"a budget has been made": func(inv *sts.Inventory) { inv.Budgets = append(inv.Budgets, another(inv)) },
	} {
		for _, c := range setCases() {
			if !c.disrupts {
				continue
			}
			t.Run(c.name+" when "+change, func(t *testing.T) {
				server := copied(c.from)
				now(server)
				r, client := recordRequests(t, server)
				err := c.apply(t, r, client)
				writes, _ := r.writes()
				writes = slices.DeleteFunc(writes, func(q request) bool { return strings.Contains(q.line, "dryRun=All") })
				if !errors.Is(err, operate.ErrBehind) || len(writes) > 0 {
					t.Errorf("%v; sent:\n%v", err, writes)
				}
			})
		}
	}
}

func another(inv *sts.Inventory) *policyv1.PodDisruptionBudget {
	b := inv.Budgets[0].DeepCopy()
	b.Name = "another"
	return b
}

// copied is the inventory with copies of what [View.confirm] reads.
func copied(inv *sts.Inventory) *sts.Inventory {
	out := *inv
	out.Pods, out.Budgets, out.Claims = nil, nil, nil
	for _, c := range inv.Claims {
		out.Claims = append(out.Claims, c.DeepCopy())
	}
	for _, p := range inv.Pods {
		out.Pods = append(out.Pods, p.DeepCopy())
	}
	for _, b := range inv.Budgets {
		out.Budgets = append(out.Budgets, b.DeepCopy())
	}
	return &out
}

// claimCase is a decision about a claim, and the request that follows from it.
type claimCase struct {
	name   string
	view   claims.View
	intent claims.Intent
}

// known are the objects that the server has.
func (c claimCase) known() []runtime.Object {
	out := slices.Clone(ownersOf)
	if c.view.Claim != nil {
		out = append(out, c.view.Claim)
	}
	for _, volume := range []*corev1.PersistentVolume{c.view.Volume, c.view.Other, c.view.Copy} {
		if volume != nil {
			out = append(out, volume)
		}
	}
	return out
}

func (c claimCase) action(t *testing.T) claims.Action {
	t.Helper()
	d := c.intent.Next(c.view)
	if d.Action == nil {
		t.Fatalf("%s: there is no action: %s %s: %s", c.name, d.Verdict, d.Reason, d.Message)
	}
	return d.Action
}

// claimed is a claim that nothing wants, bound to a volume, which a change may alter.
func claimed(changes ...func(*claims.View)) claims.View {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "data-web-3", UID: "claim-uid", ResourceVersion: "7",
		Annotations: map[string]string{"team": "blue"}, Finalizers: []string{"kubernetes.io/pvc-protection"}}}
	claim.Spec.VolumeName, claim.Status.Phase = "volume", corev1.ClaimBound
	volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "volume", UID: "volume-uid", ResourceVersion: "8"}}
	volume.Spec.PersistentVolumeReclaimPolicy, volume.Status.Phase = corev1.PersistentVolumeReclaimDelete, corev1.VolumeBound
	volume.Spec.ClaimRef = &corev1.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID, ResourceVersion: "7"}
	v := claims.View{Namespace: claim.Namespace, Name: claim.Name, Claim: claim, VolumeName: volume.Name, Volume: volume}
	for _, change := range changes {
		change(&v)
	}
	return v
}

func unwanted(v *claims.View) {
	v.Around = &claims.Around{At: ststest.Now, Verdict: claims.Judgment{State: claims.ClaimOrphaned, Reason: "beyond the replicas"}}
}

func wanted(v *claims.View) {
	v.Around = &claims.Around{At: ststest.Now, Verdict: claims.Judgment{State: claims.ClaimDesired, Reason: "web wants it"}}
}

// retained has the volume keep the data, and the record of the claim.
func retained(v *claims.View) {
	r := sts.NewRetained(v.Claim, v.Volume)
	r.DeletedBy, r.DeletedAt = holder.Name, ststest.Now
	v.Volume.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	v.Volume.Annotations = map[string]string{sts.ClaimAnnotation: sts.EncodeAnnotation(r)}
	v.Volume.Labels = map[string]string{sts.RetainedLabel: "true", sts.RetainedIn: v.Namespace}
}

// keptAnyway is retained, for a volume whose own policy was Retain.
func keptAnyway(v *claims.View) {
	v.Volume.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	retained(v)
}

func deleted(v *claims.View) {
	v.Claim, v.Sent = nil, true
	v.Volume.Status.Phase = corev1.VolumeReleased
}

func cleared(v *claims.View) {
	v.Volume.Spec.ClaimRef.UID, v.Volume.Spec.ClaimRef.ResourceVersion = "", ""
	v.Volume.Status.Phase = corev1.VolumeAvailable
}

func marked(v *claims.View) { v.Claim.Annotations[claims.KeepAnnotation] = claims.KeptMeanwhile }

func withOurFields(v *claims.View) {
	v.Volume.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager"}, {Manager: sts.FieldManager}}
}

// deleting: another client has deleted the claim, deletingVolume: its volume. A pod still
// uses the claim.
func deleting(v *claims.View) { v.Claim.DeletionTimestamp = &metav1.Time{Time: ststest.Now} }

func deletingVolume(v *claims.View) {
	v.Volume.DeletionTimestamp, v.Volume.Finalizers = &metav1.Time{Time: ststest.Now}, []string{"kubernetes.io/pv-protection"}
}

// provisioned is a volume with all that its copy must have, and with what it must not have.
func provisioned(v *claims.View) {
	v.Volume.Labels = map[string]string{"topology.kubernetes.io/zone": "a"}
	v.Volume.Annotations = map[string]string{
		"pv.kubernetes.io/provisioned-by": "csi.example.com", "pv.kubernetes.io/bound-by-controller": "yes", corev1.LastAppliedConfigAnnotation: "{}",
	}
	spec := &v.Volume.Spec
	spec.StorageClassName, spec.AccessModes = "fast", []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	spec.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: "csi.example.com", VolumeHandle: "disk-1"}
	spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "topology.kubernetes.io/zone", Operator: corev1.NodeSelectorOpIn, Values: []string{"a"}}}}}}}
}

// recorded has the volume keep the data, as the rescue does where the volume is being
// deleted: without the labels.
func recorded(v *claims.View) {
	r := sts.NewRetained(v.Claim, v.Volume)
	at := ststest.Now
	r.RescuedBy, r.RescuedAt, r.DeletedAt = holder.Name, &at, at
	v.Volume.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	v.Volume.Annotations = maps.Clone(v.Volume.Annotations)
	if v.Volume.Annotations == nil {
		v.Volume.Annotations = map[string]string{}
	}
	v.Volume.Annotations[sts.ClaimAnnotation] = sts.EncodeAnnotation(r)
}

// withCopy has the copy that the rescue creates.
func withCopy(v *claims.View) {
	v.Copy = rescuing().Next(*v).Action.(*claims.CopyVolume).Volume
	v.Copy.UID, v.Copy.ResourceVersion = "copy-uid", "9"
}

func rescuing() claims.Rescue {
	return claims.Rescue{UID: "claim-uid", By: holder.Name, At: ststest.Now}
}

// replaced: the old claim is gone, and the StatefulSet controller has created a new one on
// a volume of its own.
func replaced(v *claims.View) {
	old := *v
	*v = claimed()
	v.Claim.UID, v.Claim.ResourceVersion, v.Made = "new-claim-uid", "17", "new-claim-uid"
	v.Claim.CreationTimestamp = metav1.Time{Time: ststest.Now}
	v.Claim.Spec.VolumeName = "new-volume"
	v.Other, v.VolumeName, v.Volume = v.Volume, old.VolumeName, old.Volume
	v.Other.Name, v.Other.UID, v.Other.ResourceVersion = "new-volume", "new-volume-uid", "18"
	v.Other.Spec.ClaimRef.UID = v.Claim.UID
	v.Volume.Status.Phase = corev1.VolumeReleased
	v.Around = &claims.Around{At: ststest.Now, Verdict: claims.Judgment{Set: "web", Ordinal: 3, State: claims.ClaimInUse}, Users: []string{"web-3"}}
}

// setAside has the volume of the new claim keep its data.
func setAside(v *claims.View) {
	r := sts.NewRetained(v.Claim, v.Other)
	r.DeletedBy, r.DeletedAt, r.SetAsideFor = holder.Name, ststest.Now, v.Volume.Name
	v.Other.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	v.Other.Annotations = map[string]string{sts.ClaimAnnotation: sts.EncodeAnnotation(r)}
}

// The owners of a claim: one in a namespace and an API group, one in neither.
var (
	ownedBy  = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "operator", UID: "operator-uid"}, {APIVersion: "v1", Kind: "Node", Name: "node-1", UID: "node-uid"}}
	ownersOf = []runtime.Object{
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "operator", UID: "operator-uid"}},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1", UID: "node-uid"}},
	}
)

// disowned is a claim that was recreated, bound to its volume again, and has no owners yet.
func disowned(v *claims.View) {
	v.Claim.OwnerReferences = ownedBy
	retained(v)
	v.Claim.OwnerReferences, v.Claim.UID, v.Claim.ResourceVersion = nil, "again-uid", "27"
	v.Claim.Status.Phase = corev1.ClaimBound
	v.Volume.Spec.ClaimRef.UID = v.Claim.UID
}

func withOwners(v *claims.View) {
	v.Owners = []claims.Owner{{Ref: ownedBy[0]}, {Ref: ownedBy[1]}}
}

// ownedMeanwhile: the claim has an owner already, which another client has added.
func ownedMeanwhile(v *claims.View) {
	v.Claim.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "backup", UID: "backup-uid"}}
}

func claimCases() []claimCase {
	collect := claims.Collect{UID: "claim-uid", By: holder.Name, At: ststest.Now}
	undo, purge := claims.Restore{UID: "volume-uid"}, claims.Purge{UID: "volume-uid"}
	replace := claims.Restore{UID: "volume-uid", Replace: true, By: holder.Name, At: ststest.Now}
	return []claimCase{
		{"have the volume keep its data", claimed(), collect},
		{"delete the claim", claimed(retained, unwanted), collect},
		{"mark a claim that became wanted", claimed(retained, wanted), collect},
		{"give its volume the reclaim policy back", claimed(retained, marked, wanted), collect},
		{"take the mark off", claimed(marked, wanted), collect},
		{"give the fields of the volume back", claimed(withOurFields, wanted), collect},
		{"let a new claim have the volume", claimed(retained, deleted), undo},
		{"recreate the claim", claimed(retained, deleted, cleared), undo},
		{"delete the data", claimed(retained, deleted, unwanted), purge},
		{"delete the data of an undo that was interrupted", claimed(retained, deleted, cleared, unwanted), purge},
		{"delete the volume", claimed(keptAnyway, deleted, unwanted), purge},
		{"rescue a claim that is being deleted", claimed(deleting), rescuing()},
		{"rescue a claim whose volume is being deleted", claimed(provisioned, deletingVolume), rescuing()},
		{"create the copy of a volume that is being deleted", claimed(provisioned, deletingVolume, recorded), rescuing()},
		{"record the copy", claimed(provisioned, deletingVolume, recorded, withCopy), rescuing()},
		{"set the volume of the new claim aside", claimed(retained, replaced), replace},
		{"let the old volume be bound to the next claim", claimed(retained, replaced, setAside), replace},
		{"delete the new claim", claimed(retained, cleared, replaced, setAside), replace},
		{"look for the owners of a recreated claim", claimed(disowned), undo},
		{"give a recreated claim its owners back", claimed(disowned, withOwners), undo},
		{"add the owners to those that a recreated claim has", claimed(disowned, withOwners, ownedMeanwhile), undo},
	}
}

func TestRequestsForAClaim(t *testing.T) {
	var all strings.Builder
	for _, c := range claimCases() {
		r, client := recordRequests(t, &sts.Inventory{}, c.known()...)
		a := c.action(t)
		after, err := (&Claims{Client: client}).Apply(t.Context(), c.view, a)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		sent, _ := r.writes()
		if !a.IsAPIWrite() {
			all.WriteString(looks(t, c, r, after))
			continue
		}
		writes := triedFirst(t, c, sent)
		all.WriteString(inFull(t, c.name, r, writes))
		for _, w := range writes {
			keepsData(t, c, w, r.find(w))
			staysOurs(t, c, w)
		}

		r.forget()
		if _, err := (&Claims{Client: client, DryRun: true}).Apply(t.Context(), c.view, a); err != nil {
			t.Errorf("%s, dry run: %v", c.name, err)
		}
		dry, _ := r.writes()
		if len(dry) != len(writes) {
			t.Errorf("%s, dry run: %d writes, want %d", c.name, len(dry), len(writes))
		}
		for _, w := range dry {
			options, _ := w.object.(*metav1.DeleteOptions)
			if !strings.Contains(w.line, "dryRun=All") && (options == nil || !slices.Equal(options.DryRun, []string{metav1.DryRunAll})) {
				t.Errorf("%s, dry run: would be carried out:\n%s", c.name, w)
			}
			w.guarded(t, r.find(w))
		}
	}
	golden.Assert(t, all.String(), "claim.requests")
}

// triedFirst are the writes that are carried out. Each but a deletion, of which the API server
// stores nothing, is sent as a dry run right before.
func triedFirst(t *testing.T, c claimCase, sent []request) (writes []request) {
	t.Helper()
	for i, q := range sent {
		if !q.effective() {
			continue
		}
		if q.method != http.MethodDelete && (i == 0 || sent[i-1].effective() || !bytes.Equal(sent[i-1].body, q.body)) {
			t.Errorf("%s: not tried with a dry run first:\n%s", c.name, q)
		}
		writes = append(writes, q)
	}
	return writes
}

// looks is what is read for an action that changes nothing.
func looks(t *testing.T, c claimCase, r *recorder, after claims.View) string {
	t.Helper()
	if writes, _ := r.writes(); len(writes) > 0 {
		t.Errorf("%s: writes\n%v", c.name, writes)
	}
	want := []claims.Owner{{Ref: ownedBy[0]}, {Ref: ownedBy[1]}}
	if !reflect.DeepEqual(after.Owners, want) {
		t.Errorf("%s: found %v, want %v", c.name, after.Owners, want)
	}
	var all strings.Builder
	fmt.Fprintf(&all, "# %s\n", c.name)
	for _, q := range r.reads() {
		fmt.Fprintf(&all, "%s\n", q)
	}
	return all.String()
}

// staysOurs: what a patch of the owners of a claim is safe by. The claim may have been
// deleted since it was read, or another client may have changed its owners.
func staysOurs(t *testing.T, c claimCase, w request) {
	t.Helper()
	const path = "/metadata/ownerReferences"
	if !slices.ContainsFunc(w.ops, func(o operate.PatchOp) bool { return o.Op != "test" && strings.HasPrefix(o.Path, path) }) {
		return
	}
	var have any
	if refs := c.view.Claim.OwnerReferences; len(refs) > 0 {
		have = refs
	}
	if !w.tests("/metadata/deletionTimestamp", nil) || !w.tests(path, have) {
		t.Errorf("%s: does not test that the claim is not being deleted and which owners it has:\n%s", c.name, w)
	}
}

// keepsData: what a patch of a volume is safe by. A volume may have been bound to another
// claim since it was seen, or an undo may have begun to hand it out.
func keepsData(t *testing.T, c claimCase, w request, seen runtime.Object) {
	t.Helper()
	if copied, is := w.object.(*corev1.PersistentVolume); is {
		copiesStorage(t, c, copied)
	}
	if w.method != http.MethodPatch || w.resource != "persistentvolumes" || strings.Contains(c.name, "fields") {
		return
	}
	volume, known := seen.(*corev1.PersistentVolume)
	if !known {
		t.Fatalf("%s: the volume is unknown:\n%s", c.name, w)
	}
	var ref any // what a claimRef without a UID has
	if uid := volume.Spec.ClaimRef.UID; uid != "" {
		ref = uid
	}
	if !w.tests("/spec/claimRef/uid", ref) {
		t.Errorf("%s: does not test which claim the volume is bound to:\n%s", c.name, w)
	}
	policy := slices.ContainsFunc(w.ops, func(o operate.PatchOp) bool {
		return o.Op == "replace" && o.Path == "/spec/persistentVolumeReclaimPolicy" && string(o.Value) == `"Delete"`
	})
	if policy && c.view.Claim == nil && !w.tests("/status/phase", volume.Status.Phase) {
		t.Errorf("%s: does not test that the volume is in no use:\n%s", c.name, w)
	}
	// The data of a volume that is released may be deleted at this moment: a record that
	// promises them would be wrong.
	switch c.action(t).(type) {
	case *claims.RescueVolume, *claims.SetAsideVolume:
		if !w.tests("/status/phase", corev1.VolumeBound) || !w.tests("/spec/persistentVolumeReclaimPolicy", volume.Spec.PersistentVolumeReclaimPolicy) {
			t.Errorf("%s: does not test that the volume is bound and has its reclaim policy still:\n%s", c.name, w)
		}
	}
}

// copiesStorage: the copy is for the same storage, keeps its data, and is reserved for a
// claim of the name that does not exist yet.
func copiesStorage(t *testing.T, c claimCase, volume *corev1.PersistentVolume) {
	t.Helper()
	want := c.view.Volume.Spec.DeepCopy()
	want.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	want.ClaimRef = &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: c.view.Namespace, Name: c.view.Name}
	if !equality.Semantic.DeepEqual(&volume.Spec, want) {
		t.Errorf("%s: is for other storage: %v, want %v", c.name, &volume.Spec, want)
	}
	if volume.UID != "" || volume.ResourceVersion != "" || volume.DeletionTimestamp != nil || len(volume.Finalizers) > 0 {
		t.Errorf("%s: has metadata of the volume that is being deleted: %v", c.name, volume.ObjectMeta)
	}
}
