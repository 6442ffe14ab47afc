package names

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// checkOwnSelector: the API server rejects a set whose selector does not match its template.
func checkOwnSelector(c *checkInput) []sts.Finding {
	selector, err := metav1.LabelSelectorAsSelector(c.Set.Spec.Selector)
	var message string
	switch {
	case err != nil:
		message = msgInvalidSelector(err)
	case selector.Empty() || c.Set.Spec.Selector == nil:
		message = msgNoOwnSelector()
	case !selector.Matches(labels.Set(c.Set.Spec.Template.Labels)):
		message = msgOwnSelectorMismatch(selector.String(), c.Set.Spec.Template.Labels)
	default:
		return nil
	}
	return c.finding(InvalidSelector, sts.SeverityError, c.set(), message, hintOwnSelector())
}

// checkNames: a label of a DNS name has at most 63 characters, a name 253. A pod's name is its
// hostname, which is a single label.
func checkNames(c *checkInput) []sts.Finding {
	last := c.Name(max(sts.End(c.Set)-1, sts.Start(c.Set)))
	var out []sts.Finding
	add := func(message string) {
		out = append(out, c.finding(InvalidName, sts.SeverityError, c.set(), message, nil)...)
	}
	switch name := c.Set.Name; {
	case len(name) > sts.LongestSetName:
		out = c.finding(InvalidName, sts.SeverityError, c.set(),
			msgSetNameTooLong(name), hintSetNameTooLong())
	case len(validation.IsDNS1123Label(last)) > 0:
		add(msgInvalidPodName(last))
	}
	if c.service() == "" {
		return out
	}
	if problems := validation.IsDNS1123Label(c.service()); len(problems) > 0 {
		add(msgInvalidServiceName(c.service()))
	}
	if name := PodFQDN(c.Set, max(sts.End(c.Set)-1, sts.Start(c.Set)), c.options.Domain.Name); len(out) == 0 && len(name) > validation.DNS1123SubdomainMaxLength {
		add(msgNameTooLong(name))
	}
	return out
}

// fqdnHostname is the length of the longest hostname on Linux.
const fqdnHostname = 64

func checkHostnameAsFQDN(c *checkInput) []sts.Finding {
	if whole := c.Set.Spec.Template.Spec.SetHostnameAsFQDN; whole == nil || !*whole {
		return nil
	}
	name := PodFQDN(c.Set, max(sts.End(c.Set)-1, sts.Start(c.Set)), c.options.Domain.Name)
	if len(name) <= fqdnHostname {
		return nil
	}
	return c.finding(HostnameTooLong, sts.SeverityError, c.set(),
		msgHostnameTooLong(name, fqdnHostname), hintHostnameTooLong())
}

// checkPodIdentity: hostname and subdomain are set only when a pod is created, so adopted pods may
// have those of an earlier set.
func checkPodIdentity(c *checkInput) []sts.Finding {
	if c.service() == "" {
		return nil
	}
	wrong := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
		return r.Desired && (r.Pod.Spec.Hostname != s.Pod || r.Pod.Spec.Subdomain != c.service())
	})
	if len(wrong) == 0 {
		return nil
	}
	i := slices.IndexFunc(c.replicas, func(r sts.Replica) bool { return r.Ordinal == wrong[0] })
	pod := c.replicas[i].Pod
	return c.finding(WrongHostname, sts.SeverityError, c.set(),
		msgPodIdentity(pod.Name, pod.Spec.Hostname, pod.Spec.Subdomain, c.service(), wrong[1:]),
		hintPodIdentity(c.kubectl("sts restart", c.Set.Name, "--ordinal", ordinalsArg(wrong))))
}

// findPeers are images whose members are known to find each other by DNS name before they are
// ready.
var findPeers = []string{"cassandra", "cockroach", "consul", "elasticsearch", "etcd", "kafka", "mongo", "nats", "opensearch", "qdrant", "rabbitmq", "scylla", "zookeeper"}

