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
)

// orphans removes our finalizer from pods whose set was deleted: nothing else removes it.
func (o *drainOptions) orphans(ctx context.Context, c *mutation, args []string, gone error) error {
	name, err := setName(args)
	if err != nil {
		return gone
	}
	ns, err := c.namespace()
	if err != nil {
		return gone
	}
	client, err := c.client()
	if err != nil {
		return gone
	}
	pods, err := client.Held(ctx, ns, name)
	if err != nil || len(pods) == 0 {
		return gone
	}
	for _, pod := range pods {
		_, _ = fmt.Fprintln(c.env.ErrOut, msgOrphan(pod.Name, name))
	}
	if !o.cancel {
		_, _ = io.WriteString(c.env.ErrOut, render.Hint(c.hint(ns, hintOrphan(sts.GiveUpDrain(ns, name))), c.env.errStyle()))
		return gone
	}
	s, err := client.Mounted(ctx, ns, name, pods)
	if err != nil {
		return err
	}
	if d := operate.ReleaseOrphans(s); d != nil && !c.acceptDataLoss {
		d.Hint = c.hint(ns, d.Hint)
		return &outcomeError{Decision: *d, style: c.env.errStyle()}
	}
	if !c.yes && c.dryRun == "none" {
		if err := c.env.confirm(ctx, msgOrphanConfirm(len(pods))); err != nil {
			return err
		}
	}
	var dryRun []string
	if c.dryRun != "none" {
		dryRun = []string{metav1.DryRunAll}
	}
	for n, pod := range pods {
		o, _ := sts.ParsePodName(name, pod.Name)
		_, err := client.Hold(ctx, ns, operate.LetGo(pod, o), dryRun...)
		if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
			if n > 0 && len(dryRun) == 0 {
				answer.Verdict = operate.Stuck
			}
			return &outcomeError{Decision: answer.Decision, style: c.env.errStyle()}
		}
		if err != nil {
			return fmt.Errorf("remove the finalizer from pod %s: %w", pod.Name, err)
		}
		_, _ = fmt.Fprintln(c.env.Out, msgDryRun(msgOrphanReleased(pod.Name), c.dryRun))
	}
	return nil
}
