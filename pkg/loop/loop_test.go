package loop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// cluster is a World that the test moves. Everything that happens is written down.
type cluster struct {
	t       *testing.T
	version int
	age     time.Duration // since the first snapshot
	changes chan *sts.Snapshot
	began   time.Time
	cut     atomic.Bool // nothing can be seen
	err     error
	log     []string
	// apply answers a write; by default it succeeds and is seen one version later.
	apply func(ctx context.Context, a operate.SetAction) error
	// exec is how a command ends; it runs beside the loop.
	exec  func(ctx context.Context, command *operate.Exec) (operate.ExecResult, error)
	ended context.Context // of the watch
	// change alters what is seen.
	change func(*sts.Inventory)
}

func newCluster(t *testing.T) *cluster {
	return &cluster{t: t, version: 1, changes: make(chan *sts.Snapshot), began: time.Now()}
}

func (c *cluster) Watch(ctx context.Context) <-chan *sts.Snapshot {
	c.ended = ctx
	return c.changes
}

func (c *cluster) Err() error { return c.err }

func (c *cluster) Wake() {
	if c.cut.Load() {
		c.note("woken in vain")
		return
	}
	c.age = max(c.age, time.Since(c.began))
	c.send()
}

func (c *cluster) Apply(ctx context.Context, s *sts.Snapshot, a operate.SetAction) (func(*sts.Snapshot) bool, error) {
	c.note("apply %s on %s", a.Describe(), s.Set.ResourceVersion)
	if _, bounded := ctx.Deadline(); !bounded {
		c.t.Errorf("the write %q has no deadline", a.Describe())
	}
	if c.apply != nil {
		if err := c.apply(ctx, a); err != nil {
			return nil, err
		}
	}
	written := c.version + 1
	return func(s *sts.Snapshot) bool { return number(s) >= written }, nil
}

func (c *cluster) Exec(ctx context.Context, command *operate.Exec) (operate.ExecResult, error) {
	return c.exec(ctx, command)
}

func (c *cluster) Executed(command *operate.Exec, r operate.ExecResult) {
	c.note("answered %s: %s", command.Key, r)
}

func (c *cluster) note(format string, args ...any) {
	c.log = append(c.log, fmt.Sprintf(format, args...))
}

// show sends the set at a version to the loop.
func (c *cluster) show(version int) {
	c.version = version
	c.send()
	synctest.Wait()
}

func (c *cluster) send() {
	inv := ststest.Web(2)
	inv.TakenAt = inv.TakenAt.Add(c.age)
	inv.Sets[0].ResourceVersion = strconv.Itoa(c.version)
	if c.change != nil {
		c.change(inv)
	}
	snapshot := inv.Snapshots()[0]
	go func() { c.changes <- snapshot }() // a slow write must not hold up the test
}

func number(s *sts.Snapshot) int {
	n, err := strconv.Atoi(s.Set.ResourceVersion)
	if err != nil {
		panic(err)
	}
	return n
}

// Decided and Applied make the cluster the loop's observer, too.
func (c *cluster) Decided(s *sts.Snapshot, d operate.Decision) {
	c.note("decided %s %s on %s", d.Verdict, d.Message, s.Set.ResourceVersion)
}

func (c *cluster) Applied(s *sts.Snapshot, a operate.SetAction) {
	c.note("applied %s on %s", a.Describe(), s.Set.ResourceVersion)
}

// script is an Intent that gives its decisions one after the other, the last one
// again and again.
type script struct {
	decisions []operate.Decision
	facts     []operate.Facts
	released  []bool
	release   bool // whether there is something to release
}

func (i *script) Next(_ *sts.Snapshot, f operate.Facts) operate.Decision {
	i.facts = append(i.facts, f)
	return i.decisions[min(len(i.facts), len(i.decisions))-1]
}

func (i *script) Release(_ *sts.Snapshot, reached bool) *operate.PatchSet {
	i.released = append(i.released, reached)
	if !i.release {
		return nil
	}
	return &operate.PatchSet{Description: "release"}
}

func wait(message string) operate.Decision {
	return operate.Decision{Verdict: operate.Wait, Message: message}
}
func done(message string) operate.Decision {
	return operate.Decision{Verdict: operate.Done, Message: message}
}

