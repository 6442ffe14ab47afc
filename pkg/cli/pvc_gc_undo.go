package cli

import (
	"context"
	"errors"
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

func newPVCGCUndo(c *common) *cobra.Command {
	var everything, replace bool
	cmd := withHelp("pvc-gc-undo", &cobra.Command{
		Use:               "undo [NAME...]",
		ValidArgsFunction: c.completing(retainedNames),
	})
	g := &gcRun{common: c, verb: "pvc-gc undo", did: "restored", out: newOutput(cmd)}
	g.out.resource = "persistentvolumeclaim"
	g.addFlags(cmd)
	g.inOneNamespace(cmd, &everything, "Restore all deleted claims in the namespace whose data is retained")
	cmd.Flags().BoolVar(&replace, "replace", false, "Replace the new, empty claim that the StatefulSet controller created")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := g.checkNames(args, everything); err != nil {
			return err
		}
		return g.undo(cmd.Context(), args, replace)
	}
	return cmd
}

// undo restores claims.
func (g *gcRun) undo(ctx context.Context, names []string, replace bool) error {
	client, picked, unknown, err := g.kept(ctx, names)
	if err != nil {
		return err
	}
	others := len(unknown)
	if len(names) == 0 && !g.onlyLists {
		all := len(picked)
		picked = slices.DeleteFunc(picked, func(r retained) bool { return r.Record.SetAsideFor != "" })
		others += all - len(picked)
	}
	ns, err := g.namespace()
	if err != nil {
		return err
	}
	if err := client.CheckNamespace(ctx, ns); err != nil {
		return &sts.HintedError{Err: err, Hint: hintCreateNamespace(sts.Kubectl("", "create namespace", ns))}
	}
	half, err := g.halfUndone(ctx, client, ns, names, picked)
	if err != nil {
		return err
	}
	for _, name := range unknown {
		if slices.ContainsFunc(half, func(c *corev1.PersistentVolumeClaim) bool { return c.Name == name }) {
			continue
		}
		there, err := client.ClaimExists(ctx, ns, name)
		if err != nil {
			return err
		}
		if !there {
			return notKept(name)
		}
		_, _ = fmt.Fprintln(g.env.ErrOut, msgClaimExists(name))
	}
	if len(picked)+len(half) == 0 {
		return g.nothingKept(ctx, client, ns, others)
	}
	to, style := g.to()
	if g.shows() {
		if len(picked) > 0 {
			if err := render.RetainedTable(to, picked, client.Now(), style); err != nil {
				return err
			}
		}
		for _, c := range half {
			_, _ = fmt.Fprintln(to, msgFinishingUndo(c.Name))
		}
	}
	if err := g.mayKeep(ctx, client); err != nil {
		return err
	}
	if err := g.refuseAmbiguous(ns, picked); err != nil {
		return err
	}
	if !g.yes && g.dryRun == "none" {
		if err := g.env.confirm(ctx, msgConfirmUndo(len(picked)+len(half))); err != nil {
			return err
		}
	}
	var tasks []claimloop.Task
	var items []GCItem
	at := client.Now().UTC().Truncate(time.Second)
	for _, r := range picked {
		tasks = append(tasks, claimloop.Task{Intent: claims.Restore{UID: r.Volume.UID, Replace: replace, By: g.env.Who, At: at}, View: retainedView(r)})
		items = append(items, retainedItem(r))
	}
	for _, c := range half {
		tasks = append(tasks, claimloop.Task{Intent: claims.FinishRestore{}, View: claims.View{Namespace: ns, Name: c.Name, VolumeName: c.Spec.VolumeName}})
		items = append(items, GCItem{Namespace: ns, Claim: c.Name, Volume: c.Spec.VolumeName})
	}
	return g.carryOut(ctx, &kube.Claims{Client: client}, tasks, items, client.Now(), nil)
}

// halfUndone are the named claims on which an interrupted undo has left its annotation.
func (g *gcRun) halfUndone(ctx context.Context, client *kube.Client, ns string, names []string, picked []retained) ([]*corev1.PersistentVolumeClaim, error) {
	marked, err := client.Marked(ctx, ns)
	named, wrong := keptNames(names)
	return slices.DeleteFunc(marked, func(c *corev1.PersistentVolumeClaim) bool {
		asked := len(named) == 0 || slices.ContainsFunc(named, func(k keptName) bool { return k.kind != "pv" && k.name == c.Name })
		return !asked || slices.ContainsFunc(picked, func(r retained) bool { return r.Record.Claim.Name == c.Name })
	}), errors.Join(err, wrong)
}
