package names

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

// The codes of the checks.
const (
	// NoServiceName: `spec.serviceName` is not set: the pods have no names.
	//
	// Severity: error if a headless Service selects the pods; otherwise info.
	NoServiceName sts.FindingCode = "NoServiceName"
	// ServiceMissing: the Service does not exist, or is not in the manifest.
	//
	// Severity: error if the names are used or the set has several pods; otherwise info. With
	// `--filename`: warning if the names are used; otherwise info.
	ServiceMissing sts.FindingCode = "ServiceMissing"
	// ServiceExternal: the Service is of type ExternalName: it refers to something outside the
	// cluster.
	//
	// Severity: error.
	ServiceExternal sts.FindingCode = "ServiceExternal"
	// ServiceNotHeadless: the Service has a cluster IP. According to the Kubernetes DNS specification, only
	// headless Services give pods DNS names; with CoreDNS, other Services do as well. The Service's own name
	// and its SRV records resolve to the cluster IP.
	//
	// Severity: info.
	ServiceNotHeadless sts.FindingCode = "ServiceNotHeadless"
	// SelectorMissing: the Service has no selector, so its EndpointSlices are created by another
	// client, or should be.
	//
	// Severity: warning if the names are used or the Service is headless, and they are not published;
	// info if they are published, or another client writes the endpoints.
	SelectorMissing sts.FindingCode = "SelectorMissing"
	// SelectorMismatch: the Service's selector does not match the labels of the pod template, or those
	// of some older pods.
	//
	// Severity: error; info for labels that pods get later, like `statefulset.kubernetes.io/pod-name`
	// and the role of a leader.
	SelectorMismatch sts.FindingCode = "SelectorMismatch"
	// InvalidSelector: `spec.selector` is missing or does not match the labels of the pod template:
	// the API server rejects the set. For manifests.
	//
	// Severity: error.
	InvalidSelector sts.FindingCode = "InvalidSelector"
	// InvalidName: the name of the set has more than 52 characters, so no pod can be created; or the
	// name of a pod or of the Service is not a valid DNS label, or the whole name has more than 253
	// characters.
	//
	// Severity: error.
	InvalidName sts.FindingCode = "InvalidName"
	// HostnameTooLong: with `setHostnameAsFQDN` the pods' hostname exceeds the kernel's limit of 64
	// characters: the pods do not start.
	//
	// Severity: error.
	HostnameTooLong sts.FindingCode = "HostnameTooLong"
	// WrongHostname: a pod has another `hostname` or `subdomain` than its set gives it, usually
	// because it was adopted from an earlier set with another `serviceName`.
	//
	// Severity: error.
	WrongHostname sts.FindingCode = "WrongHostname"
	// BootstrapDeadlock: without `publishNotReadyAddresses` a pod has no name until it is ready: if
	// it, or one of its init containers, needs its own name or those of other pods to become ready, it
	// never will.
	//
	// Severity: warning if no pod becomes ready; info for images that are known to need it.
	BootstrapDeadlock sts.FindingCode = "BootstrapDeadlock"
	// EndpointMissing: a pod that should have been published for ten seconds is not in any EndpointSlice.
	//
	// Severity: error.
	EndpointMissing sts.FindingCode = "EndpointMissing"
	// EndpointWithoutHostname: an EndpointSlice has a pod without its hostname: DNS servers then derive its
	// name from its address.
	//
	// Severity: error if the names are used or the Service is headless; otherwise info.
	EndpointWithoutHostname sts.FindingCode = "EndpointWithoutHostname"
	// StaleAddress: an EndpointSlice has an address for a pod that the pod does not have, or no longer has.
	//
	// Severity: warning.
	StaleAddress sts.FindingCode = "StaleAddress"
	// ForeignEndpoints: the Service has a selector, but there are also EndpointSlices that Kubernetes did not
	// create: DNS returns their endpoints as well.
	//
	// Severity: info.
	ForeignEndpoints sts.FindingCode = "ForeignEndpoints"
	// IPFamilyMissing: the Service has an IP family for which the pods have no address; or it has only
	// one family while the pods have addresses of both.
	//
	// Severity: error if the Service has only that family, warning if it has both; info if only
	// addresses of the other family are not published.
	IPFamilyMissing sts.FindingCode = "IPFamilyMissing"
	// HostDNS: the pods use their node's DNS servers, which do not resolve cluster names.
	//
	// Severity: warning with `hostNetwork` if the names are used, or if the set has several pods and a
	// headless Service; otherwise info.
	HostDNS sts.FindingCode = "HostDNS"
	// NoPorts: the Service has no ports: there are no SRV records.
	//
	// Severity: info.
	NoPorts sts.FindingCode = "NoPorts"
	// PortUnnamed: a port has no name: there are no SRV records for it.
	//
	// Severity: info.
	PortUnnamed sts.FindingCode = "PortUnnamed"
	// PortUnknown: a port's `targetPort` is a name that no container has: there are no SRV records for
	// it.
	//
	// Severity: warning if its SRV records are used; otherwise info.
	PortUnknown sts.FindingCode = "PortUnknown"
	// PortNotTranslated: a headless Service's port differs from its `targetPort`: by name the pods are
	// reached at the latter.
	//
	// Severity: info.
	PortNotTranslated sts.FindingCode = "PortNotTranslated"
	// ServiceNotGoverning: another headless Service also selects the pods, but only the governing Service
	// gives them DNS names (kubernetes#124207).
	//
	// Severity: warning if its names are used; otherwise info.
	ServiceNotGoverning sts.FindingCode = "ServiceNotGoverning"
	// UnknownField: a field of the set or its Service is misspelled: kubectl apply rejects the
	// manifest, and without strict field validation the field is dropped. For manifests.
	//
	// Severity: error.
	UnknownField sts.FindingCode = "UnknownField"
)
