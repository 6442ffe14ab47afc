package doctor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// nameChecks are about the DNS names of pods. Those that `dns` has too have its codes; their severities are
// lower here where the pods run well without names.
func nameChecks() []*Check {
	return append(dnsChecks(),
		&Check{
			Code: "NamesNotServed", Severity: sts.SeverityError, Looks: Everywhere, Needs: []string{"services"},
			Title: "DNS names of the pods are used but cannot resolve",
			Explain: "A pod has a DNS name only below the Service that spec.serviceName names, and that Service must exist and select the pod. " +
				"The check looks for names like web-0.web in the pod template and the ConfigMaps that it refers to, and in manifests in the other workloads. " +
				"Error if it is certainly the name of a host: in the environment, arguments or command of a container, or in such a ConfigMap, and with a port, " +
				"with svc, or in a URL. Otherwise warning, as in manifests that lack the Service, and if the Service selects labels that the pods may get later. " +
				"Not reported in comments and annotations, for files, and for names in another domain.",
			Remedy: "Create the headless Service, or correct its selector.",
			Run:    namesNotServed,
		},
		&Check{
			Code: "MemberOutOfRange", Severity: sts.SeverityWarning, Looks: Everywhere, Needs: []string{"horizontalpodautoscalers"},
			Title: "A DNS name of a pod is used that the StatefulSet does not have",
			Explain: "The pod template or a ConfigMap names a pod, such as web-5.web, outside of the ordinals of the StatefulSet: " +
				"spec.ordinals.start to start + replicas - 1. An autoscaler's maxReplicas counts as well. " +
				"A list with fewer members than there are is not reported, nor is a StatefulSet that is scaled to 0.",
			Remedy: "Correct the list of members, or scale the StatefulSet.",
			Run:    memberOutOfRange,
		},
		&Check{
			Code: "NamespaceInName", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "A DNS name of a pod has a fixed namespace or cluster domain",
			Explain: "A name such as web-0.web.default.svc.cluster.local resolves only if the StatefulSet is in that namespace, and the cluster has that domain. " +
				"Info for manifests, which can be applied to any namespace. Warning for a cluster in which one of them differs, unless the names of members in the " +
				"StatefulSet's own namespace are used as well: then the others belong to another cluster of the same name.",
			Remedy: "Use the short name (web-0.web), or the namespace from the downward API: $(POD_NAMESPACE).",
			Run:    namespaceInName,
		},
		&Check{
			Code: "OrderedReadyNeedsQuorum", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "The first pod may wait for others that do not exist yet",
			Explain: "With podManagementPolicy OrderedReady a pod is created when all lower ones are ready. " +
				"Members of etcd, Consul, NATS, CockroachDB, RabbitMQ, Elasticsearch and OpenSearch often become ready only when a majority has started, " +
				"so after all pods were lost none becomes ready. Info, as it depends on the readiness probe; nothing without one, for a TCP probe, and for one replica. " +
				"Warning if the first pod of a cluster waits now.",
			Remedy: "Use podManagementPolicy Parallel. The field is immutable: delete the StatefulSet with --cascade=orphan and create it again.",
			Run:    orderedReady,
		},
	)
}

// nameTexts are the texts that may contain names of pods: the ConfigMaps that sets refer to, and all objects of
// manifests.
func (in *Input) nameTexts() *names.Texts {
	if in.memo.texts != nil {
		return in.memo.texts
	}
	texts := in.Texts
	if !in.Offline {
		for _, c := range in.ConfigMaps {
			raw, err := json.Marshal(map[string]any{"data": c.Data})
			if err != nil {
				panic(err) // a map of strings
			}
			texts = append(texts, sts.ManifestText{Kind: "ConfigMap", Namespace: c.Namespace, Name: c.Name, JSON: raw})
		}
	}
	in.memo.texts = names.ReadTexts(texts)
	return in.memo.texts
}

// nameUses are the places that use the name of one of the set's pods below this Service.
func (l *Look) nameUses(service string) []names.Use { return l.nameTexts().Uses(l.Snapshot, service) }

// nameFindings are those of `dns`.
func (l *Look) nameFindings() []sts.Finding {
	if names.CheckOrdinals(l.Set) != nil {
		return nil // the API server rejects it, or there are too many to list
	}
	m := &l.memo
	found, known := m.dns[l.Snapshot]
	if !known {
		found = names.Findings(l.Snapshot, l.nameTexts(), names.Options{Domain: l.Domain, Offline: l.Offline})
		if m.dns == nil {
			m.dns = map[*sts.Snapshot][]sts.Finding{}
		}
		m.dns[l.Snapshot] = found
	}
	return found
}

