package cli

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

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// drainOptions are the flags of drain-scale.
type drainOptions struct {
	intent  operate.DrainOptions
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
	cmd := withHelp("drain-scale", &cobra.Command{
		Use:  "drain-scale NAME --replicas N",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newChange(cmd, "drain-scale")
	ch.drains = true
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
		err := ch.run(cmd, args, func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Holder, digest string) (operate.Intent, error) {
			if o.unpark {
				size, _ := sts.ParkedSize(s.Set)
				return operate.Unpark{Holder: h}, o.rescued(ctx, ch, client, s, size)
			}
			if wanted := sts.DesiredReplicas(s.Set); (o.fresh || o.intent.ReuseClaims) && !o.cancel && o.intent.Replicas < wanted {
				return nil, usagef("--fresh-claims and --reuse-claims require a scale-up, but statefulset/%s has %s and --replicas is %d", s.Set.Name, sts.Count(wanted, "replica"), o.intent.Replicas)
			}
			intent := o.intent
			intent.Holder, intent.NoHooks, intent.ProfileFile = h, o.profile == "none", profileFile(o.profile)
			var err error
			if intent.Profile, err = o.hooks(ch, s, digest == ""); err != nil {
				return nil, err
			}
			if o.cancel {
				return operate.CancelDrain{Holder: h, Profile: intent.Profile, Domain: intent.Domain}, nil
			}
			if digest == "" {
				if err := mayDrain(ctx, client, s, intent); err != nil {
					return nil, err
				}
				if intent.IgnoreBudgets && len(s.Budgets) > 0 {
					warnTo(c.env.ErrOut, msgDrainIgnoresBudgets(budgetNames(s)))
				}
			}
			if digest == "" {
				intent.ReuseClaims, err = o.stale(ctx, ch, client, s, intent)
			}
			if err == nil && !o.fresh {
				err = o.rescued(ctx, ch, client, s, intent.Replicas)
			}
			return operate.NewDrainScale(intent, s), err
		})
		if apierrors.IsNotFound(err) {
			return o.orphans(cmd.Context(), ch, args, err)
		}
		return err
	}
	return cmd
}

func budgetNames(s *sts.Snapshot) []string {
	var names []string
	for _, b := range s.Budgets {
		names = append(names, "poddisruptionbudget/"+b.Name)
	}
	return names
}

// orphans removes our finalizer from pods whose set was deleted: nothing else removes it.
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
		_, _ = fmt.Fprintln(c.env.ErrOut, msgOrphan(pod.Name, name))
	}
	if !o.cancel {
		_, _ = io.WriteString(c.env.ErrOut, render.Hint(c.hint(hintOrphan(sts.GiveUpDrain(ns, name))), c.env.errStyle()))
		return gone
	}
	s, err := client.Mounted(ctx, ns, name, pods)
	if err != nil {
		return err
	}
	if d := operate.ReleaseOrphans(s); d != nil && !c.acceptDataLoss {
		d.Hint = c.hint(d.Hint)
		return &outcomeError{Decision: *d, style: c.env.errStyle()}
	}
	if !c.yes && c.dryRun == "none" {
		if err := c.env.confirm(ctx, msgOrphanConfirm(len(pods))); err != nil {
			return err
		}
	}
	var dryRun []string
	if c.dryRun != "none" {
		dryRun = []string{metav1.DryRunAll}
	}
	for n, pod := range pods {
		o, _ := sts.ParsePodName(name, pod.Name)
		_, err := client.PatchFinalizer(ctx, ns, &operate.NewRemoveFinalizer("", pod, o).FinalizerPatch, dryRun...)
		if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
			if n > 0 && len(dryRun) == 0 {
				answer.Verdict = operate.Stuck
			}
			return &outcomeError{Decision: answer.Decision, style: c.env.errStyle()}
		}
		if err != nil {
			return fmt.Errorf("remove the finalizer from pod %s: %w", pod.Name, err)
		}
		_, _ = fmt.Fprintln(c.env.Out, msgDryRun(msgOrphanReleased(pod.Name), c.dryRun))
	}
	return nil
}

