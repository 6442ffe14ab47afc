package names

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// checks are the checks of a set's DNS names. Each looks at one thing and reports nothing if
// another one reports the cause.
var checks = []func(*checkInput) []sts.Finding{
	checkMisspelled, checkServiceName, checkServiceExists, checkServiceKind, checkSelector, checkOwnSelector, checkNames, checkHostnameAsFQDN,
	checkPodIdentity, checkDeadlock, checkEndpoints, checkEndpointHostnames, checkStaleAddresses, checkForeignEndpoints,
	checkIPFamilies, checkHostDNS, checkPorts, checkOtherServices,
}

// checkInput is what the checks look at.
type checkInput struct {
	*setNames
	replicas []sts.Replica // with their pods, none when offline
	status   []DNSReplica  // of the same ordinals, even those that are not shown
}

func (n *setNames) findings() []sts.Finding {
	c := &checkInput{setNames: n, replicas: n.Replicas()}
	for _, r := range c.replicas {
		c.status = append(c.status, n.replica(r))
	}
	out := []sts.Finding{}
	for _, check := range checks {
		out = append(out, check(c)...)
	}
	slices.SortStableFunc(out, func(a, b sts.Finding) int { return cmp.Compare(a.Severity.Rank(), b.Severity.Rank()) })
	return out
}

func (c *checkInput) finding(code sts.FindingCode, severity sts.Severity, object, message string, hint sts.Hint) []sts.Finding {
	return []sts.Finding{{Code: code, Severity: severity, Object: object, Message: message, Hint: hint}}
}

func (c *checkInput) set() string     { return "statefulset/" + c.Set.Name }
func (c *checkInput) svc() string     { return "service/" + c.Set.Spec.ServiceName }
func (c *checkInput) service() string { return c.Set.Spec.ServiceName }

func (c *checkInput) kubectl(verb string, args ...string) sts.Hint {
	return sts.Kubectl(c.Set.Namespace, verb, args...)
}

// serves reports whether the governing Service can give the pods names at all.
func (c *checkInput) serves() bool {
	return c.Service != nil && c.Service.Spec.Type != corev1.ServiceTypeExternalName
}

// ordinals are those with a pod for which the condition holds.
func (c *checkInput) ordinals(holds func(r sts.Replica, status *DNSReplica) bool) []sts.Ordinal {
	var out []sts.Ordinal
	for i, r := range c.replicas {
		if r.Pod != nil && holds(r, &c.status[i]) {
			out = append(out, r.Ordinal)
		}
	}
	return out
}

// whereUsed says where the DNS name of a pod below a Service is written, for the end of a message. It
// is empty if no such place is known.
func (c *checkInput) whereUsed(service string) string {
	u, used := c.texts.first(c.Snapshot, service)
	if !used {
		return ""
	}
	return msgNameUsed(u.Name, u.Object)
}

// members: there are several pods, so clients may need their names. For a single pod the
// Service's own name is enough.
func (c *checkInput) members() bool { return sts.DesiredReplicas(c.Set) >= 2 }

// wanted: the pods' names are used, or there is a headless Service for them.
func (c *checkInput) wanted() bool {
	return c.Service != nil && c.Service.Spec.ClusterIP == corev1.ClusterIPNone || c.whereUsed(c.service()) != ""
}

// severe is the severity of a finding that keeps names from resolving: SeverityInfo unless it matters.
func severe(severity sts.Severity, matters bool) sts.Severity {
	if matters {
		return severity
	}
	return sts.SeverityInfo
}

func ordinalsArg(ordinals []sts.Ordinal) string {
	return strings.ReplaceAll(sts.FormatOrdinals(ordinals), " ", "")
}

// imageName is the last part of an image's path, without its tag: "rabbitmq".
func imageName(image string) string {
	image = image[strings.LastIndex(image, "/")+1:]
	if i := strings.IndexAny(image, ":@"); i >= 0 {
		image = image[:i]
	}
	return image
}
