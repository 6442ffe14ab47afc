package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// svg is a picture of ordinals over time.
const svg = "svg"

// planOptions are the options of plan.
type planOptions struct {
	name      string // empty: the one set of the manifests
	namespace string
	files     []string

	template       startOptions
	newFile        string
	replicas       *int32
	partition      *int32
	maxUnavailable *intstr.IntOrString
	delete         metav1.DeletionPropagation
	loseNode       string

	assumed forecast.Assumptions
	// gate is MaxUnavailableStatefulSet in --feature-gates, nil if it is not given.
	gate     *bool
	domain   string
	exitCode bool
	// schedulingGrace is only for a live set.
	schedulingGrace *time.Duration
}

// planFlags are the flags from which planOptions are read.
type planFlags struct {
	replicas, partition        int32
	maxUnavailable, cascade    string
	delete                     bool
	gates                      []string
	readyAfter, terminateAfter time.Duration
}

func newPlan(c *common) *cobra.Command {
	var (
		o planOptions
		f planFlags
	)
	cmd := withHelp("plan", &cobra.Command{
		Use:               "plan NAME|-f FILE",
		ValidArgsFunction: c.completeNames,
	})
	out := newOutput(cmd, wide, svg)
	o.addFlags(cmd, &f)
	grace := schedulingGrace(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		if err := o.read(c, cmd, f, args); err != nil {
			return err
		}
		o.schedulingGrace = grace
		return runPlan(cmd.Context(), c, o, out)
	}
	return cmd
}

func (o *planOptions) addFlags(cmd *cobra.Command, p *planFlags) {
	f := cmd.Flags()
	f.StringSliceVarP(&o.files, "filename", "f", nil, "`FILE` or directory with manifests (- for stdin); no cluster is contacted")
	f.Int32Var(&p.replicas, "replicas", 0, "Scale to `N` replicas")
	f.StringArrayVar(&o.template.images, "image", nil, "New image, as `[CONTAINER=]IMAGE`; can be repeated")
	f.StringVarP(&o.template.patch, "patch", "p", "", "Strategic merge `PATCH` for the pod template, in JSON or YAML")
	f.StringVar(&o.template.patchFile, "patch-file", "", "`FILE` with a strategic merge patch for the pod template (- for stdin)")
	f.BoolVar(&o.template.restart, "restart", false, "Set the restartedAt annotation, as kubectl rollout restart does")
	f.StringVar(&o.newFile, "new-file", "", "`FILE` with the StatefulSet's new manifest (- for stdin)")
	f.Int32Var(&p.partition, "partition", 0, "Set spec.updateStrategy.rollingUpdate.partition, an `OFFSET` from the first ordinal")
	f.StringVar(&p.maxUnavailable, "max-unavailable", "", "Set spec.updateStrategy.rollingUpdate.maxUnavailable to `N|P%`")
	f.BoolVar(&p.delete, "delete", false, "Delete the StatefulSet")
	addChoice(cmd, &p.cascade, "cascade", "background", "With --delete: deletion cascading strategy, as in kubectl delete", cascades...)
	f.StringVar(&o.loseNode, "lose-node", "", "Simulate the loss of a `NODE`")
	f.BoolVar(&o.assumed.Broken, "broken", false, "Assume that new pods never become ready")
	f.DurationVar(&p.readyAfter, "ready-after", 20*time.Second, "Assumed time from a pod's creation until it is ready")
	f.DurationVar(&p.terminateAfter, "terminate-after", 10*time.Second, "Assumed time from a pod's deletion until it is gone")
	f.StringSliceVar(&p.gates, "feature-gates", nil, "Feature gates of the cluster: `MaxUnavailableStatefulSet=true|false`")
	f.StringVar(&o.domain, "cluster-domain", names.DefaultDomain, "DNS `DOMAIN` of the cluster")
	f.BoolVar(&o.exitCode, "exit-code", false, "Exit with 4 if the rollout will get stuck, 3 if it will stop before all pods are updated")
	changes := []string{"replicas", "image", "patch", "patch-file", "restart", "new-file", "partition", "max-unavailable"}
	for _, change := range changes {
		cmd.MarkFlagsMutuallyExclusive("delete", change)
		cmd.MarkFlagsMutuallyExclusive("lose-node", change)
	}
	cmd.MarkFlagsMutuallyExclusive("delete", "lose-node")
	cmd.MarkFlagsMutuallyExclusive("delete", "broken")
	cmd.MarkFlagsMutuallyExclusive("patch", "patch-file")
	requires(cmd, "cascade", "delete")
	notNegative(cmd, "replicas", "partition", "ready-after", "terminate-after")
	notEmpty(cmd, "filename", "new-file", "lose-node", "patch", "patch-file", "image")
	_ = cmd.RegisterFlagCompletionFunc("feature-gates", cobra.FixedCompletions([]string{maxUnavailableGate + "=true", maxUnavailableGate + "=false"}, cobra.ShellCompDirectiveNoFileComp))
}

// cascades are the values of --cascade, in the order of kubectl's help.
var cascades = []string{"background", "orphan", "foreground"}

var propagation = map[string]metav1.DeletionPropagation{
	"background": metav1.DeletePropagationBackground, "orphan": metav1.DeletePropagationOrphan, "foreground": metav1.DeletePropagationForeground,
}

