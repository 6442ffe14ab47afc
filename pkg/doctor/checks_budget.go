package doctor

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// budgetChecks are about what removes pods on purpose: evictions, which PodDisruptionBudgets limit, and autoscalers.
func budgetChecks() []*Check {
	return []*Check{
		{
			Code: "BudgetMissing", Severity: sts.SeverityWarning, Looks: Everywhere, Needs: []string{"poddisruptionbudgets"},
			Title: "No PodDisruptionBudget selects the pods",
			Explain: "Without a PodDisruptionBudget kubectl drain and cluster upgrades can evict all pods of the set at once. Info for a set " +
				"without claims and without an image that is known to store data. " +
				"A set with one replica, one that an operator owns, and one whose pods a PodDisruptionBudget selects by a label that they get while they run, is not reported. " +
				"In manifests the check sees only the PodDisruptionBudgets in them.",
			Remedy: "Create a PodDisruptionBudget with maxUnavailable: 1 whose selector is that of the set.",
			Run:    budgetMissing,
		},
		{
			Code: "BudgetNever", Severity: sts.SeverityWarning, Looks: Everywhere, Needs: []string{"poddisruptionbudgets", "horizontalpodautoscalers"},
			Title: "A PodDisruptionBudget blocks every eviction",
			Explain: "It requires as many healthy pods as there are, so kubectl drain never finishes and a node upgrade stops until it is forced. " +
				"Kubernetes rounds percentages up: minAvailable 67% of 3 pods is 3. Info for one replica, for a size that an autoscaler can leave, " +
				"and where an operator owns the set or the PodDisruptionBudget: that can be deliberate.",
			Remedy: "Set maxUnavailable: 1 instead of minAvailable.",
			RunAll: budgetNever,
		},
		{
			Code: "BudgetBreaksQuorum", Severity: sts.SeverityWarning, Looks: Everywhere, Needs: []string{"poddisruptionbudgets"},
			Title: "A PodDisruptionBudget allows evictions that lose quorum",
			Explain: "The members need a majority, and the PodDisruptionBudget allows the eviction of more pods than the others can do without. " +
				"The check knows etcd, ZooKeeper, ClickHouse Keeper, Consul, Vault with integrated storage, NATS JetStream, RabbitMQ, MongoDB, Elasticsearch and " +
				"OpenSearch masters, Kafka controllers, CockroachDB and YugabyteDB by their images. All sets of a namespace that run the same one count as one " +
				"cluster. A budget that allows one eviction is not reported.",
			Remedy: "Set maxUnavailable: 1.",
			RunAll: budgetBreaksQuorum,
		},
		{
			Code: "BudgetsOverlap", Severity: sts.SeverityError, Looks: Everywhere, Needs: []string{"poddisruptionbudgets"},
			Title: "Two PodDisruptionBudgets select the same pods",
			Explain: "The API server rejects the eviction of a pod that has more than one PodDisruptionBudget, with status 500. kubectl drain retries " +
				"until it times out. A set with 0 replicas is not reported.",
			Remedy: "Delete one of them, or change its selector.",
			Run:    budgetsOverlap,
		},
		{
			Code: "BudgetMatchesNothing", Severity: sts.SeverityWarning, Looks: Everywhere, Needs: []string{"poddisruptionbudgets"},
			Title: "A PodDisruptionBudget is meant for the set but selects no pods",
			Explain: "It is named after the set, or has labels of the set, but its selector does not match the pods, so it protects none. " +
				"Info in manifests, where pods of other files may match. A budget that selects other pods is not reported, nor one that selects labels " +
				"which pods get while they run, such as a role.",
			Remedy: "Set the selector of the PodDisruptionBudget to that of the set.",
			RunAll: budgetMatchesNothing,
		},
		{
			Code: "DrainProfile", Severity: sts.SeverityInfo, Looks: Everywhere,
			Title: "Members have to leave their cluster before the set is scaled down",
			Explain: "kubectl scale deletes pods without removing their members from the cluster that they form. For this system a drain profile is built in. " +
				"A set with one replica, one that an operator owns, and one whose annotation " + profile.Annotation + " names a profile or none is not reported.",
			Remedy: "Scale down with kubectl sts drain-scale.",
			Run:    drainProfile,
		},
		{
			Code: "AutoscalerOnData", Severity: sts.SeverityWarning, Looks: Everywhere, Needs: []string{"horizontalpodautoscalers"},
			Title: "An autoscaler can remove members that have data",
			Explain: "A HorizontalPodAutoscaler or KEDA ScaledObject scales the set down without removing the members from the cluster that they form, " +
				"and without moving their data. Info for a set with claims whose program is not known to have members, such as read replicas. " +
				"An autoscaler that never scales down is not reported.",
			Remedy: "Set behavior.scaleDown.selectPolicy: Disabled, and scale down with kubectl sts drain-scale.",
			Run:    autoscalerOnData,
		},
		{
			Code: "AutoscalerFightsManifest", Severity: sts.SeverityInfo, Looks: Everywhere, Needs: []string{"horizontalpodautoscalers"},
			Title: "The manifest sets replicas, and an autoscaler does, too",
			Explain: "Each kubectl apply, Helm upgrade or GitOps sync resets the set to the replicas of the manifest until the autoscaler scales it again. " +
				"In a cluster the check looks at which client has set spec.replicas.",
			Remedy: "Remove spec.replicas from the manifest.",
			Run:    autoscalerFightsManifest,
		},
	}
}
