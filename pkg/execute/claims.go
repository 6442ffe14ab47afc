package execute

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
)

// ClaimWorld is the cluster as the loop over many claims sees it.
type ClaimWorld interface {
	// Read looks at the claim and its volume as they are now.
	Read(ctx context.Context, v plan.ClaimView) (plan.ClaimView, error)
	// Look reads what has a say about the claims of a namespace. What it returns judges one.
	Look(ctx context.Context, namespace string) (func(plan.ClaimView) *plan.Around, error)
	// Apply writes, and returns the view with what the server has answered. An error is
	// [plan.ErrChanged] when the cluster was no longer as the action expects.
	Apply(ctx context.Context, v plan.ClaimView, a plan.Action) (plan.ClaimView, error)
	// Await waits until at least one of the views, of one namespace, is outdated, brings
	// those up to date, and says which they are.
	Await(ctx context.Context, namespace string, views []*plan.ClaimView) ([]bool, error)
}

// ClaimTask is what is to be done to one claim.
type ClaimTask struct {
	Intent plan.ClaimIntent
	// View names the claim, or the volume.
	View plan.ClaimView
}

// ClaimResult is how that ended.
type ClaimResult struct {
	// Task is the number of the task.
	Task int
	View plan.ClaimView
	// Decision is the last one: what was waited for when the time was over.
	Decision plan.Decision
	// Err is set when an error ended it; it is a [TimeoutError] when it waited for too
	// long, an [InterruptedError] when it was not begun or not gone on with.
	Err error
	// Wrote says that something was changed.
	Wrote bool
}

// ClaimOptions say how the loop works.
type ClaimOptions struct {
	// Concurrency is how many calls may be under way at once.
	Concurrency int
	// Timeout is how long may be waited while nothing moves.
	Timeout time.Duration
	// DryRun: the world asks the server and changes nothing, so that a claim's way ends
	// where others would have to do something.
	DryRun bool
}

const (
	// perCall is how many claims of a namespace go together for each call that may be
	// under way: they share their looks at the namespace.
	perCall = 4
	// stepLimit is how many steps a claim may take: its way has five, or ten when it is
	// restored.
	stepLimit = 40
)

