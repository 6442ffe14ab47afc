package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// change is common to all commands that write: their flags and, once they run, their report.
type change struct {
	*common
	verb string // "canary start"
	// detail are the options that are part of the command: an interrupted command is resumed
	// by the same command with the same options.
	detail string
	needs  []string
	// drains: the report has the progress of a drain-scale.
	drains bool
	// prove finds out why a set is stuck, for a command that shows it before the confirmation.
	prove func(ctx context.Context, client *kube.Client, s *sts.Snapshot) *report.Proof
	out   *output

	dryRun   string
	yes      bool
	timeout  time.Duration
	grace    *time.Duration
	takeOver bool
	force    bool
	owner    string
	// acceptDataLoss: proceed although data is lost with a pod.
	acceptDataLoss bool
	// acceptAdmission is for a command that may accept what admission changes.
	acceptAdmission *bool
	// annotated: the result was reported to a GitHub workflow.
	annotated bool
	// printPatch: print what the first step changes in the spec, and change nothing.
	printPatch bool
	// skipPodCheck: no dry run of the creation of pods.
	skipPodCheck bool
}

func (c *common) newChange(cmd *cobra.Command, verb string) *change {
	ch := &change{common: c, verb: verb, needs: kube.Needs, out: newOutput(cmd, github)}
	f := cmd.Flags()
	addDryRun(cmd, &ch.dryRun, "Print the plan only; server also checks its first step with the API server")
	f.BoolVarP(&ch.yes, "yes", "y", false, "Skip the confirmation (required without a terminal)")
	f.DurationVar(&ch.timeout, "timeout", 0, "Maximum time to wait (for example 90s; 0 means no limit); rerun to resume")
	ch.grace = schedulingGrace(cmd)
	f.BoolVar(&ch.takeOver, "take-over", false, "Proceed even if another client holds the lock or changed the partition")
	f.BoolVar(&ch.force, "force-ownership", false, "Proceed even if an operator or a GitOps controller would revert the change")
	f.BoolVar(&ch.acceptDataLoss, acceptDataLossFlag, false, "Proceed even if data will be lost (deleted claims, whenScaled: Delete)")
	if ch.skipPodCheck = verb == "pause"; !ch.skipPodCheck { // which holds up what is in progress
		ch.canSkipPodCheck(cmd)
	}
	f.StringVar(&ch.owner, "owner", c.env.Who, "Lock owner; commands of one owner resume each other after an interruption")
	notNegative(cmd, "timeout")
	return ch
}

// acceptDataLossFlag means the same with every verb.
const acceptDataLossFlag = "accept-data-loss"

// canPrintPatch is for commands that change the set's spec.
func (c *change) canPrintPatch(cmd *cobra.Command) *change {
	cmd.Flags().BoolVar(&c.printPatch, "print-patch", false, "Print the first step as a patch of the manifest for Git, and change nothing")
	cmd.MarkFlagsMutuallyExclusive("print-patch", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("print-patch", "output")
	return c
}

// canAcceptAdmission is for commands that set a new template.
func (c *change) canAcceptAdmission(cmd *cobra.Command) {
	c.acceptAdmission = cmd.Flags().Bool("accept-admission-changes", false, "Accept what mutating admission changes in the template as part of the canary")
}

func (c *change) check() error {
	if c.owner == "" || strings.ContainsFunc(c.owner, unicode.IsControl) {
		return usagef("--owner must be a single line and must not be empty")
	}
	return c.out.check()
}

func (c *change) holder(now time.Time) operate.Holder {
	// Who commits the change to Git does what GitOps wants.
	return operate.Holder{TakeOver: c.takeOver, Force: c.force || c.printPatch, AcceptDataLoss: c.acceptDataLoss, Owner: sts.Owner{
		Name: c.owner, ID: rand.String(10), Command: c.verb + c.detail, Since: now.UTC().Truncate(time.Second),
	}}
}

// ChangeReport is the result of a command that changes a StatefulSet.
type ChangeReport struct {
	metav1.TypeMeta `json:",inline"`
	// Namespace is the namespace of the StatefulSet.
	Namespace string `json:"namespace"`
	// Name is the name of the StatefulSet.
	Name string `json:"name"`
	// Command is the command: `canary start`, `restart` …
	Command string `json:"command"`
	// StartedAt is when the state was first read, by the cluster's clock.
	StartedAt metav1.Time `json:"startedAt"`
	// EndedAt is when the state was last read.
	EndedAt metav1.Time `json:"endedAt"`
	// DryRun is `client` or `server` if nothing was written.
	DryRun string `json:"dryRun,omitempty"`
	// With `unstick`: why the set is stuck; absent if it is not.
	Proof *report.Proof `json:"proof,omitempty"`
	// Plan is what was predicted before anything was written; the last item is the predicted result.
	Plan []operate.Decision `json:"plan"`
	// Alteration is what mutating admission adds to the first step, if that is accepted.
	Alteration *sts.Alteration `json:"alteration,omitempty"`
	// Applied is what was written, in order.
	Applied []loop.Applied `json:"applied"`
	// Commands are the commands that were run, and their results.
	Commands []loop.Command `json:"commands,omitempty"`
	// Outcome is the result; absent if an error occurred before any decision.
	Outcome *operate.Decision `json:"outcome,omitempty"`
	// Error is the error that ended the command, including a timeout or an interruption.
	Error string `json:"error,omitempty"`
	// With `drain-scale`: the change of size, even if it is complete.
	Drain *report.DrainStatus `json:"drain,omitempty"`
	// Status is the last known state of the set.
	Status *report.Status `json:"status,omitempty"`
}

// intents makes the intent from the current state of the set. digest is that of the
// template after the first step, empty before the dry run.
type intents func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Holder, digest string) (operate.Intent, error)

