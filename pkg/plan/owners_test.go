package plan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestCautions(t *testing.T) {
	hpa := func(most int32) change {
		return func(inv *sts.Inventory) {
			h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "web"}}
			h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web"}
			h.Spec.MaxReplicas = most
			inv.HPAs = append(inv.HPAs, h)
		}
	}
	applies := func(fields string) change {
		return onSet(func(set *appsv1.StatefulSet) {
			set.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "ci", Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(fields)}}
		})
	}
	byHand := onSet(func(set *appsv1.StatefulSet) { set.Annotations = nil })
	const (
		ci = "field manager ci also manages this StatefulSet: make the change in what it applies as well, or its next apply will revert it; it applies "
		// while it lasts
		conflicts = " server-side: until this ends, its next apply will conflict with field manager kubectl-sts or, if forced, revert the change"
		grows     = "HPA web scales this StatefulSet (1 to 6 replicas): ordinals that it adds during the canary come up on the canary's revision"
	)
	tests := []struct {
		name    string
		from    *sts.Inventory
		changes []change
		intent  plan.Intent
		want    []string
	}{
		{"nobody", ststest.Web(5), nil, start("1", "web:2", 1), nil},
		{"an autoscaler that can scale up", ststest.Web(5), []change{hpa(6)}, start("1", "web:2", 1), []string{grows}},
		{"one that cannot", ststest.Web(5), []change{hpa(5)}, start("1", "web:2", 1), nil},
		{"the canary is there already", standing(2), []change{hpa(6)}, promoting{Holder: holder("1")}, nil},
		{"a pause begins one", standing(2), []change{hpa(6), byHand}, plan.PauseUpdate{Holder: holder("1")}, []string{grows}},
		{"an abort ends one", standing(2), []change{hpa(6), byHand}, plan.AbortCanary{Holder: holder("1")}, nil},
		{"a scale-down to a size in its range", ststest.Web(5), []change{hpa(6), noBudget}, drain(3, nil), []string{"HPA web scales this StatefulSet (1 to 6 replicas) and may change what is left at 3"}},
		{"parking under one that leaves 0 replicas alone", ststest.Web(5), []change{hpa(6), noBudget}, drainWith(0, nil, func(o *plan.DrainOptions) { o.Park = true }),
			[]string{"HPA web scales this StatefulSet (1 to 6 replicas): at 0 replicas it leaves the set alone, and scales it again after --unpark"}},
		{"nothing is written", ststest.Web(5), []change{hpa(6), applies(`{"f:spec":{"f:template":{}}}`)}, start("1", ststest.StableImage, 1), nil},
		{"a field manager of the template", ststest.Web(5), []change{applies(`{"f:spec":{"f:template":{},"f:replicas":{}}}`)}, start("1", "web:2", 1),
			[]string{ci + "spec.template" + conflicts}},
		{"a promotion moves the partition only", standing(2), []change{applies(`{"f:spec":{"f:template":{}}}`)}, promoting{Holder: holder("1")}, nil},
		{"a field manager of the partition", standing(2), []change{applies(`{"f:spec":{"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}`)},
			promoting{Holder: holder("1")}, []string{ci + "spec.updateStrategy.rollingUpdate.partition" + conflicts}},
		{"a promotion that notes itself down before it moves anything", standing(2), []change{applies(`{"f:spec":{"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}`)},
			plan.AutoPromote{Holder: holder("1"), Gates: plan.Gates{Soak: time.Second}}, []string{ci + "spec.updateStrategy.rollingUpdate.partition" + conflicts}},
		{"one of replicas only", ststest.Web(5), []change{applies(`{"f:spec":{"f:replicas":{}}}`)}, start("1", "web:2", 1), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, change := range test.changes {
				change(test.from)
			}
			s := test.from.Snapshots()[0]
			if diff := cmp.Diff(test.want, plan.Cautions(s, plan.Foretell(test.intent, s))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// GitOps that leaves a field to others does not undo a change of it.
func TestManagedRefusals(t *testing.T) {
	mark := func(set *appsv1.StatefulSet) {
		set.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "shop:apps/StatefulSet:test/web"}
	}
	applies := func(fields string) func(*appsv1.StatefulSet) {
		return func(set *appsv1.StatefulSet) {
			set.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "argocd-controller", Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(fields)}}
		}
	}
	operator := func(set *appsv1.StatefulSet) {
		set.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Database", Name: "db", Controller: new(true)}}
	}
	const inGit = "make the change in Git, or disable self-heal of the application first; --print-patch prints it, --force-ownership goes on all the same"
	tests := []struct {
		name    string
		changes []func(*appsv1.StatefulSet)
		message string // empty: not refused
		hint    string
	}{
		{"by its mark", []func(*appsv1.StatefulSet){mark},
			"Argo CD application shop manages statefulset web (argocd.argoproj.io/tracking-id) and would undo the change", inGit},
		{"by what it applies", []func(*appsv1.StatefulSet){applies(`{"f:spec":{"f:template":{}}}`)},
			"Argo CD manages statefulset web (field manager argocd-controller) and would undo the change", inGit},
		{"it leaves template and partition alone", []func(*appsv1.StatefulSet){mark, applies(`{"f:spec":{"f:replicas":{}}}`)}, "", ""},
		{"an operator, to whom a patch of the set is of no use", []func(*appsv1.StatefulSet){operator},
			"Database db (example.com/v1) manages statefulset web (metadata.ownerReferences) and would undo the change",
			"make the change in Database/db, whose operator manages this StatefulSet: kubectl edit Database.example.com db -n test; --force-ownership goes on all the same"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(5)
			for _, change := range test.changes {
				change(inv.Sets[0])
			}
			d := start("1", "web:2", 1).Next(inv.Snapshots()[0], plan.Facts{})
			want := plan.Decision{Verdict: plan.Refused, Reason: plan.ReasonManaged, Message: test.message, Hint: test.hint}
			if test.message == "" {
				want, d = plan.Decision{Verdict: plan.Do}, plan.Decision{Verdict: d.Verdict}
			}
			if diff := cmp.Diff(want, d); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
