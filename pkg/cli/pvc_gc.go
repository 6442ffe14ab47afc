package cli

import (
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// gcOptions is `pvc-gc` as a plain value.
type gcOptions struct {
	namespace string
	claims    claims.Query
	exitCode  bool
	backupDir string
}

func newPVCGC(c *common) *cobra.Command {
	var (
		o         gcOptions
		t         target
		ordinals  []string
		claims    []string
		olderThan string
		remove    bool
	)
	cmd := withHelp("pvc-gc", &cobra.Command{
		Use:               "pvc-gc [NAME...]",
		ValidArgsFunction: c.completing(setNamesOf(nil)),
	})
	out := newListOutput(c, cmd, wide)
	out.resource = "persistentvolumeclaim"
	out.showsLabels(cmd)
	t.addFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Show only claims of these ordinals (for example 2,5-7)")
	f.BoolVar(&o.claims.Choice.DeletedSets, "deleted-sets", false, "Include claims of StatefulSets that no longer exist")
	f.BoolVar(&o.claims.Choice.Parked, "parked", false, "Include claims of StatefulSets with 0 replicas")
	f.BoolVar(&o.claims.Choice.Reserved, "reserved", false, "Include claims of ordinals that an autoscaler or a recorded size may use again")
	f.StringSliceVar(&claims, "claim", nil, "Only the claim `NAME`, even if the controller did not create it; can be repeated")
	f.StringSliceVar(&o.claims.Reserve, "reserve-annotation", nil, "Annotation `KEY` whose number of replicas reserves claims; can be repeated")
	f.StringVar(&olderThan, "older-than", "", "Only claims unused for at least this `AGE` by their Unused condition (30d, 36h)")
	f.BoolVar(&o.exitCode, "exit-code", false, "Exit with 3 if there are candidates")
	g := &gcRun{common: c, verb: "pvc-gc", did: "deleted", out: out}
	f.BoolVar(&remove, "delete", false, "Delete the candidates; their volumes retain the data")
	g.addFlags(cmd)
	g.limit(cmd, "candidates")
	f.StringVar(&o.backupDir, "backup-dir", "", "Also write the manifests of deleted claims and their volumes to this `DIRECTORY`")
	for _, name := range []string{"dry-run", "yes", "concurrency", "progress-timeout", "max", "backup-dir"} {
		requires(cmd, name, "delete")
	}
	cmd.MarkFlagsMutuallyExclusive("exit-code", "delete")
	cmd.MarkFlagsMutuallyExclusive("claim", "all-namespaces")
	notEmpty(cmd, "claim", "reserve-annotation")
	cmd.AddCommand(newPVCGCUndo(c), newPVCGCPurge(c), newPVCGCRescue(c))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		q, err := t.query(c, args)
		if err != nil {
			return err
		}
		o.namespace, o.claims.Names = q.Namespace, q.Names
		if q.Selector != "" {
			if o.claims.Selector, err = labels.Parse(q.Selector); err != nil {
				return usagef("--selector: %s", err)
			}
		}
		if o.claims.Ordinals, err = chosenOrdinals(cmd, ordinals); err != nil {
			return err
		}
		if o.claims.Claims, err = chosenClaims(claims); err != nil {
			return err
		}
		if cmd.Flags().Changed("older-than") {
			if o.claims.Choice.OlderThan, err = sts.ParseAge(olderThan); err != nil {
				return usagef("--older-than: %s", err)
			}
		}
		if !remove {
			return runClaims(cmd.Context(), c, o, out, nil)
		}
		g.all = t.all
		if err := g.check(); err != nil {
			return err
		}
		return runClaims(cmd.Context(), c, o, out, g)
	}
	return cmd
}
