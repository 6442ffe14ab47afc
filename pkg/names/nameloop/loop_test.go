package nameloop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// world is a cluster and its DNS server. Everything that happens is written down.
type world struct {
	timeout time.Duration // of the loop, 0 for none
	began   time.Time
	changes chan *sts.Inventory
	err     error
	log     []string
	// resolve answers a query.
	resolve func(ctx context.Context) (names.Answer, error)
	// looked is called after each look.
	looked func(*names.Watch) error
	// lag is how late the watch notices that it has ended.
	lag time.Duration
}

func (w *world) WatchAll(ctx context.Context) <-chan *sts.Inventory {
	out := make(chan *sts.Inventory)
	go func() {
		defer close(out)
		for {
			select {
			case inv, ok := <-w.changes:
				if !ok {
					return
				}
				out <- inv
			case <-ctx.Done():
				time.Sleep(w.lag)
				return
			}
		}
	}()
	return out
}

func (w *world) Err() error { return w.err }

func (w *world) String() string { return "10.96.0.10" }

func (w *world) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	answers := make([]names.Answer, len(questions))
	for i, q := range questions {
		w.note("query %s", strings.TrimSuffix(q.Name, ".shop.svc.cluster.local"))
		a, err := w.resolve(ctx)
		if err != nil {
			return nil, err
		}
		a.Question = q
		answers[i] = a
	}
	return answers, nil
}

func (w *world) Looked(watch *names.Watch, resolved bool) error {
	if w.looked != nil {
		return w.looked(watch)
	}
	w.note("looked, resolved %t: %s", resolved, watch.WaitingFor())
	return nil
}

func (w *world) Failed(err error) { w.note("failed: %s", err) }
func (w *world) Recovered()       { w.note("recovered") }

func (w *world) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%s ", time.Since(w.began))+fmt.Sprintf(format, args...))
}

// inventory has a set with one pod, whose name is published.
func inventory(service string) *sts.Inventory {
	labels, one, yes, host := map[string]string{"app": "web"}, int32(1), true, "web-0"
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "1", Labels: labels}
	owner := []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web", UID: "1", Controller: &yes}}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app"}}}}
	set := &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{ServiceName: service, Replicas: &one, Template: template,
		Selector: &metav1.LabelSelector{MatchLabels: labels}}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-0", UID: "2", Labels: labels, OwnerReferences: owner},
		Spec: corev1.PodSpec{Hostname: "web-0", Subdomain: "web"},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}}
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-x", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}, Hostname: &host}}}
	return &sts.Inventory{
		Sets: []*appsv1.StatefulSet{set}, Pods: []*corev1.Pod{pod}, Slices: []*discoveryv1.EndpointSlice{slice},
		Services: []*corev1.Service{{ObjectMeta: meta, Spec: corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: labels}}},
	}
}

var (
	right  = names.Answer{Code: "NOERROR", Addresses: []string{"10.0.0.1"}}
	denied = names.Answer{Code: "NXDOMAIN"}
)

type ended struct {
	operate.Decision
	err error
}

// run runs the loop in the time of a test.
func run(ctx context.Context, w *world, o Options) ended {
	if w.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, w.timeout, &loop.TimeoutError{After: w.timeout})
		defer cancel()
	}
	o.Names = names.Options{Domain: names.Domain{Name: "cluster.local"}, Resolve: true}
	d, err := Run(ctx, World{
		Open:   func(context.Context) (View, error) { return w, nil },
		Server: w, Clock: clock.RealClock{}, Now: time.Now,
	}, names.NewWatch(nil), o, w)
	return ended{d, err}
}

// play is a run that sees the inventory at once.
func play(t *testing.T, inv *sts.Inventory, o Options, prepare func(w *world)) (w *world, end ended) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w = &world{began: time.Now(), changes: make(chan *sts.Inventory, 1)}
		w.resolve = func(context.Context) (names.Answer, error) { return right, nil }
		if prepare != nil {
			prepare(w)
		}
		w.changes <- inv
		end = run(t.Context(), w, o)
	})
	return w, end
}

func (w *world) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.log, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(w.log, "\n"), strings.Join(want, "\n"))
	}
}

func TestWaitsUntilNamesResolve(t *testing.T) {
	first := true
	w, end := play(t, inventory("web"), Options{Wait: true}, func(w *world) {
		w.resolve = func(context.Context) (names.Answer, error) {
			time.Sleep(10 * time.Millisecond)
			if first {
				first = false
				return denied, nil
			}
			return right, nil
		}
	})
	if end.err != nil || end.Verdict != operate.Done {
		t.Errorf("ended with %s, %v", end.Verdict, end.err)
	}
	w.expect(t, "0s query web-0.web", "10ms query web",
		"20ms looked, resolved false: for web-0.web.shop.svc.cluster.local to resolve correctly: the DNS server returned NXDOMAIN, although the name is published",
		"270ms looked, resolved false: for web-0.web.shop.svc.cluster.local to resolve correctly: the DNS server returned NXDOMAIN, although the name is published",
		"270ms query web-0.web",
		"280ms looked, resolved true: for the last answers from the DNS server")
}

