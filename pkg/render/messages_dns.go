package render

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The parts of a set's screen.

// msgDNSDomain: source is where the domain was read from, others are further domains.
func msgDNSDomain(domain, source string, others []string) string {
	text := domain + " (" + source + ")"
	if len(others) > 0 {
		text += ", also " + strings.Join(others, ", ")
	}
	return text
}

func msgDNSDomainGiven() string { return "from --cluster-domain" }

func msgDNSDomainCorefile() string { return "from the CoreDNS configuration" }

func msgDNSDomainKubelet() string { return "from the kubelet configuration" }

func msgDNSDomainAssumed() string { return "assumed; use --cluster-domain to set it" }

func msgDNSSuffix(suffix string) string { return suffix + " (omitted below)" }

func msgDNSNoServiceSet() string { return "none (spec.serviceName is not set)" }

func msgDNSServiceUnknown(service string) string { return service + " (cannot be read)" }

func msgDNSServiceNotFound(service string) string { return service + " (not found)" }

func msgDNSService(service string, headless, publishesNotReady bool) string {
	kind := "not headless"
	if headless {
		kind = "headless"
	}
	if publishesNotReady {
		kind += ", publishes pods that are not ready"
	}
	return fmt.Sprintf("%s (%s)", service, kind)
}

func msgDNSPortUnnamed(port int32) string { return fmt.Sprintf("%d (unnamed, no SRV records)", port) }

func msgDNSServicePort(srv string, port int32) string {
	return fmt.Sprintf("%s → %d (port of the Service)", srv, port)
}

func msgDNSPort(srv string, port int32) string { return fmt.Sprintf("%s → %d", srv, port) }

// msgDNSPublished: share is a count like 2/3.
func msgDNSPublished(share string) string { return share + " names published" }

func msgDNSCorrect(share string) string { return share + " correct" }

func msgDNSPodWithoutName(pod string) string { return pod + " (no DNS name)" }

// Notes and errors of the other formats.

// errDNSNoSuchPort: service is empty if the set has no governing Service.
func errDNSNoSuchPort(set, service, port string, have []string) error {
	switch {
	case service == "":
		return fmt.Errorf("statefulset/%s has no governing Service, so it has no port %s: use a port number", set, port)
	case len(have) == 0:
		return fmt.Errorf("service %s of statefulset/%s has no port %s: it has no ports", service, set, port)
	}
	return fmt.Errorf("service %s of statefulset/%s has no port %s: use %s", service, set, port, strings.Join(have, " or "))
}

func errDNSSeveralPorts(set, service string, have []string) error {
	return fmt.Errorf("service %s of statefulset/%s has several ports: --port must be %s", service, set, strings.Join(have, " or "))
}

func errDNSPortUnknown(service, port string) error {
	return errors.New("port " + port + " of service " + service + " has a targetPort that no container defines: use a port number")
}

func msgDNSWithoutIP(set string, ordinals []sts.Ordinal) string {
	return fmt.Sprintf("note: statefulset/%s: no IPs known for %s", set, sts.SayOrdinals(ordinals))
}

func msgDNSWithoutService(set string) string {
	return "note: statefulset/" + set + " has no governing Service: its pods have no DNS names"
}

func msgDNSWithoutOrdinals(set string) string {
	return "note: statefulset/" + set + " has 0 replicas: no DNS names"
}

// msgDNSChange: state is one of those below.
func msgDNSChange(name, record, state string) string { return name + " " + record + " " + state }

// msgDNSUnpublished: why is empty if it is not known.
func msgDNSUnpublished(why string) string {
	if why == "" {
		return "not published"
	}
	return "not published: " + why
}

// msgDNSState: verdict is the label of a verdict.
func msgDNSState(verdict, message string) string { return verdict + ": " + message }

func msgDNSRecords(count int) string { return sts.Count(count, "record") }

func msgDNSAfter(records string, took time.Duration) string {
	return records + ", after " + sts.Duration(took)
}
