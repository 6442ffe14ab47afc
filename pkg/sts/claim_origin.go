package sts

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// split is one way to read "<template>-<set>".
type split struct{ template, set string }

// splits are all ways to read the stem of a claim's name, the shortest template first.
func splits(stem string) []split {
	var out []split
	for i := 1; i < len(stem)-1; i++ {
		if stem[i] == '-' && stem[i-1] != '-' && stem[i+1] != '-' && stem[i+1] != '.' {
			out = append(out, split{stem[:i], stem[i+1:]})
		}
	}
	return out
}

// handMadeMarks are annotations of those who write a claim itself, which the
// StatefulSet controller's claims do not have.
var handMadeMarks = []struct{ key, by string }{
	{"meta.helm.sh/release-name", "a Helm chart"},
	{corev1.LastAppliedConfigAnnotation, "kubectl apply"},
	{"argocd.argoproj.io/tracking-id", "an Argo CD application"},
}

// MakerAnnotation is on a claim that kubectl-sts has recreated and that the StatefulSet
// controller had not created: it names the field manager that had.
const MakerAnnotation = AnnotationPrefix + "made-by"

// controllers are the field managers by which the StatefulSet controller writes: the names of
// the programs that it runs in.
var controllers = []string{"kube-controller-manager", "k3s", "kubelite", "hyperkube"}

// ClaimMaker is the field manager that has created the claim: its access modes are written
// then, and never after. It is empty where managedFields do not tell. Where a later
// server-side apply has them, too, the StatefulSet controller counts.
func ClaimMaker(c *corev1.PersistentVolumeClaim) string {
	maker := ""
	for i := range c.ManagedFields {
		e := &c.ManagedFields[i]
		if e.Subresource != "" || e.FieldsV1 != nil && !bytes.Contains(e.FieldsV1.GetRawBytes(), []byte(`"f:accessModes"`)) {
			continue
		}
		if maker == "" || slices.Contains(controllers, e.Manager) {
			maker = e.Manager
		}
	}
	if before := c.Annotations[MakerAnnotation]; before != "" && maker == FieldManager {
		return before
	}
	return maker
}

// MadeByController says whether the StatefulSet controller has created the claim, or
// kubectl-sts has recreated one that it had. false also where the maker is unknown.
func MadeByController(c *corev1.PersistentVolumeClaim) bool {
	maker := ClaimMaker(c)
	return maker == FieldManager || slices.Contains(controllers, maker)
}

// MarksClaim says whether an annotation of a claim has a say in what the claim is.
func MarksClaim(annotation string) bool {
	return strings.HasPrefix(annotation, AnnotationPrefix) ||
		slices.ContainsFunc(handMadeMarks, func(m struct{ key, by string }) bool { return m.key == annotation })
}

// handMade says who else than a StatefulSet's controller has made the claim.
func handMade(c *corev1.PersistentVolumeClaim) string {
	if ref := metav1.GetControllerOfNoCopy(c); ref != nil && ref.Kind != "StatefulSet" && (ref.Kind != "Pod" || !strings.HasSuffix(c.Name, "-"+ref.Name)) {
		return fmt.Sprintf("it is of %s %s", strings.ToLower(ref.Kind), ref.Name)
	}
	for _, m := range handMadeMarks {
		if _, ok := c.Annotations[m.key]; ok {
			return "made by " + m.by
		}
	}
	return ""
}

// unclaimed judges a claim that no template of a living set accounts for: it is of a
// template that was dropped, of a set that is gone, or of neither. least is how sure it
// has to be that it is of a set that is gone.
func (j *ClaimJudge) unclaimed(c *corev1.PersistentVolumeClaim, stem string, o Ordinal, least Confidence) ClaimVerdict {
	stale := j.stale(c, stem, o)
	if stale == nil {
		return j.gone(c, stem, o, least)
	}
	if naming(c.Labels, stale.Set) != "" {
		return *stale
	}
	if v := j.gone(c, stem, o, ConfidenceHigh); v.State == ClaimOrphanSet {
		return v
	}
	// data-old-web-0 with the labels of set web, which has a template data: a set old-web
	// may have shared its labels, and be gone.
	set := j.sets[key{c.Namespace, stale.Set}]
	for i := range set.Spec.VolumeClaimTemplates {
		t := set.Spec.VolumeClaimTemplates[i].Name
		rest, ok := strings.CutPrefix(stale.Template, t+"-")
		if was := rest + "-" + set.Name; ok && j.sets[key{c.Namespace, was}] == nil {
			return ClaimVerdict{
				State: ClaimOrphanSet, Confidence: ConfidenceMedium, Set: was, Template: t, Ordinal: o, Sets: stale.Sets, kept: stale.kept,
				Reason: fmt.Sprintf("statefulset %s is gone, or %s had a volumeClaimTemplate %s", was, set.Name, stale.Template),
			}
		}
	}
	return *stale
}

// stale reads the claim as one of a living set's, from a template that it has no more:
// the set's name is in the claim's, and its labels on it.
func (j *ClaimJudge) stale(c *corev1.PersistentVolumeClaim, stem string, o Ordinal) *ClaimVerdict {
	for _, s := range splits(stem) { // the longest set name first
		set := j.sets[key{c.Namespace, s.set}]
		if set == nil {
			continue
		}
		owned := slices.ContainsFunc(c.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == set.UID })
		if !owned && (set.Spec.Selector == nil || len(set.Spec.Selector.MatchLabels) == 0 || !labelled(c, set)) {
			continue
		}
		v := &ClaimVerdict{
			State: ClaimStaleTemplate, Set: s.set, Template: s.template, Ordinal: o, Sets: []string{s.set}, kept: keptBy(set),
			Reason: s.set + " has no volumeClaimTemplate " + s.template,
		}
		return v
	}
	return nil
}

