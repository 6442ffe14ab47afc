package ststest

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func acceptedSets() []Variant {
	type set = appsv1.StatefulSet
	type spec = appsv1.StatefulSetSpec
	type pod = corev1.PodSpec
	type container = corev1.Container
	type claim = corev1.PersistentVolumeClaim
	mount := func(m corev1.VolumeMount) func(*container) {
		return func(c *container) { c.VolumeMounts = append(c.VolumeMounts, m) }
	}
	maxUnavailable := func(n intstr.IntOrString) func(*spec) {
		return func(s *spec) {
			s.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: &n}
		}
	}
	env := func(e corev1.EnvVar) func(*container) {
		return func(c *container) { c.Env = []corev1.EnvVar{e} }
	}
	field := func(path string) func(*container) {
		return env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}})
	}
	toleration := func(t corev1.Toleration) func(*pod) {
		return func(p *pod) { p.Tolerations = []corev1.Toleration{t} }
	}
	requests := func(requests, limits corev1.ResourceList) func(*container) {
		return func(c *container) { c.Resources = corev1.ResourceRequirements{Requests: requests, Limits: limits} }
	}
	volume := func(s corev1.VolumeSource) func(*corev1.Volume) {
		return func(v *corev1.Volume) { v.VolumeSource = s }
	}

	all := variants("", self, []variant[set]{
		{"nothing", "", func(*set) {}},
		{"name of 63 letters", "", func(s *set) { s.Name = long[:63] }},
		{"name of digits", "", func(s *set) { s.Name = "0" }},
		{"empty label value", "", func(s *set) { s.Labels = map[string]string{"a": ""} }},
		{"annotation in capitals", "", func(s *set) { s.Annotations = map[string]string{"Example.COM/A": "b c"} }},
		{"claims two of one name", "", func(s *set) { s.Spec.VolumeClaimTemplates = append(s.Spec.VolumeClaimTemplates, claimTemplate("data")) }},
		{"volume of a claim template's name", "", func(s *set) {
			pod := &s.Spec.Template.Spec
			pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}}})
		}},
		{"claim as a device", "", func(s *set) {
			s.Spec.VolumeClaimTemplates[0].Spec.VolumeMode = new(corev1.PersistentVolumeBlock)
			app := &s.Spec.Template.Spec.Containers[0]
			app.VolumeMounts, app.VolumeDevices = nil, []corev1.VolumeDevice{{Name: "data", DevicePath: "/dev/data"}}
		}},
	}...)
	all = append(all, variants("", theSpec, []variant[spec]{
		{"replicas 0", "", func(s *spec) { s.Replicas = new(int32(0)) }},
		{"no serviceName", "", func(s *spec) { s.ServiceName = "" }},
		{"serviceName of digits", "", func(s *spec) { s.ServiceName = "0web" }},
		{"revisionHistoryLimit negative", "", func(s *spec) { s.RevisionHistoryLimit = new(int32(-1)) }},
		{"maxUnavailable 50%", "", maxUnavailable(intstr.FromString("50%"))},
		{"maxUnavailable 100%", "", maxUnavailable(intstr.FromString("100%"))},
		{"maxUnavailable over the replicas", "", maxUnavailable(intstr.FromInt32(200))},
		{"partition over the replicas", "", func(s *spec) {
			s.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(99))}
		}},
		{"OnDelete", "", func(s *spec) { s.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType }},
		{"retention policy", "", func(s *spec) {
			s.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType}
		}},
		{"selector by expressions", "", func(s *spec) {
			s.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpIn, Values: []string{"web", "other"}}}}
		}},
		{"template name and namespace", "", func(s *spec) { s.Template.Name, s.Template.Namespace = "A B", "other" }},
		{"no claim templates", "", func(s *spec) {
			s.VolumeClaimTemplates = nil
			s.Template.Spec.Containers[0].VolumeMounts = nil
		}},
	}...)...)
	all = append(all, variants("", theClaim, []variant[claim]{
		{"claim RWX and RWO", "", func(c *claim) {
			c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadWriteMany, corev1.ReadWriteOnce}
		}},
		{"claim ReadWriteOncePod twice", "", func(c *claim) {
			c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod, corev1.ReadWriteOncePod}
		}},
		{"claim with a limit below its request", "", func(c *claim) { c.Spec.Resources.Limits = resources("storage", "1Mi") }},
		{"claim class empty", "", func(c *claim) { c.Spec.StorageClassName = new("") }},
		{"claim of a fraction of a byte", "", func(c *claim) { c.Spec.Resources.Requests = resources("storage", "1500m") }},
		{"claim labels", "", func(c *claim) {
			c.Labels, c.Annotations = map[string]string{"a b": "c d"}, map[string]string{"a b": "c"}
		}},
		{"claim of a snapshot", "", func(c *claim) {
			c.Spec.DataSource = &corev1.TypedLocalObjectReference{APIGroup: new("snapshot.storage.k8s.io"), Kind: "VolumeSnapshot", Name: "a"}
		}},
	}...)...)
	all = append(all, variants("", thePod, []variant[pod]{
		{"hostname and subdomain", "", func(p *pod) { p.Hostname, p.Subdomain = "A_b", "C_d" }},
		{"grace period 0", "", func(p *pod) {
			p.TerminationGracePeriodSeconds, p.Containers[0].Lifecycle = new(int64(0)), nil
		}},
		{"grace period negative", "", func(p *pod) {
			p.TerminationGracePeriodSeconds, p.Containers[0].Lifecycle = new(int64(-1)), nil
		}},
		{"preStop sleep of the grace period", "", func(p *pod) { p.TerminationGracePeriodSeconds = new(int64(5)) }},
		{"init container with the port of a container", "", func(p *pod) { p.InitContainers[0].Ports = p.Containers[0].Ports }},
		{"init container with the hostPort of a container", "", func(p *pod) {
			p.Containers[0].Ports[0].HostPort = 80
			p.InitContainers[1].Ports = p.Containers[0].Ports
		}},
		{"port and its name in two containers", "", func(p *pod) { p.Containers[1].Ports = p.Containers[0].Ports }},
		{"hostPort of two protocols", "", func(p *pod) {
			p.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 53, HostPort: 53}, {ContainerPort: 53, HostPort: 53, Protocol: corev1.ProtocolUDP}}
		}},
		{"hostNetwork without hostPort", "", func(p *pod) { p.HostNetwork = true }},
		{"sidecar with probes and hooks", "", func(p *pod) {
			p.InitContainers[1].ReadinessProbe, p.InitContainers[1].Lifecycle = p.Containers[0].ReadinessProbe, p.Containers[0].Lifecycle
		}},
		{"container restartPolicy Never", "", func(p *pod) { p.Containers[1].RestartPolicy = new(corev1.ContainerRestartPolicyNever) }},
		{"pull secret without name", "", func(p *pod) { p.ImagePullSecrets = []corev1.LocalObjectReference{{}} }},
		{"serviceAccount, the old name", "", func(p *pod) { p.DeprecatedServiceAccount = "a" }},
		{"dnsPolicy None with a nameserver", "", func(p *pod) {
			p.DNSPolicy, p.DNSConfig = corev1.DNSNone, &corev1.PodDNSConfig{Nameservers: []string{"10.0.0.1"}}
		}},
		{"dnsConfig", "", func(p *pod) {
			p.DNSConfig = &corev1.PodDNSConfig{Searches: []string{".", "a_b.example.com."}, Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: new("2")}}}
		}},
		{"hostAlias IPv6", "", func(p *pod) {
			p.HostAliases = []corev1.HostAlias{{IP: "::1", Hostnames: []string{"a.example.com"}}, {IP: "10.0.0.1"}}
		}},
		{"toleration of all", "", toleration(corev1.Toleration{Operator: corev1.TolerationOpExists})},
		{"toleration for a time", "", toleration(corev1.Toleration{Key: "a", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(-3))})},
		{"toleration twice", "", func(p *pod) { p.Tolerations = append(p.Tolerations, p.Tolerations[0]) }},
		{"empty node term", "", func(p *pod) {
			p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0] = corev1.NodeSelectorTerm{}
		}},
		{"preferred node value", "", func(p *pod) {
			p.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].Preference.MatchExpressions[0] = corev1.NodeSelectorRequirement{
				Key: "disk", Operator: corev1.NodeSelectorOpIn, Values: []string{"s s d"},
			}
		}},
		{"node affinity Gt a word", "", func(p *pod) {
			p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchExpressions[0] = corev1.NodeSelectorRequirement{
				Key: "cores", Operator: corev1.NodeSelectorOpGt, Values: []string{"many"},
			}
		}},
		{"node affinity by name", "", func(p *pod) {
			p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields = []corev1.NodeSelectorRequirement{
				{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"a"}},
			}
		}},
		{"anti-affinity without selector", "", func(p *pod) {
			p.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector = nil
		}},
		{"anti-affinity that misses the set", "", func(p *pod) {
			p.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}}
		}},
		{"anti-affinity keys", "", func(p *pod) {
			p.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].MatchLabelKeys = []string{"pod-template-hash", "app"}
		}},
		{"spread twice by other means", "", func(p *pod) {
			c := p.TopologySpreadConstraints[0]
			c.WhenUnsatisfiable, c.MinDomains = corev1.DoNotSchedule, new(int32(2))
			p.TopologySpreadConstraints = append(p.TopologySpreadConstraints, c)
		}},
		{"spread without selector", "", func(p *pod) { p.TopologySpreadConstraints[0].LabelSelector = nil }},
		{"spread key is no label", "", func(p *pod) { p.TopologySpreadConstraints[0].TopologyKey = "a b" }},
		{"spread keys in the selector", "", func(p *pod) { p.TopologySpreadConstraints[0].MatchLabelKeys = []string{"app"} }},
		{"resourceClaim", "", func(p *pod) {
			p.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu", ResourceClaimTemplateName: new("gpu")}}
			p.Containers[0].Resources.Claims = []corev1.ResourceClaim{{Name: "gpu", Request: "one"}}
		}},
		{"runAsNonRoot as root", "", func(p *pod) {
			p.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: new(true), RunAsUser: new(int64(0)), FSGroup: new(int64(0))}
		}},
		{"sysctls", "", func(p *pod) {
			p.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net/ipv4/tcp_keepalive_time", Value: "1"}, {Name: "kernel.shm_rmid_forced", Value: "1"}}}
		}},
		{"no hostUsers", "", func(p *pod) { p.HostUsers = new(false) }},
		{"container names of init containers differ", "", func(p *pod) { p.InitContainers[0].Name = "app-init" }},
	}...)...)
	all = append(all, variants("", theVolume, []variant[corev1.Volume]{
		{"volume without source", "", func(*corev1.Volume) {}},
		{"hostPath relative", "", volume(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "a", Type: new(corev1.HostPathUnset)}})},
		{"secret optional", "", volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "A b", Optional: new(true), DefaultMode: new(int32(0o777))}})},
		{"configMap item twice", "", volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "a"}, Items: []corev1.KeyToPath{{Key: "a", Path: "a/b"}, {Key: "a", Path: "a/b"}},
		}})},
		{"projected", "", volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{},
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}}}}},
		}}})},
		{"projected nothing", "", volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}})},
		{"ephemeral", "", volume(corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{Spec: claimTemplate("a").Spec}}})},
		{"csi", "", volume(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "CSI.example.com"}})},
		{"image", "", volume(corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "web:1"}})},
		{"downwardAPI", "", volume(corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{
			{Path: "cpu", ResourceFieldRef: &corev1.ResourceFieldSelector{ContainerName: "absent", Resource: "limits.cpu"}},
		}}})},
	}...)...)
	return append(all, variants("", theApp, []variant[container]{
		{"volume twice by two paths", "", mount(corev1.VolumeMount{Name: "data", MountPath: "/data/a", SubPath: "a"})},
		{"mountPath with a slash", "", mount(corev1.VolumeMount{Name: "logs", MountPath: "/data/"})},
		{"mountPath relative", "", mount(corev1.VolumeMount{Name: "logs", MountPath: "a:b"})},
		{"subPathExpr", "", mount(corev1.VolumeMount{Name: "logs", MountPath: "/a", SubPathExpr: "$(POD)"})},
		{"image with blanks", "", func(c *container) { c.Image = " web:1 " }},
		{"command empty", "", func(c *container) { c.Command = []string{""} }},
		{"port twice", "", func(c *container) {
			c.Ports = []corev1.ContainerPort{{Name: "a", ContainerPort: 1}, {Name: "b", ContainerPort: 1}}
		}},
		{"env twice", "", func(c *container) { c.Env = []corev1.EnvVar{{Name: "A", Value: "a"}, {Name: "A", Value: "b"}} }},
		{"env name with dots and blanks", "", env(corev1.EnvVar{Name: "0 a-b.c", Value: "$(A)"})},
		{"env field of a label", "", field("metadata.labels['apps.kubernetes.io/pod-index']")},
		{"env field of an annotation", "", field("metadata.annotations['A']")},
		{"env field, the old name", "", field("spec.host")},
		{"env resource of no container", "", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{ContainerName: "absent", Resource: "limits.hugepages-2Mi"}}})},
		{"env secret", "", env(corev1.EnvVar{Name: "A", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}, Key: ".a_b"}}})},
		{"envFrom prefix", "", func(c *container) {
			c.EnvFrom = []corev1.EnvFromSource{{Prefix: "1-", ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "a-"}}}}
		}},
		{"request without limit", "", requests(resources("cpu", "1", "ephemeral-storage", "1Gi"), nil)},
		{"limit without request", "", requests(nil, resources("cpu", "1", "example.com/gpu", "1"))},
		{"request equals limit in other units", "", requests(resources("memory", "1Gi"), resources("memory", "1024Mi"))},
		{"request of a fraction", "", requests(resources("cpu", "0.0001"), resources("cpu", "0.0005"))},
		{"extended request equals limit", "", requests(resources("example.com/gpu", "1"), resources("example.com/gpu", "1"))},
		{"huge pages", "", requests(nil, resources("hugepages-2Mi", "4Mi", "memory", "1Gi"))},
		{"native resource", "", requests(resources("kubernetes.io/a", "1"), nil)},
		{"probe by the name of no port", "", func(c *container) { c.ReadinessProbe.HTTPGet.Port = intstr.FromString("absent") }},
		{"probe of an undeclared port", "", func(c *container) { c.ReadinessProbe.HTTPGet.Port = intstr.FromInt32(9999) }},
		{"probe without path", "", func(c *container) { c.ReadinessProbe.HTTPGet.Path = "" }},
		{"readiness successThreshold", "", func(c *container) { c.ReadinessProbe.SuccessThreshold = 3 }},
		{"startup successThreshold 1", "", func(c *container) { c.StartupProbe.SuccessThreshold = 1 }},
		{"timeout over period", "", func(c *container) { c.LivenessProbe.TimeoutSeconds, c.LivenessProbe.PeriodSeconds = 9, 3 }},
		{"liveness grace period", "", func(c *container) { c.LivenessProbe.TerminationGracePeriodSeconds = new(int64(100)) }},
		{"preStop sleep 0", "", func(c *container) { c.Lifecycle.PreStop.Sleep.Seconds = 0 }},
		{"lifecycle empty", "", func(c *container) { c.Lifecycle = &corev1.Lifecycle{} }},
		{"SYS_ADMIN without escalation", "", func(c *container) {
			c.SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_ADMIN"}}}
		}},
	}...)...)
}
