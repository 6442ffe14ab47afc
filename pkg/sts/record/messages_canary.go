package record

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What canary commands and status report about the canary's record, and changes of a pod template.

func msgPartitionMoved(who, set string, from, to int32, fromOrdinal, toOrdinal sts.Ordinal) string {
	return fmt.Sprintf("%s changed the partition of statefulset/%s from %d to %d (lowest updated ordinal: %s to %s) during the canary",
		who, set, from, to, fromOrdinal, toOrdinal)
}

func msgTemplateChanged(who, set string) string {
	return fmt.Sprintf("%s changed the pod template of statefulset/%s during the canary", who, set)
}

func msgTemplateReapplied(who, set, stable string) string {
	return fmt.Sprintf("%s changed the pod template of statefulset/%s during the rollback to revision %s", who, set, stable)
}

func msgAuto(steps []string, soak time.Duration, checks int, maxRestarts int32) string {
	parts := []string{"one ordinal at a time"}
	if len(steps) > 0 {
		parts[0] = "steps " + strings.Join(steps, ", ")
	}
	if soak > 0 {
		parts = append(parts, "soak "+sts.Duration(soak))
	}
	if checks > 0 {
		parts = append(parts, sts.Count(checks, "check"))
	}
	if maxRestarts == 0 {
		return strings.Join(append(parts, "no restarts allowed"), ", ")
	}
	return strings.Join(append(parts, "at most "+sts.Count(maxRestarts, "restart")), ", ")
}
