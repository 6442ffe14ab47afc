package doctor

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// spread is a rule of a pod template that may keep pods apart.
type spread struct {
	field      string
	constraint bool // a topology spread constraint
	required   bool // anti-affinity that the scheduler must obey
	topology   string
	selector   *metav1.LabelSelector
	others     bool // it is only about pods of other namespaces
	own        certainty
	index      int // in its list
}

// patch makes the rule select these labels. A patch replaces lists of terms as a whole, and merges constraints.
func (r spread) patch(spec *corev1.PodSpec, own map[string]string) string {
	selector := &metav1.LabelSelector{MatchLabels: own}
	if r.constraint {
		c := &spec.TopologySpreadConstraints[r.index]
		matchLabels := map[string]any{}
		for key, value := range own {
			matchLabels[key] = value
		}
		merged := map[string]any{"matchLabels": matchLabels}
		if c.LabelSelector != nil {
			for key := range c.LabelSelector.MatchLabels {
				if _, has := own[key]; !has {
					matchLabels[key] = nil
				}
			}
			if len(c.LabelSelector.MatchExpressions) > 0 {
				merged["matchExpressions"] = nil
			}
		}
		return patchPod(map[string]any{"topologySpreadConstraints": []any{map[string]any{
			"maxSkew": c.MaxSkew, "topologyKey": c.TopologyKey, "whenUnsatisfiable": c.WhenUnsatisfiable, "labelSelector": merged,
		}}})
	}
	var list any
	name, anti := preferred, spec.Affinity.PodAntiAffinity
	if r.required {
		terms := slices.Clone(anti.RequiredDuringSchedulingIgnoredDuringExecution)
		terms[r.index].LabelSelector = selector
		name, list = required, terms
	} else {
		terms := slices.Clone(anti.PreferredDuringSchedulingIgnoredDuringExecution)
		terms[r.index].PodAffinityTerm.LabelSelector = selector
		list = terms
	}
	return patchPod(map[string]any{"affinity": map[string]any{"podAntiAffinity": map[string]any{name: list}}})
}

// The lists of terms.
const (
	required  = "requiredDuringSchedulingIgnoredDuringExecution"
	preferred = "preferredDuringSchedulingIgnoredDuringExecution"
)

// certainty is whether a rule is about the pods of its own template.
type certainty int

const (
	isNot certainty = iota
	mayBe
	isSo
)

// spreadsOf are the rules of the pods of a template in a namespace.
func spreadsOf(namespace string, template *corev1.PodTemplateSpec) []spread {
	var out []spread
	if affinity := template.Spec.Affinity; affinity != nil && affinity.PodAntiAffinity != nil {
		const field = "spec.template.spec.affinity.podAntiAffinity."
		anti := affinity.PodAntiAffinity
		for i := range anti.RequiredDuringSchedulingIgnoredDuringExecution {
			r := antiAffinity(namespace, template, &anti.RequiredDuringSchedulingIgnoredDuringExecution[i])
			r.index = i
			r.field, r.required = item(field+required, i), true
			out = append(out, r)
		}
		for i := range anti.PreferredDuringSchedulingIgnoredDuringExecution {
			r := antiAffinity(namespace, template, &anti.PreferredDuringSchedulingIgnoredDuringExecution[i].PodAffinityTerm)
			r.index = i
			r.field = item(field+preferred, i) + ".podAffinityTerm"
			out = append(out, r)
		}
	}
	for i := range template.Spec.TopologySpreadConstraints {
		c := &template.Spec.TopologySpreadConstraints[i]
		out = append(out, spread{
			field: item("spec.template.spec.topologySpreadConstraints", i), constraint: true, index: i,
			selector: c.LabelSelector, own: selectsOwn(c.LabelSelector, template),
		})
	}
	return out
}

func antiAffinity(namespace string, template *corev1.PodTemplateSpec, term *corev1.PodAffinityTerm) spread {
	here := inNamespaces(term, namespace)
	if len(term.MismatchLabelKeys) > 0 { // pods with other values than their own
		here = isNot
	}
	return spread{topology: term.TopologyKey, selector: term.LabelSelector, others: here == isNot, own: min(here, selectsOwn(term.LabelSelector, template))}
}

// inNamespaces says whether the term is about pods of this namespace, in which the pod is: both fields add
// namespaces, and without them it is this one.
func inNamespaces(term *corev1.PodAffinityTerm, namespace string) certainty {
	switch s := term.NamespaceSelector; {
	case slices.Contains(term.Namespaces, namespace), s == nil && len(term.Namespaces) == 0:
		return isSo
	case s == nil:
		return isNot
	case len(s.MatchLabels)+len(s.MatchExpressions) == 0:
		return isSo
	}
	return mayBe // the labels of namespaces are not known
}

// selectsOwn says whether the selector matches pods of the template. An invalid one may: the API server rejects it.
func selectsOwn(selector *metav1.LabelSelector, template *corev1.PodTemplateSpec) certainty {
	if selector == nil {
		return isNot
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return mayBe
	}
	out := isSo
	requirements, _ := parsed.Requirements()
	for _, q := range requirements {
		switch {
		case q.Matches(labels.Set(template.Labels)):
		case sts.LabeledByKubernetes(q.Key()):
			out = mayBe
		default:
			return isNot
		}
	}
	return out
}

// apart says whether pods of the template never run on the same node.
func apart(namespace string, template *corev1.PodTemplateSpec) bool {
	return slices.ContainsFunc(spreadsOf(namespace, template), func(r spread) bool {
		return r.required && r.topology == corev1.LabelHostname && r.own == isSo
	})
}
