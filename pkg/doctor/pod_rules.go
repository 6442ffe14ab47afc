package doctor

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// placed is a container of the pod template, with its path. Only containers that run as long as the pod: also
// sidecars, which are init containers.
type placed struct {
	*corev1.Container
	path string
}

func (l *Look) containers() []placed {
	spec := &l.Set.Spec.Template.Spec
	var out []placed
	for i := range spec.InitContainers {
		if sts.RestartsAlways(spec.InitContainers[i]) {
			out = append(out, placed{&spec.InitContainers[i], fmt.Sprintf("spec.template.spec.initContainers[%d]", i)})
		}
	}
	for i := range spec.Containers {
		out = append(out, placed{&spec.Containers[i], fmt.Sprintf("spec.template.spec.containers[%d]", i)})
	}
	return out
}

// list is the field of the pod template that has the container.
func (p placed) list() string {
	list, _, _ := strings.Cut(strings.TrimPrefix(p.path, "spec.template.spec."), "[")
	return list
}

// patchOf is a strategic merge patch of the container.
func (p placed) patchOf(fields map[string]any) string {
	fields["name"] = p.Name
	return patchPod(map[string]any{p.list(): []any{fields}})
}

func patchPod(spec map[string]any) string {
	return yamlOf(map[string]any{"spec": map[string]any{"template": map[string]any{"spec": spec}}})
}

// leaving are commands that remove a member for good: a program and, later in the same command, what it does.
var leaving = leavers(
	`etcdctl`, `member remove`,
	`nodetool`, `decommission`,
	`cockroach`, `decommission`,
	`rabbitmqctl`, `forget_cluster_node|force_reset|reset`,
	`vault|bao|consul`, `raft remove-peer`,
	`consul`, `leave`,
	`mongo|mongosh`, `rs\.remove`,
	`zkCli\.sh|zookeeper-shell(?:\.sh)?|clickhouse-keeper-client`, `reconfig (?:-remove|remove)`,
	`emqx|emqx_ctl`, `cluster leave`,
	`redis-cli|valkey-cli`, `cluster forget|--cluster del-node`,
)

func leavers(pairs ...string) *regexp.Regexp {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, `\b(`+pairs[i]+`)\b([^;&|\n]*?\s\W*)(`+pairs[i+1]+`)\b`)
	}
	return regexp.MustCompile(strings.Join(all, "|"))
}

// leaves is the first command of a script that removes a member: the program and what it does; empty for none.
func leaves(script string) (program, command string) {
	found := leaving.FindStringSubmatch(script)
	for i := 1; i+2 < len(found); i += 3 {
		if found[i] == "" {
			continue
		}
		if strings.TrimSpace(found[i+1]) == "" {
			return found[i], found[i] + " " + found[i+2]
		}
		return found[i], found[i] + " … " + found[i+2]
	}
	return "", ""
}

// asksKubernetes matches a script that finds out whether the set is scaled down.
var asksKubernetes = regexp.MustCompile(`\bkubectl\b|/apis/apps/|kubernetes\.default|KUBERNETES_SERVICE_HOST`)

func preStopLeaves(l *Look) []DoctorFinding {
	severity, field := sts.SeverityInfo, ""
	var containers []string
	first := ""
	for _, c := range l.containers() {
		script := l.preStop(c.Container)
		program, command := leaves(script)
		if command == "" || asksKubernetes.MatchString(script) {
			continue
		}
		if field == "" {
			field, first = c.path+".lifecycle.preStop", command
		}
		if program != "consul" {
			severity = sts.SeverityWarning
		}
		containers = append(containers, c.Name)
	}
	if len(containers) == 0 {
		return nil
	}
	var hint sts.Hint
	if p := profileOf(l); p != nil && p.Refuse == "" {
		hint = hintDrainInstead(p.Metadata.Name, sts.Kubectl("", "sts profile show", p.Metadata.Name))
	}
	return l.found(severity, field, msgPreStopLeaves(containers, first), hint)
}

// preStop is the text of the container's preStop hook: its command, and the scripts that it runs from ConfigMaps.
// Comments are left out.
func (l *Look) preStop(c *corev1.Container) string {
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Exec == nil {
		return ""
	}
	command := c.Lifecycle.PreStop.Exec.Command
	texts := []string{""}
	for _, arg := range command {
		if strings.Contains(arg, "\n") { // a script: its first line may be a comment
			arg = "\n" + arg
		}
		texts[0] += arg + " "
	}
	for _, word := range strings.Fields(texts[0]) {
		if script := l.script(c, strings.Trim(word, `"';`)); script != "" {
			texts = append(texts, script)
		}
	}
	var out []string
	for line := range strings.Lines(strings.Join(texts, "\n")) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "echo ") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// script is the text of a file that the container mounts from a ConfigMap; empty if it is not known.
