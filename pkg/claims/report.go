package claims

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// ClaimReport lists claims, what they are, and which of them can be deleted.
type ClaimReport struct {
	metav1.TypeMeta `json:",inline"`
	// Items are the requested claims, grouped by set.
	Items []Claim `json:"items"`
	// Classes are the totals per storage class.
	Classes []ClaimSum `json:"classes"`
	// Total is the total.
	Total ClaimSum `json:"total"`
	// Retained is the data of deleted claims that volumes retain; absent if volumes could not be read.
	Retained *RetainedSum `json:"retained,omitempty"`
	// Missing is what could not be read, usually because a permission is missing; claims that depend on it
	// are not candidates.
	Missing []sts.Missing `json:"missing,omitempty"`
}

// Split returns the report without its items, and the items one by one: they are many.
func (r *ClaimReport) Split() (head any, items iter.Seq[any]) {
	without := *r
	without.Items = []Claim{}
	return &without, Each(r.Items)
}

// Each yields pointers to the items.
func Each[T any](items []T) iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := range items {
			if !yield(&items[i]) {
				return
			}
		}
	}
}

// Claim is one PersistentVolumeClaim.
type Claim struct {
	// Namespace is the namespace of the PersistentVolumeClaim.
	Namespace string `json:"namespace"`
	// Name is the name of the PersistentVolumeClaim.
	Name string `json:"name"`
	// Labels are those of the PersistentVolumeClaim.
	Labels map[string]string `json:"labels,omitempty"`
	// Set is the StatefulSet that its name refers to, which may no longer exist; absent if there is none.
	Set string `json:"set,omitempty"`
	// Template is the volumeClaimTemplate that its name refers to.
	Template string `json:"template,omitempty"`
	// Ordinal is the ordinal that its name refers to.
	Ordinal *sts.Ordinal `json:"ordinal,omitempty"`

	// State is what the claim is to the StatefulSets of its namespace.
	State State `json:"state"`
	// Message is why it is in this state.
	Message string `json:"message"`
	// With [claims.ClaimSetDeleted]: how certain it is which deleted set created the claim.
	Confidence Confidence `json:"confidence,omitempty"`
	// Makers are the StatefulSets that may have created it, if there is more than one: the claim is
	// ambiguous.
	Makers []string `json:"makers,omitempty"`
	// Candidate is true if it can be deleted, by its state and the given flags.
	Candidate bool `json:"candidate"`
	// Held is why it is not a candidate, although its state and the flags would make it one.
	Held string `json:"held,omitempty"`
	// Doubts is what to consider before it is deleted.
	Doubts []string `json:"doubts,omitempty"`

	// Phase is `Bound`, `Pending` or `Lost`.
	Phase string `json:"phase"`
	// Size is the bound capacity; the requested capacity if it is not bound.
	Size string `json:"size,omitempty"`
	// Class is its storage class.
	Class string `json:"class,omitempty"`
	// Volume is its PersistentVolume.
	Volume string `json:"volume,omitempty"`
	// ReclaimPolicy is the reclaim policy of the volume: with `Delete` the data is deleted with the
	// claim; absent if the volume could not be read.
	ReclaimPolicy string `json:"reclaimPolicy,omitempty"`
	// DeletionTimestamp is when its deletion was requested; absent if it is not being deleted.
	DeletionTimestamp *metav1.Time `json:"deletionTimestamp,omitempty"`
	// Rescued is true if its volume retains the data and records the claim, although the claim or the
	// volume is being deleted.
	Rescued bool `json:"rescued,omitempty"`
	// Risk is why its data, or access to it, would be lost with the pods that use it; absent if it
	// would not.
	Risk *diagnose.ClaimRisk `json:"risk,omitempty"`
	// UnusedSince is the time since which it is known to be unused; absent if that is unknown or a pod uses
	// it. It may have been unused for longer.
	UnusedSince *metav1.Time `json:"unusedSince,omitempty"`
	// UnusedFrom is how that time is known.
	UnusedFrom AgeSource `json:"unusedFrom,omitempty"`

	choice Choice
}

// Choice is the choice by which it is a candidate.
func (c *Claim) Choice() Choice { return c.choice }

