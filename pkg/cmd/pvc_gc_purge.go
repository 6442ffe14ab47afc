package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/execute"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newPVCGCPurge(c *common) *cobra.Command {
	var (
		everything bool
		olderThan  string
	)
	cmd := &cobra.Command{
		Use:   "purge [NAME...]",
		Short: "DELETE FOR GOOD what pvc-gc has kept of deleted claims",
		Long: `DELETE FOR GOOD the volumes that keep the data of claims which 'pvc-gc --delete' has
deleted. NOTHING CAN BRING THE DATA BACK.

All are looked at once more before the first is deleted: a volume goes only when it is
released, remembers its claim, and nobody wants that claim. Where the volume's own
reclaim policy was Delete it gets it back, and the cluster deletes the volume and the
data. Where it was not, only the PersistentVolume goes: the storage behind it stays and
is for you to delete.

NAME is a claim, as in data-web-3 or pvc/data-web-3, or a volume. Without names or --all, what could be purged is shown.`,
		Example: `  # what is kept, and since when?
  kubectl sts pvc-gc purge

  # one claim's data
  kubectl sts pvc-gc purge data-web-3

  # what was deleted a month ago or earlier, in a pipeline
  kubectl sts pvc-gc purge --all --older-than 30d --yes`,
		ValidArgsFunction: c.completeRetained,
	}
	g := &gcRun{common: c, verb: "pvc-gc purge", did: "purged", out: newOutput(cmd)}
	g.out.resource = "persistentvolumeclaim"
	g.addFlags(cmd)
	g.limit(cmd, "volumes")
	f := cmd.Flags()
	g.inOneNamespace(cmd, &everything, "All volumes that keep data of this namespace's claims")
	f.StringVar(&olderThan, "older-than", "", "Only those whose claim was deleted this long ago, like 30d or 36h")
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

// purge deletes volumes for good.
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
	picked = slices.DeleteFunc(picked, func(r retained) bool { return client.Now().Sub(r.Record.DeletedAt) < age })
	if len(picked) == 0 {
		return g.nothingKept(ctx, client, ns)
	}
	to, style := g.to()
	if g.shows() {
		if err := print.RetainedTable(to, picked, client.Now(), style); err != nil {
			return err
		}
	}
	if g.shows() {
		_, _ = fmt.Fprint(to, "\n"+inCapitals(picked))
	}
	if err := g.withinMax(len(picked), "volume"); err != nil {
		return err
	}
	if err := g.mayKeep(ctx, client); err != nil {
		return err
	}
	if !g.yes && g.dryRun == "none" {
		if err := g.env.confirmNumber(ctx, len(picked), "DELETE FOR GOOD"); err != nil {
			return err
		}
	}
	tasks, items := make([]execute.ClaimTask, len(picked)), make([]GCItem, len(picked))
	for i, r := range picked {
		tasks[i] = execute.ClaimTask{Intent: plan.PurgeRetained{UID: r.Volume.UID}, View: retainedView(r)}
		items[i] = retainedItem(r)
	}
	return g.carryOut(ctx, &cluster.Claims{Client: client}, tasks, items, client.Now(), nil)
}

// inCapitals says what a purge does.
func inCapitals(picked []retained) string {
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
		text += fmt.Sprintf("THIS DELETES THE DATA OF %s FOR GOOD. NOTHING CAN BRING IT BACK.\n", strings.ToUpper(sts.Count(data, "claim")))
	}
	if objects > 0 {
		text += fmt.Sprintf("OF %s IT DELETES ONLY THE PERSISTENTVOLUME: THE STORAGE STAYS, AND NOTHING LEADS TO IT ANY MORE.\n", strings.ToUpper(sts.Count(objects, "claim")))
	}
	return text
}
