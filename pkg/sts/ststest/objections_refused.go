package ststest

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func refusedOfSet() []Variant {
	type set = appsv1.StatefulSet
	type spec = appsv1.StatefulSetSpec
	rolling := func(r appsv1.RollingUpdateStatefulSetStrategy) func(*spec) {
		return func(s *spec) { s.UpdateStrategy.RollingUpdate = &r }
	}
	return append(variants("", self, []variant[set]{
		{"name in capitals", "metadata.name", func(s *set) { s.Name = "Web" }},
		{"name with a dot", "metadata.name", func(s *set) { s.Name = "web.x" }},
		{"name too long", "metadata.name", func(s *set) { s.Name = long }},
		{"no name", "metadata.name", func(s *set) { s.Name = "" }},
		{"label value", "metadata.labels", func(s *set) { s.Labels = map[string]string{"a": "b c"} }},
		{"label key", "metadata.labels", func(s *set) { s.Labels = map[string]string{"a/b/c": "d"} }},
		{"annotation key", "metadata.annotations", func(s *set) { s.Annotations = map[string]string{"a b": "c"} }},
	}...), variants("spec.", theSpec, []variant[spec]{
		{"replicas negative", "replicas", func(s *spec) { s.Replicas = new(int32(-1)) }},
		{"minReadySeconds negative", "minReadySeconds", func(s *spec) { s.MinReadySeconds = -1 }},
		{"ordinals.start negative", "ordinals.start", func(s *spec) { s.Ordinals = &appsv1.StatefulSetOrdinals{Start: -1} }},
		{"serviceName with a dot", "serviceName", func(s *spec) { s.ServiceName = "web.default" }},
		{"serviceName in capitals", "serviceName", func(s *spec) { s.ServiceName = "Web" }},
		{"podManagementPolicy", "podManagementPolicy", func(s *spec) { s.PodManagementPolicy = "parallel" }},
		{"updateStrategy", "updateStrategy.type", func(s *spec) { s.UpdateStrategy.Type = "Rolling" }},
		{"OnDelete with rollingUpdate", "updateStrategy.rollingUpdate", func(s *spec) {
			s.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType, RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{}}
		}},
		{"partition negative", "updateStrategy.rollingUpdate.partition", rolling(appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(-1))})},
		{"maxUnavailable 0", "updateStrategy.rollingUpdate.maxUnavailable", rolling(appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: new(intstr.FromInt32(0))})},
		{"maxUnavailable 0%", "updateStrategy.rollingUpdate.maxUnavailable", rolling(appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: new(intstr.FromString("0%"))})},
		{"maxUnavailable 110%", "updateStrategy.rollingUpdate.maxUnavailable", rolling(appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: new(intstr.FromString("110%"))})},
		{"maxUnavailable no percentage", "updateStrategy.rollingUpdate.maxUnavailable", rolling(appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: new(intstr.FromString("half"))})},
		{"maxUnavailable negative", "updateStrategy.rollingUpdate.maxUnavailable", rolling(appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: new(intstr.FromInt32(-1))})},
		{"retention policy when scaled", "persistentVolumeClaimRetentionPolicy.whenScaled", func(s *spec) {
			s.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{WhenScaled: "Recycle"}
		}},
		{"retention policy when deleted", "persistentVolumeClaimRetentionPolicy.whenDeleted", func(s *spec) {
			s.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{WhenDeleted: "delete"}
		}},
		{"no selector", "selector", func(s *spec) { s.Selector = nil }},
		{"empty selector", "selector", func(s *spec) { s.Selector = &metav1.LabelSelector{} }},
		{"selector does not match", "template.metadata.labels", func(s *spec) { s.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}} }},
		{"no labels", "template.metadata.labels", func(s *spec) { s.Template.Labels = nil }},
		{"selector operator", "selector.matchExpressions[0].operator", func(s *spec) {
			s.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: "is", Values: []string{"web"}}}
		}},
		{"selector without values", "selector.matchExpressions[0].values", func(s *spec) {
			s.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpIn}}
		}},
		{"selector Exists with values", "selector.matchExpressions[0].values", func(s *spec) {
			s.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpExists, Values: []string{"web"}}}
		}},
		{"template label value", "template.metadata.labels", func(s *spec) { s.Template.Labels["version"] = "1 2" }},
		{"template label too long", "template.metadata.labels", func(s *spec) { s.Template.Labels["version"] = long }},
		{"template annotation key", "template.metadata.annotations", func(s *spec) { s.Template.Annotations = map[string]string{"-a": "b"} }},
		{"pod-deletion-cost", "template.metadata.annotations[" + corev1.PodDeletionCost + "]", func(s *spec) { s.Template.Annotations = map[string]string{corev1.PodDeletionCost: "high"} }},
		{"AppArmor annotation of no container", "template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/web]", func(s *spec) {
			s.Template.Annotations = map[string]string{"container.apparmor.security.beta.kubernetes.io/web": "runtime/default"}
		}},
	}...)...)
}

