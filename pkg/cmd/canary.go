package cmd

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newCanary(c *common) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "canary",
		Short: "Update the highest ordinals first, then promote or abort",
		Long: `Update the highest ordinals of a StatefulSet first and leave the rest alone, by
stepping spec.updateStrategy.rollingUpdate.partition. Then promote the canary to
more ordinals, or abort it: every ordinal goes back to the revision that was
stable, also out of a rollout that Kubernetes would leave stuck.

Before every step all other ordinals must be available and every
PodDisruptionBudget must allow one pod to go down. What was stable is remembered
in an annotation on the StatefulSet until the canary is finished.`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
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
	cmd := &cobra.Command{
		Use:   "start NAME --image [CONTAINER=]IMAGE",
		Short: "Give the highest ordinals a changed template",
		Long: `Give the highest ordinals of a StatefulSet a changed pod template and wait until
they are available. Template and partition change in one patch, so no lower
ordinal is ever touched.

The change is an image, a strategic merge patch on the pod template, the
StatefulSet's new manifest, or a restart. Of a manifest only changes of the pod
template become the canary; if it would change anything else, that is named and
refused. --image, --patch and --restart may be combined.`,
		Example: `  # the highest ordinal
  kubectl sts canary start web --image postgres:17.1

  # the highest 20% (rounded up), a container by name
  kubectl sts canary start web --image app=registry.example/app:v2 --canaries 20%

  # a patch on the pod template, on ordinal 3 and above
  kubectl sts canary start web --patch '{"spec":{"terminationGracePeriodSeconds":60}}' --from 3

  # the manifest that is to be applied
  kubectl sts canary start web -f postgres.yaml

  # what would be done
  kubectl sts canary start web --image postgres:17.1 --dry-run=server`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "canary start").canPrintPatch(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.images, "image", nil, "New image, as `[CONTAINER=]IMAGE`; can be repeated")
	f.StringVarP(&o.patch, "patch", "p", "", "Strategic merge `PATCH` for the pod template, in JSON or YAML")
	f.StringVar(&o.patchFile, "patch-file", "", "`FILE` with a strategic merge patch for the pod template (- for stdin)")
	f.StringVarP(&o.manifest, "filename", "f", "", "`FILE` with the StatefulSet's new manifest (- for stdin)")
	f.BoolVar(&o.restart, "restart", false, "Set the restartedAt annotation, as kubectl rollout restart does")
	f.StringVar(&canaries, "canaries", "1", "Number of highest ordinals to update, `N|P%` (rounded up)")
	f.Int32Var(&from, "from", 0, "Lowest `ORDINAL` of the canary, instead of --canaries")
	f.BoolVar(&wait, "wait", true, "Wait for the canary to become available")
	ch.canAcceptAdmission(cmd)
	cmd.MarkFlagsMutuallyExclusive("from", "canaries")
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
		if intent.Canaries, err = plan.ParseCount(canaries); err != nil {
			return usagef("--canaries: %s", err)
		}
		if f.Changed("from") {
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
		return ch.run(cmd, args, func(ctx context.Context, client *cluster.Client, s *sts.Snapshot, h plan.Holder, digest string) (plan.Intent, error) {
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

func newUndo(c *common) *cobra.Command {
	var (
		revision string
		canaries string
		wait     bool
	)
	cmd := &cobra.Command{
		Use:   "undo NAME --to-revision REVISION",
		Short: "Go back to an earlier revision, as a canary",
		Long: `Go back to the pod template of an earlier revision, on the highest ordinals first:
a canary like any other, to be promoted or aborted. While a canary is on its way,
abort is the way back.

A revision is given by its number or its name. Kubernetes gives a revision that is
used again a new number; the name stays.`,
		Example: `  # revision 3 of those that history lists, on the highest ordinal
  kubectl sts undo web --to-revision 3

  # by name, on every ordinal, one after the other
  kubectl sts undo web --to-revision web-6986cb69d8 --canaries 100%`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "undo").canPrintPatch(cmd)
	ch.canAcceptAdmission(cmd)
	cmd.Flags().StringVar(&revision, "to-revision", "", "`REVISION` to go back to, by number or name as history lists it")
	cmd.Flags().StringVar(&canaries, "canaries", "1", "Number of highest ordinals to update, `N|P%` (rounded up)")
	cmd.Flags().BoolVar(&wait, "wait", true, "Wait for the canary to become available")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		count, err := plan.ParseCount(canaries)
		if err != nil {
			return usagef("--canaries: %s", err)
		}
		if revision == "" {
			// "The one before" would be a canary that was just aborted.
			return usagef("--to-revision is required; run \"kubectl sts history NAME\" to list the revisions")
		}
		return ch.run(cmd, args, func(_ context.Context, _ *cluster.Client, s *sts.Snapshot, h plan.Holder, digest string) (plan.Intent, error) {
			template, err := earlierTemplate(s, revision)
			if err != nil {
				return nil, err
			}
			return plan.StartCanary{Holder: h, TemplateDigest: digest, Template: template, Canaries: count, NoWait: !wait, AcceptAdmission: *ch.acceptAdmission}, nil
		})
	}
	return cmd
}

// earlierTemplate is the pod template of a revision by number or name. An undo that
// was killed has moved the number away: then it is the template that it has set.
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
	cmd := &cobra.Command{
		Use:   "abort NAME",
		Short: "Bring every ordinal back to the stable revision",
		Long: `Bring every ordinal back to the revision that was stable before the canary.

One patch restores the stable template and sets the partition to the lowest
ordinal that is not on stable. A canary pod that Kubernetes would leave standing in
the way, because it never gets ready, is deleted (by UID), of each ordinal at most
once, or at most --max-deletes pods in all. A pod on stable is never deleted. When
every ordinal is on stable and available, the partition goes back to what it was.

When somebody applies another template meanwhile, it stops, says who, and fights
nobody: with --take-over the stable template is put back once more.

Should the server write the stable template anew under another revision name, the
partition stays where it is, because lowering it would restart pods that the
canary never touched: then the exit code is 4 and it says how to go on.`,
		Example: `  kubectl sts canary abort web

  # in a pipeline
  kubectl sts canary abort web --yes --timeout 10m`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "canary abort").canPrintPatch(cmd)
	ch.needs = []string{"pods", "controllerrevisions"} // no budget is asked on the way out
	deletions := newDeletions(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d := deletions()
		return ch.run(cmd, args, func(_ context.Context, _ *cluster.Client, _ *sts.Snapshot, h plan.Holder, digest string) (plan.Intent, error) {
			return plan.AbortCanary{Holder: h, Deletions: d, TemplateDigest: digest}, nil
		})
	}
	return cmd
}

// newDeletions is the flag that caps how many pods a command deletes.
func newDeletions(cmd *cobra.Command) func() plan.Deletions {
	var most int32
	cmd.Flags().Int32Var(&most, "max-deletes", 0, "Delete at most `N` pods (default: at most one per ordinal)")
	notNegative(cmd, "max-deletes")
	return func() plan.Deletions {
		if !cmd.Flags().Changed("max-deletes") {
			return plan.Deletions{}
		}
		return plan.Deletions{Max: &most}
	}
}

func newCanaryStatus(c *common) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status NAME",
		Short: "Show where a canary stands",
		Long:  `Show where a canary stands: the same report as 'kubectl sts status NAME'.`,
		Example: `  kubectl sts canary status web
  kubectl sts canary status web -w`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
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
