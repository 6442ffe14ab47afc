package simulate

import (
	"fmt"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// podNow is a pod while events are gone through.
type podNow struct{ ready, going bool }

// tellBudgets asks every budget at every deletion by the StatefulSet controller, as an
// eviction would.
func (t *teller) tellBudgets() {
	if t.q.Delete != "" || t.q.LoseNode != "" {
		return
	}
	pods := map[string]podNow{}
	for _, p := range t.before.Pods {
		pods[p.Name] = podNow{ready: !sts.ReadySince(p).IsZero(), going: p.DeletionTimestamp != nil}
	}
	for i, e := range t.events {
		p := pods[e.Object]
		switch e.Kind {
		case PodCreated:
			pods[e.Object] = podNow{}
		case PodReady:
			pods[e.Object] = podNow{ready: true}
		case PodGone:
			delete(pods, e.Object)
		case PodDeleted:
			for _, b := range t.before.Budgets {
				t.Budgets = append(t.Budgets, t.ask(b, i, pods))
			}
			p.going = true
			pods[e.Object] = p
		}
	}
}

// ask is what the budget says about the nth event, a deletion, by the disruption
// controller's reckoning: pods that are ready and not told to go are healthy. Percentages and
// maxUnavailable are of the set's replicas, a plain minAvailable is of the pods that there are.
func (t *teller) ask(b *policyv1.PodDisruptionBudget, n int, pods map[string]podNow) ForecastBudget {
	e := t.events[n]
	expected := sts.WantedReplicas(t.set)
	if least := b.Spec.MinAvailable; least != nil && least.Type == intstr.Int {
		expected = int32(len(pods))
	}
	judged := &policyv1.PodDisruptionBudget{ObjectMeta: b.ObjectMeta, Spec: b.Spec}
	st := &judged.Status
	st.ObservedGeneration, st.ExpectedPods, st.DesiredHealthy = b.Generation, expected, sts.RequiredBy(b, expected)
	for _, p := range pods {
		if p.ready && !p.going {
			st.CurrentHealthy++
		}
	}
	st.DisruptionsAllowed = max(0, st.CurrentHealthy-st.DesiredHealthy)
	out := ForecastBudget{
		Budget: b.Name, Event: n + 1, At: t.at(e), Pod: e.Object, Word: BudgetAllows,
		Healthy: st.CurrentHealthy, Required: st.DesiredHealthy, Expected: st.ExpectedPods,
	}
	say := "would allow it"
	switch verdict, _ := sts.JudgeBudget(judged, pods[e.Object].ready); verdict {
	case sts.BudgetShort:
		out.Word, say = BudgetRefuses, "would refuse it now"
	case sts.BudgetNever:
		out.Word, say = BudgetNever, "would never allow it"
	}
	if expected == 0 {
		out.Message = fmt.Sprintf("%s %s: it expects no pods, and then it allows nothing", b.Name, say)
		return out
	}
	out.Message = fmt.Sprintf("%s %s: %d healthy, %d required", b.Name, say, st.CurrentHealthy, st.DesiredHealthy)
	return out
}
