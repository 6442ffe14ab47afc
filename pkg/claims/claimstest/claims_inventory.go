package claimstest

import (
	"maps"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Inventory is the world as it would be read.
func (w *ClaimWorld) Inventory() *sts.Inventory {
	inv := &sts.Inventory{TakenAt: ststest.Now}
	if w.Chosen != "" {
		inv.ReserveAnnotations = []string{w.Chosen}
	}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: ststest.Namespace, Name: name, UID: types.UID(name + "-uid")}
	}
	mounting := func(pod string, claims ...string) {
		p := &corev1.Pod{ObjectMeta: meta(pod)}
		for i, claim := range claims {
			v := corev1.Volume{Name: "v" + strconv.Itoa(i)}
			v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}
			p.Spec.Volumes = append(p.Spec.Volumes, v)
		}
		inv.Pods = append(inv.Pods, p)
	}
	for _, name := range w.living() {
		set := w.sets[name]
		size := int32(set.Size)
		s := &appsv1.StatefulSet{ObjectMeta: meta(name)}
		s.Spec.Replicas, s.Spec.Ordinals = &size, &appsv1.StatefulSetOrdinals{Start: int32(set.Start)}
		s.Spec.Selector = set.Selector()
		s.Annotations = map[string]string{}
		for _, t := range set.Templates {
			s.Spec.VolumeClaimTemplates = append(s.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: t, Labels: set.ClaimLabels}})
		}
		if set.comeBack > 0 {
			s.Annotations[record.ParkedAnnotation] = strconv.Itoa(set.comeBack)
		}
		if set.kept {
			s.Annotations[claims.KeepAnnotation] = ""
		}
		for _, m := range set.memories {
			s.Annotations[m.Key] = m.Value
		}
		inv.Sets = append(inv.Sets, s)
		for o := set.Start; o < set.Start+set.running; o++ {
			claims := slices.Clone(set.Claims)
			for _, t := range set.Templates {
				claims = append(claims, worldName(t, name, o))
			}
			mounting(name+"-"+strconv.Itoa(o), claims...)
		}
		if set.max > 0 {
			h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: meta(name)}
			h.Spec.MaxReplicas = int32(set.max)
			h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: name}
			inv.HPAs = append(inv.HPAs, h)
		}
	}
	for _, name := range w.Claims() {
		c := w.claims[name].object(meta(name))
		if w.Conditions {
			status := corev1.ConditionTrue
			if len(w.mounters(name, true)) > 0 {
				status = corev1.ConditionFalse
			}
			c.Status.Conditions = []corev1.PersistentVolumeClaimCondition{{Type: corev1.PersistentVolumeClaimUnused, Status: status,
				LastTransitionTime: metav1.NewTime(ststest.Now.Add(-time.Hour))}}
		}
		inv.Claims = append(inv.Claims, c)
		w.addUses(inv, name)
	}
	for _, claim := range slices.Sorted(maps.Keys(w.mounts)) {
		mounting("debug-"+claim, claim)
	}
	for _, object := range slices.Sorted(maps.Keys(w.workloads)) {
		if l := w.workloads[object]; l.pods() {
			mounting(l.Name+"-5d9c-x7k2p", l.Claims...)
		}
	}
	w.hide(inv)
	return inv
}

func (c *worldClaim) object(meta metav1.ObjectMeta) *corev1.PersistentVolumeClaim {
	out := &corev1.PersistentVolumeClaim{ObjectMeta: meta}
	out.Labels, out.Annotations = maps.Clone(c.labels), maps.Clone(c.annotations)
	out.CreationTimestamp = metav1.NewTime(ststest.Now.Add(-30 * 24 * time.Hour))
	if c.young {
		out.CreationTimestamp = metav1.NewTime(ststest.Now.Add(-10 * time.Minute))
	}
	if c.manager != "" {
		out.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: c.manager}}
	}
	if c.kept {
		if out.Annotations == nil {
			out.Annotations = map[string]string{}
		}
		out.Annotations[claims.KeepAnnotation] = ""
	}
	if c.terminated {
		out.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
	}
	return out
}

// addUses adds what needs the claim, as far as it can be listed.
func (w *ClaimWorld) addUses(inv *sts.Inventory, claim string) {
	for _, n := range w.namers(claim) {
		how := sts.UseNames
		switch n.resource {
		case "persistentvolumeclaims":
			how = sts.UseClones
		case "volumesnapshots":
			how = sts.UseSnapshots
		}
		if w.knows(n.resource) {
			inv.ClaimUses = append(inv.ClaimUses, sts.ClaimUse{Namespace: ststest.Namespace, Claim: claim, By: n.object, How: how})
		}
	}
}

// hide takes away what may not be listed.
func (w *ClaimWorld) hide(inv *sts.Inventory) {
	if w.Hidden == "" {
		return
	}
	inv.Missing = []sts.Missing{{Resource: w.Hidden, Reason: w.Hidden + " is forbidden"}}
	switch w.Hidden {
	case "pods":
		inv.Pods = nil
	case "horizontalpodautoscalers":
		inv.HPAs = nil
	}
}
