package names

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Use is a place that contains the name of a pod below a Service.
type Use struct {
	// Object contains it: "configmap/peers", or [InTemplate].
	Object string
	// Name is as it is written there: "web-0.web", "$(POD_NAME).web".
	Name string
	// Pod is the part before the Service, without a computed part.
	Pod string
	// Computed is the part that a program fills in: "$(POD_NAME)", "{0...3}". Empty for none.
	Computed string
	// After is what follows the Service: ".shop.svc.cluster.local:8080".
	After string
	// Before is the text before the Service and its dot: "http://web-0".
	Before string
	// Field is the field of the object, or of the container in a pod template, that has it as its value, without
	// indexes and keys: "args", "env.value", "data". Empty for a key.
	Field string
	// Comment: it is in a comment.
	Comment bool
}

// InTemplate is the object of a [Use] in the set's own pod template.
const InTemplate = "the pod template"

// Texts are all DNS names of pods that texts contain.
type Texts struct{ uses uses }

// ReadTexts finds the names in objects.
func ReadTexts(objects []sts.ManifestText) Texts { return Texts{usesInTexts(objects)} }

// Uses are all places that contain the name of one of the set's pods below this Service: in its pod
// template, then in the texts.
func (t Texts) Uses(s *sts.Snapshot, service string) []Use {
	var out []Use
	if service == "" {
		return nil
	}
	for _, u := range slices.Concat(templateNames(s)[service], t.uses[service]) {
		if u.isPodOf(s.Set.Name) {
			out = append(out, u)
		}
	}
	return out
}

// Findings are the findings about the DNS names of one set. The texts are objects that may contain them.
func Findings(s *sts.Snapshot, t Texts, o Options) []sts.Finding {
	return newSetNames(s, t.uses, o).findings()
}

// uses are all names that texts contain, by the label of the Service.
type uses map[string][]Use

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
func nameUsed(s *sts.Snapshot, service string, texts uses) (Use, bool) {
	if service == "" {
		return Use{}, false
	}
	for _, used := range []uses{templateNames(s), texts} {
		for _, u := range used[service] {
			if u.isPodOf(s.Set.Name) {
				return u, true
			}
		}
	}
	return Use{}, false
}

// srvUsed reports whether the name of the SRV records for this port of a Service is used.
func srvUsed(s *sts.Snapshot, service, port string, protocol corev1.Protocol, texts uses) bool {
	if port == "" {
		return false
	}
	name := SRVName("", service, "", port, protocol)
	name, _, _ = strings.Cut(name, "."+service)
	return slices.ContainsFunc(slices.Concat(templateNames(s)[service], texts[service]), func(u Use) bool {
		return strings.HasSuffix(u.Before, name)
	})
}

// isPodOf reports whether it is the name of one of the set's pods, or a computed one.
func (u Use) isPodOf(set string) bool {
	if u.Computed != "" {
		return u.Pod == "" || u.Pod == set+"-"
	}
	_, ok := sts.ParsePodName(set, u.Pod)
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
		out.addStrings(raw, InTemplate, func(text string) string { return known.Replace(known.Replace(text)) })
	}
	return out
}

func (u uses) addStrings(raw json.RawMessage, object string, expand func(string) string) {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return
	}
	var walk func(value any, field string)
	walk = func(value any, field string) {
		switch v := value.(type) {
		case string:
			u.add(expand(v), object, field)
		case []any:
			for _, item := range v {
				walk(item, field)
			}
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				u.add(key, object, "")
				below := strings.TrimPrefix(field+"."+key, ".")
				if field == "data" { // the keys of a ConfigMap are names of files
					below = field
				}
				walk(v[key], below)
			}
		}
	}
	walk(value, "")
}

var (
	serviceAfter = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?`)
	// computedBefore matches the placeholders of shells, Kubernetes, MinIO and printf:
	// $(HOSTNAME), ${i}, $i, a command in backquotes, {0...3}, %d.
	computedBefore = regexp.MustCompile("(\\$\\([^()]*\\)|\\$?\\{[^{}]*\\}|\\$[A-Za-z_][A-Za-z0-9_]*|`[^`]*`|%[ds])$")
	labelBefore    = regexp.MustCompile(`[A-Za-z0-9_-]*$`)
)

// commentBefore matches the beginning of a line that is a comment up to here.
var commentBefore = regexp.MustCompile(`^\s*(#|//|;|/\*|\* |<!--|-- )|\s(#|// )`)

// inComment: what follows the text is in a comment.
func inComment(text string) bool {
	return commentBefore.MatchString(text[strings.LastIndexByte(text, '\n')+1:])
}

// longestPart is the maximal length of the part before a dot, longestRest that of what follows a Service.
const (
	longestPart = 128
	longestRest = 256
)

// add adds all names in a text: each dot may separate a pod from a Service.
func (u uses) add(text, object, field string) {
	for at := strings.IndexByte(text, '.'); at >= 0; {
		before, after := text[max(0, at-longestPart):at], text[at+1:]
		if service := serviceAfter.FindString(after[:min(len(after), 64)]); service != "" {
			found := Use{Object: object, Field: field, Before: before, Computed: computedBefore.FindString(before), Comment: inComment(text[:at])}
			rest := strings.TrimSuffix(before, found.Computed)
			found.Pod = labelBefore.FindString(rest)
			found.Name = before[len(rest)-len(found.Pod):] + "." + service
			found.After = after[len(service):min(len(after), len(service)+longestRest)]
			if found.Pod != "" || found.Computed != "" {
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
