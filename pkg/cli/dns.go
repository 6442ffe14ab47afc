package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The formats of dns for use elsewhere.
const (
	hosts   = "hosts"
	seeds   = "seeds"
	envFile = "env"
	srv     = "srv"
)

// asItHas stands for the current number of replicas of the set.
const asItHas = -1

// mostNames is the maximum number of ordinals of a set: more than a cluster has pods, but few enough
// to print.
const mostNames = 100_000

// dnsOptions is `dns` as a plain value.
type dnsOptions struct {
	query    kube.Query
	all      bool
	names    names.Options
	domain   string
	files    []string
	replicas int32 // or asItHas
	port     string
	exitCode bool
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
		ValidArgsFunction: c.completeNames,
	})
	out := newOutput(cmd, wide, hosts, seeds, envFile, srv)
	out.resource = "" // DNS names have no kind
	t.addFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Show only these ordinals (for example 2,5-7)")
	f.StringVar(&o.domain, "cluster-domain", "", "DNS `DOMAIN` of the cluster (default: detected)")
	f.StringSliceVarP(&o.files, "filename", "f", nil, "`FILE` or directory with manifests (- for stdin); no cluster is contacted")
	f.Int32Var(&o.replicas, "replicas", 0, "Show the names for `N` replicas")
	f.StringVar(&o.port, "port", "", "With -o seeds: `NAME` or number of the port in the governing Service")
	o.addFlags(cmd)
	f.BoolVar(&o.exitCode, "exit-code", false, "Exit with 3 if a required name cannot resolve")
	notNegative(cmd, "replicas")
	notEmpty(cmd, "filename", "port")
	for _, asking := range []string{"resolve", "wait", "watch", "from-pod", "server"} {
		cmd.MarkFlagsMutuallyExclusive("filename", asking)
		cmd.MarkFlagsMutuallyExclusive("replicas", asking)
	}
	cmd.MarkFlagsMutuallyExclusive("filename", "all-namespaces")
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
	o.names.Offline, o.names.Resolve = len(o.files) > 0, o.resolve
	changed := cmd.Flags().Changed
	if o.domain = strings.ToLower(strings.Trim(o.domain, ".")); o.domain != "" || changed("cluster-domain") {
		if problems := validation.IsDNS1123Subdomain(o.domain); len(problems) > 0 {
			return invalidFlag("cluster-domain", o.domain, "must be a DNS name")
		}
	}
	if !changed("replicas") {
		o.replicas = asItHas
	}
	switch {
	case o.replicas > mostNames:
		return invalidFlag("replicas", o.replicas, fmt.Sprintf("must be at most %d", mostNames))
	case changed("port") && out.format() != seeds:
		return usagef("--port requires -o seeds")
	}
	return nil
}

