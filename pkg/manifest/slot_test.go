package manifest

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// A kind that no API server has is named with the one that is meant.
func TestUnserved(t *testing.T) {
	for _, test := range []struct{ apiVersion, kind, meant string }{
		{"apps/v1", "StatefulSet", ""},
		{"apps/v1beta1", "StatefulSet", ""},
		{"apps/v2", "StatefulSet", "StatefulSet apps/v1"},
		{"apps/v1", "StatefulSets", "StatefulSet apps/v1"},
		{"apps/v1", "Statefulset", "StatefulSet apps/v1"},
		{"v1", "StatefulSet", "StatefulSet apps/v1"},
		{"extensions/v1beta1", "StatefulSet", "StatefulSet apps/v1"},
		{"extensions/v1beta1", "Deployment", ""},
		{"apps.kruise.io/v1beta1", "StatefulSet", ""},
		{"apps/v1", "Service", "Service v1"},
		{"v2", "Service", "Service v1"},
		{"policy/v1beta1", "PodDisruptionBudget", ""},
		{"policy/v2", "PodDisruptionBudget", "PodDisruptionBudget policy/v1"},
		{"autoscaling/v3", "HorizontalPodAutoscaler", "HorizontalPodAutoscaler autoscaling/v2"},
		{"autoscaling/v1", "HorizontalPodAutoscaler", ""},
		{"serving.knative.dev/v1", "Service", ""},
		{"v1", "ConfigMap", ""},
	} {
		want := ""
		if test.meant != "" {
			var kind, apiVersion string
			for i, c := range test.meant {
				if c == ' ' {
					kind, apiVersion = test.meant[:i], test.meant[i+1:]
				}
			}
			want = msgNoSuchKind(test.kind, test.apiVersion, kind, apiVersion)
		}
		if got := (&Object{APIVersion: test.apiVersion, Kind: test.kind}).Unserved(Slots(&sts.Inventory{})); got != want {
			t.Errorf("%s %s: %q, want %q", test.kind, test.apiVersion, got, want)
		}
	}
}

// An autoscaler of autoscaling/v1 has its own metric, which is no unknown field.
func TestAutoscalerOfV1(t *testing.T) {
	objects, err := Parse([]byte(`{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: web},
spec: {minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 80, targetMemory: 1, scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: web}}}`))
	if err != nil {
		t.Fatal(err)
	}
	inv := &sts.Inventory{}
	added, problems, err := objects[0].In(Slots(inv)).Add(&objects[0])
	if err != nil || len(inv.HPAs) != 1 || added != inv.HPAs[0] {
		t.Fatalf("added %v, %v", added, err)
	}
	if h := inv.HPAs[0]; h.Name != "web" || *h.Spec.MinReplicas != 2 || h.Spec.MaxReplicas != 5 || h.Spec.ScaleTargetRef.Name != "web" {
		t.Errorf("%+v", h)
	}
	if len(problems) != 1 || problems[0].Path != "spec.targetMemory" {
		t.Errorf("unknown fields: %v", problems)
	}
}
