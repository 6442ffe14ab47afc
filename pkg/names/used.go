package names

import (
	"cmp"
	"encoding/json"
	"io"
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
	// Service is the part after the dot.
	Service string
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
	added   int
	// Own: the set's own pods read it: in their template, or in a ConfigMap that it refers to.
	Own bool
}

// InTemplate is the object of a [Use] in the set's own pod template.
const InTemplate = "the pod template"

// Texts are all DNS names of pods that texts contain.
type Texts struct {
	inTexts map[string]*uses // by namespace
	// templates and counted remember what was found: many checks ask for the same names.
	templates map[*sts.Snapshot]*uses
	counted   map[useKey][]Use
}

type useKey struct {
	snapshot *sts.Snapshot
	service  string
}

// ReadTexts finds the names in objects.
func ReadTexts(objects []sts.ManifestText) *Texts {
	t := &Texts{inTexts: map[string]*uses{}, templates: map[*sts.Snapshot]*uses{}, counted: map[useKey][]Use{}}
	for _, o := range objects {
		if t.inTexts[o.Namespace] == nil {
			t.inTexts[o.Namespace] = newUses()
		}
		t.inTexts[o.Namespace].addStrings(o.JSON, strings.ToLower(o.Kind)+"/"+o.Name, func(text string) string { return text })
	}
	return t
}

// Uses are all places that use the name of one of the set's pods below this Service: in its pod template, then
// in the texts of its namespace. Finding none proves little: programs also compose names from their hostname.
func (t *Texts) Uses(s *sts.Snapshot, service string) []Use {
	if service == "" {
		return nil
	}
	key := useKey{s, service}
	out, known := t.counted[key]
	if known {
		return out
	}
	configMaps := sts.TemplateConfigMaps(&s.Set.Spec.Template.Spec)
	for _, u := range t.all(s, service, s.Set.Name) {
		name, isConfigMap := strings.CutPrefix(u.Object, "configmap/")
		u.Own = u.Object == InTemplate || isConfigMap && slices.Contains(configMaps, name)
		if u.isPodOf(s.Set.Name) && u.counts(s.Set.Namespace) {
			out = append(out, u)
		}
	}
	t.counted[key] = out
	return out
}

// all are the places that have the name of a pod of the set, or one that may be, and a dot before the Service.
func (t *Texts) all(s *sts.Snapshot, service, set string) []Use {
	template, known := t.templates[s]
	if !known {
		template = templateNames(s)
		t.templates[s] = template
	}
	return slices.Concat(template.below(service, set), t.inTexts[s.Set.Namespace].below(service, set))
}

// first is the first of the uses.
func (t *Texts) first(s *sts.Snapshot, service string) (Use, bool) {
	all := t.Uses(s, service)
	if len(all) == 0 {
		return Use{}, false
	}
	return all[0], true
}

// srvUsed reports whether the name of the SRV records for this port of a Service is used.
func (t *Texts) srvUsed(s *sts.Snapshot, service, port string, protocol corev1.Protocol) bool {
	if port == "" {
		return false
	}
	name := SRVName("", service, "", port, protocol)
	name, _, _ = strings.Cut(name, "."+service)
	return slices.ContainsFunc(t.all(s, service, srvLabel), func(u Use) bool { return !u.Comment && strings.HasSuffix(u.Before, name) })
}

// Findings are the findings about the DNS names of one set. The texts are objects that may contain them.
func Findings(s *sts.Snapshot, t *Texts, o Options) []sts.Finding {
	return newSetNames(s, t, o).findings()
}

// uses are all names that texts contain, in their order.
type uses struct {
	of    map[nameOf][]Use
	added int
}

// nameOf is the label of the Service, and the set whose pod it can be; no set for any, [srvLabel] for the name of
// an SRV record.
type nameOf struct{ service, set string }

// srvLabel is no name of a set.
const srvLabel = "_"

func newUses() *uses { return &uses{of: map[nameOf][]Use{}} }

