package render

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The texts of history and of the summary of a GitHub Actions workflow.

func msgOldestRevision() string { return "(oldest revision in history)" }

// from and to are empty where the field is not set.
func msgChangedValue(path, from, to string) string {
	switch {
	case from == "":
		return fmt.Sprintf("%s (new: %s)", to, path)
	case to == "":
		return fmt.Sprintf("%s removed (%s)", from, path)
	}
	return fmt.Sprintf("%s (was %s, %s)", to, from, path)
}

func msgNoChange() string { return "(no difference)" }

func msgNotStarted() string { return "the command ended before it changed this StatefulSet" }

func msgSummary(namespace, dryRun string, took time.Duration) string {
	text := fmt.Sprintf("namespace %s, took %s", namespace, sts.Age(took))
	if dryRun != "" {
		text += fmt.Sprintf(", %s dry run: nothing was changed", dryRun)
	}
	return text
}
