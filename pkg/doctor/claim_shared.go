package doctor

import (
	"cmp"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// fixedClaim is a claim that a pod template has in its volumes: all pods mount it.
type fixedClaim struct {
	name, volume, field string
	// claim is nil where it is not known.
	claim *corev1.PersistentVolumeClaim
}

// fixedClaims are the claims that the pods write to. A volume that a volumeClaimTemplate of the same name
// replaces is none of them.
func fixedClaims(in *Input, namespace string, spec *corev1.PodSpec, replacing []corev1.PersistentVolumeClaim) []fixedClaim {
	var out []fixedClaim
	for i, v := range spec.Volumes {
		source := v.PersistentVolumeClaim
		if source == nil || source.ReadOnly || mountedReadOnly(spec, v.Name) ||
			slices.ContainsFunc(replacing, func(t corev1.PersistentVolumeClaim) bool { return t.Name == v.Name }) {
			continue
		}
		out = append(out, fixedClaim{
			name: source.ClaimName, volume: v.Name, claim: in.claim(namespace, source.ClaimName),
			field: fmt.Sprintf("spec.template.spec.volumes[%d].persistentVolumeClaim.claimName", i),
		})
	}
	return out
}

// claim is the claim of that name, nil where it is not known.
func (in *Input) claim(namespace, name string) *corev1.PersistentVolumeClaim {
	for _, c := range in.Claims {
		if c.Name == name && c.Namespace == namespace {
			return c
		}
	}
	return nil
}

// mountedReadOnly: containers mount the volume, and none of them can write to it.
func mountedReadOnly(spec *corev1.PodSpec, volume string) bool {
	mounted := false
	for _, c := range containersOf(spec) {
		for _, m := range c.VolumeMounts {
			if m.Name == volume {
				if !m.ReadOnly {
					return false
				}
				mounted = true
			}
		}
	}
	return mounted
}

// containersOf are the containers and the init containers.
func containersOf(spec *corev1.PodSpec) []corev1.Container {
	return slices.Concat(spec.Containers, spec.InitContainers)
}

// exclusive is the access mode of a claim that cannot be shared by nodes or by pods: empty for any other, and
// where it is not known.
func (f *fixedClaim) exclusive() corev1.PersistentVolumeAccessMode {
	if f.claim == nil {
		return ""
	}
	modes := f.claim.Spec.AccessModes
	for _, m := range modes {
		switch m {
		case corev1.ReadWriteMany, corev1.ReadOnlyMany:
			return ""
		}
	}
	for _, m := range []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod, corev1.ReadWriteOnce} {
		if slices.Contains(modes, m) {
			return m
		}
	}
	return ""
}

// pods are those that share a claim.
type pods struct {
	replicas int32
	// most: an autoscaler may create so many.
	most bool
	// apart: they never run on the same node.
	apart bool
}

// shares is what is wrong with several pods on one claim: no message for nothing.
func (f *fixedClaim) shares(p pods, offline bool) (sts.Severity, string) {
	switch mode := f.exclusive(); {
	case f.claim == nil:
		return sts.SeverityInfo, msgSharedUnknown(p, f.name, offline)
	case mode == corev1.ReadWriteOncePod:
		return sts.SeverityError, msgSharedOncePod(p, f.name)
	case mode == corev1.ReadWriteOnce && p.apart:
		return sts.SeverityWarning, msgSharedApart(p, f.name)
	case mode == corev1.ReadWriteOnce:
		return sts.SeverityWarning, msgSharedOnce(p, f.name)
	}
	return "", ""
}

