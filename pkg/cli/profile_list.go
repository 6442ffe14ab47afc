package cli

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// profileList is the output of profile list for programs.
type profileList struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Items      []*profile.Profile `json:"items"`
}

func newProfileList(c *common) *cobra.Command {
	cmd := withHelp("profile-list", &cobra.Command{
		Use:  "list",
		Args: noArgs,
	})
	out := newOutput(cmd)
	out.resource = profileResource
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := out.check(); err != nil {
			return err
		}
		list := profile.Builtin()
		if out.human() {
			return render.Profiles(c.env.Out, list, c.env.style())
		}
		names := make([]string, len(list))
		for i, p := range list {
			names[i] = p.Metadata.Name
		}
		return out.print(c.env.Out, profileList{sts.APIVersion, profile.Kind + "List", list}, names)
	}
	return cmd
}
