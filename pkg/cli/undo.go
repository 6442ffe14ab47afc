package cli

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

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
	ch := c.newMutation(cmd, "undo").canPrintPatch(cmd)
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
		return ch.run(cmd, args, func(_ context.Context, _ *kube.Client, s *sts.Snapshot, h operate.Holder, digest string) (operate.Intent, error) {
			template, err := earlierTemplate(s, revision)
			if err != nil {
				return nil, err
			}
			return operate.StartCanary{Holder: h, TemplateDigest: digest, Template: template, Canaries: count, NoWait: !wait, AcceptAdmission: *ch.acceptAdmission}, nil
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
