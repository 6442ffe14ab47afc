package forecast_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Under Recreate the set has a condition from the first update on. Other strategies keep it.
func TestConditionOfRecreate(t *testing.T) {
	s := ststest.Web(2).Snapshots()[0]
	w := forecast.NewWorld(s, forecast.Features{KubernetesMinor: 37}, forecast.Nodes{ReadyAfter: 10 * time.Second, TerminateAfter: 5 * time.Second})
	var got []string
	look := func() {
		text := "none"
		for _, c := range w.Set.Status.Conditions {
			text = string(c.Type) + "=" + string(c.Status) + " " + c.Reason + ": " + c.Message + " since " + c.LastTransitionTime.Sub(ststest.Now).String()
		}
		if len(got) == 0 || got[len(got)-1] != text {
			got = append(got, text)
		}
	}
	w.Set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RecreateStatefulSetStrategyType}
	w.Settle()
	look()
	w.Set.Spec.Template = ststest.Template("web:2")
	w.Settle()
	look()
	for w.Advance() {
		look()
	}
	if diff := cmp.Diff([]string{
		"none",
		"Progressing=True RecreateInProgress: Deleting old revision pods since 0s",
		"Progressing=True RecreateInProgress: Waiting for new-revision pods to be created since 0s",
		"Progressing=False RecreateCompleted: All pods recreated successfully since 25s",
	}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Whether pods of an earlier revision that are not available are replaced depends on the policy,
// the gate MaxUnavailableStatefulSet and, as of 1.37, on the version.
func TestUnavailablePodsOfAnEarlierRevision(t *testing.T) {
	for _, c := range []struct {
		name     string
		parallel bool
		features forecast.Features
		broken   []int
		want     string
	}{
		{"1.36, in order", false, forecast.Features{}, []int{2}, ""},
		{"1.36, at once", true, forecast.Features{}, []int{3, 2}, "-3 | 3. +3 | 3! -2 | 2. +2 | 2! -1 | 1. +1 | 1! -0 | 0. +0 | 0!"},
		{"1.36, at once, with the gate", true, forecast.Features{MaxUnavailable: true}, []int{3}, ""},
		{"1.37, in order, with the gate", false, forecast.Features{MaxUnavailable: true, KubernetesMinor: 37}, []int{2}, ""},
		{"1.37, at once, with the gate", true, forecast.Features{MaxUnavailable: true, KubernetesMinor: 37}, []int{3},
			"-3 | 3. +3 | 3! -2 | 2. +2 | 2! -1 | 1. +1 | 1! -0 | 0. +0 | 0!"},
		{"1.37, at once, more than maxUnavailable", true, forecast.Features{MaxUnavailable: true, KubernetesMinor: 37}, []int{3, 1, 0},
			"-3 -1 -0 | 0. +0 1. +1 3. +3 | 0! 1! 3! -2 | 2. +2 | 2!"},
		{"1.37, at once, without the gate", true, forecast.Features{KubernetesMinor: 37}, []int{3}, "-3 | 3. +3 | 3! -2 | 2. +2 | 2! -1 | 1. +1 | 1! -0 | 0. +0 | 0!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inv := ststest.Web(4)
			set := inv.Sets[0]
			if c.parallel {
				set.Spec.PodManagementPolicy = appsv1.ParallelPodManagement
			}
			set.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable = new(intstr.FromInt32(1))
			for _, o := range c.broken {
				ststest.Crashing(inv.Pods[o])
			}
			w := forecast.NewWorld(inv.Snapshots()[0], c.features, forecast.Nodes{ReadyAfter: 10 * time.Second, TerminateAfter: 5 * time.Second,
				Broken: func(p *corev1.Pod) bool { return sts.PodRevision(p) == ststest.StableRevision }})
			set = w.Set
			set.Spec.Template = ststest.Template("web:2")
			if got := play(w); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// As of 1.37 the status shows when an update under OnDelete is complete.
func TestOnDeleteCompletes(t *testing.T) {
	for minor, want := range map[int]string{0: ststest.StableRevision, 36: ststest.StableRevision, 37: "web-new"} {
		inv := ststest.Web(2)
		set := inv.Sets[0]
		set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
		set.Spec.Template = ststest.Template("web:2")
		inv.Revisions = append(inv.Revisions, ststest.Revision(set, "web-new", 2, set.Spec.Template))
		set.Status.UpdateRevision = "web-new"
		for o := range sts.Ordinal(2) {
			inv.Pods[o] = ststest.Pod(set, o, "web-new")
		}
		w := forecast.NewWorld(inv.Snapshots()[0], forecast.Features{KubernetesMinor: minor}, forecast.Nodes{})
		w.Settle()
		if got := w.Set.Status.CurrentRevision; got != want {
			t.Errorf("1.%d: currentRevision is %s, want %s", minor, got, want)
		}
	}
}
