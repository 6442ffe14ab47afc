package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// readManifests reads StatefulSets and related objects from files. Objects without a namespace
// get the one that kubectl would use, or that of the other objects where these have only one.
// With --namespace only the sets in that namespace are read. A file without any StatefulSet is
// an error.
func (c *common) readManifests(ctx context.Context, files []string, namespace string) (*sts.Inventory, error) {
	var objects []manifestObject
	for _, file := range files {
		found, err := readObjects(ctx, c.env, file)
		if err != nil {
			return nil, filenameError("--filename", file, err)
		}
		objects = append(objects, found...)
	}
	given := *c.config.Namespace
	if problems := validation.IsDNS1123Label(given); given != "" && len(problems) > 0 {
		return nil, invalidFlag("namespace", given, problems[0])
	}
	inv := &sts.Inventory{TakenAt: c.env.Clock.Now()}
	for i := range objects {
		if err := c.addObject(inv, &objects[i]); err != nil {
			return nil, err
		}
	}
	if len(inv.Sets) == 0 {
		return nil, usagef("--filename %s: no StatefulSet found%s", strings.Join(files, ","), onlyThese(objects))
	}
	c.placeObjects(inv, given, namespace)
	if given == "" {
		return inv, nil
	}
	elsewhere := inv.Sets[0]
	inv.Sets = slices.DeleteFunc(inv.Sets, func(s *appsv1.StatefulSet) bool { return s.Namespace != given })
	if len(inv.Sets) == 0 {
		return nil, usagef("--filename %s: StatefulSet %s is in namespace %s, but --namespace is %s",
			strings.Join(files, ","), elsewhere.Name, elsewhere.Namespace, given)
	}
	return inv, nil
}

// placeObjects sets the namespace of the objects that have none.
func (c *common) placeObjects(inv *sts.Inventory, given, namespace string) {
	var homeless []metav1.Object
	named := map[string]bool{}
	for _, o := range inv.Objects() {
		if o.GetNamespace() == "" {
			homeless = append(homeless, o)
			continue
		}
		named[o.GetNamespace()] = true
	}
	if len(homeless) > 0 && len(named) == 1 && given == "" && !named[namespace] {
		namespace = slices.Collect(maps.Keys(named))[0]
		noteTo(c.env.ErrOut, msgAssumedNamespace(namespace))
	}
	for _, o := range homeless {
		o.SetNamespace(namespace)
	}
}

// addObject adds an object of a manifest to its list in the inventory.
func (c *common) addObject(inv *sts.Inventory, object *manifestObject) error {
	inv.Texts = append(inv.Texts, sts.ManifestText{Kind: object.Kind, Namespace: object.Metadata.Namespace, Name: object.Metadata.Name, JSON: object.raw})
	if problem := object.unserved(); problem != "" {
		return usagef("--filename %s: %s", object.where(""), problem)
	}
	group, _, _ := strings.Cut(object.APIVersion, "/")
	switch {
	case object.Kind == "Service" && object.APIVersion == "v1":
		return addDecoded(c, inv, &inv.Services, object)
	case object.Kind == "Endpoints" && object.APIVersion == "v1":
		return addDecoded(c, inv, &inv.Endpoints, object)
	case object.Kind == "EndpointSlice" && group == discoveryv1.GroupName:
		return addDecoded(c, inv, &inv.Slices, object)
	case object.Kind == "PodDisruptionBudget" && group == policyv1.GroupName:
		return addDecoded(c, inv, &inv.Budgets, object)
	case object.Kind == "HorizontalPodAutoscaler" && group == autoscalingv2.GroupName:
		return addDecoded(c, inv, &inv.HPAs, object)
	case object.Kind == "StatefulSet" && group != appsv1.GroupName:
		warnTo(c.env.ErrOut, msgOtherStatefulSet(object.where(""), object.Metadata.Name, object.APIVersion))
	case object.Kind == "StatefulSet" && object.Metadata.Name == "":
		return usagef("--filename %s: metadata.name of a StatefulSet is required", object.where(""))
	case object.Kind == "StatefulSet" && object.APIVersion != appsv1.SchemeGroupVersion.String():
		warnTo(c.env.ErrOut, msgRemovedVersion(object.where(""), object.Metadata.Name, object.APIVersion))
		fallthrough
	case object.Kind == "StatefulSet":
		return addDecoded(c, inv, &inv.Sets, object)
	}
	return nil
}

// addDecoded decodes an object and adds it to the list. It warns about a field that this program
// does not know: it may belong to a newer Kubernetes, or be a mistake.
func addDecoded[T any, P interface {
	*T
	metav1.Object
}](c *common, inv *sts.Inventory, list *[]P, object *manifestObject) error {
	into := P(new(T))
	problems, err := sts.DecodeObject(object.raw, into)
	if err != nil {
		return usagef("--filename %s: %s: %s", object.where(""), object, err)
	}
	for _, p := range object.problems(problems) {
		warnTo(c.env.ErrOut, msgFieldProblem(object.where(p.Path), object.String(), p.String(), consequence(p)))
		inv.Problems = append(inv.Problems, sts.ManifestProblem{Object: into, FieldProblem: p})
	}
	*list = append(*list, into)
	return nil
}

// consequence is the effect on the field.
func consequence(p sts.FieldProblem) string {
	switch {
	case p.Twice:
		return msgDuplicateField()
	case p.Nearest != "":
		return msgMisspelledField()
	}
	return msgUnknownField()
}
