package doctor

import (
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// liveChecks are about the claims and volumes of a cluster.
func liveChecks() []*Check {
	return []*Check{
		{
			Code: "ClassMissing", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"storageclasses", "persistentvolumes", "persistentvolumeclaims"},
			Title: "A StorageClass does not exist",
			Explain: "A claim whose StorageClass does not exist remains Pending, and so does its pod. Error if a claim of a desired ordinal is Pending for it; " +
				"warning if a volumeClaimTemplate names it, which only new claims will use. Nothing if there is a volume of that class that no provisioner of the " +
				"class has created, or an available one: static volumes need no StorageClass object.",
			Remedy: "Create the StorageClass. Or recreate the StatefulSet with another storageClassName, and delete the pending claim and its pod: both are recreated.",
			Run:    classMissing,
		},
		{
			Code: "NoDefaultClass", Severity: sts.SeverityWarning, Looks: Cluster, Needs: []string{"storageclasses", "persistentvolumes", "persistentvolumeclaims"},
			Title: "Claims name no StorageClass, and the cluster has no default one",
			Explain: "Such a claim is bound only to an existing volume without a class. Nothing if there is an available volume without a class, " +
				"or one that is reserved for the claim.",
			Remedy: "Mark a StorageClass as the default: the claims get it, also those that exist.",
			Run:    noDefaultClass,
		},
		{
			Code: "ClaimPending", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"pods", "persistentvolumeclaims"},
			Title: "A pod does not start because its claim is not bound",
			Explain: "The message is the claim's own event, which kubectl describe pod does not show. The evidence and the grace periods are those of the reason UnboundClaim " +
				"of kubectl sts status. Nothing for a claim that waits for its pod to be scheduled (WaitForFirstConsumer), within the grace period, " +
				"and if ClassMissing reports the claim.",
			Remedy: "Run kubectl describe pvc, then fix the StorageClass, its provisioner or the volume.",
			After:  []sts.FindingCode{"ClassMissing"},
			Run:    claimPending,
		},
		{
			Code: "ClaimLost", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"pods", "persistentvolumeclaims"},
			Title: "The data of a pod is lost, or will be lost when the pod is replaced",
			Explain: "Error if the claim of a desired ordinal has lost its volume: no pod can mount it. Warning if the claim of a running pod, or its volume, is being deleted: " +
				"the data remains only as long as the pod. Nothing if kubectl sts pvc-gc has rescued the data.",
			Remedy: "Rescue the data with kubectl sts pvc-gc rescue before the pod is replaced. For a lost volume, restore a backup to a new claim.",
			Run:    claimLost,
		},
		{
			Code: "AttachFailed", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"pods", "persistentvolumeclaims", "events"},
			Title: "A volume cannot be attached or mounted",
			Explain: "The events FailedAttachVolume, which includes Multi-Attach errors, and FailedMount of a pod that is Pending. The evidence and the grace periods are those of these " +
				"reasons of kubectl sts status. If VolumeAttachments can be listed, the message names the node that the volume is still attached to.",
			Remedy: "Find out why the volume is not detached from the other node: a pod there uses it, or the node is down. For FailedMount, check that the Secret, ConfigMap or volume exists.",
			Run:    attachFailed,
		},
		{
			Code: "PodsFailing", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"pods", "events"},
			Title: "Pods do not start, or keep failing",
			Explain: "A pod of a desired ordinal is failing, or cannot be created or scheduled, and the set does not recover by itself. The evidence and the grace periods " +
				"are those of the state Stuck of kubectl sts status. Not reported if RolloutStuck, LostNode or a check of claims or volumes reports the cause.",
			Remedy: "Run kubectl sts status for the set; the finding has the command for the details.",
			After:  causesOfFailure,
			Run:    podsFailing,
		},
		{
			Code: "ClaimSizeDrift", Severity: sts.SeverityWarning, Looks: Cluster, Needs: []string{"persistentvolumeclaims"},
			Title: "Claims do not have the size of their volumeClaimTemplate",
			Explain: "Warning if the claims of one volumeClaimTemplate request different sizes: the smallest member fills up first. Info if all claims are smaller " +
				"than the template: a change of the template does not resize existing claims. Nothing if all claims are larger, because they were resized: " +
				"the template cannot be changed. Only claims of desired ordinals count.",
			Remedy: "Resize the smaller claims, if their StorageClass allows expansion.",
			Run:    claimSizeDrift,
		},
		{
			Code: "ClassNotExpandable", Severity: sts.SeverityInfo, Looks: Cluster, Needs: []string{"storageclasses", "persistentvolumeclaims"},
			Title: "Claims of a StorageClass cannot be resized",
			Explain: "Without allowVolumeExpansion the API server rejects a larger request of a claim. Once per StorageClass that claims of the StatefulSets use. " +
				"Nothing for classes without a provisioner (static local volumes).",
			Remedy: "Set allowVolumeExpansion: true if the provisioner supports it. Existing claims can then be resized as well.",
			RunAll: classNotExpandable,
		},
		{
			Code: "ReclaimDelete", Severity: sts.SeverityInfo, Looks: Cluster, Needs: []string{"storageclasses", "persistentvolumes", "persistentvolumeclaims"},
			Title: "Deleting a claim deletes its data",
			Explain: "The volumes of the claims have the reclaim policy Delete, the default of dynamically provisioned volumes: with a claim, its volume and the data are deleted. " +
				"Once per StorageClass. Nothing for volumes with Retain, and for caches such as Redis.",
			Remedy: "Set the reclaim policy of the volumes to Retain, or delete claims only with kubectl sts pvc-gc.",
			RunAll: reclaimDelete,
		},
		{
			Code: "LeftoverClaims", Severity: sts.SeverityInfo, Looks: Cluster,
			Needs: slices.Concat([]string{"pods", "persistentvolumeclaims", "horizontalpodautoscalers", "scaledobjects"}, sts.UseResources),
			Title: "Claims remain of ordinals or templates that no longer exist",
			Explain: "The claims are those that kubectl sts pvc-gc would delete without further options. Nothing for StatefulSets with 0 replicas, for ordinals that an autoscaler or a " +
				"parked size may need again, for ordinals below the start ordinal, and for claims that anything uses.",
			Remedy: "Delete them with kubectl sts pvc-gc --delete, which can be undone, or annotate those to keep.",
			RunAll: leftoverClaims,
		},
	}
}
