package doctor

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func claimNotMounted(l *Look) []DoctorFinding {
	used := map[string]bool{}
	for _, c := range containersOf(&l.Set.Spec.Template.Spec) {
		for _, m := range c.VolumeMounts {
			used[m.Name] = true
		}
		for _, d := range c.VolumeDevices {
			used[d.Name] = true
		}
	}
	var unused []string
	field := ""
	for i, t := range l.Set.Spec.VolumeClaimTemplates {
		if !used[t.Name] && t.Name != "" {
			if unused = append(unused, t.Name); field == "" {
				field = fmt.Sprintf("spec.volumeClaimTemplates[%d]", i)
			}
		}
	}
	if len(unused) == 0 {
		return nil
	}
	return l.found("", field, msgNotMounted(unused), hintMount(unused[0]))
}

// alphaClassAnnotation has had no effect since Kubernetes 1.6.
const alphaClassAnnotation = "volume.alpha.kubernetes.io/storage-class"

func classAnnotation(l *Look) []DoctorFinding {
	var out []DoctorFinding
	for i := range l.Set.Spec.VolumeClaimTemplates {
		t := &l.Set.Spec.VolumeClaimTemplates[i]
		alpha, isAlpha := t.Annotations[alphaClassAnnotation]
		beta, isBeta := t.Annotations[corev1.BetaStorageClassAnnotation]
		field := fmt.Sprintf("spec.volumeClaimTemplates[%d].metadata.annotations.", i)
		switch {
		case t.Spec.StorageClassName != nil:
		case isBeta:
			found := l.found(sts.SeverityInfo, field+corev1.BetaStorageClassAnnotation, msgBetaClass(t.Name, beta), nil)
			found[0].Patch = l.classPatch(i, beta)
			out = append(out, found...)
		case isAlpha:
			found := l.found("", field+alphaClassAnnotation, msgAlphaClass(t.Name, alpha), hintAlphaClass(alpha))
			found[0].Patch = l.classPatch(i, alpha)
			out = append(out, found...)
		}
	}
	return out
}

// classPatch sets the class of a volumeClaimTemplate, instead of its annotations.
func (l *Look) classPatch(i int, class string) string {
	templates := slices.Clone(l.Set.Spec.VolumeClaimTemplates)
	t := templates[i].DeepCopy()
	t.Spec.StorageClassName = &class
	delete(t.Annotations, alphaClassAnnotation)
	delete(t.Annotations, corev1.BetaStorageClassAnnotation)
	templates[i] = *t
	return templatesPatch(templates)
}

func retentionDeletesOnScale(l *Look) []DoctorFinding {
	if !sts.DeletesClaimsWhenScaled(l.Set) {
		return nil
	}
	var by []string
	for _, a := range l.Autoscalers() {
		by = append(by, a.By)
	}
	found := l.found("", "spec.persistentVolumeClaimRetentionPolicy.whenScaled", msgDeletesOnScale(by), nil)
	found[0].Patch = patchAt("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain")
	return found
}

func retentionDeletesOnDelete(l *Look) []DoctorFinding {
	p := l.Set.Spec.PersistentVolumeClaimRetentionPolicy
	if p == nil || p.WhenDeleted != appsv1.DeletePersistentVolumeClaimRetentionPolicyType || len(l.Set.Spec.VolumeClaimTemplates) == 0 {
		return nil
	}
	found := l.found("", "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", msgDeletesOnDelete(), nil)
	found[0].Patch = patchAt("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain")
	return found
}
