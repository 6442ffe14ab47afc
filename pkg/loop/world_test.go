package loop_test

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// live is a cluster whose StatefulSet controller and nodes are those of package forecast, in the time
// of the test. The controller looks once a second, so it does not see a write at once.
type live struct {
	t       *testing.T
	world   *forecast.World
	beside  *sts.Snapshot
	origin  time.Time // when the world began, by the test's clock
	version int       // of the set, as a number
	// free has the one who reads or changes the world.
	free chan struct{}
	wake chan struct{}
	// decided are the decisions, without the waits.
	decided []string
}

func newLive(t *testing.T, replicas int32) *live {
	s := ststest.Web(replicas).Snapshots()[0]
	broken := func(p *corev1.Pod) bool { return strings.HasSuffix(p.Spec.Containers[0].Image, "-broken") }
	l := &live{t: t, beside: s, origin: time.Now(), free: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
	l.beside.Budgets = nil
	l.world = forecast.NewWorld(s, forecast.Features{}, forecast.Nodes{ReadyAfter: 20 * time.Second, TerminateAfter: 10 * time.Second, Broken: broken})
	l.world.Now = ststest.Now
	l.free <- struct{}{}
	return l
}

func (l *live) Watch(ctx context.Context) <-chan *sts.Snapshot {
	snapshots := make(chan *sts.Snapshot)
	go func() {
		defer close(snapshots)
		for {
			<-l.free
			for until := ststest.Now.Add(time.Since(l.origin)); l.world.AdvanceTo(until); {
			}
			l.world.Settle()
			s := l.world.Snapshot(l.beside)
			l.version++
			s.Set.ResourceVersion = strconv.Itoa(l.version)
			l.free <- struct{}{}
			select {
			case snapshots <- s:
			case <-ctx.Done():
				return
			}
			select {
			case <-time.After(time.Second):
			case <-l.wake:
			case <-ctx.Done():
				return
			}
		}
	}()
	return snapshots
}

func (l *live) Err() error { return nil }

func (l *live) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *live) Apply(_ context.Context, _ *sts.Snapshot, a operate.SetAction) (func(*sts.Snapshot) bool, error) {
	<-l.free
	defer func() { l.free <- struct{}{} }()
	switch a := a.(type) {
	case *operate.PatchSet:
		set, err := operate.Patched(l.world.Set, a.Ops)
		if err != nil {
			return nil, operate.ErrChanged
		}
		if !equality.Semantic.DeepEqual(set.Spec, l.world.Set.Spec) {
			set.Generation++
		}
		l.world.Set = set
	case *operate.DeletePod:
		if p := l.world.Pods[a.Name]; p == nil || p.UID != a.UID {
			return nil, operate.ErrChanged
		}
		l.world.Delete(a.Ordinal)
	default:
		l.t.Errorf("%q was not predicted", a.Describe())
	}
	written := l.version + 1
	return func(s *sts.Snapshot) bool { return number(s) >= written }, nil
}

func (l *live) Exec(context.Context, *operate.Exec) (operate.ExecResult, error) {
	return operate.ExecResult{}, errors.New("no command is expected here")
}

func (l *live) Executed(*operate.Exec, operate.ExecResult) {}
func (l *live) Applied(*sts.Snapshot, operate.SetAction)   {}

func (l *live) Decided(_ *sts.Snapshot, d operate.Decision) {
	if d.Verdict != operate.Wait {
		l.decided = append(l.decided, string(d.Verdict)+" "+cmp.Or(d.Reason, d.Message))
	}
}

func (l *live) run(i operate.Intent, timeout time.Duration) (loop.Result, error) {
	ctx, cancel := withTimeout(l.t.Context(), timeout)
	defer cancel()
	r, err := loop.Run(ctx, l, i, loop.Options{}, l)
	synctest.Wait() // the watch may be about to look once more before it ends
	return r, err
}

// promoteAll is a promotion to every ordinal.
func (l *live) promoteAll(id string) operate.Intent {
	return operate.NewPromoteCanary(operate.PromoteOptions{Lock: owner(id), Full: true}, l.world.Snapshot(l.beside))
}

