package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Answers of a Kubernetes 1.36.3 API server, as they came over the wire.
const (
	// patchDoesNotApply is what it says when a test operation fails, and when a path
	// does not exist: it does not tell which.
	patchDoesNotApply = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server rejected our request due to an error in our request","reason":"Invalid","details":{},"code":422}`
	invalidPartition  = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"StatefulSet.apps \"web\" is invalid: spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0","reason":"Invalid","details":{"name":"web","group":"apps","kind":"StatefulSet","causes":[{"reason":"FieldValueInvalid","message":"Invalid value: -1: must be greater than or equal to 0","field":"spec.updateStrategy.rollingUpdate.partition"}]},"code":422}`
	forbidden         = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"bob\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"","reason":"Forbidden","details":{"kind":"pods"},"code":403}`
	notFound          = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"statefulsets.apps \"web\" not found","reason":"NotFound","details":{"name":"web","group":"apps","kind":"statefulsets"},"code":404}`
	budgetShort       = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Cannot evict pod as it would violate the pod's disruption budget.","reason":"TooManyRequests","details":{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget a needs 2 healthy pods and has 2 currently"}]},"code":429}`
	twoBudgets        = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.","code":500}`
	conflict          = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Operation cannot be fulfilled on Pod \"web-0\": the UID in the precondition (x) does not match the UID in record (y). The object might have been deleted and then recreated","reason":"Conflict","details":{"name":"web-0","kind":"Pod"},"code":409}`
)

func answered(t *testing.T, body string) error {
	t.Helper()
	status := metav1.Status{}
	if err := json.Unmarshal([]byte(body), &status); err != nil {
		t.Fatal(err)
	}
	return &apierrors.StatusError{ErrStatus: status}
}

type timeout struct{ error }

func (timeout) Timeout() bool { return true }

func TestTransient(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"the end of the connection", fmt.Errorf("Patch: %w", io.EOF), true},
		{"a time-out on the way", fmt.Errorf("Patch: %w", timeout{errors.New("i/o timeout")}), true},
		{"too many requests", apierrors.NewTooManyRequests("busy", 1), true},
		{"internal error", apierrors.NewInternalError(errors.New("etcd")), true},
		{"unavailable", apierrors.NewServiceUnavailable("starting"), true},
		{"forbidden", answered(t, forbidden), false},
		{"not found", answered(t, notFound), false},
		{"conflict", answered(t, conflict), false},
		{"a test that failed", answered(t, patchDoesNotApply), false},
		{"invalid", answered(t, invalidPartition), false},
	} {
		if got := transient(test.err); got != test.want {
			t.Errorf("%s: transient = %t", test.name, got)
		}
	}
}

func TestNotOlder(t *testing.T) {
	for _, test := range []struct {
		have, written                     string
		haveGeneration, writtenGeneration int64
		want                              bool
	}{
		{"10", "10", 1, 1, true},
		{"11", "10", 1, 1, true},
		{"9", "10", 1, 1, false}, // not as words
		{"18446744073709551615", "2", 1, 1, true},
		{"abc", "abc", 1, 1, true},
		{"abc", "abd", 1, 1, false},
		{"abd", "abc", 2, 1, true}, // another server's versions: the generation has moved on
	} {
		have, written := &appsv1.StatefulSet{}, &appsv1.StatefulSet{}
		have.ResourceVersion, have.Generation = test.have, test.haveGeneration
		written.ResourceVersion, written.Generation = test.written, test.writtenGeneration
		if got := notOlder(have, written); got != test.want {
			t.Errorf("notOlder(%s, %s) = %t", test.have, test.written, got)
		}
	}
}

func TestPodGone(t *testing.T) {
	inv := ststest.Web(2)
	s := inv.Snapshots()[0]
	if podGone(s, "web-1-uid") {
		t.Error("a pod that is there is gone")
	}
	if !podGone(s, "an earlier one's") {
		t.Error("a pod of another UID is taken for the one that was deleted")
	}
	ststest.Terminating(inv.Pods[1], ststest.Now)
	if !podGone(s, "web-1-uid") {
		t.Error("a pod that is going does not count")
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{strings.Repeat("x", 1000), strings.Repeat("x", 1000)},
		{strings.Repeat("x", 1001), strings.Repeat("x", 1000) + "…"},
		{strings.Repeat("x", 999) + "→→→", strings.Repeat("x", 999) + "…"}, // no half of a letter
	} {
		got := clip(test.in)
		if got != test.want || len(got) > 1024 || !utf8.ValidString(got) {
			t.Errorf("clip of %d bytes: %d bytes …%q", len(test.in), len(got), got[max(0, len(got)-8):])
		}
	}
}

func TestMissing(t *testing.T) {
	reason, hidden, err := missing("pods", fmt.Errorf("list: %w", answered(t, forbidden)))
	if !hidden || err != nil || reason != `pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"` {
		t.Errorf("forbidden: %q, %t, %v", reason, hidden, err)
	}
	if reason, hidden, err := missing("pods", nil); reason != "" || hidden || err != nil {
		t.Errorf("no error: %q, %t, %v", reason, hidden, err)
	}
	broken := errors.New("connection refused")
	if _, hidden, err := missing("pods", broken); hidden || !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "pods: ") {
		t.Errorf("connection refused: %t, %v", hidden, err)
	}
}