// deadlockPatience is how long pods may take to become ready before they look stuck.
const deadlockPatience = time.Minute

// checkDeadlock: without publishNotReadyAddresses a pod has no name until it is ready. A member
// that needs names to become ready then waits forever.
func checkDeadlock(c *checkInput) []sts.Finding {
	if !c.serves() || c.Service.Spec.PublishNotReadyAddresses || sts.DesiredReplicas(c.Set) < 2 {
		return nil
	}
	hint := hintDeadlock(c.kubectl("patch service", c.service(), "--type=merge", "-p", `{"spec":{"publishNotReadyAddresses":true}}`))
	if c.options.Offline {
		hint = hintDeadlockInManifest()
	}
	pods, waiting, init, initPod := 0, []sts.Ordinal{}, "", ""
	for _, r := range c.replicas {
		if !r.Desired || r.Pod == nil {
			continue
		}
		pods++
		started, container := started(r.Pod)
		if !r.Ready && !r.Terminating && started && runsFor(r.Pod, c.TakenAt) >= deadlockPatience {
			waiting = append(waiting, r.Ordinal)
			if container != "" && init == "" {
				init, initPod = container, r.Pod.Name
			}
		}
	}
	if pods > 0 && len(waiting) == pods {
		return c.finding(BootstrapDeadlock, sts.SeverityWarning, c.svc(), msgDeadlock(c.service(), init, initPod), hint)
	}
	image := ""
	for _, container := range c.Set.Spec.Template.Spec.Containers {
		if container.ReadinessProbe != nil && slices.ContainsFunc(findPeers, func(s string) bool { return strings.Contains(imageName(container.Image), s) }) {
			image = container.Image
		}
	}
	if image == "" {
		return nil
	}
	return c.finding(BootstrapDeadlock, sts.SeverityInfo, c.svc(), msgDeadlockPossible(c.service(), imageName(image)), hint)
}

// started reports whether a container that may look up names is running or has run. In phase
// Pending it is an init container, whose name is returned. Sidecars do not count, because the pod
// starts without waiting for them to complete.
func started(pod *corev1.Pod) (ok bool, init string) {
	if pod.Status.Phase == corev1.PodRunning {
		return true, ""
	}
	if pod.Status.Phase != corev1.PodPending {
		return false, ""
	}
	for i := range pod.Status.InitContainerStatuses {
		status := &pod.Status.InitContainerStatuses[i]
		failing := status.RestartCount > 0 && (status.State.Terminated == nil || status.State.Terminated.ExitCode != 0)
		if !sts.IsSidecar(pod, status.Name) && (status.State.Running != nil || failing) {
			return true, status.Name
		}
	}
	return false, ""
}

// runsFor is the time since the pod got its address or was started.
func runsFor(pod *corev1.Pod, now time.Time) time.Duration {
	if since := startOfName(pod, true); since != nil {
		return now.Sub(since.Time)
	}
	if pod.Status.StartTime != nil {
		return now.Sub(pod.Status.StartTime.Time)
	}
	return 0
}

// checkHostDNS: the DNS servers of nodes do not resolve cluster names.
func checkHostDNS(c *checkInput) []sts.Finding {
	spec := &c.Set.Spec.Template.Spec
	switch {
	case spec.HostNetwork && (spec.DNSPolicy == "" || spec.DNSPolicy == corev1.DNSClusterFirst):
		return c.finding(HostDNS, severe(sts.SeverityWarning, c.whereUsed(c.service()) != "" || c.wanted() && c.members()), c.set(),
			msgHostDNS("hostNetwork"), hintHostNetwork())
	case spec.DNSPolicy == corev1.DNSDefault:
		return c.finding(HostDNS, sts.SeverityInfo, c.set(),
			msgHostDNS("dnsPolicy: Default"), nil)
	}
	return nil
}
