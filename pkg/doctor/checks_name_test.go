package doctor_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The domain of a name matters only where that of the cluster is known.
func TestDomainInName(t *testing.T) {
	for _, c := range []struct {
		domain names.Domain
		want   sts.Severity
	}{
		{names.Domain{Name: "cluster.local", Source: names.DomainAssumed}, ""},
		{names.Domain{Name: "corp.example", Source: names.DomainCorefile}, ""},
		{names.Domain{Name: "cluster.local", Source: names.DomainCorefile, Others: []string{"corp.example"}}, ""},
		{names.Domain{Name: "cluster.local", Source: names.DomainCorefile}, sts.SeverityWarning},
	} {
		labels := map[string]string{"app": "web"}
		set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}}
		set.Spec.ServiceName, set.Spec.Selector, set.Spec.Template.Labels = "web", &metav1.LabelSelector{MatchLabels: labels}, labels
		set.Spec.Template.Spec.Containers = []corev1.Container{{Name: "app", Args: []string{"web-0.web.shop.svc.corp.example:7000"}}}
		in := &doctor.Input{Inventory: &sts.Inventory{TakenAt: now, Sets: []*appsv1.StatefulSet{set}}, Domain: c.domain}
		got := sts.Severity("")
		for _, f := range doctor.Examine(in, nil, nil).Findings {
			if f.Code == "NamespaceInName" {
				got = f.Severity
			}
		}
		if got != c.want {
			t.Errorf("%+v: %q, want %q", c.domain, got, c.want)
		}
	}
}
