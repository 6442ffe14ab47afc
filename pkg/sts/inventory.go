package sts

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Inventory is what was read of one or more namespaces, reduced to what the
// verbs need.
type Inventory struct {
	// TakenAt is the cluster's time when the inventory was read: the only clock
	// that pure code sees.
	TakenAt time.Time

	Sets      []*appsv1.StatefulSet
	Pods      []*corev1.Pod
	Claims    []*corev1.PersistentVolumeClaim
	Budgets   []*policyv1.PodDisruptionBudget
	Services  []*corev1.Service
	Revisions []*appsv1.ControllerRevision
	Events    []*corev1.Event
	HPAs      []*autoscalingv2.HorizontalPodAutoscaler

	// Slices are read where DNS names are needed.
	Slices []*discoveryv1.EndpointSlice

	// Endpoints are read for Services without a selector: they show which client wrote the EndpointSlices.
	Endpoints []*corev1.Endpoints //nolint:staticcheck // deprecated, and still what Patroni writes

	// Problems and Texts are of manifests: fields that the API does not have, and the text of
	// all objects.
	Problems []ManifestProblem
	Texts    []ManifestText

	// Volumes are those of the whole cluster: PersistentVolumes have no namespace. Nil
	// where they were not read.
	Volumes []Volume
	// ScaledObjects are read where all claims are judged.
	ScaledObjects []ScaledObject
	// ClaimUses are also read there: which objects besides pods need which claims.
	ClaimUses []ClaimUse
	// ReserveAnnotations are keys of annotations on sets that hold a size, besides those that
	// are known: see [claims.SizeMemories].
	ReserveAnnotations []string

	// Strangers are pods that have the name of a missing pod of one of the sets, and that the
	// set does not control.
	Strangers []*corev1.Pod
	// Memory is what a watch has seen before.
	Memory Memory
	// SchedulingGrace is how long a pod may stay unschedulable before it counts as stuck;
	// nil is the default. See [diagnose.Reasons].
	SchedulingGrace *time.Duration

	// NodeStates are read only for a command that works on a lost node.
	NodeStates []NodeState

	// Missing lists what could not be read, usually for lack of permission. A
	// report without it would be a guess that looks like a fact.
	Missing []Missing
}

// ManifestProblem is a field of an object that strict field validation rejects.
type ManifestProblem struct {
	Object metav1.Object
	FieldProblem
}

// Misspelled are the problems that a spelling mistake explains: by default the API server rejects
// the object. A field without a similar name may be one of a newer Kubernetes.
func (s *Snapshot) Misspelled() []ManifestProblem {
	var out []ManifestProblem
	for _, p := range s.Problems {
		if p.Nearest != "" {
			out = append(out, p)
		}
	}
	return out
}

// ManifestText is an object of a manifest as it was written.
type ManifestText struct {
	Kind, Namespace, Name string
	JSON                  json.RawMessage
}

// Objects are those of the inventory that a manifest can contain.
func (inv *Inventory) Objects() []metav1.Object {
	var out []metav1.Object
	out = appendObjects(out, inv.Sets)
	out = appendObjects(out, inv.Services)
	out = appendObjects(out, inv.Endpoints)
	out = appendObjects(out, inv.Slices)
	out = appendObjects(out, inv.Budgets)
	return appendObjects(out, inv.HPAs)
}

func appendObjects[T metav1.Object](out []metav1.Object, list []T) []metav1.Object {
	for _, o := range list {
		out = append(out, o)
	}
	return out
}

// Missing is one kind of object that could not be read, and why.
type Missing struct {
	// Resource is the resource as in RBAC rules: `persistentvolumeclaims`.
	Resource string `json:"resource"`
	// Reason is the server's error message.
	Reason string `json:"reason"`
}

