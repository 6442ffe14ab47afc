package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// completeAtRisk completes the names of claims that need rescue.
func (c *common) completeAtRisk(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	client, err := c.client()
	if err != nil {
		return nil, none
	}
	ns, err := c.namespace()
	if err != nil {
		return nil, none
	}
	inv, err := client.ReadClaims(cmd.Context(), ns, nil, func(string, int) {})
	if err != nil {
		return nil, none
	}
	report, _ := claims.NewReport(inv, claims.Query{})
	var names []string
	for _, item := range atRisk(report.Items) {
		if !slices.Contains(args, item.Name) {
			names = append(names, item.Name)
		}
	}
	return names, none
}

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
