package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// canPrintPatch is for commands that change the set's spec.
func (c *mutation) canPrintPatch(cmd *cobra.Command) *mutation {
	cmd.Flags().BoolVar(&c.printPatch, "print-patch", false, "Print the first step as a patch of the manifest for Git, and change nothing")
	cmd.MarkFlagsMutuallyExclusive("print-patch", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("print-patch", "output")
	return c
}

// printFirst prints the first step that changes the spec, for a manifest in Git.
func (c *mutation) printFirst(ctx context.Context, client *kube.Client, s *sts.Snapshot, of intents) error {
	intent, err := of(ctx, client, s, c.holder(s.TakenAt), "")
	if err != nil {
		return err
	}
	steps := operate.Preview(intent, s)
	if steps[0].Verdict == operate.Wait {
		// A patch that is committed now would not wait.
		return &notYetError{msgNotYet(steps[0].Message)}
	}
	last := steps[len(steps)-1]
	var patch []byte
	if first := operate.FirstPatch(steps); first != nil && !losesData(last) {
		if patch, err = first.Commit(s.Set); err != nil {
			return err
		}
	}
	switch {
	case len(patch) > 0:
		_, err := c.env.Out.Write(patch)
		return err
	case last.Verdict == operate.Stuck || last.Verdict == operate.Refused:
		last.Hint = c.hint(s.Set.Namespace, last.Hint)
		return &outcomeError{Decision: last, style: c.env.errStyle()}
	}
	_, err = io.WriteString(c.env.ErrOut, c.env.errStyle().Wrap("", 0, render.Plain, msgNothingToCommit(last.Message)))
	return err
}
