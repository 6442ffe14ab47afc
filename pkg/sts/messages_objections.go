package sts

import (
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
)

// These are the details of [Objections], worded like the API server's own: they follow the path of the
// field and what kind of error it is, as in "spec.selector: Required value: …".

func msgNameRequired() string { return "name or generateName is required" }

func msgNotEmpty() string { return "must not be empty" }

func msgNotNegative() string { return "must be greater than or equal to 0" }

func msgPositive() string { return "must be greater than 0" }

func msgInteger() string { return "must be an integer" }

func msgUnique() string { return "must be unique" }

func msgRange(least, most int64) string {
	return fmt.Sprintf("must be in the range %d-%d", least, most)
}

func msgAtMost(n int, what string) string {
	return fmt.Sprintf("must not have more than %d %s", n, what)
}

func msgMutuallyExclusive(a, b string) string {
	return fmt.Sprintf("%s and %s are mutually exclusive", a, b)
}

func msgNotWithType(kind string) string { return fmt.Sprintf("must not be set when type is %s", kind) }

func msgNotWith(field string) string { return fmt.Sprintf("must not be set when %s is true", field) }

// The set.

func msgRollingUpdateOnly() string { return "only allowed with updateStrategy type RollingUpdate" }

func msgNotZero() string { return "must not be 0" }

func msgAtMost100Percent() string { return "must not be greater than 100%" }

func msgSelectorMismatch() string { return "does not match spec.selector" }

// Claim templates.

func msgAccessModeMissing() string { return "at least 1 access mode is required" }

func msgOncePodAlone() string { return "ReadWriteOncePod must not be used with other access modes" }

func msgDataSourceGroup() string {
	return "must be PersistentVolumeClaim unless apiGroup is set"
}

// The pod.

func msgDeletionCost() string { return "must be a 32-bit integer" }

func msgContainerNotFound() string { return "container not found" }

func msgNoActiveDeadline() string { return "only supported in pods and Jobs" }

func msgNoEphemeralContainers() string { return "not allowed in a pod template" }

func msgShareProcessAndHostPID() string { return msgNotWith("hostPID") }

func msgNoHostUsers() string { return "must not be set when hostUsers is false" }

func msgDNSConfigRequired(policy corev1.DNSPolicy) string {
	return fmt.Sprintf("required when dnsPolicy is %s", policy)
}

func msgNameserverRequired(policy corev1.DNSPolicy) string {
	return fmt.Sprintf("at least 1 nameserver is required when dnsPolicy is %s", policy)
}

func msgResourceClaimSource() string {
	return "must specify one of resourceClaimName or resourceClaimTemplateName"
}

func msgLocalProfileRequired() string { return "required when type is Localhost" }

func msgLocalProfileOnly() string { return "must not be set unless type is Localhost" }

func msgSysctlName() string {
	return "must consist of lower case letters, digits, '-' and '_', with '.' or '/' between the parts"
}

// Scheduling.

func msgNodeSelectorTermMissing() string { return "at least 1 node selector term is required" }

func msgValuesRequired(operators string) string {
	return "required when operator is " + operators
}

func msgValuesForbidden(operators string) string {
	return "must not be set when operator is " + operators
}

func msgOneValueRequired(operators string) string {
	return "exactly 1 value is required when operator is " + operators
}

func msgSelectorOperator() string { return "not a valid selector operator" }

func msgSelectorField() string { return "not a valid field selector key, must be metadata.name" }

func msgInMismatchLabelKeys() string { return "must not be in mismatchLabelKeys, too" }

func msgLabelSelectorMissing() string { return "must not be set without a labelSelector" }

func msgMinDomainsOnly() string { return "requires whenUnsatisfiable DoNotSchedule" }

func msgTolerationOfAll() string { return "must be Exists when key is empty" }

func msgTolerationValue() string { return "must be empty when operator is Exists" }

func msgTolerationSeconds() string { return "must be NoExecute when tolerationSeconds is set" }

// Volumes.

func msgOneVolumeType() string { return "must not specify more than 1 volume type" }

func msgOneVolumeTypePerSource() string { return "must not specify more than 1 volume type per source" }

func msgOneRef() string { return "must specify one of fieldRef or resourceFieldRef" }

