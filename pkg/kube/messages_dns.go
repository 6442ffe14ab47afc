package kube

import (
	"fmt"
	"time"
)

// Finding the cluster's DNS servers, and port-forwards to them.

func msgDNSServer(namespace, pod string) string { return "pod " + namespace + "/" + pod }

func msgNoDNSServer() string {
	return "no ready CoreDNS or kube-dns pod found (service kube-dns or label k8s-app=kube-dns in namespace kube-system, service dns-default in namespace openshift-dns)"
}

func errForward(namespace, pod string, err error) error {
	return fmt.Errorf("port-forward to pod %s/%s: %w", namespace, pod, err)
}

func errForwardClosed(pod string, err error) error {
	return fmt.Errorf("lost the port-forward to pod %s: %w", pod, err)
}

func errForwardTimeout(timeout time.Duration) error {
	return fmt.Errorf("no connection within %s", timeout)
}

func errForwardPort(pod string, port int32, problem string) error {
	return fmt.Errorf("port %d of pod %s: %s", port, pod, problem)
}
