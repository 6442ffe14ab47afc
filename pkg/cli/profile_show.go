package cli

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

func newProfileShow(c *common) *cobra.Command {
	cmd := withHelp("profile-show", &cobra.Command{
		Use: "show NAME",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s: exactly one profile name is required (for example etcd)", cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: c.completing(oneProfile),
	})
	out := newOutput(cmd)
	out.resource = profileResource
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		p, err := profile.Find(args[0])
		if err != nil {
			return usagef("%s", err)
		}
		if !out.human() {
			return out.print(c.env.Out, p, args)
		}
		source, err := profile.Source(args[0])
		if err != nil {
			return err
		}
		_, err = exactly(c.env.Out).Write(source)
		return err
	}
	return cmd
}