func (c *change) run(cmd *cobra.Command, args []string, of intents) error {
	name, err := setName(args)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	err = c.runChange(cmd.Context(), name, of)
	if err != nil && c.out.isGitHub() && !c.annotated {
		c.annotateError(name, err)
	}
	return err
}

// runChange makes the plan, shows it, asks for confirmation, carries it out and reports.
func (c *change) runChange(ctx context.Context, name string, of intents) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	ns, err := c.namespace()
	if err != nil {
		return err
	}
	q := kube.Query{Namespace: ns, Names: []string{name}, Revisions: true, SchedulingGrace: c.grace}
	s, err := c.look(ctx, client, q)
	if err != nil {
		return err
	}
	if c.printPatch {
		return c.printFirst(ctx, client, s, of)
	}
	screen := newScreen(c.env)
	view, err := client.Open(ctx, q, c.needs, screen.tell())
	if err != nil {
		return err
	}
	defer view.Close()
	view.NoTrials = c.skipPodCheck || c.dryRun == "client"
	s.Memory = view.Retry(ctx, s)
	h := c.holder(s.TakenAt)
	intent, err := of(ctx, client, s, h, "")
	if err != nil {
		return err
	}
	steps, trials := operate.PreviewTrials(intent, s)
	report := &ChangeReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "ChangeReport"},
		Namespace: ns, Name: name, Command: c.verb, StartedAt: metav1.NewTime(s.TakenAt),
		Plan: steps, Applied: []loop.Applied{},
	}
	if c.prove != nil {
		report.Proof = c.prove(ctx, client, s)
	}
	first := report.Plan[0]
	if c.dryRun != "none" {
		report.DryRun = c.dryRun
	}
	if last := report.Plan[len(report.Plan)-1]; losesData(last) {
		return c.finish(report, s, last, nil)
	}
	writes := countWrites(report.Plan) > 0
	var set *appsv1.StatefulSet
	if (first.Verdict == operate.Do || first.Verdict == operate.Wait && writes) && c.dryRun != "client" {
		var alteration *sts.Alteration
		set, alteration, err = c.preflight(ctx, view, s, report.Plan)
		if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
			return c.finish(report, s, answer.Decision, nil)
		}
		if err != nil {
			return err
		}
		if set != nil {
			if intent, err = of(ctx, client, s, h, sts.TemplateDigest(&set.Spec.Template)); err != nil {
				return err
			}
		}
		if report.Alteration = alteration; alteration != nil { // the accepted change may lead to another end
			report.Plan, trials = operate.PreviewStored(intent, s, &set.Spec.Template)
			first = report.Plan[0]
		}
	}
	if writes && c.dryRun != "client" {
		err := c.rehearse(ctx, client, view, s, set, report.Plan, trials)
		if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
			return c.finish(report, s, answer.Decision, nil)
		}
		if err != nil {
			return err
		}
	}
	for _, w := range slices.Concat(operate.DataLoss(s, report.Plan), operate.Cautions(s, report.Plan)) {
		warnTo(c.env.ErrOut, w)
	}
	asks := writes && !c.yes && c.dryRun == "none"
	shown := writes || c.dryRun != "none" && first.Verdict == operate.Wait
	if asks || c.out.human() && shown {
		to := c.env.ErrOut
		if c.dryRun != "none" {
			to = c.env.Out
		}
		style := c.env.errStyle()
		if c.dryRun != "none" {
			style = c.env.style()
		}
		if report.Proof != nil {
			if err := printProof(to, report.Proof, s.TakenAt, style); err != nil {
				return err
			}
		}
		_, _ = fmt.Fprintln(to, msgPlanTitle(c.verb, ns, name, c.dryRun))
		render.Plan(to, report.Plan, style)
		if report.Alteration != nil {
			_, _ = fmt.Fprintln(to, msgAdmissionChanges())
			if err := printAlteration(to, report.Alteration, style); err != nil {
				return err
			}
		}
	}
	if c.dryRun != "none" || !writes && first.Verdict != operate.Wait && first.Verdict != operate.Do {
		return errors.Join(c.finish(report, s, first, nil), c.tidy(ctx, view, intent, s, first))
	}
	if asks {
		if err := c.env.confirm(ctx, msgContinue()); err != nil {
			return err
		}
	}
	w := &world{View: view, client: client, namespace: ns, env: c.env, screen: screen, environment: c.environment()}
	result, err := loop.Run(ctx, w, operate.Confirmed(intent, s), c.timeout, &narrator{screen: screen, quiet: c.out.human() && countWrites(report.Plan) == 1})
	screen.done()
	report.Applied = append(report.Applied, result.Applied...)
	report.Commands = append(report.Commands, result.Commands...)
	if result.Last != nil {
		s = released(result.Last, h.ID)
	}
	return c.finish(report, s, result.Decision, err)
}

