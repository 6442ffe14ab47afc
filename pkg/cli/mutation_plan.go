package cli

import (
	"context"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// plan predicts the plan.
func (r *mutationRun) plan(ctx context.Context) {
	s := r.snapshot
	steps, trials := operate.PreviewTrials(r.intent, s)
	r.trials = trials
	r.report = &ChangeReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "ChangeReport"},
		Namespace: s.Set.Namespace, Name: s.Set.Name, Command: r.verb, StartedAt: metav1.NewTime(s.TakenAt),
		Plan: steps, Applied: []loop.Applied{},
	}
	r.describe(s)
	if r.prove != nil {
		r.report.Proof = r.prove(ctx, r.client, s)
	}
	if r.dryRun != "none" {
		r.report.DryRun = r.dryRun
	}
}

func (r *mutationRun) first() operate.Decision { return r.report.Plan[0] }

func (r *mutationRun) last() operate.Decision { return r.report.Plan[len(r.report.Plan)-1] }

// writes says whether the plan writes anything.
func (r *mutationRun) writes() bool { return countWrites(r.report.Plan) > 0 }

// asks says whether a confirmation is required.
func (r *mutationRun) asks() bool { return r.writes() && !r.yes && r.dryRun == "none" }

// showsPlan says whether the plan is printed for a person: before a confirmation, and as the result of a dry
// run.
func (r *mutationRun) showsPlan() bool {
	shown := r.writes() || r.dryRun != "none" && r.first().Verdict == operate.Wait
	confirms := r.dryRun == "none" && r.nodeOff == "" && operate.ConfirmsNode(r.report.Plan) != ""
	return r.asks() || confirms || r.out.human() && shown && (!r.env.quiet || r.dryRun != "none")
}

// planOutput is where plans are printed.
func (r *mutationRun) planOutput() io.Writer {
	if r.dryRun != "none" {
		return r.env.Out
	}
	return r.env.ErrOut
}

// showPlan prints the plan, where it is printed.
func (r *mutationRun) showPlan() error {
	if !r.showsPlan() {
		return nil
	}
	to, style := r.planOutput(), r.env.errStyle()
	if r.dryRun != "none" {
		style = r.env.style()
	}
	if r.report.Proof != nil {
		if err := printProof(to, r.report.Proof, r.snapshot.TakenAt, style); err != nil {
			return err
		}
	}
	_, _ = io.WriteString(to, style.Wrap("", 0, render.Plain, msgPlanTitle(r.verb, r.report.Namespace, r.report.Name, r.dryRun)))
	render.Plan(to, r.report.Plan, style)
	if r.report.Alteration == nil {
		return nil
	}
	_, _ = fmt.Fprintln(to, msgAdmissionChanges())
	return printAlteration(to, r.report.Alteration, style)
}

func countWrites(steps []operate.Decision) int {
	n := 0
	for _, d := range steps {
		if d.Verdict == operate.Do && d.Action.IsAPIWrite() {
			n++
		}
	}
	return n
}

// losesData reports whether a plan would remove a pod whose data is lost with it. No step of such a
// plan is carried out.
func losesData(last operate.Decision) bool {
	return last.Verdict == operate.Refused && (last.Reason == operate.ReasonDataLoss || last.Reason == operate.ReasonUnseen)
}
