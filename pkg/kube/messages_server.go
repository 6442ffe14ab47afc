package kube

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DNS servers, and why they cannot be queried.

func errDNSServer(address string, err error) error {
	return fmt.Errorf("cannot query DNS server %s: %w", address, err)
}

func msgDNSClusterServer(err error) string { return "cannot query the cluster DNS: " + err.Error() }

func hintDNSOtherServers() sts.Hint {
	return sts.Hintf("query from a pod with --from-pod pod/NAME, or query a server directly with --server HOST:PORT")
}

func errDNSPod(pod string, err error) error {
	return fmt.Errorf("cannot query DNS from pod %s: %w", pod, err)
}

func hintDNSOtherPods() sts.Hint {
	return sts.Hintf("use another pod with --from-pod or another container with --container, or omit --from-pod")
}

func msgDNSForwardServer(namespace, pod string) string {
	return fmt.Sprintf("pod %s/%s (port-forward)", namespace, pod)
}

// msgDNSPodServer: tool and server are empty if they are not known.
func msgDNSPodServer(pod, tool, server string) string {
	text := "pod " + pod
	if tool != "" {
		text = tool + " in " + text
	}
	if server != "" {
		text += " (server " + server + ")"
	}
	return text
}
