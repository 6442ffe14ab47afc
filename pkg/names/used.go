package names

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// use is a place that contains the name of a pod below a Service.
type use struct {
	object string // that contains it: "configmap/peers"
	name   string // as it is written there: "web-0.web", "$(POD_NAME).web"

	pod      string // the part before the Service, without a computed part
	computed bool
	before   string // the text before it
}

// uses are all names that texts contain, by the label of the Service.
type uses map[string][]use

// usesInTexts finds the names in the objects of a manifest.
func usesInTexts(texts []sts.ManifestText) uses {
	out := uses{}
	for _, t := range texts {
		out.addStrings(t.JSON, strings.ToLower(t.Kind)+"/"+t.Name, func(text string) string { return text })
	}
	return out
}

// nameUsed finds a place that contains the name of one of the set's pods below this Service: in
// the pod template or in these texts. Finding none proves little: programs also compose names from
// their hostname.
func nameUsed(s *sts.Snapshot, service string, texts uses) (use, bool) {
	if service == "" {
		return use{}, false
	}
	for _, used := range []uses{templateNames(s), texts} {
		for _, u := range used[service] {
			if u.isPodOf(s.Set.Name) {
				return u, true
			}
		}
	}
	return use{}, false
}

// srvUsed reports whether the name of the SRV records for this port of a Service is used.
func srvUsed(s *sts.Snapshot, service, port string, protocol corev1.Protocol, texts uses) bool {
	if port == "" {
		return false
	}
	name := SRVName("", service, "", port, protocol)
	name, _, _ = strings.Cut(name, "."+service)
	return slices.ContainsFunc(slices.Concat(templateNames(s)[service], texts[service]), func(u use) bool {
		return strings.HasSuffix(u.before, name)
	})
}

// isPodOf reports whether it is the name of one of the set's pods, or a computed one.
func (u use) isPodOf(set string) bool {
	if u.computed {
		return u.pod == "" || u.pod == set+"-"
	}
	_, ok := sts.ParsePodName(set, u.pod)
	return ok
}

func templateNames(s *sts.Snapshot) uses {
	out := uses{}
	spec := &s.Set.Spec.Template.Spec
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		var variables []string
		for _, e := range c.Env {
			if e.ValueFrom == nil && e.Value != "" {
				variables = append(variables, "$("+e.Name+")", e.Value, "${"+e.Name+"}", e.Value)
			}
		}
		known := strings.NewReplacer(variables...)
		raw, err := json.Marshal(c)
		if err != nil {
			panic(err) // a container is plain data
		}
		out.addStrings(raw, "the pod template", func(text string) string { return known.Replace(known.Replace(text)) })
	}
	return out
}

func (u uses) addStrings(raw json.RawMessage, object string, expand func(string) string) {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return
	}
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			u.add(expand(v), object)
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for key, item := range v {
				u.add(key, object)
				walk(item)
			}
		}
	}
	walk(value)
}

var (
	serviceAfter = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?`)
	// computedBefore matches the placeholders of shells, Kubernetes, MinIO and printf:
	// $(HOSTNAME), ${i}, $i, a command in backquotes, {0...3}, %d.
	computedBefore = regexp.MustCompile("(\\$\\([^()]*\\)|\\$?\\{[^{}]*\\}|\\$[A-Za-z_][A-Za-z0-9_]*|`[^`]*`|%[ds])$")
	labelBefore    = regexp.MustCompile(`[A-Za-z0-9_-]*$`)
)

// longestPart is the maximal length of the part before a dot.
const longestPart = 128

// add adds all names in a text: each dot may separate a pod from a Service.
func (u uses) add(text, object string) {
	for at := strings.IndexByte(text, '.'); at >= 0; {
		before, after := text[max(0, at-longestPart):at], text[at+1:]
		if service := serviceAfter.FindString(after[:min(len(after), 64)]); service != "" {
			found := use{object: object, before: before}
			rest := before
			if computed := computedBefore.FindString(before); computed != "" {
				found.computed, rest = true, strings.TrimSuffix(before, computed)
			}
			found.pod = labelBefore.FindString(rest)
			found.name = before[len(rest)-len(found.pod):] + "." + service
			if found.pod != "" || found.computed {
				u[service] = append(u[service], found)
			}
		}
		next := strings.IndexByte(text[at+1:], '.')
		if next < 0 {
			return
		}
		at += 1 + next
	}
}
