package claims

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// objectKey identifies an object of one kind.
type objectKey struct{ namespace, name string }

// KeepAnnotation on a claim, or on a set for all its claims, excludes them from deletion.
const KeepAnnotation = sts.AnnotationPrefix + "keep"

// KeptMeanwhile is the value of [KeepAnnotation] that excludes a claim while the reclaim
// policy of its volume is restored.
const KeptMeanwhile = "undo"

// State is what a PersistentVolumeClaim is to the StatefulSets of its namespace. Exactly one
// applies: the first match in this order.
//
// # Maker
//
// The maker of a claim is the field manager that wrote spec.accessModes, by managedFields:
// they can only be written on creation. In an Inventory the claim has only that entry, without
// its fields, and none where the maker is unknown. The maker is "the controller" where it is a
// program that runs the StatefulSet controller (kube-controller-manager, k3s, kubelite,
// hyperkube), or kubectl-sts, which recreates claims. The value of an annotation
// [sts.MakerAnnotation] on a claim that kubectl-sts has created is the maker instead. See
// [sts.ClaimMaker] and [sts.MadeByController].
//
// # Readings
//
// A claim's name is <template>-<set>-<ordinal>. Each dash between two other characters may
// separate the template from the set: each is a reading. All readings of a claim share its
// labels; the controller gives a claim the matchLabels of its set's selector.
//
//   - A reading of a set that exists fits when the claim has every one of the selector's
//     matchLabels. If the set has the reading's template now, a selector without matchLabels
//     fits, too; if not, there must be at least one, or the set must be an owner of the claim
//     by UID.
//   - A reading of a set that does not exist (a gone set) fits when the labels name the set, as
//     described at [setNaming]. A named reading that uses only some of the labels of another
//     named reading (also of an existing set that fits) does not fit.
//   - A set that exists and does not fit counts as a gone set of its name: it may have been
//     recreated with different labels.
//   - A gone set with a longer name, which the labels do not name, fits beside a shorter one
//     that the labels name weakly: data-wordpress-mariadb-0 with the one label app=mariadb may
//     be of mariadb or of wordpress-mariadb. The same beside an existing set that fits, unless
//     the labels name that one strongly, or it has the reading's template now and no set of the
//     longer name exists. It does not fit if the additional part begins with a word for storage
//     (data, storage, volume, vol, disk, claim, pvc, pv), which belongs to the template:
//     redis-data-old-0.
//   - If the labels name neither a gone set nor any of the existing sets that fit, every other
//     gone set fits beside them; beside one that has the reading's template now, only those
//     whose name an existing set has.
//   - If no reading fits so far, all readings of gone sets fit.
//
// The makers of a claim ([Judgment.Makers]) are the sets of all readings that fit. With
// more than one the claim is ambiguous: it is a candidate only with [Choice.DeletedSets] and
// not if the choice is limited to sets. A claim whose makers are all gone is also a candidate
// only with DeletedSets, even if its state is not SetDeleted.
type State string

// The states.
const (
	// ClaimTerminating: it is being deleted.
	ClaimTerminating State = "Terminating"
	// ClaimInUse: a pod mounts it, no matter whose pod and in which phase.
	ClaimInUse State = "InUse"
	// ClaimDesired: its ordinal is in a set's range; or another object references it: in its pod template, as
	// its data source, or as the source of a VolumeSnapshot in progress.
	//
	// The ordinal counts by a template that the set has now, whatever the claim's labels and maker.
	// See [sts.ClaimUse] for the objects.
	ClaimDesired State = "Desired"
	// ClaimPolicy: the garbage collector deletes it, as the set's retention policy requires: its owner, a pod
	// or the set, is gone.
	ClaimPolicy State = "RetentionPolicy"
	// ClaimReserved: its ordinal may be needed again: by an HPA or a KEDA ScaledObject, up to its maximum;
	// for the size of a parked set or of a `drain-scale` in progress; or for a size that another program
	// keeps in an annotation on the set.
	//
	// The ordinal counts by a template that the set has now. See [SizeMemories] for the annotations.
	ClaimReserved State = "Reserved"
	// ClaimParked: its set has 0 replicas.
	//
	// A set with 0 replicas has a template that gives the name.
	ClaimParked State = "Parked"
	// ClaimOrphaned: its ordinal is outside its set's range.
	//
	// All its makers exist, and one has a template that gives the name; the ordinal is out of that
	// set's range.
	ClaimOrphaned State = "Orphaned"
	// ClaimStaleTemplate: its set no longer has such a volumeClaimTemplate.
	//
	// All its makers exist, and none has such a volumeClaimTemplate.
	ClaimStaleTemplate State = "StaleTemplate"
	// ClaimSetDeleted: the set that created it, or one that may have created it, is gone.
	ClaimSetDeleted State = "SetDeleted"
	// ClaimForeign: it was not created from a volumeClaimTemplate.
	//
	// Its name has no such shape; or no existing set that fits has a template that gives its name, and
	// one of these holds: its maker is known and not the controller, and it has no label of a restore
	// (velero.io/… other than exclude-from-backup); its maker is unknown and it has a label of a
	// program that creates such claims itself (see foreignMarks); it has an annotation of Helm,
	// kubectl apply or Argo CD; an object other than a StatefulSet or its pod controls it; it has no
	// labels and no set owns it.
	ClaimForeign State = "Foreign"
)

