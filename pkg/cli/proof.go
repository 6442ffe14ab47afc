package cli

import (
	"context"
	"io"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func printProof(w io.Writer, p *report.Proof, now time.Time, st render.Style) error {
	unified := ""
	if p.Diff != nil {
		var err error
		if unified, err = unifiedDiff(p.Diff); err != nil {
			return err
		}
	}
	return render.Proof(w, p, unified, now, st)
}

// prove is the proof, with the last log lines of the failing container.
func prove(ctx context.Context, client *kube.Client, s *sts.Snapshot, tail int64) *report.Proof {
	p := report.NewProof(s)
	if p == nil || tail == 0 {
		return p
	}
	for _, previous := range p.Logs() {
		lines, err := client.Logs(ctx, s.Set.Namespace, p.Pod, p.Container.Name, previous, tail)
		if err != nil {
			p.LogError = err.Error()
		} else if len(lines) > 0 {
			p.Log, p.LogError = lines, ""
			break
		}
	}
	return p
}
