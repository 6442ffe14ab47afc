package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/shell"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// newIntent makes the complete intent from the state in which the command finds the set. It is called
// once, before anything is shown: a command that needs more permissions than others checks them here.
type newIntent func(ctx context.Context, client *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error)

// mutationRun is one run of a mutation on one set.
type mutationRun struct {
	*mutation
	client *kube.Client
	view   *kube.View
	screen *screen
	// snapshot is the state in which the command finds the set.
	snapshot *sts.Snapshot
	lock     operate.Lock
	intent   operate.Intent
	// trials are the pods that the controller will create because of the plan.
	trials []operate.Trial
	// storedTemplate is the digest of the template that the first step sets, where a dry run has shown it.
	storedTemplate string
	report         *ChangeReport
}

func (m *mutation) run(cmd *cobra.Command, args []string, build newIntent) error {
	name, err := setName(args)
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	if m.dryRun == "none" && !m.printPatch {
		m.env.changing()
	}
	err = m.runOn(cmd.Context(), name, build)
	if err != nil && m.out.isGitHub() && !m.annotated {
		m.annotateError(name, err)
	}
	return err
}

// runOn reads the set, makes the intent from its state, and runs it.
func (m *mutation) runOn(ctx context.Context, name string, build newIntent) error {
	client, err := m.client()
	if err != nil {
		return err
	}
	ns, err := m.namespace()
	if err != nil {
		return err
	}
	q := kube.Query{Namespace: ns, Names: []string{name}, Revisions: true, SchedulingGrace: m.grace, Recover: m.recovers}
	s, err := m.look(ctx, client, q)
	if err != nil {
		return err
	}
	if m.printPatch {
		return m.printFirst(ctx, client, s, build)
	}
	screen := newScreen(m.env)
	view, err := client.Open(ctx, q, m.needs, screen.tell())
	if err != nil {
		return err
	}
	defer view.Close()
	view.NoTrials = m.skipPodCheck || m.dryRun == "client"
	s.Memory = view.Retry(ctx, s)
	lock := m.lock(s.TakenAt)
	intent, err := build(ctx, client, s, lock)
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
	r.warn()
	if err := r.showPlan(); err != nil {
		return err
	}
	first := r.first()
	ends := !r.writes() && first.Verdict != operate.Wait && first.Verdict != operate.Do
	if r.dryRun != "none" || ends && !operate.TakesLock(r.intent, r.snapshot, first) {
		return errors.Join(r.finish(r.snapshot, first, nil), r.tidy(ctx, first))
	}
	if err := r.confirm(ctx); err != nil {
		return err
	}
	return r.carryOut(ctx)
}

// confirm asks for the confirmations that the plan requires.
func (r *mutationRun) confirm(ctx context.Context) error {
	if node := operate.ConfirmsNode(r.report.Plan); node != "" && r.nodeOff == "" {
		if err := r.env.confirmName(ctx, msgTypeNode(node), node, hintNodeIsOff(node)); err != nil {
			return err
		}
		r.intent = operate.WithNodeOff(r.intent, node)
		return nil
	}
	if !r.asks() {
		return nil
	}
	return r.env.confirm(ctx, msgContinue())
}

// warn warns of what the plan loses, and of other clients that manage the set.
func (r *mutationRun) warn() {
	for _, loss := range operate.DataLoss(r.snapshot, r.report.Plan) {
		warnTo(r.env.ErrOut, loss)
	}
	for _, caution := range operate.Cautions(r.snapshot, r.report.Plan) {
		warnTo(r.env.ErrOut, r.hint(caution).String())
	}
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
		loop.Options{Timeout: r.timeout, StoredTemplate: r.storedTemplate, Found: r.snapshot},
		&narrator{screen: r.screen, quiet: r.out.human() && countWrites(r.report.Plan) == 1, timeout: r.timeout})
	r.screen.done()
	r.report.Applied = append(r.report.Applied, result.Applied...)
	r.report.Commands = append(r.report.Commands, result.Commands...)
	s := r.snapshot
	if result.Last != nil {
		s = released(result.Last, r.lock.ID)
	}
	return r.finish(s, result.Decision, err)
}
