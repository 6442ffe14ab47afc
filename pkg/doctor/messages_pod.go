package doctor

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Hooks and termination.

func msgPreStopLeaves(containers []string, command string) string {
	return fmt.Sprintf("the preStop hook of %s runs %q: the member leaves its cluster at each restart, not only when the set is scaled down",
		containerList(containers), command)
}

func hintDrainInstead(profile string, show sts.Hint) sts.Hint {
	return sts.Hintf("remove the command, and scale down with drain profile %s: %s", profile, show)
}

func msgPreStopTooLong(container, sleep string, grace int64) string {
	return fmt.Sprintf("the preStop hook of container %s runs %q, and terminationGracePeriodSeconds is %d: the container is killed before it can stop",
		container, sleep, grace)
}

func msgGraceZero() string {
	return "terminationGracePeriodSeconds is 0: a deleted pod is replaced at once, while its containers can still run and write"
}

// Probes.

func msgNoReadinessProbe() string {
	return "no container has a readiness probe: a rolling update replaces the next pod as soon as the containers of this one run"
}

func msgLivenessEqualsReadiness(containers []string) string {
	return fmt.Sprintf("liveness and readiness probe of %s are the same: the container is restarted as soon as it is not ready, also while it is overloaded or recovers",
		containerList(containers))
}

func containerList(names []string) string {
	if len(names) == 1 {
		return "container " + names[0]
	}
	return "containers " + strings.Join(names, ", ")
}

func msgProbePort(kinds []string, container, port string) string {
	return fmt.Sprintf("port %q of the %s probe is not a port of container %s", port, strings.Join(kinds, " and "), container)
}

func msgProbePortUnknown(probes []string, unready bool) string {
	message := strings.Join(probes, ", ") + ": "
	if unready {
		return message + "the pod never becomes ready"
	}
	return message + "the probe has no effect"
}

func hintPortNames(known []string) sts.Hint {
	if len(known) == 0 {
		return sts.Hintf("give the port of the container this name, or use its number")
	}
	return sts.Hintf("use the name of one of its ports (%s), or a number", strings.Join(known, ", "))
}

// Resources and images.

func msgBestEffort() string {
	return "no container has requests or limits: its pods are the first to be evicted when a node runs out of memory"
}

func msgMovingTag(images []string) string {
	return fmt.Sprintf("no version is set for %s: pods can run different versions, and a rollback does not bring the old one back", strings.Join(images, ", "))
}
