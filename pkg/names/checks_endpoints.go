package names

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// endpointPatience is how long Kubernetes may take to write an EndpointSlice.
const endpointPatience = 10 * time.Second

func checkEndpoints(c *checkInput) []sts.Finding {
	if !c.serves() || len(c.Service.Spec.Selector) == 0 {
		return nil
	}
	lacking := c.ordinals(func(_ sts.Replica, s *DNSReplica) bool {
		return s.Expected && s.Reason == NoEndpoint && c.hasFamily(s.IPs)
	})
	late := slices.DeleteFunc(lacking, func(o sts.Ordinal) bool {
		i := slices.IndexFunc(c.replicas, func(r sts.Replica) bool { return r.Ordinal == o })
		since := later(startOfName(c.replicas[i].Pod, c.Service.Spec.PublishNotReadyAddresses), sts.LastWritten(c.Service))
		return since != nil && c.TakenAt.Sub(since.Time) < endpointPatience
	})
	if len(late) == 0 {
		return nil
	}
	return c.finding(EndpointMissing, sts.SeverityError, c.svc(),
		msgEndpointMissing(c.service(), late),
		hintEndpointMissing(c.kubectl("get endpointslices", "-l", discoveryv1.LabelServiceName+"="+c.service())))
}

func checkEndpointHostnames(c *checkInput) []sts.Finding {
	nameless := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
		return s.Reason == NoHostname && r.Pod.Spec.Hostname == s.Pod && r.Pod.Spec.Subdomain == c.service()
	})
	if len(nameless) == 0 {
		return nil
	}
	return c.finding(EndpointWithoutHostname, severe(sts.SeverityError, c.wanted()), c.svc(),
		msgEndpointHostname(c.service(), nameless),
		hintEndpointHostname(c.kubectl("get endpointslices", "-l", discoveryv1.LabelServiceName+"="+c.service(), "-L", discoveryv1.LabelManagedBy)))
}

// checkStaleAddresses: published addresses that the pods do not have.
func checkStaleAddresses(c *checkInput) []sts.Finding {
	if !c.Knows("pods") || c.options.Offline {
		return nil
	}
	pods := map[string]*corev1.Pod{}
	for _, r := range c.replicas {
		if r.Pod != nil {
			pods[r.Pod.Name] = r.Pod
		}
	}
	var out []sts.Finding
	for _, slice := range c.Slices {
		for i := range slice.Endpoints {
			e := &slice.Endpoints[i]
			name := ""
			if e.Hostname != nil {
				name = *e.Hostname
			}
			if e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
				name = e.TargetRef.Name
			}
			if _, ours := sts.ParsePodName(c.Set.Name, name); !ours || !endpointReady(e) {
				continue
			}
			var text string
			switch pod := pods[name]; {
			case pod == nil:
				text = msgAddressOfNoPod(slice.Name, e.Addresses, name)
			case e.TargetRef != nil && e.TargetRef.UID != "" && e.TargetRef.UID != pod.UID:
				text = msgAddressOfEarlierPod(slice.Name, e.Addresses, name)
			case len(minus(e.Addresses, podIPs(pod))) > 0:
				text = msgAddressChanged(slice.Name, e.Addresses, name, podIPs(pod))
			default:
				continue
			}
			out = append(out, c.finding(StaleAddress, sts.SeverityWarning, "endpointslice/"+slice.Name, text, nil)...)
		}
	}
	return out
}

// sliceController manages the EndpointSlices of Services with a selector.
const sliceController = "endpointslice-controller.k8s.io"

func checkForeignEndpoints(c *checkInput) []sts.Finding {
	if !c.serves() || len(c.Service.Spec.Selector) == 0 {
		return nil
	}
	var out []sts.Finding
	for _, slice := range c.Slices {
		by := slice.Labels[discoveryv1.LabelManagedBy]
		if by == sliceController || len(slice.Endpoints) == 0 {
			continue
		}
		out = append(out, c.finding(ForeignEndpoints, sts.SeverityInfo, "endpointslice/"+slice.Name,
			msgForeignSlice(slice.Name, c.service(), by, len(slice.Endpoints)), nil)...)
	}
	return out
}

// checkIPFamilies: only addresses of the Service's IP families are published.
func checkIPFamilies(c *checkInput) []sts.Finding {
	if !c.serves() || len(c.Service.Spec.IPFamilies) == 0 || len(c.Service.Spec.Selector) == 0 {
		return nil // the API server gives a Service without a selector both families
	}
	var out []sts.Finding
	for _, family := range c.Service.Spec.IPFamilies {
		without := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
			return r.Desired && len(s.IPs) > 0 && !slices.ContainsFunc(s.IPs, func(ip string) bool { return familyOf(ip) == family })
		})
		if len(without) == 0 {
			continue
		}
		severity, message := sts.SeverityWarning, msgFamilyMissing(c.service(), family, without)
		if len(c.Service.Spec.IPFamilies) == 1 {
			severity, message = sts.SeverityError, msgOnlyFamilyMissing(c.service(), family, without)
		}
		out = append(out, c.finding(IPFamilyMissing, severity, c.svc(), message, hintFamilyMissing())...)
	}
	unpublished := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
		return r.Desired && c.hasFamily(s.IPs) && slices.ContainsFunc(s.IPs, func(ip string) bool { return !slices.Contains(c.Service.Spec.IPFamilies, familyOf(ip)) })
	})
	if len(unpublished) > 0 {
		out = append(out, c.finding(IPFamilyMissing, sts.SeverityInfo, c.svc(),
			msgFamilyUnpublished(c.service(), c.Service.Spec.IPFamilies[0]),
			hintFamilyUnpublished(c.kubectl("patch service", c.service(), "--type=merge", "-p", `{"spec":{"ipFamilyPolicy":"PreferDualStack"}}`)))...)
	}
	return out
}
