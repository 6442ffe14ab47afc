package record

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What commands report about a record that cannot be read, canary commands and status about the
// canary's record, and changes of a pod template.

func msgInvalidRecord(set, annotation, problem string) string {
	return fmt.Sprintf("statefulset/%s: annotation %s is not a valid record: %s", set, annotation, problem)
}

func msgUnexpectedJSON(kind, field string) string {
	if field == "" {
		return "unexpected " + kind
	}
	return fmt.Sprintf("unexpected %s in field %s", kind, field)
}

func msgNoStableRevision(set, annotation string) string {
	return fmt.Sprintf("statefulset/%s: annotation %s has no stable revision", set, annotation)
}

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
