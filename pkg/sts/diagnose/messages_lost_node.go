package diagnose

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What is known about a node that is not ready.

func msgNodeMayBeDown(node string) string { return "node " + node + " may be down" }

func msgNodeReady(node string) string { return "node " + node + " is ready" }

func msgNodeDeleted(node string) string { return "node " + node + " does not exist" }

// seen is when the kubelet last reported, zero for unknown.
func msgNodeNotReady(node, status string, since time.Duration, seen, now time.Time) string {
	text := fmt.Sprintf("node %s has not been ready for %s (Ready=%s", node, sts.Age(since), status)
	if !seen.IsZero() {
		text += fmt.Sprintf(", its kubelet last reported %s ago", sts.Age(now.Sub(seen)))
	}
	return text + ")"
}

func hintNodeMayBeLost(describe, recovery sts.Hint) sts.Hint {
	return sts.Hintf("check the node: %s; if its machine is off, recover the pod: %s", describe, recovery)
}