// losesData reports whether a plan would remove a pod whose data is lost with it. No step of such a
// plan is carried out.
func losesData(last operate.Decision) bool {
	return last.Verdict == operate.Refused && (last.Reason == operate.ReasonDataLoss || last.Reason == operate.ReasonUnseen)
}

// released is the snapshot without the lock that the command has released at its end.
func released(s *sts.Snapshot, id string) *sts.Snapshot {
	if o, err := sts.ReadOwner(s.Set); err != nil || o == nil || o.ID != id {
		return s
	}
	out := *s
	out.Set = s.Set.DeepCopy()
	delete(out.Set.Annotations, sts.OwnerAnnotation)
	return &out
}

// printFirst prints the first step that changes the spec, for a manifest in Git.
func (c *change) printFirst(ctx context.Context, client *kube.Client, s *sts.Snapshot, of intents) error {
	intent, err := of(ctx, client, s, c.holder(s.TakenAt), "")
	if err != nil {
		return err
	}
	steps := operate.Preview(intent, s)
	if steps[0].Verdict == operate.Wait {
		// A patch that is committed now would not wait.
		return &notYetError{msgNotYet(steps[0].Message)}
	}
	last := steps[len(steps)-1]
	var patch []byte
	if first := operate.FirstPatch(steps); first != nil && !losesData(last) {
		if patch, err = first.Commit(s.Set); err != nil {
			return err
		}
	}
	switch {
	case len(patch) > 0:
		_, err := c.env.Out.Write(patch)
		return err
	case last.Verdict == operate.Stuck || last.Verdict == operate.Refused:
		last.Hint = c.hint(last.Hint)
		return &outcomeError{Decision: last, style: c.env.errStyle()}
	}
	_, err = io.WriteString(c.env.ErrOut, c.env.errStyle().Wrap("", 0, render.Plain, msgNothingToCommit(last.Message)))
	return err
}

// tidy removes the lock of a command that was killed at its very end, when the same
// command finds nothing else to do.
func (c *change) tidy(ctx context.Context, view *kube.View, intent operate.Intent, s *sts.Snapshot, d operate.Decision) error {
	if c.dryRun != "none" || d.Verdict != operate.Done {
		return nil
	}
	a := intent.Release(s, true)
	if a == nil {
		return nil
	}
	_, err := view.Apply(ctx, s, a)
	answer := (*operate.AnswerError)(nil)
	switch {
	case errors.Is(err, operate.ErrChanged):
		return nil
	case errors.As(err, &answer):
		warnTo(c.env.ErrOut, msgLockStays(answer.Message))
		return nil
	}
	return err
}

