package cli

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What canary, undo, history and diff print themselves, and the dry runs before every change.

// The change of canary start.

func msgManifestChangesMore(set string, fields []string) (message string, hint sts.Hint) {
	return fmt.Sprintf("the manifest changes more of statefulset/%s than its pod template: %s", set, strings.Join(fields, ", ")),
		sts.Hintf("apply these changes first, or remove them from the file")
}

// Undo, history and diff.

func hintListRevisions(history sts.Hint) sts.Hint {
	return sts.Hintf("list the revisions: %s", history)
}

func msgNoHistory(set, reason string) string {
	return fmt.Sprintf("cannot read the history of statefulset/%s: %s", set, reason)
}

func msgNoDifferences(from, to string) string {
	return fmt.Sprintf("no differences: %s and %s have the same pod template", from, to)
}

// Dry runs of new pods.

func msgPodsNotTried(ns string) string {
	return fmt.Sprintf("skipped the dry run of new pods: you cannot create pods in namespace %s", ns)
}

func msgPodNotTried(pod, why string) string {
	return fmt.Sprintf("skipped the dry run of pod %s: %s", pod, why)
}

func msgPodFitsLater(quota string, uses []string, pod string) string {
	return fmt.Sprintf("%s has room for the new pod %s only in place of the old one (%s): if another pod uses it first, %s cannot be created",
		quota, pod, strings.Join(uses, "; "), pod)
}

func msgPodMayNotBeCreated(pod, why string) string {
	return fmt.Sprintf("pod %s might not be created: %s", pod, why)
}

// Dry runs of evictions, deletions and finalizers.

func msgRemovalsNotTried(why string) string {
	return "skipped the dry run of evictions and deletions: " + why
}

func msgFinalizersNotTried(why string) string {
	return "skipped the dry run of finalizers: " + why
}

func msgEvictionBlocked(pod string, others int, cause string) string {
	more := ""
	if others > 0 {
		more = " and " + sts.Count(others, "more pod")
	}
	return fmt.Sprintf("the eviction of pod %s%s is blocked now and will be retried: %s", pod, more, cause)
}

// GitHub Actions.

func msgNoSummary(err error) string { return "cannot write the job summary: " + err.Error() }
