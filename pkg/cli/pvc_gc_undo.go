package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newPVCGCUndo(c *common) *cobra.Command {
	var everything, replace bool
	cmd := withHelp("pvc-gc-undo", &cobra.Command{
		Use:               "undo [NAME...]",
		ValidArgsFunction: c.completeRetained,
	})
	g := &gcRun{common: c, verb: "pvc-gc undo", did: "restored", out: newOutput(cmd)}
	g.out.resource = "persistentvolumeclaim"
	g.addFlags(cmd)
	g.inOneNamespace(cmd, &everything, "All deleted claims of the namespace whose data is kept")
	cmd.Flags().BoolVar(&replace, "replace", false, "Replace the new, empty claim that the StatefulSet controller created")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := g.checkNames(args, everything); err != nil {
			return err
		}
		return g.undo(cmd.Context(), args, replace)
	}
	return cmd
}

// inOneNamespace adds --all, and a hidden -A that is refused with an explanation, for users who
// have just listed all namespaces.
func (g *gcRun) inOneNamespace(cmd *cobra.Command, everything *bool, usage string) {
	f := cmd.Flags()
	f.BoolVar(everything, "all", false, usage)
	f.BoolVarP(&g.all, "all-namespaces", "A", false, "Not supported")
	_ = f.MarkHidden("all-namespaces")
}

func (g *gcRun) checkNames(args []string, everything bool) error {
	switch {
	case g.all:
		return usagef("--all-namespaces is not supported: set --namespace; \"kubectl sts pvc-gc -A -o json\" lists the namespaces in retained.namespaces")
	case everything && len(args) > 0:
		return usagef("names and --all are mutually exclusive")
	case !everything && len(args) == 0 && (g.yes || g.dryRun != "none"):
		return usagef("claim names or --all are required")
	case !everything && len(args) == 0:
		g.dryRun, g.onlyLists = "client", true
	}
	return g.check()
}

// completeRetained completes the names of claims whose data is retained.
func (c *common) completeRetained(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := c.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ns, err := c.namespace()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	volumes, err := client.Retained(cmd.Context(), ns)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, v := range volumes {
		if v.Spec.ClaimRef != nil {
			names = append(names, v.Spec.ClaimRef.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// kept lists what is retained in the namespace and was named.
func (g *gcRun) kept(ctx context.Context, args []string) (*kube.Client, []retained, []string, error) {
	names, err := keptNames(args)
	if err != nil {
		return nil, nil, nil, err
	}
	client, err := g.connect()
	if err != nil {
		return nil, nil, nil, err
	}
	ns, err := g.namespace()
	if err != nil {
		return nil, nil, nil, err
	}
	all, err := g.readRetained(ctx, client, ns)
	if err != nil {
		return nil, nil, nil, err
	}
	picked, unknown := pick(all, names, g.verb == "pvc-gc purge")
	for _, name := range unknown {
		if claims := ofSet(all, name); len(claims) > 0 {
			return nil, nil, nil, usagef("%s", msgSetInsteadOfClaim(name, claims))
		}
	}
	return client, picked, unknown, nil
}

// ofSet are the names of the claims that a set of that name may have had.
func ofSet(all []retained, name string) []string {
	var out []string
	for _, r := range all {
		claim := r.Record.Claim.Name
		if n := strings.LastIndexByte(claim, '-'); n > 0 && strings.HasSuffix(claim[:n], "-"+name) {
			out = append(out, claim)
		}
	}
	return slices.Compact(out)
}

// notKept is the error for a name of which nothing is retained.
func notKept(name string) error {
	return apierrors.NewNotFound(corev1.Resource("retained persistentvolumes of claim"), name)
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
		return fmt.Errorf("%w: %s", err, msgNoNamespace(ns))
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
	var tasks []loop.ClaimTask
	var items []GCItem
	at := client.Now().UTC().Truncate(time.Second)
	for _, r := range picked {
		tasks = append(tasks, loop.ClaimTask{Intent: operate.RestoreClaim{UID: r.Volume.UID, Replace: replace, By: g.env.Who, At: at}, View: retainedView(r)})
		items = append(items, retainedItem(r))
	}
	for _, c := range half {
		tasks = append(tasks, loop.ClaimTask{Intent: operate.FinishRestore{}, View: operate.ClaimView{Namespace: ns, Name: c.Name, VolumeName: c.Spec.VolumeName}})
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

// refuseAmbiguous refuses the name of a claim whose data is on several volumes.
func (g *gcRun) refuseAmbiguous(ns string, picked []retained) error {
	if g.verb != "pvc-gc purge" {
		picked = slices.DeleteFunc(slices.Clone(picked), func(r retained) bool { return r.Record.SetAsideFor != "" })
	}
	twice := ambiguous(picked)
	if twice == "" || g.onlyLists {
		return nil
	}
	var volumes []sts.Hint
	for _, r := range picked {
		if r.Record.Claim.Name == twice {
			volumes = append(volumes, msgVolumeOfDeletion(sts.Kubectl(ns, "sts "+g.verb, r.Volume.Name), r.Record.DeletedAt.UTC().Format("2006-01-02 15:04:05 MST")))
		}
	}
	message, hint := msgDeletedTwice(twice, volumes)
	return g.refuse(operate.ReasonClaimExists, message, hint)
}

// nothingKept ends a command that has nothing to do; others is how many were not selected.
func (g *gcRun) nothingKept(ctx context.Context, client *kube.Client, ns string, others int) error {
	if g.out.human() {
		text := msgRetainedNotFound(ns)
		if others > 0 {
			text = msgNothingToDo()
		}
		_, err := fmt.Fprintln(g.env.Out, text)
		return err
	}
	return g.carryOut(ctx, &kube.Claims{Client: client}, nil, []GCItem{}, client.Now(), nil)
}

// ambiguous is a claim whose data is on several volumes.
func ambiguous(picked []retained) string {
	for i := 1; i < len(picked); i++ {
		if picked[i].Record.Claim.Name == picked[i-1].Record.Claim.Name {
			return picked[i].Record.Claim.Name
		}
	}
	return ""
}