// ClaimSum is the number of claims and their total size.
type ClaimSum struct {
	// Class is the storage class; absent for claims without one, and in [ClaimReport.Total].
	Class string `json:"class,omitempty"`
	// Claims is the number of claims.
	Claims int `json:"claims"`
	// Size is their total size.
	Size resource.Quantity `json:"size"`
	// Candidates is the number of candidates.
	Candidates int `json:"candidates"`
	// CandidateSize is the total size of the candidates.
	CandidateSize resource.Quantity `json:"candidateSize"`
}

// Query selects the claims to report, and the candidates among them.
type Query struct {
	// Names of sets, also of deleted ones; claims of all sets and of none when empty.
	Names []string
	// Selector on the labels of existing sets, nil for none.
	Selector labels.Selector
	// Claims are names of claims: only those, and also those that require --claim. All when empty.
	Claims   []string
	Ordinals sts.Ordinals
	Choice   Choice
	// Reserve are annotations of sets that hold a size, in addition to the known ones.
	Reserve []string
}

// limits reports whether only claims of some sets are selected.
func (q *Query) limits() bool { return len(q.Names) > 0 || q.Selector != nil }

// chosen are the selected ones of these sets.
func (q *Query) chosen(names []string, namespace string, sets map[[2]string]*appsv1.StatefulSet) []string {
	out := []string{}
	for _, name := range names {
		set := sets[[2]string{namespace, name}]
		if slices.Contains(q.Names, name) || q.Selector != nil && set != nil && q.Selector.Matches(labels.Set(set.Labels)) {
			out = append(out, name)
		}
	}
	return out
}

// picks reports whether the claim is selected, and by which choice it may be a candidate.
func (q *Query) picks(claim string, v *Judgment, namespace string, sets map[[2]string]*appsv1.StatefulSet) (Choice, bool) {
	choice := q.Choice
	if q.limits() {
		choice.Sets = q.chosen(slices.Concat(v.Sets, v.Makers, []string{v.Set}), namespace, sets)
	}
	choice.Named = slices.Contains(q.Claims, claim)
	return choice, (!q.limits() || len(choice.Sets) > 0) &&
		(len(q.Ordinals) == 0 || v.Set != "" && q.Ordinals.Has(v.Ordinal)) && (len(q.Claims) == 0 || choice.Named)
}

// NewReport judges every claim of the inventory and reports the selected ones. unknown
// are the names that have neither a set nor a claim.
func NewReport(inv *sts.Inventory, q Query) (r *ClaimReport, unknown []string) {
	r = &ClaimReport{
		TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "ClaimReport"},
		Items:    []Claim{}, Classes: []ClaimSum{}, Missing: inv.Missing,
	}
	judge := NewJudge(inv)
	sets, known := map[[2]string]*appsv1.StatefulSet{}, map[string]bool{}
	for _, set := range inv.Sets {
		sets[[2]string{set.Namespace, set.Name}] = set
		known[set.Name] = true
	}
	classes := map[string]*ClaimSum{}
	for _, c := range inv.Claims {
		v := judge.Judge(c)
		known[v.Set] = true
		for _, name := range v.Makers {
			known[name] = true
		}
		choice, picked := q.picks(c.Name, &v, c.Namespace, sets)
		if !picked {
			continue
		}
		volume, _ := judge.Volume(c)
		item := newClaim(c, &v, volume)
		item.Candidate, item.Held = v.Candidate(choice, inv.TakenAt)
		item.choice = choice
		item.judgeRisk(c, volume, judge, inv)
		r.Items = append(r.Items, item)
		if classes[item.Class] == nil {
			classes[item.Class] = &ClaimSum{Class: item.Class}
		}
		size := claimSize(c)
		classes[item.Class].add(&item, size)
		r.Total.add(&item, size)
	}
	slices.SortFunc(r.Items, compareClaims)
	if inv.Knows("persistentvolumes") {
		r.Retained = newRetained(inv, judge, func(claim string, v *Judgment, namespace string) bool {
			_, picked := q.picks(claim, v, namespace, sets)
			return picked
		})
	}
	for _, sum := range classes {
		r.Classes = append(r.Classes, *sum)
	}
	slices.SortFunc(r.Classes, func(a, b ClaimSum) int { return strings.Compare(a.Class, b.Class) })
	for _, name := range q.Names {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	return r, unknown
}

