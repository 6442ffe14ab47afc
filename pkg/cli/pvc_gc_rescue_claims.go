package cli

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func atRisk(items []claims.Claim) []claims.Claim {
	return slices.DeleteFunc(slices.Clone(items), func(c claims.Claim) bool { return c.Risk == nil })
}

// namedClaims are the claims of these names. One that is gone and was rescued before is
// reported, others are errors.
func (g *gcRun) namedClaims(ctx context.Context, client *kube.Client, ns string, all []claims.Claim, names []string) ([]claims.Claim, error) {
	var picked []claims.Claim
	for _, name := range names {
		n := slices.IndexFunc(all, func(c claims.Claim) bool { return c.Name == name })
		if n >= 0 {
			picked = append(picked, all[n])
			continue
		}
		var ofSet []string
		for i := range all {
			if all[i].Set == name {
				ofSet = append(ofSet, all[i].Name)
			}
		}
		if len(ofSet) > 0 {
			return nil, usagef("%s", msgSetInsteadOfClaim(name, ofSet))
		}
		kept, err := g.readRetained(ctx, client, ns)
		if err != nil {
			return nil, err
		}
		n = slices.IndexFunc(kept, func(r retained) bool { return r.Record.Claim.Name == name })
		if n < 0 {
			return nil, apierrors.NewNotFound(corev1.Resource("persistentvolumeclaims"), name)
		}
		style := g.env.errStyle()
		_, _ = fmt.Fprint(g.env.ErrOut, style.Wrap("", 0, render.Plain,
			msgRescuedBefore(name, kept[n].Volume.Name))+
			render.Hint(g.hint(sts.Kubectl(ns, "sts pvc-gc undo", name)), style))
	}
	return picked, nil
}
