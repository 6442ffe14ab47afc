package sts

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// podTemplate checks the template of a set, or of a Deployment, which has no claim templates.
func (o *objections) podTemplate(at *field.Path, template *corev1.PodTemplateSpec, claims []corev1.PersistentVolumeClaim) {
	metadata := at.Child("metadata")
	o.labels(metadata.Child("labels"), template.Labels)
	o.annotations(metadata.Child("annotations"), template.Annotations)
	o.podAnnotations(metadata.Child("annotations"), template)
	o.podSpec(at.Child("spec"), &template.Spec, claims)
}

// podAnnotations checks annotations that mean something to Kubernetes.
func (o *objections) podAnnotations(at *field.Path, template *corev1.PodTemplateSpec) {
	if cost := template.Annotations[corev1.PodDeletionCost]; cost != "" {
		if _, err := strconv.ParseInt(cost, 10, 32); err != nil {
			o.invalid(at.Key(corev1.PodDeletionCost), cost, msgDeletionCost())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(template.Annotations)) {
		name, isProfile := strings.CutPrefix(key, corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix)
		if isProfile && !hasContainer(&template.Spec, name) {
			o.invalid(at.Key(key), name, msgContainerNotFound())
		}
	}
}

func hasContainer(pod *corev1.PodSpec, name string) bool {
	is := func(c corev1.Container) bool { return c.Name == name }
	return slices.ContainsFunc(pod.InitContainers, is) || slices.ContainsFunc(pod.Containers, is)
}

// podSpec checks the spec of pods that run forever, without the hostname and the subdomain: the
// StatefulSet controller overwrites them, and the API server accepts any.
func (o *objections) podSpec(at *field.Path, pod *corev1.PodSpec, claims []corev1.PersistentVolumeClaim) {
	if policy := pod.RestartPolicy; policy != "" {
		oneOf(o, at.Child("restartPolicy"), policy, corev1.RestartPolicyAlways)
	}
	if pod.ActiveDeadlineSeconds != nil {
		o.forbidden(at.Child("activeDeadlineSeconds"), msgNoActiveDeadline())
	}
	if len(pod.EphemeralContainers) > 0 {
		o.forbidden(at.Child("ephemeralContainers"), msgNoEphemeralContainers())
	}

	in := &podScope{volumes: o.volumes(at.Child("volumes"), pod.Volumes, claims), grace: corev1.DefaultTerminationGracePeriodSeconds}
	if grace := pod.TerminationGracePeriodSeconds; grace != nil {
		in.grace = *grace // a negative one is accepted in a template
	}
	in.resourceClaims = o.resourceClaims(at.Child("resourceClaims"), pod.ResourceClaims)
	o.containers(at, pod, in)

	account, accountField := pod.ServiceAccountName, "serviceAccountName"
	if account == "" {
		account, accountField = pod.DeprecatedServiceAccount, "serviceAccount"
	}
	for _, name := range []struct{ field, value string }{
		{accountField, account},
		{"nodeName", pod.NodeName},
		{"priorityClassName", pod.PriorityClassName},
	} {
		if name.value != "" {
			o.subdomain(at.Child(name.field), name.value)
		}
	}
	if class := pod.RuntimeClassName; class != nil {
		o.subdomain(at.Child("runtimeClassName"), *class)
	}
	pointed(o, at.Child("preemptionPolicy"), pod.PreemptionPolicy, corev1.PreemptLowerPriority, corev1.PreemptNever)
	if pod.OS != nil {
		oneOf(o, at.Child("os", "name"), pod.OS.Name, corev1.Linux, corev1.Windows)
	}
	for i, gate := range pod.ReadinessGates {
		o.qualified(at.Child("readinessGates").Index(i).Child("conditionType"), string(gate.ConditionType))
	}
	gates := map[string]bool{}
	for i, gate := range pod.SchedulingGates {
		at := at.Child("schedulingGates").Index(i).Child("name")
		o.qualified(at, gate.Name)
		o.unique(at, gate.Name, gates)
	}
	o.labels(at.Child("nodeSelector"), pod.NodeSelector)
	o.affinity(at.Child("affinity"), pod.Affinity)
	o.tolerations(at.Child("tolerations"), pod.Tolerations)
	o.spread(at.Child("topologySpreadConstraints"), pod.TopologySpreadConstraints)
	o.hostNamespaces(at, pod)
	o.dns(at, pod.DNSPolicy, pod.DNSConfig)
	o.hostNames(at, pod)
	o.podSecurity(at.Child("securityContext"), pod.SecurityContext, pod.HostNetwork)
}

func (o *objections) hostNamespaces(at *field.Path, pod *corev1.PodSpec) {
	if pod.HostPID && pod.ShareProcessNamespace != nil && *pod.ShareProcessNamespace {
		o.invalid(at.Child("shareProcessNamespace"), true, msgShareProcessAndHostPID())
	}
	if pod.HostUsers == nil || *pod.HostUsers {
		return
	}
	if pod.HostPID {
		o.forbidden(at.Child("hostPID"), msgNoHostUsers())
	}
	if pod.HostIPC {
		o.forbidden(at.Child("hostIPC"), msgNoHostUsers())
	}
}

// Limits of name resolution on Linux.
const (
	maxNameservers     = 3
	maxSearchPaths     = 32
	maxSearchListChars = 2048
	maxHostname        = 64
)

func (o *objections) dns(at *field.Path, policy corev1.DNSPolicy, config *corev1.PodDNSConfig) {
	optional(o, at.Child("dnsPolicy"), policy, corev1.DNSClusterFirstWithHostNet, corev1.DNSClusterFirst, corev1.DNSDefault, corev1.DNSNone)
	at = at.Child("dnsConfig")
	if config == nil {
		if policy == corev1.DNSNone {
			o.required(at, msgDNSConfigRequired(policy))
		}
		return
	}
	servers, searches := at.Child("nameservers"), at.Child("searches")
	switch n := len(config.Nameservers); {
	case n == 0 && policy == corev1.DNSNone:
		o.required(servers, msgNameserverRequired(policy))
	case n > maxNameservers:
		o.invalid(servers, n, msgAtMost(maxNameservers, "nameservers"))
	}
	for i, server := range config.Nameservers {
		o.ip(servers.Index(i), server)
	}
	if n := len(config.Searches); n > maxSearchPaths {
		o.invalid(searches, n, msgAtMost(maxSearchPaths, "search paths"))
	}
	if n := len(strings.Join(config.Searches, " ")); n > maxSearchListChars {
		o.invalid(searches, n, msgAtMost(maxSearchListChars, "characters"))
	}
	for i, search := range config.Searches {
		if search != "." {
			o.invalid(searches.Index(i), search, validation.IsDNS1123SubdomainWithUnderscore(strings.TrimSuffix(search, "."))...)
		}
	}
	for i, option := range config.Options {
		o.present(at.Child("options").Index(i).Child("name"), option.Name)
	}
}

func (o *objections) hostNames(at *field.Path, pod *corev1.PodSpec) {
	for i, alias := range pod.HostAliases {
		at := at.Child("hostAliases").Index(i)
		o.ip(at.Child("ip"), alias.IP)
		for k, name := range alias.Hostnames {
			o.subdomain(at.Child("hostnames").Index(k), name)
		}
	}
	name := pod.HostnameOverride // Kubernetes 1.34 and earlier drop it
	if name == nil {
		return
	}
	at = at.Child("hostnameOverride")
	o.subdomain(at, *name)
	switch {
	case pod.HostNetwork:
		o.forbidden(at, msgNotWith("hostNetwork"))
	case pod.SetHostnameAsFQDN != nil && *pod.SetHostnameAsFQDN:
		o.forbidden(at, msgNotWith("setHostnameAsFQDN"))
	case len(*name) > maxHostname:
		o.found = append(o.found, field.TooLong(at, "", maxHostname))
	}
}

// ip requires an IP address. Leading zeros, which Kubernetes 1.36 and later refuse, are allowed.
func (o *objections) ip(at *field.Path, address string) {
	o.found = append(o.found, validation.IsValidIPForLegacyField(at, address, false, nil)...)
}

// resourceClaims returns the names of the claims.
func (o *objections) resourceClaims(at *field.Path, claims []corev1.PodResourceClaim) map[string]bool {
	names := map[string]bool{}
	for i, claim := range claims {
		at := at.Index(i)
		o.volumeName(at.Child("name"), claim.Name)
		o.unique(at.Child("name"), claim.Name, names)
		switch direct, template := claim.ResourceClaimName, claim.ResourceClaimTemplateName; {
		case direct == nil && template == nil:
			o.required(at, msgResourceClaimSource())
		case direct != nil && template != nil:
			o.forbidden(at, msgMutuallyExclusive("resourceClaimName", "resourceClaimTemplateName"))
		case direct != nil:
			o.subdomain(at.Child("resourceClaimName"), *direct)
		default:
			o.subdomain(at.Child("resourceClaimTemplateName"), *template)
		}
	}
	return names
}

func (o *objections) podSecurity(at *field.Path, sc *corev1.PodSecurityContext, hostNetwork bool) {
	if sc == nil {
		return
	}
	o.user(at.Child("runAsUser"), sc.RunAsUser)
	o.user(at.Child("runAsGroup"), sc.RunAsGroup)
	o.user(at.Child("fsGroup"), sc.FSGroup)
	for i := range sc.SupplementalGroups {
		o.user(at.Child("supplementalGroups").Index(i), &sc.SupplementalGroups[i])
	}
	pointed(o, at.Child("fsGroupChangePolicy"), sc.FSGroupChangePolicy, corev1.FSGroupChangeOnRootMismatch, corev1.FSGroupChangeAlways)
	o.seccomp(at.Child("seccompProfile"), sc.SeccompProfile)
	o.appArmor(at.Child("appArmorProfile"), sc.AppArmorProfile)
	o.sysctls(at.Child("sysctls"), sc.Sysctls, hostNetwork)
}

var sysctlName = regexp.MustCompile(`^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`)

func (o *objections) sysctls(at *field.Path, sysctls []corev1.Sysctl, hostNetwork bool) {
	names := map[string]bool{}
	for i, sysctl := range sysctls {
		at := at.Index(i).Child("name")
		switch {
		case sysctl.Name == "":
			o.required(at, "")
		case !sysctlName.MatchString(sysctl.Name):
			o.invalid(at, sysctl.Name, msgSysctlName())
		case hostNetwork && strings.HasPrefix(sysctl.Name, "net."):
			o.invalid(at, sysctl.Name, msgNotWith("hostNetwork"))
		}
		o.unique(at, sysctl.Name, names)
	}
}

// user requires the number of a user or a group.
func (o *objections) user(at *field.Path, id *int64) {
	if id != nil {
		o.invalid(at, *id, validation.IsValidUserID(*id)...)
	}
}

func (o *objections) seccomp(at *field.Path, profile *corev1.SeccompProfile) {
	if profile != nil {
		local := corev1.SeccompProfileTypeLocalhost
		oneOf(o, at.Child("type"), profile.Type, local, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeUnconfined)
		o.localProfile(at.Child("localhostProfile"), profile.Type == local, profile.LocalhostProfile)
	}
}

func (o *objections) appArmor(at *field.Path, profile *corev1.AppArmorProfile) {
	if profile != nil {
		local := corev1.AppArmorProfileTypeLocalhost
		oneOf(o, at.Child("type"), profile.Type, local, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined)
		o.localProfile(at.Child("localhostProfile"), profile.Type == local, profile.LocalhostProfile)
	}
}

func (o *objections) localProfile(at *field.Path, local bool, name *string) {
	switch {
	case local && name == nil:
		o.required(at, msgLocalProfileRequired())
	case !local && name != nil:
		o.invalid(at, *name, msgLocalProfileOnly())
	}
}
