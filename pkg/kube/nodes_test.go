package kube

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// attached is a volume that is attached to a node.
func attached(name, node string) *storagev1.VolumeAttachment {
	return &storagev1.VolumeAttachment{ObjectMeta: metav1.ObjectMeta{Name: "csi-" + name},
		Spec: storagev1.VolumeAttachmentSpec{NodeName: node, Source: storagev1.VolumeAttachmentSource{PersistentVolumeName: &name}}}
}

// about are the reads of what a recovery needs besides the set.
func about(r *recorder) []string {
	var out []string
	for _, q := range r.reads() {
		if slices.Contains([]string{"nodes", "leases", "volumeattachments"}, q.resource) || q.resource == "pods" && q.field != "" {
			out = append(out, q.resource)
		}
	}
	slices.Sort(out)
	return out
}

// The nodes are those of the pod and of the record. What may not be read is reported.
func TestReadNodes(t *testing.T) {
	inv := recovering(record.OutOfService)
	one := sts.Ordinal(1)
	q := Query{Namespace: ststest.Namespace, Names: []string{"web"}, Recover: &one}
	r, client := recordRequests(t, inv, attached("pv-1", "node-1"), attached("pv-0", "node-0"))
	read, err := client.Read(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	n := read.Snapshots()[0].NodeOf("node-1")
	if len(read.NodeStates) != 1 || n == nil || n.Node.UID != "node-1-uid" || n.Lease == nil || !slices.Equal(n.Attached, []string{"pv-1"}) || len(read.Missing) > 0 {
		t.Errorf("%+v, missing %v", read.NodeStates, read.Missing)
	}
	r.refuse = func(q request) *metav1.Status {
		if !slices.Contains([]string{"nodes", "leases", "volumeattachments"}, q.resource) && (q.resource != "pods" || q.field == "") {
			return nil
		}
		return &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: "forbidden"}
	}
	if read, err = client.Read(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, m := range read.Missing {
		missing = append(missing, m.Resource)
	}
	slices.Sort(missing)
	if diff := cmp.Diff([]string{"leases", "nodes", "volumeattachments"}, missing); diff != "" || !read.NodeStates[0].PodsHidden {
		t.Errorf("missing (-want +got):\n%s%+v", diff, read.NodeStates)
	}
}

// While a command waits, only the node and its lease are read each time, and now and then the attachments of the
// set's volumes, by name.
func TestNodesAreReadAgain(t *testing.T) {
	inv := recovering(record.OutOfService)
	inv.Claims[1].Spec.VolumeName = "pv-1"
	r, client := recordRequests(t, inv, attached("pv-1", "node-1"), attached("pv-2", "node-1"), attached("pv-0", "node-0"))
	clock := client.clock.(*testingclock.FakeClock)
	view := open(t, r, client)
	one := sts.Ordinal(1)
	view.query.Recover = &one
	all, own := []string{"pv-1", "pv-2"}, []string{"pv-1"}
	for i, test := range []struct {
		after    time.Duration
		want     []string
		named    []string
		attached []string
	}{
		{0, []string{"leases", "nodes", "pods", "volumeattachments"}, nil, all},
		{time.Millisecond, nil, nil, all},
		{time.Second, []string{"leases", "nodes"}, nil, all},
		{10 * time.Second, []string{"leases", "nodes", "volumeattachments"}, []string{"csi-pv-1"}, own},
		{time.Second, []string{"leases", "nodes"}, nil, own},
		{10 * time.Second, []string{"leases", "nodes", "volumeattachments"}, []string{"csi-pv-1"}, nil},
		{10 * time.Second, []string{"leases", "nodes"}, nil, nil},
	} {
		clock.Step(test.after)
		r.forget()
		if i == 5 {
			delete(r.objects, "volumeattachments")
		}
		now := *inv
		now.NodeStates = nil
		if !view.refreshNodes(t.Context(), &now) {
			t.Fatalf("%d: not read", i)
		}
		if diff := cmp.Diff(test.want, about(r)); diff != "" {
			t.Errorf("%d: -want +got:\n%s", i, diff)
		}
		var named []string
		for _, q := range r.reads() {
			if q.resource == "volumeattachments" && q.field != "" {
				named = append(named, q.field)
			}
		}
		if diff := cmp.Diff(test.named, named); diff != "" {
			t.Errorf("%d: read by name (-want +got):\n%s", i, diff)
		}
		if n := now.NodeStates; len(n) != 1 || n[0].Node == nil || !slices.Equal(n[0].Attached, test.attached) {
			t.Errorf("%d: %+v", i, n)
		}
	}
}

// What finalizers keep is not waited for, and not deleted again: the deletion is seen in the object.
func TestKeptByFinalizers(t *testing.T) {
	kept := &metav1.Time{Time: ststest.Now}
	for action, keep := range map[record.RecoverAction]func(*sts.Inventory){
		record.DeleteNode: func(inv *sts.Inventory) { inv.NodeStates[0].Node.DeletionTimestamp = kept },
		record.ForceDeletePod: func(inv *sts.Inventory) {
			inv.Pods[1].DeletionTimestamp, inv.Pods[1].DeletionGracePeriodSeconds = kept, new(int64)
		},
	} {
		finalized := func() *sts.Inventory {
			inv := recovering(action)
			inv.NodeStates[0].Node.Finalizers, inv.Pods[1].Finalizers = []string{"test.example/node"}, []string{"test.example/pod"}
			return inv
		}
		inv := finalized()
		r, client := recordRequests(t, inv)
		view := open(t, r, client)
		s := inv.Snapshots()[0]
		seen, err := view.Apply(t.Context(), s, setCase{"", inv, recovery(action), lostFacts(), true}.action(t))
		view.Close()
		if err != nil {
			t.Fatal(err)
		}
		after := finalized()
		keep(after)
		now := after.Snapshots()[0]
		if seen(s) || !seen(now) {
			t.Errorf("%s: seen before: %t, after: %t", action, seen(s), seen(now))
		}
		if d := recovery(action).Next(now, lostFacts()); d.Verdict != operate.Wait {
			t.Errorf("%s: then %s %s: %s", action, d.Verdict, d.Reason, d.Message)
		}
	}
}
