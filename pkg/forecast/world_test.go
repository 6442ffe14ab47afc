package forecast_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// story is what happens, in short: "+2" a pod is created, "2!" it is ready, "2?" it is no longer
// ready, "-2" it is deleted, "2." it is gone; claims have their name before a colon. Events at the same
// time stand together.
func story(w *forecast.World) string { return tell(w.Events()) }

func tell(events []forecast.Event) string {
	var out strings.Builder
	var at time.Time
	for i, e := range events {
		if i > 0 {
			sep := " "
			if !e.At.Equal(at) {
				sep = " | "
			}
			out.WriteString(sep)
		}
		at = e.At
		switch e.Kind {
		case forecast.PodCreated:
			out.WriteString("+" + e.Ordinal.String())
		case forecast.PodReady:
			out.WriteString(e.Ordinal.String() + "!")
		case forecast.PodUnready:
			out.WriteString(e.Ordinal.String() + "?")
		case forecast.PodDeleted:
			out.WriteString("-" + e.Ordinal.String())
		case forecast.PodGone:
			out.WriteString(e.Ordinal.String() + ".")
		case forecast.ClaimCreated:
			out.WriteString("c" + e.Ordinal.String())
		default:
			fmt.Fprintf(&out, "%s:%s", e.Object, e.Kind)
		}
	}
	return out.String()
}

func play(w *forecast.World) string {
	w.Settle()
	for n := 0; w.Advance(); n++ {
		if n > 1000 {
			return "it never ends: " + story(w)
		}
	}
	return story(w)
}

