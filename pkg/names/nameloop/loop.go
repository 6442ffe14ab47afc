// Package nameloop carries out the decisions of [names.Watch]: it watches the cluster, and queries a DNS
// server beside it.
package nameloop

import (
	"context"
	"errors"
	"time"

	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// View is what is watched of the cluster.
type View interface {
	// WatchAll sends an Inventory on every change. The channel is closed when ctx ends or on an error.
	WatchAll(ctx context.Context) <-chan *sts.Inventory
	// Err is why the channel was closed, nil if ctx has ended.
	Err() error
}

// Server answers DNS queries.
type Server interface {
	// Resolve returns an error if there was no answer at all. A [names.PermanentError] ends the loop.
	Resolve(context.Context, []names.Question) ([]names.Answer, error)
	// String names the server in the report.
	String() string
}

// World is what the loop works with.
type World struct {
	// Open starts to watch the cluster.
	Open   func(context.Context) (View, error)
	Server Server
	Clock  clock.Clock
	// Now is the time in the cluster.
	Now func() time.Time
}

// Observer is notified of what can be shown.
type Observer interface {
	// Looked is called after each look at the cluster, after each round of answers and when the next queries
	// are due, from the first complete round on. resolved: this is the end with Wait, all names
	// resolve correctly. An error ends the loop.
	Looked(w *names.Watch, resolved bool) error
	// Failed is called when the server cannot be queried, once per problem, and Recovered when it can be
	// queried again.
	Failed(problem error)
	Recovered()
}

// Options are the options of [Run].
type Options struct {
	Names names.Options
	// Wait: end when all names resolve correctly.
	Wait bool
}

// Run follows the names until they resolve correctly (Wait): the decision is then Done, or Stuck if that can
// never happen. It ends with the cause when ctx ends: a [loop.TimeoutError] then says what it waited for.
func Run(ctx context.Context, world World, w *names.Watch, o Options, observer Observer) (operate.Decision, error) {
	r := &runner{World: world, options: o, observer: observer, watch: w}
	d, err := r.run(ctx)
	if err == nil || ctx.Err() == nil {
		return d, err
	}
	cause := context.Cause(ctx)
	if timeout := (*loop.TimeoutError)(nil); errors.As(cause, &timeout) {
		timeout.Last = operate.Decision{Verdict: operate.Wait, Message: w.WaitingFor()}
	}
	return operate.Decision{}, cause
}

type runner struct {
	World
	options  Options
	observer Observer
	watch    *names.Watch
	asking   bool // queries are in flight
	begun    bool // the first round of answers is complete
}

// answered is the result of a round of queries.
type answered struct {
	answers []names.Answer
	err     error
}

func (r *runner) run(ctx context.Context) (operate.Decision, error) {
	view, err := r.Open(ctx)
	if err != nil {
		return operate.Decision{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	changes, answers := view.WatchAll(ctx), make(chan answered, 1)
	defer func() {
		cancel()
		if r.asking {
			<-answers // the query uses the server, which the caller closes next
		}
	}()
	timer := r.Clock.NewTimer(names.MaxPause)
	defer timer.Stop()
	for {
		select {
		case inv, ok := <-changes:
			if !ok {
				return operate.Decision{}, errors.Join(view.Err(), context.Cause(ctx))
			}
			for _, set := range inv.Sets {
				if err := names.CheckOrdinals(set); err != nil { // of a set that was scaled meanwhile
					return operate.Decision{}, err
				}
			}
			r.watch.Look(r.Clock.Now(), names.NewReport(inv, r.options.Names))
		case a := <-answers:
			r.asking = false
			if ctx.Err() != nil { // an interrupted query says nothing about the server
				return operate.Decision{}, context.Cause(ctx)
			}
			if err := r.receive(a); err != nil {
				return operate.Decision{}, err
			}
		case <-timer.C():
		}
		if r.watch.Report == nil {
			continue
		}
		if d, err := r.look(); err != nil || d.Verdict != operate.Wait {
			return d, err
		}
		if r.asking {
			continue
		}
		due, next := r.watch.Due(r.Clock.Now())
		if len(due) == 0 {
			timer.Reset(next)
			continue
		}
		r.asking = true
		go func() {
			got, err := r.Server.Resolve(ctx, due)
			answers <- answered{got, err}
		}()
	}
}

// receive handles answers or a failure. An error ends the loop.
func (r *runner) receive(a answered) error {
	now := r.Clock.Now()
	if a.err == nil {
		if r.watch.Answer(now, r.Server.String(), a.answers) {
			r.observer.Recovered()
		}
		return nil
	}
	if permanent := (*names.PermanentError)(nil); errors.As(a.err, &permanent) {
		return a.err
	}
	if r.watch.Fail(now, a.err.Error()) {
		r.observer.Failed(a.err)
	}
	return nil
}

// look judges the answers so far and decides whether this is the end.
func (r *runner) look() (operate.Decision, error) {
	r.watch.Judge(r.Clock.Now(), r.Now())
	d := operate.Decision{Verdict: operate.Wait}
	if r.options.Wait {
		if set := r.watch.Report.Nameless(); set != "" {
			return operate.Decision{Verdict: operate.Stuck, Message: msgNothingToWaitFor(set), Hint: hintNoServiceName()}, nil
		}
		if r.watch.Resolved() {
			d.Verdict = operate.Done
		}
	}
	if d.Verdict != operate.Done && !r.begun && (r.asking || !r.watch.Complete()) {
		return d, nil
	}
	r.begun = true
	return d, r.observer.Looked(r.watch, d.Verdict == operate.Done)
}