func patch(why string) operate.Decision {
	return operate.Decision{Verdict: operate.Do, Message: why, Action: &operate.PatchSet{Description: why}}
}

func deletion(why string) operate.Decision {
	return operate.Decision{Verdict: operate.Do, Message: why, Action: &operate.DeletePod{Description: why, PodRef: operate.PodRef{Name: why, UID: types.UID("uid " + why)}}}
}

func command(key string) operate.Decision {
	return operate.Decision{Verdict: operate.Do, Message: key, Action: &operate.Exec{Description: key, Key: key, For: "check"}}
}

// running is a loop under way.
type running struct {
	result loop.Result
	err    error
	end    chan struct{}
	stop   context.CancelCauseFunc
}

func run(c *cluster, i operate.Intent, timeout time.Duration) *running {
	return runWith(c, i, loop.Options{}, timeout)
}

// withTimeout is a context as of a command with --timeout, 0 for none.
func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, &loop.TimeoutError{After: timeout})
}

func runWith(c *cluster, i operate.Intent, opts loop.Options, timeout time.Duration) *running {
	ctx, stop := context.WithCancelCause(context.Background())
	r := &running{stop: stop, end: make(chan struct{})}
	go func() {
		defer close(r.end)
		ctx, cancel := withTimeout(ctx, timeout)
		defer cancel()
		r.result, r.err = loop.Run(ctx, c, i, opts, c)
	}()
	synctest.Wait()
	return r
}

func (r *running) over() bool {
	select {
	case <-r.end:
		return true
	default:
		return false
	}
}

func (r *running) mustBeOver(t *testing.T, over bool) {
	t.Helper()
	synctest.Wait()
	if r.over() != over {
		t.Fatalf("the loop is over: %t", r.over())
	}
}

func (c *cluster) wrote(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, c.log); diff != "" {
		t.Errorf("what happened (-want +got):\n%s", diff)
	}
}

func TestWaitsForTheWatchToShowTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{wait("a moment"), patch("one"), deletion("two"), done("all")}}
		r := run(c, i, 0)
		c.show(1)
		c.show(2)
		c.show(2) // a heartbeat from before the write: must not decide
		c.show(2)
		c.show(3)
		c.show(4)
		r.mustBeOver(t, true)
		c.wrote(t,
			"decided Wait a moment on 1",
			"decided Do one on 2", "apply one on 2", "applied one on 2",
			"decided Do two on 3", "apply two on 3", "applied two on 3",
			"decided Done all on 4",
		)
		if r.err != nil || r.result.Decision.Message != "all" || len(r.result.Applied) != 2 || number(r.result.Last) != 4 {
			t.Errorf("%v, %+v", r.err, r.result)
		}
		if c.ended.Err() == nil {
			t.Error("the watch continues after the end")
		}
		if diff := cmp.Diff([]bool{true}, i.released); diff != "" {
			t.Errorf("released (-want +got):\n%s", diff)
		}
	})
}

// Only a write to the set leaves an owner token behind, and only time in which
// nothing moves counts as still.
func TestFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{wait("x"), deletion("a"), patch("b"), wait("y"), done("")}}
		r := run(c, i, 0)
		for n := 1; n <= 5; n++ {
			c.show(n)
			c.age += time.Minute
		}
		r.mustBeOver(t, true)
		gone := map[types.UID]string{"uid a": "a"}
		want := []operate.Facts{{Still: 0}, {Still: time.Minute}, {Still: 2 * time.Minute, Deleted: gone},
			{Wrote: true, Still: 3 * time.Minute, Deleted: gone}, {Wrote: true, Still: 4 * time.Minute, Deleted: gone}}
		if diff := cmp.Diff(want, i.facts); diff != "" {
			t.Errorf("facts (-want +got):\n%s", diff)
		}
	})
}

// What a dry run has shown is known from the first decision on.
func TestTheStoredTemplateIsAFact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{done("")}}
		r := runWith(c, i, loop.Options{StoredTemplate: "digest"}, 0)
		c.show(1)
		r.mustBeOver(t, true)
		if diff := cmp.Diff([]operate.Facts{{StoredTemplate: "digest"}}, i.facts); diff != "" {
			t.Errorf("facts (-want +got):\n%s", diff)
		}
	})
}