// below are the names below a Service that may be those of the set's pods.
func (u *uses) below(service, set string) []Use {
	if u == nil {
		return nil
	}
	out := slices.Concat(u.of[nameOf{service, set}], u.of[nameOf{service, ""}])
	slices.SortFunc(out, func(a, b Use) int { return cmp.Compare(a.added, b.added) })
	return out
}

func (u *uses) add(found Use) {
	set := strings.TrimSuffix(found.Pod, "-") // of web-$i
	if found.Computed == "" {
		stem, _, ok := sts.CutOrdinal(found.Pod)
		switch {
		case ok:
			set = stem
		case strings.HasPrefix(found.Pod, srvLabel):
			set = srvLabel
		default:
			return
		}
	}
	u.added++
	found.added = u.added
	key := nameOf{found.Service, set}
	u.of[key] = append(u.of[key], found)
}

// isPodOf reports whether it is the name of one of the set's pods, or a computed one.
func (u Use) isPodOf(set string) bool {
	if u.Computed != "" {
		return u.Pod == "" || u.Pod == set+"-"
	}
	_, ok := sts.ParsePodName(set, u.Pod)
	return ok
}

func templateNames(s *sts.Snapshot) *uses {
	out := newUses()
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
		out.addStrings(raw, InTemplate, func(text string) string { return expanded(known, expanded(known, text)) })
	}
	return out
}

// longestText is more than an object can have.
const longestText = 2 << 20

// bounded is a text that does not become longer than that.
type bounded struct{ text []byte }

func (b *bounded) Write(more []byte) (int, error) {
	if len(b.text)+len(more) > longestText {
		return 0, io.ErrShortWrite
	}
	b.text = append(b.text, more...)
	return len(more), nil
}

// expanded is the text with the values of variables; the text itself where these multiply beyond measure.
func expanded(variables *strings.Replacer, text string) string {
	var out bounded
	if _, err := variables.WriteString(&out, text); err != nil {
		return text
	}
	return string(out.text)
}

func (u *uses) addStrings(raw json.RawMessage, object string, expand func(string) string) {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return
	}
	var walk func(value any, field string)
	walk = func(value any, field string) {
		switch v := value.(type) {
		case string:
			u.addText(expand(v), object, field)
		case []any:
			for _, item := range v {
				walk(item, field)
			}
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				u.addText(key, object, "")
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
)

// labelLetters are those of names in DNS.
const labelLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// commentBefore matches the beginning of a line that is a comment up to here.
var commentBefore = regexp.MustCompile(`^\s*(#|//|;|/\*|\* |<!--|-- )|\s(#|// )`)

// commentIn is where the comment in a line begins, after its first characters; the length of the line for none.
func commentIn(line string) int {
	if found := commentBefore.FindStringIndex(line); found != nil {
		return found[1]
	}
	return len(line)
}

// longestPart is the maximal length of the part before a dot, longestRest that of what follows a Service.
const (
	longestPart = 128
	longestRest = 256
)

// addText adds all names in a text: each dot may separate a pod from a Service.
func (u *uses) addText(text, object, field string) {
	start := 0
	for line := range strings.Lines(text) {
		end, comment := start+len(line), start+commentIn(line)
		for at := start; ; at++ {
			next := strings.IndexByte(text[at:end], '.')
			if next < 0 {
				break
			}
			at += next
			u.addAt(text, at, Use{Object: object, Field: field, Comment: at >= comment})
		}
		start = end
	}
}

// addAt adds the name around a dot.
func (u *uses) addAt(text string, dot int, found Use) {
	before, after := text[max(0, dot-longestPart):dot], text[dot+1:]
	service := serviceAfter.FindString(after[:min(len(after), 64)])
	if service == "" {
		return
	}
	found.Service, found.Before = service, before
	if strings.ContainsAny(before, "$`{%") { // most texts have none
		found.Computed = computedBefore.FindString(before)
	}
	rest := strings.TrimSuffix(before, found.Computed)
	found.Pod = rest[len(strings.TrimRight(rest, labelLetters)):]
	found.Name = before[len(rest)-len(found.Pod):] + "." + service
	found.After = after[len(service):min(len(after), len(service)+longestRest)]
	if found.Pod != "" || found.Computed != "" {
		u.add(found)
	}
}
