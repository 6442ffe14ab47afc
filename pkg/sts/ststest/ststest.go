// Package ststest reads scenarios that were recorded from real clusters into
// Inventories, for the tests of reports and decisions.
package ststest

import (
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Scenario is a recorded file: objects as the API server gave them, without what
// no verb looks at, the time at which they were read, and what could not be read.
type Scenario struct {
	TakenAt time.Time         `json:"takenAt"`
	Missing []sts.Missing     `json:"missing,omitempty"`
	Items   []json.RawMessage `json:"items"`
}

// Parse reads a recorded scenario. An object of a kind that an Inventory does not
// hold is an error: it would be noise.
func Parse(file []byte) (*sts.Inventory, error) {
	var scenario Scenario
	if err := yaml.UnmarshalStrict(file, &scenario); err != nil {
		return nil, err
	}
	inv := &sts.Inventory{TakenAt: scenario.TakenAt, Missing: scenario.Missing}
	for _, raw := range scenario.Items {
		var kind metav1.TypeMeta
		if err := json.Unmarshal(raw, &kind); err != nil {
			return nil, err
		}
		var err error
		switch kind.Kind {
		case "StatefulSet":
			err = add[appsv1.StatefulSet](&inv.Sets, raw)
		case "Pod":
			err = add[corev1.Pod](&inv.Pods, raw)
		case "PersistentVolumeClaim":
			err = add[corev1.PersistentVolumeClaim](&inv.Claims, raw)
		case "PersistentVolume":
			var volumes []*corev1.PersistentVolume
			err = add[corev1.PersistentVolume](&volumes, raw)
			for _, v := range volumes {
				inv.Volumes = append(inv.Volumes, sts.NewVolume(v))
			}
		case "PodDisruptionBudget":
			err = add[policyv1.PodDisruptionBudget](&inv.Budgets, raw)
		case "Service":
			err = add[corev1.Service](&inv.Services, raw)
		case "EndpointSlice":
			err = add[discoveryv1.EndpointSlice](&inv.Slices, raw)
		case "Endpoints":
			err = add[corev1.Endpoints](&inv.Endpoints, raw) //nolint:staticcheck // of Services without a selector
		case "ControllerRevision":
			err = add[appsv1.ControllerRevision](&inv.Revisions, raw)
		case "Event":
			err = add[corev1.Event](&inv.Events, raw)
		case "HorizontalPodAutoscaler":
			err = add[autoscalingv2.HorizontalPodAutoscaler](&inv.HPAs, raw)
		default:
			err = fmt.Errorf("a %s in a recorded scenario", kind.Kind)
		}
		if err != nil {
			return nil, err
		}
	}
	return inv, nil
}

func add[T any](list *[]*T, raw json.RawMessage) error {
	object := new(T)
	if err := json.Unmarshal(raw, object); err != nil {
		return err
	}
	*list = append(*list, object)
	return nil
}

// Event is an event about an object in [Namespace].
func Event(kind, name, message string) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: Namespace},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: Namespace, Name: name},
		Message:        message,
	}
}
