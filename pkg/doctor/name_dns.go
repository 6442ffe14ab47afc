package doctor

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// dnsCheck is a check of `dns`, by its code.
type dnsCheck struct {
	Check
	// field is the field of the object that is to blame.
	field string
	// keep adapts a finding, and says whether it is one for doctor.
	keep func(l *Look, f *DoctorFinding) bool
}

// The checks of `dns` that doctor lacks: InvalidSelector and UnknownField are those of the manifests
// themselves; a port without a name, or with another number, is no fault.
func dnsChecks() []*Check {
	var out []*Check
	for _, d := range []dnsCheck{
		{
			Check: Check{
				Code: names.NoServiceName, Severity: sts.SeverityInfo, Looks: Everywhere,
				Title: "The pods have no DNS names: spec.serviceName is not set",
				Explain: "Only the Service that spec.serviceName names gives the pods DNS names. Many StatefulSets do not need them, so this is for information. " +
					"Nothing is reported for a single replica, unless a headless Service selects it. If such names are used, NamesNotServed reports it.",
				Remedy: "If clients or members need a certain pod, set spec.serviceName to a headless Service.",
			},
			field: "spec.serviceName",
			keep: func(l *Look, _ *DoctorFinding) bool {
				return (l.several() || len(l.Headless) > 0) && !l.reports("NamesNotServed")
			},
		},
		{
			Check: Check{
				Code: names.ServiceMissing, Severity: sts.SeverityInfo, Looks: Everywhere, Needs: []string{"services"},
				Title: "The Service that spec.serviceName names does not exist",
				Explain: "Without it the pods have no DNS names. Many StatefulSets do not need them: the Service is often never created. " +
					"Nothing is reported for a single replica. If such names are used, NamesNotServed reports it.",
				Remedy: "If clients or members need a certain pod, create the headless Service.",
			},
			field: "spec.serviceName",
			keep: func(l *Look, f *DoctorFinding) bool {
				f.Object = ""
				f.Message, _, _ = strings.Cut(f.Message, "; ") // a use that does not count
				f.Patch = l.servicePatch()
				// InvalidName or Refused reports a name that no Service can have.
				return l.several() && !l.reports("NamesNotServed") && len(validation.IsDNS1123Label(l.Set.Spec.ServiceName)) == 0
			},
		},
		{
			Check: Check{
				Code: names.ServiceExternal, Severity: sts.SeverityInfo, Looks: Everywhere,
				Title: "The Service that spec.serviceName names is of type ExternalName",
				Explain: "Such a Service refers to something outside of the cluster: the pods have no DNS names. " +
					"If such names are used, NamesNotServed reports it.",
				Remedy: "Make it a headless Service, or name another one.",
			},
			field: "spec.type",
			keep:  func(l *Look, _ *DoctorFinding) bool { return !l.reports("NamesNotServed") },
		},
		{
			Check: Check{
				Code: names.ServiceNotHeadless, Severity: sts.SeverityInfo, Looks: Everywhere,
				Title: "The Service that spec.serviceName names has a cluster IP",
				Explain: "According to the Kubernetes DNS specification only headless Services give pods DNS names; with CoreDNS others do as well. " +
					"Nothing is reported for a single replica, or for a Service without a selector, whose endpoints another client writes.",
				Remedy: "If clients or members need a certain pod, create a headless Service with another name, and set spec.serviceName to it.",
			},
			field: "spec.clusterIP",
			keep: func(l *Look, _ *DoctorFinding) bool {
				return l.several() && len(l.Service.Spec.Selector) > 0 && !l.unserved()
			},
		},
		{
			Check: Check{
				Code: names.SelectorMissing, Severity: sts.SeverityWarning, Looks: Everywhere,
				Title: "The Service that spec.serviceName names has no selector",
				Explain: "Kubernetes creates no EndpointSlices for it, so the pods have DNS names only if another client does. " +
					"Patroni writes the endpoints of such a Service: a selector would send its traffic to replicas. " +
					"Warning in a cluster if the Service is headless or the names are used, and they are not published; info in manifests. " +
					"Not reported if another client is known to write the endpoints.",
				Remedy: "Unless another client writes the endpoints, set a selector.",
			},
			field: "spec",
			keep:  func(_ *Look, f *DoctorFinding) bool { return f.Severity == sts.SeverityWarning || len(f.Hint) > 0 }, // no hint: nothing is wrong
		},
		{
			Check: Check{
				Code: names.SelectorMismatch, Severity: sts.SeverityWarning, Looks: Everywhere,
				Title: "The Service that spec.serviceName names does not select the pods",
				Explain: "The pod template, or some pods of an earlier template, lack labels that the Service selects, so they have no DNS names and are no endpoints. " +
					"Info for a label by which a program shows its state, such as role or vault-active; nothing if the pods have a ServiceAccount, with which they can set it. " +
					"Not reported for labels that the controller sets, such as statefulset.kubernetes.io/pod-name, and if one of the pods has the labels. " +
					"If the names are used, NamesNotServed reports it. The base of a kustomization may get these labels when it is built.",
				Remedy: "Correct the selector of the Service, or the labels of the pod template.",
			},
			field: "spec.selector",
			keep: func(l *Look, f *DoctorFinding) bool {
				if f.Severity == sts.SeverityInfo || l.reports("NamesNotServed") || !l.labeled() {
					return false // NamesNotServed reports it, or Refused
				}
				f.Severity = sts.SeverityWarning
				lacking, _ := names.LabelsLacking(l.Snapshot)
				if len(lacking) == 0 {
					return true // only some pods do not match
				}
				if l.podsUnknown() {
					return false
				}
				switch l.mismatch() {
				case sameLabels:
					f.Severity, f.Message, f.Hint = sts.SeverityInfo, names.LabelsLater(l.Service.Name, lacking), nil
					return true
				case lackingLabels:
					f.Message = names.LabelsLater(l.Service.Name, lacking)
				}
				for key := range lacking {
					if sts.LabeledLater(key) {
						f.Hint = hintCorrectSelector() // the whole selector must not be replaced
					}
				}
				f.Patch = l.selectorPatch(false)
				return true
			},
		},
		{
			Check: Check{
				Code: names.InvalidName, Severity: sts.SeverityError, Looks: Everywhere,
				Title: "A name is too long or invalid: pods cannot be created",
				Explain: "The API server accepts a StatefulSet whose name has more than 52 characters, but no pod can be created: the name of its revision is a label of at most 63. " +
					"The name of a pod and spec.serviceName must be DNS labels, and the whole DNS name has at most 253 characters.",
				Remedy: "Shorten or correct the name.",
			},
			field: "metadata.name",
			keep: func(l *Look, f *DoctorFinding) bool {
				valid := len(validation.IsDNS1123Label(l.Set.Name)) == 0 && !l.refused("spec.serviceName")
				if valid && len(l.Set.Name) <= sts.LongestSetName {
					f.Field = "spec.serviceName"
				}
				return valid || !l.Offline // otherwise Refused reports it
			},
		},
		{
			Check: Check{
				Code: names.HostnameTooLong, Severity: sts.SeverityError, Looks: Everywhere,
				Title: "With setHostnameAsFQDN the hostname is too long: pods do not start",
				Explain: "Linux allows hostnames of 64 characters; with setHostnameAsFQDN the hostname is the whole DNS name. " +
					"Warning in manifests: the name depends on the namespace and on the domain of the cluster.",
				Remedy: "Remove setHostnameAsFQDN, or shorten the names.",
			},
			field: "spec.template.spec.setHostnameAsFQDN",
			keep: func(l *Look, f *DoctorFinding) bool {
				if l.Offline {
					f.Severity = sts.SeverityWarning
				}
				return true
			},
		},
		{
			Check: Check{
				Code: names.BootstrapDeadlock, Severity: sts.SeverityWarning, Looks: Everywhere,
				Title: "Pods have no DNS names until they are ready",
				Explain: "Without publishNotReadyAddresses a pod has no DNS name until it is ready. If it needs its own name, or those of other pods, to become ready, " +
					"it never will. Info for images that are known to need it; warning if no pod of a cluster becomes ready.",
				Remedy: "Set publishNotReadyAddresses: true in the headless Service.",
			},
			field: "spec",
			keep: func(l *Look, f *DoctorFinding) bool {
				f.Patch = patchAt("spec.publishNotReadyAddresses", true)
				return !l.unserved()
			},
		},
		{
			Check: Check{
				Code: names.HostDNS, Severity: sts.SeverityWarning, Looks: Everywhere,
				Title: "The pods use the DNS servers of their node",
				Explain: "With hostNetwork and without dnsPolicy ClusterFirstWithHostNet, names of the cluster do not resolve in the pods. " +
					"Reported if their DNS names are used, or there are several pods and a headless Service.",
				Remedy: "Set dnsPolicy: ClusterFirstWithHostNet in the pod template.",
			},
			field: "spec.template.spec.hostNetwork",
			keep: func(_ *Look, f *DoctorFinding) bool {
				f.Patch = patchAt("spec.template.spec.dnsPolicy", corev1.DNSClusterFirstWithHostNet)
				return f.Severity == sts.SeverityWarning
			},
		},
		{
			Check: Check{
				Code: names.PortUnknown, Severity: sts.SeverityWarning, Looks: Everywhere,
				Title: "SRV records are used for a port that no container has",
				Explain: "The targetPort of the Service is a name that no container defines, so there are no SRV records for the port, and these are used. " +
					"A port of a feature that is off is not reported.",
				Remedy: "Name the port of the container, or correct targetPort.",
			},
			field: "spec.ports",
			keep:  func(_ *Look, f *DoctorFinding) bool { return f.Severity == sts.SeverityWarning },
		},
		{
			Check: Check{
				Code: names.ServiceNotGoverning, Severity: sts.SeverityWarning, Looks: Everywhere,
				Title: "DNS names below another headless Service are used",
				Explain: "Only the Service that spec.serviceName names gives the pods DNS names, even if other headless Services select them (kubernetes#124207). " +
					"Reported if names below such a Service are used.",
				Remedy: "Use the names below the governing Service.",
			},
			field: "spec",
			keep: func(l *Look, f *DoctorFinding) bool {
				_, name, _ := strings.Cut(f.Object, "/")
				for _, service := range l.Headless {
					if service.Name == name {
						f.Subject = service
					}
				}
				return f.Severity == sts.SeverityWarning
			},
		},
		{
			Check: Check{
				Code: names.WrongHostname, Severity: sts.SeverityError, Looks: Cluster,
				Title: "Pods have another hostname or subdomain than they should",
				Explain: "hostname and subdomain are set when a pod is created. Pods that were adopted from an earlier StatefulSet with another serviceName have no DNS names " +
					"below the present one. Error if these names are certainly used, otherwise warning.",
				Remedy: "Restart the pods.",
			},
			field: "spec.serviceName",
			keep: func(l *Look, f *DoctorFinding) bool {
				if uses := l.needs(l.Set.Spec.ServiceName); len(uses) == 0 || l.proven(uses[0]) != sts.SeverityError {
					f.Severity = sts.SeverityWarning
				}
				return true
			},
		},
		{
			Check: Check{
				Code: names.EndpointMissing, Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"services", "endpointslices"},
				Title:   "Pods are missing from the EndpointSlices of their Service",
				Explain: "A pod that should have been published for ten seconds is in no EndpointSlice: kube-controller-manager does not run, or is far behind.",
				Remedy:  "Check kube-controller-manager.",
			},
		},
		{
			Check: Check{
				Code: names.EndpointWithoutHostname, Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"services", "endpointslices"},
				Title: "EndpointSlices have pods without their hostname",
				Explain: "DNS servers derive the name of such a pod from its address, so its own name does not resolve. Error if the names are used or the Service is headless, " +
					"otherwise info.",
				Remedy: "Find out which client writes the EndpointSlices.",
			},
		},
		{
			Check: Check{
				Code: names.StaleAddress, Severity: sts.SeverityWarning, Looks: Cluster, Needs: []string{"services", "endpointslices"},
				Title:   "An EndpointSlice has an address that its pod does not have",
				Explain: "DNS returns the address of an earlier pod. An EndpointSlice that Kubernetes manages is corrected within seconds.",
				Remedy:  "Find out which client writes the EndpointSlices.",
			},
		},
		{
			Check: Check{
				Code: names.ForeignEndpoints, Severity: sts.SeverityInfo, Looks: Cluster, Needs: []string{"services", "endpointslices"},
				Title:   "Another client adds endpoints to the Service",
				Explain: "The Service has a selector, and there are also EndpointSlices that Kubernetes did not create: DNS returns their endpoints as well.",
				Remedy:  "Delete the EndpointSlice if no client needs it any more.",
			},
		},
		{
			Check: Check{
				Code: names.IPFamilyMissing, Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"services"},
				Title:   "Pods have no address of the Service's IP family",
				Explain: "Only addresses of the Service's IP families are in DNS. Error if the Service has only the family that pods lack, warning if it has both.",
				Remedy:  "Set spec.ipFamilies of the Service to the families that the pods have.",
			},
			field: "spec.ipFamilies",
			keep:  func(_ *Look, f *DoctorFinding) bool { return f.Severity != sts.SeverityInfo },
		},
	} {
		out = append(out, d.check())
	}
	return out
}

