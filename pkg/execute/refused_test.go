package execute_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
)

// TestAdmissionRefusesARemoval: a pod whose removal admission rejects ends the command. It is refused
// while no pod was disrupted, and stuck afterwards; an annotation disrupts no pod.
func TestAdmissionRefusesARemoval(t *testing.T) {
	webhook := func(reason metav1.StatusReason, code int32, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Reason: reason, Code: code, Message: message}}
	}
	refused := &plan.AnswerError{Decision: plan.ReadObjection(webhook("Forbidden", 403, `admission webhook "guard" denied the request: no`)).RefuseRemoval("test", "delete", "b")}
	silent := fmt.Errorf("%w: %w", plan.ErrTransient, webhook("InternalError", 500, `Internal error occurred: failed calling webhook "guard": timeout`))
	const hint = "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations; rerun the command to resume"
	for name, test := range map[string]struct {
		decisions []plan.Decision
		err       error
		verdict   plan.Verdict
		message   string
		hint      string
	}{
		"the first":                             {[]plan.Decision{deletion("b")}, refused, plan.Refused, `cannot delete pod b: refused by admission webhook "guard": no`, "do what the webhook requires, or find out who runs it: " + hint},
		"after an annotation":                   {[]plan.Decision{patch("begin"), deletion("b")}, refused, plan.Refused, `cannot delete pod b: refused by admission webhook "guard": no`, "do what the webhook requires, or find out who runs it: " + hint},
		"after another pod":                     {[]plan.Decision{deletion("a"), deletion("b")}, refused, plan.Stuck, `cannot delete pod b: refused by admission webhook "guard": no; the steps before it were carried out`, "do what the webhook requires, or find out who runs it: " + hint},
		"a patch, and a webhook that is silent": {[]plan.Decision{deletion("a"), patch("b")}, silent, plan.Stuck, `cannot patch statefulset web: admission webhook "guard" does not answer: timeout; the steps before it were carried out`, "rerun when the webhook answers: " + hint},
		"the first, and it is silent":           {[]plan.Decision{patch("b")}, silent, plan.Refused, `cannot patch statefulset web: admission webhook "guard" does not answer: timeout`, "rerun when the webhook answers: " + hint},
		"a webhook that is silent":              {[]plan.Decision{deletion("a"), deletion("b")}, silent, plan.Stuck, `cannot delete pod b: admission webhook "guard" does not answer: timeout; the steps before it were carried out`, "rerun when the webhook answers: " + hint},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, i := newCluster(t), &script{decisions: test.decisions}
				c.apply = func(_ context.Context, a plan.Action) error {
					if a.Why == "b" {
						return test.err
					}
					return nil
				}
				r := run(c, i, 0)
				for n := 1; !r.over() && n < 60; n++ {
					c.age += 2 * time.Second
					c.show(n)
				}
				r.mustBeOver(t, true)
				d := r.result.Decision
				if diff := cmp.Diff([]string{string(test.verdict), test.message, test.hint}, []string{string(d.Verdict), d.Message, d.Hint}); diff != "" || r.err != nil {
					t.Errorf("%v (-want +got):\n%s", r.err, diff)
				}
			})
		})
	}
}

// TestStoredWithMore: a write that admission has changed ends the command, and counts as written.
func TestStoredWithMore(t *testing.T) {
	stored := &plan.AnswerError{Decision: plan.Decision{Verdict: plan.Refused, Reason: plan.ReasonAdmission, Message: "stored with more"}, Stored: true}
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []plan.Decision{patch("begin"), deletion("a")}}
		c.apply = func(context.Context, plan.Action) error { return stored }
		r := run(c, i, 0)
		for n := 1; !r.over() && n < 60; n++ {
			c.show(n)
		}
		r.mustBeOver(t, true)
		if len(r.result.Applied) != 1 || r.result.Decision.Verdict != plan.Refused || r.err != nil {
			t.Errorf("applied %v, %s %s, %v", r.result.Applied, r.result.Decision.Verdict, r.result.Decision.Message, r.err)
		}
	})
}
