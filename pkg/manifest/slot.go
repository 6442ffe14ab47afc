package manifest

import (
	"errors"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Slot is a kind of object that is read, and the list to which it is added.
type Slot struct {
	Kind, Group string
	// Add decodes an object and adds it to the list. It returns the decoded object and what strict field
	// validation rejects. With an error of sts.TypeProblems the object is added all the same.
	Add func(*Object) (metav1.Object, []sts.FieldProblem, error)
}

// SlotFor is a slot for objects of a Go type.
func SlotFor[T any, P interface {
	*T
	metav1.Object
}](kind, group string, list *[]P) Slot {
	return Slot{kind, group, func(o *Object) (metav1.Object, []sts.FieldProblem, error) {
		into := P(new(T))
		problems, err := o.Decode(into)
		if types := (sts.TypeProblems)(nil); err != nil && !errors.As(err, &types) {
			return nil, nil, err
		}
		*list = append(*list, into)
		return into, problems, err
	}}
}

// Slots are the kinds of an inventory.
func Slots(inv *sts.Inventory) []Slot {
	return []Slot{
		SlotFor("StatefulSet", appsv1.GroupName, &inv.Sets),
		SlotFor("Service", "", &inv.Services),
		SlotFor("Endpoints", "", &inv.Endpoints),
		SlotFor("EndpointSlice", discoveryv1.GroupName, &inv.Slices),
		SlotFor("PodDisruptionBudget", policyv1.GroupName, &inv.Budgets),
		autoscalerSlot(&inv.HPAs),
	}
}

// autoscalerSlot is that of HorizontalPodAutoscalers. Those of version v1 have another metric.
func autoscalerSlot(list *[]*autoscalingv2.HorizontalPodAutoscaler) Slot {
	slot := SlotFor("HorizontalPodAutoscaler", autoscalingv2.GroupName, list)
	current := slot.Add
	slot.Add = func(o *Object) (metav1.Object, []sts.FieldProblem, error) {
		if o.APIVersion != autoscalingv1.SchemeGroupVersion.String() {
			return current(o)
		}
		var old []*autoscalingv1.HorizontalPodAutoscaler
		_, problems, err := SlotFor(slot.Kind, slot.Group, &old).Add(o)
		if len(old) == 0 {
			return nil, nil, err
		}
		h := &autoscalingv2.HorizontalPodAutoscaler{TypeMeta: old[0].TypeMeta, ObjectMeta: old[0].ObjectMeta, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference(old[0].Spec.ScaleTargetRef), MinReplicas: old[0].Spec.MinReplicas, MaxReplicas: old[0].Spec.MaxReplicas,
		}}
		*list = append(*list, h)
		return h, problems, err
	}
	return slot
}

// Group is the API group of the object, empty for the core group.
func (o *Object) Group() string {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// In finds the slot for the object, nil if there is none.
func (o *Object) In(slots []Slot) *Slot {
	for i := range slots {
		if s := &slots[i]; s.Kind == o.Kind && s.Group == o.Group() {
			return s
		}
	}
	return nil
}

// versions are those that Kubernetes serves or has served of its groups, the current one first.
var versions = map[string][]string{
	"":                      {"v1"},
	appsv1.GroupName:        {"v1", "v1beta2", "v1beta1"},
	autoscalingv2.GroupName: {"v2", "v1", "v2beta2", "v2beta1"},
	discoveryv1.GroupName:   {"v1", "v1beta1"},
	policyv1.GroupName:      {"v1", "v1beta1"},
	storagev1.GroupName:     {"v1", "v1beta1"},
}

// movedKinds were in the group extensions, before Kubernetes 1.16.
var movedKinds = map[string]bool{"Deployment": true, "HorizontalPodAutoscaler": true}

// Unserved is an error where no API server has such a kind: the kind has incorrect case or is a plural, is in
// another of Kubernetes' own groups, or has a version that there is not.
func (o *Object) Unserved(slots []Slot) string {
	_, version, found := strings.Cut(o.APIVersion, "/")
	if !found {
		version = o.APIVersion
	}
	group := o.Group()
	if strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") || group == "extensions" && movedKinds[o.Kind] {
		return ""
	}
	for _, s := range slots {
		if !strings.EqualFold(o.Kind, s.Kind) && !strings.EqualFold(o.Kind, s.Kind+"s") {
			continue
		}
		known := versions[s.Group]
		if o.Kind == s.Kind && group == s.Group && (len(known) == 0 || slices.Contains(known, version)) {
			continue
		}
		if len(known) > 0 && (group != s.Group || !slices.Contains(known, version)) {
			version = known[0]
		}
		return msgNoSuchKind(o.Kind, o.APIVersion, s.Kind, strings.TrimPrefix(s.Group+"/"+version, "/"))
	}
	return ""
}
