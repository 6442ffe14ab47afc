package cli

import (
	"context"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// judged are the tasks of a purge. Those that a first check refuses are settled: what was not shown is
// not done, whatever happens in between. In a client dry run all are.
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
		if d := tasks[i].Intent.Next(*views[i]); d.Verdict == operate.Refused || g.dryRun == "client" {
			tasks[i].Intent = claimloop.Settled(d)
		}
	}
	return tasks, nil
}
