package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// gcOptions is `pvc-gc` as a plain value.
type gcOptions struct {
	namespace string
	claims    report.ClaimQuery
	exitCode  bool
	backupDir string
}

func newPVCGC(c *common) *cobra.Command {
	var (
		o         gcOptions
		t         target
		ordinals  []string
		claims    []string
		olderThan string
		remove    bool
	)
	cmd := withHelp("pvc-gc", &cobra.Command{
		Use:               "pvc-gc [NAME...]",
		ValidArgsFunction: c.completeNames,
	})
	out := newOutput(cmd, wide)
	out.resource = "persistentvolumeclaim"
	t.addFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Show only claims of these ordinals (for example 2,5-7)")
	f.BoolVar(&o.claims.Choice.DeletedSets, "deleted-sets", false, "Include claims of StatefulSets that no longer exist")
	f.BoolVar(&o.claims.Choice.Parked, "parked", false, "Include claims of StatefulSets with 0 replicas")
	f.BoolVar(&o.claims.Choice.Reserved, "reserved", false, "Include claims of ordinals that an autoscaler or a recorded size may use again")
	f.StringSliceVar(&claims, "claim", nil, "Only the claim `NAME`, even if the controller did not create it; can be repeated")
	f.StringSliceVar(&o.claims.Reserve, "reserve-annotation", nil, "Annotation `KEY` of sets with a size that reserves claims; can be repeated")
	f.StringVar(&olderThan, "older-than", "", "Only claims unused for at least this `AGE` by their Unused condition (30d, 36h)")
	f.BoolVar(&o.exitCode, "exit-code", false, "Exit with 3 if there are candidates")
	g := &gcRun{common: c, verb: "pvc-gc", did: "deleted", out: out}
	f.BoolVar(&remove, "delete", false, "Delete the candidates; their volumes keep the data")
	g.addFlags(cmd)
	g.limit(cmd, "candidates")
	f.StringVar(&o.backupDir, "backup-dir", "", "Also write the manifests of deleted claims and their volumes to this `DIRECTORY`")
	for _, name := range []string{"dry-run", "yes", "concurrency", "progress-timeout", "max", "backup-dir"} {
		requires(cmd, name, "delete")
	}
	cmd.MarkFlagsMutuallyExclusive("exit-code", "delete")
	cmd.MarkFlagsMutuallyExclusive("claim", "all-namespaces")
	notEmpty(cmd, "claim", "reserve-annotation")
	cmd.AddCommand(newPVCGCUndo(c), newPVCGCPurge(c), newPVCGCRescue(c))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		q, err := t.query(c, args)
		if err != nil {
			return err
		}
		o.namespace, o.claims.Names = q.Namespace, q.Names
		if q.Selector != "" {
			if o.claims.Selector, err = labels.Parse(q.Selector); err != nil {
				return usagef("--selector: %s", err)
			}
		}
		if o.claims.Ordinals, err = chosenOrdinals(cmd, ordinals); err != nil {
			return err
		}
		if o.claims.Claims, err = chosenClaims(claims); err != nil {
			return err
		}
		if cmd.Flags().Changed("older-than") {
			if o.claims.Choice.OlderThan, err = sts.ParseAge(olderThan); err != nil {
				return usagef("--older-than: %s", err)
			}
		}
		if !remove {
			return runClaims(cmd.Context(), c, o, out, nil)
		}
		g.all = t.all
		if err := g.check(); err != nil {
			return err
		}
		return runClaims(cmd.Context(), c, o, out, g)
	}
	return cmd
}

// chosenClaims reads --claim: data-web-3, or pvc/data-web-3 as -o name writes it.
func chosenClaims(args []string) ([]string, error) {
	names, err := keptNames(args)
	if err != nil {
		return nil, usagef("--claim: %s", err)
	}
	var out []string
	for _, n := range names {
		if n.kind == "pv" {
			return nil, usagef("--claim: %s is a volume, must be the name of a claim", n.name)
		}
		out = append(out, n.name)
	}
	return out, nil
}