// RestoreWindow is how long after its creation a claim that the controller did not create may be
// part of a restore that has not yet created what needs it.
const RestoreWindow = time.Hour

// Confidence is how certain it is which deleted set created a claim.
//
// Only the claim is evidence of that set.
type Confidence string

// The degrees of confidence.
const (
	// ConfidenceHigh: only one set may have created it, its labels name that set, and other claims with the
	// same name pattern have the same labels.
	//
	// It has one maker, which its labels name, the controller created it, all claims with the same
	// template and set in their names have the same labels, and its name has no reading with a longer
	// name of a set, unless that begins with a word for storage.
	ConfidenceHigh Confidence = "High"
	// ConfidenceMedium: its labels name one of several sets, or another claim has the same name pattern and
	// the same labels.
	//
	// Its labels name one of its makers, or there is another claim with the same template and set in
	// its name and the same labels.
	ConfidenceMedium Confidence = "Medium"
	// ConfidenceLow: only its name matches; such a claim is a candidate only with `--claim`.
	ConfidenceLow Confidence = "Low"
)

// Judgment is the state of a claim, and why.
type Judgment struct {
	State State
	// Reason is one clause.
	Reason string
	// Set and Template are the origin of the claim's name, with the Ordinal; empty, and -1, if
	// it has none.
	Set, Template string
	Ordinal       sts.Ordinal
	// Sets are the names of all existing sets that are related to the claim.
	Sets []string
	// Makers are the names of the sets that may have created the claim, in order: with more
	// than one it is ambiguous. Empty if none could have, and for a claim that only has the name
	// that a set's template gives, but not the set's labels.
	Makers []string
	// Confidence goes with ClaimSetDeleted.
	Confidence Confidence
	// Doubts are warnings for the user before the claim is deleted.
	Doubts []string
	// UnusedSince is when the claim was last used, zero when that is not known, UnusedFrom how
	// it is known. The claim may have been unused for longer, not for less.
	UnusedSince time.Time
	UnusedFrom  AgeSource

	kept      string // why it must stay whatever its state
	unscaled  string // why it is not known whether its ordinal will be needed again
	unmounted string // why it is not known whether a pod mounts it
	unlisted  string // why it is not known whether another object needs it
	restoring string // why a restore of what needs it may be in progress
	restored  string // by which label it was restored
	orphaned  bool   // no existing set has created it
	handmade  bool   // the controller has not created it, as far as is known
}

// Unseen is why it is not known whether a pod or another object needs the claim, empty when it
// is known.
func (v *Judgment) Unseen() string { return cmp.Or(v.unmounted, v.unlisted) }

// Ambiguous reports whether more than one set may have created the claim.
func (v *Judgment) Ambiguous() bool { return len(v.Makers) > 1 }

// AgeSource is how it is known since when a claim is unused.
type AgeSource string

// AgeFromCondition: the claim's own condition `Unused` (Kubernetes 1.37, or its feature gate).
//
// It is the only source. An Event about the deletion of the ordinal's pod proves nothing: Kubernetes
// drops Events, so a later pod may have used the claim without one.
const AgeFromCondition AgeSource = "Condition"

