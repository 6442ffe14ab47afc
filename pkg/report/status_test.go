package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestOnlyTheOrdinalsAskedFor(t *testing.T) {
	only, err := sts.ParseOrdinals("1,4-9")
	if err != nil {
		t.Fatal(err)
	}
	st := report.NewStatusReport(ststest.Web(5), only).Items[0]
	var got []sts.Ordinal
	for _, r := range st.Replicas {
		got = append(got, r.Ordinal)
	}
	if diff := cmp.Diff([]sts.Ordinal{4, 1}, got); diff != "" {
		t.Errorf("ordinals, highest first (-want +got):\n%s", diff)
	}
	if st.State != report.Complete || st.ReadyReplicas != 5 {
		t.Errorf("the state is not that of the whole set: %s, %d ready", st.State, st.ReadyReplicas)
	}
}

// What cannot be read is missing from the report, which neither ends there nor raises a false alarm.
func TestStatusGoesByCountersWithoutPods(t *testing.T) {
	counters := func(replicas, available, updated int32) appsv1.StatefulSetStatus {
		return appsv1.StatefulSetStatus{ObservedGeneration: 1, Replicas: replicas, ReadyReplicas: available, AvailableReplicas: available,
			UpdatedReplicas: updated, CurrentRevision: ststest.StableRevision, UpdateRevision: ststest.StableRevision}
	}
	tests := []struct {
		name   string
		change func(*appsv1.StatefulSet)
		want   report.State
	}{
		{"complete", func(s *appsv1.StatefulSet) { s.Status = counters(3, 3, 3) }, report.Complete},
		{"one is not available", func(s *appsv1.StatefulSet) { s.Status = counters(3, 2, 3) }, report.Progressing},
		{"scaling up", func(s *appsv1.StatefulSet) { s.Status = counters(2, 2, 2) }, report.ScalingUp},
		{"scaling down", func(s *appsv1.StatefulSet) { s.Status = counters(4, 4, 4) }, report.ScalingDown},
		{"parked", func(s *appsv1.StatefulSet) { s.Status, *s.Spec.Replicas = counters(0, 0, 0), 0 }, report.Parked},
		{"not observed", func(s *appsv1.StatefulSet) { s.Status = counters(3, 3, 3); s.Generation = 2 }, report.Progressing},
		{"deleting", func(s *appsv1.StatefulSet) {
			s.Status, s.DeletionTimestamp = counters(3, 3, 3), &metav1.Time{Time: ststest.Now}
		}, report.Deleting},
		{"below the partition", func(s *appsv1.StatefulSet) {
			s.Status = counters(3, 3, 1)
			s.Status.UpdateRevision = "web-new"
			*s.Spec.UpdateStrategy.RollingUpdate.Partition = 2
		}, report.Paused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			inv.Pods = nil
			inv.Missing = []sts.Missing{{Resource: "pods", Reason: "forbidden"}}
			test.change(inv.Sets[0])
			st := report.NewStatusReport(inv, nil).Items[0]
			if st.State != test.want {
				t.Errorf("%s (%s), want %s", st.State, st.Message, test.want)
			}
			for _, r := range st.Replicas {
				if r.Role != report.Unknown || r.Trouble != nil {
					t.Errorf("ordinal %d has the role %s and the trouble %v", r.Ordinal, r.Role, r.Trouble)
				}
			}
		})
	}
}

func TestWhatElseMayBeHidden(t *testing.T) {
	inv := ststest.Web(2)
	inv.Claims, inv.Services, inv.Budgets = nil, nil, nil
	inv.Missing = []sts.Missing{{Resource: "persistentvolumeclaims"}, {Resource: "services"}, {Resource: "poddisruptionbudgets"}}
	st := report.NewStatusReport(inv, nil).Items[0]
	if st.State != report.Complete {
		t.Errorf("%s: %s", st.State, st.Message)
	}
	if st.Service == nil || st.Service.Found != nil {
		t.Errorf("the Service cannot be read, and the report has %+v", st.Service)
	}
	for _, r := range st.Replicas {
		if len(r.Claims) > 0 {
			t.Errorf("claims cannot be read, and ordinal %d has %v", r.Ordinal, r.Claims)
		}
	}
}

