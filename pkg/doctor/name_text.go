package doctor

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// needs are the uses of names that must resolve, those that are certain first.
func (l *Look) needs(service string) []names.Use {
	out := slices.DeleteFunc(slices.Clone(l.nameUses(service)), func(u names.Use) bool {
		namespace, _ := u.Place()
		return namespace != "" && namespace != l.Set.Namespace && (!l.Offline || l.writtenNamespace()) || strings.HasPrefix(u.Object, "configmap/") && (!u.Own || u.Field != "data")
	})
	slices.SortStableFunc(out, func(a, b names.Use) int { return l.proven(a).Rank() - l.proven(b).Rank() })
	return out
}

// proven is error if this is certainly the name of one of the set's pods, which its containers look up in the
// DNS of the cluster; otherwise warning.
func (l *Look) proven(u names.Use) sts.Severity {
	spec := &l.Set.Spec.Template.Spec
	if !u.Own || !slices.Contains([]string{"args", "command", "env.value", "data"}, u.Field) || !u.IsHost() || !l.isPod(u) ||
		spec.DNSPolicy == corev1.DNSNone || spec.DNSConfig != nil || len(spec.HostAliases) > 0 {
		return sts.SeverityWarning
	}
	if namespace, domain := u.Place(); namespace != "" && namespace != l.Set.Namespace || domain != "" && !l.servesDomain(domain) {
		return sts.SeverityWarning
	}
	return sts.SeverityError
}

var (
	variable = regexp.MustCompile(`^\$[({]?([A-Za-z_][A-Za-z0-9_]*)[)}]?$`)
	hostname = regexp.MustCompile("^(\\$\\(|`)\\s*hostname(\\s+-s)?\\s*[)`]$|^\\$[({]?HOSTNAME[)}]?$")
)

// isPod: the part before the Service is the name of one of the set's pods, whatever is filled in.
func (l *Look) isPod(u names.Use) bool {
	if u.Pod != "" || hostname.MatchString(u.Computed) {
		return true // see names.Texts
	}
	found := variable.FindStringSubmatch(u.Computed)
	if found == nil {
		return false
	}
	spec := &l.Set.Spec.Template.Spec
	return slices.ContainsFunc(slices.Concat(spec.InitContainers, spec.Containers), func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return e.Name == found[1] && e.ValueFrom != nil && e.ValueFrom.FieldRef != nil && e.ValueFrom.FieldRef.FieldPath == "metadata.name"
		})
	})
}

// ranges are the ranges of ordinals that MinIO, and shells, expand: {0...3}, {0..3}.
var ranges = regexp.MustCompile(`^\{([0-9]{1,4})\.\.\.?([0-9]{1,4})\}$`)

// ordinalsIn are the ordinals that a name means, none if it is computed otherwise.
func ordinalsIn(set string, u names.Use) []sts.Ordinal {
	if u.Computed == "" {
		if o, ok := sts.ParsePodName(set, u.Pod); ok {
			return []sts.Ordinal{o}
		}
		return nil
	}
	m := ranges.FindStringSubmatch(u.Computed)
	if m == nil || u.Pod != set+"-" {
		return nil
	}
	var out []sts.Ordinal
	first, _ := strconv.Atoi(m[1]) // digits
	last, _ := strconv.Atoi(m[2])
	for o := first; o <= last; o++ {
		out = append(out, sts.Ordinal(o))
	}
	return out
}
