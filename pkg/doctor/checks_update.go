package doctor

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// updateChecks are about the update strategy and the history.
func updateChecks() []*Check {
	return []*Check{
		{
			Code: "UpdatesOnDelete", Severity: sts.SeverityInfo, Looks: Everywhere,
			Title: "A new pod template has no effect until pods are deleted",
			Explain: "With the update strategy OnDelete the controller replaces no pod: each gets the new template when it is deleted. " +
				"Some operators and databases want that; otherwise an update is easily forgotten.",
			Remedy: "Replace the pods with kubectl sts restart, or set the update strategy RollingUpdate.",
			Run: func(l *Look) []Finding {
				if l.Set.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType {
					return nil
				}
				return l.found("", "spec.updateStrategy.type", msgOnDelete(), nil)
			},
		},
		{
			Code: "NoHistory", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "No old revision is kept",
			Explain: "With revisionHistoryLimit 0 the controller deletes the revision of the old template as soon as no pod runs it, " +
				"so there is nothing to roll back to. An absent limit means 10, a negative one no limit.",
			Remedy: "Remove revisionHistoryLimit, or set it to 10.",
			Run: func(l *Look) []Finding {
				if limit := l.Set.Spec.RevisionHistoryLimit; limit == nil || *limit != 0 {
					return nil
				}
				found := l.found("", "spec.revisionHistoryLimit", msgNoHistory(), nil)
				found[0].Patch = "spec:\n  revisionHistoryLimit: 10\n"
				return found
			},
		},
	}
}