// onService is a finding about the governing Service.
func (l *Look) onService(severity sts.Severity, field, message string, hint sts.Hint) []DoctorFinding {
	return []DoctorFinding{on(l.Service, "Service", severity, field, message, hint)}
}

// unserved: the Service exists and gives none of the pods a name, unless they are labeled later.
func (l *Look) unserved() bool {
	if l.Service == nil {
		return false
	}
	return l.Service.Spec.Type == corev1.ServiceTypeExternalName || l.mismatch() != sameLabels && l.labeled()
}

// labeled: the pod template has the labels that the set selects. Otherwise the API server rejects the set,
// and it is the template that lacks labels, not the Service that selects too many.
func (l *Look) labeled() bool {
	selector, err := metav1.LabelSelectorAsSelector(l.Set.Spec.Selector)
	return err == nil && selector.Matches(labels.Set(l.Set.Spec.Template.Labels))
}

func namesNotServed(l *Look) []DoctorFinding {
	service := l.Set.Spec.ServiceName
	if service == "" {
		for _, other := range l.Headless {
			if uses := l.needs(other.Name); len(uses) > 0 {
				return l.found(l.proven(uses[0]), "spec.serviceName", msgNameWithoutService(uses[0], other.Name), hintNameWithoutService(other.Name, l.Offline))
			}
		}
		return nil
	}
	uses := l.needs(service)
	if len(uses) == 0 {
		return nil
	}
	severity := l.proven(uses[0])
	switch {
	case l.Service == nil && !l.Offline:
		found := l.found(severity, "spec.serviceName", msgNameServiceMissing(uses[0], service), hintCreateService(service))
		found[0].Patch = l.servicePatch()
		return found
	case l.Service == nil && len(l.ServiceElsewhere) > 0:
		return l.found(sts.SeverityWarning, "spec.serviceName", msgNameServiceElsewhere(uses[0], service, l.ServiceElsewhere, l.Set.Namespace), hintSameNamespace())
	case l.Service == nil:
		found := l.found(sts.SeverityWarning, "spec.serviceName", msgNameServiceNotInManifests(uses[0], service), hintCreateService(service))
		found[0].Patch = l.servicePatch()
		return found
	case !l.unserved():
		return nil
	case l.Service.Spec.Type == corev1.ServiceTypeExternalName:
		found := l.onService(severity, "spec.type", msgNameServiceExternal(uses[0], service), hintMakeHeadless())
		found[0].Patch = l.selectorPatch(true)
		return found
	}
	lacking, _ := names.LabelsLacking(l.Snapshot)
	message := msgNameNotSelected(uses[0], service, lacking)
	if l.mismatch() == lackingLabels {
		severity, message = sts.SeverityWarning, msgNameSelectedLater(uses[0], service, lacking)
	}
	found := l.onService(severity, "spec.selector", message, hintCorrectSelector())
	found[0].Patch = l.selectorPatch(false)
	return found
}

// ownLabels select the set's pods.
func (l *Look) ownLabels() map[string]string {
	if s := l.Set.Spec.Selector; s != nil && len(s.MatchLabels) > 0 {
		return s.MatchLabels
	}
	return l.Set.Spec.Template.Labels
}

