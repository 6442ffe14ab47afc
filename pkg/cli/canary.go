package cli

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newCanary(c *common) *cobra.Command {
	cmd := withHelp("canary", &cobra.Command{
		Use:  "canary",
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	cmd.AddCommand(newCanaryStart(c), newCanaryStatus(c), newCanaryPromote(c), newCanaryAbort(c))
	return cmd
}

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
	ch := c.newChange(cmd, "canary start").canPrintPatch(cmd)
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
		return ch.run(cmd, args, func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Lock, digest string) (operate.Intent, error) {
			intent := intent
			intent.Lock, intent.TemplateDigest = h, digest
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

func newUndo(c *common) *cobra.Command {
	var (
		revision string
		canaries string
		wait     bool
	)
	cmd := withHelp("undo", &cobra.Command{
		Use:  "undo NAME --to-revision REVISION",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newChange(cmd, "undo").canPrintPatch(cmd)
	ch.canAcceptAdmission(cmd)
	cmd.Flags().StringVar(&revision, "to-revision", "", "`REVISION` to go back to, by number or name as history lists it")
	cmd.Flags().StringVar(&canaries, "canaries", "1", "Number of highest ordinals to update, `N|P%` (rounded up)")
	cmd.Flags().BoolVar(&wait, "wait", true, "Wait for the canary to become available")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		count, err := operate.ParseCount(canaries)
		if err != nil {
			return usagef("--canaries: %s", err)
		}
		if revision == "" {
			// "The one before" would be a canary that was just aborted.
			return usagef("--to-revision is required; run \"kubectl sts history NAME\" to list the revisions")
		}
		return ch.run(cmd, args, func(_ context.Context, _ *kube.Client, s *sts.Snapshot, h operate.Lock, digest string) (operate.Intent, error) {
			template, err := earlierTemplate(s, revision)
			if err != nil {
				return nil, err
			}
			return operate.StartCanary{Lock: h, TemplateDigest: digest, Template: template, Canaries: count, NoWait: !wait, AcceptAdmission: *ch.acceptAdmission}, nil
		})
	}
	return cmd
}

// earlierTemplate is the pod template of a revision by number or name. An undo that was killed
// has changed the number: then it is the template that it has set.
func earlierTemplate(s *sts.Snapshot, revision string) (json.RawMessage, error) {
	for _, r := range s.Revisions {
		if r.Name == revision || strconv.FormatInt(r.Revision, 10) == revision {
			return sts.RevisionTemplate(r)
		}
	}
	c, err := sts.ReadCanary(s.Set)
	if r := s.Revision(s.Set.Status.UpdateRevision); err == nil && c != nil && c.GoalOf == "undo" && r != nil {
		return sts.RevisionTemplate(r)
	}
	return nil, usagef("revision %[2]s of statefulset %[1]s not found; run \"%[3]s\" to list the revisions", s.Set.Name, revision, sts.Kubectl(s.Set.Namespace, "sts history", s.Set.Name))
}

func newCanaryAbort(c *common) *cobra.Command {
	cmd := withHelp("canary-abort", &cobra.Command{
		Use:  "abort NAME",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newChange(cmd, "canary abort").canPrintPatch(cmd)
	ch.needs = []string{"pods", "controllerrevisions"} // a rollback does not depend on budgets
	deletions := newDeletions(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d := deletions()
		return ch.run(cmd, args, func(_ context.Context, _ *kube.Client, _ *sts.Snapshot, h operate.Lock, digest string) (operate.Intent, error) {
			return operate.AbortCanary{Lock: h, Deletions: d, TemplateDigest: digest}, nil
		})
	}
	return cmd
}

// newDeletions is the flag that caps how many pods a command deletes.
func newDeletions(cmd *cobra.Command) func() operate.Deletions {
	var most int32
	cmd.Flags().Int32Var(&most, "max-deletes", 0, "Delete at most `N` pods (default: at most one per ordinal)")
	notNegative(cmd, "max-deletes")
	return func() operate.Deletions {
		if !cmd.Flags().Changed("max-deletes") {
			return operate.Deletions{}
		}
		return operate.Deletions{Max: &most}
	}
}

func newCanaryStatus(c *common) *cobra.Command {
	var o statusOptions
	cmd := withHelp("canary-status", &cobra.Command{
		Use:  "status NAME",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	out := newOutput(cmd, wide)
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "Watch for changes")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		name, err := setName(args)
		if err != nil {
			return err
		}
		if o.query, err = (&target{}).query(c, []string{name}); err != nil {
			return err
		}
		return runReport(cmd.Context(), c, o, out)
	}
	return cmd
}

func oneName(_ *cobra.Command, args []string) error {
	_, err := setName(args)
	return err
}
