package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// rescued refuses to start members on new, empty claims while rescued volumes keep their data. It
// cannot check this without permission to list volumes.
func (o *drainOptions) rescued(ctx context.Context, c *mutation, client *kube.Client, s *sts.Snapshot, to int32) error {
	if c.acceptDataLoss || to <= sts.DesiredReplicas(s.Set) {
		return nil
	}
	volumes, err := client.Retained(ctx, s.Set.Namespace)
	if apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var claims []string
	for _, v := range volumes {
		r, err := sts.ReadRetained(v)
		if err != nil || r == nil || r.Kind() != sts.RetainedRescued || s.Claim(r.Claim.Name) != nil {
			continue
		}
		for i := range s.Set.Spec.VolumeClaimTemplates {
			o, ok := sts.ClaimOrdinal(r.Claim.Name)
			if ok && r.Claim.Name == sts.ClaimName(s.Set.Spec.VolumeClaimTemplates[i].Name, s.Set.Name, o) &&
				o >= sts.End(s.Set) && o < sts.Start(s.Set)+sts.Ordinal(to) {
				claims = append(claims, r.Claim.Name)
			}
		}
	}
	if len(claims) == 0 {
		return nil
	}
	slices.Sort(claims)
	message, hint := msgDrainRescued(s.Set.Name, claims, sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", strings.Join(claims, " ")))
	return &outcomeError{style: c.env.errStyle(), Decision: operate.Decision{Verdict: operate.Refused, Reason: operate.ReasonStaleClaims, Subject: "persistentvolumeclaim/" + claims[0],
		Message: message, Hint: c.hint(s.Set.Namespace, hint)}}
}

// stale handles the claims of removed members: with --fresh-claims they are moved aside, else the
// user is asked whether new members may start with them. In a pipeline the intent refuses them.
func (o *drainOptions) stale(ctx context.Context, c *mutation, client *kube.Client, s *sts.Snapshot, intent operate.DrainOptions) (bool, error) {
	asks := !c.yes && c.dryRun == "none" && c.env.InTerminal
	if intent.ReuseClaims || !o.fresh && !asks {
		return intent.ReuseClaims, nil
	}
	d := operate.Next(operate.NewDrainScale(intent, s), s, operate.Facts{})
	if d.Reason != operate.ReasonStaleClaims {
		return false, nil
	}
	if o.fresh {
		return false, o.deleteStale(ctx, c, client, s)
	}
	_, _ = io.WriteString(c.env.ErrOut, c.env.errStyle().Wrap("", 0, render.Plain, d.Message))
	if err := c.env.confirm(ctx, msgDrainConfirmClaims()); err != nil {
		return false, err
	}
	o.intent.ReuseClaims = true
	return true, nil
}

// deleteStale deletes the claims of the ordinals that will be added as 'pvc-gc --delete' does: their
// volumes keep the data. Afterwards the snapshot no longer has them.
func (o *drainOptions) deleteStale(ctx context.Context, c *mutation, client *kube.Client, s *sts.Snapshot) error {
	env := *c.env
	env.Out, env.OutTerminal = env.ErrOut, env.ErrTerminal // stdout is for the command's own report
	common := *c.common
	common.env = &env
	first, last := sts.End(s.Set), sts.Start(s.Set)+sts.Ordinal(o.intent.Replicas)-1
	ordinals, err := sts.ParseOrdinals(fmt.Sprintf("%d-%d", first, last))
	if err != nil {
		return err
	}
	g := &gcRun{common: &common, out: newOutput(&cobra.Command{}), verb: "pvc-gc", did: "deleted", dryRun: c.dryRun, yes: c.yes, workers: 8, most: 50, timeout: 5 * time.Minute}
	query := gcOptions{namespace: s.Set.Namespace, claims: report.ClaimQuery{Names: []string{s.Set.Name}, Ordinals: ordinals}}
	var coming []sts.Ordinal
	for o := first; o <= last; o++ {
		coming = append(coming, o)
	}
	gone := sts.ClaimsOf(s, coming)
	g.wholly = gone
	if err := runClaims(ctx, &common, query, g.out, g); err != nil {
		return err
	}
	if c.dryRun != "none" {
		s.Claims = slices.DeleteFunc(slices.Clone(s.Claims), func(c *corev1.PersistentVolumeClaim) bool { return slices.Contains(gone, c.Name) })
		return nil
	}
	inv, err := client.Read(ctx, kube.Query{Namespace: s.Set.Namespace, Names: []string{s.Set.Name}})
	if err == nil {
		s.Claims = inv.Snapshots()[0].Claims
	}
	return err
}
