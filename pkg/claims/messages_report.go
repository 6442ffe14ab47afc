package claims

// What became of claims that pvc-gc deleted or rescued: "retained: data-web-2: …".

func msgRetainedMissing() string {
	return "deleted, but is needed again: run pvc-gc undo before a new, empty claim is created"
}

func msgRetainedWaiting() string {
	return "deleted, but is needed again, and the new claim has no volume yet: run pvc-gc undo to bind it to the old data"
}

func msgRetainedReplaced() string {
	return "deleted, then recreated without the old data: run pvc-gc undo to see where the old data is"
}

func msgRetainedHeld() string {
	return "deleted, but a pod still uses it: run pvc-gc undo when the pod is gone"
}

func msgRetainedSetAside() string {
	return "being replaced by the older claim of the same name: restart its pod"
}

func msgRetainedUnfinished() string {
	return "deletion or undo interrupted: rerun the deletion to finish it, or run pvc-gc undo to restore the reclaim policy of its volume"
}

func msgRetainedRescued(deleting string) string {
	return "rescued (deletion requested " + deleting + " ago): run pvc-gc undo when its pod is gone"
}

func msgRetainedRescuedVolume() string {
	return "rescued: its volume is being deleted; the next claim of the same name will be bound to another volume with the same data"
}

func msgReasonRescued(volume string) string {
	return "; rescued, data retained on persistentvolume/" + volume
}
