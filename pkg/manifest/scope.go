package manifest

// ClusterScoped says whether objects of the kind have no namespace: those of Kubernetes, and of snapshots.
func ClusterScoped(kind string) bool { return clusterScoped[kind] }

var clusterScoped = map[string]bool{
	"APIService": true, "CSIDriver": true, "CSINode": true, "CertificateSigningRequest": true, "ClusterRole": true, "ClusterRoleBinding": true,
	"ClusterTrustBundle": true, "CustomResourceDefinition": true, "DeviceClass": true, "FlowSchema": true, "IPAddress": true, "IngressClass": true,
	"MutatingAdmissionPolicy": true, "MutatingAdmissionPolicyBinding": true, "MutatingWebhookConfiguration": true, "Namespace": true, "Node": true,
	"PersistentVolume": true, "PriorityClass": true, "PriorityLevelConfiguration": true, "ResourceSlice": true, "RuntimeClass": true, "ServiceCIDR": true,
	"StorageClass": true, "ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true, "ValidatingWebhookConfiguration": true,
	"VolumeAttachment": true, "VolumeAttributesClass": true, "VolumeSnapshotClass": true, "VolumeSnapshotContent": true,
}
