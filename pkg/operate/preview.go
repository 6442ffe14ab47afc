package operate

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// Preview runs an intent in a simulated world where everything succeeds and returns
// its decisions: the plan that people review. The last one is how it would end. The
// same Next decides here and in the cluster. Waits are not listed, except the first
// one, those with a set duration, and one that does not end.
func Preview(i Intent, s *sts.Snapshot) []Decision {
	return newPreview(s).run(i, s)
}

func (w *preview) run(i Intent, s *sts.Snapshot) []Decision {
	const long = time.Hour // longer than any decision waits for a standstill
	var out []Decision
	f := Facts{Still: long, Started: map[string]bool{}, Results: map[string]ExecResult{}}
	if w.stored != nil {
		f.StoredTemplate = record.TemplateDigest(w.stored)
	}
	if d, ok := i.(drainScale); ok { // it distinguishes a pod that cannot be created from one that will be
		f.Still, w.Refused = 0, d.refused(s)
	}
	for steps := 0; steps < w.enough(); steps++ {
		d := next(i, s, f)
		if d.Verdict == Do && w.going != nil {
			for _, r := range d.Action.Endangers(s) {
				w.going[r.Pod.UID] = true
			}
		}
		command, isExec := d.Action.(*Exec)
		check, isCheck := d.Action.(*DryRunEviction)
		listed := len(out) > 0 && out[len(out)-1].Verdict == d.Verdict && out[len(out)-1].Key() == d.Key()
		switch {
		case d.Verdict == Wait && w.advance(d.Until):
			if len(out) == 0 || d.Until != nil && !listed {
				out = append(out, d)
			}
			f.Still = 0
		case d.Verdict == Wait && f.Still < long:
			f.Still = long
			continue
		case d.Verdict == Wait && listed:
			return out // the plan shows for what
		case d.Verdict != Do:
			return append(out, d)
		case d.Then != nil:
			return append(out, d, *d.Then)
		case isCheck:
			f = f.After(check) // not shown as a step
			continue
		case isExec:
			if len(out) == 0 || !sameCommand(out[len(out)-1], command) {
				out = append(out, d)
			}
			result := command.predicted
			result.Imagined = true
			f.Started[command.Key], f.Results[command.Key] = true, result
			steps-- // commands do not count: their number is not limited
			continue
		default:
			out = append(out, d)
			if err := w.apply(d.Action); err != nil {
				return out
			}
			f = f.After(d.Action)
			f.Still = 0
		}
		s = w.snapshot()
	}
	return out
}

// sameCommand says whether the step before runs the same command, perhaps in another pod.
func sameCommand(before Decision, b *Exec) bool {
	a, ok := before.Action.(*Exec)
	return ok && a.For == b.For && a.Command == b.Command && slices.Equal(a.Argv, b.Argv)
}

// The simulated world in which a plan is made: pods are created and deleted
// at once, new ones become ready, and those that are failing now stay so. What a decision
// depends on besides the set and its pods, budgets for instance, does not change.
type preview struct {
	*forecast.World
	beside  *sts.Snapshot
	broken  map[types.UID]bool
	going   map[types.UID]bool // pods that a step may remove; nil where that is not needed
	begun   bool               // the controller has run once
	largest int
	stored  *corev1.PodTemplateSpec // the new template after admission; nil where admission does not change it
}

func newPreview(s *sts.Snapshot) *preview {
	beside := *s
	beside.Events, beside.Budgets = nil, freed(s)
	w := &preview{beside: &beside, broken: map[types.UID]bool{}}
	for _, r := range s.Replicas() {
		if r.Pod != nil && isFailing(s, r) {
			w.broken[r.Pod.UID] = true
		}
	}
	nodes := forecast.Nodes{ReadyAfter: time.Second, TerminateAfter: time.Second,
		Broken: func(p *corev1.Pod) bool { return w.broken[p.UID] }}
	w.World = forecast.NewWorld(s, featuresOf(s, nodes), nodes)
	return w
}

// freed are the budgets as if those that are short now allowed a disruption.
func freed(s *sts.Snapshot) []*policyv1.PodDisruptionBudget {
	out := slices.Clone(s.Budgets)
	for k, b := range out {
		if verdict, _ := sts.JudgeBudget(b, true); verdict == sts.BudgetShort {
			b = b.DeepCopy()
			b.Status.ObservedGeneration, b.Status.DisruptionsAllowed = b.Generation, 1
			b.Status.ExpectedPods = max(1, b.Status.ExpectedPods)
			out[k] = b
		}
	}
	return out
}

// featuresOf finds out which rules the controller applies, from what it has not done: only
// with the feature gate it does not replace a pod that is unavailable.
func featuresOf(s *sts.Snapshot, nodes forecast.Nodes) forecast.Features {
	var f forecast.Features
	if sts.IsParallel(s.Set) && sts.Observed(s.Set) {
		w := forecast.NewWorld(s, f, nodes)
		w.Settle()
		f.MaxUnavailable = slices.ContainsFunc(w.Events(), func(e forecast.Event) bool {
			return e.Kind == forecast.PodDeleted && nodes.Broken(w.Pods[e.Object])
		})
	}
	return f
}

// enough is more steps than any plan has.
func (w *preview) enough() int {
	w.largest = max(w.largest, len(w.Pods), int(sts.DesiredReplicas(w.Set)))
	return 20 + 20*w.largest
}

func (w *preview) snapshot() *sts.Snapshot { return w.Snapshot(w.beside) }

// advance takes the world to the next event, or to a time. It is false when nothing happens
// any more.
func (w *preview) advance(until *time.Time) bool {
	switch {
	case !w.begun:
		w.settle()
	case w.Advance():
	case until != nil && until.After(w.Now):
		w.AdvanceTo(*until)
	default:
		return false
	}
	return true
}

func (w *preview) settle() {
	w.begun = true
	w.Settle()
}

// apply carries out an action. It fails where the API server would.
func (w *preview) apply(a SetAction) error {
	if err := a.simulate(w); err != nil {
		return err
	}
	w.settle()
	w.giveUp()
	return nil
}

// recall puts a revision back that is gone from history: the name of a revision is derived from
// its template, so a restored one has its old name.
func (w *preview) recall(name string) {
	if name == "" || slices.ContainsFunc(w.Revisions, func(r *appsv1.ControllerRevision) bool { return r.Name == name }) {
		return
	}
	r := forecast.NewRevision(w.Set)
	r.Name = name
	for _, other := range w.Revisions {
		r.Revision = max(r.Revision, other.Revision+1)
	}
	w.Revisions = append(w.Revisions, r)
}

// giveUp treats pods as failing that should be replaced and are not ready: an intent that acts
// without waiting for them does not rely on them.
func (w *preview) giveUp() {
	for o := sts.UpdateFrom(w.Set); sts.StrategyOf(w.Set).HasPartition() && o < sts.End(w.Set); o++ {
		p := w.Pods[sts.PodName(w.Set.Name, o)]
		if p != nil && sts.ReadySince(p).IsZero() && sts.PodRevision(p) != w.Set.Status.UpdateRevision {
			w.broken[p.UID] = true
		}
	}
}