// longestWait limits the time that a pod is assumed to take: the times of thousands of pods add up.
const longestWait = 24 * time.Hour

const maxUnavailableGate = "MaxUnavailableStatefulSet"

// read reads the options from the command line.
func (o *planOptions) read(c *common, cmd *cobra.Command, f planFlags, args []string) error {
	if err := o.readNames(c, args); err != nil {
		return err
	}
	changed := cmd.Flags().Changed
	if changed("replicas") {
		o.replicas = &f.replicas
	}
	if changed("partition") {
		o.partition = &f.partition
	}
	if changed("max-unavailable") {
		n, err := maxUnavailable(f.maxUnavailable)
		if err != nil {
			return err
		}
		o.maxUnavailable = n
	}
	if f.delete {
		o.delete = propagation[f.cascade]
	}
	o.assumed.ReadyAfter.Duration, o.assumed.TerminateAfter.Duration = f.readyAfter, f.terminateAfter
	var err error
	if o.gate, err = readGates(f.gates); err != nil {
		return err
	}
	return o.check(changed, f)
}

// readNames reads the name and the namespace of the set.
func (o *planOptions) readNames(c *common, args []string) error {
	var err error
	if o.namespace, err = c.namespace(); err != nil {
		return err
	}
	switch {
	case len(o.files) == 0 && len(args) == 0:
		return usagef("a StatefulSet name or --filename is required")
	case len(args) > 0:
		o.name, err = setName(args)
	}
	return err
}

func (o *planOptions) check(changed func(string) bool, f planFlags) error {
	o.domain = strings.ToLower(strings.Trim(o.domain, "."))
	if problems := validation.IsDNS1123Subdomain(o.domain); len(problems) > 0 {
		return invalidFlag("cluster-domain", o.domain, "must be a DNS name")
	}
	switch {
	case changed("scheduling-grace") && len(o.files) > 0:
		return usagef("--scheduling-grace and --filename are mutually exclusive: no pods are read")
	case stdins(o.newFile, o.template.patchFile, o.files) > 1:
		return usagef("standard input can be read only once: use a file for the other flags")
	case f.readyAfter > longestWait || f.terminateAfter > longestWait:
		return usagef("--ready-after and --terminate-after must be at most %s", sts.Duration(longestWait))
	}
	return nil
}

// stdins counts the files that are read from standard input.
func stdins(newFile, patchFile string, files []string) int {
	n := 0
	for _, f := range append([]string{newFile, patchFile}, files...) {
		if f == "-" {
			n++
		}
	}
	return n
}

// changes says whether the spec of the set changes: the loss of a node and a deletion do not change it.
func (o *planOptions) changes() bool {
	return o.newFile != "" || o.replicas != nil || o.partition != nil || o.maxUnavailable != nil || o.changesTemplate()
}

func (o *planOptions) changesTemplate() bool {
	t := &o.template
	return len(t.images) > 0 || t.patch != "" || t.patchFile != "" || t.restart
}

// maxUnavailable reads --max-unavailable as the API server would.
func maxUnavailable(text string) (*intstr.IntOrString, error) {
	n := intstr.Parse(text)
	digits := strings.TrimSuffix(text, "%")
	if v, err := strconv.Atoi(digits); err != nil || v < 1 || n.Type == intstr.String && v > 100 {
		return nil, invalidFlag("max-unavailable", text, "must be a number greater than 0 or a percentage (for example 20%)")
	}
	return &n, nil
}

// readGates reads --feature-gates, in the format of Kubernetes' components.
func readGates(gates []string) (*bool, error) {
	var out *bool
	for _, g := range gates {
		name, value, _ := strings.Cut(g, "=")
		on, err := strconv.ParseBool(value)
		if name != maxUnavailableGate || err != nil {
			return nil, invalidFlag("feature-gates", g, "must be "+maxUnavailableGate+"=true or "+maxUnavailableGate+"=false")
		}
		out = &on
	}
	return out, nil
}

// runPlan predicts and prints.
func runPlan(ctx context.Context, c *common, o planOptions, out *output) error {
	s, q, err := o.question(ctx, c)
	if err != nil {
		return err
	}
	forecast := forecast.Run(s, q)
	forecast.Outcome.Hint = c.hint(forecast.Outcome.Hint)
	switch {
	case out.format() == svg:
		err = render.ForecastSVG(c.env.Out, forecast)
	case out.human():
		err = render.Forecast(c.env.Out, forecast, c.env.style(), out.isWide())
	default:
		err = out.print(c.env.Out, forecast, []string{forecast.Name})
	}
	if err != nil || !o.exitCode {
		return err
	}
	if problem := strictRefusal(s); problem != "" {
		return refused(reasonInvalid, problem, hintServerRejectsFields())
	}
	return o.verdict(forecast, out)
}

// verdict is the error for --exit-code.
func (o *planOptions) verdict(f *forecast.Forecast, out *output) error {
	switch f.Outcome.State {
	case forecast.OutcomeStuck:
		return &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Message: f.Outcome.Message, Hint: f.Outcome.Hint}, said: out.human() && out.format() != svg}
	case forecast.OutcomePaused, forecast.OutcomeWaiting:
		return &notYetError{msgPlanNotYet(f.Name, f.Outcome.Message)}
	}
	return nil
}
