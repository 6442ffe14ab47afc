package cli

import (
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// manifestNames reads sets and Services from manifests; the namespace is that of objects without
// one.
func (c *common) manifestNames(ctx context.Context, o dnsOptions) (*sts.Inventory, error) {
	inv, err := c.readManifests(ctx, &o.manifests, o.query.Namespace)
	if err != nil {
		return nil, err
	}
	return inv, o.pick(inv)
}

// manifestDomain is the domain of the names in manifests: the one of --cluster-domain, or the default.
func manifestDomain(domain string) names.Domain {
	if domain == "" {
		return names.Domain{Name: names.DefaultDomain, Source: names.DomainAssumed}
	}
	return names.Domain{Name: domain, Source: names.DomainGiven}
}

// pick keeps the sets that are selected by name or selector.
func (o dnsOptions) pick(inv *sts.Inventory) error {
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
			return usagef("%s: StatefulSet %s not found, only %s", &o.manifests, name, strings.Join(have, ", "))
		}
	}
	return definedTwice(&o.manifests, inv.Sets)
}
