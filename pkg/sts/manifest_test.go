package sts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestChangesForbidden(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*appsv1.StatefulSetSpec)
		want   []string
	}{
		{"nothing", func(*appsv1.StatefulSetSpec) {}, nil},
		{"what may change", func(s *appsv1.StatefulSetSpec) {
			s.Replicas, s.Template, s.MinReadySeconds = new(int32(5)), ststest.Template("web:2"), 3
		}, nil},
		{"what the API server fills in", func(s *appsv1.StatefulSetSpec) { s.PodManagementPolicy, s.UpdateStrategy.RollingUpdate = "", nil }, nil},
		{"several", func(s *appsv1.StatefulSetSpec) {
			s.ServiceName, s.PodManagementPolicy, s.VolumeClaimTemplates = "other", appsv1.ParallelPodManagement, nil
			s.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}}
		}, []string{"spec.podManagementPolicy", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"}},
	} {
		before := ststest.Web(3).Sets[0]
		after := before.DeepCopy()
		test.change(&after.Spec)
		if diff := cmp.Diff(test.want, sts.ChangesForbidden(before, after)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
