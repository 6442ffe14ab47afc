package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// carryOutRescue sets the volumes of these claims to Retain.
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
func retainCommand(items []claims.Claim) sts.Hint {
	var volumes []string
	for i := range items {
		volumes = append(volumes, items[i].Volume)
	}
	return hintRetainByHand(volumes)
}
