package render

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// wait is what a step waits for: "for pod web-2".
func msgWaitStep(wait string) string { return "wait " + wait }

func msgWaiting(wait string) string { return "waiting " + wait }

func msgSameSteps(first, last int, members string) string {
	return fmt.Sprintf("… steps %d-%d: the same for %s", first, last, members)
}

func msgMoreSteps(n int) string { return fmt.Sprintf("… %d more steps like these …", n) }

func msgMembers(first, last string) string { return first + " to " + last + ", one at a time" }

func msgPlanPartition(from, to int32, effect string) string {
	return fmt.Sprintf("partition %d → %d: %s", from, to, effect)
}

func msgNewTemplateFrom(ordinal sts.Ordinal) string {
	return fmt.Sprintf("pods %s and above use the new template", ordinal)
}

func msgTemplateOfRevisionFrom(ordinal sts.Ordinal, revision string) string {
	return fmt.Sprintf("pods %s and above use the template of revision %s", ordinal, revision)
}

func msgAsBeforePause() string { return "as before the pause" }

func msgAsBeforeCanary() string { return "as before the canary; restarts no pod" }

func msgExitStuck(end string) string { return end + " (exit code 4)" }