// Absent are the claims that were named and do not exist.
func (q *Query) Absent(inv *sts.Inventory) []string {
	return slices.DeleteFunc(slices.Clone(q.Claims), func(name string) bool {
		return slices.ContainsFunc(inv.Claims, func(c *corev1.PersistentVolumeClaim) bool { return c.Name == name })
	})
}

// OnlyCandidates is the report of the candidates.
func (r *ClaimReport) OnlyCandidates() *ClaimReport {
	out := *r
	out.Items = slices.DeleteFunc(slices.Clone(r.Items), func(c Claim) bool { return !c.Candidate })
	out.Classes, out.Retained, out.Total = nil, nil, r.Total.onlyCandidates()
	for i := range r.Classes {
		if r.Classes[i].Candidates > 0 {
			out.Classes = append(out.Classes, r.Classes[i].onlyCandidates())
		}
	}
	return &out
}

func (s ClaimSum) onlyCandidates() ClaimSum {
	s.Claims, s.Size = s.Candidates, s.CandidateSize
	return s
}

func (s *ClaimSum) add(c *Claim, size resource.Quantity) {
	s.Claims++
	s.Size.Add(size)
	if c.Candidate {
		s.Candidates++
		s.CandidateSize.Add(size)
	}
}

func newClaim(c *corev1.PersistentVolumeClaim, v *Judgment, volume sts.Volume) Claim {
	size := claimSize(c)
	out := Claim{
		Namespace: c.Namespace, Name: c.Name, Labels: c.Labels, Set: v.Set, Template: v.Template,
		State: v.State, Message: v.Reason, Confidence: v.Confidence, Doubts: v.Doubts,
		Phase: string(c.Status.Phase), Size: size.String(), Volume: c.Spec.VolumeName, UnusedFrom: v.UnusedFrom,
		ReclaimPolicy: string(volume.ReclaimPolicy),
	}
	if v.Set != "" {
		out.Ordinal = &v.Ordinal
	}
	if v.Ambiguous() {
		out.Makers = v.Makers
	}
	if c.Spec.StorageClassName != nil {
		out.Class = *c.Spec.StorageClassName
	}
	if !v.UnusedSince.IsZero() {
		since := metav1.NewTime(v.UnusedSince)
		out.UnusedSince = &since
	}
	return out
}

// judgeRisk reports whether the claim, or its volume, is being deleted with its data.
func (c *Claim) judgeRisk(pvc *corev1.PersistentVolumeClaim, volume sts.Volume, judge *Judge, inv *sts.Inventory) {
	c.DeletionTimestamp = pvc.DeletionTimestamp
	c.Rescued = (pvc.DeletionTimestamp != nil || volume.DeletionTimestamp != nil) && sts.Rescued(pvc, volume)
	if _, exists := judge.VolumeNamed(volume.CopiedTo()); volume.CopiedTo() != "" && !exists {
		c.Rescued = false
	}
	if c.Rescued {
		c.Message += msgReasonRescued(cmp.Or(volume.Retained.Copy, volume.Name))
		return
	}
	c.Risk = diagnose.NewClaimRisk(pvc, judge.VolumeNamed, inv.Knows("persistentvolumes"), inv.TakenAt)
	if c.Risk != nil && (c.Risk.Reason == diagnose.VolumeIsMissing || c.Risk.Reason == diagnose.VolumeIsTaken) {
		// Claims and volumes are listed in parallel: it may have been bound in between. A
		// volume of another claim is a doubt already.
		c.Risk = nil
	}
}

func claimSize(c *corev1.PersistentVolumeClaim) resource.Quantity {
	if size, bound := c.Status.Capacity[corev1.ResourceStorage]; bound {
		return size
	}
	return c.Spec.Resources.Requests[corev1.ResourceStorage]
}

// compareClaims puts the claims of a set together, those of no set last.
func compareClaims(a, b Claim) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), sts.CompareBool(a.Set == "", b.Set == ""), strings.Compare(a.Set, b.Set),
		cmp.Compare(ordinalOf(a), ordinalOf(b)), strings.Compare(a.Name, b.Name))
}

func ordinalOf(c Claim) sts.Ordinal {
	if c.Ordinal == nil {
		return math.MaxInt32
	}
	return *c.Ordinal
}
