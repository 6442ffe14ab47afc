package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// The time that passes is one line, overwritten, on a terminal where it fits; lines that
// stay replace it.
func TestTimeThatPasses(t *testing.T) {
	soaked := ststest.Now.Add(90 * time.Second)
	soaking := operate.Decision{Verdict: operate.Wait, Reason: operate.ReasonSoaking, Subject: "web-2", Message: "for web-2 to have been ready for 5m", Until: &soaked}
	checking := operate.Decision{Verdict: operate.Wait, Reason: operate.ReasonChecking, Message: `for --check "true"`}
	run := &operate.Exec{For: "check", Command: "true"}
	ask := operate.Decision{Verdict: operate.Do, Message: `run --check "true"`, Action: run}
	tests := []struct {
		name string
		at   *screen
	}{
		{"terminal", &screen{terminal: true, style: render.Style{Width: 40}}},
		{"narrow", &screen{terminal: true, style: render.Style{Width: 9}}},
		{"file", &screen{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			test.at.out = &out
			n := &narrator{screen: test.at}
			after := func(seconds time.Duration) *sts.Snapshot {
				return &sts.Snapshot{Set: &appsv1.StatefulSet{}, TakenAt: ststest.Now.Add(seconds * time.Second)}
			}
			n.Decided(after(0), soaking)
			n.Decided(after(0), soaking) // nothing to write over
			n.Decided(after(1), soaking)
			n.Decided(after(90), ask)
			n.Decided(after(90), checking)
			n.Decided(after(92), checking)
			n.screen.say("check | ok\n")
			n.Decided(after(93), checking)
			n.Executed(run, operate.ExecResult{})
			n.Decided(after(93), ask)
			n.Decided(after(93), checking)
			n.screen.done()
			golden.Assert(t, strings.ReplaceAll(out.String(), "\r", "␍"), "screen-"+test.name+".txt")
		})
	}
}

// A wait shows how long it has lasted and how many pods are done: on a terminal each second in one line, elsewhere
// each minute in a line with the time.
func TestWaitIsAlive(t *testing.T) {
	starting := func(s *sts.Snapshot) operate.Decision {
		return operate.Decision{Verdict: operate.Wait, Reason: "PodNotReady", Subject: "pod/web-2",
			Message: "for pod web-2: it is starting (" + sts.Age(s.TakenAt.Sub(ststest.Now)) + ")"}
	}
	tests := []struct {
		name    string
		at      *screen
		timeout time.Duration
	}{
		{"terminal", &screen{terminal: true}, 0},
		{"terminal-limit", &screen{terminal: true}, 10 * time.Minute},
		{"file", &screen{}, 0},
		{"file-limit", &screen{}, 10 * time.Minute},
		{"none", &screen{silent: true}, 10 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			test.at.out = &out
			n := &narrator{screen: test.at, timeout: test.timeout}
			for _, second := range []time.Duration{0, 1, 30, 59, 60, 61, 120, 125} {
				w := ststest.Web(3)
				w.Sets[0].Status.UpdateRevision, w.Sets[0].Status.UpdatedReplicas, w.Sets[0].Status.AvailableReplicas = "web-new", 1, 2
				s := w.Snapshots()[0]
				s.TakenAt = ststest.Now.Add(second * time.Second)
				n.Decided(s, starting(s))
			}
			soaked := ststest.Now.Add(4 * time.Minute)
			s := &sts.Snapshot{Set: &appsv1.StatefulSet{}, TakenAt: ststest.Now.Add(130 * time.Second)}
			n.Decided(s, operate.Decision{Verdict: operate.Wait, Reason: operate.ReasonSoaking, Message: "for pod web-2 to be ready for 2m", Until: &soaked})
			s.TakenAt = ststest.Now.Add(200 * time.Second)
			n.Decided(s, operate.Decision{Verdict: operate.Wait, Reason: operate.ReasonSoaking, Message: "for pod web-2 to be ready for 2m", Until: &soaked})
			n.screen.warn("the connection was lost")
			n.screen.done()
			golden.Assert(t, strings.ReplaceAll(out.String(), "\r", "␍"), "wait-"+test.name+".txt")
		})
	}
}

// The wait shows the newest warning about the pod that is waited for, unless it already says the same; on a
// terminal the line is cut at the edge.
func TestWaitShowsTheLatestWarning(t *testing.T) {
	unhealthy := &corev1.Event{Type: corev1.EventTypeWarning, Reason: "Unhealthy", Message: "Readiness probe failed: HTTP probe failed with statuscode: 503"}
	pulling := &corev1.Event{Type: corev1.EventTypeNormal, Reason: "Pulling", Message: `Pulling image "web:2"`}
	past := &corev1.Event{Type: corev1.EventTypeWarning, Reason: "FailedMount", Message: "an old failure"}
	tests := []struct {
		name, wait string
		events     map[time.Duration]*corev1.Event
		want       string
	}{
		{"a warning", "for pod web-2: it is not ready", map[time.Duration]*corev1.Event{20 * time.Second: unhealthy, time.Minute: past, time.Second: pulling},
			"  for 50s; 0 of 3 pods available; Unhealthy 20s ago: Readiness probe failed: HT…"},
		{"already said", "for pod web-2: it is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503",
			map[time.Duration]*corev1.Event{20 * time.Second: unhealthy}, "  for 50s; 0 of 3 pods available"},
		{"a past warning", "for pod web-2: it is not ready", map[time.Duration]*corev1.Event{10 * time.Minute: past}, "  for 50s; 0 of 3 pods available"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := ststest.Web(3)
			var pod *corev1.Pod
			for _, p := range w.Pods {
				if p.Name == "web-2" {
					pod = p
				}
			}
			for ago, e := range test.events {
				e := e.DeepCopy()
				e.Namespace, e.LastTimestamp = pod.Namespace, metav1.NewTime(ststest.Now.Add(-ago))
				e.InvolvedObject = corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
				w.Events = append(w.Events, e)
			}
			s := w.Snapshots()[0]
			s.Set.Status.AvailableReplicas = 0
			wait := operate.Decision{Verdict: operate.Wait, Reason: "PodNotReady", Subject: "pod/web-2", Message: test.wait}
			n := &narrator{screen: &screen{out: io.Discard, terminal: true, style: render.Style{Width: 81}}}
			s.TakenAt = ststest.Now.Add(-50 * time.Second)
			n.Decided(s, wait)
			s.TakenAt = ststest.Now
			n.Decided(s, wait)
			if diff := cmp.Diff(test.want, n.screen.live); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What another program or an API object contains cannot change the terminal.
func TestNothingForeignOnTheScreen(t *testing.T) {
	const foreign = "\x1b[2K\x1b]0;owned\x07app\r\nfailed\a"
	var out bytes.Buffer
	warnTo(&out, foreign)
	env := &Env{IOStreams: genericiooptions.IOStreams{ErrOut: &out}}
	env.note(foreign)
	env.quiet = true
	env.note("is not shown")
	s := &screen{out: &out, terminal: true, style: render.Style{Color: true}}
	s.warn(foreign)
	s.tell().Warn(foreign)
	s.tell().Say(foreign)
	s.over(foreign)
	s.done()
	(&narrator{screen: s}).Executed(&operate.Exec{For: foreign}, operate.ExecResult{Problem: foreign})
	ended := msgCommandEnded((&operate.Exec{For: "app failed"}).Label(), operate.ExecResult{Problem: "app failed"}.String())
	want := "warning: app failed\nnote: app failed\nwarning: app failed\nwarning: app failed\napp failed\n" +
		s.style.Paint(render.Dim, "app failed") + "\r          \r" + ended + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
