package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/shell"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// newIntent makes the complete intent from the state in which the command finds the set. It is called
// once, before anything is shown: a command that needs more permissions than others checks them here.
type newIntent func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Holder) (operate.Intent, error)

// mutationRun is one run of a mutation on one set.
type mutationRun struct {
	*mutation
	client *kube.Client
	view   *kube.View
	screen *screen
	// snapshot is the state in which the command finds the set.
	snapshot *sts.Snapshot
	lock     operate.Holder
	intent   operate.Intent
	// trials are the pods that the controller will create because of the plan.
	trials []operate.Trial
	// storedTemplate is the digest of the template that the first step sets, where a dry run has shown it.
	storedTemplate string
	report         *ChangeReport
}

func (m *mutation) run(cmd *cobra.Command, args []string, of newIntent) error {
	name, err := setName(args)
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	err = m.runOn(cmd.Context(), name, of)
	if err != nil && m.out.isGitHub() && !m.annotated {
		m.annotateError(name, err)
	}
	return err
}

// runOn reads the set, makes the intent from its state, and runs it.
func (m *mutation) runOn(ctx context.Context, name string, of newIntent) error {
	client, err := m.client()
	if err != nil {
		return err
	}
	ns, err := m.namespace()
	if err != nil {
		return err
	}
	q := kube.Query{Namespace: ns, Names: []string{name}, Revisions: true, SchedulingGrace: m.grace}
	s, err := m.look(ctx, client, q)
	if err != nil {
		return err
	}
	if m.printPatch {
		return m.printFirst(ctx, client, s, of)
	}
	screen := newScreen(m.env)
	view, err := client.Open(ctx, q, m.needs, screen.tell())
	if err != nil {
		return err
	}
	defer view.Close()
	view.NoTrials = m.skipPodCheck || m.dryRun == "client"
	s.Memory = view.Retry(ctx, s)
	lock := m.holder(s.TakenAt)
	intent, err := of(ctx, client, s, lock)
	if err != nil {
		return err
	}
	r := &mutationRun{mutation: m, client: client, view: view, screen: screen, snapshot: s, lock: lock, intent: intent}
	return r.run(ctx)
}

// run makes the plan, checks it with dry runs, shows it, asks for confirmation, carries it out and
// reports.
func (r *mutationRun) run(ctx context.Context) error {
	r.plan(ctx)
	if losesData(r.last()) {
		return r.finish(r.snapshot, r.last(), nil)
	}
	if err := r.tryPlan(ctx); err != nil {
		if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
			return r.finish(r.snapshot, answer.Decision, nil)
		}
		return err
	}
	for _, w := range slices.Concat(operate.DataLoss(r.snapshot, r.report.Plan), operate.Cautions(r.snapshot, r.report.Plan)) {
		warnTo(r.env.ErrOut, w)
	}
	if err := r.showPlan(); err != nil {
		return err
	}
	first := r.first()
	if r.dryRun != "none" || !r.writes() && first.Verdict != operate.Wait && first.Verdict != operate.Do {
		return errors.Join(r.finish(r.snapshot, first, nil), r.tidy(ctx, first))
	}
	if r.asks() {
		if err := r.env.confirm(ctx, msgContinue()); err != nil {
			return err
		}
	}
	return r.carryOut(ctx)
}

// plan predicts the plan.
func (r *mutationRun) plan(ctx context.Context) {
	s := r.snapshot
	steps, trials := operate.PreviewTrials(r.intent, s)
	r.trials = trials
	r.report = &ChangeReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "ChangeReport"},
		Namespace: s.Set.Namespace, Name: s.Set.Name, Command: r.verb, StartedAt: metav1.NewTime(s.TakenAt),
		Plan: steps, Applied: []loop.Applied{},
	}
	if r.prove != nil {
		r.report.Proof = r.prove(ctx, r.client, s)
	}
	if r.dryRun != "none" {
		r.report.DryRun = r.dryRun
	}
}

func (r *mutationRun) first() operate.Decision { return r.report.Plan[0] }

func (r *mutationRun) last() operate.Decision { return r.report.Plan[len(r.report.Plan)-1] }

// writes says whether the plan writes anything.
func (r *mutationRun) writes() bool { return countWrites(r.report.Plan) > 0 }

// asks says whether a confirmation is required.
func (r *mutationRun) asks() bool { return r.writes() && !r.yes && r.dryRun == "none" }

// showPlan prints the plan for a person: before a confirmation, and as the result of a dry run.
func (r *mutationRun) showPlan() error {
	shown := r.writes() || r.dryRun != "none" && r.first().Verdict == operate.Wait
	if !r.asks() && (!r.out.human() || !shown) {
		return nil
	}
	to, style := r.env.ErrOut, r.env.errStyle()
	if r.dryRun != "none" {
		to, style = r.env.Out, r.env.style()
	}
	if r.report.Proof != nil {
		if err := printProof(to, r.report.Proof, r.snapshot.TakenAt, style); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintln(to, msgPlanTitle(r.verb, r.report.Namespace, r.report.Name, r.dryRun))
	render.Plan(to, r.report.Plan, style)
	if r.report.Alteration == nil {
		return nil
	}
	_, _ = fmt.Fprintln(to, msgAdmissionChanges())
	return printAlteration(to, r.report.Alteration, style)
}

// cluster is what the loop works on: the API server, and the commands that it runs.
type cluster struct {
	*kube.View
	*shell.Runner
}

func (r *mutationRun) carryOut(ctx context.Context) error {
	commands := &shell.Runner{
		Pods: r.client, Namespace: r.report.Namespace,
		Env: r.environment(), Clock: r.env.Clock, Show: r.screen.say,
	}
	result, err := loop.Run(ctx, &cluster{r.view, commands}, operate.Confirmed(r.intent, r.snapshot),
		loop.Options{Timeout: r.timeout, StoredTemplate: r.storedTemplate},
		&narrator{screen: r.screen, quiet: r.out.human() && countWrites(r.report.Plan) == 1})
	r.screen.done()
	r.report.Applied = append(r.report.Applied, result.Applied...)
	r.report.Commands = append(r.report.Commands, result.Commands...)
	s := r.snapshot
	if result.Last != nil {
		s = released(result.Last, r.lock.ID)
	}
	return r.finish(s, result.Decision, err)
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

// losesData reports whether a plan would remove a pod whose data is lost with it. No step of such a
// plan is carried out.
func losesData(last operate.Decision) bool {
	return last.Verdict == operate.Refused && (last.Reason == operate.ReasonDataLoss || last.Reason == operate.ReasonUnseen)
}
