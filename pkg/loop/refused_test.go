package loop_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestAdmissionRefusesARemoval: a pod whose removal admission rejects ends the command. It is refused
// while no pod was disrupted, and stuck afterwards; an annotation disrupts no pod.
func TestAdmissionRefusesARemoval(t *testing.T) {
	webhook := func(reason metav1.StatusReason, code int32, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Reason: reason, Code: code, Message: message}}
	}
	refused := &operate.AnswerError{Decision: operate.ReadObjection(webhook("Forbidden", 403, `admission webhook "guard" denied the request: no`)).RefuseRemoval("test", "delete", "b")}
	silent := fmt.Errorf("%w: %w", operate.ErrTransient, webhook("InternalError", 500, `Internal error occurred: failed calling webhook "guard": timeout`))
	const hint = "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"
	resume := strings.TrimPrefix(loop.HintRerun(sts.Kubectl("", "get")).String(), "kubectl get")
	for name, test := range map[string]struct {
		decisions []operate.Decision
		err       error
		verdict   operate.Verdict
		message   string // its beginning
	}{
		"the first":                             {[]operate.Decision{deletion("b")}, refused, operate.Refused, " b"},
		"after an annotation":                   {[]operate.Decision{patch("begin"), deletion("b")}, refused, operate.Refused, " b"},
		"after another pod":                     {[]operate.Decision{deletion("a"), deletion("b")}, refused, operate.Stuck, " b"},
		"a patch, and a webhook that is silent": {[]operate.Decision{deletion("a"), patch("b")}, silent, operate.Stuck, " statefulset/web"},
		"the first, and it is silent":           {[]operate.Decision{patch("b")}, silent, operate.Refused, " statefulset/web"},
		"a webhook that is silent":              {[]operate.Decision{deletion("a"), deletion("b")}, silent, operate.Stuck, " b"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, i := newCluster(t), &script{decisions: test.decisions}
				c.apply = func(_ context.Context, a operate.SetAction) error {
					if a.Describe() == "b" {
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
				if d.Verdict != test.verdict || !strings.Contains(d.Message, test.message+": ") || !strings.Contains(d.Message, `admission webhook "guard"`) || !slices.Equal(ststest.Commands(d.Hint), []string{hint}) || !strings.HasSuffix(d.Hint.String(), resume) || r.err != nil {
					t.Errorf("%s: %s\n%s\n%v", d.Verdict, d.Message, d.Hint, r.err)
				}
			})
		})
	}
}

// TestStoredWithMore: a write that admission has changed ends the command, and counts as written.
func TestStoredWithMore(t *testing.T) {
	stored := &operate.AnswerError{Decision: operate.Decision{Verdict: operate.Refused, Reason: operate.ReasonAdmission, Message: "stored with more"}, Stored: true}
	synctest.Test(t, func(t *testing.T) {
		c, i := newCluster(t), &script{decisions: []operate.Decision{patch("begin"), deletion("a")}}
		c.apply = func(context.Context, operate.SetAction) error { return stored }
		r := run(c, i, 0)
		for n := 1; !r.over() && n < 60; n++ {
			c.show(n)
		}
		r.mustBeOver(t, true)
		if len(r.result.Applied) != 1 || r.result.Decision.Verdict != operate.Refused || r.err != nil {
			t.Errorf("applied %v, %s %s, %v", r.result.Applied, r.result.Decision.Verdict, r.result.Decision.Message, r.err)
		}
	})
}