// servicePatch is the headless Service that the set names.
func (l *Look) servicePatch() string {
	var ports []corev1.ServicePort
	for _, c := range l.Set.Spec.Template.Spec.Containers {
		for _, p := range c.Ports {
			port := corev1.ServicePort{Name: cmp.Or(p.Name, fmt.Sprintf("port-%d", p.ContainerPort)), Port: p.ContainerPort}
			if p.Protocol != corev1.ProtocolTCP {
				port.Protocol = p.Protocol
			}
			if !slices.ContainsFunc(ports, func(other corev1.ServicePort) bool {
				return other.Name == port.Name || other.Port == port.Port && other.Protocol == port.Protocol
			}) {
				ports = append(ports, port)
			}
		}
	}
	var list []map[string]any
	for _, p := range ports {
		item := map[string]any{"name": p.Name, "port": p.Port}
		if p.Protocol != "" {
			item["protocol"] = p.Protocol
		}
		list = append(list, item)
	}
	spec := map[string]any{"clusterIP": corev1.ClusterIPNone, "selector": l.ownLabels()}
	if len(list) > 0 {
		spec["ports"] = list
	}
	metadata := map[string]any{"name": l.Set.Spec.ServiceName}
	if !l.Offline || l.writtenNamespace() {
		metadata["namespace"] = l.Set.Namespace
	}
	return yamlOf(map[string]any{"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
}

// selectorPatch makes the Service select the pods. Labels that pods get later remain: without them the traffic
// for a leader would go to all pods.
func (l *Look) selectorPatch(headless bool) string {
	selector := map[string]any{}
	for key, value := range l.ownLabels() {
		selector[key] = value
	}
	for key, value := range l.Service.Spec.Selector {
		if _, own := selector[key]; !own && !sts.LabeledLater(key) && l.Set.Spec.Template.Labels[key] != value {
			selector[key] = nil // a merge removes it
		}
	}
	spec := map[string]any{"selector": selector}
	if headless {
		spec["type"], spec["clusterIP"], spec["externalName"] = corev1.ServiceTypeClusterIP, corev1.ClusterIPNone, nil
	}
	return patchAt("spec", spec)
}

func memberOutOfRange(l *Look) []DoctorFinding {
	replicas := l.replicas()
	if replicas <= 0 || sts.DesiredReplicas(l.Set) == 0 {
		return nil
	}
	var ordinals []sts.Ordinal
	var first names.Use
	for _, u := range l.nameUses(l.Set.Spec.ServiceName) {
		if namespace, _ := u.Place(); namespace != "" && namespace != l.Set.Namespace {
			continue
		}
		for _, o := range ordinalsIn(l.Set.Name, u) {
			if sts.Within(l.Set, o, replicas) || slices.Contains(ordinals, o) {
				continue
			}
			if len(ordinals) == 0 {
				first = u
			}
			ordinals = append(ordinals, o)
		}
	}
	if len(ordinals) == 0 {
		return nil
	}
	slices.Sort(ordinals)
	var has []sts.Ordinal
	for i := range replicas {
		has = append(has, sts.Start(l.Set)+sts.Ordinal(i))
	}
	field := "spec.replicas"
	if ordinals[0] < sts.Start(l.Set) {
		field = "spec.ordinals.start"
	}
	found := l.found("", field, msgMemberOutOfRange(first, ordinals, has), hintMemberOutOfRange())
	found[0].Ordinals = ordinals
	return found
}

func namespaceInName(l *Look) []DoctorFinding {
	var fixed, own, elsewhere []names.Use
	written := !l.Offline || l.writtenNamespace()
	for _, u := range l.nameUses(l.Set.Spec.ServiceName) {
		namespace, domain := u.Place()
		switch {
		case !u.Own:
		case namespace == "":
			if u.Computed == "" {
				own = append(own, u) // a short name
			}
		case namespace != l.Set.Namespace || domain != "" && !l.servesDomain(domain):
			elsewhere = append(elsewhere, u)
		case !written:
			fixed = append(fixed, u)
		default:
			own = append(own, u)
		}
	}
	field := "spec.template"
	switch {
	case len(elsewhere) > 0 && len(own)+len(fixed) == 0:
		severity := sts.SeverityInfo
		if !l.Offline {
			severity = ""
		}
		namespace, domain := elsewhere[0].Place()
		if namespace == l.Set.Namespace {
			return l.found(severity, field, msgDomainInName(elsewhere[0], domain, l.Domain.Name, l.Offline), hintShortName())
		}
		return l.found(severity, field, msgNamespaceInName(elsewhere[0], namespace, l.Set.Name, l.Set.Namespace, written), hintShortName())
	case len(fixed) > 0:
		namespace, _ := fixed[0].Place()
		return l.found(sts.SeverityInfo, field, msgNamespaceInName(fixed[0], namespace, l.Set.Name, "", written), hintShortName())
	}
	return nil
}

// servesDomain: the cluster has names in the domain, or it is not known whether it has.
func (l *Look) servesDomain(domain string) bool {
	return l.Domain.Source == names.DomainAssumed || domain == l.Domain.Name || slices.Contains(l.Domain.Others, domain)
}

// writtenNamespace: the manifest of the set says in which namespace it is.
func (l *Look) writtenNamespace() bool {
	var o metav1.PartialObjectMetadata
	d := l.document(l.Set)
	return d != nil && json.Unmarshal(d.JSON, &o) == nil && o.Namespace != ""
}
