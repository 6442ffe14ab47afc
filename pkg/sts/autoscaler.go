package sts

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
)

// Autoscaler is a client that changes the replicas of the set automatically.
type Autoscaler struct {
	// Name is the name of the HorizontalPodAutoscaler.
	Name string `json:"name"`
	// By is the autoscaler, in words: the HPA, or the KEDA ScaledObject that created it.
	By string `json:"by"`
	// ScaledObject is the KEDA ScaledObject that created the HPA; absent if there is none.
	ScaledObject string `json:"scaledObject,omitempty"`
	// MinReplicas is the HPA's lower bound; KEDA itself also scales to 0, below it.
	MinReplicas int32 `json:"minReplicas"`
	// MaxReplicas is the HPA's upper bound.
	MaxReplicas int32 `json:"maxReplicas"`
	// Active is false if the HPA reports that it cannot scale, because metrics are missing or the set
	// has 0 replicas.
	//
	// It keeps the set within its range even then.
	Active bool `json:"active"`
}

// Autoscalers are the autoscalers of the set, by name.
func (s *Snapshot) Autoscalers() []Autoscaler {
	var out []Autoscaler
	for _, h := range s.HPAs {
		a := Autoscaler{Name: h.Name, By: ScalesBy(h), ScaledObject: scaledObject(h), MinReplicas: 1, MaxReplicas: h.Spec.MaxReplicas, Active: true}
		if h.Spec.MinReplicas != nil {
			a.MinReplicas = *h.Spec.MinReplicas
		}
		for _, c := range h.Status.Conditions {
			if c.Type == autoscalingv2.ScalingActive && c.Status == corev1.ConditionFalse {
				a.Active = false
			}
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Autoscaler) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Range is the autoscaler's range for people: "3 to 10 replicas".
func (a Autoscaler) Range() string {
	if a.MinReplicas == a.MaxReplicas {
		return Count(a.MaxReplicas, "replica")
	}
	return fmt.Sprintf("%d to %s", a.MinReplicas, Count(a.MaxReplicas, "replica"))
}

// ScalesFromZero says whether the autoscaler scales a set that has 0 replicas. An HPA does not,
// unless its own minimum is 0 (feature gate HPAScaleToZero); KEDA does, besides its HPA.
func (a Autoscaler) ScalesFromZero() bool { return a.MinReplicas == 0 || a.ScaledObject != "" }

// ScalesBy names the HPA, or the ScaledObject that created it.
func ScalesBy(h *autoscalingv2.HorizontalPodAutoscaler) string {
	if name := scaledObject(h); name != "" {
		return "KEDA ScaledObject " + name
	}
	return "HPA " + h.Name
}

// ScaledObject is KEDA's autoscaler of a StatefulSet. It works through an HPA, which does not
// exist while the ScaledObject is paused.
type ScaledObject struct {
	Namespace, Name string
	// Set is the name of the StatefulSet that it scales.
	Set                      string
	MinReplicas, MaxReplicas int32
	// Behavior is that of the HPA that it creates; nil for the default.
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior
}

// pausedReplicas is KEDA's annotation on a ScaledObject that stops it at a size.
const pausedReplicas = "autoscaling.keda.sh/paused-replicas"

// UnmarshalJSON reads KEDA's custom resource. Set is empty where its target is no StatefulSet.
func (s *ScaledObject) UnmarshalJSON(data []byte) error {
	var o struct {
		Metadata struct {
			Namespace, Name string
			Annotations     map[string]string
		}
		Spec struct {
			ScaleTargetRef                   autoscalingv2.CrossVersionObjectReference
			MinReplicaCount, MaxReplicaCount *int32
			Advanced                         struct {
				HorizontalPodAutoscalerConfig struct {
					Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior
				}
			}
		}
	}
	if err := json.Unmarshal(data, &o); err != nil {
		return err
	}
	*s = ScaledObject{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, MaxReplicas: 100, Behavior: o.Spec.Advanced.HorizontalPodAutoscalerConfig.Behavior}
	if o.Spec.ScaleTargetRef.Kind == "StatefulSet" {
		s.Set = o.Spec.ScaleTargetRef.Name
	}
	if o.Spec.MinReplicaCount != nil {
		s.MinReplicas = *o.Spec.MinReplicaCount
	}
	if o.Spec.MaxReplicaCount != nil {
		s.MaxReplicas = *o.Spec.MaxReplicaCount
	}
	if n, err := strconv.ParseInt(o.Metadata.Annotations[pausedReplicas], 10, 32); err == nil {
		s.MaxReplicas = max(s.MaxReplicas, int32(n))
	}
	return nil
}

// scaledObject is the name of the KEDA ScaledObject that created the HPA, empty for none.
func scaledObject(h *autoscalingv2.HorizontalPodAutoscaler) string {
	for _, ref := range h.OwnerReferences {
		if ref.Kind == "ScaledObject" && strings.HasPrefix(ref.APIVersion, "keda.sh/") {
			return ref.Name
		}
	}
	return h.Labels["scaledobject.keda.sh/name"]
}

// Scales says whether the HPA's target is a StatefulSet, and its name.
func Scales(h *autoscalingv2.HorizontalPodAutoscaler) (set string, ok bool) {
	ref := h.Spec.ScaleTargetRef
	group, _, _ := strings.Cut(ref.APIVersion, "/")
	return ref.Name, ref.Kind == "StatefulSet" && group == appsv1.GroupName
}
