package ststest

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func self[T any](object *T) *T { return object }

func validBudget() *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable: new(intstr.FromInt32(1)),
			Selector:       &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
		},
	}
}

func minAvailable(n intstr.IntOrString) func(*policyv1.PodDisruptionBudget) {
	return func(b *policyv1.PodDisruptionBudget) { b.Spec.MinAvailable, b.Spec.MaxUnavailable = &n, nil }
}

func maxUnavailable(n intstr.IntOrString) func(*policyv1.PodDisruptionBudget) {
	return func(b *policyv1.PodDisruptionBudget) { b.Spec.MaxUnavailable = &n }
}

func refusedBudgets() []Variant {
	type budget = policyv1.PodDisruptionBudget
	return variantsOf("", validBudget, self, []variant[budget]{
		{"budget without name", "metadata.name", func(b *budget) { b.Name = "" }},
		{"budget name with a slash", "metadata.name", func(b *budget) { b.Name = "a/b" }},
		{"budget label value", "metadata.labels", func(b *budget) { b.Labels = map[string]string{"a": "b c"} }},
		{"budget with both", "spec.maxUnavailable", func(b *budget) { b.Spec.MinAvailable = new(intstr.FromInt32(1)) }},
		{"budget minAvailable negative", "spec.minAvailable", minAvailable(intstr.FromInt32(-1))},
		{"budget minAvailable in quotes", "spec.minAvailable", minAvailable(intstr.FromString("1"))},
		{"budget minAvailable 110%", "spec.minAvailable", minAvailable(intstr.FromString("110%"))},
		{"budget maxUnavailable negative", "spec.maxUnavailable", maxUnavailable(intstr.FromInt32(-1))},
		{"budget maxUnavailable no percentage", "spec.maxUnavailable", maxUnavailable(intstr.FromString("half"))},
		{"budget maxUnavailable 200%", "spec.maxUnavailable", maxUnavailable(intstr.FromString("200%"))},
		{"budget selector value", "spec.selector.matchLabels", func(b *budget) { b.Spec.Selector.MatchLabels["app"] = "a b" }},
		{"budget selector operator", "spec.selector.matchExpressions[0].operator", func(b *budget) {
			b.Spec.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Is", Values: []string{"web"}}}
		}},
		{"budget unhealthyPodEvictionPolicy", "spec.unhealthyPodEvictionPolicy", func(b *budget) {
			b.Spec.UnhealthyPodEvictionPolicy = new(policyv1.UnhealthyPodEvictionPolicyType("Always"))
		}},
	}...)
}

func acceptedBudgets() []Variant {
	type budget = policyv1.PodDisruptionBudget
	return variantsOf("", validBudget, self, []variant[budget]{
		{"budget as it is", "", func(*budget) {}},
		{"budget name in capitals", "", func(b *budget) { b.Name = "Web_1" }},
		{"budget without either", "", func(b *budget) { b.Spec.MaxUnavailable = nil }},
		{"budget minAvailable 0", "", minAvailable(intstr.FromInt32(0))},
		{"budget minAvailable 100%", "", minAvailable(intstr.FromString("100%"))},
		{"budget minAvailable above the replicas", "", minAvailable(intstr.FromInt32(200))},
		{"budget maxUnavailable 0%", "", maxUnavailable(intstr.FromString("0%"))},
		{"budget without selector", "", func(b *budget) { b.Spec.Selector = nil }},
		{"budget with an empty selector", "", func(b *budget) { b.Spec.Selector = &metav1.LabelSelector{} }},
		{"budget AlwaysAllow", "", func(b *budget) { b.Spec.UnhealthyPodEvictionPolicy = new(policyv1.AlwaysAllow) }},
	}...)
}

func validDeployment() *appsv1.Deployment {
	set := ValidSet()
	deployment := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.DeploymentSpec{Selector: set.Spec.Selector, Template: set.Spec.Template},
	}
	pod := &deployment.Spec.Template.Spec
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
	}})
	return deployment
}

func rolling(maxUnavailable, maxSurge *intstr.IntOrString) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxUnavailable: maxUnavailable, MaxSurge: maxSurge}
	}
}