// rescued refuses to start members on new, empty claims while rescued volumes keep their data. It
// cannot check this without permission to list volumes.
func (o *drainOptions) rescued(ctx context.Context, c *change, client *kube.Client, s *sts.Snapshot, to int32) error {
	if c.acceptDataLoss || to <= sts.DesiredReplicas(s.Set) {
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
	message, hint := msgDrainRescued(s.Set.Name, claims, sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", claims...))
	return &outcomeError{style: c.env.errStyle(), Decision: operate.Decision{Verdict: operate.Refused, Reason: operate.ReasonStaleClaims, Subject: "persistentvolumeclaim/" + claims[0],
		Message: message, Hint: c.hint(hint)}}
}

// stale handles the claims of removed members: with --fresh-claims they are moved aside, else the
// user is asked whether new members may start with them. In a pipeline the intent refuses them.
func (o *drainOptions) stale(ctx context.Context, c *change, client *kube.Client, s *sts.Snapshot, intent operate.DrainOptions) (bool, error) {
	asks := !c.yes && c.dryRun == "none" && c.env.InTerminal
	if intent.ReuseClaims || !o.fresh && !asks {
		return intent.ReuseClaims, nil
	}
	d := operate.Next(operate.NewDrainScale(intent, s), s, operate.Facts{})
	if d.Reason != operate.ReasonStaleClaims {
		return false, nil
	}
	if o.fresh {
		return false, o.deleteStale(ctx, c, client, s)
	}
	_, _ = io.WriteString(c.env.ErrOut, c.env.errStyle().Wrap("", 0, render.Plain, d.Message))
	if err := c.env.confirm(ctx, msgDrainConfirmClaims()); err != nil {
		return false, err
	}
	o.intent.ReuseClaims = true
	return true, nil
}

// deleteStale deletes the claims of the ordinals that will be added as 'pvc-gc --delete' does: their
// volumes keep the data. Afterwards the snapshot no longer has them.
func (o *drainOptions) deleteStale(ctx context.Context, c *change, client *kube.Client, s *sts.Snapshot) error {
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
	query := gcOptions{namespace: s.Set.Namespace, claims: report.ClaimQuery{Names: []string{s.Set.Name}, Ordinals: ordinals}}
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
	inv, err := client.Read(ctx, kube.Query{Namespace: s.Set.Namespace, Names: []string{s.Set.Name}})
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
	case o.intent.Replicas > maxPlanReplicas:
		return invalidFlag("replicas", o.intent.Replicas, fmt.Sprintf("must be at most %d", maxPlanReplicas))
	case misspelt(o.exec+o.command) != "":
		return usagef("unknown variable %s of a drain profile, must be one of %s", misspelt(o.exec+o.command), variables())
	}
	return nil
}

// hooks is how members leave: by the flags, or by the profile that matches the set.
func (o *drainOptions) hooks(c *change, s *sts.Snapshot, first bool) (*profile.Profile, error) {
	one := func(name string, on profile.Where, argv []string) *profile.Profile {
		return &profile.Profile{Metadata: profile.Metadata{Name: "--" + name}, Drain: []profile.Command{{
			Name: name, Why: msgDrainInline(), On: on, Command: argv, ExitCodes: []int{0}, Timeout: metav1.Duration{Duration: o.timeout},
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
		return nil, usagef("%s", msgDrainAmbiguous(s.Set.Name, names))
	}
	if found.Profile != nil && first && c.out.human() {
		_, _ = fmt.Fprintln(c.env.ErrOut, msgDrainProfile(found.Profile.Metadata.Name, found.Why))
	}
	return found.Profile, nil
}

// escapeVariables escapes a shell's own $(…) and $$, so that only the variables of a profile are
// expanded.
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

// capitals match what looks like a variable rather than a command.
var capitals = regexp.MustCompile(`\$\(([A-Z_]+)\)`)

// misspelt is the first part of the line that looks like a profile's variable but is none.
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

// profileFile is the file that --profile names, empty where it names no file.
func profileFile(name string) string {
	if _, unknown := profile.Find(name); unknown == nil || name == "" || name == "none" {
		return ""
	}
	return name
}

// readProfile reads a built-in profile by name, or one of the user's from a file.
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

// mayDrain checks the permissions before anything starts: one that is missing later would leave
// the pod of a member that has left running.
func mayDrain(ctx context.Context, client *kube.Client, s *sts.Snapshot, i operate.DrainOptions) error {
	ns := s.Set.Namespace
	needs := [][3]string{{"patch", "statefulsets.apps", "scale"}}
	if sts.DesiredReplicas(s.Set) > i.Replicas {
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