// Claims of another set that happen to have such names are not orphaned claims of this set.
func TestLeftOverClaims(t *testing.T) {
	inv := ststest.Web(2)
	set := inv.Sets[0]
	stranger := ststest.Claim(set, 7)
	stranger.Labels = map[string]string{"app": "another"}
	inv.Claims = append(inv.Claims, ststest.Claim(set, 4), stranger)
	var got []sts.Ordinal
	for _, r := range report.NewStatusReport(inv, nil).Items[0].Replicas {
		if r.Role == report.Orphaned {
			got = append(got, r.Ordinal)
		}
	}
	if diff := cmp.Diff([]sts.Ordinal{4}, got); diff != "" {
		t.Errorf("orphaned (-want +got):\n%s", diff)
	}
}

// A line is written when something has happened, and not because time passes.
func TestFingerprint(t *testing.T) {
	before, later := ststest.Web(3), ststest.Web(3)
	ststest.NotReady(before.Pods[1], ststest.Now)
	ststest.NotReady(later.Pods[1], ststest.Now)
	later.TakenAt = later.TakenAt.Add(30e9)
	a, b := report.NewStatusReport(before, nil).Items[0], report.NewStatusReport(later, nil).Items[0]
	if a.Message == b.Message || a.Fingerprint() != b.Fingerprint() {
		t.Errorf("half a minute later:\n%s\n%s\n%s\n%s", a.Message, b.Message, a.Fingerprint(), b.Fingerprint())
	}
	ststest.Ready(later.Pods[1], ststest.Now)
	if c := report.NewStatusReport(later, nil).Items[0]; c.Fingerprint() == a.Fingerprint() {
		t.Errorf("web-1 became ready, and the fingerprint is still %s", c.Fingerprint())
	}
	found := report.NewStatusReport(before, nil).Items[0]
	found.Doctor = &sts.FindingCount{Warnings: 1}
	if found.Fingerprint() == a.Fingerprint() {
		t.Error("doctor has found something, and the fingerprint is the same")
	}
}

func TestScaledDuringACanary(t *testing.T) {
	tests := []struct {
		name     string
		replicas *int32 // at the start
		start    sts.Ordinal
		on       sts.Ordinal // the lowest ordinal with a pod of the canary
		aborting bool
		from     int32         // scaled to 5
		onCanary []sts.Ordinal // of the pods added
	}{
		{"unknown to an older record", nil, 0, 2, false, 0, nil},
		{"not scaled", new(int32(5)), 0, 2, false, 0, nil},
		{"up", new(int32(3)), 0, 2, false, 3, []sts.Ordinal{3, 4}},
		{"up, ordinals from 10", new(int32(4)), 10, 12, false, 4, []sts.Ordinal{14}},
		{"up, the new pods do not exist yet", new(int32(3)), 0, 5, false, 3, nil},
		{"down", new(int32(7)), 0, 2, false, 7, nil},
		{"aborting", new(int32(3)), 0, 2, true, 3, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(5)
			set := inv.Sets[0]
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: int32(test.start)}
			set.Status.UpdateRevision = "web-canary"
			*set.Spec.UpdateStrategy.RollingUpdate.Partition = int32(test.on - test.start)
			set.Annotations = map[string]string{record.CanaryAnnotation: sts.EncodeAnnotation(record.Canary{StableRevision: ststest.StableRevision,
				StableTemplate: []byte(`{}`), Replicas: test.replicas, Generation: set.Generation, Partition: int32(test.on - test.start), Aborting: test.aborting})}
			inv.Pods = nil
			for o := test.start; o < sts.End(set); o++ {
				revision := ststest.StableRevision
				if o >= test.on {
					revision = "web-canary"
				}
				inv.Pods = append(inv.Pods, ststest.Pod(set, o, revision))
			}
			message := report.NewStatusReport(inv, nil).Items[0].Message
			if test.from == 0 {
				scaled, _, _ := strings.Cut(report.MsgScaledDuringCanary(5, 5, nil), "5")
				if strings.Contains(message, scaled) {
					t.Errorf("message %q, and it was not scaled", message)
				}
			} else if want := "; " + report.MsgScaledDuringCanary(test.from, 5, test.onCanary); !strings.HasSuffix(message, want) {
				t.Errorf("message %q, want %q at its end", message, want)
			}
		})
	}
}

