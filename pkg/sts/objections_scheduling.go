package sts

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	required  = "requiredDuringSchedulingIgnoredDuringExecution"
	preferred = "preferredDuringSchedulingIgnoredDuringExecution"
)

func (o *objections) affinity(at *field.Path, affinity *corev1.Affinity) {
	if affinity == nil {
		return
	}
	if node := affinity.NodeAffinity; node != nil {
		at := at.Child("nodeAffinity")
		if selector := node.RequiredDuringSchedulingIgnoredDuringExecution; selector != nil {
			at := at.Child(required, "nodeSelectorTerms")
			if len(selector.NodeSelectorTerms) == 0 {
				o.required(at, msgNodeSelectorTermMissing())
			}
			for i := range selector.NodeSelectorTerms {
				o.nodeTerm(at.Index(i), &selector.NodeSelectorTerms[i], true)
			}
		}
		for i := range node.PreferredDuringSchedulingIgnoredDuringExecution {
			term, at := &node.PreferredDuringSchedulingIgnoredDuringExecution[i], at.Child(preferred).Index(i)
			o.weight(at, term.Weight)
			o.nodeTerm(at.Child("preference"), &term.Preference, false)
		}
	}
	if with := affinity.PodAffinity; with != nil {
		o.podTerms(at.Child("podAffinity"), with.RequiredDuringSchedulingIgnoredDuringExecution, with.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if apart := affinity.PodAntiAffinity; apart != nil {
		o.podTerms(at.Child("podAntiAffinity"), apart.RequiredDuringSchedulingIgnoredDuringExecution, apart.PreferredDuringSchedulingIgnoredDuringExecution)
	}
}

func (o *objections) weight(at *field.Path, weight int32) {
	o.inRange(at.Child("weight"), int64(weight), 1, 100)
}

// nodeTerm checks a term of a node affinity. The API server looks at the values of labels only in
// required ones.
func (o *objections) nodeTerm(at *field.Path, term *corev1.NodeSelectorTerm, values bool) {
	for i, r := range term.MatchExpressions {
		at := at.Child("matchExpressions").Index(i)
		switch r.Operator {
		case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
			if len(r.Values) == 0 {
				o.required(at.Child("values"), msgValuesRequired("In or NotIn"))
			}
		case corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist:
			if len(r.Values) > 0 {
				o.forbidden(at.Child("values"), msgValuesForbidden("Exists or DoesNotExist"))
			}
		case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
			if len(r.Values) != 1 {
				o.required(at.Child("values"), msgOneValueRequired("Gt or Lt"))
			}
		default:
			o.invalid(at.Child("operator"), string(r.Operator), msgSelectorOperator())
		}
		o.qualified(at.Child("key"), r.Key)
		for k := range r.Values {
			if values {
				o.invalid(at.Child("values").Index(k), r.Values[k], validation.IsValidLabelValue(r.Values[k])...)
			}
		}
	}
	for i, r := range term.MatchFields {
		at := at.Child("matchFields").Index(i)
		if r.Operator != corev1.NodeSelectorOpIn && r.Operator != corev1.NodeSelectorOpNotIn {
			o.invalid(at.Child("operator"), string(r.Operator), msgSelectorOperator())
		} else if len(r.Values) != 1 {
			o.required(at.Child("values"), msgOneValueRequired("In or NotIn"))
		}
		if r.Key != metav1.ObjectNameField {
			o.invalid(at.Child("key"), r.Key, msgSelectorField())
			continue
		}
		for k := range r.Values {
			o.subdomain(at.Child("values").Index(k), r.Values[k])
		}
	}
}

func (o *objections) podTerms(at *field.Path, must []corev1.PodAffinityTerm, should []corev1.WeightedPodAffinityTerm) {
	for i := range must {
		o.podTerm(at.Child(required).Index(i), &must[i])
	}
	for i := range should {
		at := at.Child(preferred).Index(i)
		o.weight(at, should[i].Weight)
		o.podTerm(at.Child("podAffinityTerm"), &should[i].PodAffinityTerm)
	}
}

func (o *objections) podTerm(at *field.Path, term *corev1.PodAffinityTerm) {
	if key := at.Child("topologyKey"); term.TopologyKey == "" {
		o.required(key, msgNotEmpty())
	} else {
		o.qualified(key, term.TopologyKey)
	}
	o.selector(at.Child("labelSelector"), term.LabelSelector)
	o.selector(at.Child("namespaceSelector"), term.NamespaceSelector)
	for i, name := range term.Namespaces {
		o.label(at.Child("namespaces").Index(i), name)
	}
	o.labelKeys(at.Child("matchLabelKeys"), term.MatchLabelKeys, term.LabelSelector)
	o.labelKeys(at.Child("mismatchLabelKeys"), term.MismatchLabelKeys, term.LabelSelector)
	for i, key := range term.MatchLabelKeys {
		if slices.Contains(term.MismatchLabelKeys, key) {
			o.invalid(at.Child("matchLabelKeys").Index(i), key, msgInMismatchLabelKeys())
		}
	}
}

func (o *objections) labelKeys(at *field.Path, keys []string, selector *metav1.LabelSelector) {
	if len(keys) > 0 && selector == nil {
		o.forbidden(at, msgLabelSelectorMissing())
	}
	for i, key := range keys {
		o.qualified(at.Index(i), key)
	}
}

func (o *objections) spread(at *field.Path, constraints []corev1.TopologySpreadConstraint) {
	seen := map[string]bool{}
	for i := range constraints {
		c, at := &constraints[i], at.Index(i)
		if c.MaxSkew <= 0 {
			o.invalid(at.Child("maxSkew"), c.MaxSkew, msgPositive())
		}
		if c.TopologyKey == "" {
			o.required(at.Child("topologyKey"), msgNotEmpty())
		}
		oneOf(o, at.Child("whenUnsatisfiable"), c.WhenUnsatisfiable, corev1.DoNotSchedule, corev1.ScheduleAnyway)
		o.unique(at, c.TopologyKey+", "+string(c.WhenUnsatisfiable), seen)
		if n := c.MinDomains; n != nil {
			switch at := at.Child("minDomains"); {
			case *n <= 0:
				o.invalid(at, *n, msgPositive())
			case c.WhenUnsatisfiable != corev1.DoNotSchedule:
				o.invalid(at, *n, msgMinDomainsOnly())
			}
		}
		pointed(o, at.Child("nodeAffinityPolicy"), c.NodeAffinityPolicy, corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore)
		pointed(o, at.Child("nodeTaintsPolicy"), c.NodeTaintsPolicy, corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore)
		o.selector(at.Child("labelSelector"), c.LabelSelector)
		o.labelKeys(at.Child("matchLabelKeys"), c.MatchLabelKeys, c.LabelSelector)
	}
}

func (o *objections) tolerations(at *field.Path, tolerations []corev1.Toleration) {
	for i := range tolerations {
		t, at := &tolerations[i], at.Index(i)
		switch {
		case t.Key != "":
			o.qualified(at.Child("key"), t.Key)
		case t.Operator != corev1.TolerationOpExists:
			o.invalid(at.Child("operator"), string(t.Operator), msgTolerationOfAll())
		}
		switch t.Operator {
		case "", corev1.TolerationOpEqual:
			o.invalid(at.Child("value"), t.Value, validation.IsValidLabelValue(t.Value)...)
		case corev1.TolerationOpExists:
			if t.Value != "" {
				o.invalid(at.Child("value"), t.Value, msgTolerationValue())
			}
		case corev1.TolerationOpLt, corev1.TolerationOpGt: // behind a feature gate
		default:
			oneOf(o, at.Child("operator"), t.Operator, corev1.TolerationOpEqual, corev1.TolerationOpExists)
		}
		optional(o, at.Child("effect"), t.Effect, corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute)
		if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
			o.invalid(at.Child("effect"), string(t.Effect), msgTolerationSeconds())
		}
	}
}