func refusedDeployments() []Variant {
	type deployment = appsv1.Deployment
	return variantsOf("", validDeployment, self, []variant[deployment]{
		{"deployment name in capitals", "metadata.name", func(d *deployment) { d.Name = "Web" }},
		{"deployment replicas negative", "spec.replicas", func(d *deployment) { d.Spec.Replicas = new(int32(-1)) }},
		{"deployment minReadySeconds negative", "spec.minReadySeconds", func(d *deployment) { d.Spec.MinReadySeconds = -1 }},
		{"deployment revisionHistoryLimit negative", "spec.revisionHistoryLimit", func(d *deployment) { d.Spec.RevisionHistoryLimit = new(int32(-1)) }},
		{"deployment minReadySeconds over the deadline", "spec.progressDeadlineSeconds", func(d *deployment) { d.Spec.MinReadySeconds = 600 }},
		{"deployment deadline 0", "spec.progressDeadlineSeconds", func(d *deployment) { d.Spec.ProgressDeadlineSeconds = new(int32) }},
		{"deployment strategy", "spec.strategy.type", func(d *deployment) { d.Spec.Strategy.Type = "Rolling" }},
		{"deployment Recreate with rollingUpdate", "spec.strategy.rollingUpdate", func(d *deployment) {
			d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{}}
		}},
		{"deployment maxUnavailable and maxSurge 0", "spec.strategy.rollingUpdate.maxUnavailable", rolling(new(intstr.FromString("0%")), new(intstr.FromInt32(0)))},
		{"deployment maxUnavailable 110%", "spec.strategy.rollingUpdate.maxUnavailable", rolling(new(intstr.FromString("110%")), nil)},
		{"deployment maxUnavailable in quotes", "spec.strategy.rollingUpdate.maxUnavailable", rolling(new(intstr.FromString("1")), new(intstr.FromInt32(0)))},
		{"deployment maxSurge negative", "spec.strategy.rollingUpdate.maxSurge", rolling(nil, new(intstr.FromInt32(-1)))},
		{"deployment without selector", "spec.selector", func(d *deployment) { d.Spec.Selector = nil }},
		{"deployment with an empty selector", "spec.selector", func(d *deployment) { d.Spec.Selector = &metav1.LabelSelector{} }},
		{"deployment selector does not match", "spec.template.metadata.labels", func(d *deployment) { d.Spec.Template.Labels = map[string]string{"app": "other"} }},
		{"deployment restartPolicy", "spec.template.spec.restartPolicy", func(d *deployment) { d.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever }},
		{"deployment activeDeadlineSeconds", "spec.template.spec.activeDeadlineSeconds", func(d *deployment) { d.Spec.Template.Spec.ActiveDeadlineSeconds = new(int64(60)) }},
		{"deployment without containers", "spec.template.spec.containers", func(d *deployment) { d.Spec.Template.Spec.Containers = nil }},
		{"deployment mount without a volume", "spec.template.spec.containers[0].volumeMounts[0].name", func(d *deployment) { d.Spec.Template.Spec.Containers[0].VolumeMounts[0].Name = "absent" }},
		{"deployment request over its limit", "spec.template.spec.containers[0].resources.requests[memory]", func(d *deployment) {
			d.Spec.Template.Spec.Containers[0].Resources.Requests = resources("memory", "1Gi")
		}},
	}...)
}

func acceptedDeployments() []Variant {
	type deployment = appsv1.Deployment
	return variantsOf("", validDeployment, self, []variant[deployment]{
		{"deployment as it is", "", func(*deployment) {}},
		{"deployment name with a dot", "", func(d *deployment) { d.Name = "web." + long }},
		{"deployment replicas 0", "", func(d *deployment) { d.Spec.Replicas = new(int32) }},
		{"deployment revisionHistoryLimit 0", "", func(d *deployment) { d.Spec.RevisionHistoryLimit = new(int32) }},
		{"deployment minReadySeconds below the deadline", "", func(d *deployment) { d.Spec.MinReadySeconds = 599 }},
		{"deployment Recreate", "", func(d *deployment) { d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType }},
		{"deployment maxUnavailable 0", "", rolling(new(intstr.FromInt32(0)), nil)},
		{"deployment maxSurge 0", "", rolling(nil, new(intstr.FromInt32(0)))},
		{"deployment maxUnavailable 100%", "", rolling(new(intstr.FromString("100%")), new(intstr.FromInt32(0)))},
		{"deployment maxSurge 200%", "", rolling(nil, new(intstr.FromString("200%")))},
	}...)
}

