// Package claimloop carries out the decisions of package claims for many claims at once.
package claimloop

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// Cluster is the cluster for the loop over many claims.
type Cluster interface {
	// Read reads the claim and its volume.
	Read(ctx context.Context, v claims.View) (claims.View, error)
	// Look reads what may need the claims of a namespace. The function that it returns judges one claim.
	Look(ctx context.Context, namespace string) (func(claims.View) *claims.Around, error)
	// Apply writes, and returns the view with the server's response. An error is
	// [operate.ErrChanged] when the cluster was no longer as the action expects.
	Apply(ctx context.Context, v claims.View, a claims.Action) (claims.View, error)
	// Await waits until at least one of the views, of one namespace, is outdated, updates
	// those, and reports which they are.
	Await(ctx context.Context, namespace string, views []*claims.View) ([]bool, error)
}

// Task is the work on one claim.
type Task struct {
	Intent claims.Intent
	// View names the claim, or the volume.
	View claims.View
}

// Settled is an intent that was decided before, without anything to write: nothing is read for it.
type Settled claims.ClaimDecision

// Next implements [claims.Intent].
func (s Settled) Next(claims.View) claims.ClaimDecision { return claims.ClaimDecision(s) }

// Result is its result.
type Result struct {
	// Task is the number of the task.
	Task int
	View claims.View
	// Decision is the last one: what was waited for when it timed out.
	Decision claims.ClaimDecision
	// Err is set when an error ended it; it is a [TimeoutError] when it waited too long,
	// an [InterruptedError] when it was not started or not finished.
	Err error
	// Wrote is set when something was changed, or may have been.
	Wrote bool
}

// Options configure the loop.
type Options struct {
	// Concurrency is how many calls may run at once.
	Concurrency int
	// Timeout is how long to wait while nothing changes.
	Timeout time.Duration
	// DryRun: writes are dry runs, so that the work on a claim ends where a controller would
	// have to act.
	DryRun bool
	// OnlyReads: the work on a claim ends before the first write, and where it would wait.
	OnlyReads bool
}

const (
	// perCall is how many claims of a namespace are grouped per concurrent call: they share
	// their looks at the namespace.
	perCall = 4
	// stepLimit is how many steps a claim may take: it needs five, or ten when it is restored.
	stepLimit = 40
)

// Run works on every claim until it is done. A failure of one does not stop the others.
// When ctx ends nothing new is started, and what was started ends in a safe state. ended is
// called with each result, one at a time.
func Run(ctx context.Context, c Cluster, tasks []Task, o Options, ended func(Result)) {
	r := &runner{cluster: c, options: o, ended: ended, calls: make(chan struct{}, o.Concurrency)}
	var order []string
	byNamespace := map[string][]*run{}
	for n := range tasks {
		ns := tasks[n].View.Namespace
		if byNamespace[ns] == nil {
			order = append(order, ns)
		}
		byNamespace[ns] = append(byNamespace[ns], newRun(n, &tasks[n]))
	}
	// While claims of one namespace are waited for, there are calls for others.
	namespaces := make(chan struct{}, perCall*o.Concurrency)
	var all sync.WaitGroup
	for _, ns := range order {
		namespaces <- struct{}{}
		all.Go(func() {
			defer func() { <-namespaces }()
			r.namespace(ctx, ns, byNamespace[ns])
		})
	}
	all.Wait()
}

type runner struct {
	cluster Cluster
	options Options
	calls   chan struct{}

	mu    sync.Mutex
	ended func(Result)
}

// run is one claim in progress.
type run struct {
	intent claims.Intent
	result Result
	read   bool
	steps  int
	over   bool
}

func newRun(n int, task *Task) *run {
	_, settled := task.Intent.(Settled)
	return &run{intent: task.Intent, result: Result{Task: n, View: task.View}, read: settled}
}

// namespace works through the claims of one namespace in groups: all claims of a group are
// prepared, one look judges them, the candidates are deleted, and another look checks them
// again. Claims that have to wait for the cluster do so at the end.
func (r *runner) namespace(ctx context.Context, ns string, pvcs []*run) {
	var waiting []*run
	for group := range slices.Chunk(pvcs, perCall*r.options.Concurrency) {
		waiting = append(waiting, r.drive(ctx, ns, group)...)
	}
	for len(waiting) > 0 {
		waiting = r.drive(ctx, ns, r.await(ctx, ns, waiting))
	}
}

// drive advances the claims as far as possible without waiting, and returns those that wait.
func (r *runner) drive(ctx context.Context, ns string, pvcs []*run) (waiting []*run) {
	for len(pvcs) > 0 {
		var group sync.WaitGroup
		for _, c := range pvcs {
			r.calls <- struct{}{}
			group.Go(func() {
				defer func() { <-r.calls }()
				r.step(ctx, c)
			})
		}
		group.Wait()
		var looking []*run
		for _, c := range pvcs {
			switch {
			case c.over:
			case c.result.Decision.Verdict == operate.Wait:
				waiting = append(waiting, c)
			default:
				looking = append(looking, c)
			}
		}
		if len(looking) > 0 {
			r.look(ctx, ns, looking)
			looking = slices.DeleteFunc(looking, func(c *run) bool { return c.over })
		}
		pvcs = looking
	}
	return waiting
}

