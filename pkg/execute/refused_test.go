package execute_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
		message   string // its beginning
	}{
		"the first":                             {[]plan.Decision{deletion("b")}, refused, plan.Refused, "cannot delete pod b"},
		"after an annotation":                   {[]plan.Decision{patch("begin"), deletion("b")}, refused, plan.Refused, "cannot delete pod b"},
		"after another pod":                     {[]plan.Decision{deletion("a"), deletion("b")}, refused, plan.Stuck, "cannot delete pod b"},
		"a patch, and a webhook that is silent": {[]plan.Decision{deletion("a"), patch("b")}, silent, plan.Stuck, "cannot patch statefulset/web"},
		"the first, and it is silent":           {[]plan.Decision{patch("b")}, silent, plan.Refused, "cannot patch statefulset/web"},
		"a webhook that is silent":              {[]plan.Decision{deletion("a"), deletion("b")}, silent, plan.Stuck, "cannot delete pod b"},
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
				if d.Verdict != test.verdict || !strings.HasPrefix(d.Message, test.message+": ") || !strings.Contains(d.Message, `admission webhook "guard"`) || !strings.HasSuffix(d.Hint, hint) || r.err != nil {
					t.Errorf("%s: %s\n%s\n%v", d.Verdict, d.Message, d.Hint, r.err)
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
