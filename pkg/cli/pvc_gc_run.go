package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// gcRun is what the commands that write to claims have in common.
type gcRun struct {
	*common
	out     *output
	verb    string // "pvc-gc undo"
	did     string // the result of those that went well: "restored"
	dryRun  string
	yes     bool
	workers int
	most    int // 0 where there is no limit
	// onlyLists: neither names nor --all were given, so nothing is done, not even as a dry run.
	onlyLists bool
	timeout   time.Duration
	// all namespaces: names are shown with their namespace.
	all bool
	// earlier are claims of earlier deletions that need attention.
	earlier []claims.RetainedClaim
	// wholly are claims that must all be candidates: else none is deleted.
	wholly []string
}

// connect makes a client that is limited by --concurrency and by the server's priority and
// fairness, not by a number of requests per second.
func (g *gcRun) connect() (*kube.Client, error) {
	config, err := g.config.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	if g.dryRun == "none" && !g.onlyLists {
		g.env.changing()
	}
	return g.clientFor(config, g.env.ErrOut)
}

// to is where a plan is shown.
func (g *gcRun) to() (io.Writer, render.Style) {
	if g.dryRun != "none" {
		return g.env.Out, g.env.style()
	}
	return g.env.ErrOut, g.env.errStyle()
}

// shows says whether the plan is shown to a person.
func (g *gcRun) shows() bool {
	if !g.yes && g.dryRun == "none" {
		return true // for the confirmation
	}
	return g.out.human() && (!g.env.quiet || g.dryRun != "none")
}

// carryOut works on the claims, shows the progress, and reports. items belong to the tasks.
func (g *gcRun) carryOut(ctx context.Context, world *kube.Claims, tasks []claimloop.Task, items []GCItem, started time.Time, missing []sts.Missing) error {
	report := g.report(items, started, missing)
	if g.onlyLists {
		return g.finish(report)
	}
	world.DryRun = g.dryRun == "server"
	progress := &gcProgress{run: g, screen: newScreen(g.env), total: len(tasks), tally: claimloop.Tally{Did: g.did}}
	began := g.env.Clock.Now()
	progress.next = began.Add(progress.every())
	claimloop.Run(ctx, world, tasks, claimloop.Options{Concurrency: g.workers, Timeout: g.timeout, DryRun: world.DryRun, OnlyReads: g.dryRun == "client"}, func(r claimloop.Result) {
		item := &items[r.Task]
		if d := r.Decision; d.Verdict != "" && (d.Verdict != operate.Do || g.dryRun != "none" && r.Err == nil) {
			item.Outcome = &d
		}
		if r.Err != nil {
			item.Error = r.Err.Error()
		}
		progress.ended(item, r)
	})
	progress.screen.done()
	report.EndedAt = metav1.NewTime(world.Client.Now())
	if err := g.finish(report); err != nil {
		return err
	}
	if len(tasks) > 1 {
		took := g.env.Clock.Now().Sub(began)
		_, _ = fmt.Fprintf(g.env.ErrOut, "%s in %s\n", msgDryRun(progress.tally.String(), g.dryRun), sts.Age(took))
	}
	return progress.outcome(ctx)
}

func (g *gcRun) report(items []GCItem, started time.Time, missing []sts.Missing) *GCReport {
	r := &GCReport{
		TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "GCReport"}, Command: g.verb,
		StartedAt: metav1.NewTime(started), EndedAt: metav1.NewTime(started), Items: items, Earlier: g.earlier, Missing: missing,
	}
	if g.dryRun != "none" && !g.onlyLists {
		r.DryRun = g.dryRun
	}
	return r
}

// finish prints the report. The names are those of a list, or of what the command has done.
func (g *gcRun) finish(r *GCReport) error {
	if g.out.human() {
		return nil
	}
	var names []string
	for i := range r.Items {
		if item := &r.Items[i]; item.word == g.did || g.onlyLists && item.Outcome == nil {
			names = append(names, g.nameOf(item))
		}
	}
	return g.out.print(g.env.Out, r, names)
}

// subject is what results are about.
func (g *gcRun) subject(item *GCItem) string {
	switch {
	case g.purges():
		return msgVolumeOfClaim(item.Volume, item.Claim)
	case g.all:
		return "persistentvolumeclaim/" + item.Namespace + "/" + item.Claim
	}
	return "persistentvolumeclaim/" + item.Claim
}

// unit is what is counted.
func (g *gcRun) unit() string {
	if g.purges() {
		return "volume"
	}
	return "claim"
}

// purges says whether the command is about volumes.
func (g *gcRun) purges() bool { return g.out.resource == "persistentvolume" }

// nameOf is the object that the command deletes or changes: a purged claim no longer exists.
func (g *gcRun) nameOf(item *GCItem) string {
	if g.purges() {
		return item.Volume
	}
	return item.Claim
}
