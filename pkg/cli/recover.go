package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// noOrdinal is what --release works on: only the record names nodes.
const noOrdinal sts.Ordinal = -1

func newRecover(c *common) *cobra.Command {
	var ordinal int32
	var action string
	var release bool
	cmd := withHelp("recover", &cobra.Command{
		Use:  "recover NAME --ordinal N",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	m := c.newMutation(cmd, "recover")
	m.needs = []string{"pods", "controllerrevisions"} // no budget is checked: the pod does not run
	f := cmd.Flags()
	f.Int32Var(&ordinal, "ordinal", 0, "Recover the pod of this ordinal")
	var words []string
	for _, a := range record.RecoverActions() {
		words = append(words, string(a))
	}
	addChoice(cmd, &action, "action", words[0], "What to do about the node or the pod", words...)
	f.StringVar(&m.nodeOff, "node-is-off", "", "Confirm that the machine of this `NODE` is off (required without a terminal)")
	f.BoolVar(&release, "release", false, "Remove the taint from nodes that are ready again, and the record")
	_ = f.MarkHidden("force-ownership") // nothing changes that a controller could revert
	cmd.MarkFlagsOneRequired("ordinal", "release")
	for _, name := range []string{"ordinal", "action", "node-is-off"} {
		cmd.MarkFlagsMutuallyExclusive("release", name)
	}
	notNegative(cmd, "ordinal")
	notEmpty(cmd, "node-is-off")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o := sts.Ordinal(ordinal)
		if m.recovers = &o; release {
			m.recovers = new(noOrdinal)
			m.detail = " --release"
		} else {
			m.detail = " --ordinal=" + strconv.Itoa(int(ordinal)) + " --action=" + action
		}
		return m.run(cmd, args, func(ctx context.Context, client *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
			if release {
				return operate.NewReleaseNodes(operate.ReleaseOptions{Lock: lock}, s), nil
			}
			chosen := record.RecoverAction(action)
			if err := client.MayRecover(ctx, s.Set.Namespace, chosen); err != nil {
				return nil, err
			}
			return operate.NewRecoverPod(operate.RecoverOptions{Lock: lock, Ordinal: o, Action: chosen, NodeIsOff: m.nodeOff}, s), nil
		})
	}
	return cmd
}
