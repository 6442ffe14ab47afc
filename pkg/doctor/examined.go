package doctor

import (
	"encoding/json"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// concerns says whether a finding is about a set that is examined, or about an object that belongs to one.
func (in *Input) concerns(f *DoctorFinding) bool {
	if in.Examined == nil || f.set != nil { // the check has chosen the set
		return true
	}
	if set, ok := f.Subject.(*appsv1.StatefulSet); ok {
		return in.examines(set)
	}
	kind, _, _ := strings.Cut(f.Object, "/")
	return slices.ContainsFunc(in.examined(), func(l *Look) bool { return l.has(kind, f.Subject) })
}

// refers are the fields by which objects refer to a set, its pods or its claims.
type refers struct {
	Spec struct {
		Selector       json.RawMessage
		ScaleTargetRef struct{ Kind, Name string }
		ClaimRef       struct{ Namespace, Name string }
	}
}

// has says whether the set uses an object, or the object is about its pods. Its manifest may be one that cannot be
// decoded.
func (l *Look) has(kind string, object metav1.Object) bool {
	var o refers
	if d := l.document(object); d != nil && json.Unmarshal(d.JSON, &o) != nil {
		o = refers{}
	}
	name, spec := object.GetName(), &l.Set.Spec.Template.Spec
	switch kind {
	case "storageclass":
		return l.usesClass(name)
	case "persistentvolume":
		return o.Spec.ClaimRef.Namespace == l.Set.Namespace && l.usesClaim(o.Spec.ClaimRef.Name)
	case "priorityclass":
		return spec.PriorityClassName == name
	}
	if object.GetNamespace() != l.Set.Namespace {
		return false
	}
	switch kind {
	case "service":
		var selector map[string]string
		_ = json.Unmarshal(o.Spec.Selector, &selector) // none is no selector
		return name == l.Set.Spec.ServiceName || len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(l.Set.Spec.Template.Labels))
	case "endpoints":
		return name == l.Set.Spec.ServiceName
	case "endpointslice":
		return object.GetLabels()[discoveryv1.LabelServiceName] == l.Set.Spec.ServiceName
	case "poddisruptionbudget":
		var selector metav1.LabelSelector
		_ = json.Unmarshal(o.Spec.Selector, &selector)
		parsed, err := metav1.LabelSelectorAsSelector(&selector)
		return namedAfter(name, l.Set.Name) || err == nil && len(o.Spec.Selector) > 0 && parsed.Matches(labels.Set(l.Set.Spec.Template.Labels))
	case "horizontalpodautoscaler", "scaledobject":
		return o.Spec.ScaleTargetRef.Kind == "StatefulSet" && o.Spec.ScaleTargetRef.Name == l.Set.Name
	case "configmap":
		return slices.Contains(sts.TemplateConfigMaps(spec), name)
	case "persistentvolumeclaim":
		return l.usesClaim(name)
	}
	return false
}

// usesClaim: it is a claim of the set, or one that its pod template names.
func (l *Look) usesClaim(name string) bool {
	for _, v := range l.Set.Spec.Template.Spec.Volumes {
		if v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == name {
			return true
		}
	}
	_, ordinal, ok := sts.CutOrdinal(name)
	for i := range l.Set.Spec.VolumeClaimTemplates {
		if template := l.Set.Spec.VolumeClaimTemplates[i].Name; ok && sts.ClaimName(template, l.Set.Name, ordinal) == name {
			return true
		}
	}
	return false
}

// usesClass: a claim of the set has the StorageClass, or will have it.
func (l *Look) usesClass(class string) bool {
	for i := range l.Set.Spec.VolumeClaimTemplates {
		if name, _ := classOf(&l.Set.Spec.VolumeClaimTemplates[i]); name == class {
			return true
		}
	}
	return slices.ContainsFunc(l.desiredClaims(), func(c ordinalClaim) bool {
		name, _ := classOf(c.PersistentVolumeClaim)
		return name == class
	})
}
