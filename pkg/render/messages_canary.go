package render

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The texts of history and of the summary of a GitHub Actions workflow.

func msgOldestRevision() string { return "(oldest revision in history)" }

func msgNoChange() string { return "(no difference)" }

func msgNotStarted() string { return "the command ended before it changed this StatefulSet" }

func msgSummary(namespace, dryRun string, took time.Duration) string {
	text := fmt.Sprintf("namespace %s, took %s", namespace, sts.Age(took))
	if dryRun != "" {
		text += fmt.Sprintf(", %s dry run: nothing was changed", dryRun)
	}
	return text
}
