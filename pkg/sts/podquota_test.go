package sts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestPodUsage(t *testing.T) {
	list := func(cpu string) corev1.ResourceList { return corev1.ResourceList{"cpu": resource.MustParse(cpu)} }
	container := func(requests, limits string) corev1.Container {
		c := corev1.Container{}
		if requests != "" {
			c.Resources.Requests = list(requests)
		}
		if limits != "" {
			c.Resources.Limits = list(limits)
		}
		return c
	}
	sidecar := container("200m", "")
	sidecar.RestartPolicy = ptr.To(corev1.ContainerRestartPolicyAlways)
	for name, test := range map[string]struct {
		pod  corev1.Pod
		want map[corev1.ResourceName]string
	}{
		"without resources": {corev1.Pod{}, map[corev1.ResourceName]string{"count/pods": "1", "pods": "1"}},
		"containers": {corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{container("100m", "1"), container("50m", "")}}},
			map[corev1.ResourceName]string{"count/pods": "1", "pods": "1", "cpu": "150m", "requests.cpu": "150m", "limits.cpu": "1"}},
		"an init container requests more": {corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{container("100m", "")}, InitContainers: []corev1.Container{container("1", "")}}},
			map[corev1.ResourceName]string{"count/pods": "1", "pods": "1", "cpu": "1", "requests.cpu": "1"}},
		"a sidecar runs beside the others": {corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{container("100m", "")}, InitContainers: []corev1.Container{sidecar, container("150m", "")}}},
			map[corev1.ResourceName]string{"count/pods": "1", "pods": "1", "cpu": "350m", "requests.cpu": "350m"}},
		"of the pod as a whole, and overhead": {corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{container("100m", "")}, Overhead: list("10m"),
			Resources: &corev1.ResourceRequirements{Requests: list("500m")}}},
			map[corev1.ResourceName]string{"count/pods": "1", "pods": "1", "cpu": "510m", "requests.cpu": "510m"}},
		"ended": {corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{container("100m", "")}}, Status: corev1.PodStatus{Phase: corev1.PodFailed}},
			map[corev1.ResourceName]string{"count/pods": "1"}},
		"overdue": {corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{Time: ststest.Now.Add(-time.Minute)}, DeletionGracePeriodSeconds: ptr.To[int64](1)}},
			map[corev1.ResourceName]string{"count/pods": "1"}},
	} {
		got := map[corev1.ResourceName]string{}
		for resource, q := range sts.PodUsage(&test.pod, ststest.Now) {
			got[resource] = q.String()
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	high := corev1.Pod{Spec: corev1.PodSpec{PriorityClassName: "high"}}
	burst := corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{container("1", "")}}}
	if sts.SameQuotas(&high, &corev1.Pod{}) || sts.SameQuotas(&burst, &corev1.Pod{}) || !sts.SameQuotas(&burst, &burst) {
		t.Error("the scopes of quotas are not told apart")
	}
}
