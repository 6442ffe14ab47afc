package claims

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// What a claim is, and why: the column REASON of `pvc-gc`.

func msgClaimNameUnmatched() string { return "name does not match any volumeClaimTemplate" }

func msgClaimUnlabeled() string {
	return "has none of the labels that a StatefulSet puts on its claims"
}

func msgClaimOtherLabels(set, template string) string {
	return fmt.Sprintf("name matches volumeClaimTemplate %s of statefulset/%s, but the labels do not match its selector", template, set)
}

func msgClaimControlled(kind, name string) string { return "controlled by " + kind + "/" + name }

func msgClaimCreatedBy(by string) string { return "created by " + by }

func msgClaimLabeled(by, label string) string {
	return fmt.Sprintf("created by %s (label %s)", by, label)
}

func msgClaimFieldManager(manager string) string {
	return "created by field manager " + manager + ", not by the StatefulSet controller"
}

func msgClaimMounted(pods []string) string {
	switch last := len(pods) - 1; last {
	case -1:
		return ""
	case 0:
		return "mounted by pod " + pods[0]
	default:
		return "mounted by pods " + strings.Join(pods[:last], ", ") + " and " + pods[last]
	}
}

func msgClaimMountedByCondition() string { return "mounted by a pod (condition Unused is False)" }

func msgClaimNeeded(set, ordinals string) string {
	return fmt.Sprintf("needed by statefulset/%s (%s)", set, ordinals)
}

func msgSetDeleting(reason string) string { return reason + "; the StatefulSet is being deleted" }

func msgClaimReferenced(object, how string, others int) string {
	text := object + " " + how
	if others > 0 {
		text += fmt.Sprintf(" (and %s)", sts.Count(others, "other object"))
	}
	return text
}

func msgClaimReserved(set, ordinals, by string) string {
	return fmt.Sprintf("reserved by %s (%s of statefulset/%s)", by, ordinals, set)
}

func msgReservedByParkedSize(replicas int32) string { return fmt.Sprintf("parked size %d", replicas) }

func msgReservedByDrain(from, to int32) string {
	return fmt.Sprintf("drain-scale from %d to %d in progress", from, to)
}

func msgReservedByAnnotation(annotation string, replicas int32) string {
	return fmt.Sprintf("annotation %s=%d", annotation, replicas)
}

func msgReservedByKEDA(scaledObject string) string { return "KEDA ScaledObject " + scaledObject }

func msgClaimOutOfRange(set, ordinals string) string {
	return fmt.Sprintf("out of range (statefulset/%s has %s)", set, ordinals)
}

func msgClaimParked(set string) string { return "scaled to 0 (statefulset/" + set + ")" }

func msgClaimTemplateRemoved(set, template string) string {
	return fmt.Sprintf("no volumeClaimTemplate %s in statefulset/%s", template, set)
}

func msgClaimSetGone(set, matched string) string {
	return fmt.Sprintf("statefulset/%s no longer exists (matched by %s)", set, matched)
}

func msgClaimSetRecreated(set, matched string) string {
	return fmt.Sprintf("statefulset/%s was recreated with different labels (matched by %s)", set, matched)
}

func msgMatchedByLabels(labels []string) string {
	if len(labels) == 1 {
		return "label " + labels[0]
	}
	return "labels " + strings.Join(labels, ", ")
}

func msgMatchedByAlike(claims int) string {
	return sts.Count(claims, "claim") + " with this name pattern and these labels"
}

func msgMatchedByName() string { return "name only" }

func msgClaimAmbiguous(sets []string) string {
	return "created by one of these StatefulSets: " + strings.Join(sets, ", ")
}

func msgAmbiguousSet(name string, exists bool) string {
	if exists {
		return name + " (before it was recreated)"
	}
	return name + " (deleted)"
}

func msgClaimGarbageCollected(owner, policy string) string {
	return fmt.Sprintf("the garbage collector deletes it with %s (%s)", owner, policy)
}

