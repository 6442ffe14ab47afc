package sts

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// probesAndHooks checks the probes and the hooks of a container that keeps running.
func (o *objections) probesAndHooks(at *field.Path, c *corev1.Container, grace int64) {
	o.onceProbe(at.Child("livenessProbe"), c.LivenessProbe)
	o.onceProbe(at.Child("startupProbe"), c.StartupProbe)
	o.probe(at.Child("readinessProbe"), c.ReadinessProbe)
	if p := c.ReadinessProbe; p != nil && p.TerminationGracePeriodSeconds != nil {
		o.invalid(at.Child("readinessProbe", "terminationGracePeriodSeconds"), *p.TerminationGracePeriodSeconds, msgNotForReadiness())
	}
	if c.Lifecycle != nil {
		o.hook(at.Child("lifecycle", "postStart"), c.Lifecycle.PostStart, grace)
		o.hook(at.Child("lifecycle", "preStop"), c.Lifecycle.PreStop, grace)
	}
}

// onceProbe is a probe that one success ends, or satisfies.
func (o *objections) onceProbe(at *field.Path, p *corev1.Probe) {
	if o.probe(at, p); p != nil && p.SuccessThreshold > 1 {
		o.invalid(at.Child("successThreshold"), p.SuccessThreshold, msgMustBeOne())
	}
}

func (o *objections) probe(at *field.Path, p *corev1.Probe) {
	if p == nil {
		return
	}
	o.handler(at, &handler{exec: p.Exec, httpGet: p.HTTPGet, tcpSocket: p.TCPSocket, grpc: p.GRPC})
	for _, number := range []struct {
		field string
		value int32
	}{
		{"initialDelaySeconds", p.InitialDelaySeconds},
		{"timeoutSeconds", p.TimeoutSeconds},
		{"periodSeconds", p.PeriodSeconds},
		{"successThreshold", p.SuccessThreshold},
		{"failureThreshold", p.FailureThreshold},
	} {
		o.notNegative(at.Child(number.field), int64(number.value))
	}
	if grace := p.TerminationGracePeriodSeconds; grace != nil && *grace <= 0 {
		o.invalid(at.Child("terminationGracePeriodSeconds"), *grace, msgPositive())
	}
}

func (o *objections) hook(at *field.Path, h *corev1.LifecycleHandler, grace int64) {
	if h != nil {
		o.handler(at, &handler{exec: h.Exec, httpGet: h.HTTPGet, tcpSocket: h.TCPSocket, sleep: h.Sleep, grace: grace})
	}
}

// handler is that of a probe or of a hook.
type handler struct {
	exec      *corev1.ExecAction
	httpGet   *corev1.HTTPGetAction
	tcpSocket *corev1.TCPSocketAction
	grpc      *corev1.GRPCAction
	sleep     *corev1.SleepAction
	grace     int64
}

func (o *objections) handler(at *field.Path, h *handler) {
	count := 0
	one := func(name string, set bool, check func(*field.Path)) {
		if !set {
			return
		}
		if count++; count > 1 {
			o.forbidden(at.Child(name), msgOneHandler())
			return
		}
		check(at.Child(name))
	}
	one("exec", h.exec != nil, func(at *field.Path) {
		if len(h.exec.Command) == 0 {
			o.required(at.Child("command"), "")
		}
	})
	one("httpGet", h.httpGet != nil, func(at *field.Path) {
		o.port(at.Child("port"), h.httpGet.Port)
		optional(o, at.Child("scheme"), h.httpGet.Scheme, corev1.URISchemeHTTP, corev1.URISchemeHTTPS)
		for i, header := range h.httpGet.HTTPHeaders {
			o.invalid(at.Child("httpHeaders").Index(i).Child("name"), header.Name, validation.IsHTTPHeaderName(header.Name)...)
		}
	})
	one("tcpSocket", h.tcpSocket != nil, func(at *field.Path) { o.port(at.Child("port"), h.tcpSocket.Port) })
	one("grpc", h.grpc != nil, func(at *field.Path) { o.portNumber(at.Child("port"), h.grpc.Port) })
	one("sleep", h.sleep != nil, func(at *field.Path) {
		if s := h.sleep.Seconds; s < 0 || s > h.grace {
			o.invalid(at.Child("seconds"), s, msgSleepWithinGrace(h.grace))
		}
	})
	if count == 0 {
		o.required(at, msgHandlerMissing())
	}
}

// port requires a number, or a name that a port can have. Whether the container has one of that name
// is not checked.
func (o *objections) port(at *field.Path, port intstr.IntOrString) {
	if port.Type == intstr.String {
		o.invalid(at, port.StrVal, validation.IsValidPortName(port.StrVal)...)
	} else {
		o.portNumber(at, port.IntVal)
	}
}
