package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// classOf is the name of the claim's StorageClass; ok is false if it names none.
func classOf(c *corev1.PersistentVolumeClaim) (name string, ok bool) {
	if name, ok := c.Annotations[corev1.BetaStorageClassAnnotation]; ok {
		return name, true
	}
	if c.Spec.StorageClassName == nil {
		return "", false
	}
	return *c.Spec.StorageClassName, true
}

// class is the StorageClass of that name, nil if it does not exist.
func (in *Input) class(name string) *storagev1.StorageClass {
	for _, c := range in.Classes {
		if c.Name == name {
			return c
		}
	}
	return nil
}

const (
	defaultClassAnnotation     = "storageclass.kubernetes.io/is-default-class"
	defaultClassBetaAnnotation = "storageclass.beta.kubernetes.io/is-default-class"
	provisionedByAnnotation    = "pv.kubernetes.io/provisioned-by"
	noProvisioner              = "kubernetes.io/no-provisioner"
)

func isDefaultClass(c *storagev1.StorageClass) bool {
	return c.Annotations[defaultClassAnnotation] == "true" || c.Annotations[defaultClassBetaAnnotation] == "true"
}

// classNames are the StorageClasses of the cluster, the default ones marked.
func (in *Input) classNames() []string {
	var out []string
	for _, c := range in.Classes {
		name := c.Name
		if isDefaultClass(c) {
			name += " (default)"
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// static says whether claims of the class can be bound without a StorageClass: to a volume that is available,
// or as others were that no provisioner has created.
func (in *Input) static(class string) bool {
	return slices.ContainsFunc(in.PersistentVolumes, func(v *corev1.PersistentVolume) bool {
		return v.Spec.StorageClassName == class &&
			(v.Status.Phase == corev1.VolumeAvailable || v.Annotations[provisionedByAnnotation] == "" || v.Spec.Local != nil || v.Spec.HostPath != nil)
	})
}

// ordinalClaim is a claim of a desired ordinal.
type ordinalClaim struct {
	*corev1.PersistentVolumeClaim
	ordinal  sts.Ordinal
	template int
}

// desiredClaims are the claims of the desired ordinals that are not being deleted, by ordinal and template.
func (l *Look) desiredClaims() []ordinalClaim {
	templates := l.Set.Spec.VolumeClaimTemplates
	if len(templates) == 0 {
		return nil
	}
	var out []ordinalClaim
	for _, r := range l.Replicas() {
		for _, c := range r.Claims {
			if !r.Desired || c.DeletionTimestamp != nil {
				continue
			}
			at := slices.IndexFunc(templates, func(t corev1.PersistentVolumeClaim) bool {
				return sts.ClaimName(t.Name, l.Set.Name, r.Ordinal) == c.Name
			})
			out = append(out, ordinalClaim{c, r.Ordinal, at})
		}
	}
	return out
}

func ordinalsOf(claims []ordinalClaim) []sts.Ordinal {
	var out []sts.Ordinal
	for _, c := range claims {
		if !slices.Contains(out, c.ordinal) {
			out = append(out, c.ordinal)
		}
	}
	return out
}

func namesOf(claims []ordinalClaim) []string {
	var out []string
	for _, c := range claims {
		out = append(out, c.Name)
	}
	return out
}

// lacksClass: the StorageClass is needed and does not exist.
func (in *Input) lacksClass(name string) bool {
	return name != "" && in.class(name) == nil && !in.static(name)
}

func classMissing(l *Look) []DoctorFinding {
	pending, fields := map[string][]ordinalClaim{}, map[string]string{}
	var missing []string
	note := func(class string, template int) bool {
		if !l.lacksClass(class) {
			return false
		}
		if _, ok := fields[class]; !ok {
			missing, fields[class] = append(missing, class), fmt.Sprintf("spec.volumeClaimTemplates[%d].spec.storageClassName", template)
		}
		return true
	}
	for _, c := range l.desiredClaims() {
		if class, _ := classOf(c.PersistentVolumeClaim); unbound(c.PersistentVolumeClaim) && note(class, c.template) {
			pending[class] = append(pending[class], c)
		}
	}
	for i := range l.Set.Spec.VolumeClaimTemplates {
		class, _ := classOf(&l.Set.Spec.VolumeClaimTemplates[i])
		note(class, i)
	}
	slices.Sort(missing)
	var out []DoctorFinding
	for _, class := range missing {
		claims := pending[class]
		found := l.found(sts.SeverityWarning, fields[class], msgClassMissing(class, l.classNames()), hintCreateClass(class, nil))
		if len(claims) > 0 {
			hint := hintCreateClass(class, l.recreate(claims[0]))
			if now, _ := classOf(&l.Set.Spec.VolumeClaimTemplates[claims[0].template]); now != class { // the set was recreated
				hint = hintRecreateClaims(l.recreate(claims[0]))
			}
			found = l.found("", fields[class], msgClassMissingPending(class, namesOf(claims), diagnose.WhyUnbound(l.Snapshot, claims[0].PersistentVolumeClaim), l.classNames()), hint)
			found[0].Ordinals = ordinalsOf(claims)
		}
		out = append(out, found...)
	}
	return out
}

// unbound says whether the claim waits for a volume of any name.
func unbound(c *corev1.PersistentVolumeClaim) bool {
	return c.Spec.VolumeName == "" && c.Status.Phase == corev1.ClaimPending
}

// recreate are the commands after which the controller recreates a claim without a volume, and its pod.
func (l *Look) recreate(c ordinalClaim) sts.Hint {
	return sts.Hintf("%s%s", sts.Kubectl(l.Set.Namespace, "delete pvc", c.Name), sts.Kubectl(l.Set.Namespace, "delete pod", l.Name(c.ordinal)))
}

func noDefaultClass(l *Look) []DoctorFinding {
	if slices.ContainsFunc(l.Classes, isDefaultClass) {
		return nil
	}
	var claims []ordinalClaim
	for _, c := range l.desiredClaims() {
		if _, named := classOf(c.PersistentVolumeClaim); !named && unbound(c.PersistentVolumeClaim) && !l.premade(c.PersistentVolumeClaim) {
			claims = append(claims, c)
		}
	}
	if len(claims) == 0 {
		return nil
	}
	hint := hintDefaultClass()
	if len(l.Classes) == 1 {
		hint = sts.Kubectl("", "annotate storageclass", l.Classes[0].Name, defaultClassAnnotation+"=true")
	}
	found := l.found("", fmt.Sprintf("spec.volumeClaimTemplates[%d]", claims[0].template), msgNoDefaultClass(namesOf(claims), l.classNames()), hint)
	found[0].Ordinals = ordinalsOf(claims)
	return found
}

// premade says whether there may be a volume without a class for the claim.
func (in *Input) premade(c *corev1.PersistentVolumeClaim) bool {
	return slices.ContainsFunc(in.PersistentVolumes, func(v *corev1.PersistentVolume) bool {
		ref := v.Spec.ClaimRef
		return v.Spec.StorageClassName == "" &&
			(v.Status.Phase == corev1.VolumeAvailable || ref != nil && ref.Namespace == c.Namespace && ref.Name == c.Name)
	})
}

// classUse is a StorageClass and the sets whose claims use it.
type classUse struct {
	class    *storagev1.StorageClass
	sets     []string
	ignoring []*appsv1.StatefulSet // that ignore the check
}

// classUses are the StorageClasses that exist and that the examined sets use, by name. A claim counts if uses
// says so.
func (in *Input) classUses(code sts.FindingCode, uses func(*Look, *corev1.PersistentVolumeClaim) bool) []classUse {
	byName := map[string]*classUse{}
	for _, l := range in.examined() {
		counted := map[string]bool{}
		for _, c := range l.desiredClaims() {
			name, _ := classOf(c.PersistentVolumeClaim)
			class := in.class(name)
			if class == nil || counted[name] || !uses(l, c.PersistentVolumeClaim) {
				continue
			}
			counted[name] = true
			if byName[name] == nil {
				byName[name] = &classUse{class: class}
			}
			if ignoresOf(l.Set).match(code) != nil {
				byName[name].ignoring = append(byName[name].ignoring, l.Set)
				continue
			}
			byName[name].sets = append(byName[name].sets, l.Set.Namespace+"/"+l.Set.Name)
		}
	}
	var out []classUse
	for _, use := range byName {
		out = append(out, *use)
	}
	slices.SortFunc(out, func(a, b classUse) int { return strings.Compare(a.class.Name, b.class.Name) })
	return out
}

// ignored are findings of the sets that ignore the check, which are shown with their reason.
func (u *classUse) ignored(message string) []DoctorFinding {
	var out []DoctorFinding
	for _, set := range u.ignoring {
		out = append(out, on(set, "StatefulSet", "", "", message, nil))
	}
	return out
}

func classNotExpandable(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, use := range in.classUses("ClassNotExpandable", func(*Look, *corev1.PersistentVolumeClaim) bool { return true }) {
		if allows := use.class.AllowVolumeExpansion; allows != nil && *allows || use.class.Provisioner == noProvisioner {
			continue
		}
		out = append(out, use.ignored(msgNotExpandableOf(use.class.Name))...)
		if len(use.sets) == 0 {
			continue
		}
		f := on(use.class, "StorageClass", "", "allowVolumeExpansion", msgNotExpandable(use.sets), nil)
		f.Patch = patchAt("allowVolumeExpansion", true)
		out = append(out, f)
	}
	return out
}

func reclaimDelete(in *Input) []DoctorFinding {
	var out []DoctorFinding
	uses := in.classUses("ReclaimDelete", func(l *Look, c *corev1.PersistentVolumeClaim) bool {
		v, ok := l.Volume(c.Spec.VolumeName)
		return ok && cmp.Or(v.ReclaimPolicy, corev1.PersistentVolumeReclaimRetain) == corev1.PersistentVolumeReclaimDelete && !isCache(l)
	})
	for _, use := range uses {
		out = append(out, use.ignored(msgReclaimDeleteOf(use.class.Name))...)
		if len(use.sets) > 0 {
			out = append(out, on(use.class, "StorageClass", "", "reclaimPolicy", msgReclaimDelete(use.sets), nil))
		}
	}
	return out
}

// isCache says whether the set is a cache, by its image.
func isCache(l *Look) bool {
	s := systemOf(&l.Set.Spec.Template.Spec)
	return s != nil && s.cache
}
