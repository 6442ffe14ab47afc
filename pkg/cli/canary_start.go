package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// startFlags are the flags of `canary start`.
type startFlags struct {
	template templateFlags
	manifest string
	canaries string
	from     int32
	wait     bool
}

func newCanaryStart(c *common) *cobra.Command {
	var o startFlags
	cmd := withHelp("canary-start", &cobra.Command{
		Use:  "start NAME --image [CONTAINER=]IMAGE",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	m := c.newMutation(cmd, "canary start").canPrintPatch(cmd)
	m.canAcceptAdmission(cmd)
	o.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		build, err := o.toIntent(cmd, args, m)
		if err != nil {
			return err
		}
		return m.run(cmd, args, build)
	}
	return cmd
}

func (o *startFlags) addFlags(cmd *cobra.Command) {
	o.template.addFlags(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.manifest, "filename", "f", "", "`FILE` with the StatefulSet's new manifest (- for stdin)")
	f.StringVar(&o.canaries, "canaries", "1", "Update the `N|P%` highest ordinals (a percentage is rounded up)")
	f.Int32Var(&o.from, "from-ordinal", 0, "Lowest `ORDINAL` of the canary, instead of --canaries")
	f.BoolVar(&o.wait, "wait", true, "Wait for the canary to become available")
	cmd.MarkFlagsMutuallyExclusive("from-ordinal", "canaries")
	cmd.MarkFlagsOneRequired("image", "patch", "patch-file", "filename", "restart")
	for _, f := range []string{"image", "patch", "patch-file", "restart"} {
		cmd.MarkFlagsMutuallyExclusive("filename", f)
	}
	notEmpty(cmd, "filename")
}

func (o *startFlags) toIntent(cmd *cobra.Command, args []string, m *mutation) (newIntent, error) {
	options, err := o.template.toOptions(cmd.Context(), m.env)
	if err != nil {
		return nil, err
	}
	options.AcceptAdmission = *m.acceptAdmission
	options.NoWait = !o.wait
	if options.Canaries, err = operate.ParseCount(o.canaries); err != nil {
		return nil, usagef("--canaries: %s", err)
	}
	if cmd.Flags().Changed("from-ordinal") {
		lowest := sts.Ordinal(o.from)
		options.From = &lowest
	}
	namespace, err := m.namespace()
	if err != nil {
		return nil, err
	}
	manifest, err := manifestFile{"--filename", o.manifest}.read(cmd.Context(), m.env, namespace, args)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, client *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
		options.Lock, options.RestartAt = lock, o.template.restartAt(s.TakenAt)
		if manifest != nil {
			if options.Template, err = manifestTemplate(ctx, client, s, manifest); err != nil {
				return nil, err
			}
		}
		return operate.NewStartCanary(options, s), nil
	}, nil
}
