package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// GCReport is the result of a command that deletes, restores or rescues claims, or purges their
// volumes.
type GCReport struct {
	metav1.TypeMeta `json:",inline"`
	// Command is `pvc-gc` for `--delete`, `pvc-gc rescue`, `pvc-gc undo`, `pvc-gc purge`.
	Command string `json:"command"`
	// StartedAt is when the state was read, by the cluster's clock.
	StartedAt metav1.Time `json:"startedAt"`
	// EndedAt is when the command ended.
	EndedAt metav1.Time `json:"endedAt"`
	// DryRun is `client` or `server` if nothing was written.
	DryRun string `json:"dryRun,omitempty"`
	// Items are the affected claims.
	Items []GCItem `json:"items"`
	// With `--delete`: claims of earlier deletions that may require action.
	Earlier []report.RetainedClaim `json:"earlier,omitempty"`
	// Missing is what could not be read, usually because a permission is missing.
	Missing []sts.Missing `json:"missing,omitempty"`
}

// Split implements [itemised].
func (r *GCReport) Split() (head any, items iter.Seq[any]) {
	without := *r
	without.Items = []GCItem{}
	return &without, report.Each(r.Items)
}

// GCItem is one claim, and what was done to it.
type GCItem struct {
	// Namespace is the namespace of the PersistentVolumeClaim.
	Namespace string `json:"namespace"`
	// Claim is the name of the PersistentVolumeClaim.
	Claim string `json:"claim"`
	// Size is its size, or that of its volume.
	Size string `json:"size,omitempty"`
	// Class is its storage class.
	Class string `json:"class,omitempty"`
	// Volume is the PersistentVolume with the data; absent if there never was one.
	Volume string `json:"volume,omitempty"`
	// ReclaimPolicy is the volume's own reclaim policy, which is restored together with the claim.
	ReclaimPolicy string `json:"reclaimPolicy,omitempty"`
	// Reason is why the claim could be deleted, or with `rescue` what is at risk, in words.
	Reason string `json:"reason,omitempty"`
	// With `rescue`, `undo` and `purge`: when it was deleted; with `rescue` absent if only its volume
	// is being deleted.
	DeletedAt *metav1.Time `json:"deletedAt,omitempty"`
	// With `undo` and `purge`: who deleted it.
	DeletedBy string `json:"deletedBy,omitempty"`
	// Outcome is the result; absent if nothing was tried or the command ended before.
	Outcome *operate.ClaimDecision `json:"outcome,omitempty"`
	// Error is the error that ended it, including a timeout or an interruption.
	Error string `json:"error,omitempty"`
}

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
	// onlyLists: neither names nor --all were given.
	onlyLists bool
	timeout   time.Duration
	// all namespaces: names are shown with their namespace.
	all bool
	// earlier are claims of earlier deletions that need attention.
	earlier []report.RetainedClaim
	// wholly are claims that must all be candidates: else none is deleted.
	wholly []string
}

func (g *gcRun) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	addDryRun(cmd, &g.dryRun, "Print what would be done; server also checks it with the API server")
	f.BoolVarP(&g.yes, "yes", "y", false, "Skip the confirmation (required without a terminal)")
	f.IntVar(&g.workers, "concurrency", 8, "Number of concurrent requests (1 to 256)")
	f.DurationVar(&g.timeout, "progress-timeout", 5*time.Minute, "Maximum time to wait without progress")
	positive(cmd, "progress-timeout", "concurrency")
}

// limit adds --max.
func (g *gcRun) limit(cmd *cobra.Command, what string) {
	cmd.Flags().IntVar(&g.most, "max", 50, "Refuse if there are more "+what+" than this (0 means no limit)")
	notNegative(cmd, "max")
}

func (g *gcRun) check() error {
	if g.workers > 256 {
		return invalidFlag("concurrency", g.workers, "must be at most 256")
	}
	return g.out.check()
}

// connect makes a client that is limited by --concurrency and by the server's priority and
// fairness, not by a number of requests per second.
func (g *gcRun) connect() (*kube.Client, error) {
	config, err := g.config.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return g.clientFor(config)
}

// mayKeep refuses when the user may not change volumes: the data of a claim could not be
// retained, or the reclaim policy not be restored.
func (g *gcRun) mayKeep(ctx context.Context, client *kube.Client) error {
	return g.mayVolumes(ctx, client, hintVolumePermissions(), "get", "patch")
}

