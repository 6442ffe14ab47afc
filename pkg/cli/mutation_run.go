package cli

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/shell"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// newIntent makes the complete intent from the state in which the command finds the set. It is called
// before anything is shown: a command that needs more permissions than others checks them here. With several
// sets it is called again, with another lock, when it is the turn of a later one.
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
	// end is how the run ends without any step, nil if there are some to carry out.
	end *operate.Decision
	// several: the command line may select other sets, too.
	several bool
}

// examine makes the plan, and checks it with dry runs.
func (r *mutationRun) examine(ctx context.Context) error {
	r.plan(ctx)
	if last := r.last(); losesData(last) {
		r.end = &last
		return nil
	}
	if err := r.tryPlan(ctx); err != nil {
		answer := (*operate.AnswerError)(nil)
		if !errors.As(err, &answer) {
			return err
		}
		r.end = &answer.Decision
		return nil
	}
	first := r.first()
	ends := !r.writes() && first.Verdict != operate.Wait && first.Verdict != operate.Do
	if ends && (r.dryRun != "none" || !operate.TakesLock(r.intent, r.snapshot, first)) {
		r.end = &first
	}
	return nil
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

// carryOut carries out the plan. left is what is left of the timeout, 0 for no limit.
func (r *mutationRun) carryOut(ctx context.Context, left time.Duration) error {
	commands := &shell.Runner{
		Pods: r.client, Namespace: r.report.Namespace,
		Env: r.environment(), Clock: r.env.Clock, Show: r.screen.say,
	}
	if left > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, left, &loop.TimeoutError{After: r.timeout})
		defer cancel()
	}
	result, err := loop.Run(ctx, &cluster{r.view, commands}, operate.Confirmed(r.intent, r.snapshot),
		loop.Options{StoredTemplate: r.storedTemplate, Found: r.snapshot},
		&narrator{screen: r.screen, quiet: r.out.human() && countWrites(r.report.Plan) == 1, timeout: left})
	r.screen.done()
	r.report.Applied = append(r.report.Applied, result.Applied...)
	r.report.Commands = append(r.report.Commands, result.Commands...)
	s := r.snapshot
	switch {
	case result.Locked:
		r.screen.warn(msgLockMayStay(r.report.Name))
		if result.Last != nil {
			s = result.Last
		}
	case result.Last != nil:
		s = released(result.Last, r.lock.ID)
	}
	return r.finish(s, result.Decision, err)
}
