package doctor

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Storage classes.

// some are the first of the names.
func some(names []string) string {
	const most = 3
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(names[:most], ", "), len(names)-most)
}

func msgClasses(classes []string) string {
	if len(classes) == 0 {
		return "the cluster has no StorageClass"
	}
	return "the cluster has " + some(classes)
}

func msgClassMissing(class string, have []string) string {
	return fmt.Sprintf("StorageClass %s does not exist, so new claims will remain Pending; %s", class, msgClasses(have))
}

// msgClassMissingPending: why is the event of the claims, empty if there is none.
func msgClassMissingPending(class string, claims []string, why string, have []string) string {
	if why != "" {
		why = " (" + why + ")"
	}
	return fmt.Sprintf("StorageClass %s does not exist: %s %s Pending%s; %s", class, msgClaims(claims), isOrAre(claims), why, msgClasses(have))
}

func msgClaims(claims []string) string { return sts.ClaimWord(len(claims)) + " " + some(claims) }

func isOrAre(names []string) string {
	if len(names) == 1 {
		return "is"
	}
	return "are"
}

// hintCreateClass is what to do about a class; recreate are the commands for a claim that names another class then.
func hintCreateClass(class string, recreate sts.Hint) sts.Hint {
	if len(recreate) == 0 {
		return sts.Hintf("create StorageClass %s, or recreate the StatefulSet with another storageClassName", class)
	}
	return sts.Hintf("create StorageClass %s; or recreate the StatefulSet with another storageClassName, then recreate each pending claim and its pod:\n%s", class, recreate)
}

// hintRecreateClaims is for claims that are older than their template.
func hintRecreateClaims(recreate sts.Hint) sts.Hint {
	return sts.Hintf("the volumeClaimTemplate names another StorageClass now: recreate each pending claim and its pod:\n%s", recreate)
}

func msgNoDefaultClass(claims, have []string) string {
	return fmt.Sprintf("%s %s Pending, without a storageClassName, and no StorageClass is the default; %s", msgClaims(claims), isOrAre(claims), msgClasses(have))
}

func hintDefaultClass() sts.Hint {
	return sts.Hintf("annotate a StorageClass with %s=true", defaultClassAnnotation)
}

func msgNotExpandable(sets []string) string {
	return "allowVolumeExpansion is not set: claims of " + some(sets) + " cannot be resized"
}

func msgNotExpandableOf(class string) string {
	return "storageclass " + class + " does not set allowVolumeExpansion: claims cannot be resized"
}

func msgReclaimDeleteOf(class string) string {
	return "volumes of storageclass " + class + " have reclaim policy Delete: deleting a claim deletes its data"
}

func msgReclaimDelete(sets []string) string {
	return "volumes have reclaim policy Delete: deleting a claim of " + some(sets) + " deletes its data"
}

// Pods that do not start, or wait for their volumes.

func msgPodFails(pod, trouble string, others int) string {
	if others > 0 {
		return fmt.Sprintf("%s %s, and %s", pod, trouble, sts.Count(others, "other pod")+" as well")
	}
	return pod + " " + trouble
}

func msgPodWaits(pod, trouble string, others int) string {
	text := "pod " + pod + " " + trouble
	if others > 0 {
		text += fmt.Sprintf("; the same for %s", sts.Count(others, "other pod"))
	}
	return text
}

func msgAttachedTo(volume, node string, gone, down bool) string {
	text := fmt.Sprintf("; volume %s is attached to node %s", volume, node)
	switch {
	case gone:
		text += ", which no longer exists"
	case down:
		text += ", which is not ready"
	}
	return text
}

func hintOutOfService(node string) sts.Hint {
	return sts.Hintf("only if node %s is powered off, detach its volumes: %s", node, sts.Kubectl("", "taint node", node, "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"))
}

// Sizes.

func msgClaimSize(size string, ordinals []sts.Ordinal) string {
	if len(ordinals) == 1 {
		return fmt.Sprintf("%s (ordinal %s)", size, sts.FormatOrdinals(ordinals))
	}
	return fmt.Sprintf("%s (ordinals %s)", size, sts.FormatOrdinals(ordinals))
}

func msgSizesDiffer(template string, sizes []string) string {
	return fmt.Sprintf("claims of volumeClaimTemplate %s request different sizes: %s", template, strings.Join(sizes, ", "))
}

func msgTemplateLarger(template, size, have string) string {
	return fmt.Sprintf("volumeClaimTemplate %s requests %s, but the existing claims request %s: they are not resized", template, size, have)
}

// Leftover claims.

func msgLeftovers(left []leftover) string {
	var parts []string
	for _, l := range left {
		parts = append(parts, fmt.Sprintf("%s (%s): %s", msgClaims(l.names), l.size.String(), l.reason))
	}
	return "unused: " + strings.Join(parts, "; ")
}
