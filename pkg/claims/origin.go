package claims

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
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

// handMadeMarks are annotations of clients that create claims themselves, which the
// StatefulSet controller's claims do not have.
var handMadeMarks = []struct{ key, by string }{
	{"meta.helm.sh/release-name", "a Helm chart"},
	{corev1.LastAppliedConfigAnnotation, "kubectl apply"},
	{"argocd.argoproj.io/tracking-id", "an Argo CD application"},
}

// MarksClaim reports whether an annotation of a claim matters for its state.
func MarksClaim(annotation string) bool {
	return strings.HasPrefix(annotation, sts.AnnotationPrefix) ||
		slices.ContainsFunc(handMadeMarks, func(m struct{ key, by string }) bool { return m.key == annotation })
}

// handMade is which client other than the StatefulSet controller has created the claim.
func handMade(c *corev1.PersistentVolumeClaim) string {
	if ref := metav1.GetControllerOfNoCopy(c); ref != nil && ref.Kind != "StatefulSet" && (ref.Kind != "Pod" || !strings.HasSuffix(c.Name, "-"+ref.Name)) {
		return msgClaimControlled(strings.ToLower(ref.Kind), ref.Name)
	}
	for _, m := range handMadeMarks {
		if _, ok := c.Annotations[m.key]; ok {
			return msgClaimCreatedBy(m.by)
		}
	}
	return ""
}

// unmade is why no StatefulSet has created the claim, empty when one may have.
func unmade(c *corev1.PersistentVolumeClaim) string {
	if who := handMade(c); who != "" {
		return who
	}
	if sts.MadeByController(c) {
		return ""
	}
	if label, by := foreignMark(c.Labels); label != "" {
		return msgClaimLabeled(by, label)
	}
	if maker := sts.ClaimMaker(c); maker != "" && restoredMark(c.Labels) == "" {
		return msgClaimFieldManager(maker)
	}
	return ""
}

// foreignMark is the label by which a program marks claims that it creates, and the program.
func foreignMark(labels map[string]string) (label, by string) {
	for _, m := range foreignMarks {
		key, value, exact := strings.Cut(m.label, "=")
		if exact {
			if labels[key] == value {
				return m.label, m.by
			}
			continue
		}
		if key := firstKey(labels, func(k string) bool { return strings.HasPrefix(k, m.label) }); key != "" {
			return key, m.by
		}
	}
	return "", ""
}

// restoredMark is the label of a restore by Velero, empty when there is none.
func restoredMark(labels map[string]string) string {
	return firstKey(labels, func(k string) bool { return strings.HasPrefix(k, restoredMarks) && k != notRestored })
}

func firstKey(labels map[string]string, is func(key string) bool) string {
	first := ""
	for k := range labels {
		if is(k) && (first == "" || k < first) {
			first = k
		}
	}
	return first
}

// reading is one way to read the name of a claim, with the set that may have created it.
type reading struct {
	split
	set     *appsv1.StatefulSet // of that name, nil when there is none
	fits    bool                // the set exists and the claim has its labels
	current bool                // the set has the template now
	naming  setNaming
	used    []string // the labels that name the set
}

// gone reports whether the set that may have created the claim no longer exists: there is none of
// that name, or it was recreated with different labels.
func (r *reading) gone() bool { return !r.fits }

// readings are those that fit, see [State]: existing sets first, the longest set name first.
func (j *Judge) readings(c *corev1.PersistentVolumeClaim, stem string) []reading {
	var fit, gone []reading
	for _, s := range splits(stem) {
		r := reading{split: s, set: j.sets[objectKey{c.Namespace, s.set}]}
		r.naming, r.used = nameSet(c.Labels, s)
		if r.set == nil {
			gone = append(gone, r)
			continue
		}
		r.current = slices.ContainsFunc(r.set.Spec.VolumeClaimTemplates, func(t corev1.PersistentVolumeClaim) bool { return t.Name == s.template })
		owned := slices.ContainsFunc(c.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == r.set.UID })
		selects := r.set.Spec.Selector != nil && len(r.set.Spec.Selector.MatchLabels) > 0
		if r.fits = owned || labelled(c, r.set) && (selects || r.current); !r.fits {
			gone = append(gone, r)
			continue
		}
		fit = append(fit, r)
	}
	fit = append(fit, likely(gone, fit)...)
	if len(fit) == 0 {
		return gone
	}
	return fit
}

