package sts_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestAutoscalers(t *testing.T) {
	hpa := func(name, apiVersion, kind, target string) *autoscalingv2.HorizontalPodAutoscaler {
		h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: name}}
		h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: apiVersion, Kind: kind, Name: target}
		h.Spec.MaxReplicas = 9
		return h
	}
	labelled, owned := hpa("b", "apps/v1", "StatefulSet", "web"), hpa("c", "apps/v1", "StatefulSet", "web")
	labelled.Labels = map[string]string{"scaledobject.keda.sh/name": "by-label"}
	labelled.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{
		{Type: autoscalingv2.AbleToScale, Status: corev1.ConditionFalse}, {Type: autoscalingv2.ScalingActive, Status: corev1.ConditionTrue}}
	owned.OwnerReferences = []metav1.OwnerReference{
		{APIVersion: "example.com/v1", Kind: "ScaledObject", Name: "another"}, {APIVersion: "keda.sh/v1alpha1", Kind: "ScaledObject", Name: "by-owner"}}
	owned.Spec.MinReplicas = new(int32(3))
	owned.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: autoscalingv2.ScalingActive, Status: corev1.ConditionFalse}}
	elsewhere := hpa("elsewhere", "apps/v1", "StatefulSet", "web")
	elsewhere.Namespace = "other"

	inv := ststest.Web(3)
	inv.HPAs = []*autoscalingv2.HorizontalPodAutoscaler{owned, labelled, hpa("a", "apps/v1beta2", "StatefulSet", "web"), elsewhere,
		hpa("another-set", "apps/v1", "StatefulSet", "db"), hpa("deployment", "apps/v1", "Deployment", "web"),
		hpa("another-group", "example.com/v1", "StatefulSet", "web"), hpa("no-group", "", "StatefulSet", "web")}
	want := []sts.Autoscaler{
		{Name: "a", By: "HPA a", MinReplicas: 1, MaxReplicas: 9, Active: true},
		{Name: "b", By: "KEDA ScaledObject by-label", ScaledObject: "by-label", MinReplicas: 1, MaxReplicas: 9, Active: true},
		{Name: "c", By: "KEDA ScaledObject by-owner", ScaledObject: "by-owner", MinReplicas: 3, MaxReplicas: 9, Active: false},
	}
	if diff := cmp.Diff(want, inv.Snapshots()[0].Autoscalers()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAutoscalerRange(t *testing.T) {
	for want, a := range map[string]sts.Autoscaler{
		"3 to 10 replicas": {MinReplicas: 3, MaxReplicas: 10},
		"0 to 1 replica":   {MinReplicas: 0, MaxReplicas: 1},
		"4 replicas":       {MinReplicas: 4, MaxReplicas: 4},
	} {
		if got := a.Range(); got != want {
			t.Errorf("%+v: %s, want %s", a, got, want)
		}
	}
}

func TestScaledObject(t *testing.T) {
	for _, tt := range []struct {
		json string
		want sts.ScaledObject
	}{
		{
			`{"metadata":{"namespace":"a","name":"q"},"spec":{"scaleTargetRef":{"kind":"StatefulSet","name":"web"}}}`,
			sts.ScaledObject{Namespace: "a", Name: "q", Set: "web", MaxReplicas: 100},
		},
		{
			`{"metadata":{"name":"q","annotations":{"autoscaling.keda.sh/paused-replicas":"9"}},"spec":{"scaleTargetRef":{"name":"web"},"minReplicaCount":2,"maxReplicaCount":7}}`,
			sts.ScaledObject{Name: "q", MinReplicas: 2, MaxReplicas: 9},
		},
		{
			`{"metadata":{"name":"q"},"spec":{"scaleTargetRef":{"kind":"StatefulSet","name":"web"},"maxReplicaCount":7,
			 "advanced":{"horizontalPodAutoscalerConfig":{"behavior":{"scaleDown":{"selectPolicy":"Disabled"}}}}}}`,
			sts.ScaledObject{Name: "q", Set: "web", MaxReplicas: 7, Behavior: &autoscalingv2.HorizontalPodAutoscalerBehavior{
				ScaleDown: &autoscalingv2.HPAScalingRules{SelectPolicy: new(autoscalingv2.DisabledPolicySelect)},
			}},
		},
	} {
		var got sts.ScaledObject
		if err := json.Unmarshal([]byte(tt.json), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.json, diff)
		}
	}
}
