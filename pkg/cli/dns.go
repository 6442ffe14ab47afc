package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// asItHas stands for the current number of replicas of the set.
const asItHas = -1

// dnsOptions is `dns` as a plain value.
type dnsOptions struct {
	query     kube.Query
	all       bool
	names     names.Options
	domain    string
	manifests manifestSource
	replicas  int32 // or asItHas
	port      string
	exitCode  bool
	resolveOptions
}

func newDNS(c *common) *cobra.Command {
	var (
		o        dnsOptions
		t        target
		ordinals []string
	)
	cmd := withHelp("dns", &cobra.Command{
		Use:               "dns [NAME...]",
		ValidArgsFunction: c.completing(setNamesOf(&o.manifests)),
	})
	out := newOutput(cmd, dnsFormats...)
	out.resource = "" // DNS names have no kind
	t.addFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Show only these ordinals (for example 2,5-7)")
	f.StringVar(&o.domain, "cluster-domain", "", "DNS `DOMAIN` of the cluster (default: detected)")
	o.manifests.addFlags(cmd)
	f.Int32Var(&o.replicas, "replicas", 0, "Show the names for `N` replicas")
	f.StringVar(&o.port, "port", "", "With -o seeds: `NAME` or number of the port in the governing Service")
	o.addFlags(cmd)
	f.BoolVar(&o.exitCode, "exit-code", false, "Exit with 3 if a required name cannot resolve")
	notNegative(cmd, "replicas")
	notEmpty(cmd, "port")
	for _, asking := range []string{"resolve", "wait", "watch", "from-pod", "server"} {
		cmd.MarkFlagsMutuallyExclusive("filename", asking)
		cmd.MarkFlagsMutuallyExclusive("kustomize", asking)
		cmd.MarkFlagsMutuallyExclusive("replicas", asking)
	}
	cmd.MarkFlagsMutuallyExclusive("exit-code", "watch")
	cmd.MarkFlagsMutuallyExclusive("filename", "all-namespaces")
	cmd.MarkFlagsMutuallyExclusive("kustomize", "all-namespaces")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if err := out.check(); err != nil {
			return err
		}
		if o.query, err = t.query(c, args); err != nil {
			return err
		}
		o.all = t.all
		if o.names.Ordinals, err = chosenOrdinals(cmd, ordinals); err != nil {
			return err
		}
		if err := o.check(cmd, out); err != nil {
			return err
		}
		return runDNS(cmd.Context(), c, o, out)
	}
	return cmd
}

func (o *dnsOptions) check(cmd *cobra.Command, out *output) error {
	o.resolve = o.resolve || o.from != "" || o.server != "" || o.wait || o.watch
	o.names.Offline, o.names.Resolve = o.manifests.given(), o.resolve
	changed := cmd.Flags().Changed
	var err error
	if o.domain, err = checkDomain(cmd, o.domain); err != nil {
		return err
	}
	if !changed("replicas") {
		o.replicas = asItHas
	}
	switch {
	case o.replicas > names.MostNames:
		return invalidFlag("replicas", o.replicas, fmt.Sprintf("must be at most %d", names.MostNames))
	case changed("port") && out.format() != seeds:
		return usagef("--port requires -o seeds")
	}
	return nil
}

// checkDomain checks --cluster-domain. The domain of a cluster has no dots around it.
func checkDomain(cmd *cobra.Command, domain string) (string, error) {
	domain = strings.ToLower(strings.Trim(domain, "."))
	if domain == "" && !cmd.Flags().Changed("cluster-domain") {
		return "", nil
	}
	if problems := validation.IsDNS1123Subdomain(domain); len(problems) > 0 {
		return "", invalidFlag("cluster-domain", domain, "must be a DNS name")
	}
	return domain, nil
}
