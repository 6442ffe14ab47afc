package render

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgProofPod(pod, trouble string) string { return "pod " + pod + " " + trouble }

func msgProofRollout(revision, target string, blocked []sts.Ordinal) string {
	text := fmt.Sprintf("It runs revision %s but should run %s. The StatefulSet controller waits for it to become ready, which will not happen (kubernetes#67250).", revision, target)
	if len(blocked) > 0 {
		text += " Blocked: " + sts.SayOrdinals(blocked) + "."
	}
	return text
}

func msgProofMissing(revision string, blocked []sts.Ordinal) string {
	text := "It does not exist: it cannot be created with the template of the update (revision " + revision + ")."
	if len(blocked) > 0 {
		text += " Blocked: " + sts.SayOrdinals(blocked) + "."
	}
	return text
}

func msgProofRecreate(revision string, notCreated []sts.Ordinal) string {
	text := "It runs revision " + revision + " of an update with strategy Recreate, which is not complete until the pod is ready."
	if len(notCreated) > 0 {
		text += " Not created yet: " + sts.SayOrdinals(notCreated) + "."
	}
	return text
}

func msgFixBack(target string) string {
	return "The update is broken. Fix: roll back to the template of " + target + "."
}

func msgFixForward() string {
	return "The template has been changed since. Fix: delete the failing pods; the template stays as it is."
}

func msgFixMissing(target string) string {
	return "Fix: roll back to the template of " + target + "."
}

func msgFixRecreate(target string) string {
	return "Fix: restore the template of " + target + "; all pods will be replaced at once."
}

func msgNoDiff(why string) string { return "note: cannot compare the two revisions: " + why }

func msgSameTemplate() string { return "Both revisions have the same pod template." }

func msgDiffTitle(from, to string) string {
	return fmt.Sprintf("Changes from %s to %s:", from, to)
}

func msgNoLog(container, why string) string {
	return "note: cannot read the logs of container " + container + ": " + why
}

// ended is msgContainerEnded, empty where it is not known.
func msgLogTitle(container, ended string) string {
	return "Last log lines of container " + container + ended + ":"
}

// age is how long ago that was, empty where it is not known.
func msgContainerEnded(exitCode int32, age string) string {
	if age == "" {
		return fmt.Sprintf(" (exit code %d)", exitCode)
	}
	return fmt.Sprintf(" (exit code %d, %s ago)", exitCode, age)
}
