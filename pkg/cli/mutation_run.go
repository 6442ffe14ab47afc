package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/shell"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// intents makes the intent from the current state of the set. digest is that of the
// template after the first step, empty before the dry run.
type intents func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Holder, digest string) (operate.Intent, error)

func (c *mutation) run(cmd *cobra.Command, args []string, of intents) error {
	name, err := setName(args)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	err = c.runMutation(cmd.Context(), name, of)
	if err != nil && c.out.isGitHub() && !c.annotated {
		c.annotateError(name, err)
	}
	return err
}

// runMutation makes the plan, shows it, asks for confirmation, carries it out and reports.
func (c *mutation) runMutation(ctx context.Context, name string, of intents) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	ns, err := c.namespace()
	if err != nil {
		return err
	}
	q := kube.Query{Namespace: ns, Names: []string{name}, Revisions: true, SchedulingGrace: c.grace}
	s, err := c.look(ctx, client, q)
	if err != nil {
		return err
	}
	if c.printPatch {
		return c.printFirst(ctx, client, s, of)
	}
	screen := newScreen(c.env)
	view, err := client.Open(ctx, q, c.needs, screen.tell())
	if err != nil {
		return err
	}
	defer view.Close()
	view.NoTrials = c.skipPodCheck || c.dryRun == "client"
	s.Memory = view.Retry(ctx, s)
	h := c.holder(s.TakenAt)
	intent, err := of(ctx, client, s, h, "")
	if err != nil {
		return err
	}
	steps, trials := operate.PreviewTrials(intent, s)
	report := &ChangeReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "ChangeReport"},
		Namespace: ns, Name: name, Command: c.verb, StartedAt: metav1.NewTime(s.TakenAt),
		Plan: steps, Applied: []loop.Applied{},
	}
	if c.prove != nil {
		report.Proof = c.prove(ctx, client, s)
	}
	first := report.Plan[0]
	if c.dryRun != "none" {
		report.DryRun = c.dryRun
	}
	if last := report.Plan[len(report.Plan)-1]; losesData(last) {
		return c.finish(report, s, last, nil)
	}
	writes := countWrites(report.Plan) > 0
	var set *appsv1.StatefulSet
	if (first.Verdict == operate.Do || first.Verdict == operate.Wait && writes) && c.dryRun != "client" {
		var alteration *sts.Alteration
		set, alteration, err = c.preflight(ctx, view, s, report.Plan)
		if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
			return c.finish(report, s, answer.Decision, nil)
		}
		if err != nil {
			return err
		}
		if set != nil {
			if intent, err = of(ctx, client, s, h, sts.TemplateDigest(&set.Spec.Template)); err != nil {
				return err
			}
		}
		if report.Alteration = alteration; alteration != nil { // the accepted change may lead to another end
			report.Plan, trials = operate.PreviewStored(intent, s, &set.Spec.Template)
			first = report.Plan[0]
		}
	}
	if writes && c.dryRun != "client" {
		err := c.rehearse(ctx, client, view, s, set, report.Plan, trials)
		if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
			return c.finish(report, s, answer.Decision, nil)
		}
		if err != nil {
			return err
		}
	}
	for _, w := range slices.Concat(operate.DataLoss(s, report.Plan), operate.Cautions(s, report.Plan)) {
		warnTo(c.env.ErrOut, w)
	}
	asks := writes && !c.yes && c.dryRun == "none"
	shown := writes || c.dryRun != "none" && first.Verdict == operate.Wait
	if asks || c.out.human() && shown {
		to := c.env.ErrOut
		if c.dryRun != "none" {
			to = c.env.Out
		}
		style := c.env.errStyle()
		if c.dryRun != "none" {
			style = c.env.style()
		}
		if report.Proof != nil {
			if err := printProof(to, report.Proof, s.TakenAt, style); err != nil {
				return err
			}
		}
		_, _ = fmt.Fprintln(to, msgPlanTitle(c.verb, ns, name, c.dryRun))
		render.Plan(to, report.Plan, style)
		if report.Alteration != nil {
			_, _ = fmt.Fprintln(to, msgAdmissionChanges())
			if err := printAlteration(to, report.Alteration, style); err != nil {
				return err
			}
		}
	}
	if c.dryRun != "none" || !writes && first.Verdict != operate.Wait && first.Verdict != operate.Do {
		return errors.Join(c.finish(report, s, first, nil), c.tidy(ctx, view, intent, s, first))
	}
	if asks {
		if err := c.env.confirm(ctx, msgContinue()); err != nil {
			return err
		}
	}
	w := &cluster{view, &shell.Runner{Pods: client, Namespace: ns, Env: c.environment(), Clock: c.env.Clock, Show: screen.say}}
	result, err := loop.Run(ctx, w, operate.Confirmed(intent, s), c.timeout, &narrator{screen: screen, quiet: c.out.human() && countWrites(report.Plan) == 1})
	screen.done()
	report.Applied = append(report.Applied, result.Applied...)
	report.Commands = append(report.Commands, result.Commands...)
	if result.Last != nil {
		s = released(result.Last, h.ID)
	}
	return c.finish(report, s, result.Decision, err)
}