// likely are the readings of gone sets that fit beside those of existing sets.
func likely(gone, existing []reading) []reading {
	named := slices.DeleteFunc(slices.Clone(gone), func(r reading) bool { return r.naming == notNamed })
	all := slices.Concat(existing, named)
	named = slices.DeleteFunc(named, func(r reading) bool {
		return r.naming != NamedByLabel && slices.ContainsFunc(all, func(other reading) bool { return lessOf(r.used, other.used) })
	})
	for _, sure := range []setNaming{NamedByLabel, NamedByTemplate} {
		if i := slices.IndexFunc(named, func(r reading) bool { return r.naming == sure }); i >= 0 {
			return named[i : i+1] // the longest
		}
	}
	anchors := slices.Concat(existing, named)
	if len(anchors) == 0 {
		return nil
	}
	unnamed := !slices.ContainsFunc(anchors, func(r reading) bool { return r.naming != notNamed })
	return slices.DeleteFunc(slices.Clone(gone), func(r reading) bool {
		if r.naming != notNamed {
			return !slices.ContainsFunc(named, func(n reading) bool { return n.split == r.split })
		}
		return !slices.ContainsFunc(anchors, func(a reading) bool {
			if a.fits && a.current && r.set == nil {
				return false
			}
			if more, longer := strings.CutSuffix(r.split.set, "-"+a.split.set); longer {
				return a.naming < namedStrongly && !storagePart(more)
			}
			return unnamed // the labels name no set
		})
	})
}

// lessOf reports whether a has only some of the labels that b has.
func lessOf(a, b []string) bool {
	return !slices.ContainsFunc(a, func(k string) bool { return !slices.Contains(b, k) }) &&
		slices.ContainsFunc(b, func(k string) bool { return !slices.Contains(a, k) })
}

// makersOf are the names of the sets of the readings, in order.
func makersOf(readings []reading) []string {
	var out []string
	for _, r := range readings {
		out = append(out, r.split.set)
	}
	slices.Sort(out)
	return out
}

// outlived judges a claim for which no existing set that fits has a template: it belongs to a
// template that was removed, to a deleted set, or to neither.
func (j *Judge) outlived(c *corev1.PersistentVolumeClaim, stem string, o sts.Ordinal, fit []reading) Judgment {
	if len(fit) == 0 {
		return foreign(msgClaimNameUnmatched())
	}
	best := fit[0]
	for _, r := range fit[1:] {
		better := cmp.Or(sts.CompareBool(r.gone(), best.gone()), cmp.Compare(r.naming, best.naming))
		if better > 0 {
			best = r
		}
	}
	v := Judgment{Set: best.split.set, Template: best.template, Ordinal: o, Makers: makersOf(fit)}
	for _, r := range fit {
		if r.set != nil {
			v.Sets = append(v.Sets, r.split.set)
		}
	}
	slices.Sort(v.Sets)
	if !best.gone() {
		v.State, v.Reason = ClaimStaleTemplate, msgClaimTemplateRemoved(best.split.set, best.template)
		if len(fit) > 1 {
			v.Reason = sayMakers(fit)
		}
		return v
	}
	v.State, v.orphaned = ClaimSetDeleted, true
	alike, others := j.family(c, stem)
	why := ""
	switch {
	case best.naming != notNamed:
		v.Confidence, why = ConfidenceMedium, sayLabels(c.Labels, best.used)
		if len(fit) == 1 && !others && sts.MadeByController(c) && sure(best, stem) {
			v.Confidence = ConfidenceHigh
		}
	case alike > 1:
		v.Confidence, why = ConfidenceMedium, msgMatchedByAlike(alike)
	case slices.ContainsFunc(fit, func(r reading) bool { return r.fits }):
		v.Confidence = ConfidenceMedium // its labels are those of a set that exists
	default:
		v.Confidence, why = ConfidenceLow, msgMatchedByName()
	}
	v.Reason = msgClaimSetGone(v.Set, why)
	if best.set != nil {
		v.Reason = msgClaimSetRecreated(v.Set, why)
	}
	if len(fit) > 1 {
		v.Reason = sayMakers(fit)
	}
	return v
}

// sure reports whether the claim's name has no reading with a longer name of a set.
func sure(r reading, stem string) bool {
	return r.naming >= NamedByTemplate || !slices.ContainsFunc(splits(stem), func(s split) bool {
		more, longer := strings.CutSuffix(s.set, "-"+r.split.set)
		return longer && !storagePart(more)
	})
}

