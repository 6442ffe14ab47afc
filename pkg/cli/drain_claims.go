package cli

import (
	"context"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// requireRestored refuses to start members on new, empty claims while rescued volumes keep their data. It
// cannot check this without permission to list volumes.
func (o *drainFlags) requireRestored(ctx context.Context, m *mutation, client *kube.Client, s *sts.Snapshot, to int32) error {
	if m.acceptDataLoss || to <= sts.DesiredReplicas(s.Set) {
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
	message, hint := msgDrainRescued(s.Set.Name, claims, sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", claims...))
	return &outcomeError{Decision: operate.Decision{Verdict: operate.Refused, Reason: operate.ReasonStaleClaims, Subject: "persistentvolumeclaim/" + claims[0],
		Message: message, Hint: hint}}
}

// stale handles the claims of removed members: with --fresh-claims they are moved aside, else the
// user is asked whether new members may start with them. In a pipeline the intent refuses them.
func (o *drainFlags) stale(ctx context.Context, m *mutation, client *kube.Client, s *sts.Snapshot, options operate.DrainOptions) (bool, error) {
	asks := !m.yes && m.dryRun == "none" && m.env.InTerminal
	if options.ReuseClaims || !o.fresh && !asks {
		return options.ReuseClaims, nil
	}
	d := operate.Next(operate.NewDrainScale(options, s), s, operate.Facts{})
	if d.Reason != operate.ReasonStaleClaims {
		return false, nil
	}
	if o.fresh {
		return false, o.deleteStale(ctx, m, client, s)
	}
	_, _ = io.WriteString(m.env.ErrOut, m.env.errStyle().Wrap("", 0, render.Plain, d.Message))
	if err := m.env.confirm(ctx, msgDrainConfirmClaims()); err != nil {
		return false, err
	}
	return true, nil
}

// deleteStale deletes the claims of the ordinals that will be added as 'pvc-gc --delete' does: their
// volumes keep the data. Afterwards the snapshot no longer has them.
func (o *drainFlags) deleteStale(ctx context.Context, m *mutation, client *kube.Client, s *sts.Snapshot) error {
	env := *m.env
	env.Out, env.OutTerminal = env.ErrOut, env.ErrTerminal // stdout is for the command's own report
	common := *m.common
	common.env = &env
	first, last := sts.End(s.Set), sts.Start(s.Set)+sts.Ordinal(o.options.Replicas)-1
	g := &gcRun{common: &common, out: newText(), verb: "pvc-gc", did: "deleted", dryRun: m.dryRun, yes: m.yes,
		workers: defaultWorkers, most: defaultMost, timeout: defaultProgressTimeout}
	query := gcOptions{namespace: s.Set.Namespace, claims: claims.Query{Names: []string{s.Set.Name}, Ordinals: sts.Ordinals{{First: first, Last: last}}}}
	var coming []sts.Ordinal
	for o := first; o <= last; o++ {
		coming = append(coming, o)
	}
	gone := sts.ClaimsOf(s, coming)
	g.wholly = gone
	if err := runClaims(ctx, &common, query, g.out, g); err != nil {
		return err
	}
	if m.dryRun != "none" {
		s.Claims = slices.DeleteFunc(slices.Clone(s.Claims), func(c *corev1.PersistentVolumeClaim) bool { return slices.Contains(gone, c.Name) })
		return nil
	}
	inv, err := client.Read(ctx, kube.Query{Namespace: s.Set.Namespace, Names: []string{s.Set.Name}})
	if err == nil {
		s.Claims = inv.Snapshots()[0].Claims
	}
	return err
}
