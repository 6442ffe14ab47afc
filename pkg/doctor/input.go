package doctor

import (
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Input is everything that the checks look at.
type Input struct {
	// Inventory has the sets and what belongs to them.
	*sts.Inventory
	// Offline: it was read from manifests. What is not in them may be elsewhere.
	Offline bool
	// Domain is the DNS domain of the cluster.
	Domain names.Domain

	Deployments []*appsv1.Deployment
	ConfigMaps  []*corev1.ConfigMap
	Classes     []*storagev1.StorageClass
	// The rest are read from a cluster only.
	Nodes       []*corev1.Node
	Attachments []*storagev1.VolumeAttachment
	// PersistentVolumes are the volumes with their node affinity.
	PersistentVolumes []*corev1.PersistentVolume

	// Examined says whether findings about this set, and about the objects that belong to it, are wanted; nil for
	// all objects. The others are context.
	Examined Examined

	// Own says whether an object of manifests belongs to the world that is examined; nil for all of them. Sets that
	// do not are context.
	Own func(metav1.Object) bool

	// Documents are all objects of the manifests.
	Documents []Document
	// TooLarge are the sets of the manifests that are too large to examine.
	TooLarge []TooLarge

	memo memo
}

// Snapshots are those of all sets, made once: what is known of a set is kept by its snapshot.
func (in *Input) Snapshots() []*sts.Snapshot {
	if in.memo.snapshots == nil {
		in.memo.snapshots = in.Inventory.Snapshots()
	}
	return in.memo.snapshots
}

// Examined selects sets.
type Examined func(*appsv1.StatefulSet) bool

// TooLarge is a set that is too large to examine.
type TooLarge struct {
	Set     *appsv1.StatefulSet
	Problem manifest.FileProblem
}

// memo is what several checks need, read once.
type memo struct {
	snapshots  []*sts.Snapshot
	looks      []*Look
	texts      *names.Texts
	dns        map[*sts.Snapshot][]sts.Finding
	objections map[metav1.Object][]sts.Objection
	documents  map[metav1.Object]*Document
	budgets    map[*policyv1.PodDisruptionBudget]*budgetMemo
	podLabels  []map[string]string // of the documents
	members    map[membersOf]int32
}

// document is that of an object of the manifests, nil if there is none.
func (in *Input) document(object metav1.Object) *Document {
	if in.memo.documents == nil {
		in.memo.documents = map[metav1.Object]*Document{}
		for i := range in.Documents {
			in.memo.documents[in.Documents[i].Object] = &in.Documents[i]
		}
	}
	return in.memo.documents[object]
}

// objections are those of the API server to the object.
func (in *Input) objections(object metav1.Object) []sts.Objection {
	out, known := in.memo.objections[object]
	if !known {
		if in.memo.objections == nil {
			in.memo.objections = map[metav1.Object][]sts.Objection{}
		}
		out = sts.Objections(object)
		in.memo.objections[object] = out
	}
	return out
}

// FromInventory is the input from what was read for a report of the sets themselves. What it does not contain
// counts as unreadable, so checks that need it are omitted.
func FromInventory(inv *sts.Inventory) *Input {
	partial := *inv
	partial.Missing = slices.Clone(inv.Missing)
	for _, resource := range slices.Concat(sts.UseResources, []string{
		"configmaps", "controllerrevisions", "endpoints", "endpointslices", "nodes", "persistentvolumes", "scaledobjects", "storageclasses", "volumeattachments",
	}) {
		if partial.Knows(resource) {
			partial.Missing = append(partial.Missing, sts.Missing{Resource: resource})
		}
	}
	return &Input{Inventory: &partial, Domain: names.Domain{Name: names.DefaultDomain, Source: names.DomainAssumed}}
}

// Document is an object of a manifest, of any kind.
type Document struct {
	APIVersion, Kind string
	JSON             json.RawMessage
	// Problem is why it could not be decoded, empty if it was, or if its kind is not read.
	Problem string
	// Types are the values of the wrong type, without which it was decoded.
	Types sts.TypeProblems
	// Object is the decoded object, or its metadata only where no check needs more.
	Object metav1.Object
}

// looks are what the checks see of each set.
func (in *Input) looks() []*Look {
	if in.memo.looks == nil {
		for _, s := range in.Snapshots() {
			in.memo.looks = append(in.memo.looks, &Look{Snapshot: s, Input: in})
		}
	}
	return in.memo.looks
}

// examined are those of the sets that are examined.
func (in *Input) examined() []*Look {
	return slices.DeleteFunc(slices.Clone(in.looks()), func(l *Look) bool { return !in.examines(l.Set) })
}

func (in *Input) examines(set *appsv1.StatefulSet) bool {
	return (in.Own == nil || in.Own(set)) && (in.Examined == nil || in.Examined(set))
}

// replicas is the largest number of pods that the set can have: by its spec, and by the autoscalers that are known.
func (l *Look) replicas() int32 {
	most := sts.DesiredReplicas(l.Set)
	for _, h := range l.HPAs {
		most = max(most, h.Spec.MaxReplicas)
	}
	for _, o := range l.ScaledObjects {
		if o.Namespace == l.Set.Namespace && o.Set == l.Set.Name {
			most = max(most, o.MaxReplicas)
		}
	}
	return most
}
