package cli

import (
	"context"
	"errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// runDNS reads manifests or the cluster and prints the names, with or without queries.
func runDNS(ctx context.Context, c *common, o dnsOptions, out *output) error {
	if o.names.Offline {
		inv, err := c.manifestNames(ctx, o)
		if err != nil {
			return err
		}
		o.names.Domain = manifestDomain(o.domain)
		return showNames(c, o, out, inv)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	ctx, expired := withTimeout(ctx, o.timeout)
	defer func() { _ = expired(nil) }()
	inv, domain, err := client.ReadNames(ctx, o.query, o.domain)
	if err != nil {
		return expired(err)
	}
	o.names.Domain = domain
	if len(inv.Sets) == 0 {
		if err := c.sayNone(ctx, client, "StatefulSets", o.query.Namespace, o.exitCode); err != nil {
			return err
		}
		if o.wait {
			return errors.New(msgDNSNoSet())
		}
	}
	for _, set := range inv.Sets {
		if err := names.CheckOrdinals(set); err != nil {
			return err
		}
	}
	if !o.resolve || len(inv.Sets) == 0 {
		return showNames(c, o, out, inv)
	}
	return expired(resolveDNS(ctx, c, client, o, out, inv))
}

// showNames prints names without queries.
func showNames(c *common, o dnsOptions, out *output, inv *sts.Inventory) error {
	for _, set := range inv.Sets {
		if o.replicas != asItHas {
			set.Spec.Replicas = &o.replicas
		}
		if err := names.CheckOrdinals(set); err != nil {
			return usagef("%s", err)
		}
	}
	r := names.NewReport(inv, o.names)
	if err := showDNS(c, o, out, r); err != nil {
		return err
	}
	return o.verdict(r)
}

// resolveDNS queries every name and prints the verdicts on the answers.
func resolveDNS(ctx context.Context, c *common, client *kube.Client, o dnsOptions, out *output, inv *sts.Inventory) error {
	server, err := o.open(c, client)
	if err != nil {
		return err
	}
	defer server.Close()
	if o.wait || o.watch {
		return watchDNS(ctx, c, client, server, o, out)
	}
	r := names.NewReport(inv, o.names)
	if questions := r.Questions(); len(questions) > 0 {
		answers, err := server.Resolve(ctx, questions)
		if err != nil {
			return err
		}
		r.Server = server.String()
		r.Judge(client.Now(), answers)
	}
	if err := showDNS(c, o, out, r); err != nil {
		return err
	}
	if err := unresolved(r); err != nil {
		return err
	}
	return o.verdict(r)
}

// unresolved is the error for names that should resolve but do not.
func unresolved(r *names.DNSReport) error {
	failed := r.Unresolved()
	if len(failed) == 0 {
		return nil
	}
	return &outcomeError{Decision: operate.Decision{
		Verdict: operate.Stuck, Message: msgDNSUnresolved(len(failed), failed[:min(len(failed), mostNamed)]),
		Hint: r.ServerHint(),
	}}
}

// verdict is the error for --exit-code.
func (o *dnsOptions) verdict(r *names.DNSReport) error {
	if !o.exitCode {
		return nil
	}
	if found := r.Found(); len(found) > 0 {
		return &notYetError{msgDNSFound(found)}
	}
	if m := r.Unchecked(); m != nil { // a pipeline must not succeed if something could not be checked
		return errors.New(msgDNSUnchecked(m.Resource, m.Reason))
	}
	return nil
}