func TestStories(t *testing.T) {
	parallel := func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = appsv1.ParallelPodManagement }
	size := func(n int32) func(*appsv1.StatefulSet) {
		return func(s *appsv1.StatefulSet) { s.Spec.Replicas = &n }
	}
	image := func(s *appsv1.StatefulSet) { s.Spec.Template.Spec.Containers[0].Image = "app:v2" }
	partition := func(n int32) func(*appsv1.StatefulSet) {
		return func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType,
				RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &n}}
		}
	}
	atOnce := func(n int) func(*appsv1.StatefulSet) {
		return func(s *appsv1.StatefulSet) {
			most := intstr.FromInt(n)
			if s.Spec.UpdateStrategy.RollingUpdate == nil {
				s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32)}
			}
			s.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable = &most
		}
	}
	gate := forecast.Features{MaxUnavailable: true}
	recreate := func(s *appsv1.StatefulSet) {
		s.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RecreateStatefulSetStrategyType}
	}
	onDelete := func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType }
	for _, c := range []struct {
		name     string
		from     int32
		features forecast.Features
		broken   bool
		change   []func(*appsv1.StatefulSet)
		want     string
	}{
		{"nothing to do", 3, forecast.Features{}, false, nil, ""},
		{"up, in order", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){size(5)}, "c3 +3 | 3! c4 +4 | 4!"},
		{"up, at once", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){size(5), parallel}, "c3 +3 c4 +4 | 3! 4!"},
		{"down, in order", 5, forecast.Features{}, false, []func(*appsv1.StatefulSet){size(3)}, "-4 | 4. -3 | 3."},
		{"down, at once", 5, forecast.Features{}, false, []func(*appsv1.StatefulSet){size(3), parallel}, "-4 -3 | 3. 4."},
		{"an update", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){image}, "-2 | 2. +2 | 2! -1 | 1. +1 | 1! -0 | 0. +0 | 0!"},
		{"a partition", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){partition(2), image}, "-2 | 2. +2 | 2!"},
		{"an update under Parallel", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){parallel, image}, "-2 | 2. +2 | 2! -1 | 1. +1 | 1! -0 | 0. +0 | 0!"},
		{"two at once", 4, gate, false, []func(*appsv1.StatefulSet){parallel, image, atOnce(2)}, "-3 -2 | 2. +2 3. +3 | 2! -1 3! -0 | 0. +0 1. +1 | 0! 1!"},
		{"two at once, in order", 4, gate, false, []func(*appsv1.StatefulSet){image, atOnce(2)}, "-3 -2 | 2. +2 3. | 2! +3 | 3! -1 -0 | 0. +0 1. | 0! +1 | 1!"},
		{"two at once without the gate", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){image, atOnce(2)}, "-2 | 2. +2 | 2! -1 | 1. +1 | 1! -0 | 0. +0 | 0!"},
		{"OnDelete", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){onDelete, image}, ""},
		{"Recreate", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){recreate, image}, "-0 -1 -2 | 0. 1. 2. +0 | 0! +1 | 1! +2 | 2!"},
		{"Recreate, at once", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){recreate, image, parallel}, "-0 -1 -2 | 0. 1. 2. +0 +1 +2 | 0! 1! 2!"},
		{"Recreate without a new template", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){recreate, size(2)}, "-2 | 2."},
		{"Recreate, up", 2, forecast.Features{}, false, []func(*appsv1.StatefulSet){recreate, image, size(3)}, "-0 -1 | 0. 1. +0 | 0! +1 | 1! c2 +2 | 2!"},
		{"Recreate, down: pods of removed ordinals are deleted with the others", 3, forecast.Features{}, false, []func(*appsv1.StatefulSet){recreate, image, size(1)}, "-0 -1 -2 | 0. 1. 2. +0 | 0!"},
		{"Recreate, the new revision is broken", 3, forecast.Features{}, true, []func(*appsv1.StatefulSet){recreate, image}, "-0 -1 -2 | 0. 1. 2. +0"},
		{"the new revision is broken", 3, forecast.Features{}, true, []func(*appsv1.StatefulSet){image}, "-2 | 2. +2"},
		{"up and an update, in order", 2, forecast.Features{}, false, []func(*appsv1.StatefulSet){size(3), image}, "c2 +2 | 2! -1 | 1. +1 | 1! -0 | 0. +0 | 0!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := ststest.Web(c.from).Snapshots()[0]
			w := forecast.NewWorld(s, c.features, forecast.Nodes{ReadyAfter: 10 * time.Second, TerminateAfter: 5 * time.Second})
			w.Set.Spec.Replicas = &c.from
			for _, change := range c.change {
				change(w.Set)
			}
			if c.broken {
				w.Nodes.Broken = func(p *corev1.Pod) bool { return strings.Contains(sts.PodRevision(p), "new") }
			}
			if got := play(w); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestAfter: each event names the events that it waited for.
func TestAfter(t *testing.T) {
	size := int32(3)
	w := forecast.NewWorld(ststest.Web(2).Snapshots()[0], forecast.Features{}, forecast.Nodes{ReadyAfter: 10 * time.Second, TerminateAfter: 5 * time.Second})
	w.Set.Spec.Replicas, w.Set.Spec.MinReadySeconds = &size, 4
	w.Set.Spec.Template.Spec.Containers[0].Image = "app:v2"
	w.Settle()
	for range 6 {
		w.Advance()
	}
	var got []string
	for n, e := range w.Events() {
		got = append(got, fmt.Sprintf("%d %s %s after %v", n, e.Kind, e.Object, e.After))
	}
	want := []string{
		"0 ClaimCreated data-web-2 after []",
		"1 PodCreated web-2 after [0]",
		"2 PodReady web-2 after [1]",
		"3 PodAvailable web-2 after [2]",
		"4 PodDeleted web-1 after [3]",
		"5 PodGone web-1 after [4]",
		"6 PodCreated web-1 after [5]",
		"7 PodReady web-1 after [6]",
		"8 PodAvailable web-1 after [7]",
		"9 PodDeleted web-0 after [8]",
		"10 PodGone web-0 after [9]",
		"11 PodCreated web-0 after [10]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDeleteSet(t *testing.T) {
	for _, c := range []struct {
		cascade metav1.DeletionPropagation
		want    string
	}{
		{metav1.DeletePropagationBackground, "web:SetGone -0 -1 -2 data-web-0:ClaimDeleted data-web-1:ClaimDeleted data-web-2:ClaimDeleted | " +
			"0. data-web-0:ClaimGone 1. data-web-1:ClaimGone 2. data-web-2:ClaimGone"},
		{metav1.DeletePropagationForeground, "web:SetDeleted -0 -1 -2 data-web-0:ClaimDeleted data-web-1:ClaimDeleted data-web-2:ClaimDeleted | " +
			"0. data-web-0:ClaimGone 1. data-web-1:ClaimGone 2. data-web-2:ClaimGone web:SetGone"},
		{metav1.DeletePropagationOrphan, "web:SetGone"},
	} {
		w := started(3, nil)
		w.Set.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
			WhenDeleted: appsv1.DeletePersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
		}
		w.Settle()
		before := len(w.Events())
		w.DeleteSet(c.cascade)
		if got := tellFrom(w, before); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.cascade, got, c.want)
		}
	}
}

