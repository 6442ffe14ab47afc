package profile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Vars are the values of variables by name.
type Vars map[string]string

// The variables that every command may use.
const (
	PodName        = "POD_NAME"
	Ordinal        = "ORDINAL"
	Namespace      = "NAMESPACE"
	ServiceName    = "SERVICE_NAME"
	ClusterDomain  = "CLUSTER_DOMAIN"
	SurvivorName   = "SURVIVOR"
	Survivors      = "SURVIVORS"
	Replicas       = "REPLICAS"
	TargetReplicas = "TARGET_REPLICAS"
)

// Variables are the names that every command may use, with their meaning.
var Variables = []struct{ Name, Meaning string }{
	{PodName, "the pod of the member that leaves or joins"},
	{Ordinal, "its ordinal"},
	{Namespace, "the StatefulSet's namespace"},
	{ServiceName, "the governing Service, `spec.serviceName`"},
	{ClusterDomain, "the cluster's DNS domain, usually `cluster.local`"},
	{SurvivorName, "the pod in which the commands with `on: survivor` run: Ready, and one that stays"},
	{Survivors, "all pods that stay, by ordinal, with commas between them"},
	{Replicas, "how many replicas the set has before this member leaves or joins"},
	{TargetReplicas, "how many it has afterwards"},
}

func known(name string) bool {
	for _, v := range Variables {
		if v.Name == name {
			return true
		}
	}
	return false
}

// With is v and what was captured, in a new map.
func (v Vars) With(captured Vars) Vars {
	out := maps.Clone(v)
	if out == nil {
		out = Vars{}
	}
	maps.Copy(out, captured)
	return out
}

var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// expand puts values in the place of $(NAME). As in Kubernetes, $$ is a single $, so
// $$(NAME) stays $(NAME). Unlike there, a name that nobody knows is an error. What
// does not look like a variable, say the $(date) of a shell, stays as it is.
func expand(text string, value func(name string) (string, error)) (string, error) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		text = after
		switch name, rest, closed := strings.Cut(strings.TrimPrefix(after, "("), ")"); {
		case strings.HasPrefix(after, "$"):
			out.WriteByte('$')
			text = after[1:]
		case strings.HasPrefix(after, "(") && closed && variableName.MatchString(name):
			v, err := value(name)
			if err != nil {
				return "", err
			}
			out.WriteString(v)
			text = rest
		default:
			out.WriteByte('$')
		}
	}
}

// uses are the variables in a text, each once, in order.
func uses(text string) []string {
	var out []string
	_, _ = expand(text, func(name string) (string, error) { // it does not fail where no value does
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
		return "", nil
	})
	return out
}

func (v Vars) get(name string) (string, error) {
	value, ok := v[name]
	if !ok {
		return "", fmt.Errorf("$(%s) has no value yet", name)
	}
	return value, nil
}

// pattern makes a regular expression of a profile's: ^ and $ are the ends of lines,
// and a variable stands for its value, letter by letter.
func pattern(text string, value func(name string) (string, error)) (*regexp.Regexp, error) {
	text, err := expand(text, func(name string) (string, error) {
		v, err := value(name)
		return regexp.QuoteMeta(v), err
	})
	if err != nil {
		return nil, err
	}
	return regexp.Compile("(?m)" + text)
}

// maxValue is how long a captured value may be: it is kept in an annotation.
const maxValue = 256

// badValue says what keeps a text from being a variable's value, or "".
func badValue(text string) string {
	switch {
	case len(text) > maxValue:
		return fmt.Sprintf("is longer than %d bytes", maxValue)
	case !utf8.ValidString(text):
		return "is not UTF-8"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "holds a line break or another control character"
	}
	return ""
}
