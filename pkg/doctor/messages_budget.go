package doctor

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// PodDisruptionBudgets.

func msgBudgetMissing(offline bool) string {
	if offline {
		return "no PodDisruptionBudget in these manifests selects its pods: kubectl drain and node upgrades can evict all of them at once"
	}
	return "no PodDisruptionBudget selects its pods: kubectl drain and node upgrades can evict all of them at once"
}

func msgBudgetMissesPods(budget string) string {
	return fmt.Sprintf("poddisruptionbudget/%s does not select its pods: kubectl drain and node upgrades can evict all of them at once", budget)
}

func msgBudgetNever(written string, required, pods int32, rounded, scaled bool) string {
	message := fmt.Sprintf("blocks every eviction: %s requires %d of %s to be healthy", written, required, sts.Count(pods, "pod"))
	if scaled {
		message = fmt.Sprintf("blocks every eviction when the autoscaler reduces the set to %s: %s requires %d", sts.Count(pods, "pod"), written, required)
	}
	if rounded && pods > 1 {
		message += " (percentages are rounded up)"
	}
	if pods == 1 {
		message += ", so kubectl drain does not finish until the pod is deleted"
	}
	return message
}

func msgBudgetBreaksQuorum(written, system string, allowed, members, tolerated int32) string {
	return fmt.Sprintf("%s allows the eviction of %d of %s of %s at once, and only %d can be missing without losing quorum",
		written, allowed, sts.Count(members, "member"), system, tolerated)
}

func msgBudgetsOverlap(names []string) string {
	return fmt.Sprintf("%d PodDisruptionBudgets select its pods (%s): the API server rejects every eviction", len(names), strings.Join(names, ", "))
}

func hintBudgetsOverlap() sts.Hint {
	return sts.Hintf("delete one of the PodDisruptionBudgets, or change its selector")
}

func msgBudgetMatchesNothing(set string, missing []string, offline bool) string {
	if len(missing) == 0 {
		return fmt.Sprintf("has no selector, so it does not select the pods of statefulset/%s", set)
	}
	where := ""
	if offline {
		where = " of these manifests"
	}
	return fmt.Sprintf("selects no pods%s: those of statefulset/%s do not have %s", where, set, strings.Join(missing, ", "))
}

// Autoscalers and members that leave.

func msgMustLeave(system, profile string) string {
	return fmt.Sprintf("before it is scaled down, members must leave %s: drain-scale does that with the drain profile %s, kubectl scale does not", system, profile)
}

func msgCannotLeave(refuse string) string {
	return "cannot be scaled down: " + refuse
}

func msgAutoscalerOnData(set, system string, least int32) string {
	if system == "" {
		return fmt.Sprintf("scales statefulset/%s down to %s: the data in the claims of the removed pods is no longer used", set, sts.Count(least, "replica"))
	}
	return fmt.Sprintf("scales statefulset/%s down to %s, but members must leave %s before their pods are deleted", set, sts.Count(least, "replica"), system)
}

func msgAutoscalerFights(kind, name, by string) string {
	scaler := strings.ToLower(kind) + "/" + name
	if by != "" {
		return fmt.Sprintf("%s sets spec.replicas, and %s scales the set: each apply resets it", by, scaler)
	}
	return fmt.Sprintf("spec.replicas is set, and %s scales the set: each apply resets it", scaler)
}