func (d dnsCheck) check() *Check {
	c := d.Check
	c.After = []sts.FindingCode{"NamesNotServed"}
	c.Run = func(l *Look) []DoctorFinding {
		var out []DoctorFinding
		for _, found := range l.nameFindings() {
			if found.Code != c.Code {
				continue
			}
			f := DoctorFinding{Finding: found, Namespace: l.Set.Namespace, Field: d.field}
			switch {
			case strings.HasPrefix(f.Object, "statefulset/"):
				f.Object = ""
			case l.Service != nil && f.Object == "service/"+l.Service.Name:
				f.Subject = l.Service
			}
			if !c.Severity.AtLeast(f.Severity) {
				f.Severity = c.Severity
			}
			if d.keep == nil || d.keep(l, &f) {
				out = append(out, f)
			}
		}
		return out
	}
	return &c
}

// several: there may be more than one pod.
func (l *Look) several() bool { return l.replicas() >= 2 }

// readyWithQuorum are systems whose members often become ready only when a majority has started.
var readyWithQuorum = []string{"CockroachDB", "Consul", "Elasticsearch", "etcd", "NATS", "OpenSearch", "RabbitMQ"}

// firstPodPatience is how long the first pod may take to become ready before it looks stuck.
const firstPodPatience = 5 * time.Minute