func refusedOfClaims() []Variant {
	type claim = corev1.PersistentVolumeClaim
	modes := func(modes ...corev1.PersistentVolumeAccessMode) func(*claim) {
		return func(c *claim) { c.Spec.AccessModes = modes }
	}
	name := func(name string) func(*appsv1.StatefulSet) {
		return func(s *appsv1.StatefulSet) {
			s.Spec.VolumeClaimTemplates[0].Name, s.Spec.Template.Spec.Containers[0].VolumeMounts = name, nil
		}
	}
	const named = "spec.volumeClaimTemplates[0].metadata.name"
	return append(variants("", self, []variant[appsv1.StatefulSet]{
		{"claim without name", named, name("")},
		{"claim name in capitals", named, name("Data")},
		{"claim name with a dot", named, name("web.data")},
	}...), variants("spec.volumeClaimTemplates[0].", theClaim, []variant[claim]{
		{"claim without accessModes", "spec.accessModes", modes()},
		{"claim with an unknown mode", "spec.accessModes[0]", modes("RWO")},
		{"claim ReadWriteOncePod with another", "spec.accessModes", modes(corev1.ReadWriteOncePod, corev1.ReadWriteOnce)},
		{"claim without storage", "spec.resources.requests[storage]", func(c *claim) { c.Spec.Resources.Requests = nil }},
		{"claim with a limit only", "spec.resources.requests[storage]", func(c *claim) {
			c.Spec.Resources = corev1.VolumeResourceRequirements{Limits: resources("storage", "1Gi")}
		}},
		{"claim of no size", "spec.resources.requests[storage]", func(c *claim) { c.Spec.Resources.Requests = resources("storage", "0") }},
		{"claim of negative size", "spec.resources.requests[storage]", func(c *claim) { c.Spec.Resources.Requests = resources("storage", "-1Gi") }},
		{"claim class", "spec.storageClassName", func(c *claim) { c.Spec.StorageClassName = new("Fast SSD") }},
		{"claim volumeMode", "spec.volumeMode", func(c *claim) { c.Spec.VolumeMode = new(corev1.PersistentVolumeMode("block")) }},
		{"claim selector", "spec.selector.matchExpressions[0].operator", func(c *claim) {
			c.Spec.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "="}}}
		}},
		{"claim dataSource without group", "spec.dataSource.kind", func(c *claim) {
			c.Spec.DataSource = &corev1.TypedLocalObjectReference{Kind: "VolumeSnapshot", Name: "a"}
		}},
		{"claim dataSource without name", "spec.dataSource.name", func(c *claim) { c.Spec.DataSource = &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim"} }},
	}...)...)
}

