package operate

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Confirmed is the intent whose plan was shown for this snapshot. Where the cluster has changed
// since, so that the first write would end a pod that existed then and that the plan did not
// name, the command is refused. Not compared are pods that are newer, commands that roll an update
// back, and plans that do not reach their end: these show only the first steps.
func Confirmed(i Intent, s *sts.Snapshot) Intent {
	shown, done := goes(i, s)
	if rollsBack(i) || !done {
		return i
	}
	c := confirmed{Intent: i, unnamed: map[types.UID]bool{}}
	for _, p := range s.Pods {
		c.unnamed[p.UID] = !shown[p.UID]
	}
	return c
}

type confirmed struct {
	Intent
	unnamed map[types.UID]bool // pods that the plan did not name
}

// acceptsDataLoss implements [acceptor]: the intent has decided about that in Next.
func (c confirmed) acceptsDataLoss() bool { return true }

// goes are the pods that may be replaced or removed because of the plan, and whether the plan
// reaches its end.
func goes(i Intent, s *sts.Snapshot) (pods map[types.UID]bool, done bool) {
	w := newPreview(s)
	w.going = map[types.UID]bool{}
	steps := w.run(i, s)
	return w.going, steps[len(steps)-1].Verdict == Done
}

// Next implements [Intent].
func (c confirmed) Next(s *sts.Snapshot, f Facts) Decision {
	d := Next(c.Intent, s, f)
	if d.Verdict != Do || !d.Action.IsAPIWrite() || f.Wrote || len(f.Deleted) > 0 || len(f.Scaled) > 0 {
		return d
	}
	going, _ := goes(c.Intent, s)
	var extra []string
	for _, p := range s.Pods {
		if going[p.UID] && c.unnamed[p.UID] {
			extra = append(extra, p.Name)
		}
	}
	if len(extra) == 0 {
		return d
	}
	slices.Sort(extra)
	return decide(Refused, ReasonPlanChanged, msgPlanChanged(s.Set.Name, extra), hintPlanAgain())
}