// Without Wait the loop lasts until the timeout. Correct names are not queried again.
func TestWatchesUntilTheTimeout(t *testing.T) {
	w, end := play(t, inventory("web"), Options{}, func(w *world) { w.timeout = 7 * time.Second })
	if timeout := (*loop.TimeoutError)(nil); !errors.As(end.err, &timeout) {
		t.Errorf("ended with %s, %v", end.Verdict, end.err)
	}
	w.expect(t, "0s query web-0.web", "0s query web", "0s looked, resolved false: for the last answers from the DNS server",
		"5s looked, resolved false: for the last answers from the DNS server")
}

func TestTimeoutNamesWhatIsPending(t *testing.T) {
	_, end := play(t, inventory("web"), Options{Wait: true}, func(w *world) {
		w.timeout = time.Second
		w.resolve = func(context.Context) (names.Answer, error) { return denied, nil }
	})
	timeout := (*loop.TimeoutError)(nil)
	if !errors.As(end.err, &timeout) || !strings.Contains(timeout.Last.Message, "web-0.web.shop.svc.cluster.local") {
		t.Errorf("ended with %v", end.err)
	}
}

func TestTimeoutBeforeAnythingWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{changes: make(chan *sts.Inventory), timeout: time.Minute}
		end := run(t.Context(), w, Options{Wait: true})
		if want := "timed out after 1m waiting for the first response from the API server"; end.err == nil || end.err.Error() != want {
			t.Errorf("ended with %v, want %s", end.err, want)
		}
	})
}

// A server that cannot be queried is queried again; that is reported once, and its return.
func TestRetriesTheServer(t *testing.T) {
	failures := 2
	w, end := play(t, inventory("web"), Options{Wait: true}, func(w *world) {
		w.resolve = func(context.Context) (names.Answer, error) {
			if failures > 0 {
				failures--
				return names.Answer{}, errors.New("connection refused")
			}
			return right, nil
		}
	})
	if end.err != nil || end.Verdict != operate.Done {
		t.Errorf("ended with %s, %v", end.Verdict, end.err)
	}
	w.expect(t, "0s query web-0.web", "0s failed: connection refused", "0s looked, resolved false: for the DNS server: connection refused",
		"250ms looked, resolved false: for the DNS server: connection refused",
		"250ms query web-0.web", "250ms looked, resolved false: for the DNS server: connection refused",
		"750ms looked, resolved false: for the DNS server: connection refused",
		"750ms query web-0.web", "750ms query web", "750ms recovered", "750ms looked, resolved true: for the last answers from the DNS server")
}

func TestErrorsThatEnd(t *testing.T) {
	permanent, broken := &names.PermanentError{Err: errors.New("no shell found")}, errors.New("broken pipe")
	for _, test := range []struct {
		name    string
		prepare func(w *world)
		want    error
	}{
		{"of the server", func(w *world) {
			w.resolve = func(context.Context) (names.Answer, error) { return names.Answer{}, permanent }
		}, permanent},
		{"of the observer", func(w *world) { w.looked = func(*names.Watch) error { return broken } }, broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, end := play(t, inventory("web"), Options{Wait: true}, test.prepare); !errors.Is(end.err, test.want) {
				t.Errorf("ended with %v, want %v", end.err, test.want)
			}
		})
	}
}

func TestTheWatchFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{changes: make(chan *sts.Inventory), err: errors.New("statefulset web was deleted")}
		close(w.changes)
		if end := run(t.Context(), w, Options{}); !errors.Is(end.err, w.err) {
			t.Errorf("ended with %v", end.err)
		}
	})
}

// A set may be scaled to more names than can be listed while the loop runs.
func TestOrdinalsThatCannotBeListed(t *testing.T) {
	inv := inventory("web")
	*inv.Sets[0].Spec.Replicas = names.MostNames + 1
	w, end := play(t, inv, Options{}, func(w *world) { w.timeout = time.Second })
	if want := names.CheckOrdinals(inv.Sets[0]); end.err == nil || want == nil || end.err.Error() != want.Error() {
		t.Errorf("ended with %v, want %v", end.err, want)
	}
	w.expect(t)
}

func TestASetWithoutServiceIsStuck(t *testing.T) {
	w, end := play(t, inventory(""), Options{Wait: true}, nil)
	if end.err != nil || end.Verdict != operate.Stuck || end.Message != msgNothingToWaitFor("web") {
		t.Errorf("ended with %s %s, %v", end.Verdict, end.Message, end.err)
	}
	w.expect(t)
}

// Ctrl-C ends the loop with its cause, whether the watch or the query ends first. The query must have
// ended, because the server is closed next, and is no failure of the server.
func TestInterruption(t *testing.T) {
	for _, lag := range []time.Duration{0, 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			cause := errors.New("SIGINT")
			ctx, cancel := context.WithCancelCause(t.Context())
			w := &world{began: time.Now(), changes: make(chan *sts.Inventory, 1), lag: lag}
			w.resolve = func(ctx context.Context) (names.Answer, error) {
				<-ctx.Done()
				time.Sleep(time.Second)
				w.note("closed")
				return names.Answer{}, ctx.Err()
			}
			w.changes <- inventory("web")
			done := make(chan ended)
			go func() { done <- run(ctx, w, Options{Wait: true}) }()
			time.Sleep(time.Minute)
			cancel(cause)
			if end := <-done; !errors.Is(end.err, cause) {
				t.Errorf("ended with %v", end.err)
			}
			w.expect(t, "0s query web-0.web", "1m1s closed")
			time.Sleep(lag)
		})
	}
}