// Under OnDelete no pod blocks an update: each gets the new template when it is deleted.
func TestStatusUnderOnDelete(t *testing.T) {
	crashing := func(o int, revision string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Pods[o] = ststest.Pod(inv.Sets[0], sts.Ordinal(o), revision)
			ststest.Crashing(inv.Pods[o])
		}
	}
	atRisk := func(inv *sts.Inventory) {
		p := inv.Pods[1]
		p.Spec.NodeName = "node-1"
		v := corev1.Volume{Name: "data"}
		v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: inv.Claims[2].Name}
		p.Spec.Volumes = []corev1.Volume{v}
		inv.Claims[2].Status.Phase = corev1.ClaimLost
	}
	is := troubleOf(1, failing(1))
	risky := ststest.Web(3)
	atRisk(risky)
	lost := diagnose.ClaimRisks(risky.Snapshots()[0], risky.Snapshots()[0].Replicas()[1])[0].Message
	tests := []struct {
		name          string
		changes       []func(*sts.Inventory)
		state         report.State
		message, hint string
	}{
		{"waiting for deletions", nil, report.Paused, report.MsgUpdatedOnDelete("OnDelete", []sts.Ordinal{0, 1, 2}), "kubectl delete pod web-2 -n test"},
		{"a pod fails on its old revision", []func(*sts.Inventory){crashing(1, ststest.StableRevision)}, report.Stuck,
			report.MsgPod("web-1", is) + "; " + report.MsgOnDeleteWaits(), "kubectl delete pod web-1 -n test"},
		{"a pod fails on the new revision", []func(*sts.Inventory){crashing(1, "web-new")}, report.Stuck,
			report.MsgPod("web-1", is), "kubectl describe pod web-1 -n test"},
		{"its data would be lost with it", []func(*sts.Inventory){crashing(1, ststest.StableRevision), atRisk}, report.DataAtRisk,
			report.MsgDoNotRestart([]sts.Ordinal{1}, lost, 1) + "; " + report.MsgPod("web-1", is) + "; " + report.MsgOnDeleteWaits(), "kubectl describe pvc data-web-2 -n test"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			set := inv.Sets[0]
			set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
			set.Status.UpdateRevision = "web-new"
			for _, change := range test.changes {
				change(inv)
			}
			st := report.NewStatusReport(inv, nil).Items[0]
			if diff := cmp.Diff([]string{string(test.state), test.message, test.hint}, []string{string(st.State), st.Message, st.Hint.String()}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Under Recreate the controller deletes all pods of other revisions by itself.
func TestStatusUnderRecreate(t *testing.T) {
	progressing := func(status corev1.ConditionStatus, reason, message string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Sets[0].Status.Conditions = []appsv1.StatefulSetCondition{{Type: appsv1.StatefulSetProgressing, Status: status, Reason: reason, Message: message,
				LastTransitionTime: metav1.NewTime(ststest.Now.Add(-time.Minute))}}
		}
	}
	deleting := progressing(corev1.ConditionTrue, "RecreateInProgress", "Deleting old revision pods")
	terminating := func(due time.Time) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			for _, p := range inv.Pods {
				ststest.Terminating(p, due)
			}
		}
	}
	finalizer := func(inv *sts.Inventory) { inv.Pods[1].Finalizers = []string{"example.com/held"} }
	created := func(inv *sts.Inventory) {
		inv.Pods = []*corev1.Pod{ststest.Pod(inv.Sets[0], 0, "web-new")}
		ststest.NotReady(inv.Pods[0], ststest.Now.Add(-4*time.Second))
	}
	crashing := func(inv *sts.Inventory) {
		created(inv)
		ststest.Crashing(inv.Pods[0])
	}
	ready := func(inv *sts.Inventory) {
		for o := range inv.Pods {
			inv.Pods[o] = ststest.Pod(inv.Sets[0], sts.Ordinal(o), "web-new")
		}
	}
	done := func(inv *sts.Inventory) {
		ready(inv)
		inv.Sets[0].Status.CurrentRevision = "web-new"
	}
	warned := func(ago time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Events = append(inv.Events, &corev1.Event{Reason: "UnknownStrategy", Type: corev1.EventTypeWarning, LastTimestamp: metav1.NewTime(ststest.Now.Add(-ago)),
				InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID}})
		}
	}
	unobserved := func(inv *sts.Inventory) { inv.Sets[0].Generation = 2 }
	const off = sts.StrategyIsRefused
	tests := []struct {
		name    string
		changes []func(*sts.Inventory)
		state   report.State
		message string
		roles   string
	}{
		{"old pods are being deleted", []func(*sts.Inventory){deleting, terminating(ststest.Now)}, report.Progressing,
			report.MsgUpdating(0, 3) + "; " + report.MsgPod("web-0", troubleOf(0, terminating(ststest.Now))), "Updating Updating Updating"},
		{"one old pod is left", []func(*sts.Inventory){deleting, terminating(ststest.Now), finalizer, func(inv *sts.Inventory) {
			inv.Pods = inv.Pods[1:2]
		}}, report.Progressing, report.MsgUpdating(0, 3) + "; " + report.MsgPod("web-1", troubleOf(1, terminating(ststest.Now), finalizer)), "Missing Updating Missing"},
		{"not deleted yet", nil, report.Progressing, report.MsgUpdating(0, 3), "Queued Queued Queued"},
		{"an old pod does not end", []func(*sts.Inventory){deleting, terminating(ststest.Now.Add(-time.Hour))}, report.Stuck,
			report.MsgPod("web-2", troubleOf(2, terminating(ststest.Now.Add(-time.Hour)))) + "; " + report.MsgRecreateWaits(), "Updating Updating Updating"},
		{"new pods are created", []func(*sts.Inventory){progressing(corev1.ConditionTrue, "RecreateInProgress", "Waiting for new-revision pods to be created"), created}, report.Progressing,
			report.MsgUpdating(1, 3) + "; " + report.MsgPod("web-0", troubleOf(0, created)), "Missing Missing Updating"},
		{"the new pod fails", []func(*sts.Inventory){deleting, crashing}, report.Stuck,
			report.MsgPod("web-0", troubleOf(0, crashing)) + "; " + report.MsgUpdateIncomplete(), "Missing Missing Updating"},
		{"the controller has not counted yet", []func(*sts.Inventory){deleting, ready}, report.Progressing, report.MsgFinishing(), "Updated Updated Updated"},
		{"complete", []func(*sts.Inventory){progressing(corev1.ConditionFalse, "RecreateCompleted", "All pods recreated successfully"), done}, report.Complete,
			report.MsgComplete(3, "web-new"), "Stable Stable Stable"},
		{"the gate is off", []func(*sts.Inventory){unobserved, warned(time.Hour)}, report.Stuck, off, "Queued Queued Queued"},
		{"the gate was turned off, and a pod is lost", []func(*sts.Inventory){done, warned(time.Minute), func(inv *sts.Inventory) { inv.Pods = inv.Pods[:2] }}, report.Stuck, off, "Missing Stable Stable"},
		{"the gate was turned off long ago", []func(*sts.Inventory){done, warned(time.Hour)}, report.Complete, report.MsgComplete(3, "web-new"), "Stable Stable Stable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			set := inv.Sets[0]
			set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RecreateStatefulSetStrategyType}
			set.Status.UpdateRevision = "web-new"
			for _, change := range test.changes {
				change(inv)
			}
			st := report.NewStatusReport(inv, nil).Items[0]
			var roles []string
			for _, r := range st.Replicas {
				roles = append(roles, string(r.Role))
			}
			if diff := cmp.Diff([]string{string(test.state), test.message, test.roles}, []string{string(st.State), st.Message, strings.Join(roles, " ")}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(st.Conditions) != len(set.Status.Conditions) {
				t.Errorf("conditions %+v", st.Conditions)
			}
		})
	}
}

