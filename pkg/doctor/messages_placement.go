package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Rules that spread pods.

func msgSpreadMissesSelf(constraint bool, selector string, own map[string]string) string {
	what := "podAntiAffinity"
	if constraint {
		what = "the topology spread constraint"
	}
	return fmt.Sprintf("%s selects %s, but the pods have %s: it does not spread them", what, selector, labels.Set(own))
}

func hintSpreadSelector() sts.Hint {
	return sts.Hintf("set its labelSelector to labels of the pod template")
}

// msgNoSpread: anti-affinity or constraints that there are select other pods.
func msgNoSpread(replicas int32, anti, constraints bool) string {
	why := "no podAntiAffinity or topologySpreadConstraints"
	switch {
	case anti && constraints:
		why = "podAntiAffinity and topologySpreadConstraints select only other pods"
	case anti:
		why = "podAntiAffinity selects only other pods"
	case constraints:
		why = "topologySpreadConstraints select only other pods"
	}
	return fmt.Sprintf("%s: several of the %s may share a node", why, sts.Count(replicas, "pod"))
}

func hintSpread() sts.Hint { return sts.Hintf("add a topology spread constraint for nodes") }

// Where the pods are.

func msgAllOnOneNode(pods int, node string, others []string) string {
	return fmt.Sprintf("all %d pods are on node %s, which stops all of them if it fails; Ready nodes that they may run on: %s", pods, node, fewNames(others))
}

func msgAllInOneZone(pods int, zone string, others []string) string {
	return fmt.Sprintf("all %d pods are in zone %s; other zones that they may run in: %s", pods, zone, fewNames(others))
}

func hintSpreadZones() sts.Hint {
	return sts.Hintf("add a topology spread constraint for topology.kubernetes.io/zone; a pod whose volume is in a zone stays there")
}

// Volumes that no node can reach.

func msgVolumeZoneLost(pod, claim, volume, terms string, others []sts.Ordinal) string {
	text := fmt.Sprintf("pod %s cannot be scheduled: volume %s of claim %s needs a node with %s, and the cluster has none", pod, volume, claim, terms)
	if len(others) > 0 {
		text += "; also affected: " + sts.SayOrdinals(others)
	}
	return text
}

func hintVolumeZone(volume string) sts.Hint {
	return sts.Hintf("add such a node; where the volume may be: %s", sts.Kubectl("", "describe pv", volume))
}

// Lost nodes.

// msgTerminatingFor: finalizers keep the pod even if it has ended.
func msgTerminatingFor(d time.Duration, finalizers []string) string {
	text := "Terminating for " + sts.Age(d)
	if len(finalizers) > 0 {
		text += ", finalizer " + strings.Join(finalizers, ", ")
	}
	return text
}

func msgPodNotReady() string { return "not ready" }

func msgLostNode(n *lostNode) string {
	text := n.lost.Message
	var held []string
	for _, p := range n.pods {
		held = append(held, "pod "+p.name+" ("+p.state+")")
	}
	for _, v := range n.volumes {
		held = append(held, "the volume of claim "+v)
	}
	text += " and holds " + strings.Join(held, ", ")
	if n.outside {
		text += "; it has the taint node.kubernetes.io/out-of-service, so these are being removed"
	}
	return text
}

// hintLostNode are the actions in their order, the safest first.
func hintLostNode(n *lostNode, namespace, set string) sts.Hint {
	var steps []sts.Hint
	if n.outside {
		return sts.Hintf("once the node is back, remove the taint: %s", sts.Kubectl("", "taint node", n.name, "node.kubernetes.io/out-of-service-"))
	}
	var recovery sts.Hint
	if len(n.ordinals) > 0 {
		recovery = sts.Kubectl(namespace, "sts recover", set, "--ordinal", strconv.Itoa(int(n.ordinals[0])))
	}
	switch {
	case n.lost.Deleted:
		steps = append(steps, sts.Hintf("1. wait for the pod garbage collector of kube-controller-manager; volumes are detached after 6 minutes: %s", sts.Kubectl("", "get volumeattachments")))
	default:
		steps = append(steps, sts.Hintf("1. wait, if the node may return; the pods stay down until then: %s", sts.Kubectl("", "describe node", n.name)))
		if len(recovery) > 0 {
			steps = append(steps,
				sts.Hintf("2. if the machine is known to be off, taint it; if it still runs, two pods may write to one volume: %s", recovery),
				sts.Hintf("3. if the machine will not return, delete the node; if it still runs, so do its pods, with the same risk: %s",
					sts.Kubectl(namespace, "sts recover", set, "--ordinal", strconv.Itoa(int(n.ordinals[0])), "--action", "delete-node")))
		}
	}
	if len(recovery) > 0 {
		steps = append(steps, sts.Hintf("%d. only if the containers are proven to have ended; otherwise two pods of one name may run and destroy data: %s",
			len(steps)+1, sts.Kubectl(namespace, "sts recover", set, "--ordinal", strconv.Itoa(int(n.ordinals[0])), "--action", "force-delete-pod")))
	}
	return sts.JoinHints(steps, "\n")
}
