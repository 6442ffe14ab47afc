package claimloop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// claimRun is a Cluster in which every call takes a second. The number of a claim's
// writes is its resourceVersion.
type claimRun struct {
	mu       sync.Mutex
	busy     int // calls under way
	most     int // so many were
	log      []string
	writes   map[string]int
	read     func(name string) error
	look     func(namespace string) error
	apply    func(ctx context.Context, name string, write int) error
	released chan struct{} // Await returns when it is closed
}

func newClaims() *claimRun { return &claimRun{writes: map[string]int{}, released: make(chan struct{})} }

// call is what all calls to a server have in common.
func (c *claimRun) call(format string, args ...any) {
	c.mu.Lock()
	c.busy++
	c.most = max(c.most, c.busy)
	c.log = append(c.log, fmt.Sprintf(format, args...))
	c.mu.Unlock()
	time.Sleep(time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy--
}

func (c *claimRun) Read(_ context.Context, v claims.View) (claims.View, error) {
	c.call("read %s", v.Name)
	if c.read != nil {
		if err := c.read(v.Name); err != nil {
			return v, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	v.Claim = &corev1.PersistentVolumeClaim{}
	v.Claim.ResourceVersion = fmt.Sprint(c.writes[v.Name])
	return v, nil
}

func (c *claimRun) Look(_ context.Context, namespace string) (func(claims.View) *claims.Around, error) {
	c.call("look at %s", namespace)
	if c.look != nil {
		if err := c.look(namespace); err != nil {
			return nil, err
		}
	}
	return func(claims.View) *claims.Around { return &claims.Around{} }, nil
}

func (c *claimRun) Apply(ctx context.Context, v claims.View, a claims.Action) (claims.View, error) {
	c.call("%s %s", a.Describe(), v.Name)
	c.mu.Lock()
	write := c.writes[v.Name] + 1
	c.mu.Unlock()
	if c.apply != nil {
		if err := c.apply(ctx, v.Name, write); err != nil {
			return v, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes[v.Name] = write
	claim := &corev1.PersistentVolumeClaim{}
	claim.ResourceVersion = fmt.Sprint(write)
	v.Claim = claim
	if _, ok := a.(*claims.DeleteClaim); ok {
		claim.DeletionTimestamp, v.Around = &metav1.Time{}, nil
	}
	return v, nil
}

func (c *claimRun) Await(ctx context.Context, namespace string, views []*claims.View) ([]bool, error) {
	c.call("await %d in %s", len(views), namespace)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.released:
	}
	changed := make([]bool, len(views))
	for n, v := range views {
		v.Claim, changed[n] = nil, true
	}
	return changed, nil
}

// way is a claim's way: keep the volume, look, delete, wait until it is gone, look.
type way struct{}

func (way) Next(v claims.View) claims.ClaimDecision {
	do := func(a claims.Action) claims.ClaimDecision {
		return claims.ClaimDecision{Verdict: operate.Do, Action: a}
	}
	switch {
	case v.Sent && v.Claim != nil && v.Claim.DeletionTimestamp != nil:
		return claims.ClaimDecision{Verdict: operate.Wait, Message: "for " + v.Name + " to be gone"}
	case v.Around == nil && v.Claim != nil && v.Claim.ResourceVersion == "0":
		return do(&claims.RetainVolume{VolumePatch: claims.VolumePatch{Description: "keep"}})
	case v.Around == nil:
		return do(&claims.CheckUsage{Description: "look"})
	case v.Claim != nil:
		return do(&claims.DeleteClaim{Description: "delete"})
	}
	return claims.ClaimDecision{Verdict: operate.Done, Reason: claims.ReasonClaimDeleted}
}

// runClaims drives so many claims in each namespace, and says how it ended for each.
func runClaims(ctx context.Context, w *claimRun, o claimloop.Options, namespaces, each int) map[string]string {
	var tasks []claimloop.Task
	for ns := range namespaces {
		for n := range each {
			tasks = append(tasks, claimloop.Task{Intent: way{}, View: claims.View{Namespace: fmt.Sprintf("ns-%d", ns), Name: fmt.Sprintf("%d-%d", ns, n)}})
		}
	}
	ends := map[string]string{} // no lock: ended is called one at a time, which -race checks
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	claimloop.Run(ctx, w, tasks, o, func(r claimloop.Result) {
		end := string(r.Decision.Verdict)
		if r.Err != nil {
			end = r.Err.Error()
		}
		if r.Wrote {
			end += ", wrote"
		}
		if _, twice := ends[tasks[r.Task].View.Name]; twice {
			end = "told twice"
		}
		ends[tasks[r.Task].View.Name] = end
	})
	return ends
}

func all(namespaces, each int, end string) map[string]string {
	out := map[string]string{}
	for ns := range namespaces {
		for n := range each {
			out[fmt.Sprintf("%d-%d", ns, n)] = end
		}
	}
	return out
}

func TestClaimsInParallel(t *testing.T) {
	for _, test := range []struct{ workers, namespaces, each int }{{1, 1, 3}, {3, 1, 40}, {4, 30, 2}, {8, 3, 50}} {
		synctest.Test(t, func(t *testing.T) {
			w := newClaims()
			close(w.released)
			began := time.Now()
			ends := runClaims(t.Context(), w, claimloop.Options{Concurrency: test.workers}, test.namespaces, test.each)
			if diff := cmp.Diff(all(test.namespaces, test.each, "Done, wrote"), ends); diff != "" {
				t.Errorf("%+v (-want +got):\n%s", test, diff)
			}
			// Waiting claims do not block others: one call per namespace in addition to the workers.
			var calls int
			for _, line := range w.log {
				if !strings.HasPrefix(line, "await") {
					calls++
				}
			}
			if most := test.workers + test.namespaces; w.most > most {
				t.Errorf("%+v: %d calls at once", test, w.most)
			}
			// Three calls for each claim, and few looks.
			if n := test.namespaces * test.each; calls > 4*n+3*test.namespaces {
				t.Errorf("%+v: %d calls for %d claims", test, calls, n)
			}
			// So many workers are worth so much.
			if took, alone := time.Since(began), time.Duration(calls)*time.Second; test.workers > 1 && took > alone*2/time.Duration(test.workers) {
				t.Errorf("%+v: %s for %d calls", test, took, calls)
			}
		})
	}
}

func TestClaimsFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newClaims()
		close(w.released)
		w.read = func(name string) error {
			if name == "0-1" {
				return errors.New("no read")
			}
			return nil
		}
		w.apply = func(_ context.Context, name string, write int) error {
			if name == "0-2" && write == 2 {
				return errors.New("no delete")
			}
			return nil
		}
		w.look = func(namespace string) error {
			if namespace == "ns-1" {
				return errors.New("no look")
			}
			return nil
		}
		want := all(3, 4, "Done, wrote")
		want["0-1"], want["0-2"] = "no read", "no delete, wrote"
		for n := range 4 {
			want[fmt.Sprintf("1-%d", n)] = "no look, wrote"
		}
		if diff := cmp.Diff(want, runClaims(t.Context(), w, claimloop.Options{Concurrency: 3}, 3, 4)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestClaimsStoredOtherwise: a write of which the API server does not store what was sent ends the way
// of its claim. It is refused while nothing was written, and stuck afterwards.
func TestClaimsStoredOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newClaims()
		close(w.released)
		w.apply = func(_ context.Context, name string, write int) error {
			if name == "0-0" && write == 1 || name == "0-1" && write == 2 {
				return operate.RefuseWritten("", "persistentvolume/x", &sts.Alteration{})
			}
			return nil
		}
		want := map[string]string{"0-0": "Refused", "0-1": "Stuck, wrote", "0-2": "Done, wrote"}
		if diff := cmp.Diff(want, runClaims(t.Context(), w, claimloop.Options{Concurrency: 3}, 1, 3)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestClaimsTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newClaims()
		close(w.released)
		tries := map[string]int{}
		w.apply = func(ctx context.Context, name string, write int) error {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("a write has no deadline")
			}
			tries[name]++
			switch {
			case name == "0-0" && tries[name] < 4:
				return fmt.Errorf("busy: %w", operate.ErrTransient)
			case name == "0-1":
				return fmt.Errorf("away: %w", operate.ErrTransient)
			case name == "0-2" && tries[name] == 2:
				return fmt.Errorf("another: %w", operate.ErrChanged)
			}
			return nil
		}
		ends := runClaims(t.Context(), w, claimloop.Options{Concurrency: 1}, 1, 3)
		want := map[string]string{"0-0": "Done, wrote", "0-1": "away: " + operate.ErrTransient.Error(), "0-2": "Done, wrote"}
		if diff := cmp.Diff(want, ends); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if tries["0-1"] != 5 {
			t.Errorf("%d tries", tries["0-1"])
		}
		// What has changed is read and judged again before the next write.
		var said []string
		for _, line := range w.log {
			if strings.HasSuffix(line, "0-2") || strings.HasPrefix(line, "look") {
				said = append(said, strings.TrimSuffix(line, " 0-2"))
			}
		}
		wantLog := []string{"read", "keep", "look at ns-0", "delete", "read", "look at ns-0", "delete", "look at ns-0"}
		if diff := cmp.Diff(wantLog, said); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// A webhook that is required and does not respond: the claim is refused when the retries are used up.
func TestClaimsWebhookAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newClaims()
		tries := 0
		w.apply = func(context.Context, string, int) error {
			tries++
			return fmt.Errorf("%w: %w", operate.ErrTransient, operate.RefuseWritten("", "persistentvolume/x", &sts.Alteration{}))
		}
		if diff := cmp.Diff(all(1, 1, "Refused"), runClaims(t.Context(), w, claimloop.Options{Concurrency: 1}, 1, 1)); diff != "" || tries != 5 {
			t.Errorf("%d tries (-want +got):\n%s", tries, diff)
		}
	})
}

func TestClaimsTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := runClaims(t.Context(), newClaims(), claimloop.Options{Concurrency: 2, Timeout: 10 * time.Second}, 1, 2)
		if !strings.Contains(ends["0-0"], "10s") || !strings.Contains(ends["0-0"], "for 0-0 to be gone") || !strings.HasSuffix(ends["0-1"], ", wrote") {
			t.Errorf("%v", ends)
		}
	})
}

