package print

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The text.

func msgNothingHappens(set string) string { return "statefulset.apps/" + set + ": nothing will happen" }

func msgSteps(set string, steps int, took, readyAfter, terminateAfter time.Duration) string {
	return fmt.Sprintf("statefulset.apps/%s: %s in %s (assumed: pods ready after %s, terminated after %s)", set, sts.Count(steps, "step"),
		sts.Duration(took), sts.Duration(readyAfter), sts.Duration(terminateAfter))
}

// msgStep says what happens to one object or several. claims are created with each of them.
func msgStep(names, what string, claims int, several bool) string {
	switch {
	case claims > 1:
		what += " and new claims"
	case claims == 1:
		what += " and a new claim"
	}
	if claims > 0 && several {
		what += " each"
	}
	return names + " " + what
}

func msgOmitted(lines int, ordinals []sts.Ordinal, until time.Duration) string {
	return fmt.Sprintf("… %d similar lines for %s, until %s (use -o wide to show all)", lines, sts.SayOrdinals(ordinals), sts.Duration(until))
}

func msgClaimsTitle() string { return "Claims" }

func msgNamesTitle(domain string) string { return "DNS names in " + domain }

func msgBudgetsTitle() string {
	return "PodDisruptionBudgets (not enforced: pods are deleted, not evicted)"
}

func msgBudgetAllows(deletions int) string {
	switch deletions {
	case 1:
		return "would allow the deletion"
	case 2:
		return "would allow both deletions"
	}
	return fmt.Sprintf("would allow all %d deletions", deletions)
}

func msgBudgetBlocks(blocked, deletions int, first string, at time.Duration, numbers string) string {
	if deletions == 1 {
		return "would block the deletion (" + numbers + ")"
	}
	return fmt.Sprintf("would block %d of %s, first %s at %s (%s)", blocked, sts.Count(deletions, "deletion"), first, sts.Duration(at), numbers)
}

func msgBudgetBlocksAll(numbers string) string { return "would block every deletion (" + numbers + ")" }

func msgBudgetNumbers(healthy, required, expected int32) string {
	if expected == 0 {
		return "it expects no pods"
	}
	return fmt.Sprintf("%d healthy, %d required", healthy, required)
}

// The picture.

func msgPictureTitle(namespace, set, changes string) string {
	return fmt.Sprintf("statefulset %s/%s: %s", namespace, set, changes)
}

func msgPictureOfNothing() string { return "nothing will happen" }

func msgPictureOfCreation() string { return "creation" }

func msgPictureOfNextSteps() string { return "next steps" }

func msgPictureTimes(readyAfter, terminateAfter string) string {
	return fmt.Sprintf("Time since the change, assuming that pods are ready after %s and terminate within %s.", readyAfter, terminateAfter)
}

func msgLegendNotReady() string { return "not ready" }

func msgLegendTerminating() string { return "terminating" }

func msgLegendStuck() string { return "stuck" }

func msgLegendClaim() string { return "claim" }

func msgLegendArrow() string { return "triggers" }

func msgPodReady(pod, revision string, _ bool) string {
	return fmt.Sprintf("pod %s is ready (revision %s)", pod, revision)
}

func msgPodNotReady(pod, revision string, stuck bool) string {
	if stuck {
		return fmt.Sprintf("pod %s does not become ready (revision %s)", pod, revision)
	}
	return fmt.Sprintf("pod %s is not ready (revision %s)", pod, revision)
}

func msgPodTerminating(pod, revision string, stuck bool) string {
	if stuck {
		return fmt.Sprintf("pod %s is stuck in Terminating (revision %s)", pod, revision)
	}
	return fmt.Sprintf("pod %s is terminating (revision %s)", pod, revision)
}
