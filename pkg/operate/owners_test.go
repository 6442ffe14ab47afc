package operate_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
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
		ci  = `\bci\b.*`
		by  = "HPA web"
		its = "1 to 6 replicas"
	)
	exactly := func(text sts.Hint) string { return "^" + regexp.QuoteMeta(text.String()) + "$" }
	grows := exactly(operate.MsgMayScaleCanary(by, its))
	tests := []struct {
		name    string
		from    *sts.Inventory
		changes []change
		intent  operate.Intent
		want    []string // patterns
	}{
		{"no other client", ststest.Web(5), nil, start("1", "web:2", 1), nil},
		{"an autoscaler that can scale up", ststest.Web(5), []change{hpa(6)}, start("1", "web:2", 1), []string{grows}},
		{"one that cannot", ststest.Web(5), []change{hpa(5)}, start("1", "web:2", 1), nil},
		{"the canary is there already", standing(2), []change{hpa(6)}, promoting{Lock: holder("1")}, nil},
		{"a pause begins one", standing(2), []change{hpa(6), byHand}, operate.PauseUpdate{Lock: holder("1")}, []string{grows}},
		{"an abort ends one", standing(2), []change{hpa(6), byHand}, operate.AbortCanary{Lock: holder("1")}, nil},
		{"a scale-down to a size in its range", ststest.Web(5), []change{hpa(6), noBudget}, drain(3, nil), []string{exactly(operate.MsgMayScale(by, its, 3))}},
		{"parking under one that ignores 0 replicas", ststest.Web(5), []change{hpa(6), noBudget}, drainWith(0, nil, func(o *operate.DrainOptions) { o.Park = true }),
			[]string{exactly(operate.MsgIgnoresParked(by, its))}},
		{"nothing is written", ststest.Web(5), []change{hpa(6), applies(`{"f:spec":{"f:template":{}}}`)}, start("1", ststest.StableImage, 1), nil},
		{"a field manager of the template", ststest.Web(5), []change{applies(`{"f:spec":{"f:template":{},"f:replicas":{}}}`)}, start("1", "web:2", 1),
			[]string{ci + `spec\.template`}},
		{"a promotion moves the partition only", standing(2), []change{applies(`{"f:spec":{"f:template":{}}}`)}, promoting{Lock: holder("1")}, nil},
		{"a field manager of the partition", standing(2), []change{applies(`{"f:spec":{"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}`)},
			promoting{Lock: holder("1")}, []string{ci + `spec\.updateStrategy\.rollingUpdate\.partition`}},
		{"a promotion that writes its lock first", standing(2), []change{applies(`{"f:spec":{"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}`)},
			operate.AutoPromote{Lock: holder("1"), Gates: operate.Gates{Soak: time.Second}}, []string{ci + `spec\.updateStrategy\.rollingUpdate\.partition`}},
		{"one of replicas only", ststest.Web(5), []change{applies(`{"f:spec":{"f:replicas":{}}}`)}, start("1", "web:2", 1), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, change := range test.changes {
				change(test.from)
			}
			s := test.from.Snapshots()[0]
			got := operate.Cautions(s, operate.Preview(test.intent, s))
			if !slices.EqualFunc(test.want, got, func(pattern string, caution sts.Hint) bool {
				return regexp.MustCompile(pattern).MatchString(caution.String())
			}) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// GitOps that does not manage a field does not revert a change of it.
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
	const inGit = `--print-patch\b.*--force-ownership\b`
	tests := []struct {
		name    string
		changes []func(*appsv1.StatefulSet)
		message string // a pattern, empty: not refused
		hint    string // a pattern
	}{
		{"by its annotation", []func(*appsv1.StatefulSet){mark}, `Argo CD application shop \(argocd.argoproj.io/tracking-id\)`, inGit},
		{"by its managed fields", []func(*appsv1.StatefulSet){applies(`{"f:spec":{"f:template":{}}}`)}, `Argo CD \(.*\bargocd-controller\)`, inGit},
		{"it does not manage template and partition", []func(*appsv1.StatefulSet){mark, applies(`{"f:spec":{"f:replicas":{}}}`)}, "", ""},
		{"an operator, for which a patch of the set is useless", []func(*appsv1.StatefulSet){operator}, `Database db \(example.com/v1\) \(metadata.ownerReferences\)`,
			`kubectl edit Database.example.com db -n test\b.*--force-ownership\b`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(5)
			for _, change := range test.changes {
				change(inv.Sets[0])
			}
			d := start("1", "web:2", 1).Next(inv.Snapshots()[0], operate.Facts{})
			refused := d.Verdict == operate.Refused && d.Reason == operate.ReasonManaged &&
				regexp.MustCompile(test.message).MatchString(d.Message) && regexp.MustCompile(test.hint).MatchString(d.Hint.String())
			if test.message == "" && d.Verdict != operate.Do || test.message != "" && !refused {
				t.Errorf("%s %s: %s\n%s", d.Verdict, d.Reason, d.Message, d.Hint)
			}
		})
	}
}
