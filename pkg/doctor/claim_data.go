package doctor

import (
	"cmp"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// stored is where a container of a known program stores its data.
type stored struct {
	container, program string
	cache              bool
	// dirs are the directories where it stores its data.
	dirs []string
	// volumes are those that hold them; empty if they are in the container.
	volumes []string
	// claims: the container mounts a volume that outlives its pod.
	claims bool
}

// storedBy are the containers of known programs that store data. replacing are the claim templates.
func storedBy(spec *corev1.PodSpec, replacing []corev1.PersistentVolumeClaim) []stored {
	var out []stored
	for i := range spec.Containers {
		c := &spec.Containers[i]
		s := systemIn(c)
		if s == nil || !s.storesIn(c) {
			continue
		}
		at := stored{container: c.Name, program: s.name, cache: s.cache, dirs: s.dataDirs(c), claims: len(c.VolumeDevices) > 0}
		for _, m := range s.dataMounts(c) {
			at.volumes = append(at.volumes, m.Name)
		}
		for _, m := range c.VolumeMounts {
			at.claims = at.claims || outlives(spec, replacing, m.Name)
		}
		out = append(out, at)
	}
	return out
}

// outlives says whether the volume is not one of the pod, the node or an object.
func outlives(spec *corev1.PodSpec, replacing []corev1.PersistentVolumeClaim, volume string) bool {
	if slices.ContainsFunc(replacing, func(t corev1.PersistentVolumeClaim) bool { return t.Name == volume }) {
		return true
	}
	v, _ := volumeOf(spec, volume)
	return v != nil && v.EmptyDir == nil && v.HostPath == nil && v.ConfigMap == nil && v.Secret == nil && v.Projected == nil &&
		v.DownwardAPI == nil && v.Image == nil && v.GitRepo == nil && v.VolumeSource != corev1.VolumeSource{}
}

// volumeOf is the volume of that name in the pod template, and its index; nil if there is none.
func volumeOf(spec *corev1.PodSpec, name string) (*corev1.Volume, int) {
	i := slices.IndexFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == name })
	if i < 0 {
		return nil, -1
	}
	return &spec.Volumes[i], i
}

// dataOn finds known programs whose data is on no other volumes than such that fit.
func dataOn(l *Look, fits func(v *corev1.Volume) (ok, harmless bool), message func(program string, containers []string, dir, volume string) string) []DoctorFinding {
	spec, templates := &l.Set.Spec.Template.Spec, l.Set.Spec.VolumeClaimTemplates
	var containers []string
	var first stored
	var volume *corev1.Volume
	severity, at := sts.SeverityInfo, 0
	for _, s := range storedBy(spec, templates) {
		if len(s.volumes) == 0 || slices.ContainsFunc(s.volumes, func(name string) bool { return outlives(spec, templates, name) }) {
			continue
		}
		for _, name := range s.volumes {
			v, i := volumeOf(spec, name)
			if v == nil {
				continue
			}
			ok, harmless := fits(v)
			if !ok {
				continue
			}
			if containers = append(containers, s.container); len(containers) == 1 {
				first, volume, at = s, v, i
			}
			if !harmless && !s.cache {
				severity = sts.SeverityWarning
			}
			break
		}
	}
	if len(containers) == 0 {
		return nil
	}
	found := l.found(severity, fmt.Sprintf("spec.template.spec.volumes[%d]", at), message(first.program, containers, mountPath(spec, containers[0], volume.Name), volume.Name), hintClaimTemplate(volume.Name))
	size := resource.MustParse("10Gi")
	if e := volume.EmptyDir; e != nil && e.SizeLimit != nil && !e.SizeLimit.IsZero() {
		size = *e.SizeLimit
	}
	found[0].Patch = templatesPatch(append(slices.Clone(templates), newTemplate(volume.Name, corev1.ReadWriteOnce, nil, size)))
	return found
}

// mountPath is where the container mounts the volume.
func mountPath(spec *corev1.PodSpec, container, volume string) string {
	for _, c := range spec.Containers {
		for _, m := range c.VolumeMounts {
			if c.Name == container && m.Name == volume {
				return m.MountPath
			}
		}
	}
	return ""
}

func dataOnEmptyDir(l *Look) []DoctorFinding {
	return dataOn(l, func(v *corev1.Volume) (ok, harmless bool) {
		return v.EmptyDir != nil, v.EmptyDir != nil && v.EmptyDir.Medium == corev1.StorageMediumMemory
	}, msgDataOnEmptyDir)
}

func dataOnHostPath(l *Look) []DoctorFinding {
	_, pinned := l.Set.Spec.Template.Spec.NodeSelector[corev1.LabelHostname]
	return dataOn(l, func(v *corev1.Volume) (ok, harmless bool) { return v.HostPath != nil, pinned }, msgDataOnHostPath)
}

func dataInContainer(l *Look) []DoctorFinding {
	spec := &l.Set.Spec.Template.Spec
	for _, s := range storedBy(spec, l.Set.Spec.VolumeClaimTemplates) {
		// With a claim elsewhere, the directory is probably configured in a way that is not seen here.
		if s.claims || len(s.volumes) > 0 || s.cache || len(s.dirs) == 0 {
			continue
		}
		i := slices.IndexFunc(spec.Containers, func(c corev1.Container) bool { return c.Name == s.container })
		return l.found("", fmt.Sprintf("spec.template.spec.containers[%d]", i), msgDataInContainer(s.program, s.container, s.dirs[0]), hintMountData(s.dirs[0]))
	}
	return nil
}

func databaseInDeployment(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, d := range in.Deployments {
		for _, s := range storedBy(&d.Spec.Template.Spec, nil) {
			claim, at := claimFor(d, s.volumes)
			if claim == "" {
				continue
			}
			out = append(out, on(d, "Deployment", "", fmt.Sprintf("spec.template.spec.volumes[%d]", at), msgDatabaseInDeployment(s.program, s.container, claim), nil))
			break
		}
	}
	return out
}

// claimFor is the claim of one of these volumes, and the index of the volume.
func claimFor(d *appsv1.Deployment, volumes []string) (claim string, at int) {
	for _, name := range volumes {
		if v, i := volumeOf(&d.Spec.Template.Spec, name); v != nil && v.PersistentVolumeClaim != nil {
			return cmp.Or(v.PersistentVolumeClaim.ClaimName, name), i
		}
	}
	return "", -1
}