// environment tells commands that run here which cluster this one uses.
func (c *change) environment() []string {
	var out []string
	if *c.config.KubeConfig != "" {
		out = append(out, "KUBECONFIG="+*c.config.KubeConfig)
	}
	name := *c.config.Context
	if raw, err := c.config.ToRawKubeConfigLoader().RawConfig(); err == nil && name == "" {
		name = raw.CurrentContext
	}
	return append(out, "KUBECTL_STS_CONTEXT="+name)
}

// look reads the set with all that a decision needs.
func (c *change) look(ctx context.Context, client *kube.Client, q kube.Query) (*sts.Snapshot, error) {
	inv, err := client.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	s := inv.Snapshots()[0]
	var lacking, reasons []string
	for _, m := range s.Missing {
		if slices.Contains(c.needs, m.Resource) {
			lacking = append(lacking, m.Resource)
			reasons = append(reasons, m.Reason)
		}
	}
	if len(lacking) > 0 {
		return nil, errors.New(msgCannotSee(c.verb, q.Namespace, lacking, reasons))
	}
	render.Missing(c.env.ErrOut, s.Missing)
	return s, nil
}

// preflight has the server check the first patch, and the first later change of the spec of each
// kind. A set that has changed since it was read is no error.
func (c *change) preflight(ctx context.Context, view *kube.View, s *sts.Snapshot, steps []operate.Decision) (set *appsv1.StatefulSet, alteration *sts.Alteration, err error) {
	var p *operate.PatchSet // nil also where the command waits before it writes
	if first, ok := steps[0].Action.(*operate.PatchSet); ok {
		p = first
		err := tried(s, p, func() (err error) {
			set, alteration, err = view.Try(ctx, s, p)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if later := operate.FirstPatch(steps); later != nil && later != p && (p == nil || p.RecordOnly()) {
		err := tried(s, later, func() error {
			_, _, err := view.Try(ctx, s, later.SpecOnly(s))
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	for _, size := range []*operate.Scale{operate.FirstScale(steps), operate.FinalScale(s, steps)} {
		if size == nil {
			continue
		}
		if err := tried(s, size, func() error { return view.TryScale(ctx, s, size) }); err != nil {
			return nil, nil, err
		}
	}
	return set, alteration, nil
}

// printAlteration prints what mutating admission changes in a write, as a diff.
func printAlteration(w io.Writer, a *sts.Alteration, style render.Style) error {
	if len(a.Sent) == 0 {
		return nil
	}
	unified, err := unifiedDiff(&report.DiffReport{From: "sent", To: "after admission", FromTemplate: a.Sent, ToTemplate: a.Stored})
	if err != nil {
		return err
	}
	return render.Diff(w, unified, style)
}

// tried is [persist] for the dry run of an action. A webhook that does not respond then refuses it:
// the write itself would fail in the same way.
func tried(s *sts.Snapshot, a operate.SetAction, ask func() error) error {
	err := persist(ask)
	if o := operate.ReadObjection(err); o != nil && o.Kind == operate.ByFailingWebhook {
		if d := o.RefuseAction(s.Set.Namespace, s.Set.Name, a); d != nil {
			return &operate.AnswerError{Decision: *d}
		}
	}
	return err
}

// persist retries when the server does not respond. A set that has changed meanwhile is
// no error.
func persist(ask func() error) error {
	const tries = 3
	err := operate.ErrTransient
	for try := 0; try < tries && errors.Is(err, operate.ErrTransient); try++ {
		err = ask()
	}
	if errors.Is(err, operate.ErrChanged) {
		return nil
	}
	return err
}

// finish prints the report and turns the outcome into an error with its exit code.
func (c *change) finish(r *ChangeReport, s *sts.Snapshot, d operate.Decision, err error) error {
	status := report.NewStatus(s)
	r.Status, r.EndedAt = &status, metav1.NewTime(s.TakenAt)
	if c.drains {
		if r.Drain = status.Drain; d.Drain != nil {
			r.Drain = report.NewDrainStatus(s, d.Drain)
		}
	}
	if err != nil {
		r.Error = err.Error()
	}
	if d.Verdict != operate.Do {
		r.Outcome = &d
	}
	if !c.out.human() {
		if e := c.out.print(c.env.Out, r, []string{r.Name}); e != nil {
			return e
		}
	}
	if c.out.isGitHub() {
		if e := c.annotate(r); e != nil {
			return e
		}
	}
	if d.Alteration != nil && err == nil {
		if e := printAlteration(c.env.ErrOut, d.Alteration, c.env.errStyle()); e != nil {
			return e
		}
		if c.acceptAdmission != nil && !*c.acceptAdmission && d.Alteration.Template() {
			d.Hint = hintAcceptAdmission(r.Name)
		}
	}
	var interrupted *loop.InterruptedError
	var expired *loop.TimeoutError
	switch {
	case errors.As(err, &interrupted), errors.As(err, &expired):
		_, _ = io.WriteString(c.env.ErrOut, msgStopped(render.StatusLine(&status)))
		return err
	case err != nil:
		return notAllowed(err, c.env.errStyle())
	case d.Verdict == operate.Stuck || d.Verdict == operate.Refused || d.Verdict == operate.Failed:
		d.Hint = c.hint(d.Hint)
		return &outcomeError{Decision: d, style: c.env.errStyle()}
	case d.Verdict == operate.Done && c.out.human() && !c.out.isGitHub():
		_, e := io.WriteString(c.env.Out, c.env.style().Wrap("", 0, render.Plain, resultLine(r.Name, d)))
		if d.Drain != nil {
			render.DrainEnd(c.env.Out, r.Drain, c.env.style())
		}
		_, _ = io.WriteString(c.env.ErrOut, render.Hint(c.hint(d.Hint), c.env.errStyle()))
		return e
	}
	return nil
}

// resultLine is how a command that is done ends on standard output.
func resultLine(set string, d operate.Decision) string {
	if d.Reason == operate.ReasonNothingToDo {
		return msgNoResult(set, d.Message)
	}
	return msgResult(set, d.Message)
}

// narrator writes to standard error what the loop does.
type narrator struct {
	screen *screen
	// quiet: the plan had a single step, which is not repeated.
	quiet bool
	last  string
	// checking is since when commands are waited for.
	checking time.Time
}

func countWrites(steps []operate.Decision) int {
	n := 0
	for _, d := range steps {
		if d.Verdict == operate.Do && d.Action.IsAPIWrite() {
			n++
		}
	}
	return n
}

// Decided implements execute.Observer.
func (n *narrator) Decided(s *sts.Snapshot, d operate.Decision) {
	if isQuiet(d.Action) || d.Verdict != operate.Do && d.Verdict != operate.Wait {
		return
	}
	if d.Reason == operate.ReasonChecking || d.Reason == operate.ReasonHookRuns && d.Until == nil {
		if n.checking.IsZero() {
			n.checking = s.TakenAt
		}
		n.last = d.Key() // the start of the command was shown
		n.screen.over(msgRunsFor(s.TakenAt.Sub(n.checking)))
		return
	}
	n.checking = time.Time{}
	if d.Key() != n.last {
		n.last = d.Key()
		if d.Verdict == operate.Do && n.quiet {
			n.quiet = false
			return
		}
		var b strings.Builder
		render.Progress(&b, d, n.screen.style)
		n.screen.say(b.String())
	}
	if d.Until != nil {
		n.screen.over(msgTimeLeft(d.Until.Sub(s.TakenAt)))
	}
}

// Applied implements execute.Observer.
func (n *narrator) Applied(*sts.Snapshot, operate.SetAction) {}

// isQuiet says whether nothing is written about an action: a dry run, a command that is repeated.
func isQuiet(a operate.SetAction) bool {
	switch a := a.(type) {
	case *operate.DryRunEviction:
		return true
	case *operate.Exec:
		return a.Quiet
	}
	return false
}

// Executed implements execute.Observer: the output of a command is on the screen already,
// its result is not.
func (n *narrator) Executed(command *operate.Exec, r operate.ExecResult) {
	if command.Quiet || len(command.Argv) > 0 && r.Succeeded() {
		return // the next step implies its success
	}
	n.screen.say(msgCommandEnded(command.Label(), r.String()) + "\n")
}
