package sts

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// podScope is what the containers of a pod refer to.
type podScope struct {
	volumes        map[string]bool // by name, whether it can be a block device
	resourceClaims map[string]bool
	grace          int64
}

func (o *objections) containers(at *field.Path, pod *corev1.PodSpec, in *podScope) {
	names, hostPorts := map[string]bool{}, map[string]bool{}
	list := at.Child("containers")
	if len(pod.Containers) == 0 {
		o.required(list, "")
	}
	for i := range pod.Containers {
		c, at := &pod.Containers[i], list.Index(i)
		o.container(at, c, in)
		o.unique(at.Child("name"), c.Name, names)
		o.hostPorts(at, c, hostPorts)
		if pod.HostNetwork {
			o.hostNetworkPorts(at, c)
		}
		o.probesAndHooks(at, c, in.grace)
		// Kubernetes 1.34 and earlier refuse every value.
		o.containerRestartPolicy(at, c)
	}
	for i := range pod.InitContainers {
		c, at := &pod.InitContainers[i], at.Child("initContainers").Index(i)
		o.container(at, c, in)
		o.unique(at.Child("name"), c.Name, names)
		o.hostPorts(at, c, map[string]bool{}) // they run one after the other
		// Kubernetes 1.34 and earlier refuse all but Always.
		o.containerRestartPolicy(at, c)
		if p := c.RestartPolicy; p != nil && *p == corev1.ContainerRestartPolicyAlways {
			o.probesAndHooks(at, c, in.grace)
			continue
		}
		for _, sidecarOnly := range []struct {
			field string
			set   bool
		}{
			{"lifecycle", c.Lifecycle != nil},
			{"livenessProbe", c.LivenessProbe != nil},
			{"readinessProbe", c.ReadinessProbe != nil},
			{"startupProbe", c.StartupProbe != nil},
		} {
			if sidecarOnly.set {
				o.forbidden(at.Child(sidecarOnly.field), msgSidecarOnly())
			}
		}
	}
}

func (o *objections) containerRestartPolicy(at *field.Path, c *corev1.Container) {
	pointed(o, at.Child("restartPolicy"), c.RestartPolicy,
		corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever, corev1.ContainerRestartPolicyOnFailure)
}

// container checks what containers and init containers have in common.
func (o *objections) container(at *field.Path, c *corev1.Container, in *podScope) {
	o.volumeName(at.Child("name"), c.Name)
	o.present(at.Child("image"), c.Image)
	optional(o, at.Child("imagePullPolicy"), c.ImagePullPolicy, corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)
	optional(o, at.Child("terminationMessagePolicy"), c.TerminationMessagePolicy, corev1.TerminationMessageReadFile, corev1.TerminationMessageFallbackToLogsOnError)
	o.ports(at.Child("ports"), c.Ports)
	o.env(at.Child("env"), c.Env)
	o.envFrom(at.Child("envFrom"), c.EnvFrom)
	o.mounts(at, c, in.volumes)
	o.resources(at.Child("resources"), &c.Resources, in.resourceClaims)
	o.security(at.Child("securityContext"), c.SecurityContext)
}