func validClaim() *corev1.PersistentVolumeClaim {
	claim := claimTemplate("data-web-0")
	claim.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"}
	return &claim
}

func validConfigMap() *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Data:       map[string]string{"web.conf": "a"},
	}
}

func validClass() *storagev1.StorageClass {
	return &storagev1.StorageClass{
		TypeMeta:    metav1.TypeMeta{APIVersion: "storage.k8s.io/v1", Kind: "StorageClass"},
		ObjectMeta:  metav1.ObjectMeta{Name: "fast"},
		Provisioner: "csi.example.com",
	}
}

// refusedStorage are claims, StorageClasses and ConfigMaps.
func refusedStorage() []Variant {
	type claim = corev1.PersistentVolumeClaim
	type config = corev1.ConfigMap
	type class = storagev1.StorageClass
	all := variantsOf("", validClaim, self, []variant[claim]{
		{"single claim name in capitals", "metadata.name", func(c *claim) { c.Name = "Data" }},
		{"single claim without access mode", "spec.accessModes", func(c *claim) { c.Spec.AccessModes = nil }},
		{"single claim access mode", "spec.accessModes[0]", func(c *claim) {
			c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{"RWO"}
		}},
		{"single claim without request", "spec.resources.requests[storage]", func(c *claim) { c.Spec.Resources.Requests = nil }},
		{"single claim of 0", "spec.resources.requests[storage]", func(c *claim) { c.Spec.Resources.Requests = resources("storage", "0") }},
		{"single claim volumeMode", "spec.volumeMode", func(c *claim) { c.Spec.VolumeMode = new(corev1.PersistentVolumeMode("block")) }},
		{"single claim class", "spec.storageClassName", func(c *claim) { c.Spec.StorageClassName = new("Fast") }},
		{"single claim of a snapshot without name", "spec.dataSource.name", func(c *claim) {
			c.Spec.DataSource = &corev1.TypedLocalObjectReference{APIGroup: new("snapshot.storage.k8s.io"), Kind: "VolumeSnapshot"}
		}},
		{"single claim dataSourceRef without group", "spec.dataSourceRef.kind", func(c *claim) {
			c.Spec.DataSourceRef = &corev1.TypedObjectReference{Kind: "VolumeSnapshot", Name: "a"}
		}},
	}...)
	all = append(all, variantsOf("", validConfigMap, self, []variant[config]{
		{"config name", "metadata.name", func(c *config) { c.Name = "web_config" }},
		{"config key with a slash", "data[conf/web]", func(c *config) { c.Data = map[string]string{"conf/web": "a"} }},
		{"config key with a blank", "data[a b]", func(c *config) { c.Data = map[string]string{"a b": "a"} }},
		{"config key empty", "data[]", func(c *config) { c.Data = map[string]string{"": "a"} }},
		{"config key twice", "data[web.conf]", func(c *config) { c.BinaryData = map[string][]byte{"web.conf": nil} }},
		{"config binary key", "binaryData[..]", func(c *config) { c.BinaryData = map[string][]byte{"..": nil} }},
	}...)...)
	return append(all, variantsOf("", validClass, self, []variant[class]{
		{"class name", "metadata.name", func(c *class) { c.Name = "Fast" }},
		{"class without provisioner", "provisioner", func(c *class) { c.Provisioner = "" }},
		{"class provisioner", "provisioner", func(c *class) { c.Provisioner = "a/b/c" }},
		{"class reclaimPolicy", "reclaimPolicy", func(c *class) { c.ReclaimPolicy = new(corev1.PersistentVolumeReclaimRecycle) }},
		{"class volumeBindingMode", "volumeBindingMode", func(c *class) { c.VolumeBindingMode = new(storagev1.VolumeBindingMode("Wait")) }},
	}...)...)
}

