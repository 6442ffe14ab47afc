package names

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// checkMisspelled: kubectl apply and the API server's strict field validation reject such an
// object. Only for manifests.
func checkMisspelled(c *checkInput) []sts.Finding {
	var out []sts.Finding
	for _, p := range c.Misspelled() {
		object := c.set()
		if service, ok := p.Object.(*corev1.Service); ok {
			object = "service/" + service.Name
		}
		out = append(out, c.finding(UnknownField, sts.SeverityError, object,
			msgMisspelled(p.Refusal()), hintMisspelled(p.Nearest))...)
	}
	return out
}

func checkServiceName(c *checkInput) []sts.Finding {
	if c.service() != "" {
		return nil
	}
	other := ""
	if len(c.Headless) > 0 {
		other = c.Headless[0].Name
	}
	hint := hintServiceName(other)
	if !c.options.Offline {
		hint = sts.Hintf("%s; %s", hint, hintImmutableServiceName())
	}
	return c.finding(NoServiceName, severe(sts.SeverityError, other != ""), c.set(), msgNoServiceName(), hint)
}

func checkServiceExists(c *checkInput) []sts.Finding {
	if c.service() == "" || c.Service != nil || !c.Knows("services") {
		return nil
	}
	used := c.whereUsed(c.service())
	if c.options.Offline {
		message := msgServiceNotInManifest(c.service())
		if len(c.ServiceElsewhere) > 0 {
			message = msgServiceInOtherNamespace(c.service(), c.ServiceElsewhere, c.Set.Name, c.Set.Namespace)
		}
		return c.finding(ServiceMissing, severe(sts.SeverityWarning, used != ""), c.svc(), message+used, nil)
	}
	var hints []sts.Hint
	if len(c.Headless) > 0 {
		hints = append(hints, hintOtherHeadless(c.Headless[0].Name, c.service()))
	}
	matters := used != "" || c.members()
	if matters {
		hints = append(hints, hintCreateService(c.service(), c.Set.Spec.Template.Labels))
	}
	return c.finding(ServiceMissing, severe(sts.SeverityError, matters), c.svc(), msgServiceMissing(c.service())+used, sts.JoinHints(hints, ": "))
}

// checkServiceKind: by the specification of Kubernetes DNS, only headless Services give pods names.
// With CoreDNS other Services do, too (findServices in its kubernetes plugin).
func checkServiceKind(c *checkInput) []sts.Finding {
	switch {
	case c.Service == nil:
		return nil
	case c.Service.Spec.Type == corev1.ServiceTypeExternalName:
		return c.finding(ServiceExternal, sts.SeverityError, c.svc(),
			msgServiceExternal(c.service(), c.Service.Spec.ExternalName), hintServiceExternal())
	case c.Service.Spec.ClusterIP == corev1.ClusterIPNone:
		return nil
	}
	message, hint := NotHeadless(c.service()), sts.Hint(nil)
	if used := c.whereUsed(c.service()); used != "" && c.options.Domain.Source != DomainCorefile && c.endpointsManager() == "" {
		message += used
		hint = hintServiceNotHeadless()
		if !c.options.Offline {
			hint = sts.Hintf("%s; %s", hint, hintImmutableServiceName())
		}
	}
	return c.finding(ServiceNotHeadless, sts.SeverityInfo, c.svc(), message, hint)
}

func checkSelector(c *checkInput) []sts.Finding {
	if !c.serves() {
		return nil
	}
	if len(c.Service.Spec.Selector) == 0 {
		return c.checkNoSelector()
	}
	off := c.ordinals(func(r sts.Replica, _ *DNSReplica) bool { return r.Desired && !selects(c.Service, r.Pod.Labels) })
	lacking, later := LabelsLacking(c.Snapshot)
	switch {
	case later:
		return c.finding(SelectorMismatch, sts.SeverityInfo, c.svc(), LabelsLater(c.service(), lacking), nil)
	case len(lacking) > 0:
		return c.finding(SelectorMismatch, sts.SeverityError, c.svc(),
			msgSelectorMismatch(c.service(), lacking), c.selectorHint())
	case len(off) == 0:
		return nil
	}
	return c.finding(SelectorMismatch, sts.SeverityError, c.svc(),
		msgPodsNotSelected(c.service(), c.Service.Spec.Selector, off), hintRestart(c.kubectl("sts restart", c.Set.Name, "--ordinal", ordinalsArg(off))))
}

// checkNoSelector: a Service without a selector has the endpoints that another client writes, such
// as Patroni for the leader of its cluster. With a selector its traffic would go to all pods.
func (c *checkInput) checkNoSelector() []sts.Finding {
	if manager := c.endpointsManager(); manager != "" {
		if u, used := c.texts.first(c.Snapshot, c.service()); used && c.unpublished() {
			return c.finding(SelectorMissing, sts.SeverityWarning, c.svc(), msgNoSelectorUnresolved(c.service(), manager, u.Name, u.Object), nil)
		}
		return c.finding(SelectorMissing, sts.SeverityInfo, c.svc(), msgNoSelectorManaged(c.service(), manager), nil)
	}
	hint := c.selectorHint()
	if !c.wanted() || !c.options.Offline && (!c.Knows("endpointslices") || !c.Knows("endpoints")) {
		hint = nil // a selector may do harm: an unknown client may write the endpoints, maybe later
	}
	return c.finding(SelectorMissing, severe(sts.SeverityWarning, c.wanted() && c.unpublished()), c.svc(),
		msgNoSelector(c.service()), hint)
}

