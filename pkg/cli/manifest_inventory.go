package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// readManifests reads StatefulSets and related objects from files. Objects without a namespace get the one that
// kubectl would use, or that of the other objects (manifest.Home). With --namespace only the sets in that
// namespace are read. A file without any StatefulSet is an error.
func (c *common) readManifests(ctx context.Context, source *manifestSource, namespace string) (*sts.Inventory, error) {
	objects, err := source.readAll(ctx, c.env)
	if err != nil {
		return nil, err
	}
	given := *c.config.Namespace
	home, err := c.home(objects, namespace)
	if err != nil {
		return nil, err
	}
	inv := &sts.Inventory{TakenAt: c.env.Clock.Now()}
	for i := range objects {
		if err := c.addObject(inv, &objects[i]); err != nil {
			return nil, err
		}
	}
	if len(inv.Sets) == 0 {
		return nil, usagef("%s: no StatefulSet found%s", source, onlyThese(objects))
	}
	for _, o := range inv.Objects() {
		if o.GetNamespace() == "" {
			o.SetNamespace(home)
		}
	}
	for i := range inv.Texts {
		inv.Texts[i].Namespace = cmp.Or(inv.Texts[i].Namespace, home)
	}
	if given == "" {
		return inv, nil
	}
	elsewhere := inv.Sets[0]
	inv.Sets = slices.DeleteFunc(inv.Sets, func(s *appsv1.StatefulSet) bool { return s.Namespace != given })
	if len(inv.Sets) == 0 {
		return nil, usagef("%s: StatefulSet %s is in namespace %s, but --namespace is %s",
			source, elsewhere.Name, elsewhere.Namespace, given)
	}
	return inv, nil
}

// home is the namespace of the objects that have none: that of --namespace, that of the other objects, or the
// current one.
func (c *common) home(objects []manifest.Object, current string) (string, error) {
	if given := *c.config.Namespace; given != "" {
		if problems := validation.IsDNS1123Label(given); len(problems) > 0 {
			return "", invalidFlag("namespace", given, problems[0])
		}
		return current, nil
	}
	home := manifest.Home(objects, current)
	if home != current {
		c.env.note(msgAssumedNamespace(home))
	}
	return home, nil
}

// definedTwice is an error where one of the sets is defined more than once.
func definedTwice(source *manifestSource, sets []*appsv1.StatefulSet) error {
	seen := map[types.NamespacedName]bool{}
	for _, s := range sets {
		name := types.NamespacedName{Namespace: s.Namespace, Name: s.Name}
		if seen[name] {
			return usagef("%s: %s", source, msgDefinedTwice(s.Name))
		}
		seen[name] = true
	}
	return nil
}

// addObject adds an object of a manifest to its list in the inventory. It warns about a field that this
// program does not know: it may belong to a newer Kubernetes, or be a mistake.
func (c *common) addObject(inv *sts.Inventory, object *manifest.Object) error {
	inv.Texts = append(inv.Texts, sts.ManifestText{Kind: object.Kind, Namespace: object.Metadata.Namespace, Name: object.Metadata.Name, JSON: object.Raw})
	slots := manifest.Slots(inv)
	if problem := object.Unserved(slots); problem != "" {
		return usagef("--filename %s: %s", object.Where(""), problem)
	}
	slot := object.In(slots)
	switch {
	case object.Kind == "StatefulSet" && slot == nil:
		warnTo(c.env.ErrOut, msgOtherStatefulSet(object.Where(""), object.Metadata.Name, object.APIVersion))
	case object.Kind == "StatefulSet" && object.Metadata.Name == "":
		return usagef("--filename %s: metadata.name of a StatefulSet is required", object.Where(""))
	case object.Kind == "StatefulSet" && object.APIVersion != appsv1.SchemeGroupVersion.String():
		warnTo(c.env.ErrOut, msgRemovedVersion(object.Where(""), object.Metadata.Name, object.APIVersion))
	}
	if slot == nil {
		return nil
	}
	added, problems, err := slot.Add(object)
	if err != nil {
		at := ""
		if wrong := (sts.TypeProblems)(nil); errors.As(err, &wrong) {
			at = wrong[0].Path
		}
		return usagef("--filename %s: %s: %s", object.Where(at), object, err)
	}
	for _, p := range problems {
		warnTo(c.env.ErrOut, msgFieldProblem(object.Where(p.Path), object.String(), p.String(), consequence(p)))
		inv.Problems = append(inv.Problems, sts.ManifestProblem{Object: added, FieldProblem: p})
	}
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
