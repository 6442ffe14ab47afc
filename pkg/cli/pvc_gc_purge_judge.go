package cli

import (
	"context"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// settled is the result for a claim that was judged before the plan was shown: what was not
// shown is not done, whatever happens in between.
type settled claims.ClaimDecision

// Next implements [claims.Intent].
func (s settled) Next(claims.View) claims.ClaimDecision { return claims.ClaimDecision(s) }

// judged are the tasks of a purge; those that a first check refuses are settled.
func (g *gcRun) judged(ctx context.Context, world *kube.Claims, ns string, picked []retained, byVolume func(retained) bool) ([]claimloop.Task, error) {
	volumes, err := world.Client.Volumes(ctx)
	if err != nil {
		return nil, err
	}
	storages := map[string]sts.Storage{}
	for i := range volumes {
		storages[volumes[i].Name] = volumes[i].Storage
	}
	tasks, views := make([]claimloop.Task, len(picked)), make([]*claims.View, len(picked))
	for i, r := range picked {
		tasks[i] = claimloop.Task{View: retainedView(r), Intent: claims.Purge{
			UID: r.Volume.UID, Shared: storages[r.Volume.Name].Sharers(volumes, r.Volume.Name), Replaced: byVolume(r),
		}}
		view := retainedView(r)
		view.Volume, views[i] = r.Volume, &view
	}
	if err := world.Fill(ctx, ns, views); err != nil {
		return nil, err
	}
	for i := range tasks {
		if d := tasks[i].Intent.Next(*views[i]); d.Verdict == operate.Refused {
			tasks[i].Intent = settled(d)
		}
	}
	return tasks, nil
}