func TestPick(t *testing.T) {
	set := func(name string) *appsv1.StatefulSet {
		return &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}
	inv := &sts.Inventory{Sets: []*appsv1.StatefulSet{set("a"), set("b"), set("c")}}
	if err := (Query{}).pick(inv); err != nil || len(inv.Sets) != 3 {
		t.Errorf("no names: %v, %d left", err, len(inv.Sets))
	}
	if err := (Query{Names: []string{"c", "a"}}).pick(inv); err != nil || len(inv.Sets) != 2 {
		t.Errorf("two names: %v, %d left", err, len(inv.Sets))
	}
	err := (Query{Names: []string{"a", "gone"}}).pick(inv)
	if !apierrors.IsNotFound(err) || err.Error() != `statefulsets.apps "gone" not found` {
		t.Errorf("a name that is not there: %v", err)
	}
}

func TestTrim(t *testing.T) {
	managed := func() []metav1.ManagedFieldsEntry {
		return []metav1.ManagedFieldsEntry{{Manager: "x", FieldsV1: metav1.NewFieldsV1("{}")}}
	}
	pod, set, volume := &corev1.Pod{}, &appsv1.StatefulSet{}, &corev1.PersistentVolume{}
	pod.ManagedFields, set.ManagedFields, volume.ManagedFields = managed(), managed(), managed()
	revision, at := &appsv1.ControllerRevision{}, ststest.Now
	revision.ManagedFields = append(managed(), metav1.ManagedFieldsEntry{Time: &metav1.Time{Time: at}})
	for _, o := range []any{pod, set, volume, revision, "something else"} {
		trim(o)
	}
	if pod.ManagedFields != nil || set.ManagedFields[0].FieldsV1 == nil {
		t.Error("not a pod's managedFields are read, but a set's")
	}
	if len(volume.ManagedFields) != 1 || volume.ManagedFields[0].FieldsV1 != nil {
		t.Error("of a volume is read who has fields, not which")
	}
	if len(revision.ManagedFields) != 1 || !sts.LastWritten(revision).Equal(at) {
		t.Error("of a revision is read when it was written")
	}
}

func TestServersClock(t *testing.T) {
	here := ststest.Now
	for _, test := range []struct {
		name, date string
		want       time.Duration
	}{
		{"a laptop that is behind", here.Add(5 * time.Minute).Format(time.RFC1123), 5 * time.Minute},
		{"a laptop that is ahead", here.Add(-time.Hour).Format(time.RFC1123), -time.Hour},
		{"what the header's resolution hides", here.Add(time.Second).Format(time.RFC1123), 0},
		{"no header", "", 0},
		{"garbage", "yesterday", 0},
	} {
		var c clock.WithTicker = testingclock.NewFakeClock(here)
		client := &Client{clock: c}
		client.setClock(strings.Replace(test.date, "UTC", "GMT", 1))
		if got := client.Now().Sub(here); got != test.want {
			t.Errorf("%s: %s off, want %s", test.name, got, test.want)
		}
	}
}
func TestTestFailed(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"a test that failed", answered(t, patchDoesNotApply), true},
		{"the same, wrapped", fmt.Errorf("patch: %w", answered(t, patchDoesNotApply)), true},
		{"an invalid object", answered(t, invalidPartition), false},
		{"forbidden", answered(t, forbidden), false},
		{"not found", answered(t, notFound), false},
		{"conflict", answered(t, conflict), false},
		{"no answer", io.ErrUnexpectedEOF, false},
	} {
		if got := testFailed(test.err); got != test.want {
			t.Errorf("%s: testFailed = %t", test.name, got)
		}
	}
}

func TestEvictionAnswer(t *testing.T) {
	pod := operate.PodRef{Name: "web-1"}
	for _, test := range []struct {
		name    string
		err     error
		verdict operate.Verdict
		message string
	}{
		{"a budget that is short", answered(t, budgetShort), operate.Wait, msgEvictionBlocked("web-1", "The disruption budget a needs 2 healthy pods and has 2 currently")},
		{"two budgets", answered(t, twoBudgets), operate.Refused, msgEvictionRefused("web-1", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")},
		{"a busy server", apierrors.NewTooManyRequests("busy", 1), "", ""},
		{"a broken server", apierrors.NewInternalError(errors.New("etcd")), "", ""},
		{"forbidden", answered(t, forbidden), "", ""},
		{"no answer", io.EOF, "", ""},
	} {
		var answer *operate.AnswerError
		if errors.As(evictionAnswer(pod, test.err), &answer) != (test.verdict != "") {
			t.Errorf("%s: %v", test.name, answer)
		}
		if answer != nil && (answer.Verdict != test.verdict || answer.Message != test.message) {
			t.Errorf("%s: %+v", test.name, answer.Decision)
		}
	}
}
