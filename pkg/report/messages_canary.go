package report

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What status reports about canary promote --auto, and diff about revisions.

func msgAutoPods() string { return "waiting for pods to become available" }

func msgAutoSoak(left time.Duration) string { return fmt.Sprintf("soaking, %s left", sts.Age(left)) }

func msgAutoChecks(n int) string { return "running " + sts.Count(n, "check") }

func msgAutoNextStep() string { return "starting the next step" }

func msgRevisionNotFound(set, revision string) string {
	return fmt.Sprintf("revision %s not found in the history of statefulset/%s", revision, set)
}