// The message names what a pod waits for, and the hint shows it, also in the first seconds.
func TestStatusNamesWhatAPodWaitsFor(t *testing.T) {
	pending := func(age time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			at := metav1.NewTime(ststest.Now.Add(-age))
			inv.Pods[2].Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
				Message: `storageclass.storage.k8s.io "fast" not found`, LastTransitionTime: at}}}
			c := inv.Claims[2]
			c.UID, c.Status.Phase, c.Spec.StorageClassName = "data-web-2-uid", corev1.ClaimPending, new("fast")
			inv.Events = append(inv.Events, &corev1.Event{Reason: "ProvisioningFailed", Type: corev1.EventTypeWarning, Message: `storageclass.storage.k8s.io "fast" not found`,
				InvolvedObject: corev1.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: c.Namespace, Name: c.Name, UID: c.UID}, LastTimestamp: at})
		}
	}
	hangs := func(ran time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Pods[2].Spec.InitContainers = []corev1.Container{{Name: "wait"}}
			inv.Pods[2].Status = corev1.PodStatus{Phase: corev1.PodPending, InitContainerStatuses: []corev1.ContainerStatus{{Name: "wait", Started: new(true),
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(ststest.Now.Add(-ran))}}}}}
		}
	}
	const why = `ProvisioningFailed: storageclass.storage.k8s.io "fast" not found`
	tests := []struct {
		name                 string
		change               func(*sts.Inventory)
		state                report.State
		message, hint, claim string
	}{
		{"a claim, at first", pending(6 * time.Second), report.Progressing, report.MsgAvailable(2, 3) + "; " + report.MsgPod("web-2", troubleOf(2, pending(6*time.Second))),
			"kubectl describe pvc data-web-2 -n test", why},
		{"a claim", pending(time.Minute), report.Stuck, report.MsgPod("web-2", troubleOf(2, pending(time.Minute))),
			"kubectl describe pvc data-web-2 -n test", why},
		{"an init container, at first", hangs(time.Minute), report.Progressing, report.MsgAvailable(2, 3) + "; " + report.MsgPod("web-2", troubleOf(2, hangs(time.Minute))),
			"kubectl logs web-2 -c wait -n test", ""},
		{"an init container", hangs(3 * time.Hour), report.Stuck, report.MsgPod("web-2", troubleOf(2, hangs(3*time.Hour))),
			"kubectl logs web-2 -c wait -n test", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			test.change(inv)
			st := report.NewStatusReport(inv, sts.Ordinals{}).Items[0]
			got := []string{string(st.State), st.Message, st.Hint.String(), st.Replicas[0].Claims[0].Message}
			if diff := cmp.Diff([]string{string(test.state), test.message, test.hint, test.claim}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestOnlyPod: a set of one pod is not "all 1 pod".
func TestOnlyPod(t *testing.T) {
	st := report.NewStatus(ststest.Web(1).Snapshots()[0])
	if want := report.MsgComplete(1, ststest.StableRevision); st.Message != want {
		t.Errorf("%q, want %q", st.Message, want)
	}
}