// Claims drives every claim to its end. What fails for one stops no other. When ctx
// ends nothing new is begun, and what was begun is brought to where nothing is lost.
// ended is told how it ended for each, one at a time.
func Claims(ctx context.Context, w ClaimWorld, tasks []ClaimTask, o ClaimOptions, ended func(ClaimResult)) {
	r := &claimRunner{world: w, options: o, ended: ended, calls: make(chan struct{}, o.Concurrency)}
	var order []string
	byNamespace := map[string][]*claimRun{}
	for n := range tasks {
		ns := tasks[n].View.Namespace
		if byNamespace[ns] == nil {
			order = append(order, ns)
		}
		byNamespace[ns] = append(byNamespace[ns], &claimRun{intent: tasks[n].Intent, result: ClaimResult{Task: n, View: tasks[n].View}})
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

type claimRunner struct {
	world   ClaimWorld
	options ClaimOptions
	calls   chan struct{}

	mu    sync.Mutex
	ended func(ClaimResult)
}

// claimRun is one claim on its way.
type claimRun struct {
	intent plan.ClaimIntent
	result ClaimResult
	read   bool
	steps  int
	over   bool
}

// namespace works through the claims of one namespace in groups: all of a group are
// made ready, one look judges them, those that may go are deleted at once, and one look
// says what has become of them. Those that have to wait for the cluster do it at the end.
func (r *claimRunner) namespace(ctx context.Context, ns string, claims []*claimRun) {
	var waiting []*claimRun
	for group := range slices.Chunk(claims, perCall*r.options.Concurrency) {
		waiting = append(waiting, r.drive(ctx, ns, group)...)
	}
	for len(waiting) > 0 {
		waiting = r.drive(ctx, ns, r.await(ctx, ns, waiting))
	}
}

// drive takes the claims as far as they go without waiting, and returns those that wait.
func (r *claimRunner) drive(ctx context.Context, ns string, claims []*claimRun) (waiting []*claimRun) {
	for len(claims) > 0 {
		var group sync.WaitGroup
		for _, c := range claims {
			r.calls <- struct{}{}
			group.Go(func() {
				defer func() { <-r.calls }()
				r.step(ctx, c)
			})
		}
		group.Wait()
		var looking []*claimRun
		for _, c := range claims {
			switch {
			case c.over:
			case c.result.Decision.Verdict == plan.Wait:
				waiting = append(waiting, c)
			default:
				looking = append(looking, c)
			}
		}
		if len(looking) > 0 {
			r.look(ctx, ns, looking)
			looking = slices.DeleteFunc(looking, func(c *claimRun) bool { return c.over })
		}
		claims = looking
	}
	return waiting
}

// look judges the claims by one look at their namespace.
func (r *claimRunner) look(ctx context.Context, ns string, claims []*claimRun) {
	r.calls <- struct{}{}
	defer func() { <-r.calls }()
	var judge func(plan.ClaimView) *plan.Around
	err := r.call(ctx, func(ctx context.Context) (err error) {
		judge, err = r.world.Look(ctx, ns)
		return err
	})
	for _, c := range claims {
		if err != nil {
			r.end(c, err)
			continue
		}
		c.result.View.Around = judge(c.result.View)
	}
}

// step decides and writes until the claim is at its end, waits, or has to be looked around for.
func (r *claimRunner) step(ctx context.Context, c *claimRun) {
	for changed := 0; !c.over; {
		if !c.read {
			if ctx.Err() != nil && !c.result.Wrote {
				r.end(c, &InterruptedError{Cause: context.Cause(ctx)})
				return
			}
			err := r.call(ctx, func(ctx context.Context) (err error) {
				c.result.View, err = r.world.Read(ctx, c.result.View)
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
		case plan.Do:
			if d.Action.LookAround != nil {
				return
			}
		case plan.Wait:
			return
		default:
			r.end(c, nil)
			return
		}
		if ctx.Err() != nil && (!c.result.Wrote || d.Action.DeleteClaim != nil) {
			r.end(c, &InterruptedError{Cause: context.Cause(ctx)})
			return
		}
		if c.steps++; c.steps > stepLimit {
			r.end(c, errors.New(msgClaimStepsExceeded(stepLimit, d.Message)))
			return
		}
		c.result.View.Sent = c.result.View.Sent || d.Action.DeleteClaim != nil
		err := r.call(ctx, func(ctx context.Context) error {
			next, err := r.world.Apply(ctx, c.result.View, *d.Action)
			if err == nil {
				c.result.View = next
			}
			return err
		})
		answer := (*plan.AnswerError)(nil)
		switch {
		case errors.As(err, &answer):
			c.result.Decision = refusedClaim(answer.Decision, c.result.Wrote)
			r.end(c, nil)
		case errors.Is(err, plan.ErrChanged) && changed < changedLimit:
			changed++
			c.read, c.result.View.Around = false, nil
		case err != nil:
			r.end(c, err)
		default:
			c.result.Wrote = c.result.Wrote || d.Action.Writes()
			if r.options.DryRun && last(d.Action) {
				r.end(c, nil)
			}
		}
	}
}

// refusedClaim ends the way of a claim where the API server does not store what was sent: it is
// refused when nothing has been written yet, else it is stuck.
func refusedClaim(d plan.Decision, wrote bool) plan.Decision {
	if wrote {
		d.Verdict = plan.Stuck
		d.Message += msgEarlierWritesStay()
	}
	d.Hint += hintRerunClaims()
	return d
}

// last says whether only a cluster that has really changed could answer to the action.
func last(a *plan.Action) bool {
	return a.DeleteClaim != nil || a.CreateClaim != nil || a.ReleaseVolume != nil || a.PurgeVolume != nil || a.DeleteVolume != nil ||
		a.RescueVolume != nil || a.CopyVolume != nil
}

// call makes a call that ctx does not break off, and again when the server did not answer.
func (r *claimRunner) call(ctx context.Context, f func(ctx context.Context) error) error {
	for try := 1; ; try++ {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		err := f(within)
		cancel()
		if !errors.Is(err, plan.ErrTransient) || try == claimTries {
			return err
		}
		pause := time.NewTimer(transientPause) //nolint:forbidigo // a server that does not answer is given time
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// claimTries is how often a call is made that the server does not answer.
const claimTries = 5

// await waits until some of the claims have moved, and returns all that are still on
// their way. Those for which nothing has moved for too long end.
func (r *claimRunner) await(ctx context.Context, ns string, claims []*claimRun) []*claimRun {
	within, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	views := make([]*plan.ClaimView, len(claims))
	for n, c := range claims {
		views[n] = &c.result.View
	}
	changed, err := r.world.Await(within, ns, views)
	for n, c := range claims {
		switch {
		case err == nil && changed[n]:
			c.result.View.Around = nil
		case err == nil:
		case ctx.Err() != nil:
			r.end(c, &InterruptedError{Cause: context.Cause(ctx), Last: c.result.Decision})
		case within.Err() != nil:
			r.end(c, &TimeoutError{After: r.options.Timeout, Last: c.result.Decision})
		default:
			r.end(c, err)
		}
	}
	return slices.DeleteFunc(claims, func(c *claimRun) bool { return c.over })
}

func (r *claimRunner) end(c *claimRun, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.over, c.result.Err = true, err
	r.ended(c.result)
	c.result.View.Claim, c.result.View.Volume = nil, nil // there may be very many
}
