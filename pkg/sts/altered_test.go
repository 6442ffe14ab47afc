package sts_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Defaults of the API server are not taken for changes of admission.
func TestAltered(t *testing.T) {
	type change = func(*appsv1.StatefulSet)
	pod := func(f func(*corev1.PodSpec)) change {
		return func(s *appsv1.StatefulSet) { f(&s.Spec.Template.Spec) }
	}
	app := func(f func(*corev1.Container)) change {
		return pod(func(p *corev1.PodSpec) { f(&p.Containers[0]) })
	}
	owns := func(fields string) change {
		return func(s *appsv1.StatefulSet) {
			s.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: sts.FieldManager, FieldsV1: metav1.NewFieldsV1(fields)}}
		}
	}
	tests := map[string]struct {
		sent, stored []change // after sent
		want         []sts.Change
	}{
		"nothing": {},
		"defaults of a pod": {stored: []change{pod(func(p *corev1.PodSpec) {
			p.DNSPolicy, p.RestartPolicy, p.SchedulerName = corev1.DNSClusterFirst, corev1.RestartPolicyAlways, corev1.DefaultSchedulerName
			p.SecurityContext, p.TerminationGracePeriodSeconds = &corev1.PodSecurityContext{}, new(int64(30))
		})}},
		"defaults of a container": {sent: []change{app(func(c *corev1.Container) {
			c.Ports = []corev1.ContainerPort{{ContainerPort: 80}}
			c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{}}}
			c.Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}}
		})}, stored: []change{app(func(c *corev1.Container) {
			c.ImagePullPolicy, c.TerminationMessagePath, c.TerminationMessagePolicy = corev1.PullIfNotPresent, "/dev/termination-log", corev1.TerminationMessageReadFile
			c.Ports[0].Protocol = corev1.ProtocolTCP
			c.LivenessProbe.TimeoutSeconds, c.LivenessProbe.PeriodSeconds, c.LivenessProbe.SuccessThreshold, c.LivenessProbe.FailureThreshold = 1, 10, 1, 3
			c.LivenessProbe.HTTPGet.Path, c.LivenessProbe.HTTPGet.Scheme = "/", corev1.URISchemeHTTP
			c.Env[0].ValueFrom.FieldRef.APIVersion = "v1"
		})}},
		"defaults of volumes": {sent: []change{pod(func(p *corev1.PodSpec) {
			p.Volumes = []corev1.Volume{{Name: "a"}, {Name: "b", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{}}},
				{Name: "c", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{}}}}
		})}, stored: []change{pod(func(p *corev1.PodSpec) {
			p.Volumes[0].EmptyDir, p.Volumes[1].Secret.DefaultMode, p.Volumes[2].HostPath.Type = &corev1.EmptyDirVolumeSource{}, new(int32(420)), new(corev1.HostPathUnset)
		})}},
		"the two names of a ServiceAccount": {sent: []change{pod(func(p *corev1.PodSpec) { p.ServiceAccountName = "a" })},
			stored: []change{pod(func(p *corev1.PodSpec) { p.DeprecatedServiceAccount = "a" })}},
		"amounts below a thousandth": {sent: []change{app(func(c *corev1.Container) {
			c.Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("100u")}
		})}, stored: []change{app(func(c *corev1.Container) {
			c.Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("1m")}
		})}},
		"a default that only managedFields know": {stored: []change{owns(`{"f:spec":{"f:template":{"f:spec":{"f:hostUsers":{}}}}}`), pod(func(p *corev1.PodSpec) { p.HostUsers = new(true) })}},
		"the same from admission": {stored: []change{owns(`{"f:spec":{}}`), pod(func(p *corev1.PodSpec) { p.HostUsers = new(true) })},
			want: []sts.Change{{Path: "spec.template.spec.hostUsers", To: "true"}}},
		"a default with another value": {stored: []change{owns(`{"f:spec":{"f:template":{"f:spec":{"f:dnsPolicy":{}}}}}`), pod(func(p *corev1.PodSpec) { p.DNSPolicy = corev1.DNSDefault })},
			want: []sts.Change{{Path: "spec.template.spec.dnsPolicy", To: "Default"}}},
		"a field that the API server does not have": {sent: []change{pod(func(p *corev1.PodSpec) { p.HostUsers = new(false) })},
			stored: []change{owns(`{"f:spec":{}}`), pod(func(p *corev1.PodSpec) { p.HostUsers = nil })}},
		"a field that is taken away": {sent: []change{pod(func(p *corev1.PodSpec) { p.HostUsers = new(false) })},
			stored: []change{owns(`{"f:spec":{"f:template":{"f:spec":{"f:hostUsers":{}}}}}`), pod(func(p *corev1.PodSpec) { p.HostUsers = nil })},
			want:   []sts.Change{{Path: "spec.template.spec.hostUsers", From: "false"}}},
		"a label": {stored: []change{func(s *appsv1.StatefulSet) { s.Spec.Template.Labels["team"] = "payments" }},
			want: []sts.Change{{Path: "spec.template.metadata.labels.team", To: "payments"}}},
		"a label without a value": {stored: []change{func(s *appsv1.StatefulSet) { s.Spec.Template.Labels["team"] = "" }},
			want: []sts.Change{{Path: "spec.template.metadata.labels.team", To: ""}}},
		"an empty object": {stored: []change{app(func(c *corev1.Container) { c.SecurityContext = &corev1.SecurityContext{} })},
			want: []sts.Change{{Path: "spec.template.spec.containers[app].securityContext", To: "{}"}}},
		"a digest": {stored: []change{app(func(c *corev1.Container) { c.Image += "@sha256:1" })},
			want: []sts.Change{{Path: "spec.template.spec.containers[app].image", From: "web:1", To: "web:1@sha256:1"}}},
		"a sidecar": {stored: []change{pod(func(p *corev1.PodSpec) {
			p.Containers = append(p.Containers, corev1.Container{Name: "log", Image: "log:1", ImagePullPolicy: corev1.PullIfNotPresent})
		})}, want: []sts.Change{{Path: "spec.template.spec.containers[log]", To: `{"image":"log:1","imagePullPolicy":"IfNotPresent","name":"log","resources":{}}`}}},
		"another order": {sent: []change{pod(func(p *corev1.PodSpec) { p.Containers = append(p.Containers, corev1.Container{Name: "log"}) })},
			stored: []change{pod(func(p *corev1.PodSpec) { p.Containers[0], p.Containers[1] = p.Containers[1], p.Containers[0] })},
			want:   []sts.Change{{Path: "spec.template.spec.containers", From: "[app] [log]", To: "[log] [app]"}}},
		"replicas and a claim template": {stored: []change{func(s *appsv1.StatefulSet) {
			s.Spec.Replicas = new(int32(7))
			s.Spec.VolumeClaimTemplates = append(s.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "more"}})
		}}, want: []sts.Change{{Path: "spec.replicas", From: "3", To: "7"},
			{Path: "spec.volumeClaimTemplates[1]", To: `{"metadata":{"name":"more"},"spec":{"resources":{}},"status":{}}`}}},
		"a record of ours": {stored: []change{func(s *appsv1.StatefulSet) {
			s.Annotations = map[string]string{sts.AnnotationPrefix + "owner": "x", "other": "y"}
		}},
			want: []sts.Change{{Path: "metadata.annotations." + sts.AnnotationPrefix + "owner", To: "x"}}},
		"metadata of others": {stored: []change{func(s *appsv1.StatefulSet) {
			s.Labels, s.Annotations = map[string]string{"a": "b"}, map[string]string{"a": "b"}
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			live := ststest.Web(3).Sets[0]
			sent := live.DeepCopy()
			for _, f := range test.sent {
				f(sent)
			}
			stored := sent.DeepCopy()
			for _, f := range test.stored {
				f(stored)
			}
			a := sts.Altered(live, sent, stored)
			var got []sts.Change
			if a != nil {
				got = a.Changes
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if a == nil {
				return
			}
			// Without the changes the object is the one that was sent.
			spec, err := a.ExpectedSpec()
			if err != nil {
				t.Fatal(err)
			}
			if rest := sts.Altered(live, sent, &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{ManagedFields: stored.ManagedFields, Annotations: sent.Annotations}, Spec: spec}); rest != nil {
				t.Errorf("left: %v", rest.Changes)
			}
			if !json.Valid(a.Sent) || !json.Valid(a.Stored) {
				t.Error("not both sides are JSON")
			}
		})
	}
}
