package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// orphans removes our finalizer from pods whose set was deleted: nothing else removes it.
func (o *drainFlags) orphans(ctx context.Context, m *mutation, args []string, gone error) error {
	name, err := setName(args)
	if err != nil {
		return gone
	}
	ns, err := m.namespace()
	if err != nil {
		return gone
	}
	client, err := m.client()
	if err != nil {
		return gone
	}
	pods, err := client.Held(ctx, ns, name)
	if err != nil || len(pods) == 0 {
		return gone
	}
	for _, pod := range pods {
		_, _ = fmt.Fprintln(m.env.ErrOut, msgOrphan(pod.Name, name))
	}
	if !o.cancel {
		_, _ = io.WriteString(m.env.ErrOut, render.Hint(m.hint(hintOrphan(record.GiveUpDrain(ns, name))), m.env.errStyle()))
		return gone
	}
	s, err := client.Mounted(ctx, ns, name, pods)
	if err != nil {
		return err
	}
	if d := operate.ReleaseOrphans(s); d != nil && !m.acceptDataLoss {
		return &outcomeError{Decision: *d}
	}
	if !m.yes && m.dryRun == "none" {
		if err := m.env.confirm(ctx, msgOrphanConfirm(len(pods))); err != nil {
			return err
		}
	}
	var dryRun []string
	if m.dryRun != "none" {
		dryRun = []string{metav1.DryRunAll}
	}
	for n, pod := range pods {
		o, _ := sts.ParsePodName(name, pod.Name)
		_, err := client.PatchFinalizer(ctx, ns, &operate.NewRemoveFinalizer("", pod, o).FinalizerPatch, dryRun...)
		if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
			if n > 0 && len(dryRun) == 0 {
				answer.Verdict = operate.Stuck
			}
			return &outcomeError{Decision: answer.Decision}
		}
		if err != nil {
			return fmt.Errorf("remove the finalizer from pod %s: %w", pod.Name, err)
		}
		_, _ = fmt.Fprintln(m.env.Out, msgDryRun(msgOrphanReleased(pod.Name), m.dryRun))
	}
	return nil
}
