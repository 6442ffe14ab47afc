package diagnose

import "fmt"

func msgRiskClaimMissing(claim string) string {
	return "persistentvolumeclaim/" + claim + " no longer exists"
}

func msgRiskClaimTerminating(claim, since, effect string) string {
	return fmt.Sprintf("persistentvolumeclaim/%s is being deleted (requested %s ago): %s", claim, since, effect)
}

func msgEffectUnknown(volume string) string {
	return fmt.Sprintf("cannot determine whether persistentvolume/%s keeps the data, because persistentvolumes could not be listed", volume)
}

func msgEffectClaimOnly() string { return "it will be removed when its pod is gone" }

func msgEffectRetained(volume string) string {
	return fmt.Sprintf("when its pod is gone, the next pod will get a new, empty volume, and the data will stay on persistentvolume/%s, unclaimed", volume)
}

func msgEffectDeleted(volume, policy string) string {
	return fmt.Sprintf("when its pod is gone, persistentvolume/%s will be deleted with its data (reclaim policy %s)", volume, policy)
}

func msgRiskClaimShared(claim, pod string) string {
	return fmt.Sprintf("persistentvolumeclaim/%s is being deleted and pod %s mounts it too: no new pod can mount it until all its pods are gone", claim, pod)
}

func msgRiskClaimLost(claim, volume string) string {
	if volume != "" {
		volume = "/" + volume
	}
	return fmt.Sprintf("persistentvolumeclaim/%s has lost its persistentvolume%s: no new pod can mount it", claim, volume)
}

func msgRiskVolumeMissing(claim, volume string) string {
	return fmt.Sprintf("persistentvolume/%s of persistentvolumeclaim/%s no longer exists: no new pod can mount it", volume, claim)
}

func msgRiskVolumeTaken(claim, volume, byNamespace, byClaim, byUID string) string {
	return fmt.Sprintf("persistentvolume/%s of persistentvolumeclaim/%s is bound to another claim, %s/%s (UID %s)", volume, claim, byNamespace, byClaim, byUID)
}

func msgRiskVolumeTerminating(claim, volume, since string) string {
	return fmt.Sprintf("persistentvolume/%s of persistentvolumeclaim/%s is being deleted (requested %s ago)", volume, claim, since)
}
