package doctor

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Whether anti-affinity is about the set's own pods is decided once, for the checks of placement and of claims.
func TestAntiAffinity(t *testing.T) {
	app := func(value string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": value}}
	}
	for name, c := range map[string]struct {
		term  corev1.PodAffinityTerm
		own   certainty
		apart bool
	}{
		"its own labels":           {corev1.PodAffinityTerm{LabelSelector: app("db")}, isSo, true},
		"other labels":             {corev1.PodAffinityTerm{LabelSelector: app("web")}, isNot, false},
		"no selector":              {corev1.PodAffinityTerm{}, isNot, false},
		"all pods":                 {corev1.PodAffinityTerm{LabelSelector: &metav1.LabelSelector{}}, isSo, true},
		"its namespace":            {corev1.PodAffinityTerm{LabelSelector: app("db"), Namespaces: []string{"shop"}}, isSo, true},
		"another namespace":        {corev1.PodAffinityTerm{LabelSelector: app("db"), Namespaces: []string{"test"}}, isNot, false},
		"all namespaces":           {corev1.PodAffinityTerm{LabelSelector: app("db"), Namespaces: []string{"test"}, NamespaceSelector: &metav1.LabelSelector{}}, isSo, true},
		"some namespaces":          {corev1.PodAffinityTerm{LabelSelector: app("db"), NamespaceSelector: app("x")}, mayBe, false},
		"some, and its own":        {corev1.PodAffinityTerm{LabelSelector: app("db"), Namespaces: []string{"shop"}, NamespaceSelector: app("x")}, isSo, true},
		"pods with another value":  {corev1.PodAffinityTerm{LabelSelector: app("db"), MismatchLabelKeys: []string{"tenant"}}, isNot, false},
		"an ordinal":               {corev1.PodAffinityTerm{LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"apps.kubernetes.io/pod-index": "0"}}}, mayBe, false},
		"an invalid selector":      {corev1.PodAffinityTerm{LabelSelector: app("a b")}, mayBe, false},
		"its own labels, in zones": {corev1.PodAffinityTerm{LabelSelector: app("db"), TopologyKey: corev1.LabelTopologyZone}, isSo, false},
	} {
		if c.term.TopologyKey == "" {
			c.term.TopologyKey = corev1.LabelHostname
		}
		template := &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "db"}}}
		template.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{c.term}}}
		if rules := spreadsOf("shop", template); len(rules) != 1 || rules[0].own != c.own || apart("shop", template) != c.apart {
			t.Errorf("%s: %+v, apart %t", name, rules, apart("shop", template))
		}
	}
}
