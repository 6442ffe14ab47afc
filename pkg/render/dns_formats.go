package render

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DNSHosts prints a block for /etc/hosts for each set, between markers by which it can be
// replaced later. A pod without an address has no line.
func DNSHosts(w io.Writer, r *names.DNSReport) error {
	var b strings.Builder
	for i := range r.Items {
		d := &r.Items[i]
		fmt.Fprintf(&b, "# BEGIN statefulset %s/%s\n", d.Namespace, d.Name)
		for k := range d.Replicas {
			n := &d.Replicas[k]
			var aliases []string
			if n.FQDN != "" {
				aliases = append(aliases, n.FQDN)
			}
			for _, short := range slices.Backward(n.ShortNames) {
				aliases = append(aliases, short)
			}
			for _, ip := range n.IPs {
				fmt.Fprintf(&b, "%s\t%s\n", ip, strings.Join(append(aliases, n.Pod), " "))
			}
		}
		fmt.Fprintf(&b, "# END statefulset %s/%s\n", d.Namespace, d.Name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// DNSSeeds prints for each set the names of its ordinals in range, joined by commas, with a port:
// the one with this name or number or, if port is empty, the only port of the governing Service.
// It is an error if the port is ambiguous.
func DNSSeeds(w io.Writer, r *names.DNSReport, port string) error {
	var b strings.Builder
	for i := range r.Items {
		seeds, err := seedsOf(&r.Items[i], port)
		if err != nil {
			return err
		}
		if len(seeds) > 0 {
			b.WriteString(strings.Join(seeds, ",") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func seedsOf(d *names.DNSStatus, port string) ([]string, error) {
	number, err := portOf(d, port)
	if err != nil {
		return nil, err
	}
	seeds := d.Desired()
	for i := range seeds {
		if number != 0 {
			seeds[i] += ":" + strconv.Itoa(int(number))
		}
	}
	return seeds, nil
}

// portOf is the port on which the pods listen, 0 if no port is given and there is none.
func portOf(d *names.DNSStatus, port string) (int32, error) {
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
		return int32(n), nil
	}
	ports := d.Service.Ports
	var have []string
	for i := range ports {
		if name := ports[i].Name; name != "" {
			have = append(have, name)
		} else {
			have = append(have, strconv.Itoa(int(ports[i].ServicePort)))
		}
	}
	k := 0
	switch {
	case port != "":
		if k = slices.Index(have, port); k < 0 {
			return 0, errDNSNoSuchPort(d.Name, d.Service.Name, port, have)
		}
	case len(ports) == 0:
		return 0, nil
	case len(ports) > 1:
		return 0, errDNSSeveralPorts(d.Name, d.Service.Name, have)
	}
	if ports[k].Port == 0 {
		return 0, errDNSPortUnknown(d.Service.Name, have[k])
	}
	return ports[k].Port, nil
}

const srvLine = "%s.\tIN\tSRV\t0 100 %d %s.\n"

// DNSRecords prints the SRV records, as if all ordinals in range were published, as lines of a zone
// file. A DNS server has its own weights and TTLs.
func DNSRecords(w io.Writer, r *names.DNSReport) error {
	var b strings.Builder
	for i := range r.Items {
		d := &r.Items[i]
		for k := range d.Service.Ports {
			p := &d.Service.Ports[k]
			switch {
			case p.SRV == "":
				continue
			case !d.Service.Headless:
				fmt.Fprintf(&b, srvLine, p.SRV, p.ServicePort, d.Service.FQDN)
				continue
			case p.Port == 0:
				continue
			}
			for _, name := range d.Desired() {
				fmt.Fprintf(&b, srvLine, p.SRV, p.Port, name)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// DNSEnv prints NAME=value lines for shells and env files. The variables begin with the set's name
// in capitals, after its namespace if namespaces is true.
func DNSEnv(w io.Writer, r *names.DNSReport, namespaces bool) error {
	var b strings.Builder
	for i := range r.Items {
		d := &r.Items[i]
		prefix := d.Name
		if namespaces {
			prefix = d.Namespace + "_" + d.Name
		}
		put := func(key, value string) { fmt.Fprintf(&b, "%s=%s\n", variable(prefix+"_"+key), shellWord(value)) }
		put("SERVICE", d.Service.FQDN)
		put("HOSTS", strings.Join(d.Desired(), ","))
		for k := range d.Service.Ports {
			if p := &d.Service.Ports[k]; p.Name != "" && p.Port != 0 {
				put("PORT_"+p.Name, strconv.Itoa(int(p.Port)))
			}
		}
		for k := range d.Replicas {
			n := &d.Replicas[k]
			if !n.Desired {
				continue
			}
			put(n.Ordinal.String()+"_HOST", n.FQDN)
			put(n.Ordinal.String()+"_IP", strings.Join(n.IPs, ","))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var notInVariable = regexp.MustCompile(`[^A-Z0-9_]`)

// variable makes text the name of an environment variable, which must not begin with a digit.
func variable(text string) string {
	text = notInVariable.ReplaceAllString(strings.ToUpper(text), "_")
	if text[0] >= '0' && text[0] <= '9' {
		text = "_" + text
	}
	return text
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9.,:/_-]*$`)

// shellWord quotes a value for a shell, if necessary.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// DNSAddressless prints a note about pods without addresses, which a format with addresses omits.
func DNSAddressless(w io.Writer, r *names.DNSReport) {
	for i := range r.Items {
		d := &r.Items[i]
		var without []sts.Ordinal
		for k := range d.Replicas {
			if n := &d.Replicas[k]; n.Desired && len(n.IPs) == 0 {
				without = append(without, n.Ordinal)
			}
		}
		if len(without) > 0 {
			fmt.Fprintln(w, msgDNSWithoutIP(d.Name, without))
		}
	}
}

// DNSNameless prints a note about sets without DNS names, which a format with names omits.
func DNSNameless(w io.Writer, r *names.DNSReport) {
	for i := range r.Items {
		switch d := &r.Items[i]; {
		case len(d.Desired()) > 0:
		case d.Service.Name == "":
			fmt.Fprintln(w, msgDNSWithoutService(d.Name))
		default:
			fmt.Fprintln(w, msgDNSWithoutOrdinals(d.Name))
		}
	}
}
