package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// drainOptions are the flags of drain-scale.
type drainOptions struct {
	intent  operate.DrainOptions
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
	var o drainOptions
	cmd := withHelp("drain-scale", &cobra.Command{
		Use:  "drain-scale NAME --replicas N",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newMutation(cmd, "drain-scale")
	ch.drains = true
	f, i := cmd.Flags(), &o.intent
	f.Int32Var(&i.Replicas, "replicas", 0, "Number of members (`N`) to scale to")
	f.StringVar(&o.profile, "profile", "", "Drain profile: `NAME|FILE|none` (default: the one that matches the set)")
	f.StringVar(&o.exec, "drain-exec", "", "`COMMAND` to run in the leaving pod (sh -c), instead of a profile")
	addChoice(cmd, &o.on, "on", "leaving", "Pod in which --drain-exec runs", "leaving", "survivor")
	f.StringVar(&o.command, "drain-cmd", "", "`COMMAND` to run locally, instead of a profile")
	f.DurationVar(&o.timeout, "drain-timeout", time.Hour, "Timeout of --drain-exec and --drain-cmd")
	f.StringVar(&i.Domain, "cluster-domain", "cluster.local", "DNS domain of the cluster, for profiles that use it")
	addChoice(cmd, &o.pdb, "pdb", "enforce", "Respect PodDisruptionBudgets, or delete pods regardless of them", "enforce", "ignore")
	f.BoolVar(&i.Quorum, "quorum", false, "Refuse to scale below a majority of the current size")
	f.Int32Var(&i.MinHealthy, "min-healthy", 0, "Keep at least `N` members available at any time")
	f.BoolVar(&i.KeepClaims, "keep-claims", false, "Keep the claims: set whenScaled to Retain during the scale-down")
	f.BoolVar(&i.ReuseClaims, "reuse-claims", false, "On scale-up, let new members use the orphaned claims")
	f.BoolVar(&o.fresh, "fresh-claims", false, "On scale-up, delete the orphaned claims (pvc-gc undo restores them)")
	f.BoolVar(&i.Park, "park", false, "Stop all members (--replicas 0) and record the size in an annotation")
	f.BoolVar(&o.unpark, "unpark", false, "Scale a parked set back to its recorded size")
	f.BoolVar(&o.cancel, "cancel", false, "Cancel an interrupted scale operation; bring its member back if possible")
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
	_ = cmd.RegisterFlagCompletionFunc("profile", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		names := []string{"none"}
		for _, p := range profile.Builtin() {
			names = append(names, p.Metadata.Name)
		}
		return names, cobra.ShellCompDirectiveDefault
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.check(); err != nil {
			return err
		}
		switch {
		case o.cancel:
			ch.detail = " --cancel"
		case o.unpark:
			ch.detail = " --unpark"
		default:
			ch.detail = fmt.Sprintf(" --replicas %d", i.Replicas)
		}
		err := ch.run(cmd, args, func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Holder, digest string) (operate.Intent, error) {
			if o.unpark {
				size, _ := sts.ParkedSize(s.Set)
				return operate.Unpark{Holder: h}, o.rescued(ctx, ch, client, s, size)
			}
			if wanted := sts.DesiredReplicas(s.Set); (o.fresh || o.intent.ReuseClaims) && !o.cancel && o.intent.Replicas < wanted {
				return nil, usagef("--fresh-claims and --reuse-claims require a scale-up, but statefulset/%s has %s and --replicas is %d", s.Set.Name, sts.Count(wanted, "replica"), o.intent.Replicas)
			}
			intent := o.intent
			intent.Holder, intent.NoHooks = h, o.profile == "none"
			var err error
			if intent.Profile, err = o.hooks(ch, s, digest == ""); err != nil {
				return nil, err
			}
			if o.cancel {
				return operate.CancelDrain{Holder: h, Profile: intent.Profile, Domain: intent.Domain}, nil
			}
			if digest == "" {
				if err := mayDrain(ctx, client, s, intent); err != nil {
					return nil, err
				}
				if intent.IgnoreBudgets && len(s.Budgets) > 0 {
					warnTo(c.env.ErrOut, msgDrainIgnoresBudgets(budgetNames(s)))
				}
			}
			if digest == "" {
				intent.ReuseClaims, err = o.stale(ctx, ch, client, s, intent)
			}
			if err == nil && !o.fresh {
				err = o.rescued(ctx, ch, client, s, intent.Replicas)
			}
			return operate.NewDrainScale(intent, s), err
		})
		if apierrors.IsNotFound(err) {
			return o.orphans(cmd.Context(), ch, args, err)
		}
		return err
	}
	return cmd
}

func budgetNames(s *sts.Snapshot) []string {
	var names []string
	for _, b := range s.Budgets {
		names = append(names, "poddisruptionbudget/"+b.Name)
	}
	return names
}

func (o *drainOptions) check() error {
	o.intent.IgnoreBudgets = o.pdb == "ignore"
	switch {
	case o.intent.Park && o.intent.Replicas != 0:
		return usagef("--park requires --replicas 0")
	case o.intent.Park && o.profile != "" && o.profile != "none":
		return usagef("--park and --profile are mutually exclusive: parked members do not leave their cluster")
	case o.intent.Replicas > maxPlanReplicas:
		return invalidFlag("replicas", o.intent.Replicas, fmt.Sprintf("must be at most %d", maxPlanReplicas))
	case misspelt(o.exec+o.command) != "":
		return usagef("unknown variable %s of a drain profile, must be one of %s", misspelt(o.exec+o.command), variables())
	}
	return nil
}
