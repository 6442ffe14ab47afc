package ststest

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Variant is a changed object: [ValidSet], or one that can belong to it.
type Variant struct {
	Name   string
	Object metav1.Object
	// Field is the one that the API server refuses, empty if it accepts the object.
	Field string
	// Since is the minor version of Kubernetes since which this is so, 0 for all supported ones. Before, it
	// is the other way round.
	Since int
}

// ValidSet has one of most things that a StatefulSet can have, all of them valid. The first container
// is app, the second exporter; the first init container runs once, the second is a sidecar.
func ValidSet() *appsv1.StatefulSet {
	labels := map[string]string{"app": "web"}
	self := &metav1.LabelSelector{MatchLabels: labels}
	set := &appsv1.StatefulSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(3)), ServiceName: "web", Selector: self,
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{claimTemplate("data")},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					Volumes: []corev1.Volume{
						{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "web"}}}},
						{Name: "logs", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
					},
					InitContainers: []corev1.Container{
						{Name: "init", Image: "web:1"},
						{Name: "proxy", Image: "proxy:1", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)},
					},
					Containers: []corev1.Container{
						{
							Name: "app", Image: "web:1",
							Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}, {Name: "peers", ContainerPort: 7000}},
							Env:   []corev1.EnvVar{{Name: "A", Value: "a"}, {Name: "POD", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}},
							Resources: corev1.ResourceRequirements{
								Requests: resources("cpu", "100m", "memory", "128Mi"), Limits: resources("memory", "128Mi"),
							},
							VolumeMounts:   []corev1.VolumeMount{{Name: "data", MountPath: "/data"}, {Name: "config", MountPath: "/etc/web"}},
							LivenessProbe:  &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(7000)}}},
							ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("http")}}},
							StartupProbe:   &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}},
							Lifecycle:      &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}},
						},
						{Name: "exporter", Image: "exporter:1", Ports: []corev1.ContainerPort{{Name: "metrics", ContainerPort: 9100}}},
					},
					Affinity: &corev1.Affinity{
						NodeAffinity: &corev1.NodeAffinity{
							RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
								{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "disk", Operator: corev1.NodeSelectorOpIn, Values: []string{"ssd"}}}},
							}},
							PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
								{Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "cores", Operator: corev1.NodeSelectorOpGt, Values: []string{"4"}}}}},
							},
						},
						PodAntiAffinity: &corev1.PodAntiAffinity{
							RequiredDuringSchedulingIgnoredDuringExecution:  []corev1.PodAffinityTerm{{LabelSelector: self, TopologyKey: corev1.LabelHostname}},
							PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 100, PodAffinityTerm: corev1.PodAffinityTerm{LabelSelector: self, TopologyKey: corev1.LabelTopologyZone}}},
						},
					},
					TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
						{MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: self},
					},
					Tolerations: []corev1.Toleration{{Key: "dedicated", Value: "web", Effect: corev1.TaintEffectNoSchedule}},
				},
			},
		},
	}
	return set.DeepCopy() // nothing is shared
}

func claimTemplate(name string) corev1.PersistentVolumeClaim {
	return corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: resources("storage", "1Gi")},
		},
	}
}

// resources are pairs of a name and a quantity.
func resources(pairs ...string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

// variants are changes of [ValidSet]; prefix is the field of what the changes get.
func variants[T any](prefix string, of func(*appsv1.StatefulSet) *T, list ...variant[T]) []Variant {
	return variantsOf(prefix, ValidSet, of, list...)
}

// variantsOf are changes of a valid object; prefix is the field of what the changes get.
func variantsOf[O metav1.Object, T any](prefix string, valid func() O, of func(O) *T, list ...variant[T]) []Variant {
	var out []Variant
	for _, v := range list {
		field := v.field
		if field != "" {
			field = prefix + field
		}
		object := valid()
		v.change(of(object))
		out = append(out, Variant{Name: v.name, Object: object, Field: field, Since: since[v.name]})
	}
	return out
}

// variant is a change of a part of an object. field is below that part.
type variant[T any] struct {
	name, field string
	change      func(*T)
}

var since = map[string]int{
	"maxUnavailable 0": 37, "maxUnavailable 0%": 37, "maxUnavailable 110%": 37, "maxUnavailable no percentage": 37, "maxUnavailable negative": 37,
	"hostnameOverride": 35, "hostnameOverride with hostNetwork": 35, "container restartPolicy Never": 35,
	"service name of digits": 36, "autoscaler from 0 by an external metric": 37,
}

func theSpec(set *appsv1.StatefulSet) *appsv1.StatefulSetSpec { return &set.Spec }
func thePod(set *appsv1.StatefulSet) *corev1.PodSpec          { return &set.Spec.Template.Spec }
func theApp(set *appsv1.StatefulSet) *corev1.Container        { return &thePod(set).Containers[0] }
func theClaim(set *appsv1.StatefulSet) *corev1.PersistentVolumeClaim {
	return &set.Spec.VolumeClaimTemplates[0]
}

// theVolume is one more volume.
func theVolume(set *appsv1.StatefulSet) *corev1.Volume {
	pod := thePod(set)
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "more"})
	return &pod.Volumes[len(pod.Volumes)-1]
}

// long is a name of 70 letters.
var long = strings.Repeat("abcdefg", 10)

// Refused are changes after which the API server refuses the object.
func Refused() []Variant {
	return slices.Concat(refusedOfSet(), refusedOfClaims(), refusedOfPods(), refusedOfScheduling(), refusedOfVolumes(), refusedOfContainers(), refusedOfProbes(),
		refusedBudgets(), refusedServices(), refusedAutoscalers(), refusedMetrics(), refusedDeployments(), refusedStorage())
}

// Accepted are changes that look like mistakes, or are some, and that the API server accepts.
func Accepted() []Variant {
	return slices.Concat(acceptedSets(), acceptedBudgets(), acceptedServices(), acceptedAutoscalers(), acceptedDeployments(), acceptedStorage())
}