// look judges the claims by one look at their namespace.
func (r *runner) look(ctx context.Context, ns string, pvcs []*run) {
	r.calls <- struct{}{}
	defer func() { <-r.calls }()
	var judge func(claims.View) *claims.Around
	err := r.call(ctx, func(ctx context.Context) (err error) {
		judge, err = r.cluster.Look(ctx, ns)
		return err
	})
	for _, c := range pvcs {
		if err != nil {
			r.end(c, err)
			continue
		}
		c.result.View.Around = judge(c.result.View)
	}
}

// step decides and writes until the claim is done, waits, or needs a look at its namespace.
func (r *runner) step(ctx context.Context, c *run) {
	for changed := 0; !c.over; {
		if !c.read {
			if ctx.Err() != nil && !c.result.Wrote {
				r.end(c, &loop.InterruptedError{Cause: context.Cause(ctx)})
				return
			}
			err := r.call(ctx, func(ctx context.Context) (err error) {
				c.result.View, err = r.cluster.Read(ctx, c.result.View)
				return err
			})
			if err != nil {
				r.end(c, err)
				return
			}
			c.read = true
		}
		d := c.intent.Next(c.result.View)
		c.result.Decision = d
		switch d.Verdict {
		case operate.Do:
			if _, ok := d.Action.(*claims.CheckUsage); ok {
				return
			}
		case operate.Wait:
			if r.options.OnlyReads {
				r.end(c, nil)
			}
			return
		default:
			r.end(c, nil)
			return
		}
		if r.options.OnlyReads && d.Action.IsAPIWrite() {
			r.end(c, nil)
			return
		}
		_, isDeletion := d.Action.(*claims.DeleteClaim)
		if ctx.Err() != nil && (!c.result.Wrote || isDeletion) {
			r.end(c, &loop.InterruptedError{Cause: context.Cause(ctx)})
			return
		}
		if c.steps++; c.steps > stepLimit {
			r.end(c, errors.New(msgClaimStepsExceeded(stepLimit, d.Message)))
			return
		}
		c.result.View.Sent = c.result.View.Sent || isDeletion
		err := r.call(ctx, func(ctx context.Context) error {
			next, err := r.cluster.Apply(ctx, c.result.View, d.Action)
			if err == nil {
				c.result.View = next
			}
			return err
		})
		answer, interrupted := (*operate.AnswerError)(nil), (*loop.InterruptedError)(nil)
		switch {
		case errors.As(err, &interrupted): // the server did not respond: it may have been carried out
			c.result.Wrote = c.result.Wrote || d.Action.IsAPIWrite()
			r.end(c, err)
		case errors.As(err, &answer):
			c.result.Decision = decisionAbout(loop.Refusal(answer.Decision, c.result.Wrote))
			r.end(c, nil)
		case errors.Is(err, operate.ErrChanged) && changed < loop.ChangedLimit:
			changed++
			c.read, c.result.View.Around = false, nil
		case err != nil:
			r.end(c, err)
		default:
			c.result.Wrote = c.result.Wrote || d.Action.IsAPIWrite()
			if r.options.DryRun && d.Action.EndsDryRun() {
				r.end(c, nil)
			}
		}
	}
}

// decisionAbout is the API server's answer as a decision about a claim.
func decisionAbout(d operate.Decision) claims.ClaimDecision {
	return claims.ClaimDecision{Verdict: d.Verdict, Reason: d.Reason, Message: d.Message, Subject: d.Subject, Hint: d.Hint, Alteration: d.Alteration}
}

// waitingFor is a decision about a claim as the last one of a run.
func waitingFor(d claims.ClaimDecision) operate.Decision {
	return operate.Decision{Verdict: d.Verdict, Reason: d.Reason, Message: d.Message}
}

// call makes a call that ctx does not cancel, and retries it when the server did not respond.
// When ctx ends it is not retried.
func (r *runner) call(ctx context.Context, f func(ctx context.Context) error) error {
	for try := 1; ; try++ {
		within, cancel := loop.ForCall(ctx)
		err := f(within)
		ended := within.Err() != nil && ctx.Err() != nil
		cancel()
		if err != nil && ended {
			return &loop.InterruptedError{Cause: context.Cause(ctx)}
		}
		if !errors.Is(err, operate.ErrTransient) || try == tries {
			return err
		}
		pause := time.NewTimer(loop.TransientPause) //nolint:forbidigo // give the server time
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return &loop.InterruptedError{Cause: context.Cause(ctx)}
		}
	}
}

// tries is how often a call is tried when the server does not respond.
const tries = 5

// await waits until some of the claims have changed, and returns all that are not done yet.
// It ends those for which nothing has changed for too long.
func (r *runner) await(ctx context.Context, ns string, pvcs []*run) []*run {
	within, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	views := make([]*claims.View, len(pvcs))
	for n, c := range pvcs {
		views[n] = &c.result.View
	}
	changed, err := r.cluster.Await(within, ns, views)
	for n, c := range pvcs {
		switch {
		case err == nil && changed[n]:
			c.result.View.Around = nil
		case err == nil:
		case ctx.Err() != nil:
			r.end(c, &loop.InterruptedError{Cause: context.Cause(ctx), Last: waitingFor(c.result.Decision)})
		case within.Err() != nil:
			r.end(c, &loop.TimeoutError{After: r.options.Timeout, Last: waitingFor(c.result.Decision)})
		default:
			r.end(c, err)
		}
	}
	return slices.DeleteFunc(pvcs, func(c *run) bool { return c.over })
}

func (r *runner) end(c *run, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.over, c.result.Err = true, err
	r.ended(c.result)
	c.result.View.Claim, c.result.View.Volume = nil, nil // there may be very many
}
