package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The list.

func msgCandidatesFound(n int) string { return sts.Count(n, "claim") + " can be deleted" }

func msgListing(counts []string) string { return "listing: " + strings.Join(counts, ", ") }

// hintUndoIn is the command for the first of these namespaces.
func hintUndoIn(namespaces []string, more int, undo sts.Hint) sts.Hint {
	if len(namespaces) == 1 {
		return undo
	}
	named := strings.Join(namespaces, ", ")
	if more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return sts.Hintf("in each namespace (%s): %s", named, undo)
}

func hintRescueFirst(rescue sts.Hint) sts.Hint {
	return sts.Hintf("before the pods are gone: %s", rescue)
}

// pvc-gc --delete

func msgNothingToDelete() string { return "Nothing to delete: no candidates found." }

func msgClaimsToDelete(n int) string {
	return sts.Count(n, "claim") + " to delete. The data is retained on the volumes (reclaim policy Retain), so this can be undone."
}

func msgAsideRefused(claim, why string) (message string, hint sts.Hint) {
	return fmt.Sprintf("persistentvolumeclaim/%s cannot be moved aside: %s; no claim was deleted", claim, why),
		sts.Hintf("remove what needs it, or use --reuse-claims to start new members with the existing claims")
}

func msgBackupFailed() string { return "cannot write to --backup-dir, nothing was deleted" }

// msgClaimsDeletedEvent is an event. Other people read it, so undo does not fit this command line.
func msgClaimsDeletedEvent(by string, claims []string, undo sts.Hint) string {
	return fmt.Sprintf("%s deleted by %s (to restore them, run %q): %s", sts.Count(len(claims), "claim"), by, undo, strings.Join(claims, ", "))
}

func msgNeededAgain(claim, what string) string {
	return "persistentvolumeclaim/" + claim + " was " + what
}

func msgTooMany(n int, what string, limit int) (message string, hint sts.Hint) {
	verb := " exceed"
	if n == 1 {
		verb = " exceeds"
	}
	return fmt.Sprintf("%s%s --max=%d; nothing was deleted", sts.Count(n, what), verb, limit),
		sts.Hintf("to delete them all, add --max=%d", n)
}

// pvc-gc undo

func msgRetainedNotFound(namespace string) string {
	return "No retained volumes found in namespace " + namespace + "."
}

func msgNothingToDo() string { return "Nothing to do." }

func msgClaimExists(claim string) string {
	return "persistentvolumeclaim/" + claim + " already exists; no other volume retains data for it"
}

func msgFinishingUndo(claim string) string {
	return "persistentvolumeclaim/" + claim + " is already restored; the interrupted undo will be completed"
}

func msgConfirmUndo(n int) string { return "Restore " + sts.Count(n, "claim") + "?" }

func hintListNamespaces(list sts.Hint) sts.Hint {
	return sts.Hintf("list the namespaces (in retained.namespaces): %s", list)
}

func hintCreateNamespace(create sts.Hint) sts.Hint { return sts.Hintf("create it first: %s", create) }

func msgSetInsteadOfClaim(set string, claims []string) string {
	return fmt.Sprintf("%q is a StatefulSet; specify its claims instead: %s", set, strings.Join(claims, " "))
}

func msgDeletedTwice(claim string, commands []sts.Hint) (message string, hint sts.Hint) {
	return "persistentvolumeclaim/" + claim + " was deleted more than once, and several volumes have its data",
		sts.Hintf("specify the volume instead, %s", sts.JoinHints(commands, "; or "))
}

func msgVolumeOfDeletion(command sts.Hint, deleted string) sts.Hint {
	return sts.Hintf("for the claim deleted at %s: %s", deleted, command)
}

func msgBrokenRecord(err error, volume string) string {
	return fmt.Sprintf("%s; to restore its data, create a claim with spec.volumeName %s and remove spec.claimRef from the volume", err, volume)
}

// pvc-gc purge

func msgPurgeData(n int) string {
	return fmt.Sprintf("WARNING: the data of %s will be permanently deleted. This cannot be undone.", sts.Count(n, "claim"))
}

func msgPurgeVolumes(n int) string {
	return fmt.Sprintf("WARNING: for %s, only the PersistentVolume will be deleted. The storage behind it will remain, but nothing in the cluster will reference it.", sts.Count(n, "claim"))
}

func titleNotPurged() string { return "not purged:" }

func titleNotPurgeable() string { return "cannot be purged:" }

// pvc-gc rescue

func msgNoneAtRisk(namespace string) string {
	return "No claims at risk found in namespace " + namespace + "."
}

func msgRiskUnknown(namespace string, missing sts.Missing) (message string, hint sts.Hint) {
	return fmt.Sprintf("cannot determine whether claims are at risk in namespace %s: %s could not be read", namespace, missing.Resource),
		sts.Hintf("request the missing permission, or rerun as a user who has it")
}

func msgConfirmRescue(n int) string {
	return "Set the volumes of " + sts.Count(n, "claim") + " to reclaim policy Retain?"
}

func msgRescuedBefore(claim, volume string) string {
	return fmt.Sprintf("persistentvolumeclaim/%s is already deleted; data retained on persistentvolume/%s", claim, volume)
}

func hintUndoAfterwards(undo sts.Hint) sts.Hint {
	return sts.Hintf("when their pods are gone: %s", undo)
}

// Permissions.

func msgNoPermission(verb string) string {
	return "no permission to " + verb + " persistentvolumes (required to retain and restore data); nothing was changed"
}

func hintVolumePermissions() sts.Hint {
	return sts.Hintf("request get, list, watch and patch on persistentvolumes (cluster-scoped: a ClusterRole is required)")
}

func hintRescuePermissions(byHand sts.Hint) sts.Hint {
	return sts.Hintf("request get, list, patch and create on persistentvolumes (cluster-scoped: a ClusterRole is required, see kubectl-sts-gc in examples/rbac/roles.yaml); or, as a user who may patch them, before the pods are gone: %s", byHand.ForOtherUser())
}

func hintRetainByHand(volumes []string) sts.Hint {
	return sts.Kubectl("", "patch persistentvolume", slices.Concat(volumes, []string{"-p", `{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}`})...)
}

// How it ended.

func msgProgress(done, total int, what string) string {
	return fmt.Sprintf("%d of %s", done, sts.Count(total, what))
}

// msgVolumeOfClaim is what purge calls a volume: users know it by its claim.
func msgVolumeOfClaim(volume, claim string) string {
	return "persistentvolume/" + volume + " of persistentvolumeclaim/" + claim
}

func msgWaitClaims(of string) string { return "for " + of }

func msgClaimsFailed(of string) string { return of + " failed; rerun the command to retry" }

// The results of the claims are printed before: first is only a name.
func msgClaimsRefused(n int, of, did, first string) string {
	if n == 1 {
		return fmt.Sprintf("%s was not %s: %s", of, did, first)
	}
	return fmt.Sprintf("%s were not %s; first: %s", of, did, first)
}

func msgClaimsStuck(n int, of, first string) string {
	if n == 1 {
		return fmt.Sprintf("%s needs attention: %s", of, first)
	}
	return fmt.Sprintf("%s need attention; first: %s", of, first)
}
