package doctor

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// updateChecks are about the update strategy and the history.
func updateChecks() []*Check {
	return []*Check{
		{
			Code: "UpdatesOnDelete", Severity: sts.SeverityInfo, Looks: Everywhere,
			Title: "A new pod template has no effect until pods are deleted",
			Explain: "With the update strategy OnDelete the controller replaces no pod: each gets the new template when it is deleted. " +
				"Some operators and databases want that; otherwise an update is easily forgotten.",
			Remedy: "Set the update strategy RollingUpdate, or replace the pods with kubectl sts restart.",
			Run: func(l *Look) []DoctorFinding {
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
			Run: func(l *Look) []DoctorFinding {
				if limit := l.Set.Spec.RevisionHistoryLimit; limit == nil || *limit != 0 {
					return nil
				}
				found := l.found("", "spec.revisionHistoryLimit", msgNoHistory(), nil)
				found[0].Patch = patchAt("spec.revisionHistoryLimit", 10)
				return found
			},
		},
		{
			Code: "PartitionLeft", Severity: sts.SeverityWarning, Looks: Everywhere, Needs: []string{"pods"},
			Title: "A partition keeps pods on the old template",
			Explain: "Pods below spec.updateStrategy.rollingUpdate.partition are not updated, so a new template, or a security fix, does not reach them. " +
				"Warning in a cluster where no update is in progress, so that the partition was probably forgotten; info if an update waits at it, " +
				"if an operator controls the StatefulSet, and for manifests. Not reported during a canary or pause of kubectl sts.",
			Remedy: "Set the partition to 0, or complete the update with kubectl sts canary promote.",
			Run:    partitionLeft,
		},
		{
			Code: "MaxUnavailableDropped", Severity: sts.SeverityInfo, Looks: Everywhere,
			Title: "maxUnavailable has no effect on some versions of Kubernetes",
			Explain: "Up to Kubernetes 1.36 the API server drops the field without a warning unless the feature gate MaxUnavailableStatefulSet is enabled (by default only from 1.35.0 to 1.35.3): " +
				"pods are updated one at a time. In a cluster it is reported if the last kubectl apply has the field and the StatefulSet lacks it. The value 1 is not reported.",
			Remedy: "Enable the feature gate in kube-apiserver and kube-controller-manager, or remove the field.",
			Run:    maxUnavailableDropped,
		},
		{
			Code: "AbandonedOperation", Severity: sts.SeverityWarning, Looks: Cluster, Needs: []string{"pods"},
			Title: "An operation of kubectl sts was not completed",
			Explain: "The StatefulSet has the record of a drain-scale, restart or canary abort, and for ten minutes no command has resumed it; or a command has held the lock for six hours; " +
				"or a record is invalid. Info for a canary that has not changed for a day: it may wait on purpose.",
			Remedy: "Rerun the command to resume it, or cancel it.",
			Run:    abandoned,
		},
		{
			Code: "LeavingFinalizer", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"pods"},
			Title: "The finalizer of a drain-scale is left on a pod",
			Explain: "drain-scale adds the finalizer " + record.LeavingFinalizer + " to a pod whose member leaves, and removes it at the end. " +
				"The StatefulSet has no record of a drain-scale, " +
				"so nothing removes it. Error if the pod is terminating: it remains and is not recreated; otherwise warning.",
			Remedy: "Find out whether the member has left its cluster, then complete or cancel the scaling.",
			Run:    leavingFinalizer,
		},
		{
			Code: "RolloutStuck", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"pods", "controllerrevisions"},
			Title: "An update is stuck and will not continue by itself",
			Explain: "The controller waits for a pod that keeps failing, and does not replace it even if the template is corrected (kubernetes#67250). " +
				"Warning while a command of kubectl sts holds the lock: it may be rolling the update back.",
			Remedy: "Roll back with kubectl sts unstick, or kubectl sts canary abort during a canary.",
			Run:    rolloutStuck,
		},
	}
}
