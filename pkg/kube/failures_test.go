package kube

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// refusing answers every write, but for Events and reviews of permissions.
func refusing(status *metav1.Status) func(q request) any {
	return func(q request) any {
		if q.method == http.MethodGet || q.resource == "events" || q.resource == "selfsubjectaccessreviews" {
			return nil
		}
		return status
	}
}

func isJSONPatch(a operate.SetAction) bool {
	switch a.(type) {
	case *operate.PatchSet, *operate.Scale, *operate.AddFinalizer, *operate.RemoveFinalizer:
		return true
	}
	return false
}

// TestSetWritesThatFail: what has changed is looked at again, a server that does not answer is asked
// again, and anything else is an error. No Event claims that the action was carried out.
func TestSetWritesThatFail(t *testing.T) {
	for name, test := range map[string]struct {
		response           *metav1.Status
		changed, transient bool
	}{
		"another version":    {failure(http.StatusConflict, metav1.StatusReasonConflict, "the UID in the precondition does not match"), true, false},
		"a test that failed": {failure(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "the server rejected our request due to an error in our request"), true, false},
		"a bad server":       {failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd"), false, true},
		"busy":               {failure(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "busy"), false, true},
		"no permission":      {failure(http.StatusForbidden, metav1.StatusReasonForbidden, `statefulsets.apps "web" is forbidden: User "kim" cannot patch resource "statefulsets"`), false, false},
	} {
		for _, c := range setCases() {
			a := c.action(t)
			if test.response.Code == http.StatusUnprocessableEntity && !isJSONPatch(a) {
				continue
			}
			r, client := script(t, c.from, refusing(test.response))
			lines := &said{}
			view, err := client.Open(t.Context(), ofWeb, Needs, lines.tell())
			if err != nil {
				t.Fatal(err)
			}
			seen, err := view.Apply(t.Context(), c.from.Snapshots()[0], a)
			view.Close()
			if err == nil || seen != nil || errors.Is(err, operate.ErrChanged) != test.changed || errors.Is(err, operate.ErrTransient) != test.transient {
				t.Errorf("%s, %s: %v", c.name, name, err)
			}
			if (len(lines.all()) == 1) != test.transient {
				t.Errorf("%s, %s: said %v", c.name, name, lines.all())
			}
			writes, _ := r.writes()
			if slices.ContainsFunc(writes, func(q request) bool { return q.resource == "events" }) {
				t.Errorf("%s, %s: leaves an event", c.name, name)
			}
		}
	}
}

// TestRecordTooLarge: that the annotations have no room for a record is validation.
func TestRecordTooLarge(t *testing.T) {
	c := setCases()[0]
	p, ok := c.action(t).(*operate.PatchSet)
	if !ok {
		t.Fatal(c.name)
	}
	_, client := script(t, c.from, refusing(failure(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid,
		`StatefulSet.apps "web" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes`)))
	view, err := client.Open(t.Context(), ofWeb, Needs, (&said{}).tell())
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	_, err = view.Apply(t.Context(), c.from.Snapshots()[0], p)
	answer := (*operate.AnswerError)(nil)
	message, _ := msgAnnotationsTooLarge("web")
	if !errors.As(err, &answer) || answer.Verdict != operate.Refused || answer.Reason != operate.ReasonWriteRefused || answer.Message != message {
		t.Errorf("%v", err)
	}
}

// TestATransientFailureIsReportedOnce: it is tried again and again.
func TestATransientFailureIsReportedOnce(t *testing.T) {
	c := setCases()[5]
	_, client := script(t, c.from, refusing(failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd")))
	lines := &said{}
	view, err := client.Open(t.Context(), ofWeb, Needs, lines.tell())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := view.Apply(t.Context(), c.from.Snapshots()[0], c.action(t)); !errors.Is(err, operate.ErrTransient) {
			t.Error(err)
		}
	}
	if len(lines.all()) != 1 {
		t.Errorf("said %v", lines.all())
	}
}

// TestSecondReadThatFails: where pods, budgets or claims cannot be read again, nothing is done; and an
// action without content is a bug.
func TestSecondReadThatFails(t *testing.T) {
	for _, resource := range []string{"pods", "poddisruptionbudgets", "persistentvolumeclaims"} {
		for _, c := range setCases() {
			if !c.disrupts {
				continue
			}
			r, client := script(t, c.from, func(q request) any {
				if q.method == http.MethodGet && q.resource == resource {
					return failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd")
				}
				return nil
			})
			view, err := client.Open(t.Context(), ofWeb, Needs, (&said{}).tell())
			if err != nil {
				t.Fatal(err)
			}
			_, err = view.Apply(t.Context(), c.from.Snapshots()[0], c.action(t))
			writes, _ := r.writes()
			if !errors.Is(err, operate.ErrTransient) || slices.ContainsFunc(writes, request.effective) {
				t.Errorf("%s, %s cannot be read: %v, sent %v", c.name, resource, err, writes)
			}
		}
	}
	r, client := recordRequests(t, web(1))
	if _, err := open(t, r, client).Apply(t.Context(), web(1).Snapshots()[0], &operate.Exec{}); err == nil {
		t.Error("an action without content is carried out")
	}
}

// TestScaleStoredOtherwise: admission has stored another number of replicas.
func TestScaleStoredOtherwise(t *testing.T) {
	for _, when := range []string{"dry run", "write"} {
		c := setCases()[6]
		r, client := script(t, c.from, func(q request) any {
			if q.subresource != "scale" || q.effective() != (when == "write") {
				return nil
			}
			return &autoscalingv1.Scale{TypeMeta: metav1.TypeMeta{APIVersion: "autoscaling/v1", Kind: "Scale"}, ObjectMeta: metav1.ObjectMeta{Name: "web", ResourceVersion: "2"}, Spec: autoscalingv1.ScaleSpec{Replicas: 1}}
		})
		view := open(t, r, client)
		_, err := view.Apply(t.Context(), c.from.Snapshots()[0], c.action(t))
		view.Close()
		writes, _ := r.writes()
		answer := (*operate.AnswerError)(nil)
		if !errors.As(err, &answer) || answer.Reason != operate.ReasonAdmission || slices.ContainsFunc(writes, request.effective) != (when == "write") {
			t.Errorf("%s: %v, sent %v", when, err, writes)
		}
	}
}

// TestRetry: pods that the controller failed to create are tried with a dry run, one of each revision,
// not at every look, and what the API server accepts now is recorded.
func TestRetry(t *testing.T) {
	for _, accepted := range []bool{true, false} {
		inv := ststest.Web(3)
		inv.Pods = inv.Pods[:1]
		inv.Sets[0].Spec.PodManagementPolicy = "Parallel"
		inv.Sets[0].Status.Replicas = 1
		inv.Events = []*corev1.Event{{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: "event"}, Reason: "FailedCreate", Type: corev1.EventTypeWarning,
			Count: 18, FirstTimestamp: metav1.NewTime(ststest.Now.Add(-time.Hour)), LastTimestamp: metav1.NewTime(ststest.Now.Add(-5 * time.Minute)), InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: "test", Name: "web", UID: inv.Sets[0].UID},
			Message: "create Pod web-1 in StatefulSet web failed error: exceeded quota"}}
		s := inv.Snapshots()[0]
		if len(diagnose.Refused(s)) == 0 {
			t.Fatal("no pod is refused")
		}
		r, client := script(t, inv, func(q request) any {
			if q.method == http.MethodPost && q.resource == "pods" && !accepted {
				return failure(http.StatusForbidden, metav1.StatusReasonForbidden, webhookSays)
			}
			return nil
		})
		view := open(t, r, client)
		memory := view.Retry(t.Context(), s)
		if (len(memory.Accepted) > 0) != accepted {
			t.Errorf("accepted %t: %v", accepted, memory.Accepted)
		}
		writes, _ := r.writes()
		var tried []string
		for _, q := range writes {
			if q.resource == "pods" {
				tried = append(tried, q.line[:strings.IndexByte(q.line, '?')]+" "+q.object.(*corev1.Pod).Name)
			}
			if q.effective() && q.resource == "pods" {
				t.Errorf("creates a pod: %s", q.line)
			}
		}
		if diff := cmp.Diff([]string{"POST /api/v1/namespaces/test/pods web-1"}, tried); diff != "" {
			t.Errorf("tries (-want +got):\n%s", diff)
		}
		r.forget()
		view.Retry(t.Context(), s)
		if writes, _ := r.writes(); len(writes) > 0 {
			t.Errorf("is tried again at once: %v", writes)
		}
		view.NoTrials, view.tried = true, ststest.Now.Add(-2*askedAgain)
		view.Retry(t.Context(), s)
		if writes, _ := r.writes(); len(writes) > 0 {
			t.Errorf("is tried although the view must not: %v", writes)
		}
	}
}

