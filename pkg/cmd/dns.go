package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
)

// dnsOptions is `dns` as a plain value.
type dnsOptions struct {
	query    cluster.Query
	all      bool
	domain   string
	names    inspect.DNSQuery
	exitCode bool
	resolveOptions
}

func newDNS(c *common) *cobra.Command {
	var (
		o        dnsOptions
		t        target
		ordinals []string
	)
	cmd := &cobra.Command{
		Use:   "dns [NAME...]",
		Short: "Show the DNS names of StatefulSets' pods, and whether they can resolve",
		Long: `Show by which DNS names the pods of StatefulSets are found, which of these are
published, and why not.`,
		Example: `  # the names of one set's pods
  kubectl sts dns web`,
		ValidArgsFunction: c.completeNames,
	}
	out := newOutput(cmd, wide)
	t.addFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Show only these ordinals, like 2,5-7")
	f.StringVar(&o.domain, "cluster-domain", "", "The cluster's DNS `DOMAIN`, instead of looking for it")
	o.addFlags(cmd)
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
		if err := o.check(); err != nil {
			return err
		}
		o.names.Resolve = o.resolve
		return runDNS(cmd.Context(), c, o, out)
	}
	return cmd
}

// runDNS reads the sets and prints their names.
func runDNS(ctx context.Context, c *common, o dnsOptions, out *output) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	inv, err := client.ReadNames(ctx, o.query, o.domain)
	if err != nil {
		return err
	}
	if len(inv.Sets) == 0 {
		_ = c.sayNone(ctx, client, "StatefulSets", o.query.Namespace)
	}
	if !o.resolve || len(inv.Sets) == 0 {
		return showDNS(c, o, out, inspect.NewDNSReport(inv, o.names))
	}
	return resolveDNS(ctx, c, client, o, out, inv)
}

// showDNS prints a report.
func showDNS(c *common, o dnsOptions, out *output, report *inspect.DNSReport) error {
	if !out.human() {
		return out.print(c.env.Out, report, dnsNames(report))
	}
	print.Missing(c.env.ErrOut, report.Missing)
	return print.DNS(c.env.Out, report, c.env.style())
}

// dnsNames are the sets of a report.
func dnsNames(r *inspect.DNSReport) []string {
	var names []string
	for i := range r.Items {
		names = append(names, r.Items[i].Name)
	}
	return names
}