// cluster is what the loop works on: the API server, and the commands that it runs.
type cluster struct {
	*kube.View
	*shell.Runner
}

// losesData reports whether a plan would remove a pod whose data is lost with it. No step of such a
// plan is carried out.
func losesData(last operate.Decision) bool {
	return last.Verdict == operate.Refused && (last.Reason == operate.ReasonDataLoss || last.Reason == operate.ReasonUnseen)
}

// released is the snapshot without the lock that the command has released at its end.
func released(s *sts.Snapshot, id string) *sts.Snapshot {
	if o, err := sts.ReadOwner(s.Set); err != nil || o == nil || o.ID != id {
		return s
	}
	out := *s
	out.Set = s.Set.DeepCopy()
	delete(out.Set.Annotations, sts.OwnerAnnotation)
	return &out
}

// tidy removes the lock of a command that was killed at its very end, when the same
// command finds nothing else to do.
func (c *mutation) tidy(ctx context.Context, view *kube.View, intent operate.Intent, s *sts.Snapshot, d operate.Decision) error {
	if c.dryRun != "none" || d.Verdict != operate.Done {
		return nil
	}
	a := intent.Release(s, true)
	if a == nil {
		return nil
	}
	_, err := view.Apply(ctx, s, *a)
	answer := (*operate.AnswerError)(nil)
	switch {
	case errors.Is(err, operate.ErrChanged):
		return nil
	case errors.As(err, &answer):
		warnTo(c.env.ErrOut, msgLockStays(answer.Message))
		return nil
	}
	return err
}

// environment tells commands that run here which cluster this one uses.
func (c *mutation) environment() []string {
	var out []string
	if *c.config.KubeConfig != "" {
		out = append(out, "KUBECONFIG="+*c.config.KubeConfig)
	}
	name := *c.config.Context
	if raw, err := c.config.ToRawKubeConfigLoader().RawConfig(); err == nil && name == "" {
		name = raw.CurrentContext
	}
	return append(out, "KUBECTL_STS_CONTEXT="+name)
}

// look reads the set with all that a decision needs.
func (c *mutation) look(ctx context.Context, client *kube.Client, q kube.Query) (*sts.Snapshot, error) {
	inv, err := client.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	s := inv.Snapshots()[0]
	var lacking, reasons []string
	for _, m := range s.Missing {
		if slices.Contains(c.needs, m.Resource) {
			lacking = append(lacking, m.Resource)
			reasons = append(reasons, m.Reason)
		}
	}
	if len(lacking) > 0 {
		return nil, errors.New(msgCannotSee(c.verb, q.Namespace, lacking, reasons))
	}
	render.Missing(c.env.ErrOut, s.Missing)
	return s, nil
}

func countWrites(steps []operate.Decision) int {
	n := 0
	for _, d := range steps {
		if d.Verdict == operate.Do && d.Action.Writes() {
			n++
		}
	}
	return n
}
