package doctor

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

// claimChecks are about volumes and claims, in manifests and in a cluster.
func claimChecks() []*Check {
	return []*Check{
		{
			Code: "SharedClaim", Severity: sts.SeverityError, Looks: Everywhere, Needs: []string{"persistentvolumeclaims"},
			Title: "All pods of a StatefulSet mount the same claim",
			Explain: "The pod template has a PersistentVolumeClaim in its volumes, so every pod mounts that one instead of a claim of its own. " +
				"Error if its access mode is ReadWriteOncePod: only one pod can run. Warning if it is ReadWriteOnce: most volumes can then be " +
				"attached to one node only, and two database processes on the same files destroy them. Info if the access modes are not known. " +
				"Nothing for ReadWriteMany, ReadOnlyMany and read-only mounts, for one replica, and where a volumeClaimTemplate " +
				"of the same name replaces the volume. The maximum of an autoscaler counts as replicas.",
			Remedy: "Replace the volume with a volumeClaimTemplate of the same name, which gives each pod its own claim. The StatefulSet must be " +
				"recreated for that, and the data is not copied. For files that all pods should share, use a claim with ReadWriteMany.",
			Run: sharedClaim,
		},
		{
			Code: "DeploymentSharesClaim", Severity: sts.SeverityError, Looks: Everywhere, Needs: []string{"persistentvolumeclaims"},
			Title: "All pods of a Deployment mount the same claim",
			Explain: "Pods of a Deployment have no claims of their own: with more than one replica all of them mount the claim of the pod template. " +
				"Error if its access mode is ReadWriteOncePod: only one pod can run. Warning if it is ReadWriteOnce: most volumes can then be " +
				"attached to one node only. Info if the access modes are not known. Nothing for ReadWriteMany, ReadOnlyMany and " +
				"read-only mounts, and for one replica. The maximum of an autoscaler counts as replicas.",
			Remedy: "Use a StatefulSet with a volumeClaimTemplate, which gives each pod its own claim, or a claim with ReadWriteMany.",
			RunAll: deploymentSharesClaim,
		},
		{
			Code: "SurgeOnClaim", Severity: sts.SeverityWarning, Looks: Everywhere, Needs: []string{"persistentvolumeclaims"},
			Title: "A Deployment starts its new pod before the old one releases the volume",
			Explain: "With the strategy RollingUpdate and one replica the new pod starts first. If it is scheduled to another node, it cannot attach " +
				"the ReadWriteOnce volume that the old pod uses, and the old pod is not deleted until the new one is ready: the rollout hangs. " +
				"On the same node both run on the same files for a while. Nothing for ReadWriteMany, if the access modes are not known, and if " +
				"maxUnavailable lets the old pod go first.",
			Remedy: "Set the strategy Recreate, or use a StatefulSet, which always deletes the old pod first.",
			RunAll: surgeOnClaim,
		},
		{
			Code: "DatabaseInDeployment", Severity: sts.SeverityInfo, Looks: Everywhere,
			Title: "A database with a claim runs in a Deployment",
			Explain: "A Deployment can run two pods at the same time, during a rollout or while a node is unreachable, and both write to the claim. " +
				"A StatefulSet never runs two pods with the same identity, and each pod has claims of its own. " +
				"The program is recognized by its image, and its data directory must be on the claim.",
			Remedy: "Use a StatefulSet. With one replica, a Deployment with the strategy Recreate and a claim with ReadWriteOncePod is safe as well.",
			RunAll: databaseInDeployment,
		},
		{
			Code: "DataOnEmptyDir", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "A database stores its data on an emptyDir",
			Explain: "An emptyDir is deleted with its pod: every update, eviction and drain starts the member without data. The program is recognized by " +
				"its image, and the emptyDir must be mounted at its data directory. Info for caches such as Redis, and for medium Memory. " +
				"Other emptyDirs, such as scratch space, configuration and sockets, are not reported.",
			Remedy: "Add a volumeClaimTemplate with the name of the volume, which replaces the emptyDir. The StatefulSet must be recreated for that.",
			Run:    dataOnEmptyDir,
		},
		{
			Code: "DataOnHostPath", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "A database stores its data in a directory of the node",
			Explain: "A hostPath does not follow the pod: on another node it finds an empty directory, or the data of another member. The program is " +
				"recognized by its image, and the hostPath must be mounted at its data directory. Info for caches such as Redis, and if the " +
				"pods have a node selector for one node.",
			Remedy: "Use a volumeClaimTemplate with a StorageClass for local volumes, which the scheduler knows.",
			Run:    dataOnHostPath,
		},
		{
			Code: "DataInContainer", Severity: sts.SeverityInfo, Looks: Everywhere,
			Title: "A database has no volume at its data directory",
			Explain: "What a container writes to its own file system is lost when the container restarts. The program is recognized by its image; its data " +
				"directory may be configured elsewhere, so this is only information. Nothing for caches, for nodes whose role stores no data, " +
				"and if the container mounts any claim.",
			Remedy: "Mount a volumeClaimTemplate at the data directory, unless the program stores nothing.",
			Run:    dataInContainer,
		},
		{
			Code: "ClaimNotMounted", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "No container mounts a volumeClaimTemplate",
			Explain: "Each pod gets a claim, and a volume that costs money, but no container uses it: the data is probably written to the container's " +
				"file system and is lost with the container. Init containers, sidecars and raw block devices (volumeDevices) count as users.",
			Remedy: "Add a volumeMount with the name of the volumeClaimTemplate to the container that writes the data.",
			Run:    claimNotMounted,
		},
		{
			Code: "ClassAnnotation", Severity: sts.SeverityWarning, Looks: Manifests,
			Title: "The storage class is set by an annotation",
			Explain: "The annotation volume.alpha.kubernetes.io/storage-class has had no effect since Kubernetes 1.6: the claims get the default StorageClass. " +
				"Info for volume.beta.kubernetes.io/storage-class, which is deprecated but still works. Nothing if storageClassName is set as well.",
			Remedy: "Set spec.storageClassName in the volumeClaimTemplate and remove the annotation.",
			Run:    classAnnotation,
		},
		{
			Code: "RetentionDeletesOnScale", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "Scaling down deletes data",
			Explain: "With persistentVolumeClaimRetentionPolicy whenScaled: Delete, the claims of removed ordinals are deleted with their pods, also when an " +
				"autoscaler or a typing error removes them. Unless the reclaim policy of the volumes is Retain, their data is deleted as well. " +
				"That is correct for caches and runners: ignore the check there.",
			Remedy: "Set whenScaled: Retain, and delete leftover claims with kubectl sts pvc-gc, which can be undone.",
			Run:    retentionDeletesOnScale,
		},
		{
			Code: "RetentionDeletesOnDelete", Severity: sts.SeverityInfo, Looks: Everywhere,
			Title: "Deleting the StatefulSet deletes its data",
			Explain: "With persistentVolumeClaimRetentionPolicy whenDeleted: Delete, all claims are deleted with the StatefulSet, also when it is only deleted to be " +
				"recreated, for example to change an immutable field. kubectl delete --cascade=orphan does not delete them.",
			Remedy: "Set whenDeleted: Retain, unless the data can be lost.",
			Run:    retentionDeletesOnDelete,
		},
	}
}
