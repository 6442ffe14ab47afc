// Package loop is the loop that carries out a plan: watch, decide on the next step,
// carry it out, wait until the watch shows it, repeat.
package loop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Cluster is the cluster as the loop sees it.
type Cluster interface {
	// Watch sends a Snapshot whenever something has changed, and regularly when nothing
	// has; none while the watch is behind, since a stale snapshot must not decide.
	// The channel is closed when ctx ends or the watch fails; Err then says why.
	Watch(ctx context.Context) <-chan *sts.Snapshot
	// Wake has Watch send a Snapshot as soon as it can, although nothing has changed.
	Wake()
	Err() error
	// Apply writes. It returns a function that reports whether a snapshot shows the write, or
	// an error that is [operate.ErrChanged] when a precondition of the action did not hold, and
	// [operate.ErrBehind] when the snapshot is stale.
	Apply(ctx context.Context, s *sts.Snapshot, a operate.SetAction) (seen func(*sts.Snapshot) bool, err error)
	// Exec runs a command until it ends, or until ctx does. An error means that it could
	// not be run at all. It is called from several goroutines.
	Exec(ctx context.Context, command *operate.Exec) (operate.ExecResult, error)
}

// ChangedLimit is how many times in a row a decision may be outdated before the loop
// gives up.
const ChangedLimit = 20

// A call without a response is retried, at most transientLimit times in a row, each
// time after TransientPause.
const (
	transientLimit = 20
	TransientPause = time.Second
)

// CallTimeout limits one write.
const CallTimeout = 30 * time.Second

// After Ctrl-C or the timeout of a command, the current write has CallGrace to complete, so that its result is known.
// The release of the lock has endGrace from the same time: a server that does not answer delays the end by no more.
const (
	CallGrace = 3 * time.Second
	endGrace  = 5 * time.Second
)

// ForCall is a context for one write. It ends CallTimeout from now, or CallGrace after ctx.
func ForCall(ctx context.Context) (context.Context, context.CancelFunc) {
	lasting, stop := outlive(ctx, CallGrace)
	call, cancel := context.WithTimeout(lasting, CallTimeout)
	return call, func() {
		cancel()
		stop()
	}
}

// outlive is a context that ends some time after ctx.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		end, done := context.WithTimeout(lasting, grace)
		defer done()
		<-end.Done()
		cancel()
	})
	return lasting, func() {
		stop()
		cancel()
	}
}

// TimeoutError means that the command timed out.
type TimeoutError struct {
	After time.Duration
	// Last is what it was waiting for.
	Last operate.Decision
}

func (e *TimeoutError) Error() string {
	return msgTimedOut(e.After, waitedFor(e.Last))
}

// InterruptedError means that the context was cancelled, by Ctrl-C or a signal.
type InterruptedError struct {
	Cause error
	Last  operate.Decision
}

func (e *InterruptedError) Error() string { return msgInterrupted(waitedFor(e.Last)) }

// Unwrap returns the cause of the cancellation, which has the signal.
func (e *InterruptedError) Unwrap() error { return e.Cause }

func waitedFor(d operate.Decision) string {
	if d.Verdict != operate.Wait {
		return ""
	}
	return d.Message
}

// Applied is one action that was carried out.
type Applied struct {
	// At is when, by the cluster's clock.
	At     time.Time         `json:"at"`
	Action operate.SetAction `json:",inline"`
}

// MarshalJSON writes one object with the time and the fields of the action.
func (a Applied) MarshalJSON() ([]byte, error) {
	at, err := json.Marshal(a.At)
	if err != nil {
		return nil, err
	}
	action, err := operate.MarshalAction(a.Action)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte(`{"at":`), at, []byte{','}, action[1:]), nil
}

// Command is one command that was run, and its result.
type Command struct {
	// At is when the command ended, by the cluster's clock.
	At time.Time `json:"at"`
	operate.Exec
	operate.ExecResult
}

// Result is how a run ended.
type Result struct {
	// Decision is the last one: Done, Stuck, Refused or Failed; the last Wait when an
	// error ended the run.
	Decision operate.Decision
	Applied  []Applied
	Commands []Command
	// Last is the snapshot of that decision, nil when none was seen.
	Last *sts.Snapshot
	// Locked: the lock may not have been released, because the server did not answer in time.
	Locked bool
}