func acceptedStorage() []Variant {
	type claim = corev1.PersistentVolumeClaim
	type config = corev1.ConfigMap
	type class = storagev1.StorageClass
	all := variantsOf("", validClaim, self, []variant[claim]{
		{"single claim as it is", "", func(*claim) {}},
		{"single claim name with a dot", "", func(c *claim) { c.Name = "data.web" }},
		{"single claim class empty", "", func(c *claim) { c.Spec.StorageClassName = new("") }},
		{"single claim dataSource of no kind that can be one", "", func(c *claim) {
			c.Spec.DataSource = &corev1.TypedLocalObjectReference{Kind: "VolumeSnapshot"}
		}},
		{"single claim dataSourceRef of any kind", "", func(c *claim) {
			c.Spec.DataSourceRef = &corev1.TypedObjectReference{APIGroup: new("example.com"), Kind: "Backup", Name: "A b"}
		}},
		{"single claim volumeName of none", "", func(c *claim) { c.Spec.VolumeName = "absent" }},
	}...)
	all = append(all, variantsOf("", validConfigMap, self, []variant[config]{
		{"config as it is", "", func(*config) {}},
		{"config without data", "", func(c *config) { c.Data = nil }},
		{"config keys", "", func(c *config) { c.Data = map[string]string{"A_b-c.D": "", ".a": "", "-": ""} }},
		{"config binary key beside another", "", func(c *config) { c.BinaryData = map[string][]byte{"web": nil} }},
	}...)...)
	return append(all, variantsOf("", validClass, self, []variant[class]{
		{"class as it is", "", func(*class) {}},
		{"class provisioner with a slash in capitals", "", func(c *class) { c.Provisioner = "Example.com/NFS_1" }},
		{"class without a provisioner", "", func(c *class) { c.Provisioner = "kubernetes.io/no-provisioner" }},
		{"class reclaimPolicy empty", "", func(c *class) { c.ReclaimPolicy = new(corev1.PersistentVolumeReclaimPolicy("")) }},
		{"class WaitForFirstConsumer", "", func(c *class) { c.VolumeBindingMode = new(storagev1.VolumeBindingWaitForFirstConsumer) }},
		{"class parameter empty", "", func(c *class) { c.Parameters = map[string]string{"type": ""} }},
	}...)...)
}

func validAutoscaler() *autoscalingv2.HorizontalPodAutoscaler {
	return &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web"},
			MinReplicas:    new(int32(2)), MaxReplicas: 5,
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.ResourceMetricSourceType,
				Resource: &autoscalingv2.ResourceMetricSource{
					Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(int32(80))},
				},
			}},
			Behavior: &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleDown: &autoscalingv2.HPAScalingRules{
				StabilizationWindowSeconds: new(int32(300)),
				Policies:                   []autoscalingv2.HPAScalingPolicy{{Type: autoscalingv2.PodsScalingPolicy, Value: 1, PeriodSeconds: 60}},
			}},
		},
	}
}

func replicas(least *int32, most int32) func(*autoscalingv2.HorizontalPodAutoscaler) {
	return func(h *autoscalingv2.HorizontalPodAutoscaler) { h.Spec.MinReplicas, h.Spec.MaxReplicas = least, most }
}

func scaleDown(change func(*autoscalingv2.HPAScalingRules)) func(*autoscalingv2.HorizontalPodAutoscaler) {
	return func(h *autoscalingv2.HorizontalPodAutoscaler) { change(h.Spec.Behavior.ScaleDown) }
}

// external is a metric of this target.
func external(target autoscalingv2.MetricTarget) autoscalingv2.MetricSpec {
	return autoscalingv2.MetricSpec{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
		Metric: autoscalingv2.MetricIdentifier{Name: "queue"}, Target: target,
	}}
}

var ten = autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: new(resource.MustParse("10"))}