// mayVolumes refuses when the user lacks one of the verbs on volumes.
func (g *gcRun) mayVolumes(ctx context.Context, client *kube.Client, hint sts.Hint, verbs ...string) error {
	for _, verb := range verbs {
		if client.May(ctx, "", verb, "persistentvolumes", "") != nil {
			return g.refuse(operate.ReasonNotRetained, msgNoPermission(verb), hint)
		}
	}
	return nil
}

func (g *gcRun) refuse(reason, message string, hint sts.Hint) error {
	return &outcomeError{Decision: operate.Decision{Verdict: operate.Refused, Reason: reason, Message: message, Hint: g.hint(hint)}, style: g.env.errStyle()}
}

// withinMax guards against a command that does far more than was meant.
func (g *gcRun) withinMax(n int, what string) error {
	if g.most == 0 || n <= g.most {
		return nil
	}
	message, hint := msgTooMany(n, what, g.most)
	return g.refuse(operate.ReasonMaxDeletes, message, hint)
}

// to is where a plan is shown.
func (g *gcRun) to() (io.Writer, render.Style) {
	if g.dryRun != "none" {
		return g.env.Out, g.env.style()
	}
	return g.env.ErrOut, g.env.errStyle()
}

// shows says whether the plan is shown to a person.
func (g *gcRun) shows() bool { return g.out.human() || !g.yes && g.dryRun == "none" }

