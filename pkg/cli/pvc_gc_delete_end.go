package cli

import (
	"context"
	"sync"
	"sync/atomic"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// trail leaves one Event on each set that still exists about its claims that were deleted.
func (g *gcRun) trail(ctx context.Context, client *kube.Client, sets []*appsv1.StatefulSet, pvcs map[[2]string]claims.Claim, items []GCItem) {
	deleted := map[[2]string][]string{}
	for i := range items {
		if o := items[i].Outcome; o != nil && o.Reason == claims.ReasonClaimDeleted && g.dryRun == "none" {
			set := [2]string{items[i].Namespace, pvcs[[2]string{items[i].Namespace, items[i].Claim}].Set}
			deleted[set] = append(deleted[set], items[i].Claim)
		}
	}
	var (
		group  sync.WaitGroup
		calls  = make(chan struct{}, g.workers)
		failed atomic.Pointer[error]
	)
	for _, set := range sets {
		names := deleted[[2]string{set.Namespace, set.Name}]
		if len(names) == 0 {
			continue
		}
		calls <- struct{}{}
		group.Go(func() {
			defer func() { <-calls }()
			if err := client.Record(ctx, set, "ClaimsDeleted", msgClaimsDeletedEvent(g.env.Who, names, sts.Kubectl(set.Namespace, "sts pvc-gc undo"))); err != nil {
				failed.Store(&err)
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil { // one warning for all: the reason is the same
		warnTo(g.env.ErrOut, (*err).Error())
	}
}

// recalled fails when a claim that was deleted before is needed again and must be restored,
// as after a kill between the deletion and the check that follows it.
func (g *gcRun) recalled() error {
	for i := range g.earlier {
		if c := &g.earlier[i]; c.Urgent() && g.dryRun == "none" {
			return &outcomeError{Decision: operate.Decision{
				Verdict: operate.Stuck, Reason: claims.ReasonClaimDesired, Message: msgNeededAgain(c.Claim, c.Message),
				Hint: sts.Kubectl(c.Namespace, "sts pvc-gc undo", c.Claim),
			}}
		}
	}
	return nil
}
