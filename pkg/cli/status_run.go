package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// goals are the ends of --for: reached, or so that it never will be by itself.
var goals = map[string]func(*report.Status) (reached, never bool){
	"ready": func(s *report.Status) (bool, bool) {
		settled := s.State == report.Complete || s.State == report.Paused || s.State == report.Parked || s.State == report.Progressing
		return settled && s.AvailableReplicas == s.DesiredReplicas && s.Observed, false
	},
	"complete": func(s *report.Status) (bool, bool) {
		return s.State == report.Complete || s.State == report.Parked, false
	},
	"paused": func(s *report.Status) (bool, bool) {
		return s.State == report.Paused, s.State == report.Complete || s.State == report.Parked
	},
}

// runReport reads, or watches, and prints.
func runReport(ctx context.Context, c *common, o statusOptions, out *output) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	p := &reporter{common: c, options: o, out: out}
	if !o.watch && o.until == "" {
		o.query.SomeNames = len(o.query.Names) > 1
		inv, err := client.Read(ctx, o.query)
		if err != nil {
			return err
		}
		if len(inv.Sets) == 0 && len(o.query.Names) == 0 {
			if err := c.sayNone(ctx, client, "StatefulSets", o.query.Namespace, o.exitCode); err != nil {
				return err
			}
		}
		if err := p.show(inv, true); err != nil {
			return err
		}
		p.sayNoOrdinals()
		return cmp.Or(c.sayNotFound(ctx, client, o.query, inv), p.verdict())
	}
	ctx, expired := withTimeout(ctx, o.timeout)
	defer func() { _ = expired(nil) }()
	view, err := client.Open(ctx, o.query, nil, p.tell())
	if err != nil {
		return expired(err)
	}
	for inv := range view.WatchAll(ctx) {
		end := p.reached(inv)
		if o.watch || end != nil {
			if err := p.show(inv, end != nil); err != nil {
				return err
			}
		} else {
			p.progress()
		}
		if end != nil {
			return *end
		}
	}
	if err := view.Err(); err != nil {
		return err
	}
	cause := context.Cause(ctx)
	if timeout := (*loop.TimeoutError)(nil); errors.As(cause, &timeout) {
		if o.until == "" {
			return nil // the watch has lasted as long as requested
		}
		if p.report == nil || len(p.report.Items) == 0 {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), loop.CallGrace)
			defer cancel()
			if err := client.CheckNamespace(last, o.query.Namespace); err != nil {
				return err
			}
		}
		timeout.Last = operate.Decision{Verdict: operate.Wait, Message: msgWaitFor(o.until, p.message())}
		return timeout
	}
	return cause
}

// sayNone prints kubectl's message for an empty list. A namespace that does not exist
// is a likelier mistake than one without such objects: the message says so, or with strict it is an error, because a
// pipeline must not succeed in the wrong namespace.
func (c *common) sayNone(ctx context.Context, client *kube.Client, objects, namespace string, strict bool) error {
	if namespace == "" {
		_, _ = fmt.Fprintln(c.env.ErrOut, msgNoneFound(objects))
		return nil
	}
	err := client.CheckNamespace(ctx, namespace)
	switch {
	case err == nil:
		_, _ = fmt.Fprintln(c.env.ErrOut, msgNoneInNamespace(objects, namespace))
	case strict:
		return err
	default:
		_, _ = fmt.Fprintln(c.env.ErrOut, msgNoneInMissingNamespace(objects, namespace))
	}
	return nil
}

// sayNotFound is the error for the last set that was named and does not exist; it prints those of the
// others, as kubectl get does. If the namespace does not exist, that is the only error.
func (c *common) sayNotFound(ctx context.Context, client *kube.Client, q kube.Query, inv *sts.Inventory) error {
	if len(q.Names) > 1 && len(inv.Sets) == 0 {
		if err := client.CheckNamespace(ctx, q.Namespace); err != nil {
			return err
		}
	}
	var last error
	for _, name := range q.Names {
		if slices.ContainsFunc(inv.Sets, func(s *appsv1.StatefulSet) bool { return s.Name == name }) {
			continue
		}
		if last != nil {
			_, _ = fmt.Fprintln(c.env.ErrOut, errorText(last))
		}
		last = apierrors.NewNotFound(appsv1.Resource("statefulsets"), name)
	}
	return last
}