// A deletion whose answer is lost counts, because the pod may be gone. One that the
// server has refused does not.
func TestFactsOfDeletions(t *testing.T) {
	for name, test := range map[string]struct {
		answer error
		want   map[types.UID]string
	}{
		"lost":    {operate.ErrTransient, map[types.UID]string{"uid a": "a"}},
		"refused": {operate.ErrChanged, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, i := newCluster(t), &script{decisions: []operate.Decision{deletion("a"), done("")}}
				c.apply = func(context.Context, operate.SetAction) error { return test.answer }
				r := run(c, i, 0)
				for n := 1; n <= 2; n++ {
					c.show(n)
					c.age += time.Minute
				}
				r.mustBeOver(t, true)
				if diff := cmp.Diff(test.want, i.facts[1].Deleted); diff != "" {
					t.Errorf("deleted (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What wipes the record that Next would look at says itself how it ends.
func TestThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		last := patch("finish")
		end := operate.Decision{Verdict: operate.Stuck, Message: "re-encoded"}
		last.Then = &end
		c, i := newCluster(t), &script{decisions: []operate.Decision{last, done("never asked")}}
		r := run(c, i, 0)
		c.show(1)
		c.show(1)
		r.mustBeOver(t, false)
		c.show(2)
		r.mustBeOver(t, true)
		if r.err != nil || r.result.Decision.Message != "re-encoded" || len(i.facts) != 1 {
			t.Errorf("%v, %+v, asked %d times", r.err, r.result.Decision, len(i.facts))
		}
	})
}

// A lock that was taken, but without an answer of the server, counts as taken.
func TestTheAnswerToALockIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		locked := func(inv *sts.Inventory) {
			owner := record.Owner{Name: "alice", ID: "0", Command: "pause"}
			inv.Sets[0].Annotations = map[string]string{record.OwnerAnnotation: sts.EncodeAnnotation(owner)}
		}
		inv := ststest.Web(2)
		locked(inv)
		inv.Pods[1].DeletionTimestamp = &metav1.Time{Time: ststest.Now}
		take := operate.Next(operate.NewRestartPods(operate.RestartOptions{Lock: operate.Lock{Owner: record.Owner{Name: "alice", ID: "1", Command: "restart"}}}, inv.Snapshots()[0]), inv.Snapshots()[0], operate.Facts{})
		if take.Reason != "Lock" {
			t.Fatalf("%+v", take)
		}
		taken := func(inv *sts.Inventory) {
			locked(inv)
			set, err := operate.Patched(inv.Sets[0], take.Action.(*operate.PatchSet).Ops)
			if err != nil {
				t.Fatal(err)
			}
			inv.Sets[0] = set
		}
		for name, test := range map[string]struct {
			change func(*sts.Inventory)
			want   bool
		}{"carried out": {taken, true}, "not carried out": {locked, false}} {
			c, i := newCluster(t), &script{decisions: []operate.Decision{take, done("all")}}
			c.apply = func(context.Context, operate.SetAction) error { return operate.ErrTransient }
			r := run(c, i, 0)
			c.show(1)
			c.age += time.Minute
			c.change = test.change
			c.show(2)
			r.mustBeOver(t, true)
			if got := i.facts[1].TookOver != nil; got != test.want {
				t.Errorf("%s: took the lock: %t", name, got)
			}
		}
	})
}

func TestChangedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{patch("one"), patch("again"), done("all")}}
		refused := 0
		c.apply = func(context.Context, operate.SetAction) error {
			if refused++; refused == 1 {
				return fmt.Errorf("patch: %w: test failed", operate.ErrChanged)
			}
			return nil
		}
		r := run(c, i, 0)
		c.show(1)
		c.show(1) // the same outdated set must not decide again
		c.show(2)
		c.show(3)
		r.mustBeOver(t, true)
		c.wrote(t,
			"decided Do one on 1", "apply one on 1",
			"decided Do again on 2", "apply again on 2", "applied again on 2",
			"decided Done all on 3",
		)
		if len(r.result.Applied) != 1 {
			t.Errorf("%d actions are reported, one was carried out", len(r.result.Applied))
		}
	})
}

func TestGivesUpWhenItKeepsChanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{patch("one")}}
		c.apply = func(context.Context, operate.SetAction) error { return operate.ErrChanged }
		r := run(c, i, 0)
		for n := 1; !r.over() && n < 100; n++ {
			c.show(n)
		}
		r.mustBeOver(t, true)
		if !errors.Is(r.err, operate.ErrChanged) || r.err.Error() != loop.MsgKeepsChanging("web", len(i.facts))+": "+operate.ErrChanged.Error() {
			t.Errorf("error %v", r.err)
		}
		if len(i.facts) < 10 || len(i.facts) > 30 {
			t.Errorf("gave up after %d looks", len(i.facts))
		}
	})
}

// A write without an answer is tried again, not before a moment has passed, and
// not forever.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{patch("one")}}
		c.apply = func(context.Context, operate.SetAction) error { return fmt.Errorf("reset: %w", operate.ErrTransient) }
		r := run(c, i, 0)
		c.show(1)
		c.show(2)
		if len(i.facts) != 1 {
			t.Errorf("tried %d times at one moment", len(i.facts))
		}
		for n := 3; !r.over() && n < 100; n++ {
			c.age += 2 * time.Second
			c.show(n)
		}
		r.mustBeOver(t, true)
		if !errors.Is(r.err, operate.ErrTransient) {
			t.Errorf("error %v", r.err)
		}
		if len(i.facts) < 10 || len(i.facts) > 30 {
			t.Errorf("gave up after %d tries", len(i.facts))
		}
	})
}

// A budget that lets no pod go just now is waited for, as long as it takes, and said
// once; a misconfiguration ends the run.
func TestTheServerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{deletion("evict")}}
		answer := wait("for budget web")
		c.apply = func(context.Context, operate.SetAction) error { return &operate.AnswerError{Decision: answer} }
		r := run(c, i, 0)
		c.show(1)
		c.show(2)
		if len(i.facts) != 1 {
			t.Errorf("asked %d times at one moment", len(i.facts))
		}
		for n := 3; n < 60; n++ {
			c.age += 2 * time.Second
			c.show(n)
		}
		r.mustBeOver(t, false)
		var decided []string
		for _, line := range c.log {
			if strings.HasPrefix(line, "decided Do") {
				decided = append(decided, line)
			}
		}
		if len(decided) != 1 || len(i.facts) < 50 {
			t.Errorf("asked %d times, and said %v", len(i.facts), decided)
		}
		answer = operate.Decision{Verdict: operate.Refused, Reason: "TwoBudgets", Message: "two budgets"}
		c.age += 2 * time.Second
		c.show(60)
		r.mustBeOver(t, true)
		if r.err != nil || r.result.Decision.Reason != "TwoBudgets" || len(r.result.Applied) != 0 {
			t.Errorf("%v, %+v", r.err, r.result)
		}
	})
}

func TestAnErrorEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{patch("one")}, release: true}
		forbidden := errors.New("forbidden")
		c.apply = func(_ context.Context, a operate.SetAction) error {
			if a.Describe() == "release" {
				return nil
			}
			return forbidden
		}
		r := run(c, i, 0)
		c.show(1)
		r.mustBeOver(t, true)
		if !errors.Is(r.err, forbidden) {
			t.Errorf("error %v", r.err)
		}
		if diff := cmp.Diff([]bool{false}, i.released); diff != "" {
			t.Errorf("released as reached (-want +got):\n%s", diff)
		}
		c.wrote(t, "decided Do one on 1", "apply one on 1", "apply release on 1")
	})
}

// A lock that could not be released is reported, and does not hide how the run ended.
func TestReleaseFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{done("all")}, release: true}
		c.apply = func(context.Context, operate.SetAction) error { return errors.New("forbidden") }
		r := run(c, i, 0)
		c.show(1)
		r.mustBeOver(t, true)
		if r.err == nil || r.result.Decision.Verdict != operate.Done {
			t.Errorf("%v, %+v", r.err, r.result.Decision)
		}
	})
}

func TestReleaseLooksAgainWhenTheSetHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{done("all")}, release: true}
		refused := 0
		c.apply = func(context.Context, operate.SetAction) error {
			if refused++; refused == 1 {
				return operate.ErrChanged
			}
			return nil
		}
		r := run(c, i, 0)
		c.show(1)
		r.mustBeOver(t, false)
		c.show(1)
		c.show(2)
		r.mustBeOver(t, true)
		c.wrote(t, "decided Done all on 1", "apply release on 1", "apply release on 2")
		if r.err != nil {
			t.Error(r.err)
		}
	})
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{wait("for web-4")}, release: true}
		r := run(c, i, 90*time.Second)
		c.show(1)
		time.Sleep(89 * time.Second)
		r.mustBeOver(t, false)
		time.Sleep(2 * time.Second)
		r.mustBeOver(t, true)
		var timeout *loop.TimeoutError
		if !errors.As(r.err, &timeout) || timeout.After != 90*time.Second || r.err.Error() != loop.MsgTimedOut(90*time.Second, "for web-4") {
			t.Errorf("error %v", r.err)
		}
		if diff := cmp.Diff([]bool{false}, i.released); diff != "" {
			t.Errorf("released as reached (-want +got):\n%s", diff)
		}
	})
}

func TestTimeoutBeforeAnythingWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{done("")}}
		r := run(c, i, time.Second)
		time.Sleep(2 * time.Second)
		r.mustBeOver(t, true)
		if r.err == nil || r.err.Error() != loop.MsgTimedOut(time.Second, "") || r.result.Last != nil || len(i.released) != 0 {
			t.Errorf("%v, %+v, released %v", r.err, r.result, i.released)
		}
	})
}

// Ctrl-C: the call in flight is finished and told of, the token is given back, and
// only when the watch has shown the last write.
func TestInterruption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{patch("one"), wait("for web-4")}, release: true}
		cause := errors.New("signal: interrupt")
		c.apply = func(ctx context.Context, a operate.SetAction) error {
			if a.Describe() == "release" {
				return nil
			}
			time.Sleep(2 * time.Second) // a slow server
			return ctx.Err()
		}
		r := run(c, i, 0)
		c.show(1)
		r.stop(cause)
		r.mustBeOver(t, false)
		time.Sleep(3 * time.Second)
		r.mustBeOver(t, false) // the write is not shown yet
		c.show(1)
		c.show(2)
		r.mustBeOver(t, true)
		var interrupted *loop.InterruptedError
		if !errors.As(r.err, &interrupted) || !errors.Is(r.err, cause) {
			t.Errorf("error %v", r.err)
		}
		c.wrote(t, "decided Do one on 1", "apply one on 1", "applied one on 1", "apply release on 2")
		if len(r.result.Applied) != 1 {
			t.Errorf("%d actions are reported, one was carried out", len(r.result.Applied))
		}
		if diff := cmp.Diff([]bool{false}, i.released); diff != "" {
			t.Errorf("released as reached (-want +got):\n%s", diff)
		}
	})
}

// A server that does not answer delays Ctrl-C and the timeout by five seconds, and the result says that the lock may
// have stayed.
func TestInterruptionOfAHangingCall(t *testing.T) {
	for name, test := range map[string]struct {
		timeout time.Duration
		hangs   string // the first write that does; before it, there is no lock
	}{"Ctrl-C": {0, "two"}, "timeout": {20 * time.Second, "two"}, "Ctrl-C in the first write": {0, "one"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, i := newCluster(t), &script{decisions: []operate.Decision{patch("one"), patch("two")}, release: test.hangs == "two"}
				c.apply = func(ctx context.Context, a operate.SetAction) error {
					if a.Describe() == "one" && test.hangs == "two" {
						return nil
					}
					<-ctx.Done()
					return ctx.Err()
				}
				r := run(c, i, test.timeout)
				c.show(1)
				if test.hangs == "two" {
					c.show(2)
				}
				time.Sleep(test.timeout) // no longer than a call may last without an interruption
				if test.timeout == 0 {
					r.stop(errors.New("signal"))
				}
				time.Sleep(3*time.Second - time.Millisecond)
				r.mustBeOver(t, false)
				time.Sleep(2*time.Second + 2*time.Millisecond)
				r.mustBeOver(t, true)
				if applied := map[string]int{"one": 0, "two": 1}[test.hangs]; !r.result.Locked || len(r.result.Applied) != applied {
					t.Errorf("locked %t, %d writes are reported", r.result.Locked, len(r.result.Applied))
				}
				interrupted, expired := (*loop.InterruptedError)(nil), (*loop.TimeoutError)(nil)
				if !errors.As(r.err, &interrupted) && !errors.As(r.err, &expired) {
					t.Errorf("error %v", r.err)
				}
			})
		})
	}
}

