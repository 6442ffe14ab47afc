package cli

import (
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

func newProfileList(c *common) *cobra.Command {
	cmd := withHelp("profile-list", &cobra.Command{
		Use:  "list",
		Args: noArgs,
	})
	out := newListOutput(c, cmd)
	out.resource = profileResource
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := out.check(); err != nil {
			return err
		}
		list := profile.Builtin()
		if err := sortItems(out, list); err != nil {
			return err
		}
		if out.human() {
			return render.Profiles(c.env.Out, list, c.env.style())
		}
		names := make([]string, len(list))
		for i, p := range list {
			names[i] = p.Metadata.Name
		}
		return out.print(c.env.Out, profile.List{TypeMeta: metav1.TypeMeta{APIVersion: profile.APIVersion, Kind: profile.ListKind}, Items: list}, names)
	}
	return cmd
}
