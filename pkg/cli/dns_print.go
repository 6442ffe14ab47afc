package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// The formats of dns for use elsewhere.
const (
	hosts   = "hosts"
	seeds   = "seeds"
	envFile = "env"
	srv     = "srv"
)

var dnsFormats = []string{wide, hosts, seeds, envFile, srv}

// showDNS prints a report in the requested format.
func showDNS(c *common, o dnsOptions, out *output, r *names.DNSReport) error {
	columns := render.Columns{Namespace: o.all || severalNamespaces(r)}
	if out.human() {
		render.Missing(c.env.ErrOut, r.Missing)
	}
	if r.ClusterDomainSource == names.DomainAssumed && !o.names.Offline && len(r.Items) > 0 && !o.screens(r, out) {
		c.env.note(msgDNSDomainAssumed(r.ClusterDomain))
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
	var desired []string
	for i := range r.Items {
		desired = append(desired, r.Items[i].Desired()...)
	}
	return out.print(w, r, desired)
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
