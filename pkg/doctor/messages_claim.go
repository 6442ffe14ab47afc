package doctor

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Claims that pods share.

// msgPods is the beginning of a sentence.
func msgPods(p pods) string {
	if p.most {
		return fmt.Sprintf("up to %d pods", p.replicas)
	}
	return fmt.Sprintf("all %d pods", p.replicas)
}

func msgSharedOncePod(p pods, claim string) string {
	return fmt.Sprintf("%s mount the same claim %s (ReadWriteOncePod): only one of them can run", msgPods(p), claim)
}

func msgSharedOnce(p pods, claim string) string {
	return fmt.Sprintf("%s mount the same claim %s (ReadWriteOnce): they must run on one node, and they write to the same files", msgPods(p), claim)
}

func msgSharedApart(p pods, claim string) string {
	return fmt.Sprintf("%s mount the same claim %s (ReadWriteOnce) but their anti-affinity requires different nodes: "+
		"unless the storage is a network file system, only one of them can start", msgPods(p), claim)
}

func msgSharedUnknown(p pods, claim string, offline bool) string {
	why := "which does not exist"
	if offline {
		why = "which is not in these manifests"
	}
	return fmt.Sprintf("%s mount the same claim %s, %s: unless its access mode is ReadWriteMany, they cannot run on different nodes", msgPods(p), claim, why)
}

func hintOwnClaims(volume string) sts.Hint {
	return sts.Hintf("give each pod its own claim: move volume %s to volumeClaimTemplates (the StatefulSet must be recreated; data is not copied)", volume)
}

func hintStatefulSet(volume string) sts.Hint {
	return sts.Hintf("use a StatefulSet and move volume %s to volumeClaimTemplates (data is not copied), or use a claim with access mode ReadWriteMany", volume)
}

func msgSurge(claim string, mode corev1.PersistentVolumeAccessMode) string {
	if mode == corev1.ReadWriteOncePod {
		return fmt.Sprintf("an update starts the new pod first, which waits for claim %s (ReadWriteOncePod) until the old pod is deleted: no rollout can complete", claim)
	}
	return fmt.Sprintf("an update starts the new pod first: on another node it cannot attach the volume of claim %s (ReadWriteOnce) and the rollout hangs", claim)
}

// Claim templates.

func msgNotMounted(templates []string) string {
	if len(templates) == 1 {
		return fmt.Sprintf("no container mounts volumeClaimTemplate %s: each pod gets a volume that stores nothing", templates[0])
	}
	return fmt.Sprintf("no container mounts volumeClaimTemplates %s: each pod gets volumes that store nothing", strings.Join(templates, ", "))
}

func hintMount(template string) sts.Hint {
	return sts.Hintf("add a volumeMount with the name %s to the container that stores data", template)
}

func msgAlphaClass(template, class string) string {
	return fmt.Sprintf("annotation %s: %s of volumeClaimTemplate %s has no effect: its claims get the default StorageClass", alphaClassAnnotation, class, template)
}

func hintAlphaClass(class string) sts.Hint {
	return sts.Hintf("set storageClassName if StorageClass %s exists; otherwise remove the annotation", class)
}

func msgBetaClass(template, class string) string {
	return fmt.Sprintf("volumeClaimTemplate %s sets its storage class by the deprecated annotation %s: %s", template, corev1.BetaStorageClassAnnotation, class)
}

func msgDeletesOnScale(by []string) string {
	text := "whenScaled: Delete: a scale-down deletes the claims of the removed ordinals"
	if len(by) > 0 {
		text += ", also one by " + strings.Join(by, " and ")
	}
	return text
}

func msgDeletesOnDelete() string {
	return "whenDeleted: Delete: deleting the StatefulSet deletes all of its claims"
}

// Data of known programs.

func inContainers(containers []string) string {
	if len(containers) == 1 {
		return "container " + containers[0]
	}
	return "containers " + strings.Join(containers, ", ")
}

func msgDataOnEmptyDir(program string, containers []string, dir, volume string) string {
	return fmt.Sprintf("%s (%s) stores its data in %s on emptyDir %s: it is deleted with the pod", program, inContainers(containers), dir, volume)
}

func msgDataOnHostPath(program string, containers []string, dir, volume string) string {
	return fmt.Sprintf("%s (%s) stores its data in %s on hostPath %s: a pod on another node does not have it", program, inContainers(containers), dir, volume)
}

func msgDataInContainer(program, container, dir string) string {
	return fmt.Sprintf("%s (container %s) has no volume at %s: if it stores data there, a restart of the container loses it", program, container, dir)
}

func msgDatabaseInDeployment(program, container, claim string) string {
	return fmt.Sprintf("%s (container %s) stores its data on claim %s, but a Deployment can run two pods at the same time", program, container, claim)
}

func hintClaimTemplate(volume string) sts.Hint {
	return sts.Hintf("add volumeClaimTemplate %s, which replaces the volume of that name (the StatefulSet must be recreated)", volume)
}

func hintMountData(dir string) sts.Hint {
	return sts.Hintf("mount a volumeClaimTemplate at %s", dir)
}