// The same if no call was in progress, and the server refuses connections.
func TestInterruptionInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{wait("for web-4")}, release: true}
		c.apply = func(context.Context, operate.SetAction) error { return operate.ErrTransient }
		r := run(c, i, 0)
		c.show(1)
		r.stop(errors.New("signal"))
		time.Sleep(5*time.Second + time.Millisecond)
		r.mustBeOver(t, true)
		if !r.result.Locked {
			t.Error("the lock was not released, and this is not said")
		}
	})
}

func TestTheWatchFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{wait("x")}}
		r := run(c, i, 0)
		c.show(1)
		c.err = errors.New("statefulset web was deleted")
		close(c.changes)
		r.mustBeOver(t, true)
		if !errors.Is(r.err, c.err) {
			t.Errorf("error %v", r.err)
		}
	})
}

func TestVerdictsThatEnd(t *testing.T) {
	for _, verdict := range []operate.Verdict{operate.Done, operate.Stuck, operate.Refused} {
		synctest.Test(t, func(t *testing.T) {
			c, i := newCluster(t), &script{decisions: []operate.Decision{{Verdict: verdict, Message: "m"}}}
			r := run(c, i, 0)
			c.show(1)
			r.mustBeOver(t, true)
			if r.err != nil || r.result.Decision.Verdict != verdict {
				t.Errorf("%s: %v, %+v", verdict, r.err, r.result.Decision)
			}
			if diff := cmp.Diff([]bool{verdict == operate.Done}, i.released); diff != "" {
				t.Errorf("%s: released as reached (-want +got):\n%s", verdict, diff)
			}
		})
	}
}

// Commands run beside the loop: it keeps looking, several may run, and a
// result decides at once, without waiting for a change.
func TestAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{
			command("a"), command("b"), wait("for both"), wait("for both"), wait("for b"), done("all"),
		}}
		answers := map[string]chan operate.ExecResult{"a": make(chan operate.ExecResult), "b": make(chan operate.ExecResult)}
		c.exec = func(_ context.Context, run *operate.Exec) (operate.ExecResult, error) { return <-answers[run.Key], nil }
		r := run(c, i, 0)
		c.show(1)
		c.show(2)
		answers["a"] <- operate.ExecResult{ExitCode: 3}
		synctest.Wait()
		answers["b"] <- operate.ExecResult{Output: "fine"}
		r.mustBeOver(t, true)
		c.wrote(t,
			"decided Do a on 1", "decided Do b on 1", "decided Wait for both on 1",
			"decided Wait for both on 2",
			"answered a: terminated with exit code 3", "decided Wait for b on 2",
			"answered b: succeeded", "decided Done all on 2",
		)
		last := i.facts[len(i.facts)-1]
		want := operate.Facts{Results: map[string]operate.ExecResult{"a": {ExitCode: 3, At: last.Results["a"].At}, "b": {Output: "fine", At: last.Results["b"].At}}, Started: map[string]bool{"a": true, "b": true}}
		if last.Results["a"].At.IsZero() || last.Results["b"].At.IsZero() {
			t.Error("an answer has no time")
		}
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("facts (-want +got):\n%s", diff)
		}
		if len(i.facts[0].Started) != 0 || len(i.facts[1].Results) != 0 {
			t.Error("facts that were handed out have changed")
		}
		if len(r.result.Commands) != 2 || len(r.result.Applied) != 0 || r.err != nil {
			t.Errorf("%v, %+v", r.err, r.result)
		}
	})
}

