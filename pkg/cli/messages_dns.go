package cli

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgDNSNoSet() string { return "no StatefulSets found: no DNS names to wait for" }

func msgDNSNegativeReplicas(set string, replicas int32) string {
	return fmt.Sprintf("statefulset/%s has %d replicas, must be 0 or more", set, replicas)
}

func msgDNSTooManyReplicas(set string, replicas int32, most int) string {
	return fmt.Sprintf("statefulset/%s has %d replicas, must be no more than %d", set, replicas, most)
}

func msgDNSInvalidOrdinals(set string, replicas int32, start sts.Ordinal) string {
	return fmt.Sprintf("statefulset/%s has %d replicas from ordinal %s: ordinals must be from 0 to %d", set, replicas, start, math.MaxInt32-1)
}

func msgDNSDomainAssumed(domain string) string {
	return "cannot determine the cluster domain, assuming " + domain + "; use --cluster-domain to set it"
}

// msgDNSFound: findings are made by msgDNSFinding.
func msgDNSFound(findings []string) string {
	return "DNS problems found: " + strings.Join(findings, ", ")
}

func msgDNSFinding(code sts.FindingCode, set string) string {
	return fmt.Sprintf("%s (statefulset/%s)", code, set)
}

func msgDNSUnchecked(resource, reason string) string {
	return fmt.Sprintf("cannot complete the checks: cannot read %s: %s", resource, reason)
}

// msgDNSUnresolved: count is the number of all names, of which names are the first.
func msgDNSUnresolved(count int, names []string) string {
	text := sts.Count(count, "name") + " do not resolve correctly: "
	if count == 1 {
		text = "1 name does not resolve correctly: "
	}
	text += strings.Join(names, ", ")
	if more := count - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func hintDNSServerLog() sts.Hint {
	return sts.Hintf("every query failed; check the logs of the DNS server (for CoreDNS: %s)",
		sts.Kubectl("kube-system", "logs", "-l", "k8s-app=kube-dns"))
}

func hintDNSClusterDomain(domain string) sts.Hint {
	return sts.Hintf("none of the names exist on the DNS server: check that %s is the cluster domain, or set --cluster-domain", domain)
}

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

func errDNSResolvConf(err error) error { return fmt.Errorf("--server=%s: %w", resolvConf, err) }

func msgDNSNoNameserver(file string) string {
	return fmt.Sprintf("--server=%s: no nameserver in %s", resolvConf, file)
}

// Progress.

func msgDNSRetrying(problem string) string { return problem + "; retrying" }

func msgDNSServerBack() string { return "the DNS server is responding again" }

func msgDNSNothingToWaitFor(set string) string {
	return "statefulset/" + set + " has no governing Service: its pods have no DNS names to wait for"
}

func hintDNSNoServiceName() sts.Hint {
	return sts.Hintf("spec.serviceName is immutable: delete the StatefulSet with --cascade=orphan and create it again with spec.serviceName set")
}

// What is waited for: these follow "waiting" or "timed out while waiting".

func msgDNSForCluster() string { return "for the first response from the API server" }

func msgDNSForSet() string { return "for a StatefulSet to be created" }

func msgDNSForOrdinals() string { return "for a StatefulSet with these ordinals" }

func msgDNSForServer(problem string) string { return "for the DNS server: " + problem }

func msgDNSForFirstAnswers() string { return "for the first answers from the DNS server" }

func msgDNSForLastAnswers() string { return "for the last answers from the DNS server" }

// msgDNSForNames: why is the reason that the first name does not resolve, if it is known.
func msgDNSForNames(count int, first, why string) string {
	text := "for " + first + " to resolve correctly"
	if count > 1 {
		text = "for " + sts.Count(count, "name") + " to resolve correctly, first " + first
	}
	if why != "" {
		text += ": " + why
	}
	return text
}

func msgDNSPodNotReady() string { return "the pod is not ready" }

func msgDNSPodLeaving() string { return "the pod is being removed" }

// msgDNSChange: state is one of those below.
func msgDNSChange(name, record, state string) string { return name + " " + record + " " + state }

// msgDNSUnpublished: why is empty if it is not known.
func msgDNSUnpublished(why string) string {
	if why == "" {
		return "not published"
	}
	return "not published: " + why
}

// msgDNSState: verdict is the label of a verdict.
func msgDNSState(verdict, message string) string { return verdict + ": " + message }

func msgDNSRecords(count int) string { return sts.Count(count, "record") }

func msgDNSAfter(records string, took time.Duration) string {
	return records + ", after " + sts.Duration(took)
}
