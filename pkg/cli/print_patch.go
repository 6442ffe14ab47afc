package cli

import (
	"bytes"
	"context"
	"io"

	"github.com/spf13/cobra"

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

// printPatches prints the first step of each set that changes its spec, for a manifest in Git: of all sets, or of
// none.
func (b *batch) printPatches(ctx context.Context, snapshots []*sts.Snapshot) error {
	var patches [][]byte
	var errs []error
	for _, s := range snapshots {
		patch, why, err := b.firstPatch(ctx, s)
		switch {
		case err != nil:
			errs = append(errs, b.named(s.Set.Name, err))
		case why != "":
			if b.several {
				why = msgNoResult(s.Set.Name, why)
			}
			_, _ = io.WriteString(b.env.ErrOut, b.env.errStyle().Wrap("", 0, render.Plain, why))
		default:
			patches = append(patches, patch)
		}
	}
	if len(errs) > 0 {
		return b.join(errs, nil)
	}
	_, err := exactly(b.env.Out).Write(bytes.Join(patches, []byte("---\n")))
	return err
}

// firstPatch is the first step that changes the spec, or why there is none.
func (b *batch) firstPatch(ctx context.Context, s *sts.Snapshot) (patch []byte, why string, err error) {
	intent, err := b.build(ctx, b.client, s, b.lock(s.TakenAt))
	if err != nil {
		return nil, "", err
	}
	steps := operate.Preview(intent, s)
	if steps[0].Verdict == operate.Wait {
		// A patch that is committed now would not wait.
		return nil, "", &notYetError{msgNotYet(steps[0].Message)}
	}
	last := steps[len(steps)-1]
	if first := operate.FirstPatch(steps); first != nil && !losesData(last) {
		if patch, err = first.Commit(s.Set); err != nil || len(patch) > 0 {
			return patch, "", err
		}
	}
	if last.Verdict == operate.Stuck || last.Verdict == operate.Refused {
		return nil, "", &outcomeError{Decision: last}
	}
	return nil, msgNothingToCommit(last.Message), nil
}