func refusedOfPods() []Variant {
	type pod = corev1.PodSpec
	dns := func(policy corev1.DNSPolicy, config *corev1.PodDNSConfig) func(*pod) {
		return func(p *pod) { p.DNSPolicy, p.DNSConfig = policy, config }
	}
	security := func(sc corev1.PodSecurityContext) func(*pod) { return func(p *pod) { p.SecurityContext = &sc } }
	return variants("spec.template.spec.", thePod, []variant[pod]{
		{"restartPolicy OnFailure", "restartPolicy", func(p *pod) { p.RestartPolicy = corev1.RestartPolicyOnFailure }},
		{"restartPolicy Never", "restartPolicy", func(p *pod) { p.RestartPolicy = corev1.RestartPolicyNever }},
		{"activeDeadlineSeconds", "activeDeadlineSeconds", func(p *pod) { p.ActiveDeadlineSeconds = new(int64(100)) }},
		{"ephemeral containers", "ephemeralContainers", func(p *pod) {
			p.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "web:1"}}}
		}},
		{"no containers", "containers", func(p *pod) { p.Containers = nil }},
		{"serviceAccountName", "serviceAccountName", func(p *pod) { p.ServiceAccountName = "Web" }},
		{"serviceAccount, the old name", "serviceAccount", func(p *pod) { p.DeprecatedServiceAccount = "Web" }},
		{"priorityClassName", "priorityClassName", func(p *pod) { p.PriorityClassName = "High Priority" }},
		{"nodeName", "nodeName", func(p *pod) { p.NodeName = "Node_1" }},
		{"runtimeClassName", "runtimeClassName", func(p *pod) { p.RuntimeClassName = new("gVisor") }},
		{"preemptionPolicy", "preemptionPolicy", func(p *pod) { p.PreemptionPolicy = new(corev1.PreemptionPolicy("Always")) }},
		{"os", "os.name", func(p *pod) { p.OS = &corev1.PodOS{Name: "bsd"} }},
		{"readinessGate", "readinessGates[0].conditionType", func(p *pod) { p.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "a b"}} }},
		{"schedulingGate", "schedulingGates[0].name", func(p *pod) { p.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a b"}} }},
		{"schedulingGate twice", "schedulingGates[1].name", func(p *pod) { p.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a"}, {Name: "a"}} }},
		{"dnsPolicy", "dnsPolicy", dns("clusterFirst", nil)},
		{"dnsPolicy None", "dnsConfig", dns(corev1.DNSNone, nil)},
		{"dnsPolicy None without nameservers", "dnsConfig.nameservers", dns(corev1.DNSNone, &corev1.PodDNSConfig{Searches: []string{"a"}})},
		{"nameserver", "dnsConfig.nameservers[0]", dns("", &corev1.PodDNSConfig{Nameservers: []string{"dns.example.com"}})},
		{"four nameservers", "dnsConfig.nameservers", dns("", &corev1.PodDNSConfig{Nameservers: []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}})},
		{"search", "dnsConfig.searches[0]", dns("", &corev1.PodDNSConfig{Searches: []string{"a b"}})},
		{"33 searches", "dnsConfig.searches", dns("", &corev1.PodDNSConfig{Searches: make33()})},
		{"dns option", "dnsConfig.options[0].name", dns("", &corev1.PodDNSConfig{Options: []corev1.PodDNSConfigOption{{}}})},
		{"hostAlias ip", "hostAliases[0].ip", func(p *pod) { p.HostAliases = []corev1.HostAlias{{IP: "localhost", Hostnames: []string{"a"}}} }},
		{"hostAlias name", "hostAliases[0].hostnames[0]", func(p *pod) { p.HostAliases = []corev1.HostAlias{{IP: "10.0.0.1", Hostnames: []string{"a_b"}}} }},
		{"hostnameOverride", "hostnameOverride", func(p *pod) { p.HostnameOverride = new("A_b") }},
		{"hostnameOverride with hostNetwork", "hostnameOverride", func(p *pod) { p.HostnameOverride, p.HostNetwork = new("a"), true }},
		{"hostPID and shared processes", "shareProcessNamespace", func(p *pod) { p.HostPID, p.ShareProcessNamespace = true, new(true) }},
		{"hostPID without hostUsers", "hostPID", func(p *pod) { p.HostPID, p.HostUsers = true, new(false) }},
		{"hostIPC without hostUsers", "hostIPC", func(p *pod) { p.HostIPC, p.HostUsers = true, new(false) }},
		{"hostPort with hostNetwork", "containers[0].ports[0].hostPort", func(p *pod) { p.HostNetwork, p.Containers[0].Ports[0].HostPort = true, 80 }},
		{"hostPort twice", "containers[1].ports[0].hostPort", func(p *pod) { p.Containers[0].Ports[0].HostPort, p.Containers[1].Ports[0].HostPort = 80, 80 }},
		{"container twice", "containers[1].name", func(p *pod) { p.Containers[1].Name = "app" }},
		{"init container twice", "initContainers[1].name", func(p *pod) { p.InitContainers[1].Name = "init" }},
		{"init container like a container", "initContainers[0].name", func(p *pod) { p.InitContainers[0].Name = "app" }},
		{"init container with a probe", "initContainers[0].readinessProbe", func(p *pod) { p.InitContainers[0].ReadinessProbe = p.Containers[0].ReadinessProbe }},
		{"init container with a hook", "initContainers[0].lifecycle", func(p *pod) { p.InitContainers[0].Lifecycle = p.Containers[0].Lifecycle }},
		{"init container without image", "initContainers[0].image", func(p *pod) { p.InitContainers[0].Image = "" }},
		{"init container restartPolicy", "initContainers[0].restartPolicy", func(p *pod) { p.InitContainers[0].RestartPolicy = new(corev1.ContainerRestartPolicy("Sometimes")) }},
		{"sidecar probe without handler", "initContainers[1].startupProbe", func(p *pod) { p.InitContainers[1].StartupProbe = &corev1.Probe{} }},
		{"preStop sleep over the grace period", "containers[0].lifecycle.preStop.sleep.seconds", func(p *pod) { p.TerminationGracePeriodSeconds = new(int64(4)) }},
		{"resourceClaim without source", "resourceClaims[0]", func(p *pod) { p.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu"}} }},
		{"resourceClaim with two sources", "resourceClaims[0]", func(p *pod) {
			p.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu", ResourceClaimName: new("a"), ResourceClaimTemplateName: new("a")}}
		}},
		{"resourceClaim without name", "resourceClaims[0].name", func(p *pod) { p.ResourceClaims = []corev1.PodResourceClaim{{ResourceClaimName: new("a")}} }},
		{"resourceClaim twice", "resourceClaims[1].name", func(p *pod) {
			p.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu", ResourceClaimName: new("a")}, {Name: "gpu", ResourceClaimName: new("b")}}
		}},
		{"resourceClaim of a container twice", "containers[0].resources.claims[1].name", func(p *pod) {
			p.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu", ResourceClaimName: new("a")}}
			p.Containers[0].Resources.Claims = []corev1.ResourceClaim{{Name: "gpu", Request: "a"}, {Name: "gpu"}}
		}},
		{"resourceClaim request twice", "containers[0].resources.claims[1].request", func(p *pod) {
			p.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu", ResourceClaimName: new("a")}}
			p.Containers[0].Resources.Claims = []corev1.ResourceClaim{{Name: "gpu", Request: "a"}, {Name: "gpu", Request: "a"}}
		}},
		{"resourceClaim of a container", "containers[0].resources.claims[0].name", func(p *pod) { p.Containers[0].Resources.Claims = []corev1.ResourceClaim{{Name: "gpu"}} }},
		{"runAsUser negative", "securityContext.runAsUser", security(corev1.PodSecurityContext{RunAsUser: new(int64(-1))})},
		{"fsGroup negative", "securityContext.fsGroup", security(corev1.PodSecurityContext{FSGroup: new(int64(-1))})},
		{"supplementalGroups negative", "securityContext.supplementalGroups[0]", security(corev1.PodSecurityContext{SupplementalGroups: []int64{-1}})},
		{"fsGroupChangePolicy", "securityContext.fsGroupChangePolicy", security(corev1.PodSecurityContext{FSGroupChangePolicy: new(corev1.PodFSGroupChangePolicy("Never"))})},
		{"seccomp type", "securityContext.seccompProfile.type", security(corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: "runtime/default"}})},
		{"seccomp without profile", "securityContext.seccompProfile.localhostProfile", security(corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost}})},
		{"seccomp with profile", "securityContext.seccompProfile.localhostProfile", security(corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault, LocalhostProfile: new("a")}})},
		{"sysctl name", "securityContext.sysctls[0].name", security(corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "vm.Max", Value: "1"}}})},
		{"sysctl without name", "securityContext.sysctls[0].name", security(corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Value: "1"}}})},
		{"sysctl of the network of the host", "securityContext.sysctls[0].name", func(p *pod) {
			p.HostNetwork, p.SecurityContext = true, &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net.core.somaxconn", Value: "1"}}}
		}},
		{"sysctl twice", "securityContext.sysctls[1].name", security(corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net.core.somaxconn", Value: "1"}, {Name: "net.core.somaxconn", Value: "2"}}})},
	}...)
}