func (o *objections) ports(at *field.Path, ports []corev1.ContainerPort) {
	names := map[string]bool{}
	for i, p := range ports {
		at := at.Index(i)
		if p.Name != "" {
			o.invalid(at.Child("name"), p.Name, validation.IsValidPortName(p.Name)...)
			o.unique(at.Child("name"), p.Name, names)
		}
		if p.ContainerPort == 0 {
			o.required(at.Child("containerPort"), "")
		} else {
			o.portNumber(at.Child("containerPort"), p.ContainerPort)
		}
		if p.HostPort != 0 {
			o.portNumber(at.Child("hostPort"), p.HostPort)
		}
		optional(o, at.Child("protocol"), p.Protocol, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
	}
}

func (o *objections) portNumber(at *field.Path, port int32) {
	o.invalid(at, port, validation.IsValidPortNum(int(port))...)
}

func (o *objections) hostPorts(at *field.Path, c *corev1.Container, seen map[string]bool) {
	for i, p := range c.Ports {
		if p.HostPort != 0 {
			protocol := p.Protocol
			if protocol == "" {
				protocol = corev1.ProtocolTCP
			}
			o.unique(at.Child("ports").Index(i).Child("hostPort"), fmt.Sprintf("%s/%s/%d", protocol, p.HostIP, p.HostPort), seen)
		}
	}
}

func (o *objections) hostNetworkPorts(at *field.Path, c *corev1.Container) {
	for i, p := range c.Ports {
		if p.HostPort != 0 && p.HostPort != p.ContainerPort {
			o.invalid(at.Child("ports").Index(i).Child("hostPort"), p.HostPort, msgHostNetworkPort())
		}
	}
}

func (o *objections) env(at *field.Path, vars []corev1.EnvVar) {
	for i := range vars {
		v, at := &vars[i], at.Index(i)
		if v.Name == "" {
			o.required(at.Child("name"), "")
		} else {
			o.invalid(at.Child("name"), v.Name, validation.IsRelaxedEnvVarName(v.Name)...)
		}
		from := v.ValueFrom
		if from == nil {
			continue
		}
		at = at.Child("valueFrom")
		sources := 0
		if from.FieldRef != nil {
			sources++
			o.fieldRef(at.Child("fieldRef"), from.FieldRef, envFields)
		}
		if from.ResourceFieldRef != nil {
			sources++
			o.resourceFieldRef(at.Child("resourceFieldRef"), from.ResourceFieldRef)
		}
		if from.ConfigMapKeyRef != nil {
			sources++
			o.keyRef(at.Child("configMapKeyRef"), from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Key)
		}
		if from.SecretKeyRef != nil {
			sources++
			o.keyRef(at.Child("secretKeyRef"), from.SecretKeyRef.Name, from.SecretKeyRef.Key)
		}
		if from.FileKeyRef != nil {
			sources++
		}
		switch {
		case sources == 0:
			o.required(at, msgValueSourceMissing())
		case v.Value != "":
			o.forbidden(at, msgNotWithValue())
		case sources > 1:
			o.forbidden(at, msgOneField())
		}
	}
}

func (o *objections) keyRef(at *field.Path, name, key string) {
	o.subdomain(at.Child("name"), name)
	if key == "" {
		o.required(at.Child("key"), "")
	} else {
		o.invalid(at.Child("key"), key, validation.IsConfigMapKey(key)...)
	}
}

// The fields of a pod and the resources of a container that its variables and files can have.
var (
	envFields = []string{
		"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
		"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
	}
	fileFields      = []string{"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"}
	resourceFields  = []string{"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"}
	hugePagesFields = []string{"limits." + corev1.ResourceHugePagesPrefix, "requests." + corev1.ResourceHugePagesPrefix}
)

func (o *objections) fieldRef(at *field.Path, ref *corev1.ObjectFieldSelector, supported []string) {
	if ref.APIVersion != "" && ref.APIVersion != "v1" {
		o.invalid(at.Child("apiVersion"), ref.APIVersion, msgFieldVersion())
		return
	}
	at = at.Child("fieldPath")
	path := ref.FieldPath
	if path == "" {
		o.required(at, "")
		return
	}
	if path == "spec.host" { // an old name
		path = "spec.nodeName"
	}
	of, key, found := strings.Cut(strings.TrimSuffix(path, "']"), "['")
	if !found || !strings.HasSuffix(path, "']") {
		oneOf(o, at, path, supported...)
		return
	}
	switch of { // metadata.labels['app']
	case "metadata.annotations":
		o.qualified(at, strings.ToLower(key))
	case "metadata.labels":
		o.qualified(at, key)
	default:
		o.invalid(at, path, msgNoSubscript())
	}
}

func (o *objections) resourceFieldRef(at *field.Path, ref *corev1.ResourceFieldSelector) {
	at = at.Child("resource")
	if ref.Resource == "" {
		o.required(at, "")
		return
	}
	for _, prefix := range hugePagesFields {
		if strings.HasPrefix(ref.Resource, prefix) {
			return
		}
	}
	oneOf(o, at, ref.Resource, resourceFields...)
}

func (o *objections) envFrom(at *field.Path, sources []corev1.EnvFromSource) {
	for i, s := range sources {
		at := at.Index(i)
		if s.Prefix != "" {
			o.invalid(at.Child("prefix"), s.Prefix, validation.IsRelaxedEnvVarName(s.Prefix)...)
		}
		name := func(at *field.Path, name string) {
			if name == "" {
				o.required(at, "")
			} else {
				o.invalid(at, name, apivalidation.NameIsDNSSubdomain(name, true)...)
			}
		}
		if s.ConfigMapRef != nil {
			name(at.Child("configMapRef", "name"), s.ConfigMapRef.Name)
		}
		if s.SecretRef != nil {
			name(at.Child("secretRef", "name"), s.SecretRef.Name)
		}
		switch {
		case s.ConfigMapRef == nil && s.SecretRef == nil:
			o.required(at, msgEnvSourceMissing())
		case s.ConfigMapRef != nil && s.SecretRef != nil:
			o.forbidden(at, msgOneField())
		}
	}
}

func privileged(c *corev1.Container) bool {
	return c.SecurityContext != nil && c.SecurityContext.Privileged != nil && *c.SecurityContext.Privileged
}

func (o *objections) security(at *field.Path, sc *corev1.SecurityContext) {
	if sc == nil {
		return
	}
	o.user(at.Child("runAsUser"), sc.RunAsUser)
	o.user(at.Child("runAsGroup"), sc.RunAsGroup)
	o.seccomp(at.Child("seccompProfile"), sc.SeccompProfile)
	o.appArmor(at.Child("appArmorProfile"), sc.AppArmorProfile)
	pointed(o, at.Child("procMount"), sc.ProcMount, corev1.DefaultProcMount, corev1.UnmaskedProcMount)
	if sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation {
		return
	}
	at = at.Child("allowPrivilegeEscalation")
	if sc.Privileged != nil && *sc.Privileged {
		o.invalid(at, false, msgEscalation("privileged"))
	}
	if sc.Capabilities != nil {
		for _, capability := range sc.Capabilities.Add {
			if capability == "CAP_SYS_ADMIN" { // with the prefix, without which none is known
				o.invalid(at, false, msgEscalation(string(capability)))
			}
		}
	}
}
