package cli

import (
	"context"
	"errors"
	"io"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// tryPlan checks with dry runs, before anything is written, that the API server will accept the steps
// of the plan and their consequences.
func (r *mutationRun) tryPlan(ctx context.Context) error {
	if r.dryRun == "client" {
		return nil
	}
	var set *appsv1.StatefulSet
	if first := r.first(); first.Verdict == operate.Do || first.Verdict == operate.Wait && r.writes() {
		var alteration *sts.Alteration
		var err error
		if set, alteration, err = r.tryWrites(ctx); err != nil {
			return err
		}
		if set != nil {
			r.learn(set, alteration)
		}
	}
	if !r.writes() {
		return nil
	}
	return r.tryConsequences(ctx, set)
}

// learn takes over what the dry run of the first step has shown: the set as it would be stored, and
// what admission changes in it, where the step accepts that. The plan may then end in another way.
func (r *mutationRun) learn(set *appsv1.StatefulSet, alteration *sts.Alteration) {
	if p, ok := r.first().Action.(*operate.PatchSet); ok && p.Canary != nil && p.Canary.TemplateDigest == "" { // a record of the template that the step sets
		r.storedTemplate = record.TemplateDigest(&set.Spec.Template)
	}
	if r.report.Alteration = alteration; alteration != nil {
		r.report.Plan, r.trials = operate.PreviewStored(r.intent, r.snapshot, &set.Spec.Template)
	}
}

// tryWrites checks the first patch, and the first later change of the spec of each kind. A set that
// has changed since it was read is no error. It returns the set after the first patch, nil without one.
func (r *mutationRun) tryWrites(ctx context.Context) (set *appsv1.StatefulSet, alteration *sts.Alteration, err error) {
	s, steps := r.snapshot, r.report.Plan
	var p *operate.PatchSet // nil also where the command waits before it writes
	if first, ok := steps[0].Action.(*operate.PatchSet); ok {
		p = first
		err := tried(s, p, func() (err error) {
			set, alteration, err = r.view.Try(ctx, s, p)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if later := operate.FirstPatch(steps); later != nil && later != p && (p == nil || p.RecordOnly()) {
		err := tried(s, later, func() error {
			_, _, err := r.view.Try(ctx, s, later.SpecOnly(s))
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	for _, size := range []*operate.Scale{operate.FirstScale(steps), operate.FinalScale(s, steps)} {
		if size == nil {
			continue
		}
		if err := tried(s, size, func() error { return r.view.TryScale(ctx, s, size) }); err != nil {
			return nil, nil, err
		}
	}
	return set, alteration, nil
}

// tried is [persist] for the dry run of an action. A webhook that does not respond then refuses it:
// the write itself would fail in the same way.
func tried(s *sts.Snapshot, a operate.SetAction, call func() error) error {
	err := persist(call)
	if o := operate.ReadObjection(err); o != nil && o.Kind == operate.ByFailingWebhook {
		if d := o.RefuseAction(s.Set.Namespace, s.Set.Name, a); d != nil {
			return &operate.AnswerError{Decision: *d}
		}
	}
	return err
}

// persist retries when the server does not respond. A set that has changed meanwhile is
// no error.
func persist(call func() error) error {
	const tries = 3
	err := operate.ErrTransient
	for try := 0; try < tries && errors.Is(err, operate.ErrTransient); try++ {
		err = call()
	}
	if errors.Is(err, operate.ErrChanged) {
		return nil
	}
	return err
}

// printAlteration prints what mutating admission changes in a write, as a diff.
func printAlteration(w io.Writer, a *sts.Alteration, style render.Style) error {
	if len(a.Sent) == 0 {
		return nil
	}
	unified, err := unifiedDiff(&report.DiffReport{From: "sent", To: "after admission", FromTemplate: a.Sent, ToTemplate: a.Stored})
	if err != nil {
		return err
	}
	return render.Diff(w, unified, style)
}