func make33() []string {
	var out []string
	for range 33 {
		out = append(out, "example.com")
	}
	return out
}

func refusedOfScheduling() []Variant {
	type pod = corev1.PodSpec
	type constraint = corev1.TopologySpreadConstraint
	required := func(p *pod) *corev1.PodAffinityTerm {
		return &p.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0]
	}
	preferred := func(p *pod) *corev1.WeightedPodAffinityTerm {
		return &p.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0]
	}
	node := func(r corev1.NodeSelectorRequirement) func(*pod) {
		return func(p *pod) {
			p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchExpressions[0] = r
		}
	}
	spread := func(change func(*constraint)) func(*pod) {
		return func(p *pod) { change(&p.TopologySpreadConstraints[0]) }
	}
	toleration := func(t corev1.Toleration) func(*pod) {
		return func(p *pod) { p.Tolerations = []corev1.Toleration{t} }
	}
	const (
		anti   = "affinity.podAntiAffinity."
		must   = "requiredDuringSchedulingIgnoredDuringExecution"
		should = "preferredDuringSchedulingIgnoredDuringExecution[0]."
		term   = "affinity.nodeAffinity." + must + ".nodeSelectorTerms[0].matchExpressions[0]."
		even   = "topologySpreadConstraints[0]."
	)
	return variants("spec.template.spec.", thePod, []variant[pod]{
		{"nodeSelector value", "nodeSelector", func(p *pod) { p.NodeSelector = map[string]string{"disk": "s s d"} }},
		{"anti-affinity without topologyKey", anti + must + "[0].topologyKey", func(p *pod) { required(p).TopologyKey = "" }},
		{"anti-affinity topologyKey", anti + must + "[0].topologyKey", func(p *pod) { required(p).TopologyKey = "a b" }},
		{"anti-affinity operator", anti + must + "[0].labelSelector.matchExpressions[0].operator", func(p *pod) {
			required(p).LabelSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "in", Values: []string{"web"}}}}
		}},
		{"anti-affinity namespace", anti + must + "[0].namespaces[0]", func(p *pod) { required(p).Namespaces = []string{"A"} }},
		{"anti-affinity keys without selector", anti + must + "[0].matchLabelKeys", func(p *pod) { required(p).LabelSelector, required(p).MatchLabelKeys = nil, []string{"a"} }},
		{"anti-affinity keys in both", anti + must + "[0].matchLabelKeys[0]", func(p *pod) { required(p).MatchLabelKeys, required(p).MismatchLabelKeys = []string{"a"}, []string{"a"} }},
		{"preferred anti-affinity without topologyKey", anti + should + "podAffinityTerm.topologyKey", func(p *pod) { preferred(p).PodAffinityTerm.TopologyKey = "" }},
		{"weight 0", anti + should + "weight", func(p *pod) { preferred(p).Weight = 0 }},
		{"weight 101", anti + should + "weight", func(p *pod) { preferred(p).Weight = 101 }},
		{"node weight 0", "affinity.nodeAffinity." + should + "weight", func(p *pod) {
			p.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].Weight = 0
		}},
		{"pod affinity without topologyKey", "affinity.podAffinity." + must + "[0].topologyKey", func(p *pod) {
			p.Affinity.PodAffinity = &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{}}}
		}},
		{"node affinity operator", term + "operator", node(corev1.NodeSelectorRequirement{Key: "disk", Operator: "Equal", Values: []string{"ssd"}})},
		{"node affinity In without values", term + "values", node(corev1.NodeSelectorRequirement{Key: "disk", Operator: corev1.NodeSelectorOpIn})},
		{"node affinity Exists with values", term + "values", node(corev1.NodeSelectorRequirement{Key: "disk", Operator: corev1.NodeSelectorOpExists, Values: []string{"ssd"}})},
		{"node affinity Gt two values", term + "values", node(corev1.NodeSelectorRequirement{Key: "disk", Operator: corev1.NodeSelectorOpGt, Values: []string{"1", "2"}})},
		{"node affinity without key", term + "key", node(corev1.NodeSelectorRequirement{Operator: corev1.NodeSelectorOpExists})},
		{"node affinity value", term + "values[0]", node(corev1.NodeSelectorRequirement{Key: "disk", Operator: corev1.NodeSelectorOpIn, Values: []string{"s s d"}})},
		{"node affinity without terms", "affinity.nodeAffinity." + must + ".nodeSelectorTerms", func(p *pod) {
			p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms = nil
		}},
		{"node affinity field", "affinity.nodeAffinity." + must + ".nodeSelectorTerms[0].matchFields[0].key", func(p *pod) {
			p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields = []corev1.NodeSelectorRequirement{
				{Key: "spec.nodeName", Operator: corev1.NodeSelectorOpIn, Values: []string{"a"}},
			}
		}},
		{"node affinity by a name that no node has", "affinity.nodeAffinity." + must + ".nodeSelectorTerms[0].matchFields[0].values[0]", func(p *pod) {
			p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields = []corev1.NodeSelectorRequirement{
				{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"A_b"}},
			}
		}},
		{"maxSkew 0", even + "maxSkew", spread(func(c *constraint) { c.MaxSkew = 0 })},
		{"spread without topologyKey", even + "topologyKey", spread(func(c *constraint) { c.TopologyKey = "" })},
		{"whenUnsatisfiable", even + "whenUnsatisfiable", spread(func(c *constraint) { c.WhenUnsatisfiable = "Ignore" })},
		{"no whenUnsatisfiable", even + "whenUnsatisfiable", spread(func(c *constraint) { c.WhenUnsatisfiable = "" })},
		{"minDomains 0", even + "minDomains", spread(func(c *constraint) { c.MinDomains, c.WhenUnsatisfiable = new(int32(0)), corev1.DoNotSchedule })},
		{"minDomains with ScheduleAnyway", even + "minDomains", spread(func(c *constraint) { c.MinDomains = new(int32(2)) })},
		{"nodeTaintsPolicy", even + "nodeTaintsPolicy", spread(func(c *constraint) { c.NodeTaintsPolicy = new(corev1.NodeInclusionPolicy("honor")) })},
		{"spread selector", even + "labelSelector.matchLabels", spread(func(c *constraint) {
			c.LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b c"}}
		})},
		{"spread keys without selector", even + "matchLabelKeys", spread(func(c *constraint) { c.LabelSelector, c.MatchLabelKeys = nil, []string{"a"} })},
		{"spread twice", "topologySpreadConstraints[1]", func(p *pod) {
			p.TopologySpreadConstraints = append(p.TopologySpreadConstraints, p.TopologySpreadConstraints[0])
		}},
		{"toleration without key", "tolerations[0].operator", toleration(corev1.Toleration{Value: "a"})},
		{"toleration operator", "tolerations[0].operator", toleration(corev1.Toleration{Key: "a", Operator: "In"})},
		{"toleration Exists with value", "tolerations[0].value", toleration(corev1.Toleration{Key: "a", Operator: corev1.TolerationOpExists, Value: "b"})},
		{"toleration value", "tolerations[0].value", toleration(corev1.Toleration{Key: "a", Value: "b c"})},
		{"toleration key", "tolerations[0].key", toleration(corev1.Toleration{Key: "a b", Operator: corev1.TolerationOpExists})},
		{"toleration effect", "tolerations[0].effect", toleration(corev1.Toleration{Key: "a", Effect: "NoRun"})},
		{"tolerationSeconds", "tolerations[0].effect", toleration(corev1.Toleration{Key: "a", Effect: corev1.TaintEffectNoSchedule, TolerationSeconds: new(int64(3))})},
	}...)
}