// A pod of a lost node is stuck until the node is removed; then another one gets its name and claim.
func TestLoseNode(t *testing.T) {
	w := started(3, func(o int) string { return fmt.Sprintf("node-%d", o) })
	before := len(w.Events())
	lost := w.Now
	w.LoseNode("node-1")
	if got, want := tellFrom(w, before), "node-1:NodeLost | 1? | -1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := w.Now.Sub(lost), 350*time.Second; got != want {
		t.Errorf("the pod is evicted after %s, want %s", got, want)
	}
	claim := w.Claims["data-web-1"].UID
	before = len(w.Events())
	w.RemoveNode("node-1")
	if got, want := tellFrom(w, before), "node-1:NodeRemoved 1. +1 | 1!"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if w.Claims["data-web-1"].UID != claim {
		t.Error("the new pod has a new claim")
	}
}

// The tolerations of a pod say how long it stays on a lost node.
func TestToleration(t *testing.T) {
	for seconds, want := range map[int64]string{20: "70s", -1: ""} {
		w := started(1, func(int) string { return "node-0" })
		toleration := corev1.Toleration{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, TolerationSeconds: &seconds}
		if seconds < 0 {
			toleration.TolerationSeconds = nil
		}
		w.Pods["web-0"].Spec.Tolerations = []corev1.Toleration{toleration}
		w.LoseNode("node-0")
		began, got := w.Now, ""
		for n := len(w.Events()); w.Advance(); n++ {
			if w.Events()[n].Kind == forecast.PodDeleted {
				got = fmt.Sprintf("%.0fs", w.Now.Sub(began).Seconds())
			}
		}
		if got != want {
			t.Errorf("tolerated for %d: evicted after %q, want %q", seconds, got, want)
		}
	}
}

// started is a world in which so many pods run, each on its node.
func started(size int32, node func(ordinal int) string) *forecast.World {
	s := ststest.Web(0).Snapshots()[0]
	s.Set.Spec.Replicas = &size
	w := forecast.NewWorld(s, forecast.Features{}, forecast.Nodes{ReadyAfter: 10 * time.Second, TerminateAfter: 5 * time.Second})
	play(w)
	for o := range int(size) {
		if node != nil {
			w.Pods[fmt.Sprintf("web-%d", o)].Spec.NodeName = node(o)
		}
	}
	return w
}

func tellFrom(w *forecast.World, n int) string {
	w.Settle()
	for w.Advance() {
	}
	return tell(w.Events()[n:])
}

// The controller waits for the end of a pod, not for that of the claim that it owns.
func TestClaimsEndIsNotWaitedFor(t *testing.T) {
	w := started(3, nil)
	one := int32(1)
	w.Set.Spec.Replicas = &one
	w.Set.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
		WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType,
	}
	before := len(w.Events())
	if got, want := tellFrom(w, before), "-2 | 2. data-web-2:ClaimGone -1 | 1. data-web-1:ClaimGone"; got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	for _, e := range w.Events() {
		for _, n := range e.After {
			if cause := w.Events()[n]; e.Kind == forecast.PodDeleted && cause.Kind != forecast.PodGone {
				t.Errorf("%s is deleted after %s %s", e.Object, cause.Kind, cause.Object)
			}
		}
	}
}