// TestOwners: an owner that does not exist, or that cannot be read, is not given to a claim.
func TestOwners(t *testing.T) {
	deployment := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "operator", UID: "operator-uid"}
	with := func(change func(*metav1.OwnerReference)) metav1.OwnerReference {
		ref := deployment
		change(&ref)
		return ref
	}
	const group, object = "GET /apis/apps/v1", "GET /apis/apps/v1/namespaces/test/deployments/operator"
	terminating := ownersOf[0].DeepCopyObject().(metav1.Object)
	terminating.SetDeletionTimestamp(&metav1.Time{Time: ststest.Now})
	notThere := failure(http.StatusNotFound, metav1.StatusReasonNotFound, "not found")
	for name, test := range map[string]struct {
		ref       metav1.OwnerReference
		responses map[string]any
		exists    bool
		fails     bool
	}{
		"it exists":                     {deployment, nil, true, false},
		"no such version":               {with(func(r *metav1.OwnerReference) { r.APIVersion = "a/b/c" }), nil, false, false},
		"no such kind":                  {with(func(r *metav1.OwnerReference) { r.Kind = "Operator" }), nil, false, false},
		"no such group":                 {deployment, map[string]any{group: notThere}, false, false},
		"the group may not be read":     {deployment, map[string]any{group: mayNot("deployments")}, false, false},
		"it does not exist":             {deployment, map[string]any{object: notThere}, false, false},
		"it may not be read":            {deployment, map[string]any{object: mayNot("deployments")}, false, false},
		"it cannot be read":             {deployment, map[string]any{object: failure(http.StatusNotAcceptable, metav1.StatusReasonNotAcceptable, "no")}, false, false},
		"another object of that name":   {with(func(r *metav1.OwnerReference) { r.UID = "old-uid" }), nil, false, false},
		"it is being deleted":           {deployment, map[string]any{object: stamped(terminating.(runtime.Object))}, false, false},
		"a bad server":                  {deployment, map[string]any{object: failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd")}, false, true},
		"a bad server, for its version": {deployment, map[string]any{group: failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd")}, false, true},
	} {
		_, client := script(t, &sts.Inventory{}, replies(test.responses), ownersOf...)
		owners, err := client.owners(t.Context(), &claims.CheckOwners{Namespace: "test", Refs: []metav1.OwnerReference{test.ref}})
		if test.fails {
			if !errors.Is(err, operate.ErrTransient) || owners != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(owners) != 1 || (owners[0].Why == "") != test.exists {
			t.Errorf("%s: %v, %v", name, owners, err)
		}
	}
}