func orderedReady(l *Look) []DoctorFinding {
	if sts.IsParallel(l.Set) || sts.DesiredReplicas(l.Set) < 2 {
		return nil
	}
	image := ""
	for _, c := range l.Set.Spec.Template.Spec.Containers {
		s := systemIn(&c)
		if p := c.ReadinessProbe; p != nil && p.TCPSocket == nil && s != nil && slices.Contains(readyWithQuorum, s.name) && s.votes(&c) {
			image = imageName(c.Image)
		}
	}
	if image == "" {
		return nil
	}
	if !l.Offline && l.firstPodWaits() {
		found := l.found("", "spec.podManagementPolicy", msgFirstPodWaits(l.Name(sts.Start(l.Set)), image), hintParallel(l.Set.Namespace, l.Set.Name))
		found[0].Ordinals = []sts.Ordinal{sts.Start(l.Set)}
		return found
	}
	return l.found(sts.SeverityInfo, "spec.podManagementPolicy", msgOrderedReady(image), hintParallel(l.Set.Namespace, l.Set.Name))
}

// firstPodWaits: the first pod runs and is not ready, and it is the only one.
func (l *Look) firstPodWaits() bool {
	if !l.Knows("pods") || sts.StrategyOf(l.Set).ReplacesAllAtOnce() || len(l.Pods) != 1 {
		return false
	}
	r := l.Replicas()[0]
	return r.Pod != nil && r.Desired && !r.Ready && !r.Terminating && r.Pod.Status.Phase == corev1.PodRunning &&
		r.Pod.Status.StartTime != nil && l.TakenAt.Sub(r.Pod.Status.StartTime.Time) >= firstPodPatience &&
		l.Set.Spec.PodManagementPolicy != appsv1.ParallelPodManagement
}