func refusedOfVolumes() []Variant {
	type volume = corev1.Volume
	type mount = corev1.VolumeMount
	type container = corev1.Container
	source := func(s corev1.VolumeSource) func(*volume) { return func(v *volume) { v.VolumeSource = s } }
	configMap := func(items ...corev1.KeyToPath) func(*volume) {
		return source(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}, Items: items}})
	}
	projected := func(sources ...corev1.VolumeProjection) func(*volume) {
		return source(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: sources}})
	}
	downward := func(file corev1.DownwardAPIVolumeFile) func(*volume) {
		return source(corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{file}}})
	}
	add := func(m mount) func(*container) {
		return func(c *container) { c.VolumeMounts = append(c.VolumeMounts, m) }
	}
	device := func(d corev1.VolumeDevice) func(*container) {
		return func(c *container) { c.VolumeMounts, c.VolumeDevices = nil, []corev1.VolumeDevice{d} }
	}
	return append(variants("spec.template.spec.volumes[2].", theVolume, []variant[volume]{
		{"volume twice", "name", func(v *volume) { v.Name = "logs" }},
		{"volume without name", "name", func(v *volume) { v.Name = "" }},
		{"volume name", "name", func(v *volume) { v.Name = "a_b" }},
		{"volume with two sources", "secret", source(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}, Secret: &corev1.SecretVolumeSource{SecretName: "a"}})},
		{"emptyDir size", "emptyDir.sizeLimit", source(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resources("a", "-1Gi")["a"])}})},
		{"hostPath without path", "hostPath.path", source(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{}})},
		{"hostPath with ..", "hostPath.path", source(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/a/../b"}})},
		{"hostPath type", "hostPath.type", source(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/a", Type: new(corev1.HostPathType("Dir"))}})},
		{"secret without name", "secret.secretName", source(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{}})},
		{"secret mode", "secret.defaultMode", source(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "a", DefaultMode: new(int32(777))}})},
		{"configMap without name", "configMap.name", source(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}})},
		{"configMap item without path", "configMap.items[0].path", configMap(corev1.KeyToPath{Key: "a"})},
		{"configMap item without key", "configMap.items[0].key", configMap(corev1.KeyToPath{Path: "a"})},
		{"configMap item absolute", "configMap.items[0].path", configMap(corev1.KeyToPath{Key: "a", Path: "/a"})},
		{"configMap item with ..", "configMap.items[0].path", configMap(corev1.KeyToPath{Key: "a", Path: "a/../b"})},
		{"configMap item with two dots", "configMap.items[0].path", configMap(corev1.KeyToPath{Key: "a", Path: "..a"})},
		{"configMap item mode", "configMap.items[0].mode", configMap(corev1.KeyToPath{Key: "a", Path: "a", Mode: new(int32(-1))})},
		{"claim without claimName", "persistentVolumeClaim.claimName", source(corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}})},
		{"nfs without server", "nfs.server", source(corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Path: "/a"}})},
		{"nfs relative", "nfs.path", source(corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "a", Path: "a"}})},
		{"csi without driver", "csi.driver", source(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{}})},
		{"ephemeral without template", "ephemeral.volumeClaimTemplate", source(corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}})},
		{"ephemeral without accessModes", "ephemeral.volumeClaimTemplate.spec.accessModes", source(corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{
			VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{Spec: corev1.PersistentVolumeClaimSpec{Resources: corev1.VolumeResourceRequirements{Requests: resources("storage", "1Gi")}}},
		}})},
		{"downwardAPI without reference", "downwardAPI.items[0]", downward(corev1.DownwardAPIVolumeFile{Path: "a"})},
		{"downwardAPI with two references", "downwardAPI.items[0]", downward(corev1.DownwardAPIVolumeFile{
			Path: "a", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}, ResourceFieldRef: &corev1.ResourceFieldSelector{ContainerName: "app", Resource: "limits.cpu"},
		})},
		{"downwardAPI without path", "downwardAPI.items[0].path", downward(corev1.DownwardAPIVolumeFile{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}})},
		{"downwardAPI field", "downwardAPI.items[0].fieldRef.fieldPath", downward(corev1.DownwardAPIVolumeFile{Path: "a", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}})},
		{"downwardAPI without container", "downwardAPI.items[0].resourceFieldRef.containerName", downward(corev1.DownwardAPIVolumeFile{Path: "a", ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu"}})},
		{"projected path twice", "projected.sources[1].secret.items[0].path", projected(
			corev1.VolumeProjection{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}, Items: []corev1.KeyToPath{{Key: "a", Path: "a"}}}},
			corev1.VolumeProjection{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}, Items: []corev1.KeyToPath{{Key: "a", Path: "a"}}}},
		)},
		{"projected without name", "projected.sources[0].secret.name", projected(corev1.VolumeProjection{Secret: &corev1.SecretProjection{}})},
		{"projected two in one", "projected.sources[0]", projected(corev1.VolumeProjection{
			ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}},
			Secret:    &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}},
		})},
		{"token expires too early", "projected.sources[0].serviceAccountToken.expirationSeconds", projected(corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(int64(60))}})},
		{"token without path", "projected.sources[0].serviceAccountToken.path", projected(corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{}})},
	}...), variants("spec.template.spec.containers[0].", theApp, []variant[container]{
		{"mount of no volume", "volumeMounts[2].name", add(mount{Name: "absent", MountPath: "/a"})},
		{"mount without name", "volumeMounts[2].name", add(mount{MountPath: "/a"})},
		{"mount without path", "volumeMounts[2].mountPath", add(mount{Name: "logs"})},
		{"mountPath twice", "volumeMounts[2].mountPath", add(mount{Name: "logs", MountPath: "/data"})},
		{"subPath absolute", "volumeMounts[2].subPath", add(mount{Name: "logs", MountPath: "/a", SubPath: "/b"})},
		{"subPath with ..", "volumeMounts[2].subPath", add(mount{Name: "logs", MountPath: "/a", SubPath: "../b"})},
		{"subPath and subPathExpr", "volumeMounts[2].subPathExpr", add(mount{Name: "logs", MountPath: "/a", SubPath: "a", SubPathExpr: "$(A)"})},
		{"mountPropagation", "volumeMounts[2].mountPropagation", add(mount{Name: "logs", MountPath: "/a", MountPropagation: new(corev1.MountPropagationMode("Both"))})},
		{"Bidirectional without privilege", "volumeMounts[2].mountPropagation", add(mount{Name: "logs", MountPath: "/a", MountPropagation: new(corev1.MountPropagationBidirectional)})},
		{"recursiveReadOnly of a writable mount", "volumeMounts[2].recursiveReadOnly", add(mount{Name: "logs", MountPath: "/a", RecursiveReadOnly: new(corev1.RecursiveReadOnlyEnabled)})},
		{"device of no volume", "volumeDevices[0].name", device(corev1.VolumeDevice{Name: "absent", DevicePath: "/dev/a"})},
		{"device of an emptyDir", "volumeDevices[0].name", device(corev1.VolumeDevice{Name: "logs", DevicePath: "/dev/a"})},
		{"device without path", "volumeDevices[0].devicePath", device(corev1.VolumeDevice{Name: "data"})},
		{"device that is mounted, too", "volumeDevices[0].name", func(c *container) { c.VolumeDevices = []corev1.VolumeDevice{{Name: "data", DevicePath: "/dev/a"}} }},
	}...)...)
}

