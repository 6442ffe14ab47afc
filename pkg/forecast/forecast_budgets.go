package forecast

import (
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// podNow is the state of a pod between two events.
type podNow struct{ ready, going bool }

// tellBudgets evaluates every PodDisruptionBudget at every deletion by the StatefulSet controller,
// as for an eviction.
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

// ask evaluates a budget at the nth event, a deletion, by the rules of the disruption controller:
// pods that are ready and not terminating are healthy. Percentages and maxUnavailable refer to the
// set's replicas, a number as minAvailable to the existing pods.
func (t *teller) ask(b *policyv1.PodDisruptionBudget, n int, pods map[string]podNow) ForecastBudget {
	e := t.events[n]
	expected := sts.DesiredReplicas(t.set)
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
		Budget: b.Name, Event: n + 1, At: t.at(e), Pod: e.Object, Verdict: BudgetAllows,
		Healthy: st.CurrentHealthy, Required: st.DesiredHealthy, Expected: st.ExpectedPods,
	}
	message := msgBudgetAllows
	switch verdict, _ := sts.JudgeBudget(judged, pods[e.Object].ready); verdict {
	case sts.BudgetShort:
		out.Verdict, message = BudgetBlocks, msgBudgetBlocks
	case sts.BudgetAlwaysBlocks:
		out.Verdict, message = BudgetAlwaysBlocks, msgBudgetBlocksAll
	}
	out.Message = message(b.Name, st.CurrentHealthy, st.DesiredHealthy)
	if expected == 0 {
		out.Message = msgBudgetWithoutPods(b.Name)
	}
	return out
}
