package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newCanaryStart(c *common) *cobra.Command {
	var (
		o        startOptions
		canaries string
		from     int32
		wait     bool
	)
	cmd := withHelp("canary-start", &cobra.Command{
		Use:  "start NAME --image [CONTAINER=]IMAGE",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newMutation(cmd, "canary start").canPrintPatch(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.images, "image", nil, "New image, as `[CONTAINER=]IMAGE`; can be repeated")
	f.StringVarP(&o.patch, "patch", "p", "", "Strategic merge `PATCH` for the pod template, in JSON or YAML")
	f.StringVar(&o.patchFile, "patch-file", "", "`FILE` with a strategic merge patch for the pod template (- for stdin)")
	f.StringVarP(&o.manifest, "filename", "f", "", "`FILE` with the StatefulSet's new manifest (- for stdin)")
	f.BoolVar(&o.restart, "restart", false, "Set the restartedAt annotation, as kubectl rollout restart does")
	f.StringVar(&canaries, "canaries", "1", "Number of highest ordinals to update, `N|P%` (rounded up)")
	f.Int32Var(&from, "from-ordinal", 0, "Lowest `ORDINAL` of the canary, instead of --canaries")
	f.BoolVar(&wait, "wait", true, "Wait for the canary to become available")
	ch.canAcceptAdmission(cmd)
	cmd.MarkFlagsMutuallyExclusive("from-ordinal", "canaries")
	cmd.MarkFlagsOneRequired("image", "patch", "patch-file", "filename", "restart")
	cmd.MarkFlagsMutuallyExclusive("patch", "patch-file")
	for _, f := range []string{"image", "patch", "patch-file", "restart"} {
		cmd.MarkFlagsMutuallyExclusive("filename", f)
	}
	notEmpty(cmd, "image", "patch", "patch-file", "filename")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		intent, err := o.intent(cmd.Context(), c.env)
		if err != nil {
			return err
		}
		intent.AcceptAdmission = *ch.acceptAdmission
		intent.NoWait = !wait
		if intent.Canaries, err = operate.ParseCount(canaries); err != nil {
			return usagef("--canaries: %s", err)
		}
		if f.Changed("from-ordinal") {
			lowest := sts.Ordinal(from)
			intent.From = &lowest
		}
		namespace, err := c.namespace()
		if err != nil {
			return err
		}
		manifest, err := o.readManifest(cmd.Context(), c.env, namespace, args)
		if err != nil {
			return err
		}
		return ch.run(cmd, args, func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Holder, digest string) (operate.Intent, error) {
			intent := intent
			intent.Holder, intent.TemplateDigest = h, digest
			if o.restart {
				intent.RestartAt = s.TakenAt.UTC().Format(time.RFC3339)
			}
			if manifest != nil {
				if intent.Template, err = manifestTemplate(ctx, client, s, manifest); err != nil {
					return nil, err
				}
			}
			return intent, nil
		})
	}
	return cmd
}