// deleted are the pods that have been deleted, in order.
func (l *live) deleted() []string {
	var pods []string
	for _, e := range l.world.Events() {
		if e.Kind == forecast.PodDeleted {
			pods = append(pods, e.Object)
		}
	}
	return pods
}

// images are what the pods run, the lowest ordinal first.
func (l *live) images() []string {
	var images []string
	for o := range sts.End(l.world.Set) {
		images = append(images, l.world.Pods[sts.PodName(l.world.Set.Name, o)].Spec.Containers[0].Image)
	}
	return images
}

func owner(id string) operate.Lock {
	return operate.Lock{Owner: record.Owner{Name: "alice@laptop", ID: id, Command: "canary", Since: ststest.Now}}
}

func (l *live) start(image string) operate.Intent {
	return operate.NewStartCanary(operate.StartOptions{Lock: owner("start"), Images: []operate.ImageRequest{{Image: image}}, Canaries: intstr.FromInt32(1)}, l.world.Snapshot(l.beside))
}

func (l *live) expect(what string, got, want []string) {
	l.t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		l.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// A canary from its first write to its last: one pod after the other, none before the one
// above it is available, and a command that has run out of time is resumed by the next.
func TestACanaryInThePreviewWorld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLive(t, 3)
		if r, err := l.run(l.start("web:2"), 0); err != nil || r.Decision.Verdict != operate.Done {
			t.Fatalf("start: %+v, %v", r.Decision, err)
		}
		l.expect("the canary", l.images(), []string{"web:1", "web:1", "web:2"})

		var late *loop.TimeoutError
		r, err := l.run(l.promoteAll("promote"), 15*time.Second)
		if !errors.As(err, &late) || late.After != 15*time.Second {
			t.Fatalf("promote within 15s: %+v, %v", r.Decision, err)
		}
		if _, held := l.world.Set.Annotations[record.OwnerAnnotation]; held {
			t.Error("the set is still held by a command that has ended")
		}
		if r, err := l.run(l.promoteAll("again"), 0); err != nil || r.Decision.Verdict != operate.Done {
			t.Fatalf("promote: %+v, %v", r.Decision, err)
		}
		l.expect("all", l.images(), []string{"web:2", "web:2", "web:2"})
		l.expect("the order", l.deleted(), []string{"web-2", "web-1", "web-0"})
		if len(l.world.Set.Annotations) > 0 || sts.Partition(l.world.Set) != 0 {
			t.Errorf("at the end: partition %d, annotations %v", sts.Partition(l.world.Set), l.world.Set.Annotations)
		}
		// Three pods, each of which takes 30s to be recreated.
		if took := l.world.Now.Sub(ststest.Now); took < 90*time.Second || took > 110*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// A canary that never becomes ready is waited for until the timeout; its abort unblocks the
// controller, which waits for the broken pod (kubernetes#67250).
func TestABrokenCanaryInThePreviewWorld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLive(t, 3)
		var late *loop.TimeoutError
		if r, err := l.run(l.start("web:2-broken"), 2*time.Minute); !errors.As(err, &late) || late.Last.Subject != "pod/web-2" || late.Last.Reason != operate.ReasonPodNotAvailable {
			t.Fatalf("start: %+v, %v", r.Decision, err)
		}
		if r, err := l.run(operate.NewAbortCanary(operate.AbortOptions{Lock: owner("abort")}, l.world.Snapshot(l.beside)), 0); err != nil || r.Decision.Verdict != operate.Done {
			t.Fatalf("abort: %+v, %v\n%s", r.Decision, err, strings.Join(l.decided, "\n"))
		}
		l.expect("all", l.images(), []string{"web:1", "web:1", "web:1"})
		l.expect("the order", l.deleted(), []string{"web-2", "web-2"})
		if len(l.world.Set.Annotations) > 0 {
			t.Errorf("annotations are left: %v", l.world.Set.Annotations)
		}
	})
}
