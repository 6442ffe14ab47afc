package cmd

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// manifestNames reads sets and Services from manifests, as they would be made in the
// namespace where the manifests name none.
func (c *common) manifestNames(o dnsOptions) (*sts.Inventory, error) {
	inv := &sts.Inventory{TakenAt: c.env.Clock.Now(), Domain: sts.ClusterDomain{Name: o.domain, Source: sts.DomainGiven}}
	if o.domain == "" {
		inv.Domain = sts.ClusterDomain{Name: sts.DefaultClusterDomain, Source: sts.DomainAssumed}
	}
	source := strings.Join(o.files, ",")
	var objects []manifestObject
	for _, file := range o.files {
		found, err := readObjects(c.env, file)
		if err != nil {
			return nil, filenameError(file, err)
		}
		objects = append(objects, found...)
	}
	given := *c.config.Namespace
	for _, object := range objects {
		if ns := object.Metadata.Namespace; given != "" && ns != "" && ns != given && (object.Kind == "StatefulSet" || object.Kind == "Service") {
			return nil, usagef("--filename %s: %s %s is in namespace %s, not in %s as --namespace says", object.file, object.Kind, object.Metadata.Name, ns, given)
		}
		switch {
		case object.Kind == "Service" && object.APIVersion == "v1":
			service := &corev1.Service{}
			if err := c.decode(object, service); err != nil {
				return nil, err
			}
			if service.Namespace == "" {
				service.Namespace = o.query.Namespace
			}
			inv.Services = append(inv.Services, service)
		case object.Kind == "StatefulSet" && !strings.HasPrefix(object.APIVersion, "apps/"):
			warnTo(c.env.ErrOut, fmt.Sprintf("%s: StatefulSet %s is not Kubernetes' own but of %s", object.file, object.Metadata.Name, object.APIVersion))
		case object.Kind == "StatefulSet":
			set := &appsv1.StatefulSet{}
			if err := c.decode(object, set); err != nil {
				return nil, err
			}
			if set.Name == "" {
				return nil, usagef("--filename %s: a StatefulSet has no metadata.name", object.file)
			}
			if set.Namespace == "" {
				set.Namespace = o.query.Namespace
			}
			inv.Sets = append(inv.Sets, set)
		}
	}
	if len(inv.Sets) == 0 {
		return nil, usagef("--filename %s has no StatefulSet in it%s", source, onlyThese(objects))
	}
	return inv, o.pick(inv, source)
}

// decode reads an object of a manifest. A field that this program does not know may be one
// of a newer Kubernetes, or a mistake: it is told.
func (c *common) decode(object manifestObject, into any) error {
	what := func(err error) string {
		return fmt.Sprintf("%s: %s %s: %s", object.file, object.Kind, object.Metadata.Name,
			strings.TrimPrefix(err.Error(), "error unmarshaling JSON: while decoding JSON: json: "))
	}
	if err := yaml.Unmarshal(object.text, into); err != nil {
		return usagef("--filename %s", what(err))
	}
	if err := yaml.UnmarshalStrict(object.text, into); err != nil {
		warnTo(c.env.ErrOut, what(err))
	}
	return nil
}

// pick leaves the sets that were asked for by name or selector.
func (o *dnsOptions) pick(inv *sts.Inventory, source string) error {
	selector, err := labels.Parse(o.query.Selector)
	if err != nil {
		return usagef("--selector: %s", err)
	}
	var have []string
	inv.Sets = slices.DeleteFunc(inv.Sets, func(set *appsv1.StatefulSet) bool {
		have = append(have, set.Name)
		return !selector.Matches(labels.Set(set.Labels)) || len(o.query.Names) > 0 && !slices.Contains(o.query.Names, set.Name)
	})
	for _, name := range o.query.Names {
		if !slices.ContainsFunc(inv.Sets, func(set *appsv1.StatefulSet) bool { return set.Name == name }) {
			return usagef("--filename %s has no StatefulSet %s in it, only %s", source, name, strings.Join(have, ", "))
		}
	}
	return nil
}