// Snapshot is one StatefulSet with everything in the inventory that concerns it.
type Snapshot struct {
	TakenAt time.Time
	Set     *appsv1.StatefulSet
	// Pods are controlled by the set, in order of their ordinals.
	Pods []*corev1.Pod
	// Claims are the claims in the set's namespace whose names a template of the
	// set would produce, for any ordinal.
	Claims []*corev1.PersistentVolumeClaim
	// Mounted are the other claims that the set's pods mount: named in the pod template's
	// volumes instead of created from a volumeClaimTemplate.
	Mounted []*corev1.PersistentVolumeClaim
	// Volumes are the PersistentVolumes that Claims and Mounted name, and the copies of these that
	// a rescue created. Nil where volumes were not read.
	Volumes []Volume
	// Budgets select the set's pods.
	Budgets []*policyv1.PodDisruptionBudget
	// Service is the governing Service, nil when it does not exist.
	Service *corev1.Service
	// Slices are those of the governing Service: its DNS names resolve to their addresses.
	Slices []*discoveryv1.EndpointSlice
	// Revisions are owned by the set, oldest first.
	Revisions []*appsv1.ControllerRevision
	// Events are about the set, its pods or its claims.
	Events []*corev1.Event
	// Strangers have the name of a missing pod of the set and do not belong to it.
	Strangers []*corev1.Pod
	// Memory is what a watch has seen before.
	Memory Memory
	// HPAs scale the set: see [Snapshot.Autoscalers].
	HPAs []*autoscalingv2.HorizontalPodAutoscaler
	// NodeStates are the inventory's.
	NodeStates []NodeState
	Missing    []Missing
	// Problems are those of the set and its governing Service in a manifest.
	Problems []ManifestProblem
	// Headless are the Services without a cluster IP that select the set's pods, other than
	// the governing one.
	Headless []*corev1.Service
	// SchedulingGrace is the inventory's.
	SchedulingGrace *time.Duration
	// ServiceElsewhere are the other namespaces that have a Service of the governing one's name.
	ServiceElsewhere []string
	// Endpoints are those with the governing Service's name, where they were read.
	Endpoints *corev1.Endpoints //nolint:staticcheck // as above
}

// Knows says whether the resource (plural name) could be read.
func (s *Snapshot) Knows(resource string) bool { return knows(s.Missing, resource) }

// Knows says whether the resource (plural name) could be read.
func (inv *Inventory) Knows(resource string) bool { return knows(inv.Missing, resource) }

func knows(missing []Missing, resource string) bool {
	return !slices.ContainsFunc(missing, func(m Missing) bool { return m.Resource == resource })
}

type key struct{ namespace, name string }