// Whatever ends the command ends what it has asked.
func TestEndOfTheCommandEndsItsQuestions(t *testing.T) {
	for name, end := range map[string]func(c *cluster, r *running){
		"stuck meanwhile": func(c *cluster, _ *running) { c.show(2) },
		"interrupted":     func(_ *cluster, r *running) { r.stop(errors.New("Ctrl-C")) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, i := newCluster(t), &script{decisions: []operate.Decision{command("a"), wait("for a"), {Verdict: operate.Stuck}}}
				ended := false
				c.exec = func(ctx context.Context, _ *operate.Exec) (operate.ExecResult, error) {
					<-ctx.Done()
					ended = true
					return operate.ExecResult{}, ctx.Err()
				}
				r := run(c, i, 0)
				c.show(1)
				end(c, r)
				r.mustBeOver(t, true)
				if !ended {
					t.Error("the command still runs")
				}
			})
		})
	}
}

func TestAQuestionThatCannotBeAskedIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{command("a"), wait("for a")}}
		c.exec = func(context.Context, *operate.Exec) (operate.ExecResult, error) {
			return operate.ExecResult{}, errors.New("no shell")
		}
		r := run(c, i, 0)
		c.show(1)
		r.mustBeOver(t, true)
		if r.err == nil || r.err.Error() != "no shell" {
			t.Errorf("error %v", r.err)
		}
	})
}

// A decision by a stale watch is not counted as a failure, however long the watch is behind. It is
// reported when that takes more than a moment.
func TestAStaleWatchIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{patch("promote")}}
		behind := true
		c.apply = func(context.Context, operate.SetAction) error {
			if behind {
				return operate.ErrBehind
			}
			i.decisions = []operate.Decision{done("all")}
			return nil
		}
		r := run(c, i, 0)
		for range 30 {
			c.show(1)
		}
		if said := slices.DeleteFunc(slices.Clone(c.log), func(line string) bool { return !strings.Contains(line, loop.MsgWatchBehind()) }); len(said) != 29 {
			t.Errorf("said %d times: %s", len(said), strings.Join(said, "\n"))
		}
		behind = false
		c.show(1)
		c.show(2)
		r.mustBeOver(t, true)
		if r.err != nil || len(r.result.Applied) != 1 {
			t.Errorf("%v, %+v", r.err, r.result.Applied)
		}
	})
}

// While nothing can be seen of the cluster nothing is decided: not when an answer comes, and
// not when a wait is over.
func TestBlindnessDecidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		soaked := ststest.Now.Add(300 * time.Millisecond)
		c, i := newCluster(t), &script{decisions: []operate.Decision{
			command("a"), {Verdict: operate.Wait, Message: "for a", Until: &soaked}, done("all"),
		}}
		answer := make(chan operate.ExecResult)
		c.exec = func(context.Context, *operate.Exec) (operate.ExecResult, error) { return <-answer, nil }
		r := run(c, i, 0)
		c.show(1)
		c.cut.Store(true)
		time.Sleep(time.Second)
		answer <- operate.ExecResult{}
		synctest.Wait()
		c.cut.Store(false)
		c.show(2)
		r.mustBeOver(t, true)
		c.wrote(t,
			"decided Do a on 1", "decided Wait for a on 1", "woken in vain",
			"answered a: succeeded", "woken in vain", "decided Done all on 2",
		)
	})
}

// A wait that has an end is over then, not at the next heartbeat.
func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		soaked := ststest.Now.Add(300 * time.Millisecond)
		c := newCluster(t)
		i := &script{decisions: []operate.Decision{{Verdict: operate.Wait, Until: &soaked}, done("soaked")}}
		r := run(c, i, 0)
		began := time.Now()
		c.show(1)
		<-r.end
		if took := time.Since(began); took != 300*time.Millisecond || !r.result.Last.TakenAt.Equal(soaked) {
			t.Errorf("it took %s, and the last look was at %s", took, r.result.Last.TakenAt)
		}
	})
}