// Choice selects the candidates for deletion. Orphaned claims and those of stale
// templates need no flag, unless they are ambiguous.
//
// A claim that would be a candidate is excluded, in this order, if
//   - it is annotated to be kept, or its set is;
//   - pods are missing in the inventory and no condition shows that none mounts it;
//   - one of [sts.UseResources] is missing;
//   - autoscalers are missing and it is not chosen with Reserved;
//   - an annotation that should hold a size holds none (see [SizeMemories]), and it is not
//     chosen with Reserved;
//   - the controller did not create it, or its maker is unknown, and it is not Named; the reason
//     is a restore while it is younger than [RestoreWindow];
//   - it has a label of a restore, and it is not Named;
//   - the choice is limited to Sets, and it is ambiguous or of another set, and not Named;
//   - its Confidence is low, and it is not Named;
//   - it was not, or not provably, unused for OlderThan.
type Choice struct {
	DeletedSets, Parked, Reserved bool
	// Named: this claim itself was named on the command line. That does not make a claim a
	// candidate whose state does not.
	Named bool
	// Sets limits the choice to claims whose only maker is one of these, nil for no limit.
	Sets []string
	// OlderThan limits the choice to those that are known to be unused for at least so long.
	OlderThan time.Duration
}

// Candidate reports whether the claim can be deleted. If its state would allow it and something
// else does not, held is the reason.
func (v *Judgment) Candidate(choice Choice, now time.Time) (ok bool, held string) {
	switch v.State {
	case ClaimOrphaned, ClaimStaleTemplate:
		ok = true
	case ClaimSetDeleted:
		ok = choice.DeletedSets
	case ClaimParked:
		ok = choice.Parked
	case ClaimReserved:
		ok = choice.Reserved
	}
	if !ok {
		return false, ""
	}
	switch {
	case v.kept != "":
		held = v.kept
	case v.unmounted != "":
		held = v.unmounted
	case v.unlisted != "":
		held = v.unlisted
	case v.unscaled != "" && !choice.Reserved:
		held = v.unscaled
	case v.restoring != "" && !choice.Named:
		held = v.restoring
	case v.handmade && !choice.Named:
		held = msgHeldHandMade()
	case v.restored != "" && !choice.Named:
		held = msgHeldRestored(v.restored)
	case v.orphaned && !v.Ambiguous() && !choice.DeletedSets:
		held = msgHeldSetGone(v.madeBy())
	case v.Ambiguous() && !choice.DeletedSets:
		held = msgHeldAmbiguous(v.Makers)
	case !choice.Named && choice.Sets != nil && v.Ambiguous():
		held = msgHeldAmbiguousSelection(v.Makers)
	case !choice.Named && choice.Sets != nil && !slices.Contains(choice.Sets, v.madeBy()):
		held = msgHeldOtherSet(v.madeBy())
	case v.Confidence == ConfidenceLow && !choice.Named:
		held = msgHeldNameOnly()
	case choice.OlderThan > 0 && v.UnusedSince.IsZero():
		held = msgHeldLastUseUnknown()
	case choice.OlderThan > 0 && now.Sub(v.UnusedSince) < choice.OlderThan:
		held = msgHeldUsedRecently(sts.Age(choice.OlderThan))
	}
	return held == "", held
}

// madeBy is the set that has created a claim that is not ambiguous, as far as is known.
func (v *Judgment) madeBy() string {
	if len(v.Makers) > 0 {
		return v.Makers[0]
	}
	return v.Set
}

// Judge judges claims by everything that an Inventory has of their namespaces. It
// requires all sets there, not a selection: any of them may need a claim.
type Judge struct {
	inv       *sts.Inventory
	claimants map[objectKey][]claimant // by namespace and <template>-<set>
	sets      map[objectKey]*appsv1.StatefulSet
	families  map[objectKey][]alikes // claims by the stem of their names
	uses      map[objectKey][]sts.ClaimUse
	unsized   map[objectKey]string // sets with an annotation that should hold a size, and does not
	mounts    map[objectKey][]*corev1.Pod
	living    map[types.UID]bool // pods, and sets that are not being deleted
	scalers   map[objectKey][]scaler
	volumes   map[string]*sts.Volume
	storages  map[sts.Storage][]string // names of volumes, where several are for the same storage
	unlisted  string
}

