package doctor

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Placement is where objects of manifests without a namespace go.
type Placement struct {
	// Namespace is the current one, or that of the other objects (manifest.Home).
	Namespace string
	// Given: the command line names it. Only the sets in it are examined then.
	Given bool
}

// Includes says whether an object that names this namespace, or none, is examined.
func (p Placement) Includes(namespace string) bool {
	return !p.Given || namespace == "" || namespace == p.Namespace
}

// slots are the kinds of manifests that are read.
func (in *Input) slots() []manifest.Slot {
	return append(manifest.Slots(in.Inventory),
		manifest.SlotFor("Deployment", "apps", &in.Deployments),
		manifest.SlotFor("ConfigMap", "", &in.ConfigMaps),
		manifest.SlotFor("StorageClass", "storage.k8s.io", &in.Classes),
		manifest.SlotFor("PersistentVolumeClaim", "", &in.Claims),
		manifest.SlotFor("PersistentVolume", "", &in.PersistentVolumes),
	)
}

// isScaledObject: it is an autoscaler of KEDA.
func isScaledObject(apiVersion, kind string) bool {
	return kind == "ScaledObject" && strings.HasPrefix(apiVersion, "keda.sh/")
}

// fromManifests is the input from manifests, read at this time, and which of the objects each decoded one is.
func fromManifests(objects []manifest.Object, place Placement, domain names.Domain, now time.Time) (*Input, map[metav1.Object]int) {
	in := &Input{Inventory: &sts.Inventory{TakenAt: now}, Offline: true, Domain: domain}
	slots := in.slots()
	source := map[metav1.Object]int{}
	for i := range objects {
		o := &objects[i]
		document := Document{APIVersion: o.APIVersion, Kind: o.Kind, JSON: o.Raw}
		if document.Problem = o.Unserved(slots); document.Problem != "" {
			// nothing is known about its fields
		} else if slot := o.In(slots); slot != nil {
			added, problems, err := slot.Add(o)
			document.Object = added
			if err != nil && !errors.As(err, &document.Types) {
				document.Problem = err.Error()
			}
			for _, p := range problems {
				in.Problems = append(in.Problems, sts.ManifestProblem{Object: added, FieldProblem: p})
			}
		}
		if document.Object == nil {
			document.Object = &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: o.Metadata.Name, Namespace: o.Metadata.Namespace}}
		}
		if o := document.Object; o.GetName() == "" && o.GetGenerateName() != "" {
			o.SetName(o.GetGenerateName() + generated)
		}
		source[document.Object] = i
		in.Documents = append(in.Documents, document)
	}
	in.place(place.Namespace, place.Given)
	in.leaveOutTooLarge(func(set metav1.Object) string { return objects[source[set]].File })
	return in, source
}

// locateIn finds fields in the manifests.
func locateIn(objects []manifest.Object, source map[metav1.Object]int) Locate {
	return func(object metav1.Object, field string) (string, int) {
		i, ok := source[object]
		if !ok {
			return "", 0
		}
		return objects[i].File, objects[i].Line(field)
	}
}

// place sets the namespace of the objects that have none. With only, the objects of other
// namespaces are not examined: they are context.
func (in *Input) place(namespace string, only bool) {
	for _, d := range in.Documents {
		if d.Object.GetNamespace() == "" && !manifest.ClusterScoped(d.Kind) {
			d.Object.SetNamespace(namespace)
		}
	}
	if only {
		elsewhere := func(o metav1.Object) bool { return o.GetNamespace() != "" && o.GetNamespace() != namespace }
		in.Sets = slices.DeleteFunc(in.Sets, func(s *appsv1.StatefulSet) bool { return elsewhere(s) })
		in.Deployments = slices.DeleteFunc(in.Deployments, func(d *appsv1.Deployment) bool { return elsewhere(d) })
		in.Documents = slices.DeleteFunc(in.Documents, func(d Document) bool { return elsewhere(d.Object) })
		in.Problems = slices.DeleteFunc(in.Problems, func(p sts.ManifestProblem) bool { return elsewhere(p.Object) })
	}
}

// generated stands for the letters that the API server adds to metadata.generateName.
const generated = "xxxxx"

// leaveOutTooLarge removes the sets that have more pods than any cluster: the checks look at each ordinal.
func (in *Input) leaveOutTooLarge(file func(metav1.Object) string) {
	in.Sets = slices.DeleteFunc(in.Sets, func(s *appsv1.StatefulSet) bool {
		err := sts.CheckSize(s)
		if err != nil {
			in.TooLarge = append(in.TooLarge, TooLarge{s, manifest.FileProblem{File: file(s), Message: err.Error()}})
		}
		return err != nil
	})
}

// text is the document for a search of names.
func (d *Document) text() sts.ManifestText {
	return sts.ManifestText{Kind: d.Kind, Namespace: d.Object.GetNamespace(), Name: d.Object.GetName(), JSON: d.JSON}
}

// scaledObjects decodes KEDA's autoscalers of StatefulSets.
func (in *Input) scaledObjects() {
	for _, d := range in.Documents {
		var o sts.ScaledObject
		if !isScaledObject(d.APIVersion, d.Kind) || json.Unmarshal(d.JSON, &o) != nil || o.Set == "" {
			continue
		}
		o.Namespace = d.Object.GetNamespace()
		in.ScaledObjects = append(in.ScaledObjects, o)
	}
}