func msgQuantity() string { return "must be a valid resource quantity" }

func msgFileMode() string { return "must be a number from 0 to 0777 (octal)" }

func msgAbsolutePath() string { return "must be an absolute path" }

func msgRelativePath() string { return "must be a relative path" }

func msgNoBacksteps() string { return "must not contain '..'" }

func msgNoLeadingDots() string { return "must not start with '..'" }

func msgBidirectionalOnly() string { return "Bidirectional requires a privileged container" }

func msgReadOnlyFirst() string { return "requires readOnly" }

func msgBlockOnly() string { return "must be a persistentVolumeClaim or an ephemeral volume" }

func msgInVolumeMounts() string { return "must not be in volumeMounts, too" }

// Containers.

func msgSidecarOnly() string {
	return "must not be set for init containers without restartPolicy Always"
}

func msgHostNetworkPort() string { return "must match containerPort when hostNetwork is true" }

func msgValueSourceMissing() string {
	return "must specify one of fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef or fileKeyRef"
}

func msgEnvSourceMissing() string { return "must specify one of configMapRef or secretRef" }

func msgNotWithValue() string { return "must not be set when value is not empty" }

func msgOneField() string { return "must not specify more than 1 source" }

func msgFieldVersion() string { return "must be v1" }

func msgNoSubscript() string { return "does not support a subscript" }

func msgEscalation(with string) string { return fmt.Sprintf("must not be false with %s", with) }

// Resources.

func msgStandardResource() string { return "must be a standard resource for containers" }

func msgExtendedResource() string { return "must be a valid name of an extended resource" }

func msgLimitRequired() string { return "required for resources that cannot be overcommitted" }

func msgEqualsLimit(name corev1.ResourceName, limit string) string {
	return fmt.Sprintf("must be equal to %s limit of %s", name, limit)
}

func msgWithinLimit(name corev1.ResourceName, limit string) string {
	return fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit)
}

func msgHugePagesAlone() string { return "huge pages require cpu or memory" }

func msgHugePagesMultiple(name corev1.ResourceName) string {
	return fmt.Sprintf("must be a multiple of the page size of %s", name)
}

// Probes and hooks.

func msgHandlerMissing() string { return "must specify a handler type" }

func msgOneHandler() string { return "must not specify more than 1 handler type" }

func msgMustBeOne() string { return "must be 1" }

func msgNotForReadiness() string { return "must not be set for readiness probes" }

func msgSleepWithinGrace(grace int64) string {
	return fmt.Sprintf("must be from 0 to terminationGracePeriodSeconds (%d)", grace)
}

// Deployments.

func msgAboveMinReadySeconds() string { return "must be greater than minReadySeconds" }

func msgNotWithRecreate() string { return "must not be set with strategy type Recreate" }

func msgNotZeroWithoutSurge() string { return "must not be 0 when maxSurge is 0" }

// ConfigMaps.

func msgInBinaryData() string { return "must not be in binaryData, too" }

// Services.

func msgPortNameRequired() string { return "required when there is more than 1 port" }

func msgPortsRequired() string {
	return "at least 1 port is required unless clusterIP is None or type is ExternalName"
}

func msgNotHeadless(kind corev1.ServiceType) string {
	return fmt.Sprintf("must not be None when type is %s", kind)
}

func msgClusterIPFirst() string { return "must not be set without clusterIP" }

func msgSameClusterIP() string { return "must be equal to clusterIP" }

func msgNoneAlone() string { return "None must not be used with other addresses" }

func msgExternalOnly() string {
	return "requires type LoadBalancer or NodePort, or externalIPs"
}

func msgHealthCheckOnly() string {
	return "requires type LoadBalancer and externalTrafficPolicy Local"
}

func msgLoadBalancerOnly() string { return "requires type LoadBalancer" }

// HorizontalPodAutoscalers.

func msgNotBelowMinReplicas() string { return "must be greater than or equal to minReplicas" }

func msgNoMetricAtZero() string { return "0 requires a metric of type Object or External" }

func msgMetricSourceRequired(kind autoscalingv2.MetricSourceType) string {
	return fmt.Sprintf("required when type is %s", kind)
}

func msgOneTarget(a, b string) string { return fmt.Sprintf("must specify %s or %s", a, b) }
