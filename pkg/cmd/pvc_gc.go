package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// gcOptions is `pvc-gc` as a plain value.
type gcOptions struct {
	namespace string
	claims    inspect.ClaimQuery
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
	cmd := &cobra.Command{
		Use:   "pvc-gc [NAME...]",
		Short: "List the PersistentVolumeClaims that StatefulSets have left behind; delete them so that it can be undone",
		Long: `List every PersistentVolumeClaim, what it is to the StatefulSets of its namespace, and
why. Without --delete nothing is changed.

The states are terminating, in-use (a pod mounts it, any pod), wanted (its ordinal is in
range; or a StatefulSet, Deployment, DaemonSet, ReplicaSet, ReplicationController, Job or
CronJob names it in its pod template, at any number of replicas; or another claim has it as
its data source; or a VolumeSnapshot is being taken of it), policy (a retention policy has
given it to the garbage collector), reserved (an HPA, a KEDA ScaledObject, the size of a
parked set, a drain-scale in progress or an annotation of another program, such as
downscaler/original-replicas, would bring its ordinal back), parked (its set has 0
replicas), left-over (its ordinal is out of range), stale-template (its set no longer has
such a template), orphan-set (its set is gone; judged by labels and name, with a
confidence) and foreign (no volumeClaimTemplate made it).

Candidates for deletion, marked with *, are left-over and stale-template; --orphans,
--parked and --reserved add others. A claim that more than one set may have created goes
only with --orphans, and not with the name of a set or a selector. A claim that the
StatefulSet controller did not create itself, by its managedFields, goes only when --claim
names it: it may be restored, and what wants it not yet. A claim is held back where
permission is missing to see what may need it, and by the annotation kubectl-sts.dev/keep
on it or on its set. -o name prints the candidates only.

With --delete the candidates are shown and, once somebody has typed their number, deleted
so that this can be undone: each volume is made to keep its data (reclaim policy Retain)
and to remember its claim, the namespace is looked at again, and a claim that became
wanted meanwhile is restored. 'pvc-gc undo' brings claims back, 'pvc-gc purge' deletes
the volumes for good. What fails for one claim stops no other; the same command goes on
where it was interrupted. It ends with exit code 4 when a claim needs a person.

Names are names of StatefulSets, also of those that are gone. Write sts/undo for a set
that is called like a subcommand.`,
		Example: `  # what is there, and what did removed ordinals leave behind?
  kubectl sts pvc-gc

  # in the whole cluster, unused for a month
  kubectl sts pvc-gc -A --older-than 30d

  # what a deleted set has left, as names
  kubectl sts pvc-gc web --orphans -o name

  # a claim that was restored by hand, and that no ordinal needs any more
  kubectl sts pvc-gc --claim data-web-5 --delete

  # fail when there is something to clean up
  kubectl sts pvc-gc --exit-code

  # delete what a month has not been used, in a pipeline; keep the manifests as files, too
  kubectl sts pvc-gc -A --older-than 30d --delete --yes --max 200 --backup-dir claims`,
		ValidArgsFunction: c.completeNames,
	}
	out := newOutput(cmd, wide)
	out.resource = "persistentvolumeclaim"
	t.addFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Show only claims of these ordinals (for example 2,5-7)")
	f.BoolVar(&o.claims.Choice.Orphans, "orphans", false, "Include claims of StatefulSets that no longer exist")
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
	for _, name := range []string{"dry-run", "yes", "concurrency", "timeout", "max", "backup-dir"} {
		requires(cmd, name, "delete")
	}
	cmd.MarkFlagsMutuallyExclusive("exit-code", "delete")
	cmd.MarkFlagsMutuallyExclusive("claim", "all-namespaces")
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
		if o.claims.Claims, err = chosenClaims(cmd, claims); err != nil {
			return err
		}
		if slices.Contains(o.claims.Reserve, "") || f.Changed("reserve-annotation") && len(o.claims.Reserve) == 0 {
			return usagef("--reserve-annotation must not be empty")
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
func chosenClaims(cmd *cobra.Command, args []string) ([]string, error) {
	names, err := keptNames(args)
	if err != nil {
		return nil, usagef("--claim: %s", err)
	}
	if cmd.Flags().Changed("claim") && len(names) == 0 {
		return nil, usagef("--claim must not be empty")
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

// runClaims reads the claims and prints them, or deletes those that may go.
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
	report, unknown := inspect.NewClaimReport(inv, o.claims)
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
			return err // a pipeline that looks at the wrong place must not be content
		}
	}
	if !out.human() {
		err = out.print(c.env.Out, report, candidates(report))
	} else {
		print.Missing(c.env.ErrOut, report.Missing)
		columns := print.Columns{Namespace: o.namespace == "", Wide: out.isWide()}
		if len(report.Items) > 0 {
			err = print.ClaimTable(c.env.Out, report, inv.TakenAt, c.env.style(), columns)
		}
		c.sayRetained(report.Retained, columns)
		c.sayRescue(report)
	}
	if err == nil && o.exitCode && report.Total.Candidates > 0 {
		return &notYetError{sts.Count(report.Total.Candidates, "claim") + " may go"}
	}
	return err
}

// sayRetained ends the list with what is kept of claims that were deleted before.
func (c *common) sayRetained(r *inspect.RetainedSum, columns print.Columns) {
	if r == nil {
		return
	}
	style := c.env.style()
	text := print.RetainedNotes(r.Notable, style, columns) + print.RetainedSum(r, style, columns)
	switch {
	case text == "":
		return
	case len(r.Namespaces) > 0:
		text += print.Hint(c.hint(r.Namespaces[0], sts.Kubectl(r.Namespaces[0], "sts", "pvc-gc", "undo"))+sameIn(r.Namespaces[1:]), style)
	}
	_, _ = fmt.Fprint(c.env.Out, "\n"+text)
}

// sayRescue ends the list with the way to keep the data of claims that are being deleted.
func (c *common) sayRescue(r *inspect.ClaimReport) {
	namespace, names := "", []string{}
	for i := range r.Items {
		if item := &r.Items[i]; item.Risk != nil && item.Risk.Rescuable && (namespace == "" || item.Namespace == namespace) {
			namespace, names = item.Namespace, append(names, item.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	args := append([]string{"sts", "pvc-gc", "rescue"}, names...)
	if len(names) > mostNamed {
		args = []string{"sts", "pvc-gc", "rescue", "--all"}
	}
	_, _ = fmt.Fprint(c.env.Out, print.Hint("before the pods are gone: "+c.hint(namespace, sts.Kubectl(namespace, args...)), c.env.style()))
}

// sameIn says in which other namespaces a command is to be run, too.
func sameIn(namespaces []string) string {
	if len(namespaces) == 0 {
		return ""
	}
	named := namespaces[:min(len(namespaces), mostNamed)]
	text := ", and the same with -n " + strings.Join(named, ", -n ")
	if more := len(namespaces) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func candidates(r *inspect.ClaimReport) []string {
	var names []string
	for i := range r.Items {
		if r.Items[i].Candidate {
			names = append(names, r.Items[i].Name)
		}
	}
	return names
}

// listing tells how far a long list has come: on a terminal in one line, elsewhere in a
// line now and then.
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

// seen is called by whoever reads, from several goroutines.
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
	text := "reading: " + strings.Join(parts, ", ")
	if l.screen.terminal {
		l.screen.over(text)
	} else {
		l.screen.say(text + "\n")
	}
}