// Observer receives every decision before it is carried out, every action after it was
// carried out, and the result of every command.
type Observer interface {
	Decided(s *sts.Snapshot, d operate.Decision)
	Applied(s *sts.Snapshot, a operate.SetAction)
	Executed(command *operate.Exec, r operate.ExecResult)
}

// Options are the options of [Run].
type Options struct {
	// StoredTemplate is what a dry run of the first step has shown: see [operate.Facts].
	StoredTemplate string
	// Found is the snapshot in which the command found the set.
	Found *sts.Snapshot
}

// Run calls the intent again and again until its verdict ends the command, or until ctx ends, for a
// timeout with a [TimeoutError] as its cause. In any case, commands that still run are ended
// and the lock is released if it was taken.
func Run(ctx context.Context, c Cluster, i operate.Intent, opts Options, o Observer) (Result, error) {
	watchCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	r := runner{cluster: c, intent: i, observer: o, changes: c.Watch(watchCtx), executed: make(chan executed)}
	r.facts.StoredTemplate, r.facts.Found = opts.StoredTemplate, opts.Found
	r.due = time.NewTimer(time.Hour) //nolint:forbidigo // only wakes the loop; the snapshot's time decides
	r.due.Stop()
	var stopEnding context.CancelFunc
	r.ending, stopEnding = outlive(ctx, endGrace)
	defer stopEnding()
	ctx, cancel := context.WithCancel(ctx)
	defer r.running.Wait()
	defer cancel()
	for {
		if ctx.Err() != nil {
			return r.interrupted(context.Cause(ctx))
		}
		select {
		case <-ctx.Done():
			return r.interrupted(context.Cause(ctx))
		case s, ok := <-r.changes:
			if !ok {
				return r.result, c.Err() // the set is gone, or may not be watched any more
			}
			if done, err := r.look(ctx, s); done || err != nil {
				return r.end(err)
			}
		case e := <-r.executed:
			if e.err != nil {
				return r.end(e.err)
			}
			r.record(e)
			c.Wake()
		case <-r.due.C:
			c.Wake()
		}
	}
}

// interrupted ends the run because its context has ended.
func (r *runner) interrupted(cause error) (Result, error) {
	if expired := (*TimeoutError)(nil); errors.As(cause, &expired) {
		expired.Last = r.result.Decision
		return r.end(expired)
	}
	return r.end(&InterruptedError{Cause: cause, Last: r.result.Decision})
}

type runner struct {
	ending   context.Context // for the release of the lock: ends some time after the run's own
	cluster  Cluster
	intent   operate.Intent
	observer Observer
	changes  <-chan *sts.Snapshot
	executed chan executed
	running  sync.WaitGroup // commands
	due      *time.Timer    // fires when a wait with a set end has ended

	result   Result
	facts    operate.Facts
	seen     func(*sts.Snapshot) bool // the last write, until the watch has shown it
	then     *operate.Decision        // how the run ends when it has
	lost     *operate.Decision        // a last patch whose answer was lost
	held     string                   // key of an action that the server makes wait
	stale    string                   // resourceVersion of a set that was outdated at a write
	changed  int
	behind   int
	failed   int
	retryAt  time.Time
	progress string
	since    time.Time
}

// executed is a command that has ended.
type executed struct {
	command *operate.Exec
	result  operate.ExecResult
	err     error
}

// exec runs a command beside the loop.
func (r *runner) exec(ctx context.Context, command *operate.Exec) error {
	if r.facts.Started[command.Key] {
		return errors.New(msgRunTwice(command.For))
	}
	r.facts = r.facts.WithStarted(command.Key)
	r.running.Go(func() {
		e := executed{command: command}
		e.result, e.err = r.cluster.Exec(ctx, command)
		select {
		case r.executed <- e:
		case <-ctx.Done():
		}
	})
	return nil
}

// record keeps the result of a command.
func (r *runner) record(e executed) {
	e.result.At = r.result.Last.TakenAt
	r.facts = r.facts.WithResult(e.command.Key, e.result)
	r.result.Commands = append(r.result.Commands, Command{At: e.result.At, Exec: *e.command, ExecResult: e.result})
	r.observer.Executed(e.command, e.result)
}

