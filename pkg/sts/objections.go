package sts

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Objection is why the API server would refuse a StatefulSet, or an object that belongs to one.
type Objection struct {
	// Field is the path of the field in the manifest, like spec.template.spec.containers[0].image.
	// A key of a map is in brackets, as in resources.limits[example.com/gpu]. It is the field that
	// the API server names, or the one that it means: it calls the labels of the template
	// spec.template.labels, and a claim template's name that of a volume.
	Field string
	// Problem is what is wrong with it, worded like the API server's own.
	Problem string
}

func (o Objection) String() string { return o.Field + ": " + o.Problem }

// Objections are why the API server would not accept a new object: a set, or one of the kinds below that
// belong to sets; there are none to other kinds. They are the mistakes that people make, not all of its
// validation. The rules are those of the newest supported version of Kubernetes; where an older
// one has others, a comment at the check says so. What a feature gate allows is not objected to, even if
// the gate is off by default. Fields that are not set have the API server's defaults.
func Objections(object metav1.Object) []Objection {
	o := &objections{}
	switch object := object.(type) {
	case *appsv1.StatefulSet:
		o.metadata(object, apivalidation.NameIsDNSLabel)
		o.spec(&object.Spec)
	case *appsv1.Deployment:
		o.deployment(object)
	case *policyv1.PodDisruptionBudget:
		o.budget(object)
	case *autoscalingv2.HorizontalPodAutoscaler:
		o.autoscaler(object)
	case *corev1.Service:
		o.service(object)
	case *corev1.PersistentVolumeClaim:
		o.claim(object)
	case *corev1.ConfigMap:
		o.configMap(object)
	case *storagev1.StorageClass:
		o.storageClass(object)
	}
	var out []Objection
	for _, e := range o.found {
		out = append(out, Objection{Field: e.Field, Problem: e.ErrorBody()})
	}
	return out
}

// objections are the errors that the checks have found, in the order of the checks.
type objections struct{ found field.ErrorList }

func (o *objections) required(at *field.Path, detail string) {
	o.found = append(o.found, field.Required(at, detail))
}

func (o *objections) invalid(at *field.Path, value any, details ...string) {
	for _, detail := range details {
		o.found = append(o.found, field.Invalid(at, value, detail))
	}
}

func (o *objections) forbidden(at *field.Path, detail string) {
	o.found = append(o.found, field.Forbidden(at, detail))
}

func (o *objections) notFound(at *field.Path, value string) {
	o.found = append(o.found, field.NotFound(at, value))
}

func (o *objections) notNegative(at *field.Path, value int64) {
	o.found = append(o.found, apivalidation.ValidateNonnegativeField(value, at)...)
}

// inRange requires a value from least to most.
func (o *objections) inRange(at *field.Path, value, least, most int64) {
	if value < least || value > most {
		o.invalid(at, value, msgRange(least, most))
	}
}

// oneOf requires one of the supported values.
func oneOf[T ~string](o *objections, at *field.Path, value T, supported ...T) {
	if !slices.Contains(supported, value) {
		o.found = append(o.found, field.NotSupported(at, value, slices.Sorted(slices.Values(supported))))
	}
}

// optional is oneOf for a field that has a default.
func optional[T ~string](o *objections, at *field.Path, value T, supported ...T) {
	if value != "" {
		oneOf(o, at, value, supported...)
	}
}

// pointed is oneOf for a field that need not be there.
func pointed[T ~string](o *objections, at *field.Path, value *T, supported ...T) {
	if value != nil {
		oneOf(o, at, *value, supported...)
	}
}

// label requires a DNS label, subdomain a DNS name.
func (o *objections) label(at *field.Path, value string) {
	o.invalid(at, value, validation.IsDNS1123Label(value)...)
}

func (o *objections) subdomain(at *field.Path, value string) {
	o.invalid(at, value, validation.IsDNS1123Subdomain(value)...)
}

// qualified requires a name like that of a label.
func (o *objections) qualified(at *field.Path, value string) {
	o.invalid(at, value, validation.IsQualifiedName(value)...)
}

// unique objects to a name that was seen before.
func (o *objections) unique(at *field.Path, name string, seen map[string]bool) {
	if name != "" && seen[name] {
		o.found = append(o.found, field.Duplicate(at, name))
	}
	seen[name] = true
}

// labels checks labels, each by itself: the order of the errors is that of the keys.
func (o *objections) labels(at *field.Path, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		o.found = append(o.found, metavalidation.ValidateLabels(map[string]string{key: labels[key]}, at)...)
	}
}

func (o *objections) annotations(at *field.Path, annotations map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		o.found = append(o.found, apivalidation.ValidateAnnotations(map[string]string{key: ""}, at)...)
	}
	if apivalidation.ValidateAnnotationsSize(annotations) != nil {
		o.found = append(o.found, field.TooLong(at, "", apivalidation.TotalAnnotationSizeLimitB))
	}
}

func (o *objections) selector(at *field.Path, selector *metav1.LabelSelector) {
	if selector == nil {
		return
	}
	o.labels(at.Child("matchLabels"), selector.MatchLabels)
	o.found = append(o.found, metavalidation.ValidateLabelSelector(
		&metav1.LabelSelector{MatchExpressions: selector.MatchExpressions}, metavalidation.LabelSelectorValidationOptions{}, at)...)
}

