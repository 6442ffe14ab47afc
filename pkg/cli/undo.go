package cli

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// undoFlags are the flags of undo.
type undoFlags struct {
	revision string
	canaries string
	wait     bool
}

func newUndo(c *common) *cobra.Command {
	var o undoFlags
	cmd := withHelp("undo", &cobra.Command{
		Use:  "undo NAME --to-revision REVISION",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	m := c.newMutation(cmd, "undo").canPrintPatch(cmd)
	m.canAcceptAdmission(cmd)
	cmd.Flags().StringVar(&o.revision, "to-revision", "", "`REVISION` to go back to, by number or name as history lists it")
	cmd.Flags().StringVar(&o.canaries, "canaries", "1", "Update the `N|P%` highest ordinals (a percentage is rounded up)")
	cmd.Flags().BoolVar(&o.wait, "wait", true, "Wait for the canary to become available")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		build, err := o.toIntent(m, args)
		if err != nil {
			return err
		}
		return m.run(cmd, args, build)
	}
	return cmd
}

func (o *undoFlags) toIntent(m *mutation, args []string) (newIntent, error) {
	count, err := operate.ParseCount(o.canaries)
	if err != nil {
		return nil, usagef("--canaries: %s", err)
	}
	if o.revision == "" {
		// "The one before" would be a canary that was just aborted.
		return nil, m.revisionRequired(args)
	}
	return func(_ context.Context, _ *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
		template, err := earlierTemplate(s, o.revision)
		if err != nil {
			return nil, err
		}
		options := operate.StartOptions{Lock: lock, Template: template, Canaries: count, NoWait: !o.wait, AcceptAdmission: *m.acceptAdmission}
		return operate.NewStartCanary(options, s), nil
	}, nil
}

// revisionRequired is the error where --to-revision is missing.
func (c *common) revisionRequired(args []string) error {
	name, err := setName(args)
	if err != nil {
		return err
	}
	ns, _ := c.namespace() // none if the kubeconfig cannot be read
	return &sts.HintedError{Err: usagef("--to-revision is required"), Hint: hintListRevisions(sts.Kubectl(ns, "sts history", name))}
}

// earlierTemplate is the pod template of a revision by number or name. An undo that was killed
// has changed the number: then it is the template that it has set.
func earlierTemplate(s *sts.Snapshot, revision string) (json.RawMessage, error) {
	for _, r := range s.Revisions {
		if r.Name == revision || strconv.FormatInt(r.Revision, 10) == revision {
			return sts.RevisionTemplate(r)
		}
	}
	c, err := record.ReadCanary(s.Set)
	if r := s.Revision(s.Set.Status.UpdateRevision); err == nil && c != nil && c.GoalOf == "undo" && r != nil {
		return sts.RevisionTemplate(r)
	}
	return nil, &sts.HintedError{
		Err:  usagef("revision %s of statefulset/%s not found", revision, s.Set.Name),
		Hint: hintListRevisions(sts.Kubectl(s.Set.Namespace, "sts history", s.Set.Name)),
	}
}
