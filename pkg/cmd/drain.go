package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// drainReport is the kind of drain-scale's report.
const drainReport = "DrainReport"

// drainOptions are the flags of drain-scale.
type drainOptions struct {
	intent  plan.DrainOptions
	profile string
	exec    string
	on      string
	command string
	timeout time.Duration
	pdb     string
	cancel  bool
	unpark  bool
	fresh   bool
}

func newDrainScale(c *common) *cobra.Command {
	var o drainOptions
	cmd := &cobra.Command{
		Use:   "drain-scale NAME --replicas N",
		Short: "Scale one member at a time, each after it has left its cluster",
		Long: `Scale a StatefulSet one member at a time: down, highest ordinal first, or up.

Going down, every member leaves its own cluster before its pod goes: a drain profile
says how, or --drain-exec (a command inside the pod that leaves, with --on=survivor
inside one that stays) or --drain-cmd (a command here). A profile is found by the
set's image and labels, or by the annotation kubectl-sts.dev/drain-profile; --profile
names another one, or a file, and none is for none. 'kubectl sts profile list' shows
what there is. Whether a member has left is asked of one that stays.

Then its pod is evicted, so that every PodDisruptionBudget is asked, and the set is
made smaller by one. A finalizer on the pod keeps a member that has left from being
made anew, wherever the command dies. Before each member all others have to be
available, but for those that are failing or cannot be created and are to go, too:
that backs out of a scale-up that went wrong. When something fails it stops before the
next one, and the same command goes on; --cancel undoes what can be undone.

Going up, a profile's join hooks run before each pod is made and when it is ready.
Claims that earlier members have left would give new ones an old identity: it refuses
them. --fresh-claims deletes them first, as pvc-gc does: their volumes keep the data.
--reuse-claims says that it is right to have them.

--replicas 0 needs --park: all members stop where they are, without leaving their
cluster, and the size is remembered. --unpark brings all of them back at once.

It refuses where claims would be deleted with their data (whenScaled: Delete), where
an autoscaler, an operator or GitOps would put the size back, and while an update, a
canary or a restart is on its way. An HPA does not scale a set with 0 replicas.`,
		Example: `  # from 5 to 3: pods 4 and 3 leave, in this order
  kubectl sts drain-scale postgres --replicas 3

  # with a command of your own inside each pod that leaves
  kubectl sts drain-scale cassandra --replicas 4 --drain-exec 'nodetool decommission'

  # in a pipeline, keeping a majority of the present size
  kubectl sts drain-scale etcd --replicas 3 --quorum --yes --timeout 30m

  # what would be done
  kubectl sts drain-scale etcd --replicas 3 --dry-run

  # stop all members for the night, and bring them back
  kubectl sts drain-scale web --replicas 0 --park
  kubectl sts drain-scale web --unpark`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "drain-scale")
	ch.kind = drainReport
	f, i := cmd.Flags(), &o.intent
	f.Int32Var(&i.Replicas, "replicas", 0, "Number of members (`N`) to scale to")
	f.StringVar(&o.profile, "profile", "", "Drain profile: `NAME|FILE|none` (default: the one that matches the set)")
	f.StringVar(&o.exec, "drain-exec", "", "`COMMAND` to run in the leaving pod (sh -c), instead of a profile")
	addChoice(cmd, &o.on, "on", "leaving", "Pod in which --drain-exec runs", "leaving", "survivor")
	f.StringVar(&o.command, "drain-cmd", "", "`COMMAND` to run locally, instead of a profile")
	f.DurationVar(&o.timeout, "drain-timeout", time.Hour, "Timeout of --drain-exec and --drain-cmd")
	f.StringVar(&i.Domain, "cluster-domain", "cluster.local", "DNS domain of the cluster, for profiles that use it")
	addChoice(cmd, &o.pdb, "pdb", "enforce", "Respect PodDisruptionBudgets, or delete pods regardless of them", "enforce", "ignore")
	f.BoolVar(&i.Quorum, "quorum", false, "Refuse to scale below a majority of the current size")
	f.Int32Var(&i.MinHealthy, "min-healthy", 0, "Keep at least `N` members available at any time")
	f.BoolVar(&i.KeepClaims, "keep-claims", false, "Keep the claims: set whenScaled to Retain during the scale-down")
	f.BoolVar(&i.ReuseClaims, "reuse-claims", false, "On scale-up, let new members use the orphaned claims")
	f.BoolVar(&o.fresh, "fresh-claims", false, "On scale-up, delete the orphaned claims (pvc-gc undo restores them)")
	f.BoolVar(&i.Park, "park", false, "Stop all members (--replicas 0) and record the size in an annotation")
	f.BoolVar(&o.unpark, "unpark", false, "Scale a parked set back to its recorded size")
	f.BoolVar(&o.cancel, "cancel", false, "Cancel an interrupted scale operation; bring its member back if possible")
	cmd.MarkFlagsOneRequired("replicas", "cancel", "unpark")
	cmd.MarkFlagsMutuallyExclusive("replicas", "cancel", "unpark")
	cmd.MarkFlagsMutuallyExclusive("profile", "drain-exec", "drain-cmd")
	cmd.MarkFlagsMutuallyExclusive("fresh-claims", "reuse-claims")
	cmd.MarkFlagsMutuallyExclusive(acceptDataLossFlag, "keep-claims")
	requires(cmd, "on", "drain-exec")
	requires(cmd, "drain-timeout", "drain-exec", "drain-cmd")
	requires(cmd, "park", "replicas")
	notNegative(cmd, "replicas", "min-healthy")
	positive(cmd, "drain-timeout")
	notEmpty(cmd, "drain-exec", "drain-cmd")
	_ = cmd.RegisterFlagCompletionFunc("profile", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		names := []string{"none"}
		for _, p := range profile.Builtin() {
			names = append(names, p.Metadata.Name)
		}
		return names, cobra.ShellCompDirectiveDefault
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.check(); err != nil {
			return err
		}
		switch {
		case o.cancel:
			ch.detail = " --cancel"
		case o.unpark:
			ch.detail = " --unpark"
		default:
			ch.detail = fmt.Sprintf(" --replicas %d", i.Replicas)
		}
		err := ch.run(cmd, args, func(ctx context.Context, client *cluster.Client, s *sts.Snapshot, h plan.Holder, digest string) (plan.Intent, error) {
			if o.unpark {
				size, _ := sts.ParkedSize(s.Set)
				return plan.Unpark{Holder: h}, o.rescued(ctx, ch, client, s, size)
			}
			if wanted := sts.WantedReplicas(s.Set); (o.fresh || o.intent.ReuseClaims) && !o.cancel && o.intent.Replicas < wanted {
				return nil, usagef("--fresh-claims and --reuse-claims require a scale-up, but statefulset %s has %s and --replicas is %d", s.Set.Name, sts.Count(wanted, "replica"), o.intent.Replicas)
			}
			intent := o.intent
			intent.Holder, intent.NoHooks = h, o.profile == "none"
			var err error
			if intent.Profile, err = o.hooks(ch, s, digest == ""); err != nil {
				return nil, err
			}
			if o.cancel {
				return plan.CancelDrain{Holder: h, Profile: intent.Profile, Domain: intent.Domain}, nil
			}
			if digest == "" {
				if err := mayDrain(ctx, client, s, intent); err != nil {
					return nil, err
				}
				if intent.IgnoreBudgets && len(s.Budgets) > 0 {
					warnTo(c.env.ErrOut, "--pdb=ignore: pods are deleted without asking "+budgetNames(s))
				}
			}
			if digest == "" {
				intent.ReuseClaims, err = o.stale(ctx, ch, client, s, intent)
			}
			if err == nil && !o.fresh {
				err = o.rescued(ctx, ch, client, s, intent.Replicas)
			}
			return plan.NewDrainScale(intent, s), err
		})
		if apierrors.IsNotFound(err) {
			return o.orphans(cmd.Context(), ch, args, err)
		}
		return err
	}
	return cmd
}