// selectorHint is how to make the Service select the set's pods.
func (c *checkInput) selectorHint() sts.Hint {
	if c.Set.Spec.Selector == nil || len(c.Set.Spec.Selector.MatchLabels) == 0 {
		return hintSelector()
	}
	selector := c.Set.Spec.Selector.MatchLabels
	if c.options.Offline {
		return hintSelectorInManifest(selector)
	}
	return hintSetSelector(c.kubectl("set selector", "service", c.service(), labels.Set(selector).String()))
}

// unpublished: some pod should have its name but does not.
func (c *checkInput) unpublished() bool {
	return len(c.ordinals(func(_ sts.Replica, s *DNSReplica) bool { return s.Expected && s.Published != nil && !*s.Published })) > 0
}

// mirrorController copies Endpoints to EndpointSlices, for Services without a selector.
const mirrorController = "endpointslicemirroring-controller.k8s.io"

// endpointsManager is the client other than Kubernetes that writes the endpoints of the governing
// Service, empty if none is known. Endpoints that Kubernetes wrote remain when the selector of
// the Service is removed.
func (c *checkInput) endpointsManager() string {
	if c.Service == nil || len(c.Service.Spec.Selector) > 0 {
		return ""
	}
	if e := c.Endpoints; e != nil {
		if managers := foreignManagers(e); len(managers) > 0 {
			return msgFieldManagers(managers, e.Name)
		}
		if c.options.Offline || len(e.ManagedFields) == 0 {
			return msgClientOfEndpoints(e.Name)
		}
	}
	for _, slice := range c.Slices {
		switch by := slice.Labels[discoveryv1.LabelManagedBy]; {
		case by == sliceController || by == mirrorController && c.Endpoints != nil:
		case by == mirrorController:
			return msgClientOfEndpoints(c.service())
		case by != "":
			return msgSliceManager(by, slice.Name)
		default:
			return msgClientOfSlice(slice.Name)
		}
	}
	return patroni(&c.Set.Spec.Template.Spec)
}

// foreignManagers are the field managers other than Kubernetes' own controllers.
func foreignManagers(o metav1.Object) []string {
	var out []string
	for _, m := range o.GetManagedFields() {
		if m.Manager != "kube-controller-manager" && !slices.Contains(out, m.Manager) {
			out = append(out, m.Manager)
		}
	}
	return out
}

// patroni names Patroni if the pods run it: it writes the endpoints once there is a leader.
func patroni(pod *corev1.PodSpec) string {
	for i := range pod.Containers {
		for _, e := range pod.Containers[i].Env {
			if strings.HasPrefix(e.Name, "PATRONI_") {
				return msgPatroniVariable(e.Name)
			}
		}
		if name := imageName(pod.Containers[i].Image); strings.Contains(name, "patroni") || strings.Contains(name, "spilo") {
			return msgPatroniImage(name)
		}
	}
	return ""
}

// checkOtherServices: only the governing Service gives pods names, even if others select them.
func checkOtherServices(c *checkInput) []sts.Finding {
	if c.service() == "" {
		return nil
	}
	var out []sts.Finding
	for _, service := range c.Headless {
		severity, hint := sts.SeverityInfo, sts.Hint(nil)
		if u, used := c.texts.first(c.Snapshot, service.Name); used {
			severity, hint = sts.SeverityWarning, hintUseName(strings.TrimSuffix(u.Name, service.Name)+c.service())
		}
		out = append(out, c.finding(ServiceNotGoverning, severity, "service/"+service.Name, msgNotGoverning(service.Name, c.service())+c.whereUsed(service.Name), hint)...)
	}
	return out
}

// checkPorts: only named ports have SRV records, which have the port on which the pods listen.
func checkPorts(c *checkInput) []sts.Finding {
	if !c.serves() {
		return nil
	}
	var out []sts.Finding
	add := func(code sts.FindingCode, severity sts.Severity, message string) {
		out = append(out, c.finding(code, severity, c.svc(), message, nil)...)
	}
	headless := c.Service.Spec.ClusterIP == corev1.ClusterIPNone
	if len(c.Service.Spec.Ports) == 0 {
		add(NoPorts, sts.SeverityInfo, msgNoPorts(c.service()))
	}
	for i := range c.Service.Spec.Ports {
		p := &c.Service.Spec.Ports[i]
		if p.Name == "" {
			add(PortUnnamed, sts.SeverityInfo, msgPortUnnamed(c.service(), p.Port))
		}
		port, found := TargetPort(p, &c.Set.Spec.Template.Spec)
		switch {
		case !found:
			add(PortUnknown, severe(sts.SeverityWarning, c.texts.srvUsed(c.Snapshot, c.service(), p.Name, p.Protocol)),
				msgPortUnknown(c.service(), cmp.Or(p.Name, fmt.Sprint(p.Port)), p.TargetPort.StrVal))
		case headless && port != p.Port:
			add(PortNotTranslated, sts.SeverityInfo, msgPortNotTranslated(c.service(), p.Port, port))
		}
	}
	return out
}
