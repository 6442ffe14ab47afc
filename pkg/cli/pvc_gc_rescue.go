package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newPVCGCRescue(c *common) *cobra.Command {
	var everything bool
	cmd := withHelp("pvc-gc-rescue", &cobra.Command{
		Use:               "rescue [NAME...]",
		ValidArgsFunction: c.completing(atRiskNames),
	})
	g := &gcRun{common: c, verb: "pvc-gc rescue", did: "rescued", out: newOutput(cmd)}
	g.out.resource = "persistentvolumeclaim"
	g.addFlags(cmd)
	g.inOneNamespace(cmd, &everything, "Rescue all claims at risk in the namespace")
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
	unknown := slices.IndexFunc(inv.Missing, func(m sts.Missing) bool { return m.Resource == "persistentvolumes" })
	switch {
	case unknown >= 0 && len(needed) == 0 && (len(picked) == 0 || client.May(ctx, "", "get", "persistentvolumes", "") != nil):
		message, hint := msgRiskUnknown(ns, inv.Missing[unknown])
		return cmp.Or(g.finish(g.report([]GCItem{}, inv.TakenAt, inv.Missing)), refused(operate.ReasonUnseen, message, hint))
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