func budgetNames(s *sts.Snapshot) string {
	var names []string
	for _, b := range s.Budgets {
		names = append(names, b.Name)
	}
	word := "poddisruptionbudget "
	if len(names) > 1 {
		word = "poddisruptionbudgets "
	}
	return word + strings.Join(names, ", ")
}

// orphans are pods that are held in their place while their set was deleted: nothing
// else lets them go.
func (o *drainOptions) orphans(ctx context.Context, c *change, args []string, gone error) error {
	name, err := setName(args)
	if err != nil {
		return gone
	}
	ns, err := c.namespace()
	if err != nil {
		return gone
	}
	client, err := c.client()
	if err != nil {
		return gone
	}
	pods, err := client.Held(ctx, ns, name)
	if err != nil || len(pods) == 0 {
		return gone
	}
	for _, pod := range pods {
		_, _ = fmt.Fprintf(c.env.ErrOut, "pod %s is held by the finalizer %s, and its StatefulSet is gone\n", pod.Name, sts.LeavingFinalizer)
	}
	if !o.cancel {
		_, _ = io.WriteString(c.env.ErrOut, print.Hint(c.hint(ns, sts.GiveUpDrain(ns, name)+" lets it go"), c.env.errStyle()))
		return gone
	}
	s, err := client.Mounted(ctx, ns, name, pods)
	if err != nil {
		return err
	}
	if d := plan.ReleaseOrphans(s); d != nil && !c.acceptDataLoss {
		d.Hint = c.hint(ns, d.Hint)
		return &outcomeError{Decision: *d, style: c.env.errStyle()}
	}
	if !c.yes && c.dryRun == "none" {
		if err := c.env.confirm(ctx, "Let it go?"); err != nil {
			return err
		}
	}
	var dryRun []string
	if c.dryRun != "none" {
		dryRun = []string{metav1.DryRunAll}
	}
	for n, pod := range pods {
		o, _ := sts.ParsePodName(name, pod.Name)
		_, err := client.Hold(ctx, ns, plan.LetGo(pod, o), dryRun...)
		if answer := (*plan.AnswerError)(nil); errors.As(err, &answer) {
			if n > 0 && len(dryRun) == 0 {
				answer.Verdict = plan.Stuck
			}
			return &outcomeError{Decision: answer.Decision, style: c.env.errStyle()}
		}
		if err != nil {
			return fmt.Errorf("let pod %s go: %w", pod.Name, err)
		}
		_, _ = fmt.Fprintf(c.env.Out, "pod/%s: let go%s\n", pod.Name, c.dryRunNote())
	}
	return nil
}

