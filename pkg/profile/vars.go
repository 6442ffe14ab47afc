package profile

import (
	"errors"
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

// Variables are the names that every command may use, with their meanings.
var Variables = []struct{ Name, Meaning string }{
	{PodName, "the pod of the leaving or joining member"},
	{Ordinal, "its ordinal"},
	{Namespace, "the StatefulSet's namespace"},
	{ServiceName, "the governing Service, `spec.serviceName`"},
	{ClusterDomain, "the cluster's DNS domain, usually `cluster.local`"},
	{SurvivorName, "the pod in which commands with `on: survivor` run: the lowest ordinal that stays and is available"},
	{Survivors, "all available pods that stay, by ordinal, separated by commas"},
	{Replicas, "the number of replicas before this member leaves or joins"},
	{TargetReplicas, "the number of replicas afterwards"},
}

func known(name string) bool {
	for _, v := range Variables {
		if v.Name == name {
			return true
		}
	}
	return false
}

// With is v with the captured values, in a new map.
func (v Vars) With(captured Vars) Vars {
	out := maps.Clone(v)
	if out == nil {
		out = Vars{}
	}
	maps.Copy(out, captured)
	return out
}

var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// expand replaces $(NAME) by its value. As in Kubernetes, $$ is a single $, so $$(NAME) becomes
// $(NAME). Unlike there, an unknown name is an error. What does not look like a variable, for
// example the $(date) of a shell, stays as it is.
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
		return "", errors.New(msgNoVariable(name))
	}
	return value, nil
}

// pattern compiles a regular expression of a profile: ^ and $ match the ends of lines, and a
// variable matches its value literally.
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

// badValue is why a text cannot be the value of a variable, or "".
func badValue(text string) string {
	switch {
	case len(text) > maxValue:
		return msgValueLong()
	case !utf8.ValidString(text):
		return msgValueNotUTF8()
	case strings.ContainsFunc(text, unicode.IsControl):
		return msgValueControl()
	}
	return ""
}