// claimant is a set with one of its volumeClaimTemplates.
type claimant struct {
	set      *appsv1.StatefulSet
	template string
}

// scaler would scale a set up to max replicas.
type scaler struct {
	by  string
	max int32
}

// NewJudge prepares for judging the claims of the inventory, or a newer version of one
// of them.
func NewJudge(inv *sts.Inventory) *Judge {
	j := &Judge{
		inv: inv, claimants: map[objectKey][]claimant{}, sets: map[objectKey]*appsv1.StatefulSet{}, families: map[objectKey][]alikes{},
		uses: map[objectKey][]sts.ClaimUse{}, unsized: map[objectKey]string{}, unlisted: sayUnlisted(inv),
		mounts: map[objectKey][]*corev1.Pod{}, living: map[types.UID]bool{}, scalers: map[objectKey][]scaler{},
		volumes: map[string]*sts.Volume{}, storages: map[sts.Storage][]string{},
	}
	for _, set := range inv.Sets {
		j.sets[objectKey{set.Namespace, set.Name}] = set
		j.living[set.UID] = set.DeletionTimestamp == nil
		for i := range set.Spec.VolumeClaimTemplates {
			t := set.Spec.VolumeClaimTemplates[i].Name
			k := objectKey{set.Namespace, t + "-" + set.Name}
			j.claimants[k] = append(j.claimants[k], claimant{set, t})
		}
		if n, ok := record.ParkedSize(set); ok {
			j.scale(set.Namespace, set.Name, scaler{msgReservedByParkedSize(n), n})
		}
		// Cancelled or resumed, it may need the larger of both sizes.
		if d, err := record.ReadDrain(set); err == nil && d != nil {
			j.scale(set.Namespace, set.Name, scaler{msgReservedByDrain(d.From, d.To), max(d.From, d.To)})
		}
		for _, m := range SizeMemories(set, inv.ReserveAnnotations) {
			if m.Replicas > 0 {
				j.scale(set.Namespace, set.Name, scaler{msgReservedByAnnotation(m.Annotation, m.Replicas), m.Replicas})
			} else {
				j.unsized[objectKey{set.Namespace, set.Name}] = msgHeldSizeUnknown(m.Annotation, set.Name)
			}
		}
	}
	for _, u := range inv.ClaimUses {
		k := objectKey{u.Namespace, u.Claim}
		j.uses[k] = append(j.uses[k], u)
	}
	for _, c := range inv.Claims {
		if stem, _, ok := sts.CutOrdinal(c.Name); ok {
			j.join(objectKey{c.Namespace, stem}, c.Labels)
		}
	}
	for _, pod := range inv.Pods {
		j.living[pod.UID] = true
		for _, claim := range sts.MountedClaims(pod) {
			k := objectKey{pod.Namespace, claim}
			j.mounts[k] = append(j.mounts[k], pod)
		}
	}
	for _, h := range inv.HPAs {
		if set, ok := sts.Scales(h); ok {
			j.scale(h.Namespace, set, scaler{sts.ScalesBy(h), h.Spec.MaxReplicas})
		}
	}
	for _, o := range inv.ScaledObjects {
		j.scale(o.Namespace, o.Set, scaler{msgReservedByKEDA(o.Name), o.MaxReplicas})
	}
	first := map[sts.Storage]string{}
	for i := range inv.Volumes {
		v := &inv.Volumes[i]
		j.volumes[v.Name] = v
		if v.Storage == (sts.Storage{}) {
			continue
		}
		if first[v.Storage] == "" {
			first[v.Storage] = v.Name
			continue
		}
		if j.storages[v.Storage] == nil {
			j.storages[v.Storage] = []string{first[v.Storage]}
		}
		j.storages[v.Storage] = append(j.storages[v.Storage], v.Name)
	}
	return j
}

func (j *Judge) scale(namespace, set string, s scaler) {
	k := objectKey{namespace, set}
	j.scalers[k] = append(j.scalers[k], s)
}

