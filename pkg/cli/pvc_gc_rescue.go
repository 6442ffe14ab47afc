package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newPVCGCRescue(c *common) *cobra.Command {
	var everything bool
	cmd := withHelp("pvc-gc-rescue", &cobra.Command{
		Use:               "rescue [NAME...]",
		ValidArgsFunction: c.completeAtRisk,
	})
	g := &gcRun{common: c, verb: "pvc-gc rescue", did: "rescued", out: newOutput(cmd)}
	g.out.resource = "persistentvolumeclaim"
	g.addFlags(cmd)
	g.inOneNamespace(cmd, &everything, "All claims of the namespace that need rescue")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := g.checkNames(args, everything); err != nil {
			return err
		}
		return g.rescue(cmd.Context(), args)
	}
	return cmd
}

// rescue keeps the data of claims that are being deleted.
func (g *gcRun) rescue(ctx context.Context, args []string) error {
	names, err := claimNames(args)
	if err != nil {
		return err
	}
	client, err := g.connect()
	if err != nil {
		return err
	}
	ns, err := g.namespace()
	if err != nil {
		return err
	}
	progress := newListing(g.env)
	inv, err := client.ReadClaims(ctx, ns, nil, progress.seen)
	progress.screen.done()
	if err != nil {
		return err
	}
	if g.out.human() {
		render.Missing(g.env.ErrOut, inv.Missing)
	}
	report, _ := claims.NewReport(inv, claims.Query{})
	picked := report.Items
	if len(names) == 0 {
		picked = atRisk(picked)
	} else if picked, err = g.namedClaims(ctx, client, ns, picked, names); err != nil {
		return err
	}
	needed := atRisk(picked)
	switch {
	case len(picked) > 0:
	case g.out.human():
		if len(names) == 0 {
			_, err = fmt.Fprintln(g.env.Out, msgNoneAtRisk(ns))
		}
		return err
	default:
		return g.finish(g.report([]GCItem{}, inv.TakenAt, inv.Missing))
	}
	to, style := g.to()
	if g.shows() && len(needed) > 0 {
		if err := render.RescueTable(to, needed, inv.TakenAt, style); err != nil {
			return err
		}
	}
	if g.onlyLists && g.out.human() {
		_, err = fmt.Fprint(g.env.Out, "\n"+render.Hint(g.hint(hintRescueFirst(sts.Kubectl(ns, "sts pvc-gc rescue", "--all"))), style))
		return err
	}
	if len(needed) > 0 && !g.onlyLists {
		if err := g.mayRescue(ctx, client, inv, needed); err != nil {
			return err
		}
		if !g.yes && g.dryRun == "none" {
			if err := g.env.confirm(ctx, msgConfirmRescue(len(needed))); err != nil {
				return err
			}
		}
	}
	return g.carryOutRescue(ctx, client, inv, picked)
}

func (g *gcRun) carryOutRescue(ctx context.Context, client *kube.Client, inv *sts.Inventory, picked []claims.Claim) error {
	pvcs := map[string]*corev1.PersistentVolumeClaim{}
	for _, c := range inv.Claims {
		pvcs[c.Name] = c
	}
	at := client.Now().UTC().Truncate(time.Second)
	tasks, items := make([]claimloop.Task, len(picked)), make([]GCItem, len(picked))
	for n := range picked {
		item := &picked[n]
		tasks[n] = claimloop.Task{
			Intent: claims.Rescue{UID: pvcs[item.Name].UID, By: g.env.Who, At: at},
			View:   claims.View{Namespace: item.Namespace, Name: item.Name, VolumeName: item.Volume},
		}
		items[n] = GCItem{
			Namespace: item.Namespace, Claim: item.Name, Size: item.Size, Class: item.Class, Volume: item.Volume,
			ReclaimPolicy: item.ReclaimPolicy, DeletedAt: item.DeletionTimestamp,
		}
		if item.Risk != nil {
			items[n].Message = item.Risk.Message
		}
	}
	err := g.carryOut(ctx, &kube.Claims{Client: client}, tasks, items, inv.TakenAt, inv.Missing)
	var rescued []string
	for n := range items {
		if o := items[n].Outcome; o != nil && o.Reason == claims.ReasonRescued {
			rescued = append(rescued, items[n].Claim)
		}
	}
	if len(rescued) > 0 && g.dryRun == "none" {
		if len(rescued) > mostNamed {
			rescued = []string{"--all"}
		}
		ns := picked[0].Namespace
		_, _ = fmt.Fprint(g.env.ErrOut, render.Hint(g.hint(hintUndoAfterwards(
			sts.Kubectl(ns, "sts pvc-gc undo", rescued...))), g.env.errStyle()))
	}
	return err
}

// mayRescue refuses when the user may not change volumes, or not create one where that is
// needed.
func (g *gcRun) mayRescue(ctx context.Context, client *kube.Client, inv *sts.Inventory, needed []claims.Claim) error {
	verbs := []string{"get", "patch"}
	for i := range inv.Volumes {
		v := &inv.Volumes[i]
		if v.DeletionTimestamp != nil && slices.ContainsFunc(needed, func(c claims.Claim) bool { return c.Volume == v.Name }) {
			verbs = []string{"get", "patch", "create"}
		}
	}
	return g.mayVolumes(ctx, client, hintRescuePermissions(retainCommand(needed)), verbs...)
}

// retainCommand is the manual way to keep the data.
func retainCommand(claims []claims.Claim) sts.Hint {
	var volumes []string
	for i := range claims {
		volumes = append(volumes, claims[i].Volume)
	}
	return hintRetainByHand(volumes)
}
