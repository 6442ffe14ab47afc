package names

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// LabelsLacking are the labels that the governing Service selects and the pod template does not
// have. later: pods may be labeled later, by the StatefulSet controller or by a program that marks
// the leader, or one of the pods already has these labels.
func LabelsLacking(s *sts.Snapshot) (lacking map[string]string, later bool) {
	if s.Service == nil {
		return nil, false
	}
	lacking, later = map[string]string{}, true
	for key, value := range s.Service.Spec.Selector {
		if s.Set.Spec.Template.Labels[key] == value {
			continue
		}
		lacking[key] = value
		later = later && setLater(s, key)
	}
	selector := labels.SelectorFromSet(s.Service.Spec.Selector)
	later = later || slices.ContainsFunc(s.Pods, func(pod *corev1.Pod) bool { return selector.Matches(labels.Set(pod.Labels)) })
	return lacking, later && len(lacking) > 0
}

// setLater reports whether a label of this kind is set after a pod is created. A program needs a ServiceAccount for it.
func setLater(s *sts.Snapshot, key string) bool {
	return sts.LabeledByKubernetes(key) || s.Set.Spec.Template.Spec.ServiceAccountName != "" && sts.LabeledByProgram(key)
}

func selects(service *corev1.Service, labels map[string]string) bool {
	for k, v := range service.Spec.Selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}