// join counts a claim of the stem.
func (j *Judge) join(stem objectKey, labels map[string]string) {
	family := j.families[stem]
	for i := range family {
		if maps.Equal(family[i].labels, labels) {
			family[i].n++
			return
		}
	}
	j.families[stem] = append(family, alikes{labels, 1})
}

// Volume is the claim's volume; false where there is none or it could not be read.
func (j *Judge) Volume(c *corev1.PersistentVolumeClaim) (sts.Volume, bool) {
	return j.VolumeNamed(c.Spec.VolumeName)
}

// VolumeNamed is the PersistentVolume of that name; false where it does not exist or could not
// be read.
func (j *Judge) VolumeNamed(name string) (sts.Volume, bool) {
	if v := j.volumes[name]; v != nil {
		return *v, true
	}
	return sts.Volume{}, false
}

// MountedBy is a pod on a node that mounts the claim, empty when there is none. A claim that is
// being deleted stays as long as there is one.
func (j *Judge) MountedBy(c *corev1.PersistentVolumeClaim) string {
	for _, pod := range j.mounts[objectKey{c.Namespace, c.Name}] {
		if pod.Spec.NodeName != "" {
			return pod.Name
		}
	}
	return ""
}

// Judge returns what the claim is.
func (j *Judge) Judge(c *corev1.PersistentVolumeClaim) Judgment {
	v := j.origin(c)
	pods := j.mounts[objectKey{c.Namespace, c.Name}]
	unused := unusedCondition(c)
	mounted := sayMounts(pods)
	if !j.inv.Knows("pods") {
		switch {
		case unused == nil:
			v.unmounted = msgHeldPodsUnknown()
		case unused.Status == corev1.ConditionFalse:
			mounted = msgClaimMountedByCondition()
		}
	}
	uses := j.uses[objectKey{c.Namespace, c.Name}]
	if v.State != ClaimDesired && len(uses) > 0 {
		v.State, v.Reason, v.Confidence = ClaimDesired, sayUses(uses), ""
	}
	switch {
	case c.DeletionTimestamp != nil:
		why := mounted
		if mounted == "" && v.State == ClaimDesired {
			why = v.Reason
		}
		v.State, v.Reason, v.Confidence = ClaimTerminating, msgClaimTerminating(sts.Age(j.inv.TakenAt.Sub(c.DeletionTimestamp.Time)), why), ""
	case mounted != "":
		v.State, v.Reason, v.Confidence = ClaimInUse, mounted, ""
	case v.State != ClaimDesired:
		if why := j.collected(c); why != "" {
			v.State, v.Reason, v.Confidence = ClaimPolicy, why, ""
		}
	}
	v.unlisted = j.unlisted
	j.restore(c, &v)
	if mounted == "" && unused != nil && unused.Status == corev1.ConditionTrue {
		v.UnusedSince, v.UnusedFrom = unused.LastTransitionTime.Time, AgeFromCondition
	}
	j.doubts(c, unused, &v)
	return v
}

// restore checks whether a restore may have created the claim, but not its sets yet.
func (j *Judge) restore(c *corev1.PersistentVolumeClaim, v *Judgment) {
	v.restored = restoredMark(c.Labels)
	v.handmade = !sts.MadeByController(c)
	if end := c.CreationTimestamp.Add(RestoreWindow); v.handmade && !c.CreationTimestamp.IsZero() && j.inv.TakenAt.Before(end) {
		// Whole minutes, so that claims of one restore share a note.
		end = end.Add(time.Minute - 1).Truncate(time.Minute)
		v.restoring = msgHeldRestore(end.UTC().Format("2006-01-02 15:04 UTC"))
	}
}