// sayMakers names the sets that may have created an ambiguous claim.
func sayMakers(readings []reading) string {
	const most = 3
	var names []string
	for i, r := range readings {
		if i == most {
			names = append(names, fmt.Sprintf("%d more", len(readings)-most))
			break
		}
		name := r.split.set
		if r.gone() {
			name = msgAmbiguousSet(name, r.set != nil)
		}
		names = append(names, name)
	}
	return msgClaimAmbiguous(names)
}

// sayLabels shows the labels by their keys.
func sayLabels(labels map[string]string, keys []string) string {
	const most = 2
	var shown []string
	for i, k := range keys {
		if i == most {
			shown = append(shown, "…")
			break
		}
		shown = append(shown, k+"="+labels[k])
	}
	return msgMatchedByLabels(shown)
}

// alikes are claims with the same stem and the same labels.
type alikes struct {
	labels map[string]string
	n      int
}

// family counts the claims of the same stem that have the claim's labels, and reports whether
// there are others.
func (j *Judge) family(c *corev1.PersistentVolumeClaim, stem string) (alike int, others bool) {
	for _, f := range j.families[objectKey{c.Namespace, stem}] {
		if maps.Equal(f.labels, c.Labels) {
			alike = f.n
		} else {
			others = true
		}
	}
	return alike, others
}

// gives reports whether a template of the set gives the claim's name.
func (j *Judge) gives(set *appsv1.StatefulSet, c *corev1.PersistentVolumeClaim) bool {
	stem, _, _ := sts.CutOrdinal(c.Name)
	return slices.ContainsFunc(j.claimants[objectKey{c.Namespace, stem}], func(by claimant) bool { return by.set == set })
}

// doubts are the warnings for the user before the claim is deleted.
func (j *Judge) doubts(c *corev1.PersistentVolumeClaim, unused *corev1.PersistentVolumeClaimCondition, v *Judgment) {
	if Keeps(c) {
		v.kept = msgHeldByClaim(c.Annotations[KeepAnnotation] == KeptMeanwhile)
	}
	doubt := func(text string) { v.Doubts = append(v.Doubts, text) }
	for _, name := range v.Sets {
		set := j.sets[objectKey{c.Namespace, name}]
		if ref := metav1.GetControllerOfNoCopy(set); ref != nil {
			doubt(msgDoubtOperator(name, sts.Operator(c.Namespace, ref).Name))
		}
		if text, ok := set.Annotations[record.ParkedAnnotation]; ok {
			if _, ok := record.ParkedSize(set); !ok {
				doubt(msgDoubtParkedSize(name, text))
			}
		}
		if name != v.Set && v.Set != "" && j.gives(set, c) {
			doubt(msgDoubtOtherSet(name))
		}
	}
	if v.State != ClaimForeign {
		if who := handMade(c); who != "" {
			doubt(who)
		} else if maker := sts.ClaimMaker(c); maker != "" && !sts.MadeByController(c) {
			doubt(msgClaimFieldManager(maker))
		}
	}
	if v.State != ClaimInUse && j.inv.Knows("pods") && unused != nil && unused.Status == corev1.ConditionFalse {
		doubt(msgDoubtCondition())
	}
	for _, f := range c.Finalizers {
		if f != "kubernetes.io/pvc-protection" {
			doubt(msgDoubtFinalizer(f))
		}
	}
	if c.Status.Phase == corev1.ClaimLost {
		doubt(msgDoubtLost(c.Spec.VolumeName))
	}
	volume, ok := j.Volume(c)
	if !ok {
		return
	}
	if by := volume.Claim; by.Name != "" && (by.Namespace != c.Namespace || by.Name != c.Name || by.UID != "" && by.UID != c.UID) {
		doubt(msgDoubtVolumeTaken(volume.Name, by.Namespace, by.Name, string(by.UID)))
	}
	if volume.Storage != (sts.Storage{}) {
		others := slices.DeleteFunc(slices.Clone(j.storages[volume.Storage]), func(n string) bool { return n == volume.Name })
		slices.Sort(others)
		if len(others) > 0 {
			doubt(msgDoubtSharedStorage(volume.Name, volume.Storage.Kind+" "+volume.Storage.What, others))
		}
	}
}