// Ctrl-C: the call under way comes to its end, what was begun is not deleted, and nothing
// new is begun.
func TestClaimsInterrupted(t *testing.T) {
	for after, want := range map[time.Duration][]string{
		// Two were being read: nothing was written.
		500 * time.Millisecond: {"interrupted", "interrupted", "interrupted", "interrupted"},
		// Two were being kept; that call is not broken off.
		1500 * time.Millisecond: {"interrupted, wrote", "interrupted, wrote", "interrupted", "interrupted"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newClaims()
			w.apply = func(ctx context.Context, name string, _ int) error {
				if ctx.Err() != nil {
					t.Errorf("the write to %s was broken off", name)
				}
				return nil
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(after, func() { cancel(errors.New("Ctrl-C")) })
			ends := runClaims(ctx, w, claimloop.Options{Concurrency: 2}, 1, 4)
			var got []string
			for n := range 4 {
				got = append(got, ends[fmt.Sprintf("0-%d", n)])
			}
			slices.SortStableFunc(got, func(a, b string) int { return len(b) - len(a) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %s (-want +got):\n%s", after, diff)
			}
			for _, line := range w.log {
				if strings.HasPrefix(line, "delete") {
					t.Errorf("after %s: %v", after, w.log)
				}
			}
		})
	}
	// Deleted, and its end is waited for: that is given up, and told.
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Second, func() { cancel(errors.New("Ctrl-C")) })
		ends := runClaims(ctx, newClaims(), claimloop.Options{Concurrency: 2}, 1, 2)
		if !strings.Contains(ends["0-0"], "for 0-0 to be gone") || !strings.HasSuffix(ends["0-1"], ", wrote") {
			t.Errorf("%v", ends)
		}
	})
}

