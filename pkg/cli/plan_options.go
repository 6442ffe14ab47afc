package cli

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// planOptions are the options of plan.
type planOptions struct {
	name      string // empty: the one set of the manifests
	namespace string
	manifests manifestSource

	template       templateFlags
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
	// client is for a live set.
	client *kube.Client
	// quotas are those of the live set's namespace.
	quotas []string
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
	case !o.manifests.given() && len(args) == 0:
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
	if _, err := o.template.parseImages(); err != nil {
		return err
	}
	switch {
	case changed("scheduling-grace") && o.manifests.given():
		return usagef("--scheduling-grace and --filename are mutually exclusive: no pods are read")
	case stdins(o.newFile, o.template.patchFile, o.manifests.files) > 1:
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
	return o.newFile != "" || o.replicas != nil || o.partition != nil || o.maxUnavailable != nil || o.template.given()
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