// look decides on one snapshot. It reports whether the run has ended.
func (r *runner) look(ctx context.Context, s *sts.Snapshot) (bool, error) {
	r.result.Last = s
	r.due.Stop()
	if r.seen != nil {
		if !r.seen(s) {
			return false, nil // a snapshot from before the write must not decide
		}
		r.seen = nil
	}
	if r.lost != nil && r.lost.Action.(*operate.PatchSet).CarriedOut(s.Set) {
		r.wrote(s, *r.lost, nil)
	}
	if r.then != nil && !sts.Observed(s.Set) {
		return false, nil // so that the final report is about the current spec
	}
	if r.then != nil {
		r.result.Decision = *r.then
		r.observer.Decided(s, *r.then)
		return true, nil
	}
	if r.stale != "" {
		if r.stale == s.Set.ResourceVersion {
			return false, nil
		}
		r.stale = ""
	}
	if s.TakenAt.Before(r.retryAt) {
		return false, nil
	}
	if p := s.Progress(); p != r.progress {
		r.progress, r.since = p, s.TakenAt
	}
	r.facts.Still = s.TakenAt.Sub(r.since)
	for {
		d := operate.Next(r.intent, s, r.facts)
		r.result.Decision = d
		if d.Key() != r.held {
			r.observer.Decided(s, d)
		}
		if command, ok := d.Action.(*operate.Exec); ok {
			if err := r.exec(ctx, command); err != nil {
				return true, err
			}
			continue // there may be more to do while it runs
		}
		switch d.Verdict {
		case operate.Do:
			return r.apply(ctx, s, d)
		case operate.Wait:
			if at := wakeAt(d, s.TakenAt); !at.IsZero() {
				r.due.Reset(at.Sub(s.TakenAt))
			}
			return false, nil
		}
		return true, nil
	}
}

// wakeAt is when to look again although nothing has changed, zero for never.
func wakeAt(d operate.Decision, now time.Time) time.Time {
	at := d.Recheck
	if d.Until != nil && (!at.After(now) || d.Until.Before(at)) {
		at = *d.Until
	}
	if !at.After(now) {
		return time.Time{}
	}
	return at
}

func (r *runner) apply(ctx context.Context, s *sts.Snapshot, d operate.Decision) (bool, error) {
	call, cancel := ForCall(ctx)
	defer cancel()
	seen, err := r.cluster.Apply(call, s, d.Action)
	if err != nil && ctx.Err() != nil && call.Err() != nil {
		r.result.Locked = true
		return false, nil // it may have been carried out; the run ends
	}
	_, isPatch := d.Action.(*operate.PatchSet)
	if errors.Is(err, operate.ErrBehind) {
		if r.behind++; r.behind > 1 { // else it is a matter of milliseconds
			r.result.Decision = operate.Decision{Verdict: operate.Wait, Reason: operate.ReasonNotObserved, Message: msgWatchBehind()}
			r.held = d.Key()
			r.observer.Decided(s, r.result.Decision)
		}
		return false, nil
	}
	if errors.Is(err, operate.ErrChanged) {
		if r.changed++; r.changed > ChangedLimit {
			return false, fmt.Errorf("%s: %w", msgKeepsChanging(s.Set.Name, r.changed), err)
		}
		if isPatch {
			r.stale = s.Set.ResourceVersion
		}
		return false, nil
	}
	if stored := (*operate.StoredError)(nil); errors.As(err, &stored) && r.facts.StoredTemplate != stored.Digest {
		r.facts.StoredTemplate = stored.Digest
		r.cluster.Wake()
		return false, nil
	}
	if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
		if answer.Stored {
			r.wrote(s, d, nil)
			r.then = nil // the refusal is the end, not the intended one
		}
		r.result.Decision, r.held = answer.Decision, d.Key()
		if answer.Verdict == operate.Refused {
			r.refused(s, answer.Decision)
			return true, nil
		}
		r.observer.Decided(s, answer.Decision)
		r.retryAt = s.TakenAt.Add(TransientPause)
		return answer.Verdict != operate.Wait, nil
	}
	if errors.Is(err, operate.ErrTransient) {
		if isPatch && (d.Then != nil || d.Action.(*operate.PatchSet).LockOnly()) {
			r.lost = &d // it may have been carried out, and then Next finds no record, or the lock taken
		}
		if deletion, ok := d.Action.(*operate.DeletePod); ok {
			r.facts = r.facts.After(deletion) // the pod may be gone, and counts
		}
		if r.failed++; r.failed <= transientLimit {
			r.retryAt = s.TakenAt.Add(TransientPause)
			return false, nil
		}
	}
	if o := operate.ReadObjection(err); o != nil && o.Kind == operate.ByFailingWebhook {
		if refused := o.RefuseAction(s.Set.Namespace, s.Set.Name, d.Action); refused != nil { // the retries are used up
			r.refused(s, *refused)
			return true, nil
		}
	}
	if err != nil {
		return false, err
	}
	r.wrote(s, d, seen)
	return false, nil
}