// Ctrl-C between two tries of a call that the server does not answer, or in one, is an interruption, no failure, and
// delayed by three seconds at most.
func TestClaimsInterruptedRetry(t *testing.T) {
	away := fmt.Errorf("away: %w", operate.ErrTransient)
	for name, test := range map[string]struct {
		fail func(*claimRun)
		want string
	}{
		"read":  {func(w *claimRun) { w.read = func(string) error { return away } }, "interrupted"},
		"write": {func(w *claimRun) { w.apply = func(context.Context, string, int) error { return away } }, "interrupted, wrote"},
		"hang": {func(w *claimRun) {
			w.apply = func(ctx context.Context, _ string, _ int) error { <-ctx.Done(); return ctx.Err() }
		}, "interrupted, wrote"},
		"look": {func(w *claimRun) { w.look = func(string) error { return away } }, "interrupted, wrote"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newClaims()
			test.fail(w)
			ctx, cancel := context.WithCancelCause(t.Context())
			began := time.Now()
			time.AfterFunc(3500*time.Millisecond, func() { cancel(errors.New("Ctrl-C")) })
			if diff := cmp.Diff(all(1, 1, test.want), runClaims(ctx, w, claimloop.Options{Concurrency: 1}, 1, 1)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if took := time.Since(began); took > 6500*time.Millisecond {
				t.Errorf("%s: it took %s", name, took)
			}
		})
	}
}

func TestClaimsOnlyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := runClaims(t.Context(), newClaims(), claimloop.Options{Concurrency: 2, OnlyReads: true}, 2, 3)
		if diff := cmp.Diff(all(2, 3, "Do"), ends); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// later is an intent that has to wait for the cluster first.
type later struct{}

func (later) Next(claims.View) claims.ClaimDecision {
	return claims.ClaimDecision{Verdict: operate.Wait, Reason: claims.ReasonNotReleased, Message: "for its release"}
}

// What would be waited for is the result, in words.
func TestClaimsOnlyReadsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []byte
		claimloop.Run(t.Context(), newClaims(), []claimloop.Task{{Intent: later{}, View: claims.View{Name: "0-0"}}},
			claimloop.Options{Concurrency: 1, Timeout: time.Minute, OnlyReads: true}, func(r claimloop.Result) {
				if o := r.Outcome("purged", "purged (client dry run)"); o != (claimloop.Outcome{Word: "purged", Line: "purged (client dry run)", End: claimloop.EndGood}) {
					t.Errorf("%+v", o)
				}
				got, _ = json.Marshal(r.Decision)
			})
		if want := `{"verdict":"Wait","reason":"NotReleased","message":"waiting for its release"}`; string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

// What was decided before is not read again, whatever the cluster would answer.
func TestClaimsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newClaims()
		w.read = func(string) error { return errors.New("no read") }
		var tasks []claimloop.Task
		for _, v := range []operate.Verdict{operate.Refused, operate.Do, operate.Wait} {
			d := claimloop.Settled{Verdict: v, Action: &claims.PurgeVolume{}}
			tasks = append(tasks, claimloop.Task{Intent: d, View: claims.View{Name: string(v)}})
		}
		claimloop.Run(t.Context(), w, tasks, claimloop.Options{Concurrency: 1, Timeout: time.Minute, OnlyReads: true}, func(r claimloop.Result) {
			if r.Err != nil || string(r.Decision.Verdict) != r.View.Name {
				t.Errorf("%s: %s %v", r.View.Name, r.Decision.Verdict, r.Err)
			}
		})
		if len(w.log) > 0 {
			t.Errorf("calls: %v", w.log)
		}
	})
}

func TestClaimsDryRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newClaims() // nothing is ever gone
		ends := runClaims(t.Context(), w, claimloop.Options{Concurrency: 2, DryRun: true}, 2, 3)
		if diff := cmp.Diff(all(2, 3, "Do, wrote"), ends); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