func refusedAutoscalers() []Variant {
	type autoscaler = autoscalingv2.HorizontalPodAutoscaler
	type rules = autoscalingv2.HPAScalingRules
	return variantsOf("", validAutoscaler, self, []variant[autoscaler]{
		{"autoscaler name in capitals", "metadata.name", func(h *autoscaler) { h.Name = "Web" }},
		{"autoscaler min over max", "spec.maxReplicas", replicas(new(int32(6)), 5)},
		{"autoscaler min over max of v1", "spec.maxReplicas", func(h *autoscaler) {
			h.APIVersion = "autoscaling/v1"
			h.Spec.Metrics, h.Spec.Behavior, h.Spec.MinReplicas = nil, nil, new(int32(6))
		}},
		{"autoscaler without maxReplicas", "spec.maxReplicas", replicas(nil, 0)},
		{"autoscaler maxReplicas negative", "spec.maxReplicas", replicas(nil, -1)},
		{"autoscaler minReplicas negative", "spec.minReplicas", replicas(new(int32(-1)), 5)},
		{"autoscaler from 0 by CPU", "spec.minReplicas", replicas(new(int32), 5)},
		{"autoscaler from 0 without metrics", "spec.minReplicas", func(h *autoscaler) { h.Spec.MinReplicas, h.Spec.Metrics = new(int32), nil }},
		{"autoscaler without target", "spec.scaleTargetRef.name", func(h *autoscaler) { h.Spec.ScaleTargetRef.Name = "" }},
		{"autoscaler target of no kind", "spec.scaleTargetRef.kind", func(h *autoscaler) { h.Spec.ScaleTargetRef.Kind = "" }},
		{"autoscaler target with its kind", "spec.scaleTargetRef.name", func(h *autoscaler) { h.Spec.ScaleTargetRef.Name = "statefulset/web" }},
		{"autoscaler window", "spec.behavior.scaleDown.stabilizationWindowSeconds", scaleDown(func(r *rules) { r.StabilizationWindowSeconds = new(int32(7200)) })},
		{"autoscaler selectPolicy", "spec.behavior.scaleDown.selectPolicy", scaleDown(func(r *rules) { r.SelectPolicy = new(autoscalingv2.ScalingPolicySelect("None")) })},
		{"autoscaler policy type", "spec.behavior.scaleDown.policies[0].type", scaleDown(func(r *rules) { r.Policies[0].Type = "Pod" })},
		{"autoscaler policy value", "spec.behavior.scaleDown.policies[0].value", scaleDown(func(r *rules) { r.Policies[0].Value = 0 })},
		{"autoscaler policy period", "spec.behavior.scaleDown.policies[0].periodSeconds", scaleDown(func(r *rules) { r.Policies[0].PeriodSeconds = 3600 })},
	}...)
}

func theMetric(h *autoscalingv2.HorizontalPodAutoscaler) *autoscalingv2.MetricSpec {
	return &h.Spec.Metrics[0]
}

func refusedMetrics() []Variant {
	type metric = autoscalingv2.MetricSpec
	return variantsOf("spec.metrics[0].", validAutoscaler, theMetric, []variant[metric]{
		{"metric type", "type", func(m *metric) { m.Type = "CPU" }},
		{"metric without type", "type", func(m *metric) { m.Type = "" }},
		{"metric without its source", "pods", func(m *metric) { m.Type = autoscalingv2.PodsMetricSourceType }},
		{"metric with another source", "external", func(m *metric) { m.External = external(ten).External }},
		{"metric without resource", "resource.name", func(m *metric) { m.Resource.Name = "" }},
		{"metric target without type", "resource.target.type", func(m *metric) { m.Resource.Target.Type = "" }},
		{"metric target without value", "resource.target.averageUtilization", func(m *metric) { m.Resource.Target.AverageUtilization = nil }},
		{"metric target 0", "resource.target.averageUtilization", func(m *metric) { m.Resource.Target.AverageUtilization = new(int32) }},
		{"metric target with both", "resource.target.averageValue", func(m *metric) { m.Resource.Target.AverageValue = ten.AverageValue }},
		{"metric target of 0 on average", "external.target.averageValue", func(m *metric) {
			*m = external(autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: new(resource.MustParse("0"))})
		}},
		{"external metric without name", "external.metric.name", func(m *metric) {
			*m = external(ten)
			m.External.Metric.Name = ""
		}},
		{"external metric without value", "external.target.averageValue", func(m *metric) {
			*m = external(autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType})
		}},
		{"external metric with both", "external.target.value", func(m *metric) {
			*m = external(ten)
			m.External.Target.Value = ten.AverageValue
		}},
		{"pods metric without average", "pods.target.averageValue", func(m *metric) {
			*m = metric{Type: autoscalingv2.PodsMetricSourceType, Pods: &autoscalingv2.PodsMetricSource{
				Metric: autoscalingv2.MetricIdentifier{Name: "requests"}, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: ten.AverageValue},
			}}
		}},
		{"object metric without object", "object.describedObject.name", func(m *metric) {
			*m = metric{Type: autoscalingv2.ObjectMetricSourceType, Object: &autoscalingv2.ObjectMetricSource{
				DescribedObject: autoscalingv2.CrossVersionObjectReference{Kind: "Service"}, Metric: autoscalingv2.MetricIdentifier{Name: "requests"}, Target: ten,
			}}
		}},
		{"container metric without container", "containerResource.container", func(m *metric) {
			*m = metric{Type: autoscalingv2.ContainerResourceMetricSourceType, ContainerResource: &autoscalingv2.ContainerResourceMetricSource{
				Name: corev1.ResourceCPU, Target: m.Resource.Target,
			}}
		}},
	}...)
}

