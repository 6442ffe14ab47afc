package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgBudget(b report.BudgetStatus) string {
	return fmt.Sprintf("%s: %s allowed (%d of %d pods healthy, %d required)", b.Name,
		sts.Count(b.DisruptionsAllowed, "disruption"), b.CurrentHealthy, b.ExpectedPods, b.DesiredHealthy)
}

func msgScaledBy(a sts.Autoscaler) string {
	text := "by " + a.By + ": " + a.Range()
	if !a.Active {
		text += ", not active"
	}
	return text
}

func msgManagedBy(manager string) string { return "by " + manager }

func msgCondition(c report.ConditionStatus, now time.Time) string {
	text := c.Type + "=" + c.Status
	if c.Reason != "" {
		text += " (" + c.Reason + ")"
	}
	if c.Message != "" {
		text += ": " + c.Message
	}
	if c.LastTransitionTime != nil {
		text += ", for " + sts.Age(now.Sub(c.LastTransitionTime.Time))
	}
	return text
}

func msgStarted(ago time.Duration, by string) string {
	text := "started " + sts.Age(ago) + " ago"
	if by != "" {
		text += " by " + by
	}
	return text
}

func msgRecovery(pod, node, action string) string {
	return fmt.Sprintf("pod %s from node %s (%s)", pod, node, action)
}

func msgTaintedNodes(nodes []string) string { return "out of service: " + strings.Join(nodes, ", ") }

func msgRestarted(done int, remaining []sts.Ordinal) string {
	text := fmt.Sprintf("%d of %s restarted", done, sts.Count(done+len(remaining), "pod"))
	if len(remaining) > 0 {
		text += ", " + sts.SayOrdinals(remaining) + " remaining"
	}
	return text
}

func msgLockedBy(owner, command string, ago time.Duration) string {
	return fmt.Sprintf("%s, %q, %s ago (if that command died, rerun it to resume)", owner, command, sts.Age(ago))
}

func msgPartition(partition int32, updateFrom sts.Ordinal, none bool) string {
	if none {
		return fmt.Sprintf("partition %d (updates no ordinals)", partition)
	}
	return fmt.Sprintf("partition %d (updates ordinals %s and above)", partition, updateFrom)
}

func msgOrdinalsStart(start sts.Ordinal) string { return fmt.Sprintf("ordinals start at %s", start) }

func msgRevisions(stable, update string, updated, replicas int32) string {
	return fmt.Sprintf("%s → %s (%d of %d updated)", stable, update, updated, replicas)
}

func msgServiceHeadless(service string) string { return service + " (headless)" }

func msgServiceUnreadable(service string) string { return service + " (cannot be read)" }

func msgServiceNotFound(service string) string {
	return service + " (not found: the pods have no DNS names)"
}

func msgServiceNotHeadless(service string) string {
	return service + " (not headless: the pods may have no DNS names)"
}

func msgSoakLeft(left time.Duration) string { return sts.Age(left) + " left" }

func msgReady(since time.Duration) string { return "yes, " + sts.Age(since) }

func msgStatusLine(set string, state report.State, ready, replicas int32, message string) string {
	return fmt.Sprintf("statefulset.apps/%s %s %d/%d ready: %s", set, state, ready, replicas, message)
}

func msgUnreadable(resource, reason string) string {
	return fmt.Sprintf("note: cannot read %s: %s", resource, reason)
}