// metadata checks what all objects have. rule is that of the kind's names.
func (o *objections) metadata(object metav1.Object, rule apivalidation.ValidateNameFunc) {
	at := field.NewPath("metadata")
	switch {
	case object.GetName() != "":
		o.invalid(at.Child("name"), object.GetName(), rule(object.GetName(), false)...)
	case object.GetGenerateName() == "":
		o.required(at.Child("name"), msgNameRequired())
	}
	if prefix := object.GetGenerateName(); prefix != "" {
		o.invalid(at.Child("generateName"), prefix, rule(prefix, true)...)
	}
	o.labels(at.Child("labels"), object.GetLabels())
	o.annotations(at.Child("annotations"), object.GetAnnotations())
}

func (o *objections) spec(spec *appsv1.StatefulSetSpec) {
	at := field.NewPath("spec")
	if spec.Replicas != nil {
		o.notNegative(at.Child("replicas"), int64(*spec.Replicas))
	}
	o.notNegative(at.Child("minReadySeconds"), int64(spec.MinReadySeconds))
	if spec.Ordinals != nil {
		o.notNegative(at.Child("ordinals", "start"), int64(spec.Ordinals.Start))
	}
	if spec.ServiceName != "" {
		o.label(at.Child("serviceName"), spec.ServiceName) // Kubernetes 1.33 and earlier accept any
	}
	optional(o, at.Child("podManagementPolicy"), spec.PodManagementPolicy, appsv1.OrderedReadyPodManagement, appsv1.ParallelPodManagement)
	o.updateStrategy(at.Child("updateStrategy"), &spec.UpdateStrategy)
	if policy := spec.PersistentVolumeClaimRetentionPolicy; policy != nil {
		at := at.Child("persistentVolumeClaimRetentionPolicy")
		const retain, remove = appsv1.RetainPersistentVolumeClaimRetentionPolicyType, appsv1.DeletePersistentVolumeClaimRetentionPolicyType
		optional(o, at.Child("whenDeleted"), policy.WhenDeleted, retain, remove)
		optional(o, at.Child("whenScaled"), policy.WhenScaled, retain, remove)
	}
	o.podSelector(at, spec.Selector, &spec.Template)
	o.claimTemplates(at.Child("volumeClaimTemplates"), spec.VolumeClaimTemplates)
	o.podTemplate(at.Child("template"), &spec.Template, spec.VolumeClaimTemplates)
}

func (o *objections) updateStrategy(at *field.Path, strategy *appsv1.StatefulSetUpdateStrategy) {
	// Whether a server has the feature gate of Recreate is not checked here.
	optional(o, at.Child("type"), strategy.Type, slices.Sorted(maps.Keys(strategies))...)
	rolling := strategy.RollingUpdate
	if rolling == nil {
		return
	}
	at = at.Child("rollingUpdate")
	if kind := strategy.Type; kind != "" && !strategies[kind].partition {
		o.forbidden(at, msgRollingUpdateOnly())
		return
	}
	if rolling.Partition != nil {
		o.notNegative(at.Child("partition"), int64(*rolling.Partition))
	}
	if rolling.MaxUnavailable == nil {
		return
	}
	// Kubernetes 1.36 and earlier drop the field before they look at it.
	at = at.Child("maxUnavailable")
	if n, valid := o.share(at, rolling.MaxUnavailable); valid && n == 0 {
		o.invalid(at, rolling.MaxUnavailable.String(), msgNotZero())
	}
	o.notAbove100Percent(at, rolling.MaxUnavailable)
}

// share requires a number of pods, or a percentage of them, and returns it without the percent sign.
func (o *objections) share(at *field.Path, value *intstr.IntOrString) (n int, valid bool) {
	before := len(o.found)
	if value.Type == intstr.String {
		o.invalid(at, value.StrVal, validation.IsValidPercent(value.StrVal)...)
	} else {
		o.notNegative(at, int64(value.IntVal))
	}
	return percent(value), len(o.found) == before
}

// percent is a number, or a percentage without its sign: at 100 pods the two are the same.
func percent(value *intstr.IntOrString) int {
	n, err := intstr.GetScaledValueFromIntOrPercent(value, 100, true)
	if err != nil {
		return 0
	}
	return n
}

func (o *objections) notAbove100Percent(at *field.Path, value *intstr.IntOrString) {
	if value.Type == intstr.String && percent(value) > 100 {
		o.invalid(at, value.StrVal, msgAtMost100Percent())
	}
}

// podSelector checks the selector of a spec, which has to select the pods of its template.
func (o *objections) podSelector(at *field.Path, from *metav1.LabelSelector, template *corev1.PodTemplateSpec) {
	podLabels := at.Child("template", "metadata", "labels")
	at = at.Child("selector")
	if from == nil {
		o.required(at, "")
		return
	}
	if len(from.MatchLabels)+len(from.MatchExpressions) == 0 {
		o.required(at, msgNotEmpty())
		return
	}
	before := len(o.found)
	o.selector(at, from)
	selector, err := metav1.LabelSelectorAsSelector(from)
	switch {
	case len(o.found) > before:
	case err != nil:
		o.invalid(at, metav1.FormatLabelSelector(from), err.Error())
	case !selector.Matches(labels.Set(template.Labels)):
		o.invalid(podLabels, labels.FormatLabels(template.Labels), msgSelectorMismatch())
	}
}