// Snapshots splits the inventory by StatefulSet, sorted by namespace and name.
// Its cost grows with the number of objects, not with objects times sets.
func (inv *Inventory) Snapshots() []*Snapshot {
	pods, podsByName := map[key][]*corev1.Pod{}, map[key]*corev1.Pod{}
	for _, pod := range inv.Strangers {
		podsByName[key{pod.Namespace, pod.Name}] = pod
	}
	for _, pod := range inv.Pods {
		podsByName[key{pod.Namespace, pod.Name}] = pod
		if owner := OwnerSet(pod); owner != "" {
			k := key{pod.Namespace, owner}
			pods[k] = append(pods[k], pod)
		}
	}
	revisions := map[key][]*appsv1.ControllerRevision{}
	for _, r := range inv.Revisions {
		if owner := OwnerSet(r); owner != "" {
			k := key{r.Namespace, owner}
			revisions[k] = append(revisions[k], r)
		}
	}
	// The selectors are parsed once, not once per set.
	type budget struct {
		*policyv1.PodDisruptionBudget
		selector labels.Selector
	}
	budgets := map[string][]budget{}
	for _, b := range inv.Budgets {
		budgets[b.Namespace] = append(budgets[b.Namespace], budget{b, BudgetSelector(b)})
	}
	hpas := map[key][]*autoscalingv2.HorizontalPodAutoscaler{}
	for _, h := range inv.HPAs {
		if set, ok := Scales(h); ok {
			k := key{h.Namespace, set}
			hpas[k] = append(hpas[k], h)
		}
	}
	services := map[key]*corev1.Service{}
	type headlessService struct {
		*corev1.Service
		selector labels.Selector
	}
	headless := map[string][]headlessService{}
	namespaces := map[string][]string{} // by the name of a Service
	for _, s := range inv.Services {
		services[key{s.Namespace, s.Name}] = s
		namespaces[s.Name] = append(namespaces[s.Name], s.Namespace)
		if s.Spec.ClusterIP == corev1.ClusterIPNone && len(s.Spec.Selector) > 0 {
			headless[s.Namespace] = append(headless[s.Namespace], headlessService{s, labels.SelectorFromSet(s.Spec.Selector)})
		}
	}
	endpointsOf := map[key]*corev1.Endpoints{} //nolint:staticcheck // as above
	for _, e := range inv.Endpoints {
		endpointsOf[key{e.Namespace, e.Name}] = e
	}
	endpoints := map[key][]*discoveryv1.EndpointSlice{}
	for _, s := range inv.Slices {
		k := key{s.Namespace, s.Labels[discoveryv1.LabelServiceName]}
		endpoints[k] = append(endpoints[k], s)
	}
	// A claim belongs to the sets whose templates would produce its name. The
	// part before the last dash, "<template>-<set>", is the key.
	claims, named := map[key][]*corev1.PersistentVolumeClaim{}, map[key]*corev1.PersistentVolumeClaim{}
	for _, c := range inv.Claims {
		named[key{c.Namespace, c.Name}] = c
		if stem, _, ok := CutOrdinal(c.Name); ok {
			k := key{c.Namespace, stem}
			claims[k] = append(claims[k], c)
		}
	}
	volumes := make(map[string]*Volume, len(inv.Volumes))
	for i := range inv.Volumes {
		volumes[inv.Volumes[i].Name] = &inv.Volumes[i]
	}
	type ref struct{ namespace, kind, name string }
	events := map[ref][]*corev1.Event{}
	for _, e := range inv.Events {
		r := ref{e.InvolvedObject.Namespace, e.InvolvedObject.Kind, e.InvolvedObject.Name}
		events[r] = append(events[r], e)
	}

	out := make([]*Snapshot, 0, len(inv.Sets))
	for _, set := range inv.Sets {
		k := key{set.Namespace, set.Name}
		s := &Snapshot{
			TakenAt: inv.TakenAt, Set: set, NodeStates: inv.NodeStates, Missing: inv.Missing, SchedulingGrace: inv.SchedulingGrace,
			Revisions: slices.Clone(revisions[k]),
			Service:   services[key{set.Namespace, set.Spec.ServiceName}],
			Slices:    endpoints[key{set.Namespace, set.Spec.ServiceName}],
			Events:    slices.Clone(events[ref{set.Namespace, "StatefulSet", set.Name}]),
			HPAs:      hpas[k],
			Memory:    inv.Memory,
			Endpoints: endpointsOf[key{set.Namespace, set.Spec.ServiceName}],
		}
		for _, service := range headless[set.Namespace] {
			if service.Name != set.Spec.ServiceName && service.selector.Matches(labels.Set(set.Spec.Template.Labels)) {
				s.Headless = append(s.Headless, service.Service)
			}
		}
		for _, namespace := range namespaces[set.Spec.ServiceName] {
			if namespace != set.Namespace {
				s.ServiceElsewhere = append(s.ServiceElsewhere, namespace)
			}
		}
		for _, p := range inv.Problems {
			if p.Object == metav1.Object(set) || s.Service != nil && p.Object == metav1.Object(s.Service) {
				s.Problems = append(s.Problems, p)
			}
		}
		for _, pod := range pods[k] {
			// As in the controller the owner's UID decides: a pod of an earlier set
			// of this name is not a pod of this set.
			if metav1.IsControlledBy(pod, set) {
				s.Pods = append(s.Pods, pod)
				s.Events = append(s.Events, events[ref{set.Namespace, "Pod", pod.Name}]...)
			}
		}
		// Manifests have none of them, and any number of replicas.
		if len(inv.Pods)+len(inv.Strangers)+len(inv.Events) > 0 {
			s.missing(func(pod string) *corev1.Pod { return podsByName[key{set.Namespace, pod}] },
				func(pod string) []*corev1.Event { return events[ref{set.Namespace, "Pod", pod}] })
		}
		s.Revisions = slices.DeleteFunc(s.Revisions, func(r *appsv1.ControllerRevision) bool {
			return !metav1.IsControlledBy(r, set)
		})
		for i := range set.Spec.VolumeClaimTemplates {
			stem := set.Spec.VolumeClaimTemplates[i].Name + "-" + set.Name
			for _, c := range claims[key{set.Namespace, stem}] {
				s.Claims = append(s.Claims, c)
				s.Events = append(s.Events, events[ref{set.Namespace, "PersistentVolumeClaim", c.Name}]...)
			}
		}
		s.mount(func(claim string) *corev1.PersistentVolumeClaim { return named[key{set.Namespace, claim}] })
		for _, c := range s.Mounted {
			s.Events = append(s.Events, events[ref{set.Namespace, "PersistentVolumeClaim", c.Name}]...)
		}
		if inv.Volumes != nil {
			s.Volumes = volumesOf(slices.Concat(s.Claims, s.Mounted), volumes)
		}
		for _, b := range budgets[set.Namespace] {
			if b.selector.Matches(labels.Set(set.Spec.Template.Labels)) {
				s.Budgets = append(s.Budgets, b.PodDisruptionBudget)
			}
		}
		slices.SortFunc(s.Pods, func(a, b *corev1.Pod) int { return cmp.Compare(podOrdinal(set, a), podOrdinal(set, b)) })
		slices.SortFunc(s.Budgets, func(a, b *policyv1.PodDisruptionBudget) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortStableFunc(s.Revisions, func(a, b *appsv1.ControllerRevision) int {
			return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Name, b.Name))
		})
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *Snapshot) int {
		return cmp.Or(cmp.Compare(a.Set.Namespace, b.Set.Namespace), cmp.Compare(a.Set.Name, b.Set.Name))
	})
	return out
}