// carryOut works on the claims, shows the progress, and reports. items belong to the tasks.
func (g *gcRun) carryOut(ctx context.Context, world *kube.Claims, tasks []loop.ClaimTask, items []GCItem, started time.Time, missing []sts.Missing) error {
	report := g.report(items, started, missing)
	if g.dryRun == "client" {
		return g.finish(report)
	}
	world.DryRun = g.dryRun == "server"
	progress := &gcProgress{run: g, screen: newScreen(g.env), total: len(tasks), counts: map[string]int{}}
	began := g.env.Clock.Now()
	progress.next = began.Add(progress.every())
	loop.Claims(ctx, world, tasks, loop.ClaimOptions{Concurrency: g.workers, Timeout: g.timeout, DryRun: world.DryRun}, func(r loop.ClaimResult) {
		item := &items[r.Task]
		if d := r.Decision; d.Verdict != operate.Do && d.Verdict != "" {
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
	took := g.env.Clock.Now().Sub(began)
	_, _ = fmt.Fprintf(g.env.ErrOut, "%s in %s\n", msgDryRun(progress.summary(), g.dryRun), sts.Age(took))
	return progress.outcome(ctx)
}

func (g *gcRun) report(items []GCItem, started time.Time, missing []sts.Missing) *GCReport {
	r := &GCReport{
		TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "GCReport"}, Command: g.verb,
		StartedAt: metav1.NewTime(started), EndedAt: metav1.NewTime(started), Items: items, Earlier: g.earlier, Missing: missing,
	}
	if g.dryRun != "none" {
		r.DryRun = g.dryRun
	}
	return r
}

func (g *gcRun) finish(r *GCReport) error {
	if g.out.human() {
		return nil
	}
	names := make([]string, len(r.Items))
	for i := range r.Items {
		names[i] = r.Items[i].Claim
	}
	return g.out.print(g.env.Out, r, names)
}

// gcProgress prints the result for each claim, and how many are done.
type gcProgress struct {
	run    *gcRun
	screen *screen
	total  int
	done   int
	next   time.Time
	// counts are the results by word, worst is the one that decides the exit code.
	counts map[string]int
	worst  gcEnd
	first  string
}

// Words of the summary for claims that were not worked on to the end.
const (
	wordGoneBefore  = "already deleted"
	wordInterrupted = "interrupted"
	wordNotStarted  = "not started"
)

// gcEnd is the kind of result for a claim, the worst last.
type gcEnd int

const (
	endGood gcEnd = iota
	endStopped
	endTimeout
	endError
	endRefused
	endStuck
)

// every is the time between two lines of progress.
func (p *gcProgress) every() time.Duration {
	if p.screen.terminal {
		return 0
	}
	return 5 * time.Second
}

// ended is called for one claim at a time.
func (p *gcProgress) ended(item *GCItem, r loop.ClaimResult) {
	p.done++
	var (
		timeout     *loop.TimeoutError
		interrupted *loop.InterruptedError
		d           = r.Decision
		word, line  string
		end         gcEnd
	)
	switch {
	case errors.As(r.Err, &interrupted):
		word = wordNotStarted
		if r.Wrote {
			word, line, end = wordInterrupted, msgClaimInterrupted(), endStopped
		}
		if c := r.View.Claim; r.View.Sent && (c == nil || c.DeletionTimestamp != nil) {
			line = msgClaimInterruptedDeleting(r.View.VolumeName)
		}
	case errors.As(r.Err, &timeout):
		word, line, end = "timed out", r.Err.Error(), endTimeout
	case r.Err != nil:
		word, line, end = "failed", r.Err.Error(), endError
	case d.Verdict == operate.Do:
		word = p.run.did // a dry run
		line = msgDryRun(p.run.did, p.run.dryRun)
	case d.Reason == operate.ReasonClaimKept || d.Reason == operate.ReasonClaimGone:
		word, line = map[string]string{operate.ReasonClaimKept: "kept", operate.ReasonClaimGone: wordGoneBefore}[d.Reason], d.Message
	case d.Reason == operate.ReasonNothingToRescue:
		word, line = "not at risk", d.Message
	case d.Verdict == operate.Done:
		word, line = p.run.did, d.Message
	case d.Reason == operate.ReasonClaimRestored:
		word, line, end = "restored", d.Message, endStuck
	case d.Verdict == operate.Stuck:
		word, line, end = "stuck", d.Message, endStuck
	default:
		word, line, end = "refused", d.Message, endRefused
	}
	p.counts[word]++
	name := item.Claim
	if p.run.all {
		name = item.Namespace + "/" + name
	}
	if end > p.worst {
		p.worst, p.first = end, name+": "+line
	}
	p.tell(name, line, end, d.Hint)
}

func (p *gcProgress) tell(name, line string, end gcEnd, hint sts.Hint) {
	separator := ": "
	if end == endGood {
		separator = " " // a result, as kubectl prints it
	}
	text := "persistentvolumeclaim/" + name + separator + line
	switch {
	case line == "":
	case end != endGood:
		style := p.run.env.errStyle()
		p.screen.say(style.Wrap("", 0, render.Plain, text) + render.Hint(p.run.hint(hint), style))
	case p.run.out.human():
		p.screen.done()
		_, _ = fmt.Fprint(p.run.env.Out, p.run.env.style().Wrap("", 0, render.Plain, text))
	}
	if now := p.run.env.Clock.Now(); !now.Before(p.next) && p.done < p.total {
		p.next = now.Add(p.every())
		if p.screen.terminal {
			p.screen.over(bar(p.done, p.total))
		} else if !p.run.out.human() {
			p.screen.say(msgProgress(p.done, p.total) + "\n")
		}
	}
}

// bar shows how many are done.
func bar(done, total int) string {
	const width = 30
	n := done * width / total
	return fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", n), strings.Repeat("-", width-n), done, total)
}

// summary counts the results, the desired one first.
func (p *gcProgress) summary() string {
	var parts []string
	for _, word := range []string{p.run.did, "restored", "kept", wordGoneBefore, "not at risk", "refused", "stuck", "failed", "timed out", wordInterrupted, wordNotStarted} {
		if n := p.counts[word]; n > 0 && !slices.ContainsFunc(parts, func(s string) bool { return strings.HasSuffix(s, " "+word) }) {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return strings.Join(parts, ", ")
}

// outcome is the error that decides the exit code: a signal first, then what most needs
// attention.
func (p *gcProgress) outcome(ctx context.Context) error {
	bad := p.counts["stuck"] + p.counts["refused"] + p.counts["failed"] + p.counts["timed out"]
	if p.worst == endStuck && p.run.did != "restored" {
		bad += p.counts["restored"]
	}
	of := msgProgress(bad, p.total)
	switch {
	case ctx.Err() != nil && p.counts[wordNotStarted]+p.counts[wordInterrupted] > 0:
		_, _ = fmt.Fprintln(p.run.env.ErrOut, msgInterrupted())
		return context.Cause(ctx)
	case p.worst <= endStopped:
		return nil
	case p.worst == endTimeout:
		return &loop.TimeoutError{After: p.run.timeout, Last: operate.Decision{Verdict: operate.Wait, Message: msgWaitClaims(of)}}
	case p.worst == endError:
		return errors.New(msgClaimsFailed(of))
	case p.worst == endRefused:
		return &outcomeError{Decision: operate.Decision{Verdict: operate.Refused, Reason: operate.ReasonClaimKept, Message: msgClaimsRefused(bad, of, p.run.did, p.first)}, style: p.run.env.errStyle()}
	}
	return &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Reason: operate.ReasonClaimHeld, Message: msgClaimsStuck(bad, of, p.first)}, style: p.run.env.errStyle()}
}

// retained is a volume with the claim that is recorded on it.
type retained = sts.RetainedVolume

// readRetained lists what is retained in the namespace, and warns of broken records.
func (g *gcRun) readRetained(ctx context.Context, client *kube.Client, namespace string) ([]retained, error) {
	volumes, err := client.Retained(ctx, namespace)
	if err != nil {
		return nil, err
	}
	var out []retained
	for _, v := range volumes {
		r, err := sts.ReadRetained(v)
		switch {
		case err != nil:
			warnTo(g.env.ErrOut, msgBrokenRecord(err, v.Name))
		case r != nil && r.Claim.Namespace == namespace: // the label is only for finding it
			out = append(out, retained{Volume: v, Record: r})
		}
	}
	slices.SortFunc(out, func(a, b retained) int {
		return cmp.Or(cmp.Compare(a.Record.Claim.Name, b.Record.Claim.Name), a.Record.DeletedAt.Compare(b.Record.DeletedAt), cmp.Compare(a.Volume.Name, b.Volume.Name))
	})
	return out, nil
}

// keptName is an argument of undo and purge: the name of a claim, of a volume, or of either.
type keptName struct{ name, kind string }

// keptNames reads data-web-3, pvc/data-web-3 as -o name writes it, and pv/pvc-0f0f.
func keptNames(args []string) ([]keptName, error) {
	var out []keptName
	for _, arg := range args {
		kind, name, ok := strings.Cut(arg, "/")
		if !ok {
			kind, name = "", arg
		}
		switch kind {
		case "":
		case "pvc", "persistentvolumeclaim", "persistentvolumeclaims":
			kind = "pvc"
		case "pv", "persistentvolume", "persistentvolumes":
			kind = "pv"
		default:
			return nil, usagef("%q must be the name of a claim (pvc/data-web-3) or of a volume (pv/NAME)", arg)
		}
		if name == "" || strings.HasPrefix(arg, "/") {
			return nil, usagef("%q has no name", arg)
		}
		out = append(out, keptName{name, kind})
	}
	return out, nil
}

func (k keptName) means(r retained) bool {
	return k.kind != "pv" && k.name == r.Record.Claim.Name || k.kind != "pvc" && k.name == r.Volume.Name
}

// pick selects those that were named, by claim or by volume, and returns the names that
// match none. Without aside, what was set aside for an older claim of the same name must
// be named by its volume.
func pick(all []retained, names []keptName, aside bool) (picked []retained, unknown []string) {
	if len(names) == 0 {
		return all, nil
	}
	means := func(k keptName, r retained) bool {
		return k.means(r) && (aside || r.Record.SetAsideFor == "" || k.name == r.Volume.Name)
	}
	for _, r := range all {
		if slices.ContainsFunc(names, func(k keptName) bool { return means(k, r) }) {
			picked = append(picked, r)
		}
	}
	for _, k := range names {
		if !slices.ContainsFunc(picked, func(r retained) bool { return means(k, r) }) {
			unknown = append(unknown, k.name)
		}
	}
	return picked, unknown
}

func retainedItem(r retained) GCItem {
	at := metav1.NewTime(r.Record.DeletedAt)
	size := r.Volume.Spec.Capacity[corev1.ResourceStorage]
	return GCItem{
		Namespace: r.Record.Claim.Namespace, Claim: r.Record.Claim.Name, Size: size.String(), Class: r.Volume.Spec.StorageClassName,
		Volume: r.Volume.Name, ReclaimPolicy: string(r.Record.ReclaimPolicy), Reason: r.Record.Reason, DeletedAt: &at, DeletedBy: r.Record.DeletedBy,
	}
}

// retainedView names the claim and the volume for the loop.
func retainedView(r retained) operate.ClaimView {
	return operate.ClaimView{Namespace: r.Record.Claim.Namespace, Name: r.Record.Claim.Name, VolumeName: r.Volume.Name}
}
