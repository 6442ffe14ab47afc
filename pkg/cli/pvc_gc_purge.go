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
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newPVCGCPurge(c *common) *cobra.Command {
	var (
		everything bool
		olderThan  string
	)
	cmd := withHelp("pvc-gc-purge", &cobra.Command{
		Use:               "purge [NAME...]",
		ValidArgsFunction: c.completing(retainedNames),
	})
	g := &gcRun{common: c, verb: "pvc-gc purge", did: "purged", out: newOutput(cmd)}
	g.out.resource = "persistentvolume"
	g.addFlags(cmd)
	g.limit(cmd, "volumes")
	f := cmd.Flags()
	g.inOneNamespace(cmd, &everything, "Purge all volumes that retain the data of deleted claims in the namespace")
	f.StringVar(&olderThan, "older-than", "", "Only volumes whose claim was deleted at least this long ago (30d, 36h)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := g.checkNames(args, everything); err != nil {
			return err
		}
		age := time.Duration(0)
		if f.Changed("older-than") {
			var err error
			if age, err = sts.ParseAge(olderThan); err != nil {
				return usagef("--older-than: %s", err)
			}
		}
		return g.purge(cmd.Context(), args, age)
	}
	return cmd
}

// purge deletes volumes permanently.
func (g *gcRun) purge(ctx context.Context, names []string, age time.Duration) error {
	client, picked, unknown, err := g.kept(ctx, names)
	if err != nil {
		return err
	}
	ns, err := g.namespace()
	if err != nil {
		return err
	}
	if len(unknown) > 0 {
		return notKept(unknown[0])
	}
	all := len(picked)
	picked = slices.DeleteFunc(picked, func(r retained) bool { return client.Now().Sub(r.Record.DeletedAt) < age })
	if len(picked) == 0 {
		return g.nothingKept(ctx, client, ns, all)
	}
	named, err := keptNames(names)
	if err != nil {
		return err
	}
	byVolume := func(r retained) bool {
		return slices.ContainsFunc(named, func(k keptName) bool { return k.kind != "pvc" && k.name == r.Volume.Name })
	}
	if len(names) > 0 {
		if err := g.refuseAmbiguous(ns, slices.DeleteFunc(slices.Clone(picked), byVolume)); err != nil {
			return err
		}
	}
	if err := g.mayKeep(ctx, client); err != nil {
		return err
	}
	world := &kube.Claims{Client: client}
	tasks, err := g.judged(ctx, world, ns, picked, byVolume)
	if err != nil {
		return err
	}
	items := make([]GCItem, len(picked))
	var going []retained
	stays, title := "", titleNotPurged()
	if g.onlyLists {
		title = titleNotPurgeable()
	}
	to, style := g.to()
	for i, r := range picked {
		items[i] = retainedItem(r)
		d, _ := tasks[i].Intent.(claimloop.Settled)
		if d.Verdict != operate.Refused {
			going = append(going, r)
			continue
		}
		items[i].Outcome = (*claims.ClaimDecision)(&d)
		stays += style.Wrap(title+" ", len(title)+1, render.Plain, r.Record.Claim.Name+": "+d.Message) + render.Hint(g.hint(d.Hint), style)
	}
	if err := g.withinMax(len(going), "volume"); err != nil {
		return err
	}
	if g.shows() {
		if len(going) > 0 {
			if err := render.RetainedTable(to, going, client.Now(), style); err != nil {
				return err
			}
			if !g.onlyLists {
				_, _ = fmt.Fprint(to, "\n"+purgeWarnings(going, style))
			}
		}
		if !g.yes && g.dryRun == "none" || g.onlyLists { // else it is printed as a result
			_, _ = fmt.Fprint(to, stays)
		}
	}
	if len(going) > 0 && !g.yes && g.dryRun == "none" {
		if err := g.env.confirmNumber(ctx, len(going), "delete permanently"); err != nil {
			return err
		}
	}
	return g.carryOut(ctx, world, tasks, items, client.Now(), nil)
}

// purgeWarnings say what a purge does.
func purgeWarnings(picked []retained, style render.Style) string {
	data, objects := 0, 0
	for _, r := range picked {
		if r.Record.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete {
			data++
		} else {
			objects++
		}
	}
	text := ""
	if data > 0 {
		text += style.Wrap("", 0, render.Plain, msgPurgeData(data))
	}
	if objects > 0 {
		text += style.Wrap("", 0, render.Plain, msgPurgeVolumes(objects))
	}
	return text
}