func (l *Look) script(c *corev1.Container, file string) string {
	if !path.IsAbs(file) {
		return ""
	}
	m := mountAt(c, file)
	if m == nil {
		return ""
	}
	key := strings.TrimPrefix(strings.TrimPrefix(path.Clean(file), path.Clean(m.MountPath)), "/")
	if key == "" {
		key = m.SubPath
	}
	for _, v := range l.Set.Spec.Template.Spec.Volumes {
		if v.Name != m.Name || v.ConfigMap == nil {
			continue
		}
		for _, item := range v.ConfigMap.Items {
			if item.Path == key {
				key = item.Key
				break
			}
		}
		for _, cm := range l.ConfigMaps {
			if cm.Namespace == l.Set.Namespace && cm.Name == v.ConfigMap.Name {
				return cm.Data[key]
			}
		}
	}
	return ""
}

func preStopTooLong(l *Look) []DoctorFinding {
	grace := valueOr(l.Set.Spec.Template.Spec.TerminationGracePeriodSeconds, corev1.DefaultTerminationGracePeriodSeconds)
	if grace <= 0 {
		return nil
	}
	for _, c := range l.containers() {
		if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Exec == nil {
			continue
		}
		longest := shell{script: func(file string) string { return l.script(c.Container, file) }}.command(c.Lifecycle.PreStop.Exec.Command, 0)
		if longest.seconds < grace {
			continue
		}
		found := l.found("", c.path+".lifecycle.preStop", msgPreStopTooLong(c.Name, longest.command, grace), nil)
		found[0].Patch = patchPod(map[string]any{"terminationGracePeriodSeconds": longest.seconds + corev1.DefaultTerminationGracePeriodSeconds})
		return found
	}
	return nil
}

func graceZero(l *Look) []DoctorFinding {
	grace := l.Set.Spec.Template.Spec.TerminationGracePeriodSeconds
	if grace == nil || *grace != 0 || operated(l.Set) {
		return nil
	}
	found := l.found("", "spec.template.spec.terminationGracePeriodSeconds", msgGraceZero(), nil)
	found[0].Patch = patchPod(map[string]any{"terminationGracePeriodSeconds": corev1.DefaultTerminationGracePeriodSeconds})
	return found
}

func noReadinessProbe(l *Look) []DoctorFinding {
	spec := &l.Set.Spec.Template.Spec
	if l.replicas() < 2 || len(spec.ReadinessGates) > 0 || operated(l.Set) {
		return nil
	}
	for _, c := range l.containers() {
		if c.ReadinessProbe != nil || isCSI(c.Container) {
			return nil
		}
	}
	severity := sts.SeverityInfo
	if l.hasData() && !l.unprobed() {
		severity = sts.SeverityWarning
	}
	found := l.found(severity, "spec.template.spec.containers", msgNoReadinessProbe(), nil)
	for _, c := range l.containers() {
		if s := systemIn(c.Container); s != nil && len(s.ready) > 0 {
			found[0].Field = c.path
			found[0].Patch = c.patchOf(map[string]any{"readinessProbe": map[string]any{"exec": map[string]any{"command": s.ready}, "timeoutSeconds": 5}})
			break
		}
	}
	return found
}

// unprobed: the program's own manifests have no readiness probe.
func (l *Look) unprobed() bool {
	s := systemOf(&l.Set.Spec.Template.Spec)
	return s != nil && s.unprobed
}

// isCSI says whether the container is one of a CSI driver, whose readiness nothing uses.
func isCSI(c *corev1.Container) bool {
	return matches([]string{"csi-*", "hostpathplugin"}, imageName(c.Image)) ||
		slices.ContainsFunc(words(c), func(word string) bool { return strings.HasPrefix(word, "--csi-address") })
}

func livenessEqualsReadiness(l *Look) []DoctorFinding {
	var names []string
	severity, field := sts.SeverityInfo, ""
	var first placed
	for _, c := range l.containers() {
		live, ready := c.LivenessProbe, c.ReadinessProbe
		if live == nil || ready == nil || c.StartupProbe != nil || window(live) > window(ready) || !equality.Semantic.DeepEqual(handler(live), handler(ready)) {
			continue
		}
		if field == "" {
			field, first = c.path+".livenessProbe", c
		}
		names = append(names, c.Name)
		if l.hasData() && live.TCPSocket == nil {
			severity = sts.SeverityWarning
		}
	}
	if len(names) == 0 {
		return nil
	}
	found := l.found(severity, field, msgLivenessEqualsReadiness(names), nil)
	found[0].Patch = first.patchOf(map[string]any{"livenessProbe": map[string]any{"failureThreshold": 5 * max(first.ReadinessProbe.FailureThreshold, 3)}})
	return found
}