// origin finds the set that the claim's name comes from, and its state there.
func (j *Judge) origin(c *corev1.PersistentVolumeClaim) Judgment {
	stem, o, shaped := sts.CutOrdinal(c.Name)
	if !shaped {
		return foreign(msgClaimNameUnmatched())
	}
	fit, why := j.readings(c, stem), unmade(c)
	if why == "" && len(c.Labels)+len(c.OwnerReferences) == 0 {
		if fit = slices.DeleteFunc(fit, func(r reading) bool { return r.gone() }); len(fit) == 0 {
			why = msgClaimUnlabeled()
		}
	}
	claimants := j.claimants[objectKey{c.Namespace, stem}]
	v, ok := j.claimed(o, claimants, fit)
	switch {
	case ok && why == "":
		v.Makers = makersOf(fit)
		v.orphaned = len(fit) > 0 && !slices.ContainsFunc(fit, func(r reading) bool { return r.fits })
	case ok:
	case why != "":
		v = foreign(why)
	default:
		v = j.outlived(c, stem, o, fit)
	}
	for _, r := range fit {
		if r.set != nil {
			v.kept = cmp.Or(v.kept, keptBy(r.set))
		}
	}
	for _, by := range claimants {
		if v.State == ClaimForeign && !slices.ContainsFunc(fit, func(r reading) bool { return r.fits }) {
			v.Reason = msgClaimOtherLabels(by.set.Name, by.template)
		}
		if !slices.Contains(v.Sets, by.set.Name) {
			v.Sets = append(v.Sets, by.set.Name)
		}
		v.kept = cmp.Or(v.kept, keptBy(by.set))
		v.unscaled = cmp.Or(v.unscaled, j.unscaled(by.set, o))
	}
	slices.Sort(v.Sets)
	return v
}

func foreign(reason string) Judgment {
	return Judgment{State: ClaimForeign, Reason: reason, Ordinal: -1}
}

// protection is the order in which the verdicts of several sets on one name count.
var protection = []State{ClaimDesired, ClaimReserved, ClaimParked, ClaimOrphaned}

// claimed judges a claim whose name templates of existing sets give. One name may come from
// several sets: data-web-db-0 is of set web-db with the template data, and of set db with the
// template data-web. The state that protects it most counts. It is not ok if the claim would
// be orphaned and does not have the labels of such a set: the controller labels what it creates.
func (j *Judge) claimed(o sts.Ordinal, claimants []claimant, fit []reading) (best Judgment, ok bool) {
	bestMade := false
	for _, by := range claimants {
		v := j.ordinal(by.set, o)
		v.Set, v.Template, v.Ordinal = by.set.Name, by.template, o
		ours := slices.ContainsFunc(fit, func(r reading) bool { return r.set == by.set && r.fits })
		better := cmp.Or(
			cmp.Compare(slices.Index(protection, v.State), slices.Index(protection, best.State)),
			sts.CompareBool(bestMade, ours),
			cmp.Compare(v.Set, best.Set),
		)
		if best.State == "" || better < 0 {
			best, bestMade = v, ours
		}
	}
	// If a set that no longer exists may have created it, it belongs to that one.
	gone := slices.ContainsFunc(fit, func(r reading) bool { return r.gone() })
	return best, best.State != "" && (best.State != ClaimOrphaned || bestMade && !gone)
}

// ordinal is the state of the ordinal in the set.
func (j *Judge) ordinal(set *appsv1.StatefulSet, o sts.Ordinal) Judgment {
	state, reason := j.ordinalState(set, o)
	if set.DeletionTimestamp != nil {
		reason = msgSetDeleting(reason)
	}
	return Judgment{State: state, Reason: reason}
}

func (j *Judge) ordinalState(set *appsv1.StatefulSet, o sts.Ordinal) (State, string) {
	if sts.Wants(set, o) {
		return ClaimDesired, msgClaimNeeded(set.Name, sayRange(set, sts.DesiredReplicas(set)))
	}
	for _, s := range j.scalers[objectKey{set.Namespace, set.Name}] {
		if sts.Within(set, o, s.max) {
			return ClaimReserved, msgClaimReserved(set.Name, sayRange(set, s.max), s.by)
		}
	}
	if sts.DesiredReplicas(set) == 0 {
		return ClaimParked, msgClaimParked(set.Name)
	}
	return ClaimOrphaned, msgClaimOutOfRange(set.Name, sayRange(set, sts.DesiredReplicas(set)))
}

// unscaled is why it is not known whether the set will need the ordinal again, empty when it is.
func (j *Judge) unscaled(set *appsv1.StatefulSet, o sts.Ordinal) string {
	if o < sts.Start(set) || sts.Wants(set, o) {
		return ""
	}
	for _, resource := range []string{"scaledobjects", "horizontalpodautoscalers"} {
		if !j.inv.Knows(resource) {
			return msgHeldScalersUnknown(resource)
		}
	}
	return j.unsized[objectKey{set.Namespace, set.Name}]
}