func sharedClaim(l *Look) []DoctorFinding {
	p := pods{replicas: l.replicas(), apart: apart(l.Set.Namespace, &l.Set.Spec.Template)}
	p.most = p.replicas > sts.DesiredReplicas(l.Set)
	if p.replicas < 2 {
		return nil
	}
	var out []DoctorFinding
	for _, f := range fixedClaims(l.Input, l.Set.Namespace, &l.Set.Spec.Template.Spec, l.Set.Spec.VolumeClaimTemplates) {
		severity, message := f.shares(p, l.Offline)
		if message == "" {
			continue
		}
		found := l.found(severity, f.field, message, hintOwnClaims(f.volume))
		if f.claim != nil {
			found[0].Patch = templatesPatch(append(slices.Clone(l.Set.Spec.VolumeClaimTemplates), f.template()))
		}
		out = append(out, found...)
	}
	return out
}

func deploymentSharesClaim(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, d := range in.Deployments {
		p := pods{replicas: in.deploymentReplicas(d), apart: apart(d.Namespace, &d.Spec.Template)}
		p.most = d.Spec.Replicas == nil && p.replicas > 1 || d.Spec.Replicas != nil && p.replicas > *d.Spec.Replicas
		if p.replicas < 2 {
			continue
		}
		for _, f := range fixedClaims(in, d.Namespace, &d.Spec.Template.Spec, nil) {
			severity, message := f.shares(p, in.Offline)
			if message == "" {
				continue
			}
			found := on(d, "Deployment", severity, f.field, message, hintStatefulSet(f.volume))
			if f.claim != nil {
				found.Patch = yamlOf(map[string]any{"kind": "StatefulSet", "spec": map[string]any{
					"serviceName": d.Name, "volumeClaimTemplates": writtenTemplates([]corev1.PersistentVolumeClaim{f.template()}),
				}})
			}
			out = append(out, found)
		}
	}
	return out
}

// deploymentReplicas is the largest number of pods that a Deployment can have outside of a rollout.
func (in *Input) deploymentReplicas(d *appsv1.Deployment) int32 {
	most := int32(1)
	if d.Spec.Replicas != nil {
		most = *d.Spec.Replicas
	}
	for _, h := range in.HPAs {
		if ref := h.Spec.ScaleTargetRef; h.Namespace == d.Namespace && ref.Kind == "Deployment" && ref.Name == d.Name {
			most = max(most, h.Spec.MaxReplicas)
		}
	}
	return most
}

// template is the volumeClaimTemplate that replaces a claim.
func (f *fixedClaim) template() corev1.PersistentVolumeClaim {
	return newTemplate(f.volume, cmp.Or(f.exclusive(), corev1.ReadWriteOnce), f.claim.Spec.StorageClassName, f.claim.Spec.Resources.Requests[corev1.ResourceStorage])
}

func surgeOnClaim(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, d := range in.Deployments {
		if in.deploymentReplicas(d) != 1 || !surges(d) {
			continue
		}
		for _, f := range fixedClaims(in, d.Namespace, &d.Spec.Template.Spec, nil) {
			mode := f.exclusive()
			if mode == "" {
				continue
			}
			found := on(d, "Deployment", "", "spec.strategy", msgSurge(f.name, mode), nil)
			found.Patch = patchAt("spec.strategy", map[string]any{"type": "Recreate", "rollingUpdate": nil})
			out = append(out, found)
			break // the remedy is the same for all
		}
	}
	return out
}

// surges: with one replica, a new pod must be available before the old one is deleted.
func surges(d *appsv1.Deployment) bool {
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return false
	}
	surge, unavailable := intstr.FromString("25%"), intstr.FromString("25%")
	if rolling := d.Spec.Strategy.RollingUpdate; rolling != nil {
		if rolling.MaxSurge != nil {
			surge = *rolling.MaxSurge
		}
		if rolling.MaxUnavailable != nil {
			unavailable = *rolling.MaxUnavailable
		}
	}
	more, err := intstr.GetScaledValueFromIntOrPercent(&surge, 1, true)
	less, err2 := intstr.GetScaledValueFromIntOrPercent(&unavailable, 1, false)
	return err == nil && err2 == nil && more > 0 && less == 0
}