// window is how long a probe may fail before it has an effect, in seconds.
func window(p *corev1.Probe) int32 {
	period, failures := p.PeriodSeconds, p.FailureThreshold
	if period == 0 {
		period = 10
	}
	if failures == 0 {
		failures = 3
	}
	return period * failures
}

// handler is the handler of a probe with defaults.
func handler(p *corev1.Probe) corev1.ProbeHandler {
	h := *p.ProbeHandler.DeepCopy()
	if h.HTTPGet != nil {
		if h.HTTPGet.Scheme == "" {
			h.HTTPGet.Scheme = corev1.URISchemeHTTP
		}
		if h.HTTPGet.Path == "" {
			h.HTTPGet.Path = "/"
		}
	}
	return h
}

func probePortUnknown(l *Look) []DoctorFinding {
	severity, field := sts.SeverityWarning, ""
	var faults, known []string
	for _, c := range l.containers() {
		kinds := map[string][]string{} // by port
		var ports []string
		for _, p := range []struct {
			kind  string
			probe *corev1.Probe
		}{{"startup", c.StartupProbe}, {"readiness", c.ReadinessProbe}, {"liveness", c.LivenessProbe}} {
			at, port := portOf(p.probe)
			if port == nil || hasPort(c.Container, *port) || l.refused(c.path+"."+p.kind+"Probe") {
				continue
			}
			if p.kind != "liveness" {
				severity = sts.SeverityError
			}
			if field == "" {
				field, known = c.path+"."+p.kind+"Probe."+at+".port", portNames(c.Container)
			}
			if kinds[port.StrVal] == nil {
				ports = append(ports, port.StrVal)
			}
			kinds[port.StrVal] = append(kinds[port.StrVal], p.kind)
		}
		for _, port := range ports {
			faults = append(faults, msgProbePort(kinds[port], c.Name, port))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return l.found(severity, field, msgProbePortUnknown(faults, severity == sts.SeverityError), hintPortNames(known))
}

func portNames(c *corev1.Container) []string {
	var out []string
	for _, p := range c.Ports {
		if p.Name != "" {
			out = append(out, p.Name)
		}
	}
	return out
}

// portOf is the port of a probe, and the handler that has it.
func portOf(p *corev1.Probe) (handler string, port *intstr.IntOrString) {
	switch {
	case p == nil:
	case p.HTTPGet != nil:
		return "httpGet", &p.HTTPGet.Port
	case p.TCPSocket != nil:
		return "tcpSocket", &p.TCPSocket.Port
	}
	return "", nil
}

// hasPort says whether the kubelet finds the port: a number need not be in the list.
func hasPort(c *corev1.Container, port intstr.IntOrString) bool {
	return port.Type == intstr.Int || slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.StrVal })
}

func bestEffort(l *Look) []DoctorFinding {
	spec := &l.Set.Spec.Template.Spec
	if len(l.Set.Spec.VolumeClaimTemplates) == 0 || spec.Resources != nil || operated(l.Set) {
		return nil
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		if requests(&c) {
			return nil
		}
	}
	for _, pod := range l.Pods { // a LimitRange gives them
		if slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return requests(&c) }) {
			return nil
		}
	}
	for _, d := range l.Documents {
		if d.Kind == "LimitRange" && d.Object.GetNamespace() == l.Set.Namespace {
			return nil
		}
	}
	return l.found("", "spec.template.spec.containers", msgBestEffort(), nil)
}

func requests(c *corev1.Container) bool {
	return len(c.Resources.Requests)+len(c.Resources.Limits)+len(c.Resources.Claims) > 0
}

func movingTag(l *Look) []DoctorFinding {
	spec := &l.Set.Spec.Template.Spec
	var images []string
	field := ""
	for _, list := range []struct {
		path       string
		containers []corev1.Container
	}{{"containers", spec.Containers}, {"initContainers", spec.InitContainers}} {
		for i, c := range list.containers {
			if !moves(c.Image) || c.ImagePullPolicy == corev1.PullNever || slices.Contains(images, c.Image) {
				continue
			}
			images = append(images, c.Image)
			if field == "" {
				field = fmt.Sprintf("spec.template.spec.%s[%d].image", list.path, i)
			}
		}
	}
	if len(images) == 0 {
		return nil
	}
	return l.found("", field, msgMovingTag(images), nil)
}

// moves says whether the image has neither a digest nor a tag other than latest.
func moves(image string) bool {
	if image == "" || strings.Contains(image, "@") {
		return false
	}
	_, tag, _ := strings.Cut(path.Base(image), ":")
	return tag == "" || tag == "latest"
}