// gone reads the claim as one of a set that does not exist any more; foreign when there
// is not as much confidence in it as is asked for.
func (j *ClaimJudge) gone(c *corev1.PersistentVolumeClaim, stem string, o Ordinal, least Confidence) ClaimVerdict {
	var best *ClaimVerdict
	for _, s := range splits(stem) {
		if j.sets[key{c.Namespace, s.set}] != nil {
			continue
		}
		v := &ClaimVerdict{State: ClaimOrphanSet, Set: s.set, Template: s.template, Ordinal: o}
		var why string
		if label := naming(c.Labels, s.set); label != "" {
			v.Confidence, why = ConfidenceHigh, "label "+label
			if !MadeByController(c) {
				v.Confidence = ConfidenceMedium // others name things after what they belong to, too
			}
		} else if n := j.families[key{c.Namespace, stem}]; n > 1 {
			v.Confidence, why = ConfidenceMedium, Count(n, "claim")+" of its shape"
		} else {
			v.Confidence, why = ConfidenceLow, "by its name only"
		}
		v.Reason = fmt.Sprintf("statefulset %s is gone (%s)", s.set, why)
		// Templates' names rarely have a dash: the shortest one is the likeliest.
		if best == nil || rank(v.Confidence) < rank(best.Confidence) {
			best = v
		}
	}
	switch {
	case best == nil || rank(best.Confidence) > rank(least) || handMade(c) != "":
		return foreign("no volumeClaimTemplate gives such a name")
	case len(c.Labels) == 0:
		return foreign("it has none of the labels that a statefulset gives to its claims")
	}
	return *best
}

func rank(c Confidence) int {
	return slices.Index([]Confidence{ConfidenceHigh, ConfidenceMedium, ConfidenceLow}, c)
}

// naming is the label that names the set: its value is the set's name, or the values of
// the labels that Helm charts make it from do. The first in order of keys.
func naming(labels map[string]string, set string) string {
	found := ""
	for k, v := range labels {
		if v == set && (found == "" || k < found) {
			found = k
		}
	}
	if found != "" {
		return found + "=" + set
	}
	const common = "app.kubernetes.io/"
	instance, name, component := labels[common+"instance"], labels[common+"name"], labels[common+"component"]
	if instance == "" {
		return ""
	}
	for _, made := range []string{instance + "-" + name, instance + "-" + component, instance + "-" + name + "-" + component} {
		if made == set {
			return common + "instance=" + instance
		}
	}
	return ""
}

// gives says whether a template of the set gives the claim's name.
func (j *ClaimJudge) gives(set *appsv1.StatefulSet, c *corev1.PersistentVolumeClaim) bool {
	stem, _, _ := cutOrdinal(c.Name)
	return slices.ContainsFunc(j.claimants[key{c.Namespace, stem}], func(by claimant) bool { return by.set == set })
}

// doubts are what a person should know before the claim goes.
func (j *ClaimJudge) doubts(c *corev1.PersistentVolumeClaim, unused *corev1.PersistentVolumeClaimCondition, v *ClaimVerdict) {
	if Keeps(c) {
		v.kept = "annotation " + KeepAnnotation + " on the claim"
		if c.Annotations[KeepAnnotation] == KeptMeanwhile {
			v.kept += ", which an undo has left when it was interrupted: undo it again"
		}
	}
	doubt := func(format string, args ...any) { v.Doubts = append(v.Doubts, fmt.Sprintf(format, args...)) }
	for _, name := range v.Sets {
		set := j.sets[key{c.Namespace, name}]
		if ref := metav1.GetControllerOfNoCopy(set); ref != nil {
			doubt("statefulset %s is made by the operator of %s", name, operator(c.Namespace, ref).Name)
		}
		if text, ok := set.Annotations[ParkedAnnotation]; ok {
			if _, ok := ParkedSize(set); !ok {
				doubt("annotation %s=%s on statefulset %s is no size", ParkedAnnotation, text, name)
			}
		}
		if name != v.Set && v.Set != "" && j.gives(set, c) {
			doubt("statefulset %s gives this name, too", name)
		}
	}
	if v.State != ClaimForeign {
		if who := handMade(c); who != "" {
			doubt("%s", who)
		} else if maker := ClaimMaker(c); maker != "" && !MadeByController(c) {
			doubt("made by field manager %s, and not by the StatefulSet controller", maker)
		}
	}
	if v.State != ClaimInUse && j.inv.Knows("pods") && unused != nil && unused.Status == corev1.ConditionFalse {
		doubt("its condition %s says that a pod uses it, and none is there", unused.Type)
	}
	for _, f := range c.Finalizers {
		if f != "kubernetes.io/pvc-protection" {
			doubt("finalizer %s: whoever has put it there holds the claim", f)
		}
	}
	if c.Status.Phase == corev1.ClaimLost {
		doubt("it has lost its volume %s", c.Spec.VolumeName)
	}
	volume, ok := j.Volume(c)
	if !ok {
		return
	}
	if by := volume.Claim; by.Name != "" && (by.Namespace != c.Namespace || by.Name != c.Name || by.UID != "" && by.UID != c.UID) {
		doubt("volume %s is bound to claim %s/%s (UID %s)", volume.Name, by.Namespace, by.Name, by.UID)
	}
	if volume.Storage != (Storage{}) {
		others := slices.DeleteFunc(slices.Clone(j.storages[volume.Storage]), func(n string) bool { return n == volume.Name })
		slices.Sort(others)
		if len(others) > 0 {
			doubt("volume %s has the same data (%s %s) as volume %s", volume.Name, volume.Storage.Kind, volume.Storage.What, strings.Join(others, ", "))
		}
	}
}
