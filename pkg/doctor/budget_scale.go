package doctor

import (
	"encoding/json"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The kinds of autoscalers.
const (
	hpaKind    = "HorizontalPodAutoscaler"
	scaledKind = "ScaledObject"
)

// scaler is an autoscaler of a set.
type scaler struct {
	kind        string
	object      metav1.Object
	least, most int32
	behavior    *autoscalingv2.HorizontalPodAutoscalerBehavior
}

// scalers are the autoscalers of the set. The HPA that KEDA has created is not one of its own.
func (l *Look) scalers() []scaler {
	var out []scaler
	created := map[string]bool{}
	for _, a := range l.Autoscalers() {
		created[a.ScaledObject] = true
	}
	for _, h := range l.HPAs {
		out = append(out, scaler{hpaKind, h, valueOr(h.Spec.MinReplicas, 1), h.Spec.MaxReplicas, h.Spec.Behavior})
	}
	for _, o := range l.ScaledObjects {
		if o.Namespace == l.Set.Namespace && o.Set == l.Set.Name && !created[o.Name] {
			out = append(out, scaler{scaledKind, l.documentOf(scaledKind, o.Namespace, o.Name), o.MinReplicas, o.MaxReplicas, o.Behavior})
		}
	}
	return out
}

// documentOf is the object of a manifest that is not decoded. In a cluster it has a name and a namespace only.
func (in *Input) documentOf(kind, namespace, name string) metav1.Object {
	for _, d := range in.Documents {
		if d.Kind == kind && d.Object.GetNamespace() == namespace && d.Object.GetName() == name {
			return d.Object
		}
	}
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// scalesDown says whether the autoscaler can remove pods.
func (s scaler) scalesDown() bool {
	if s.least >= s.most {
		return false
	}
	down := s.behavior != nil && s.behavior.ScaleDown != nil && s.behavior.ScaleDown.SelectPolicy != nil
	return !down || *s.behavior.ScaleDown.SelectPolicy != autoscalingv2.DisabledPolicySelect
}

func autoscalerOnData(l *Look) []DoctorFinding {
	if len(l.Set.Spec.VolumeClaimTemplates) == 0 {
		return nil
	}
	name := ""
	if p := profileOf(l); p != nil {
		name = p.System
	} else if s := voter(&l.Set.Spec.Template.Spec); s != nil {
		name = s.name
	}
	var out []DoctorFinding
	for _, s := range l.scalers() {
		if !s.scalesDown() {
			continue
		}
		severity, path := sts.SeverityWarning, "spec.behavior"
		if name == "" {
			severity = sts.SeverityInfo
		}
		if s.kind == scaledKind {
			path = "spec.advanced.horizontalPodAutoscalerConfig.behavior"
		}
		f := on(s.object, s.kind, severity, path, msgAutoscalerOnData(l.Set.Name, name, s.least), nil)
		f.Patch = patchAt(path+".scaleDown.selectPolicy", "Disabled")
		out = append(out, f)
	}
	return out
}

func autoscalerFightsManifest(l *Look) []DoctorFinding {
	scalers := l.scalers()
	if len(scalers) == 0 || l.Set.Spec.Replicas == nil {
		return nil
	}
	by := ""
	if !l.Offline {
		if by = replicasBy(l); by == "" {
			return nil
		}
	}
	return l.found("", "spec.replicas", msgAutoscalerFights(scalers[0].kind, scalers[0].object.GetName(), by), nil)
}

// replicasBy names the client that sets the replicas of the set again when it is applied; empty if none is known.
func replicasBy(l *Look) string {
	var applied struct{ Spec struct{ Replicas *int32 } }
	text := l.Set.Annotations["kubectl.kubernetes.io/last-applied-configuration"]
	if json.Unmarshal([]byte(text), &applied) == nil && applied.Spec.Replicas != nil {
		return "the last applied configuration"
	}
	for _, m := range sts.Managers(l.Set) {
		if slices.Contains(m.Applies, sts.FieldReplicas) {
			return m.Name
		}
	}
	return ""
}

// profileOf is the built-in drain profile for the set; nil if none is known, or if an annotation names one.
func profileOf(l *Look) *profile.Profile {
	found, err := profile.Detect(l.Set, profile.Builtin())
	if err != nil {
		return nil
	}
	return found.Profile
}

func drainProfile(l *Look) []DoctorFinding {
	p := profileOf(l)
	if p == nil || l.replicas() < 2 || operated(l.Set) {
		return nil
	}
	spec := &l.Set.Spec.Template.Spec
	if s := systemOf(spec); s != nil && !slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool { return systemIn(&c) == s && s.storesIn(&c) }) {
		return nil // nodes without data
	}
	for _, annotations := range []map[string]string{l.Set.Annotations, l.Set.Spec.Template.Annotations} {
		if _, known := annotations[profile.Annotation]; known {
			return nil
		}
	}
	if p.Refuse != "" {
		return l.found("", "spec.replicas", msgCannotLeave(p.Refuse), nil)
	}
	return l.found("", "spec.replicas", msgMustLeave(p.System, p.Metadata.Name), sts.Kubectl("", "sts profile show", p.Metadata.Name))
}