// rescued refuses to start members on new, empty claims while rescued volumes keep their data.
// Without permission to list volumes it is not known.
func (o *drainOptions) rescued(ctx context.Context, c *change, client *cluster.Client, s *sts.Snapshot, to int32) error {
	if c.acceptDataLoss || to <= sts.WantedReplicas(s.Set) {
		return nil
	}
	volumes, err := client.Retained(ctx, s.Set.Namespace)
	if apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var claims []string
	for _, v := range volumes {
		r, err := sts.ReadRetained(v)
		if err != nil || r == nil || r.Kind() != sts.RetainedRescued || s.Claim(r.Claim.Name) != nil {
			continue
		}
		for i := range s.Set.Spec.VolumeClaimTemplates {
			o, ok := sts.ClaimOrdinal(r.Claim.Name)
			if ok && r.Claim.Name == sts.ClaimName(s.Set.Spec.VolumeClaimTemplates[i].Name, s.Set.Name, o) &&
				o >= sts.End(s.Set) && o < sts.Start(s.Set)+sts.Ordinal(to) {
				claims = append(claims, r.Claim.Name)
			}
		}
	}
	if len(claims) == 0 {
		return nil
	}
	slices.Sort(claims)
	return &outcomeError{style: c.env.errStyle(), Decision: plan.Decision{Verdict: plan.Refused, Reason: plan.ReasonStaleClaims, Subject: "persistentvolumeclaim/" + claims[0],
		Message: fmt.Sprintf("%s would start with new, empty volumes: rescued volumes keep the data of %s %s", s.Set.Name, sts.ClaimWord(len(claims)), strings.Join(claims, ", ")),
		Hint: "bring the data back first: " + c.hint(s.Set.Namespace, sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", strings.Join(claims, " "))) +
			"; or add --accept-data-loss to start without it"}}
}

// stale sees to the claims that earlier members have left: with --fresh-claims they are
// moved out of the way, else a person is asked whether new members may have them. In a
// pipeline the intent refuses them.
func (o *drainOptions) stale(ctx context.Context, c *change, client *cluster.Client, s *sts.Snapshot, intent plan.DrainOptions) (bool, error) {
	asks := !c.yes && c.dryRun == "none" && c.env.InTerminal
	if intent.ReuseClaims || !o.fresh && !asks {
		return intent.ReuseClaims, nil
	}
	d := plan.Next(plan.NewDrainScale(intent, s), s, plan.Facts{})
	if d.Reason != plan.ReasonStaleClaims {
		return false, nil
	}
	if o.fresh {
		return false, o.deleteStale(ctx, c, client, s)
	}
	_, _ = io.WriteString(c.env.ErrOut, c.env.errStyle().Wrap("", 0, print.Plain, d.Message))
	if err := c.env.confirm(ctx, "Let new members have them?"); err != nil {
		return false, err
	}
	o.intent.ReuseClaims = true
	return true, nil
}

// deleteStale deletes the claims of the ordinals that are to come as 'pvc-gc --delete'
// does: their volumes keep the data. The snapshot is without them from then on.
func (o *drainOptions) deleteStale(ctx context.Context, c *change, client *cluster.Client, s *sts.Snapshot) error {
	env := *c.env
	env.Out, env.OutTerminal = env.ErrOut, env.ErrTerminal // stdout is for the command's own report
	common := *c.common
	common.env = &env
	first, last := sts.End(s.Set), sts.Start(s.Set)+sts.Ordinal(o.intent.Replicas)-1
	ordinals, err := sts.ParseOrdinals(fmt.Sprintf("%d-%d", first, last))
	if err != nil {
		return err
	}
	g := &gcRun{common: &common, out: newOutput(&cobra.Command{}), verb: "pvc-gc", did: "deleted", dryRun: c.dryRun, yes: c.yes, workers: 8, most: 50, timeout: 5 * time.Minute}
	query := gcOptions{namespace: s.Set.Namespace, claims: inspect.ClaimQuery{Names: []string{s.Set.Name}, Ordinals: ordinals}}
	var coming []sts.Ordinal
	for o := first; o <= last; o++ {
		coming = append(coming, o)
	}
	gone := sts.ClaimsOf(s, coming)
	g.wholly = gone
	if err := runClaims(ctx, &common, query, g.out, g); err != nil {
		return err
	}
	if c.dryRun != "none" {
		s.Claims = slices.DeleteFunc(slices.Clone(s.Claims), func(c *corev1.PersistentVolumeClaim) bool { return slices.Contains(gone, c.Name) })
		return nil
	}
	inv, err := client.Read(ctx, cluster.Query{Namespace: s.Set.Namespace, Names: []string{s.Set.Name}})
	if err == nil {
		s.Claims = inv.Snapshots()[0].Claims
	}
	return err
}

func (o *drainOptions) check() error {
	o.intent.IgnoreBudgets = o.pdb == "ignore"
	switch {
	case o.intent.Park && o.intent.Replicas != 0:
		return usagef("--park requires --replicas 0")
	case o.intent.Park && o.profile != "" && o.profile != "none":
		return usagef("--park and --profile are mutually exclusive: parked members do not leave their cluster")
	case o.intent.Replicas > mostForetold:
		return invalidFlag("replicas", o.intent.Replicas, fmt.Sprintf("must be at most %d", mostForetold))
	case misspelt(o.exec+o.command) != "":
		return usagef("unknown variable %s of a drain profile, must be one of %s", misspelt(o.exec+o.command), variables())
	}
	return nil
}

// hooks is how members leave: as the flags say, or as the set tells.
func (o *drainOptions) hooks(c *change, s *sts.Snapshot, first bool) (*profile.Profile, error) {
	one := func(name string, on profile.Where, argv []string) *profile.Profile {
		return &profile.Profile{Metadata: profile.Metadata{Name: "--" + name}, Drain: []profile.Command{{
			Name: name, Why: "have it leave its cluster", On: on, Command: argv, ExitCodes: []int{0}, Timeout: metav1.Duration{Duration: o.timeout},
		}}}
	}
	switch {
	case o.exec != "":
		return one("drain-exec", profile.Where(o.on), []string{"sh", "-c", escapeVariables(o.exec)}), nil
	case o.command != "":
		argv := shell(escapeVariables(o.command))
		return one("drain-cmd", profile.Here, argv), nil
	case o.profile == "none", o.intent.Park:
		return nil, nil
	case o.profile != "":
		return readProfile(o.profile)
	}
	found, err := profile.Detect(s.Set, profile.Builtin())
	if err != nil {
		return nil, err
	}
	if len(found.Ambiguous) > 0 {
		var names []string
		for _, p := range found.Ambiguous {
			names = append(names, p.Metadata.Name)
		}
		return nil, usagef("several drain profiles match statefulset %s (%s): set --profile", s.Set.Name, strings.Join(names, ", "))
	}
	if found.Profile != nil && first && c.out.human() {
		_, _ = fmt.Fprintf(c.env.ErrOut, "drain profile %s, because of %s\n", found.Profile.Metadata.Name, found.Why)
	}
	return found.Profile, nil
}

// escapeVariables keeps a shell's own $(…) and $$ from being taken for what a profile
// means by them, but for the variables that a profile knows.
func escapeVariables(line string) string {
	before, rest, found := strings.Cut(line, "$")
	if !found {
		return line
	}
	for _, v := range profile.Variables {
		if variable := "(" + v.Name + ")"; strings.HasPrefix(rest, variable) {
			return before + "$" + variable + escapeVariables(rest[len(variable):])
		}
	}
	return before + "$$" + escapeVariables(rest)
}

// capitals are what a variable looks like, and no command.
var capitals = regexp.MustCompile(`\$\(([A-Z_]+)\)`)

// misspelt is the first thing in the line that looks like a profile's variable and is none.
func misspelt(line string) string {
	for _, found := range capitals.FindAllStringSubmatch(line, -1) {
		known := false
		for _, v := range profile.Variables {
			known = known || v.Name == found[1]
		}
		if !known {
			return found[0]
		}
	}
	return ""
}

func variables() string {
	var names []string
	for _, v := range profile.Variables {
		names = append(names, v.Name)
	}
	return strings.Join(names, ", ")
}

// readProfile reads a profile of our own by name, or one of the user's from a file.
func readProfile(name string) (*profile.Profile, error) {
	p, notFound := profile.Find(name)
	if notFound == nil {
		return p, nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\.`) {
		return nil, usagef("--profile: %s", notFound)
	}
	if err != nil {
		return nil, usagef("--profile: %s", err)
	}
	if p, err = profile.Parse(data); err != nil {
		return nil, usagef("--profile %s: %s", name, err)
	}
	return p, nil
}

// mayDrain looks for the permissions before anything begins: one that is missing in
// the middle would leave a member that has left in its place.
func mayDrain(ctx context.Context, client *cluster.Client, s *sts.Snapshot, i plan.DrainOptions) error {
	ns := s.Set.Namespace
	needs := [][3]string{{"patch", "statefulsets.apps", "scale"}}
	if sts.WantedReplicas(s.Set) > i.Replicas {
		switch {
		case i.IgnoreBudgets:
			needs = append(needs, [3]string{"delete", "pods", ""})
		default:
			needs = append(needs, [3]string{"create", "pods", "eviction"})
		}
		needs = append(needs, [3]string{"patch", "pods", ""}) // the finalizer
	}
	if i.Profile != nil && runsInPods(i.Profile) {
		needs = append(needs, [3]string{"create", "pods", "exec"})
	}
	for _, n := range needs {
		if err := client.May(ctx, ns, n[0], n[1], n[2]); err != nil {
			return err
		}
	}
	return nil
}

func runsInPods(p *profile.Profile) bool {
	for _, rules := range profile.Sections {
		for _, c := range p.Commands(rules.Section) {
			if c.On != profile.Here {
				return true
			}
		}
	}
	return false
}
