package plan

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/simulate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Foretell runs an intent in a world where everything goes well and returns its
// decisions: the plan that people review. The last one is how it would end. The
// same Next decides here and when it is done for real. What the intent only waits
// for is not listed, but what it waits for first, what takes its time, and what
// does not come.
func Foretell(i Intent, s *sts.Snapshot) []Decision {
	return newForetold(s).run(i, s)
}

func (w *foretold) run(i Intent, s *sts.Snapshot) []Decision {
	const long = time.Hour // nothing has moved for as long as anybody wants to see
	var out []Decision
	f := Facts{Still: long, Asked: map[string]bool{}, Answers: map[string]Answer{}}
	if d, ok := i.(drainScale); ok { // it tells a pod that is not created from one that will be
		f.Still, w.Refused = 0, d.refused(s)
	}
	for steps := 0; steps < w.enough(); steps++ {
		d := Next(i, s, f)
		if d.Verdict == Do && w.going != nil {
			for _, r := range d.Action.Endangers(s) {
				w.going[r.Pod.UID] = true
			}
		}
		listed := len(out) > 0 && out[len(out)-1].Verdict == d.Verdict && out[len(out)-1].Key() == d.Key()
		switch {
		case d.Verdict == Wait && w.goesOn(d.Until):
			if len(out) == 0 || d.Until != nil && !listed {
				out = append(out, d)
			}
			f.Still = 0
		case d.Verdict == Wait && f.Still < long:
			f.Still = long
			continue
		case d.Verdict == Wait && listed:
			return out // the person sees for what
		case d.Verdict != Do:
			return append(out, d)
		case d.Then != nil:
			return append(out, d, *d.Then)
		case d.Action.AskEviction != nil:
			f = f.After(*d.Action) // no step for people
			continue
		case d.Action.Run != nil:
			run := d.Action.Run
			if len(out) == 0 || !sameQuestion(out[len(out)-1], d) {
				out = append(out, d)
			}
			answer := run.foretold
			answer.Imagined = true
			f.Asked[run.Key], f.Answers[run.Key] = true, answer
			steps-- // there are as many questions as there are
			continue
		default:
			out = append(out, d)
			if err := w.apply(d.Action); err != nil {
				return out
			}
			f = f.After(*d.Action)
			f.Still = 0
		}
		s = w.snapshot()
	}
	return out
}

// sameQuestion says whether two decisions ask questions that differ only in the pod
// that is asked.
func sameQuestion(a, b Decision) bool {
	if a.Action == nil || a.Action.Run == nil {
		return false
	}
	x, y := a.Action.Run, b.Action.Run
	return x.For == y.For && x.Command == y.Command && slices.Equal(x.Argv, y.Argv)
}

// foretold is the world in which a plan is made: pods come and go within a moment,
// new ones get ready, and those that are broken now stay so. What a decision looks at
// beside the set and its pods, budgets for instance, does not move.
type foretold struct {
	*simulate.World
	beside  *sts.Snapshot
	broken  map[types.UID]bool
	going   map[types.UID]bool // pods that may go because of a step; nil where nobody needs it
	begun   bool               // the controller has had its say
	largest int
	stored  *corev1.PodTemplateSpec // what admission makes of the new template; nil where it leaves it alone
}

func newForetold(s *sts.Snapshot) *foretold {
	beside := *s
	beside.Events, beside.Budgets = nil, freed(s)
	w := &foretold{beside: &beside, broken: map[types.UID]bool{}}
	for _, r := range s.Replicas() {
		if r.Pod != nil && isFailing(s, r) {
			w.broken[r.Pod.UID] = true
		}
	}
	nodes := simulate.Nodes{ReadyAfter: time.Second, TerminateAfter: time.Second,
		Broken: func(p *corev1.Pod) bool { return w.broken[p.UID] }}
	w.World = simulate.NewWorld(s, featuresOf(s, nodes), nodes)
	return w
}

// freed are the budgets once those that are short now are so no longer.
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

// featuresOf finds out which rules the controller goes by, from what it has not done: only
// with the gate it lets a pod stand that it has to replace, because that is unavailable.
func featuresOf(s *sts.Snapshot, nodes simulate.Nodes) simulate.Features {
	var f simulate.Features
	if sts.IsParallel(s.Set) && sts.Observed(s.Set) {
		w := simulate.NewWorld(s, f, nodes)
		w.Settle()
		f.MaxUnavailable = slices.ContainsFunc(w.Events(), func(e simulate.Event) bool {
			return e.Kind == simulate.PodDeleted && nodes.Broken(w.Pods[e.Object])
		})
	}
	return f
}

// enough is how many steps no plan comes to.
func (w *foretold) enough() int {
	w.largest = max(w.largest, len(w.Pods), int(sts.WantedReplicas(w.Set)))
	return 20 + 20*w.largest
}

func (w *foretold) snapshot() *sts.Snapshot { return w.Snapshot(w.beside) }

// goesOn lets the next thing happen, or time pass. It is false when nothing does any more.
func (w *foretold) goesOn(until *time.Time) bool {
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

func (w *foretold) settle() {
	w.begun = true
	w.Settle()
}

// apply carries an action out. It fails where the API server would.
func (w *foretold) apply(a *Action) error {
	switch {
	case a.PatchSet != nil:
		set, err := Patched(w.Set, a.PatchSet.Ops)
		if err != nil {
			return err
		}
		altered := w.stored != nil && a.PatchSet.AcceptAdmission && a.PatchSet.ChangesTemplate()
		if altered {
			set.Spec.Template = *w.stored
		}
		if !equality.Semantic.DeepEqual(set.Spec, w.Set.Spec) {
			set.Generation++
		}
		if w.Set = set; !altered {
			w.recall(a.PatchSet.RestoreRevision)
		}
	case a.Scale != nil:
		w.Set = w.Set.DeepCopy()
		w.Set.Spec.Replicas = &a.Scale.To
		w.Set.Generation++
	case a.HoldPod != nil:
		pod, err := Patched(w.Pods[a.HoldPod.Name], a.HoldPod.Ops)
		if err != nil {
			return err
		}
		w.Pods[a.HoldPod.Name] = pod
	case a.DeletePod != nil:
		w.Delete(a.DeletePod.Ordinal)
	case a.EvictPod != nil:
		w.Delete(a.EvictPod.Ordinal)
	}
	w.settle()
	w.giveUp()
	return nil
}

// recall puts a revision that history has dropped back into it: a revision's name comes from
// its template, so that one that is restored gets its old name again.
func (w *foretold) recall(name string) {
	if name == "" || slices.ContainsFunc(w.Revisions, func(r *appsv1.ControllerRevision) bool { return r.Name == name }) {
		return
	}
	r := simulate.NewRevision(w.Set)
	r.Name = name
	for _, other := range w.Revisions {
		r.Revision = max(r.Revision, other.Revision+1)
	}
	w.Revisions = append(w.Revisions, r)
}

// giveUp takes the pods for broken that are to be replaced and are not ready: whoever acts
// without waiting for them does not count on them.
func (w *foretold) giveUp() {
	for o := sts.UpdateFrom(w.Set); sts.IsRollingUpdate(w.Set) && o < sts.End(w.Set); o++ {
		p := w.Pods[sts.PodName(w.Set.Name, o)]
		if p != nil && sts.ReadySince(p).IsZero() && sts.PodRevision(p) != w.Set.Status.UpdateRevision {
			w.broken[p.UID] = true
		}
	}
}
