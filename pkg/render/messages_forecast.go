package render

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The text.

func msgForecastNothingHappens(set string) string {
	return "statefulset.apps/" + set + ": nothing will happen"
}

func msgForecastSteps(set string, steps int, took, readyAfter, terminateAfter time.Duration) string {
	return fmt.Sprintf("statefulset.apps/%s: %s in %s (assumed: pods ready after %s, terminated after %s)", set, sts.Count(steps, "step"),
		sts.Duration(took), sts.Duration(readyAfter), sts.Duration(terminateAfter))
}

// msgForecastStep says what happens to one object or several. claims are created with each of them.
func msgForecastStep(names, what string, claims int, several bool) string {
	switch {
	case claims > 1:
		what += " and new claims"
	case claims == 1:
		what += " and a new claim"
	}
	if claims > 0 && several {
		what = "each " + what
	}
	return names + " " + what
}

func msgForecastOmitted(lines int, ordinals []sts.Ordinal, until time.Duration) string {
	return fmt.Sprintf("… %d similar lines for %s, until %s (use -o wide to show all)", lines, sts.SayOrdinals(ordinals), sts.Duration(until))
}

func msgForecastClaimsTitle() string { return "Claims" }

func msgForecastNamesTitle(domain string) string { return "DNS names in " + domain }

func msgForecastBudgetsTitle() string {
	return "PodDisruptionBudgets (not enforced: pods are deleted, not evicted)"
}

func msgForecastBudgetAllows(deletions int) string {
	switch deletions {
	case 1:
		return "would allow the deletion"
	case 2:
		return "would allow both deletions"
	}
	return fmt.Sprintf("would allow all %d deletions", deletions)
}

func msgForecastBudgetBlocks(blocked, deletions int, first string, at time.Duration, numbers string) string {
	if deletions == 1 {
		return "would block the deletion (" + numbers + ")"
	}
	return fmt.Sprintf("would block %d of %s, first %s at %s (%s)", blocked, sts.Count(deletions, "deletion"), first, sts.Duration(at), numbers)
}

func msgForecastBudgetBlocksAll(numbers string) string {
	return "would block every deletion (" + numbers + ")"
}

func msgForecastBudgetNumbers(healthy, required, expected int32) string {
	if expected == 0 {
		return "status.expectedPods is 0"
	}
	return fmt.Sprintf("%d healthy, %d required", healthy, required)
}

// The picture.

func msgForecastPictureTitle(namespace, set, changes string) string {
	return fmt.Sprintf("statefulset %s/%s: %s", namespace, set, changes)
}

func msgForecastPictureOfNothing() string { return "nothing will happen" }

func msgForecastPictureOfCreation() string { return "creation" }

func msgForecastPictureOfNextSteps() string { return "next steps" }

func msgForecastPictureTimes(readyAfter, terminateAfter string) string {
	return fmt.Sprintf("Time since the change, assuming that pods are ready after %s and terminate within %s.", readyAfter, terminateAfter)
}

func msgForecastLegendNotReady() string { return "not ready" }

func msgForecastLegendTerminating() string { return "terminating" }

func msgForecastLegendStuck() string { return "stuck" }

func msgForecastLegendClaim() string { return "claim" }

func msgForecastLegendArrow() string { return "triggers" }

func msgForecastPodReady(pod, revision string, _ bool) string {
	return fmt.Sprintf("pod %s is ready (revision %s)", pod, revision)
}

func msgForecastPodNotReady(pod, revision string, stuck bool) string {
	if stuck {
		return fmt.Sprintf("pod %s does not become ready (revision %s)", pod, revision)
	}
	return fmt.Sprintf("pod %s is not ready (revision %s)", pod, revision)
}

func msgForecastPodTerminating(pod, revision string, stuck bool) string {
	if stuck {
		return fmt.Sprintf("pod %s is stuck in Terminating (revision %s)", pod, revision)
	}
	return fmt.Sprintf("pod %s is terminating (revision %s)", pod, revision)
}
