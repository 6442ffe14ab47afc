package kube

import (
	"errors"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func failure(code int32, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
}

const (
	admissionSays = `pods "web-2" is forbidden: some plugin does not like it`
	webhookSays   = `admission webhook "guard.example.com" denied the request: no`
	noDryRun      = `admission webhook "guard.example.com" does not support dry run`
	noWebhook     = `Internal error occurred: failed calling webhook "guard.example.com": connection refused`
	// The message of the authorizer, and of a webhook that imitates it.
	mayNotCreate = `pods is forbidden: User "kim" cannot create resource "pods" in API group "" in the namespace "test"`
)

// TestTryPod: a missing permission and a rejection by admission both return Forbidden, and only then
// an access review distinguishes them.
func TestTryPod(t *testing.T) {
	for name, test := range map[string]struct {
		answer    *metav1.Status
		allowed   bool // says the server of the permission
		kind      operate.ObjectionKind
		transient bool
		asked     bool
	}{
		"accepted":                       {nil, true, "", false, false},
		"accepted, the name is taken":    {failure(409, metav1.StatusReasonAlreadyExists, `pods "web-2" already exists`), true, "", false, false},
		"a plugin":                       {failure(403, metav1.StatusReasonForbidden, admissionSays), true, operate.ByAdmission, false, true},
		"no permission":                  {failure(403, metav1.StatusReasonForbidden, mayNotCreate), false, operate.NotAllowed, false, true},
		"a plugin that sounds like it":   {failure(403, metav1.StatusReasonForbidden, mayNotCreate), true, operate.ByAdmission, false, true},
		"a webhook":                      {failure(403, metav1.StatusReasonForbidden, webhookSays), true, operate.ByWebhook, false, false},
		"a webhook says AlreadyExists":   {failure(409, metav1.StatusReasonAlreadyExists, webhookSays), true, operate.ByWebhook, false, false},
		"a webhook with side effects":    {failure(400, metav1.StatusReasonBadRequest, noDryRun), true, operate.NoDryRun, false, false},
		"a webhook that does not answer": {failure(500, metav1.StatusReasonInternalError, noWebhook), true, operate.ByFailingWebhook, true, false},
		"the server":                     {failure(500, metav1.StatusReasonInternalError, "etcd"), true, "", true, false},
	} {
		inv := web(3)
		r, client := recordRequests(t, inv)
		view := open(t, r, client)
		reviews := 0
		r.refuse = func(q request) *metav1.Status {
			if q.resource == "pods" {
				return test.answer
			}
			return nil
		}
		r.review = func(a *authorizationv1.SelfSubjectAccessReview) {
			reviews++
			a.Status.Allowed = test.allowed
		}
		err := view.TryPod(t.Context(), inv.Sets[0], sts.NewPod(inv.Sets[0], &inv.Sets[0].Spec.Template, ststest.StableRevision, 2))
		var o *operate.Objection
		if !errors.As(err, &o) {
			o = &operate.Objection{}
		}
		if o.Kind != test.kind || errors.Is(err, operate.ErrTransient) != test.transient || (reviews > 0) != test.asked || (err == nil) != (test.kind == "" && !test.transient) {
			t.Errorf("%s: %v (%s), the permission was looked up %d times", name, err, o.Kind, reviews)
		}
	}
}

// TestRemovalRefused: when admission denies an eviction, a deletion or our finalizer, that is a decision
// with a hint, whatever the code; any other failure is an error.
func TestRemovalRefused(t *testing.T) {
	cases := setCases()
	find := func(name string) setCase {
		return cases[slices.IndexFunc(cases, func(c setCase) bool { return c.name == name })]
	}
	const policySays = `pods "web-4" is invalid: : ValidatingAdmissionPolicy 'guard' with binding 'all' denied request: not now`
	for _, test := range []struct {
		of      string
		answer  *metav1.Status
		allowed bool
		want    string // what was tried, and the end of the message: who objects; empty for an error
	}{
		{"evict a pod", failure(422, metav1.StatusReasonInvalid, policySays), true, "evict validatingadmissionpolicy/guard: not now"},
		{"evict a pod", failure(403, metav1.StatusReasonForbidden, webhookSays), true, `evict admission webhook "guard.example.com": no`},
		{"evict a pod", failure(409, metav1.StatusReasonConflict, webhookSays), true, `evict admission webhook "guard.example.com": no`},
		{"evict a pod", failure(500, "", webhookSays), true, `evict admission webhook "guard.example.com": no`},
		{"evict a pod", failure(403, metav1.StatusReasonForbidden, admissionSays), true, `evict admission: some plugin does not like it`},
		{"evict a pod", failure(403, metav1.StatusReasonForbidden, admissionSays), false, ""},
		{"ask the budgets", failure(422, metav1.StatusReasonInvalid, policySays), true, "evict validatingadmissionpolicy/guard: not now"},
		{"delete a pod", failure(422, metav1.StatusReasonInvalid, policySays), true, "delete validatingadmissionpolicy/guard: not now"},
		{"delete a pod", failure(403, metav1.StatusReasonForbidden, admissionSays), false, ""},
		{"hold a pod with a finalizer", failure(403, metav1.StatusReasonForbidden, webhookSays), true, `patch admission webhook "guard.example.com": no`},
	} {
		c := find(test.of)
		r, client := recordRequests(t, c.from)
		r.refuse = func(q request) *metav1.Status {
			if q.resource == "pods" && q.method != "GET" {
				return test.answer
			}
			return nil
		}
		r.review = func(a *authorizationv1.SelfSubjectAccessReview) { a.Status.Allowed = test.allowed }
		err := c.apply(t, r, client)
		got, answer := "", (*operate.AnswerError)(nil)
		if errors.As(err, &answer) {
			got = answer.Message
			if answer.Verdict != operate.Refused || answer.Reason != operate.ReasonRemovalRefused || len(answer.Hint) == 0 {
				t.Errorf("%s: %+v", test.of, answer.Decision)
			}
		}
		verb, objection, _ := strings.Cut(test.want, " ")
		if err == nil || (got == "") != (test.want == "") || got != "" && (!strings.Contains(got, verb+" pod web-4: ") || !strings.HasSuffix(got, " "+objection)) {
			t.Errorf("%s, %s: %v\n%q, want %q", test.of, test.answer.Message, err, got, test.want)
		}
	}
}

// TestEvictionsWithoutDryRun: a webhook that does not support dry runs does not keep the command
// from checking the budgets.
func TestEvictionsWithoutDryRun(t *testing.T) {
	cases := setCases()
	c := cases[slices.IndexFunc(cases, func(c setCase) bool { return c.name == "ask the budgets" })]
	r, client := recordRequests(t, c.from)
	r.refuse = func(q request) *metav1.Status {
		if q.subresource == "eviction" {
			return failure(400, metav1.StatusReasonBadRequest, noDryRun)
		}
		return nil
	}
	if err := c.apply(t, r, client); err != nil {
		t.Error(err)
	}
}

// TestDryRunDeletion: the check deletes nothing. It has no resourceVersion as a precondition, because
// it is about admission and not about the state of the pod.
func TestDryRunDeletion(t *testing.T) {
	r, client := recordRequests(t, web(3))
	view := open(t, r, client)
	if err := view.DryRunDeletion(t.Context(), operate.PodRef{Name: "web-2", UID: "web-2-uid"}); err != nil {
		t.Fatal(err)
	}
	writes, _ := r.writes()
	if len(writes) != 1 {
		t.Fatalf("sent %v", writes)
	}
	options, _ := writes[0].object.(*metav1.DeleteOptions)
	if options == nil || !slices.Equal(options.DryRun, []string{metav1.DryRunAll}) || !same(options.Preconditions.UID, "web-2-uid") {
		t.Errorf("sent %s", writes[0])
	}
}