func msgClaimTerminating(since, why string) string {
	text := "deletion requested " + since + " ago"
	if why != "" {
		text += "; " + why
	}
	return text
}

// Why a claim is no candidate although its state would make it one: "excluded: data-web-3: …".

func msgHeldByClaim(interruptedUndo bool) string {
	if interruptedUndo {
		return "annotation " + KeepAnnotation + " was set by an interrupted pvc-gc undo; rerun it"
	}
	return "annotation " + KeepAnnotation + " is set"
}

func msgHeldBySet(set string) string {
	return "annotation " + KeepAnnotation + " is set on statefulset/" + set
}

func msgHeldPodsUnknown() string { return "pods could not be listed; one may mount it" }

func msgHeldUsesUnknown(resources []string) string {
	return "no permission to list " + strings.Join(resources, ", ") + "; one may reference it"
}

func msgHeldScalersUnknown(resource string) string {
	return resource + " could not be listed; one may scale the StatefulSet up again"
}

func msgHeldSizeUnknown(annotation, set string) string {
	return fmt.Sprintf("annotation %s on statefulset/%s is not a number of replicas", annotation, set)
}

func msgHeldRestore(until string) string {
	return "created less than an hour ago and not by the StatefulSet controller; a restore may be in progress until " + until + "; requires --claim"
}

func msgHeldHandMade() string {
	return "its managedFields do not show that the StatefulSet controller created it; requires --claim"
}

func msgHeldRestored(label string) string {
	return fmt.Sprintf("restored by Velero (label %s); requires --claim, once the restore is complete", label)
}

func msgHeldSetGone(set string) string {
	return "created by statefulset/" + set + ", which no longer exists; requires --deleted-sets"
}

func msgHeldAmbiguous(sets []string) string {
	return msgClaimAmbiguous(sets) + "; requires --deleted-sets"
}

func msgHeldAmbiguousSelection(sets []string) string {
	return msgClaimAmbiguous(sets) + "; requires --claim, or --deleted-sets without a StatefulSet name or selector"
}

func msgHeldOtherSet(set string) string {
	return "created by statefulset/" + set + ", which is not selected"
}

func msgHeldNameOnly() string {
	return "matched to a StatefulSet by its name only; requires --claim"
}

func msgHeldLastUseUnknown() string { return "last use unknown (condition Unused is not True)" }

func msgHeldUsedRecently(age string) string { return "unused for less than " + age }

// What to know before a claim is deleted: "warning: data-web-3: …".

func msgDoubtOperator(set, operator string) string {
	return fmt.Sprintf("statefulset/%s is managed by the operator of %s", set, operator)
}

func msgDoubtParkedSize(set, value string) string {
	return fmt.Sprintf("annotation %s=%s on statefulset/%s is not a number of replicas", record.ParkedAnnotation, value, set)
}

func msgDoubtOtherSet(set string) string {
	return "name also matches a volumeClaimTemplate of statefulset/" + set
}

func msgDoubtCondition() string { return "condition Unused is False, but no pod mounts it" }

func msgDoubtFinalizer(finalizer string) string {
	return "finalizer " + finalizer + " will delay its deletion"
}

func msgDoubtLost(volume string) string {
	return "it has lost persistentvolume/" + volume + " (phase Lost)"
}

func msgDoubtVolumeTaken(volume, namespace, claim, uid string) string {
	return fmt.Sprintf("persistentvolume/%s is bound to another claim, %s/%s (UID %s)", volume, namespace, claim, uid)
}

func msgDoubtSharedStorage(volume, storage string, others []string) string {
	return fmt.Sprintf("persistentvolume/%s has the same storage (%s) as persistentvolume/%s", volume, storage, strings.Join(others, ", persistentvolume/"))
}

// Why the data of a pod is at risk: "at risk: …", and what the other verbs refuse.

// Why a claim is not bound: "persistentvolumeclaim data-web-2 is not bound: …".