func refusedOfContainers() []Variant {
	type container = corev1.Container
	port := func(p corev1.ContainerPort) func(*container) {
		return func(c *container) { c.Ports = append(c.Ports, p) }
	}
	env := func(e corev1.EnvVar) func(*container) {
		return func(c *container) { c.Env = []corev1.EnvVar{e} }
	}
	field := func(path string) func(*container) {
		return env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}})
	}
	secretKey := func(name, key string) *corev1.SecretKeySelector {
		return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}
	}
	envFrom := func(e corev1.EnvFromSource) func(*container) {
		return func(c *container) { c.EnvFrom = []corev1.EnvFromSource{e} }
	}
	configMap := &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}}
	requests := func(requests, limits corev1.ResourceList) func(*container) {
		return func(c *container) { c.Resources = corev1.ResourceRequirements{Requests: requests, Limits: limits} }
	}
	security := func(sc corev1.SecurityContext) func(*container) {
		return func(c *container) { c.SecurityContext = &sc }
	}
	return variants("spec.template.spec.containers[0].", theApp, []variant[container]{
		{"container without name", "name", func(c *container) { c.Name = "" }},
		{"container name", "name", func(c *container) { c.Name = "APP_x" }},
		{"container name with a dot", "name", func(c *container) { c.Name = "app.x" }},
		{"container name too long", "name", func(c *container) { c.Name = long }},
		{"container without image", "image", func(c *container) { c.Image = "" }},
		{"imagePullPolicy", "imagePullPolicy", func(c *container) { c.ImagePullPolicy = "ifNotPresent" }},
		{"terminationMessagePolicy", "terminationMessagePolicy", func(c *container) { c.TerminationMessagePolicy = "Log" }},
		{"container restartPolicy", "restartPolicy", func(c *container) { c.RestartPolicy = new(corev1.ContainerRestartPolicy("Sometimes")) }},
		{"port name too long", "ports[2].name", port(corev1.ContainerPort{Name: "a-very-long-port", ContainerPort: 1})},
		{"port name in capitals", "ports[2].name", port(corev1.ContainerPort{Name: "HTTP", ContainerPort: 1})},
		{"port name of digits", "ports[2].name", port(corev1.ContainerPort{Name: "8080", ContainerPort: 1})},
		{"port name twice", "ports[2].name", port(corev1.ContainerPort{Name: "http", ContainerPort: 1})},
		{"port without number", "ports[2].containerPort", port(corev1.ContainerPort{Name: "a"})},
		{"port too large", "ports[2].containerPort", port(corev1.ContainerPort{ContainerPort: 70000})},
		{"port negative", "ports[2].containerPort", port(corev1.ContainerPort{ContainerPort: -1})},
		{"hostPort too large", "ports[2].hostPort", port(corev1.ContainerPort{ContainerPort: 1, HostPort: 70000})},
		{"port protocol", "ports[2].protocol", port(corev1.ContainerPort{ContainerPort: 1, Protocol: "tcp"})},
		{"env without name", "env[0].name", env(corev1.EnvVar{Value: "a"})},
		{"env name with =", "env[0].name", env(corev1.EnvVar{Name: "A=B", Value: "a"})},
		{"env with value and valueFrom", "env[0].valueFrom", env(corev1.EnvVar{Name: "A", Value: "a", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: secretKey("a", "b")}})},
		{"env with two sources", "env[0].valueFrom", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef: secretKey("a", "b"), FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"},
		}})},
		{"env with no source", "env[0].valueFrom", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{}})},
		{"env secret without key", "env[0].valueFrom.secretKeyRef.key", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: secretKey("a", "")}})},
		{"env secret without name", "env[0].valueFrom.secretKeyRef.name", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: secretKey("", "a")}})},
		{"env secret key", "env[0].valueFrom.secretKeyRef.key", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: secretKey("a", "b/c")}})},
		{"env secret name", "env[0].valueFrom.secretKeyRef.name", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: secretKey("A", "b")}})},
		{"env field", "env[0].valueFrom.fieldRef.fieldPath", field("metadata.labels")},
		{"env field unknown", "env[0].valueFrom.fieldRef.fieldPath", field("status.phase")},
		{"env field subscript", "env[0].valueFrom.fieldRef.fieldPath", field("metadata.name['a']")},
		{"env field label key", "env[0].valueFrom.fieldRef.fieldPath", field("metadata.labels['a b']")},
		{"env field without path", "env[0].valueFrom.fieldRef.fieldPath", field("")},
		{"env resource", "env[0].valueFrom.resourceFieldRef.resource", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.gpu"}}})},
		{"envFrom nothing", "envFrom[0]", envFrom(corev1.EnvFromSource{})},
		{"envFrom two", "envFrom[0]", envFrom(corev1.EnvFromSource{ConfigMapRef: configMap, SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}}})},
		{"envFrom without name", "envFrom[0].configMapRef.name", envFrom(corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{}})},
		{"envFrom prefix", "envFrom[0].prefix", envFrom(corev1.EnvFromSource{Prefix: "A=", ConfigMapRef: configMap})},
		{"request over limit", "resources.requests[memory]", requests(resources("memory", "2Gi"), resources("memory", "1Gi"))},
		{"request negative", "resources.requests[memory]", requests(resources("memory", "-1Gi"), nil)},
		{"limit negative", "resources.limits[cpu]", requests(nil, resources("cpu", "-1"))},
		{"resource unknown", "resources.requests[mem]", requests(resources("mem", "1Gi"), nil)},
		{"resource of a volume", "resources.requests[storage]", requests(resources("storage", "1Gi"), nil)},
		{"resource name", "resources.limits[example.com/a/b]", requests(nil, resources("example.com/a/b", "1"))},
		{"extended request below limit", "resources.requests[example.com/gpu]", requests(resources("example.com/gpu", "1"), resources("example.com/gpu", "2"))},
		{"extended request without limit", "resources.limits[example.com/gpu]", requests(resources("example.com/gpu", "1"), nil)},
		{"extended half", "resources.limits[example.com/gpu]", requests(nil, resources("example.com/gpu", "500m"))},
		{"huge pages alone", "resources", requests(nil, resources("hugepages-2Mi", "4Mi"))},
		{"huge pages not divisible", "resources.limits[hugepages-2Mi]", requests(nil, resources("hugepages-2Mi", "3Mi", "memory", "1Gi"))},
		{"container runAsUser negative", "securityContext.runAsUser", security(corev1.SecurityContext{RunAsUser: new(int64(-1))})},
		{"CAP_SYS_ADMIN without escalation", "securityContext.allowPrivilegeEscalation", security(corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"CAP_SYS_ADMIN"}},
		})},
		{"privileged without escalation", "securityContext.allowPrivilegeEscalation", security(corev1.SecurityContext{AllowPrivilegeEscalation: new(false), Privileged: new(true)})},
		{"procMount", "securityContext.procMount", security(corev1.SecurityContext{ProcMount: new(corev1.ProcMountType("All"))})},
		{"AppArmor type", "securityContext.appArmorProfile.type", security(corev1.SecurityContext{AppArmorProfile: &corev1.AppArmorProfile{Type: "unconfined"}})},
	}...)
}

