package operate_test

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// managedCases are about others who write the set by themselves.
func managedCases() []decisionCase {
	argo, helm := annotated("argocd.argoproj.io/tracking-id", "shop"), annotated("meta.helm.sh/release-name", "shop")
	one := start("1", "web:2", 1)
	forced := one
	forced.Force = true
	byHand := onSet(func(s *appsv1.StatefulSet) { delete(s.Annotations, record.CanaryAnnotation) })
	return []decisionCase{
		{
			name:    "start under an operator",
			from:    ststest.Web(3),
			changes: []change{underOperator},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "start under Argo CD",
			from:    ststest.Web(3),
			changes: []change{argo},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "start under Argo CD all the same",
			from:    ststest.Web(3),
			changes: []change{argo},
			intent:  forced,
			facts:   stores("web:2"),
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "start under Helm, which reverts nothing by itself",
			from:    ststest.Web(3),
			changes: []change{helm},
			intent:  one,
			facts:   stores("web:2"),
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "abort what was begun under Argo CD",
			from:    standing(2),
			changes: []change{argo},
			intent:  operate.AbortCanary{Lock: holder("1")},
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "abort what Argo CD itself has begun",
			from:    standing(2),
			changes: []change{argo, byHand},
			intent:  operate.AbortCanary{Lock: holder("1")},
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "pause what Argo CD itself has begun",
			from:    standing(2),
			changes: []change{argo, byHand},
			intent:  operate.PauseUpdate{Lock: holder("1")},
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "promote what Argo CD itself has begun",
			from:    standing(2),
			changes: []change{argo, byHand},
			intent:  promoting{Lock: holder("1")},
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
	}
}
