package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// deleteClaims deletes the candidates of a report.
func (g *gcRun) deleteClaims(ctx context.Context, client *kube.Client, inv *sts.Inventory, doc *claims.ClaimReport, o gcOptions) error {
	candidates, reasons := doc.OnlyCandidates(), map[[2]string]claims.Claim{}
	withVolumes := false
	for _, item := range candidates.Items {
		reasons[[2]string{item.Namespace, item.Name}] = item
		withVolumes = withVolumes || item.Volume != ""
	}
	if g.out.human() {
		render.Missing(g.env.ErrOut, doc.Missing)
	}
	for i := range doc.Items {
		if item := &doc.Items[i]; slices.Contains(g.wholly, item.Name) && !item.Candidate {
			message, hint := msgAsideRefused(item.Name, cmp.Or(item.Held, item.Message))
			return &outcomeError{Decision: operate.Decision{Verdict: operate.Refused, Reason: operate.ReasonStaleClaims, Subject: "persistentvolumeclaim/" + item.Name,
				Message: message, Hint: hint}}
		}
	}
	if doc.Retained != nil {
		g.earlier = doc.Retained.Notable
		_, _ = fmt.Fprint(g.env.ErrOut, render.RetainedNotes(g.earlier, g.env.errStyle(), render.Columns{Namespace: g.all}))
	}
	n := len(candidates.Items)
	switch {
	case n == 0 && g.out.human():
		_, _ = fmt.Fprint(g.env.ErrOut, render.HeldNotes(doc, g.env.errStyle(), render.Columns{Namespace: g.all}))
		_, _ = fmt.Fprintln(g.env.Out, msgNothingToDelete())
		return g.recalled()
	case n == 0:
		return cmp.Or(g.finish(g.report([]GCItem{}, inv.TakenAt, doc.Missing)), g.recalled())
	}
	if err := g.withinMax(n, "claim"); err != nil {
		return err
	}
	if o.backupDir != "" && g.dryRun == "none" {
		if err := tryBackup(o.backupDir); err != nil {
			return fmt.Errorf("%s: %w", msgBackupFailed(), err)
		}
	}
	to, style := g.to()
	if g.shows() {
		if err := render.ClaimTable(to, candidates, inv.TakenAt, style, g.out.tableColumns(g.all)); err != nil {
			return err
		}
		_, _ = fmt.Fprint(to, "\n"+style.Wrap("", 0, render.Plain, msgClaimsToDelete(n)))
	}
	if withVolumes {
		if err := g.mayKeep(ctx, client); err != nil {
			return err
		}
	}
	if !g.yes && g.dryRun == "none" {
		if err := g.env.confirmNumber(ctx, n, "delete them"); err != nil {
			return err
		}
	}
	world := &kube.Claims{Client: client, Known: map[string][]*corev1.PersistentVolumeClaim{}, Reserve: o.claims.Reserve}
	if o.backupDir != "" && g.dryRun == "none" {
		world.Backup = func(c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) error {
			return backup(o.backupDir, c, v)
		}
	}
	at := client.Now().UTC().Truncate(time.Second)
	var (
		tasks []claimloop.Task
		items []GCItem
	)
	for _, c := range inv.Claims {
		world.Known[c.Namespace] = append(world.Known[c.Namespace], c)
		item, ok := reasons[[2]string{c.Namespace, c.Name}]
		if !ok {
			continue
		}
		choice := item.Choice()
		choice.OlderThan = 0 // the age was checked; that it is still unused is checked again
		tasks = append(tasks, claimloop.Task{
			Intent: claims.Collect{UID: c.UID, Choice: choice, JudgeFirst: g.dryRun == "client", By: g.env.Who, At: at},
			View:   claims.View{Namespace: c.Namespace, Name: c.Name, VolumeName: item.Volume},
		})
		items = append(items, GCItem{
			Namespace: item.Namespace, Claim: item.Name, Size: item.Size, Class: item.Class,
			Volume: item.Volume, ReclaimPolicy: item.ReclaimPolicy, Message: item.Message,
		})
	}
	err := g.carryOut(ctx, world, tasks, items, inv.TakenAt, doc.Missing)
	g.trail(ctx, client, inv.Sets, reasons, items)
	return cmp.Or(err, g.recalled())
}
