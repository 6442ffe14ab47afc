package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// mutation is what the commands that write to a set have in common: their flags, and how they run.
type mutation struct {
	*common
	verb string // "canary start"
	// detail are the options that are part of the command: an interrupted command is resumed
	// by the same command with the same options.
	detail string
	// needs are the resources that the command has to see.
	needs []string
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
	// target are the sets, for a command that takes several; nil for the others.
	target *target
	// recovers is the ordinal whose pod is recovered from a lost node, nil for none. nodeOff is the node whose
	// machine is off, by a flag.
	recovers *sts.Ordinal
	nodeOff  string
	// skipPodCheck: no dry run of the creation of pods.
	skipPodCheck bool
}

func (c *common) newMutation(cmd *cobra.Command, verb string) *mutation {
	m := &mutation{common: c, verb: verb, needs: kube.Needs, out: newOutput(cmd, github)}
	f := cmd.Flags()
	addDryRun(cmd, &m.dryRun, "Print the plan only; server also checks its first step with the API server")
	f.BoolVarP(&m.yes, "yes", "y", false, "Skip the confirmation (required without a terminal)")
	f.DurationVar(&m.timeout, "timeout", 0, "Maximum time to wait (for example 90s; 0 means no limit); rerun to resume")
	m.grace = schedulingGrace(cmd)
	f.BoolVar(&m.takeOver, "take-over", false, "Proceed even if another client holds the lock or changed the partition")
	f.BoolVar(&m.force, "force-ownership", false, "Proceed even if an operator or a GitOps controller would revert the change")
	f.BoolVar(&m.acceptDataLoss, acceptDataLossFlag, false, "Proceed even if data will be lost (deleted claims, whenScaled: Delete)")
	if m.skipPodCheck = verb == "pause"; !m.skipPodCheck { // which holds up what is in progress
		m.canSkipPodCheck(cmd)
	}
	f.StringVar(&m.owner, "owner", c.env.Who, "Lock owner; commands of one owner resume each other after an interruption")
	notNegative(cmd, "timeout")
	return m
}

// acceptDataLossFlag means the same with every verb.
const acceptDataLossFlag = "accept-data-loss"

// canAcceptAdmission is for commands that set a new template.
func (m *mutation) canAcceptAdmission(cmd *cobra.Command) {
	m.acceptAdmission = cmd.Flags().Bool("accept-admission-changes", false, "Accept what mutating admission changes in the template as part of the canary")
}

// takesSeveral is for commands that take several sets of a namespace, one after the other. An empty selector,
// which may be a variable that is not set, does not select all of them.
func (m *mutation) takesSeveral(cmd *cobra.Command) *mutation {
	m.target = &target{}
	m.target.addSelector(cmd)
	notEmpty(cmd, "selector")
	return m
}

// query selects the sets of the command line.
func (m *mutation) query(args []string) (q kube.Query, err error) {
	if m.target != nil {
		if q, err = m.target.query(m.common, args); err == nil && len(q.Names) == 0 && q.Selector == "" {
			err = usagef("a StatefulSet name or --selector is required (for example web, or -l app=db)")
		}
	} else {
		q.Names = make([]string, 1)
		if q.Names[0], err = setName(args); err == nil {
			q.Namespace, err = m.namespace()
		}
	}
	q.Revisions, q.SchedulingGrace, q.Recover = true, m.grace, m.recovers
	q.SomeNames = len(q.Names) > 1 // an error names all that do not exist
	return q, err
}

func (m *mutation) check() error {
	if m.owner == "" || strings.ContainsFunc(m.owner, unicode.IsControl) {
		return usagef("--owner must be a single line and must not be empty")
	}
	return m.out.check()
}

func (m *mutation) lock(now time.Time) operate.Lock {
	// Who commits the change to Git does what GitOps wants.
	return operate.Lock{TakeOver: m.takeOver, Force: m.force || m.printPatch, AcceptDataLoss: m.acceptDataLoss, Owner: record.Owner{
		Name: m.owner, ID: rand.String(10), Command: m.verb + m.detail, Since: now.UTC().Truncate(time.Second),
	}}
}

// look reads the sets with all that a decision needs, in the order of their names on the command line.
func (m *mutation) look(ctx context.Context, client *kube.Client, q kube.Query) ([]*sts.Snapshot, error) {
	inv, err := client.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := m.sayNotFound(ctx, client, q, inv); err != nil {
		return nil, err
	}
	var lacking, reasons []string
	for _, missing := range inv.Missing {
		if slices.Contains(m.needs, missing.Resource) {
			lacking = append(lacking, missing.Resource)
			reasons = append(reasons, missing.Reason)
		}
	}
	if len(lacking) > 0 {
		return nil, &kube.PermissionError{Message: msgCannotSee(m.verb, q.Namespace, lacking, reasons)}
	}
	render.Missing(m.env.ErrOut, inv.Missing)
	snapshots := inv.Snapshots()
	slices.SortStableFunc(snapshots, func(a, b *sts.Snapshot) int {
		return cmp.Compare(slices.Index(q.Names, a.Set.Name), slices.Index(q.Names, b.Set.Name))
	})
	return snapshots, nil
}

// environment tells commands that run here which cluster this one uses.
func (m *mutation) environment() []string {
	var out []string
	if *m.config.KubeConfig != "" {
		out = append(out, "KUBECONFIG="+*m.config.KubeConfig)
	}
	name := *m.config.Context
	if raw, err := m.config.ToRawKubeConfigLoader().RawConfig(); err == nil && name == "" {
		name = raw.CurrentContext
	}
	return append(out, "KUBECTL_STS_CONTEXT="+name)
}

// withTimeout is the context of a command with --timeout, 0 for no limit. end releases it, and turns the error of a
// request that the timeout has ended into a [loop.TimeoutError].
func withTimeout(ctx context.Context, timeout time.Duration) (_ context.Context, end func(error) error) {
	if timeout == 0 {
		return ctx, func(err error) error { return err }
	}
	expired := &loop.TimeoutError{After: timeout, Last: operate.Decision{Verdict: operate.Wait, Message: msgWaitServer()}}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, expired)
	return ctx, func(err error) error {
		cause := context.Cause(ctx)
		cancel()
		if err != nil && errors.Is(cause, expired) {
			return expired
		}
		return err
	}
}