// runDNS reads manifests or the cluster and prints the names, with or without queries.
func runDNS(ctx context.Context, c *common, o dnsOptions, out *output) error {
	if o.names.Offline {
		inv, err := c.manifestNames(ctx, o)
		if err != nil {
			return err
		}
		o.names.Domain = o.manifestDomain()
		return showNames(c, o, out, inv)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	inv, domain, err := client.ReadNames(ctx, o.query, o.domain)
	if err != nil {
		return err
	}
	o.names.Domain = domain
	if len(inv.Sets) == 0 {
		if err := c.sayNone(ctx, client, "StatefulSets", o.query.Namespace); err != nil && o.exitCode {
			return err // a pipeline must not succeed in the wrong namespace
		}
		if o.wait {
			return errors.New(msgDNSNoSet())
		}
	}
	for _, set := range inv.Sets {
		if err := checkRange(set); err != nil {
			return err
		}
	}
	if !o.resolve || len(inv.Sets) == 0 {
		return showNames(c, o, out, inv)
	}
	return resolveDNS(ctx, c, client, o, out, inv)
}

// showNames prints names without queries.
func showNames(c *common, o dnsOptions, out *output, inv *sts.Inventory) error {
	for _, set := range inv.Sets {
		if o.replicas != asItHas {
			set.Spec.Replicas = &o.replicas
		}
		if err := checkRange(set); err != nil {
			return usagef("%s", err)
		}
	}
	r := names.NewReport(inv, o.names)
	if err := showDNS(c, o, out, r); err != nil {
		return err
	}
	return o.verdict(r)
}

// checkRange rejects a set whose ordinals are invalid or too many to list.
func checkRange(set *appsv1.StatefulSet) error {
	switch n := sts.DesiredReplicas(set); {
	case n < 0:
		return errors.New(msgDNSNegativeReplicas(set.Name, n))
	case n > mostNames:
		return errors.New(msgDNSTooManyReplicas(set.Name, n, mostNames))
	case sts.Start(set) < 0 || int64(sts.Start(set))+int64(n) > math.MaxInt32:
		return errors.New(msgDNSInvalidOrdinals(set.Name, n, sts.Start(set)))
	}
	return nil
}

// showDNS prints a report in the requested format.
func showDNS(c *common, o dnsOptions, out *output, r *names.DNSReport) error {
	columns := render.Columns{Namespace: o.all || severalNamespaces(r)}
	if out.human() {
		render.Missing(c.env.ErrOut, r.Missing)
	}
	if r.ClusterDomainSource == names.DomainAssumed && !o.names.Offline && len(r.Items) > 0 && !o.screens(r, out) {
		noteTo(c.env.ErrOut, msgDNSDomainAssumed(r.ClusterDomain))
	}
	if len(r.Items) == 0 && out.human() {
		return nil
	}
	if err := c.printDNS(r, o, out, columns); err != nil {
		return err
	}
	for i := range r.Items {
		if item := &r.Items[i]; len(o.names.Ordinals) > 0 && len(item.Replicas) == 0 {
			_, _ = fmt.Fprintln(c.env.ErrOut, msgNoSuchOrdinals(item.Name))
		}
	}
	return nil
}

func (c *common) printDNS(r *names.DNSReport, o dnsOptions, out *output, columns render.Columns) error {
	w, st := c.env.Out, c.env.style()
	if slices.Contains([]string{"name", seeds, envFile, srv}, out.format()) && len(o.names.Ordinals) == 0 {
		render.DNSNameless(c.env.ErrOut, r)
	}
	switch out.format() {
	case hosts:
		render.DNSAddressless(c.env.ErrOut, r)
		return render.DNSHosts(w, r)
	case seeds:
		if err := render.DNSSeeds(w, r, o.port); err != nil {
			return usagef("%s", err)
		}
		return nil
	case envFile:
		return render.DNSEnv(w, r, columns.Namespace)
	case srv:
		return render.DNSRecords(w, r)
	case wide:
		return render.DNSNames(w, r, st, columns)
	case "":
		if !o.screens(r, out) {
			return render.DNSTable(w, r, st, columns)
		}
		return c.dnsScreens(w, r, st)
	}
	return out.print(w, r, podNames(r))
}

// screens reports whether sets are shown in detail: those given by name, or the only one of a
// manifest.
func (o *dnsOptions) screens(r *names.DNSReport, out *output) bool {
	return out.format() == "" && (len(o.query.Names) > 0 || o.names.Offline && len(r.Items) == 1)
}

// dnsScreens prints a screen for each set.
func (c *common) dnsScreens(w io.Writer, r *names.DNSReport, st render.Style) error {
	for i := range r.Items {
		if i > 0 {
			_, _ = fmt.Fprintln(w)
		}
		item := r.Items[i]
		item.Findings = slices.Clone(item.Findings)
		for k := range item.Findings {
			item.Findings[k].Hint = c.hint(item.Findings[k].Hint)
		}
		if err := render.DNSScreen(w, r, &item, st); err != nil {
			return err
		}
	}
	return nil
}

func severalNamespaces(r *names.DNSReport) bool {
	return slices.ContainsFunc(r.Items, func(d names.DNSStatus) bool { return d.Namespace != r.Items[0].Namespace })
}

// podNames are the DNS names of the ordinals in range, for -o name.
func podNames(r *names.DNSReport) []string {
	var out []string
	for i := range r.Items {
		for _, n := range r.Items[i].Replicas {
			if n.Desired && n.FQDN != "" {
				out = append(out, n.FQDN)
			}
		}
	}
	return out
}

// verdict is the error for --exit-code.
func (o *dnsOptions) verdict(r *names.DNSReport) error {
	if !o.exitCode {
		return nil
	}
	var found []string
	for i := range r.Items {
		for _, f := range r.Items[i].Findings {
			if f.Severity.AtLeast(sts.SeverityWarning) {
				found = append(found, msgDNSFinding(f.Code, r.Items[i].Name))
			}
		}
	}
	if len(found) == 0 {
		for _, m := range r.Missing {
			// A pipeline must not succeed if something could not be checked.
			if slices.Contains([]string{"pods", "services", "endpointslices"}, m.Resource) {
				return errors.New(msgDNSUnchecked(m.Resource, m.Reason))
			}
		}
		return nil
	}
	return &notYetError{msgDNSFound(found)}
}