// runClaims reads the claims and prints them, or deletes the candidates.
func runClaims(ctx context.Context, c *common, o gcOptions, out *output, g *gcRun) error {
	connect := c.client
	if g != nil {
		connect = g.connect
	}
	client, err := connect()
	if err != nil {
		return err
	}
	progress := newListing(c.env)
	inv, err := client.ReadClaims(ctx, o.namespace, o.claims.Reserve, progress.seen)
	progress.screen.done()
	if err != nil {
		return err
	}
	report, unknown := report.NewClaimReport(inv, o.claims)
	if len(unknown) > 0 {
		return apierrors.NewNotFound(appsv1.Resource("statefulsets"), unknown[0])
	}
	if absent := o.claims.Absent(inv); len(absent) > 0 {
		return apierrors.NewNotFound(corev1.Resource("persistentvolumeclaims"), absent[0])
	}
	if g != nil {
		return g.deleteClaims(ctx, client, inv, report, o)
	}
	if len(report.Items) == 0 {
		if err := c.sayNone(ctx, client, "PersistentVolumeClaims", o.namespace); err != nil && o.exitCode {
			return err // a pipeline that checks the wrong namespace must not succeed
		}
	}
	if !out.human() {
		err = out.print(c.env.Out, report, candidates(report))
	} else {
		render.Missing(c.env.ErrOut, report.Missing)
		columns := render.Columns{Namespace: o.namespace == "", Wide: out.isWide()}
		if len(report.Items) > 0 {
			err = render.ClaimTable(c.env.Out, report, inv.TakenAt, c.env.style(), columns)
		}
		c.sayRetained(report.Retained, columns)
		c.sayRescue(report)
	}
	if err == nil && o.exitCode && report.Total.Candidates > 0 {
		return &notYetError{msgCandidatesFound(report.Total.Candidates)}
	}
	return err
}

// sayRetained ends the list with what is retained of deleted claims.
func (c *common) sayRetained(r *report.RetainedSum, columns render.Columns) {
	if r == nil {
		return
	}
	style := c.env.style()
	text := render.RetainedNotes(r.Notable, style, columns) + render.RetainedSum(r, style, columns)
	switch {
	case text == "":
		return
	case len(r.Namespaces) > 0:
		text += render.Hint(sts.Hintf("%s%s", c.hint(sts.Kubectl(r.Namespaces[0], "sts pvc-gc undo")), sameIn(r.Namespaces[1:])), style)
	}
	_, _ = fmt.Fprint(c.env.Out, "\n"+text)
}

// sayRescue ends the list with the command that keeps the data of claims that are being deleted.
func (c *common) sayRescue(r *report.ClaimReport) {
	namespace, names := "", []string{}
	for i := range r.Items {
		if item := &r.Items[i]; item.Risk != nil && item.Risk.Rescuable && (namespace == "" || item.Namespace == namespace) {
			namespace, names = item.Namespace, append(names, item.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	if len(names) > mostNamed {
		names = []string{"--all"}
	}
	_, _ = fmt.Fprint(c.env.Out, render.Hint(c.hint(hintRescueFirst(sts.Kubectl(namespace, "sts pvc-gc rescue", names...))), c.env.style()))
}

// sameIn says in which other namespaces a command should be run, too.
func sameIn(namespaces []string) string {
	named := namespaces[:min(len(namespaces), mostNamed)]
	return hintUndoElsewhere(named, len(namespaces)-len(named))
}

func candidates(r *report.ClaimReport) []string {
	var names []string
	for i := range r.Items {
		if r.Items[i].Candidate {
			names = append(names, r.Items[i].Name)
		}
	}
	return names
}

// listing shows the progress of a long list: on a terminal in one line, elsewhere in a line
// now and then.
type listing struct {
	env    *Env
	screen *screen
	every  time.Duration

	mu     sync.Mutex
	next   time.Time
	counts map[string]int
}

func newListing(env *Env) *listing {
	l := &listing{env: env, screen: newScreen(env), every: 5 * time.Second, counts: map[string]int{}}
	if l.screen.terminal {
		l.every = time.Second
	}
	l.next = env.Clock.Now().Add(l.every)
	return l
}

// seen is called by the readers, from several goroutines.
func (l *listing) seen(resource string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[resource] = n
	now := l.env.Clock.Now()
	if now.Before(l.next) {
		return
	}
	l.next = now.Add(l.every)
	var parts []string
	for _, r := range slices.Sorted(maps.Keys(l.counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", l.counts[r], r))
	}
	text := msgListing(parts)
	if l.screen.terminal {
		l.screen.over(text)
	} else {
		l.screen.say(text + "\n")
	}
}
