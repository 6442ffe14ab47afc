package doctor

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func item(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// node is the node of this name, nil if there is none.
func (in *Input) node(name string) *corev1.Node {
	i := slices.IndexFunc(in.Nodes, func(n *corev1.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return in.Nodes[i]
}

func nodeReady(n *corev1.Node) bool {
	c := sts.NodeReady(n)
	return c != nil && c.Status == corev1.ConditionTrue
}

// runsOn says whether pods can run on the node, by their node selector, required node affinity and
// tolerations.
func runsOn(spec *corev1.PodSpec, n *corev1.Node) bool {
	if fits, err := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: *spec}).Match(n); err != nil || !fits {
		return false
	}
	for i := range n.Spec.Taints {
		t := &n.Spec.Taints[i]
		if t.Effect != corev1.TaintEffectPreferNoSchedule && !slices.ContainsFunc(spec.Tolerations, func(o corev1.Toleration) bool { return tolerates(o, t) }) {
			return false
		}
	}
	return true
}

func tolerates(o corev1.Toleration, t *corev1.Taint) bool {
	switch {
	case o.Effect != "" && o.Effect != t.Effect, o.Key != "" && o.Key != t.Key:
		return false
	case o.Operator == corev1.TolerationOpExists:
		return true
	}
	return (o.Operator == "" || o.Operator == corev1.TolerationOpEqual) && o.Key != "" && o.Value == t.Value
}

// reaches says whether a volume can be used on the node. An operator of a newer version may match.
func reaches(affinity *corev1.NodeSelector, n *corev1.Node) bool {
	fits, err := nodeaffinity.NewLazyErrorNodeSelector(affinity).Match(n)
	return err != nil || fits
}

// termsOf are the requirements in words.
func termsOf(selector *corev1.NodeSelector) string {
	var terms []string
	for _, t := range selector.NodeSelectorTerms {
		var parts []string
		for _, r := range slices.Concat(t.MatchExpressions, t.MatchFields) {
			part := r.Key + " " + string(r.Operator)
			switch {
			case r.Operator == corev1.NodeSelectorOpIn && len(r.Values) == 1:
				part = r.Key + "=" + r.Values[0]
			case len(r.Values) > 0:
				part += " (" + strings.Join(r.Values, ", ") + ")"
			}
			parts = append(parts, part)
		}
		terms = append(terms, strings.Join(parts, ", "))
	}
	return strings.Join(terms, " or ")
}

// fewNames are the first of the names.
func fewNames(list []string) string {
	const most = 3
	if more := len(list) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), more)
	}
	return strings.Join(list, ", ")
}
