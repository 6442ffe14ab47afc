package cli

import (
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// drainFlags are the flags of drain-scale.
type drainFlags struct {
	options operate.DrainOptions
	profile string
	exec    string
	on      string
	command string
	timeout time.Duration
	pdb     string
	cancel  bool
	unpark  bool
	fresh   bool
}

func newDrainScale(c *common) *cobra.Command {
	var o drainFlags
	cmd := withHelp("drain-scale", &cobra.Command{
		Use:  "drain-scale NAME --replicas N",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	m := c.newMutation(cmd, "drain-scale")
	m.drains = true
	o.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		build, err := o.toIntent(m)
		if err != nil {
			return err
		}
		err = m.run(cmd, args, build)
		if apierrors.IsNotFound(err) {
			return o.orphans(cmd.Context(), m, args, err)
		}
		return err
	}
	return cmd
}

func (o *drainFlags) addFlags(cmd *cobra.Command) {
	f, options := cmd.Flags(), &o.options
	f.Int32Var(&options.Replicas, "replicas", 0, "Scale to `N` replicas, one member at a time")
	f.StringVar(&o.profile, "profile", "", "Drain profile: `NAME|FILE|none` (default: the one that matches the set)")
	f.StringVar(&o.exec, "drain-exec", "", "`COMMAND` to run in the leaving pod (sh -c), instead of a profile")
	addChoice(cmd, &o.on, "on", "leaving", "Pod in which --drain-exec runs", "leaving", "survivor")
	f.StringVar(&o.command, "drain-cmd", "", "`COMMAND` to run locally, instead of a profile")
	f.DurationVar(&o.timeout, "drain-timeout", time.Hour, "Timeout of --drain-exec and --drain-cmd")
	f.StringVar(&options.Domain, "cluster-domain", names.DefaultDomain, "DNS domain of the cluster, for profiles that use it")
	addChoice(cmd, &o.pdb, "pdb", "enforce", "Respect PodDisruptionBudgets, or delete pods regardless of them", "enforce", "ignore")
	f.BoolVar(&options.Quorum, "quorum", false, "Refuse to scale below a majority of the current size")
	f.Int32Var(&options.MinHealthy, "min-healthy", 0, "Keep at least `N` members available at any time")
	f.BoolVar(&options.KeepClaims, "keep-claims", false, "Keep the claims: set whenScaled to Retain during the scale-down")
	f.BoolVar(&options.ReuseClaims, "reuse-claims", false, "On scale-up, start new members with the orphaned claims")
	f.BoolVar(&o.fresh, "fresh-claims", false, "On scale-up, delete the orphaned claims (pvc-gc undo restores them)")
	f.BoolVar(&options.Park, "park", false, "Stop all members (--replicas 0) and record the size in an annotation")
	f.BoolVar(&o.unpark, "unpark", false, "Scale a parked set back to its recorded size")
	f.BoolVar(&o.cancel, "cancel", false, "Cancel a scale operation, and revert the drain of its member if possible")
	cmd.MarkFlagsOneRequired("replicas", "cancel", "unpark")
	cmd.MarkFlagsMutuallyExclusive("replicas", "cancel", "unpark")
	cmd.MarkFlagsMutuallyExclusive("profile", "drain-exec", "drain-cmd")
	cmd.MarkFlagsMutuallyExclusive("fresh-claims", "reuse-claims")
	cmd.MarkFlagsMutuallyExclusive(acceptDataLossFlag, "keep-claims")
	requires(cmd, "on", "drain-exec")
	requires(cmd, "drain-timeout", "drain-exec", "drain-cmd")
	requires(cmd, "park", "replicas")
	notNegative(cmd, "replicas", "min-healthy")
	positive(cmd, "drain-timeout")
	notEmpty(cmd, "drain-exec", "drain-cmd")
}
