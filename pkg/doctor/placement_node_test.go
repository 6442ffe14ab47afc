package doctor

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestNodeAffinity(t *testing.T) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: map[string]string{"zone": "a", "gen": "4"}}}
	for _, c := range []struct {
		key    string
		op     corev1.NodeSelectorOperator
		values []string
		want   bool
	}{
		{"zone", "In", []string{"a", "b"}, true}, {"zone", "In", []string{"b"}, false}, {"rack", "In", []string{""}, false},
		{"zone", "NotIn", []string{"a"}, false}, {"zone", "NotIn", []string{"b"}, true}, {"rack", "NotIn", []string{"b"}, true},
		{"zone", "Exists", nil, true}, {"rack", "Exists", nil, false}, {"zone", "DoesNotExist", nil, false}, {"rack", "DoesNotExist", nil, true},
		{"gen", "Gt", []string{"3"}, true}, {"gen", "Gt", []string{"4"}, false}, {"gen", "Lt", []string{"5"}, true}, {"gen", "Lt", []string{"4"}, false},
		{"zone", "Gt", []string{"3"}, false}, {"rack", "Lt", []string{"3"}, false}, {"zone", "Newer", nil, true},
	} {
		term := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: c.key, Operator: c.op, Values: c.values}}}
		other := corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: "In", Values: []string{"n2"}}}}
		selector := &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{other, {}, term}}
		spec := &corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: selector}}}
		if got := reaches(selector, node); got != c.want || runsOn(spec, node) != (c.want && c.op != "Newer") {
			t.Errorf("%s %s %v: %t", c.key, c.op, c.values, got)
		}
	}
}

func TestTolerates(t *testing.T) {
	taint := &corev1.Taint{Key: "dedicated", Value: "db", Effect: corev1.TaintEffectNoSchedule}
	for _, c := range []struct {
		toleration corev1.Toleration
		want       bool
	}{
		{corev1.Toleration{Key: "dedicated", Value: "db"}, true},
		{corev1.Toleration{Key: "dedicated", Operator: "Equal", Value: "web"}, false},
		{corev1.Toleration{Key: "dedicated", Operator: "Exists", Effect: "NoSchedule"}, true},
		{corev1.Toleration{Key: "dedicated", Operator: "Exists", Effect: "NoExecute"}, false},
		{corev1.Toleration{Operator: "Exists"}, true},
		{corev1.Toleration{Key: "other", Operator: "Exists"}, false},
		{corev1.Toleration{}, false},
	} {
		if got := tolerates(c.toleration, taint); got != c.want {
			t.Errorf("%+v: %t", c.toleration, got)
		}
	}
}
