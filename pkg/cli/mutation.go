package cli

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// mutation is what the commands that write to a set have in common: their flags, and how they run.
type mutation struct {
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

func (c *common) newMutation(cmd *cobra.Command, verb string) *mutation {
	ch := &mutation{common: c, verb: verb, needs: kube.Needs, out: newOutput(cmd, github)}
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

// canAcceptAdmission is for commands that set a new template.
func (c *mutation) canAcceptAdmission(cmd *cobra.Command) {
	c.acceptAdmission = cmd.Flags().Bool("accept-admission-changes", false, "Accept what mutating admission changes in the template as part of the canary")
}

func (c *mutation) check() error {
	if c.owner == "" || strings.ContainsFunc(c.owner, unicode.IsControl) {
		return usagef("--owner must be a single line and must not be empty")
	}
	return c.out.check()
}

func (c *mutation) holder(now time.Time) operate.Holder {
	// Who commits the change to Git does what GitOps wants.
	return operate.Holder{TakeOver: c.takeOver, Force: c.force || c.printPatch, AcceptDataLoss: c.acceptDataLoss, Owner: sts.Owner{
		Name: c.owner, ID: rand.String(10), Command: c.verb + c.detail, Since: now.UTC().Truncate(time.Second),
	}}
}