func refusedOfProbes() []Variant {
	type container = corev1.Container
	type probe = corev1.Probe
	liveness := func(change func(*probe)) func(*container) { return func(c *container) { change(c.LivenessProbe) } }
	readiness := func(change func(*probe)) func(*container) { return func(c *container) { change(c.ReadinessProbe) } }
	preStop := func(h corev1.LifecycleHandler) func(*container) {
		return func(c *container) { c.Lifecycle.PreStop = &h }
	}
	return variants("spec.template.spec.containers[0].", theApp, []variant[container]{
		{"probe without handler", "livenessProbe", liveness(func(p *probe) { p.ProbeHandler = corev1.ProbeHandler{} })},
		{"probe with two handlers", "livenessProbe.tcpSocket", liveness(func(p *probe) { p.Exec = &corev1.ExecAction{Command: []string{"true"}} })},
		{"probe without command", "startupProbe.exec.command", func(c *container) { c.StartupProbe.Exec.Command = nil }},
		{"httpGet without port", "readinessProbe.httpGet.port", readiness(func(p *probe) { p.HTTPGet.Port = intstr.IntOrString{} })},
		{"httpGet port too large", "readinessProbe.httpGet.port", readiness(func(p *probe) { p.HTTPGet.Port = intstr.FromInt32(70000) })},
		{"httpGet port as text", "readinessProbe.httpGet.port", readiness(func(p *probe) { p.HTTPGet.Port = intstr.FromString("8080") })},
		{"httpGet port name too long", "readinessProbe.httpGet.port", readiness(func(p *probe) { p.HTTPGet.Port = intstr.FromString("a-very-long-port") })},
		{"httpGet scheme", "readinessProbe.httpGet.scheme", readiness(func(p *probe) { p.HTTPGet.Scheme = "https" })},
		{"httpGet header", "readinessProbe.httpGet.httpHeaders[0].name", readiness(func(p *probe) { p.HTTPGet.HTTPHeaders = []corev1.HTTPHeader{{Name: "a b", Value: "c"}} })},
		{"tcpSocket port", "livenessProbe.tcpSocket.port", liveness(func(p *probe) { p.TCPSocket.Port = intstr.FromInt32(0) })},
		{"grpc port", "livenessProbe.grpc.port", liveness(func(p *probe) { p.ProbeHandler = corev1.ProbeHandler{GRPC: &corev1.GRPCAction{}} })},
		{"liveness successThreshold", "livenessProbe.successThreshold", liveness(func(p *probe) { p.SuccessThreshold = 2 })},
		{"startup successThreshold", "startupProbe.successThreshold", func(c *container) { c.StartupProbe.SuccessThreshold = 2 }},
		{"periodSeconds negative", "livenessProbe.periodSeconds", liveness(func(p *probe) { p.PeriodSeconds = -1 })},
		{"initialDelaySeconds negative", "readinessProbe.initialDelaySeconds", readiness(func(p *probe) { p.InitialDelaySeconds = -1 })},
		{"failureThreshold negative", "readinessProbe.failureThreshold", readiness(func(p *probe) { p.FailureThreshold = -1 })},
		{"readiness grace period", "readinessProbe.terminationGracePeriodSeconds", readiness(func(p *probe) { p.TerminationGracePeriodSeconds = new(int64(5)) })},
		{"liveness grace period 0", "livenessProbe.terminationGracePeriodSeconds", liveness(func(p *probe) { p.TerminationGracePeriodSeconds = new(int64(0)) })},
		{"preStop without handler", "lifecycle.preStop", preStop(corev1.LifecycleHandler{})},
		{"preStop with two handlers", "lifecycle.preStop.sleep", preStop(corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}, Sleep: &corev1.SleepAction{Seconds: 1}})},
		{"preStop without command", "lifecycle.preStop.exec.command", preStop(corev1.LifecycleHandler{Exec: &corev1.ExecAction{}})},
		{"preStop sleep negative", "lifecycle.preStop.sleep.seconds", preStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: -1}})},
		{"preStop sleep over the default", "lifecycle.preStop.sleep.seconds", preStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 31}})},
		{"postStart without port", "lifecycle.postStart.httpGet.port", func(c *container) {
			c.Lifecycle.PostStart = &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/"}}
		}},
	}...)
}
