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
func (m *mutation) canPrintPatch(cmd *cobra.Command) *mutation {
	cmd.Flags().BoolVar(&m.printPatch, "print-patch", false, "Print the first step as a patch of the manifest for Git, and change nothing")
	cmd.MarkFlagsMutuallyExclusive("print-patch", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("print-patch", "output")
	return m
}

// printFirst prints the first step that changes the spec, for a manifest in Git.
func (m *mutation) printFirst(ctx context.Context, client *kube.Client, s *sts.Snapshot, build newIntent) error {
	intent, err := build(ctx, client, s, m.lock(s.TakenAt))
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
		_, err := exactly(m.env.Out).Write(patch)
		return err
	case last.Verdict == operate.Stuck || last.Verdict == operate.Refused:
		return &outcomeError{Decision: last}
	}
	_, err = io.WriteString(m.env.ErrOut, m.env.errStyle().Wrap("", 0, render.Plain, msgNothingToCommit(last.Message)))
	return err
}