// refused ends the run where admission rejects an action: the command is refused when no pod has
// been disrupted yet, else it is stuck.
func (r *runner) refused(s *sts.Snapshot, d operate.Decision) {
	d = Refusal(d, slices.ContainsFunc(r.result.Applied, func(a Applied) bool { return a.Action.Disrupts() }))
	r.result.Decision = d
	r.observer.Decided(s, d)
}

// Refusal is the end where admission rejects a write: refused, or stuck where earlier writes stay.
func Refusal(d operate.Decision, earlier bool) operate.Decision {
	if earlier {
		d.Verdict, d.Message = operate.Stuck, msgStepsKept(d.Message)
	}
	d.Hint = hintRerun(d.Hint)
	return d
}

// wrote records an action that was carried out.
func (r *runner) wrote(s *sts.Snapshot, d operate.Decision, seen func(*sts.Snapshot) bool) {
	r.changed, r.behind, r.failed, r.lost, r.held = 0, 0, 0, nil, ""
	r.facts = r.facts.After(d.Action)
	r.seen, r.then = seen, d.Then
	if !d.Action.IsAPIWrite() {
		return
	}
	r.result.Applied = append(r.result.Applied, Applied{At: s.TakenAt, Action: d.Action})
	r.observer.Applied(s, d.Action)
}

// end releases the lock. A failure to do so does not hide how the run ended; the same
// owner can always resume.
func (r *runner) end(err error) (Result, error) {
	err = r.release(err)
	return r.result, err
}

func (r *runner) release(err error) error {
	reached := err == nil && (r.result.Decision.Verdict == operate.Done || r.then != nil && r.then.Verdict == operate.Done)
	ctx, cancel := context.WithTimeout(r.ending, CallTimeout)
	defer cancel()
	unknown := r.result.Locked // the current write may have taken the lock
	for s := r.result.Last; s != nil; s = r.next(ctx) {
		r.result.Locked = true
		if r.seen != nil && !r.seen(s) || r.stale == s.Set.ResourceVersion {
			continue // our own last write, or that of another client, is not in it yet
		}
		a := r.intent.Release(s, reached)
		if a == nil {
			r.result.Locked = unknown
			return err
		}
		_, e := r.cluster.Apply(ctx, s, a)
		switch {
		case e != nil && ctx.Err() != nil:
			return err
		case errors.Is(e, operate.ErrChanged):
			r.stale = s.Set.ResourceVersion
			continue
		case errors.Is(e, operate.ErrTransient):
			if r.failed > transientLimit {
				return err // the retries were used up by the last action
			}
			continue
		}
		r.result.Locked = false
		if answer := (*operate.AnswerError)(nil); errors.As(e, &answer) {
			switch {
			case err != nil:
				return errors.Join(err, e)
			case reached:
				r.refused(s, answer.Decision)
			}
			return nil // else the run has ended for the same reason
		}
		return errors.Join(err, e)
	}
	return err
}

// next waits for a snapshot, nil when none comes.
func (r *runner) next(ctx context.Context) *sts.Snapshot {
	select {
	case <-ctx.Done():
		return nil
	case s := <-r.changes:
		return s
	}
}
