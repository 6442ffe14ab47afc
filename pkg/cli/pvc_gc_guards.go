package cli

import (
	"context"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// mayKeep refuses when the user may not change volumes: the data of a claim could not be
// retained, or the reclaim policy not be restored.
func (g *gcRun) mayKeep(ctx context.Context, client *kube.Client) error {
	return g.mayVolumes(ctx, client, hintVolumePermissions(), "get", "patch")
}

// mayVolumes refuses when the user lacks one of the verbs on volumes.
func (g *gcRun) mayVolumes(ctx context.Context, client *kube.Client, hint sts.Hint, verbs ...string) error {
	for _, verb := range verbs {
		if client.May(ctx, "", verb, "persistentvolumes", "") != nil {
			return refused(claims.ReasonNotRetained, msgNoPermission(verb), hint)
		}
	}
	return nil
}

// withinMax guards against a command that does far more than was meant.
func (g *gcRun) withinMax(n int, what string) error {
	if g.most == 0 || n <= g.most {
		return nil
	}
	message, hint := msgTooMany(n, what, g.most)
	return refused(operate.ReasonMaxDeletes, message, hint)
}