// missing adds what is known of pods that should exist and do not: the events of earlier pods
// of their names, and other pods that have these names.
func (s *Snapshot) missing(find func(pod string) *corev1.Pod, events func(pod string) []*corev1.Event) {
	have := make(map[string]bool, len(s.Pods))
	for _, p := range s.Pods {
		have[p.Name] = true
	}
	for o := Start(s.Set); o < End(s.Set); o++ {
		name := PodName(s.Set.Name, o)
		if have[name] {
			continue
		}
		s.Events = append(s.Events, events(name)...)
		if p := find(name); p != nil {
			s.Strangers = append(s.Strangers, p)
		}
	}
}

// mount finds the claims that the pods mount besides those of the set's templates.
func (s *Snapshot) mount(find func(claim string) *corev1.PersistentVolumeClaim) {
	known := map[string]bool{}
	for _, c := range s.Claims {
		known[c.Name] = true
	}
	for _, pod := range s.Pods {
		for i := range pod.Spec.Volumes {
			source := pod.Spec.Volumes[i].PersistentVolumeClaim
			if source == nil || known[source.ClaimName] {
				continue
			}
			known[source.ClaimName] = true
			if c := find(source.ClaimName); c != nil {
				s.Mounted = append(s.Mounted, c)
			}
		}
	}
}

// volumesOf are the volumes that the claims name, and copies of these; never nil.
func volumesOf(claims []*corev1.PersistentVolumeClaim, volumes map[string]*Volume) []Volume {
	out := make([]Volume, 0, len(claims))
	for _, c := range claims {
		v := volumes[c.Spec.VolumeName]
		if v == nil {
			continue
		}
		out = append(out, *v)
		if held := v.CopiedTo(); volumes[held] != nil {
			out = append(out, *volumes[held])
		}
	}
	return out
}

// OwnerSet is the name of the StatefulSet that controls the object, empty when
// none does.
func OwnerSet(o metav1.Object) string {
	if ref := metav1.GetControllerOfNoCopy(o); ref != nil && ref.Kind == "StatefulSet" {
		return ref.Name
	}
	return ""
}

// CutOrdinal splits "data-web-3" into "data-web" and 3.
func CutOrdinal(name string) (stem string, o Ordinal, ok bool) {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] == '-' {
			o, ok = parseOrdinal(name[i+1:])
			return name[:i], o, ok
		}
	}
	return "", 0, false
}

func podOrdinal(set *appsv1.StatefulSet, pod *corev1.Pod) Ordinal {
	if o, ok := ParsePodName(set.Name, pod.Name); ok {
		return o
	}
	return -1
}

// BudgetSelector is compared with the labels of the pod template, which always match the set's selector: so a
// budget is known even while no pod exists. A nil selector selects nothing, and so does an invalid one; an empty one
// selects everything (policy/v1).
func BudgetSelector(b *policyv1.PodDisruptionBudget) labels.Selector {
	selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
	if err != nil {
		return labels.Nothing()
	}
	return selector
}

// ClaimOrdinal reads the ordinal at the end of a claim's name.
func ClaimOrdinal(claim string) (Ordinal, bool) {
	_, o, ok := CutOrdinal(claim)
	return o, ok
}

// Volume is the PersistentVolume of that name among those that the claims name; false when it
// does not exist, or volumes were not read.
func (s *Snapshot) Volume(name string) (Volume, bool) {
	i := slices.IndexFunc(s.Volumes, func(v Volume) bool { return v.Name == name })
	if name == "" || i < 0 {
		return Volume{}, false
	}
	return s.Volumes[i], true
}

// Claim is the claim of that name among those of the set's templates and pods, nil when there
// is none.
func (s *Snapshot) Claim(name string) *corev1.PersistentVolumeClaim {
	for _, list := range [][]*corev1.PersistentVolumeClaim{s.Claims, s.Mounted} {
		for _, c := range list {
			if c.Name == name {
				return c
			}
		}
	}
	return nil
}