func acceptedAutoscalers() []Variant {
	type autoscaler = autoscalingv2.HorizontalPodAutoscaler
	type rules = autoscalingv2.HPAScalingRules
	return variantsOf("", validAutoscaler, self, []variant[autoscaler]{
		{"autoscaler as it is", "", func(*autoscaler) {}},
		{"autoscaler of one size", "", replicas(new(int32(5)), 5)},
		{"autoscaler without minReplicas", "", replicas(nil, 1)},
		{"autoscaler from 0 by an external metric", "", func(h *autoscaler) {
			h.Spec.MinReplicas, h.Spec.Metrics = new(int32), []autoscalingv2.MetricSpec{external(ten)}
		}},
		{"autoscaler without metrics", "", func(h *autoscaler) { h.Spec.Metrics = nil }},
		{"autoscaler of v1", "", func(h *autoscaler) {
			h.APIVersion, h.Spec.Metrics, h.Spec.Behavior = "autoscaling/v1", nil, nil
		}},
		{"autoscaler of a custom resource", "", func(h *autoscaler) {
			h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "example.com/v1", Kind: "database", Name: "Web_1"}
		}},
		{"autoscaler target type unlike its value", "", func(h *autoscaler) { theMetric(h).Resource.Target.Type = autoscalingv2.AverageValueMetricType }},
		{"autoscaler of a resource that there is not", "", func(h *autoscaler) { theMetric(h).Resource.Name = "a b" }},
		{"autoscaler metrics twice", "", func(h *autoscaler) { h.Spec.Metrics = append(h.Spec.Metrics, h.Spec.Metrics[0]) }},
		{"autoscaler object metric with both", "", func(h *autoscaler) {
			*theMetric(h) = autoscalingv2.MetricSpec{Type: autoscalingv2.ObjectMetricSourceType, Object: &autoscalingv2.ObjectMetricSource{
				DescribedObject: autoscalingv2.CrossVersionObjectReference{Kind: "Service", Name: "web"}, Metric: autoscalingv2.MetricIdentifier{Name: "requests"},
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: ten.AverageValue, AverageValue: ten.AverageValue},
			}}
		}},
		{"autoscaler never down", "", scaleDown(func(r *rules) { r.SelectPolicy, r.Policies = new(autoscalingv2.DisabledPolicySelect), nil })},
		{"autoscaler window 0", "", scaleDown(func(r *rules) { r.StabilizationWindowSeconds = new(int32) })},
		{"autoscaler policy over 100 percent", "", scaleDown(func(r *rules) {
			r.Policies = []autoscalingv2.HPAScalingPolicy{{Type: autoscalingv2.PercentScalingPolicy, Value: 400, PeriodSeconds: 1800}}
		})},
	}...)
}
