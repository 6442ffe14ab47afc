package sts_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestRevisionTemplate(t *testing.T) {
	tests := []struct{ name, data, want, bad string }{
		{"the directive goes, unknown fields and nulls stay",
			`{"spec":{"template":{"$patch":"replace","metadata":{"creationTimestamp":null,"labels":{"app":"web"}},"spec":{"containers":[{"name":"app","fieldOfTomorrow":{"a":[1,2]}}]}}}}`,
			`{"metadata":{"creationTimestamp":null,"labels":{"app":"web"}},"spec":{"containers":[{"name":"app","fieldOfTomorrow":{"a":[1,2]}}]}}`, ""},
		{"a $patch deeper down is data", `{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"$patch":"mine"}}}}}`, `{"metadata":{"annotations":{"$patch":"mine"}}}`, ""},
		{"no template", `{"spec":{}}`, "", "controllerrevision/r "},
		{"of something else", `{"other":1}`, "", "controllerrevision/r "},
		{"garbage", `{"spec":`, "", "controllerrevision/r: "},
		{"nothing", ``, "", "controllerrevision/r: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: "r"}}
			r.Data.Raw = []byte(test.data)
			got, err := sts.RevisionTemplate(r)
			if test.bad != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.bad) {
					t.Errorf("error %v, want %s…", err, test.bad)
				}
				return
			}
			if err != nil || string(got) != test.want {
				t.Errorf("%v\n got %s\nwant %s", err, got, test.want)
			}
			if string(r.Data.Raw) != test.data {
				t.Error("the revision itself was changed: it is shared with the informer")
			}
		})
	}
}

func TestParseTemplate(t *testing.T) {
	template := ststest.Template("web:1")
	raw, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sts.ParseTemplate(raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&template, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := sts.ParseTemplate(json.RawMessage(`[]`)); err == nil {
		t.Error("a list is taken for a template")
	}
}

func TestRevisionByName(t *testing.T) {
	s := ststest.Web(1).Snapshots()[0]
	if r := s.Revision(ststest.StableRevision); r == nil || r.Name != ststest.StableRevision {
		t.Errorf("found %v", r)
	}
	if r := s.Revision("gone"); r != nil {
		t.Errorf("found %v for a revision that is gone", r)
	}
}

// newVersionedStatefulSetPod of Kubernetes 1.36, case by case.
func TestRevisionFor(t *testing.T) {
	tests := []struct {
		name     string
		strategy appsv1.StatefulSetUpdateStrategy
		current  int32 // pods that are still on the current revision
		gone     bool  // the current revision is gone from history
		want     string
	}{
		{"no partition", appsv1.StatefulSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{}}, 4, false, "nnnn"},
		{"a partition", appsv1.StatefulSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(3))}}, 4, false, "cccn"},
		{"a partition beyond the end", appsv1.StatefulSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(9))}}, 4, false, "cccc"},
		{"no rollingUpdate: by the count", appsv1.StatefulSetUpdateStrategy{Type: "RollingUpdate"}, 1, false, "cnnn"},
		{"OnDelete", appsv1.StatefulSetUpdateStrategy{Type: "OnDelete"}, 3, false, "nnnn"},
		{"the current one is gone", appsv1.StatefulSetUpdateStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(3))}}, 4, true, "nnnn"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(4)
			set := inv.Sets[0]
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 5}
			set.Spec.UpdateStrategy = test.strategy
			set.Status.UpdateRevision, set.Status.CurrentReplicas = "new", test.current
			if test.gone {
				inv.Revisions = nil
			}
			s, got := inv.Snapshots()[0], ""
			for o := sts.Start(set); o < sts.End(set); o++ {
				got += map[string]string{"new": "n", ststest.StableRevision: "c"}[s.RevisionFor(o)]
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestObserved(t *testing.T) {
	for _, test := range []struct {
		generation, observed int64
		update               string
		want                 bool
	}{{2, 2, "r", true}, {2, 1, "r", false}, {1, 1, "", false}, {1, 0, "", false}} {
		set := &appsv1.StatefulSet{}
		set.Generation, set.Status.ObservedGeneration, set.Status.UpdateRevision = test.generation, test.observed, test.update
		if got := sts.Observed(set); got != test.want {
			t.Errorf("%+v: Observed = %t", test, got)
		}
	}
}

// Progress of a rollout changes the fingerprint; other events do not.
func TestProgress(t *testing.T) {
	tests := []struct {
		name   string
		change func(*sts.Inventory)
		moves  bool
	}{
		{"nothing", func(*sts.Inventory) {}, false},
		{"time", func(inv *sts.Inventory) { inv.TakenAt = inv.TakenAt.Add(time.Hour) }, false},
		{"a restart of a crashing pod", func(inv *sts.Inventory) { inv.Pods[2].Status.ContainerStatuses[0].RestartCount++ }, false},
		{"a status write", func(inv *sts.Inventory) { inv.Sets[0].ResourceVersion = "9" }, false},
		{"a new pod of the same name", func(inv *sts.Inventory) { inv.Pods[0].UID = "new" }, true},
		{"a deletion", func(inv *sts.Inventory) { ststest.Terminating(inv.Pods[0], ststest.Now) }, true},
		{"a pod that is gone", func(inv *sts.Inventory) { inv.Pods = inv.Pods[1:] }, true},
		{"a pod that gets available", func(inv *sts.Inventory) { ststest.Ready(inv.Pods[2], ststest.Now) }, true},
		{"the spec", func(inv *sts.Inventory) { inv.Sets[0].Generation++ }, true},
		{"the controller sees it", func(inv *sts.Inventory) { inv.Sets[0].Status.ObservedGeneration++ }, true},
		{"a revision", func(inv *sts.Inventory) { inv.Sets[0].Status.UpdateRevision = "x" }, true},
		{"the deletion of a node", func(inv *sts.Inventory) { inv.NodeStates[0].Node.DeletionTimestamp = &metav1.Time{Time: ststest.Now} }, true},
		{"a node that is gone", func(inv *sts.Inventory) { inv.NodeStates[0].Node = nil }, true},
		{"a node that is out of service", func(inv *sts.Inventory) { inv.NodeStates[0].Node.Spec.Taints = []corev1.Taint{sts.OutOfService()} }, true},
		{"a lease", func(inv *sts.Inventory) { inv.NodeStates[0].Lease = ststest.Lease("node-1", ststest.Now) }, false},
		{"the end of an update", func(inv *sts.Inventory) { inv.Sets[0].Status.CurrentRevision = "x" }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, after := ststest.Web(3), ststest.Web(3)
			for _, inv := range []*sts.Inventory{before, after} {
				ststest.Crashing(inv.Pods[2])
				inv.NodeStates = []sts.NodeState{ststest.LostNode("node-1", ststest.Now.Add(-time.Hour))}
			}
			test.change(after)
			if moved := before.Snapshots()[0].Progress() != after.Snapshots()[0].Progress(); moved != test.moves {
				t.Errorf("moved: %t", moved)
			}
		})
	}
}
