package sts

import (
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/api/validate/content"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// autoscaler checks a HorizontalPodAutoscaler of autoscaling/v2, or one of v1, which has no metrics. The
// apiVersion of the target is not checked: Kubernetes 1.37 requires a group, earlier ones accept any.
func (o *objections) autoscaler(autoscaler *autoscalingv2.HorizontalPodAutoscaler) {
	o.metadata(autoscaler, apivalidation.NameIsDNSSubdomain)
	at, spec := field.NewPath("spec"), &autoscaler.Spec
	least, most := int32(1), spec.MaxReplicas
	if spec.MinReplicas != nil {
		least = *spec.MinReplicas
	}
	minReplicas, maxReplicas := at.Child("minReplicas"), at.Child("maxReplicas")
	switch {
	case least < 0:
		o.notNegative(minReplicas, int64(least))
	case least == 0 && !fromOutside(autoscaler): // with a metric that there is without pods, Kubernetes 1.37 accepts 0
		o.invalid(minReplicas, least, msgNoMetricAtZero())
	}
	switch {
	case most == 0:
		o.required(maxReplicas, msgPositive())
	case most < 0:
		o.invalid(maxReplicas, most, msgPositive())
	case most < least:
		o.invalid(maxReplicas, most, msgNotBelowMinReplicas())
	}
	target := at.Child("scaleTargetRef")
	o.pathSegment(target.Child("kind"), spec.ScaleTargetRef.Kind)
	o.pathSegment(target.Child("name"), spec.ScaleTargetRef.Name)
	for i := range spec.Metrics {
		o.metric(at.Child("metrics").Index(i), &spec.Metrics[i])
	}
	if behavior := spec.Behavior; behavior != nil {
		o.scalingRules(at.Child("behavior", "scaleUp"), behavior.ScaleUp)
		o.scalingRules(at.Child("behavior", "scaleDown"), behavior.ScaleDown)
	}
}

// metricsOfV1 is where an autoscaler of autoscaling/v1 has its metrics.
const metricsOfV1 = "autoscaling.alpha.kubernetes.io/metrics"

// fromOutside says whether an autoscaler has a metric that does not come from its pods, or may have one.
func fromOutside(autoscaler *autoscalingv2.HorizontalPodAutoscaler) bool {
	_, hidden := autoscaler.Annotations[metricsOfV1]
	return hidden || slices.ContainsFunc(autoscaler.Spec.Metrics, func(m autoscalingv2.MetricSpec) bool {
		return m.Type == autoscalingv2.ObjectMetricSourceType || m.Type == autoscalingv2.ExternalMetricSourceType
	})
}

// pathSegment requires a name that can be part of a URL.
func (o *objections) pathSegment(at *field.Path, name string) {
	if name == "" {
		o.required(at, "")
	} else {
		o.invalid(at, name, content.IsPathSegmentName(name)...)
	}
}

func (o *objections) metric(at *field.Path, m *autoscalingv2.MetricSpec) {
	sources := []struct {
		kind  autoscalingv2.MetricSourceType
		field string
		set   bool
		check func(*field.Path)
	}{
		{autoscalingv2.ContainerResourceMetricSourceType, "containerResource", m.ContainerResource != nil, func(at *field.Path) {
			o.present(at.Child("name"), string(m.ContainerResource.Name))
			o.volumeName(at.Child("container"), m.ContainerResource.Container)
			o.resourceTarget(at.Child("target"), &m.ContainerResource.Target)
		}},
		{autoscalingv2.ExternalMetricSourceType, "external", m.External != nil, func(at *field.Path) {
			o.pathSegment(at.Child("metric", "name"), m.External.Metric.Name)
			o.valueTarget(at.Child("target"), &m.External.Target)
			if t := &m.External.Target; t.Value != nil && t.AverageValue != nil {
				o.forbidden(at.Child("target", "value"), msgMutuallyExclusive("value", "averageValue"))
			}
		}},
		{autoscalingv2.ObjectMetricSourceType, "object", m.Object != nil, func(at *field.Path) {
			o.pathSegment(at.Child("describedObject", "kind"), m.Object.DescribedObject.Kind)
			o.pathSegment(at.Child("describedObject", "name"), m.Object.DescribedObject.Name)
			o.pathSegment(at.Child("metric", "name"), m.Object.Metric.Name)
			o.valueTarget(at.Child("target"), &m.Object.Target)
		}},
		{autoscalingv2.PodsMetricSourceType, "pods", m.Pods != nil, func(at *field.Path) {
			o.pathSegment(at.Child("metric", "name"), m.Pods.Metric.Name)
			o.metricTarget(at.Child("target"), &m.Pods.Target)
			if m.Pods.Target.AverageValue == nil {
				o.required(at.Child("target", "averageValue"), "")
			}
		}},
		{autoscalingv2.ResourceMetricSourceType, "resource", m.Resource != nil, func(at *field.Path) {
			o.present(at.Child("name"), string(m.Resource.Name))
			o.resourceTarget(at.Child("target"), &m.Resource.Target)
		}},
	}
	var kinds []autoscalingv2.MetricSourceType
	own := -1
	for i, s := range sources {
		kinds = append(kinds, s.kind)
		if s.kind == m.Type {
			own = i
		}
	}
	if own < 0 {
		oneOf(o, at.Child("type"), m.Type, kinds...)
		return
	}
	if at := at.Child(sources[own].field); !sources[own].set {
		o.required(at, msgMetricSourceRequired(m.Type))
		return
	}
	sources[own].check(at.Child(sources[own].field))
	for i, s := range sources {
		if i != own && s.set {
			o.forbidden(at.Child(s.field), msgNotWithType(string(m.Type)))
		}
	}
}

func (o *objections) resourceTarget(at *field.Path, t *autoscalingv2.MetricTarget) {
	o.metricTarget(at, t)
	switch {
	case t.AverageUtilization == nil && t.AverageValue == nil:
		o.required(at.Child("averageUtilization"), msgOneTarget("averageUtilization", "averageValue"))
	case t.AverageUtilization != nil && t.AverageValue != nil:
		o.forbidden(at.Child("averageValue"), msgMutuallyExclusive("averageUtilization", "averageValue"))
	}
}

func (o *objections) valueTarget(at *field.Path, t *autoscalingv2.MetricTarget) {
	o.metricTarget(at, t)
	if t.Value == nil && t.AverageValue == nil {
		o.required(at.Child("averageValue"), msgOneTarget("value", "averageValue"))
	}
}

// metricTarget checks a target. The API server does not compare its type with the values that it has.
func (o *objections) metricTarget(at *field.Path, t *autoscalingv2.MetricTarget) {
	oneOf(o, at.Child("type"), t.Type, autoscalingv2.AverageValueMetricType, autoscalingv2.UtilizationMetricType, autoscalingv2.ValueMetricType)
	for _, quantity := range []struct {
		field string
		value *resource.Quantity
	}{
		{"value", t.Value},
		{"averageValue", t.AverageValue},
	} {
		if quantity.value != nil && quantity.value.Sign() <= 0 {
			o.invalid(at.Child(quantity.field), quantity.value.String(), msgPositive())
		}
	}
	if n := t.AverageUtilization; n != nil && *n <= 0 {
		o.invalid(at.Child("averageUtilization"), *n, msgPositive())
	}
}

func (o *objections) scalingRules(at *field.Path, rules *autoscalingv2.HPAScalingRules) {
	if rules == nil {
		return
	}
	if seconds := rules.StabilizationWindowSeconds; seconds != nil {
		o.inRange(at.Child("stabilizationWindowSeconds"), int64(*seconds), 0, 3600)
	}
	pointed(o, at.Child("selectPolicy"), rules.SelectPolicy, autoscalingv2.DisabledPolicySelect, autoscalingv2.MaxChangePolicySelect, autoscalingv2.MinChangePolicySelect)
	at = at.Child("policies")
	for i, policy := range rules.Policies {
		at := at.Index(i)
		oneOf(o, at.Child("type"), policy.Type, autoscalingv2.PercentScalingPolicy, autoscalingv2.PodsScalingPolicy)
		if policy.Value <= 0 {
			o.invalid(at.Child("value"), policy.Value, msgPositive())
		}
		o.inRange(at.Child("periodSeconds"), int64(policy.PeriodSeconds), 1, 1800)
	}
}
