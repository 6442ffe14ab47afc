package claims

// Reasons of decisions about claims.
const (
	// ReasonClaimDeleted: the claim is deleted, and its volume retains the data.
	ReasonClaimDeleted = "ClaimDeleted"
	// ReasonClaimGone: another client has deleted the claim.
	ReasonClaimGone = "ClaimGone"
	// ReasonClaimKept: the claim is no longer a candidate for deletion, and was not changed.
	ReasonClaimKept = "ClaimKept"
	// ReasonClaimRestored: the claim was restored with its data; with `pvc-gc --delete`, because it was
	// needed again.
	ReasonClaimRestored = "ClaimRestored"
	// ReasonClaimReplaced: a new claim has the name and another volume; the old volume retains the
	// data.
	ReasonClaimReplaced = "ClaimReplaced"
	// ReasonClaimHeld: the claim is being deleted, but a pod has started to use it: it is removed with that pod.
	ReasonClaimHeld = "ClaimHeld"
	// ReasonClaimTerminating: the claim is being deleted; the command waits.
	ReasonClaimTerminating = "ClaimTerminating"
	// ReasonClaimExists: a claim of that name already exists.
	ReasonClaimExists = "ClaimExists"
	// ReasonClaimMissing: the claim is needed: its data is not purged.
	ReasonClaimMissing = "ClaimMissing"
	// ReasonClaimDesired: a claim that was deleted earlier is needed again, and `undo` must restore its data.
	ReasonClaimDesired = "ClaimDesired"
	// ReasonBinding: the claim is not bound to its volume yet; the command waits.
	ReasonBinding = "Binding"
	// ReasonVolumeShared: another volume, which may be in use, has the same storage: the data is not purged.
	ReasonVolumeShared = "VolumeShared"
	// ReasonVolumeNotOurs: the volume belongs to another claim, or is being deleted.
	ReasonVolumeNotOurs = "VolumeNotOurs"
	// ReasonNotRetained: the volume does not retain the data of a deleted claim, or no longer exists.
	ReasonNotRetained = "NotRetained"
	// ReasonRetainIgnored: the volume's reclaim policy was changed back from Retain: the claim was not
	// deleted.
	ReasonRetainIgnored = "RetainIgnored"
	// ReasonNotReleased: the volume is not released from its claim yet; the command waits.
	ReasonNotReleased = "NotReleased"
	// ReasonPurging: the volume is being permanently deleted.
	ReasonPurging = "Purging"
	// ReasonPurged: the volume was permanently deleted.
	ReasonPurged = "Purged"
	// ReasonPurgeFailed: the cluster could not delete the volume.
	ReasonPurgeFailed = "PurgeFailed"
	// ReasonRescued: the claim or its volume is being deleted, and the data is retained.
	ReasonRescued = "Rescued"
	// ReasonNothingToRescue: neither the claim nor its volume is being deleted, or it has no volume.
	ReasonNothingToRescue = "NothingToRescue"
	// ReasonVolumeLost: the claim's volume no longer exists: the claim cannot be rescued.
	ReasonVolumeLost = "VolumeLost"
	// ReasonVolumeReclaimed: the claim is gone, and the cluster may be deleting its volume: it is too late
	// for a rescue.
	ReasonVolumeReclaimed = "VolumeReclaimed"
	// ReasonNotProven: it is not proven that the new claim is empty and was created by the StatefulSet
	// controller: `undo --replace` does not set it aside.
	ReasonNotProven = "NotProven"
)