// sayRange are the ordinals that the set would have with so many replicas.
func sayRange(set *appsv1.StatefulSet, replicas int32) string {
	if replicas == 1 {
		return "ordinal " + sts.Start(set).String()
	}
	return fmt.Sprintf("ordinals %d-%d", sts.Start(set), int64(sts.Start(set))+int64(replicas)-1)
}

// keptBy is why all claims of the set must stay, empty when they need not.
func keptBy(set *appsv1.StatefulSet) string {
	if Keeps(set) {
		return msgHeldBySet(set.Name)
	}
	if _, err := record.ReadDrain(set); err != nil {
		return err.Error()
	}
	return ""
}

// Keeps reports whether the object has the annotation that excludes claims from deletion.
func Keeps(o metav1.Object) bool {
	v, ok := o.GetAnnotations()[KeepAnnotation]
	return ok && v != "false"
}

// labelled reports whether the claim has the labels that the controller gives to the set's
// claims: those of its selector. A selector without matchLabels gives none.
func labelled(c *corev1.PersistentVolumeClaim, set *appsv1.StatefulSet) bool {
	if set.Spec.Selector == nil {
		return true
	}
	for k, v := range set.Spec.Selector.MatchLabels {
		if have, ok := c.Labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// unusedCondition is the API server's condition (KEP-5541), nil if there is none.
func unusedCondition(c *corev1.PersistentVolumeClaim) *corev1.PersistentVolumeClaimCondition {
	for i := range c.Status.Conditions {
		if cond := &c.Status.Conditions[i]; cond.Type == corev1.PersistentVolumeClaimUnused && cond.Status != corev1.ConditionUnknown {
			return cond
		}
	}
	return nil
}

// sayMounts names pods that mount a claim.
func sayMounts(pods []*corev1.Pod) string {
	const most = 3
	var names []string
	for i, p := range pods {
		if i == most {
			names = append(names, sts.Count(len(pods)-most, "other"))
			break
		}
		name := p.Name
		switch {
		case p.DeletionTimestamp != nil:
			name += " (terminating)"
		case p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed:
			name += " (" + string(p.Status.Phase) + ")"
		}
		names = append(names, name)
	}
	return msgClaimMounted(names)
}

// collected is the reason of a claim that the garbage collector deletes, empty when it does
// not. A retention policy works by owner references: to the pod of an ordinal that is removed
// by a scale-down, to the set when it is deleted with the set. The current policy does not
// apply to ordinals that were removed before it was set.
func (j *Judge) collected(c *corev1.PersistentVolumeClaim) string {
	why := ""
	for _, ref := range c.OwnerReferences {
		collected := ""
		switch {
		case ref.Kind == "Pod" && ref.APIVersion == "v1" && strings.HasSuffix(c.Name, "-"+ref.Name):
			collected = msgClaimGarbageCollected("pod "+ref.Name, "whenScaled: Delete")
			if !j.inv.Knows("pods") {
				return ""
			}
		case ref.Kind == "StatefulSet" && strings.HasPrefix(ref.APIVersion, appsv1.GroupName+"/"):
			collected = msgClaimGarbageCollected("statefulset/"+ref.Name, "whenDeleted: Delete")
		}
		if collected == "" || j.living[ref.UID] {
			return "" // it exists as long as any owner does
		}
		why = collected
	}
	return why
}

// sayUses is the reason of a claim that objects need.
func sayUses(uses []sts.ClaimUse) string {
	first := uses[0]
	for _, u := range uses[1:] {
		if u.By < first.By {
			first = u
		}
	}
	return msgClaimReferenced(first.By, string(first.How), len(uses)-1)
}

// sayUnlisted names the resources that may reference claims and could not be listed.
func sayUnlisted(inv *sts.Inventory) string {
	var hidden []string
	for _, resource := range sts.UseResources {
		if !inv.Knows(resource) {
			hidden = append(hidden, resource)
		}
	}
	if len(hidden) == 0 {
		return ""
	}
	return msgHeldUsesUnknown(hidden)
}
