package inspect

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
)

// ClaimReport answers "what are these claims, and which may go?".
type ClaimReport struct {
	metav1.TypeMeta `json:",inline"`
	Items           []Claim `json:"items"`
	// Classes are the sums per storage class, Total is the sum of all.
	Classes []ClaimSum `json:"classes"`
	Total   ClaimSum   `json:"total"`
	// Retained is what volumes keep of claims that were deleted, absent where volumes could
	// not be read.
	Retained *RetainedSum `json:"retained,omitempty"`
	// Missing is what could not be read; the report is less sure by that much.
	Missing []sts.Missing `json:"missing,omitempty"`
}

// Split leaves the report without its items, and them one by one: they are many.
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
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Set, Template and Ordinal are what its name is made from.
	Set      string       `json:"set,omitempty"`
	Template string       `json:"template,omitempty"`
	Ordinal  *sts.Ordinal `json:"ordinal,omitempty"`

	State      sts.ClaimState `json:"state"`
	Reason     string         `json:"reason"`
	Confidence sts.Confidence `json:"confidence,omitempty"`
	// Candidate: it may be deleted, by its state and by what was asked for.
	Candidate bool `json:"candidate"`
	// Held is why it is no candidate although its state would make it one.
	Held   string   `json:"held,omitempty"`
	Doubts []string `json:"doubts,omitempty"`

	Phase string `json:"phase"`
	// Size is the bound capacity, or what is asked for while it is not bound.
	Size          string `json:"size,omitempty"`
	Class         string `json:"class,omitempty"`
	Volume        string `json:"volume,omitempty"`
	ReclaimPolicy string `json:"reclaimPolicy,omitempty"`
	// DeletedAt is since when it is being deleted.
	DeletedAt *metav1.Time `json:"deletedAt,omitempty"`
	// Rescued: its volume keeps the data and remembers it, although it or the volume is
	// being deleted.
	Rescued bool `json:"rescued,omitempty"`
	// AtRisk is why its data or the way to it would be gone when its pods are, empty where
	// it would not.
	AtRisk      string        `json:"atRisk,omitempty"`
	UnusedSince *metav1.Time  `json:"unusedSince,omitempty"`
	UnusedFrom  sts.AgeSource `json:"unusedFrom,omitempty"`
}

// ClaimSum is how many claims there are, and how large they are together.
type ClaimSum struct {
	Class         string            `json:"class,omitempty"`
	Claims        int               `json:"claims"`
	Size          resource.Quantity `json:"size"`
	Candidates    int               `json:"candidates"`
	CandidateSize resource.Quantity `json:"candidateSize"`
}

// ClaimQuery says which claims to report, and which of them may go.
type ClaimQuery struct {
	// Names of sets, also of those that are gone; claims of all sets and of none when empty.
	Names []string
	// Selector on the labels of living sets, nil for none.
	Selector labels.Selector
	Ordinals sts.Ordinals
	Choice   sts.ClaimChoice
}

// selects says whether the claim is one of those that were asked for by their sets.
func (q *ClaimQuery) selects(v *sts.ClaimVerdict, namespace string, sets map[[2]string]*appsv1.StatefulSet) bool {
	if len(q.Names) == 0 && q.Selector == nil {
		return true
	}
	return slices.ContainsFunc(append(slices.Clone(v.Sets), v.Set), func(name string) bool {
		set := sets[[2]string{namespace, name}]
		return slices.Contains(q.Names, name) || q.Selector != nil && set != nil && q.Selector.Matches(labels.Set(set.Labels))
	})
}

// picks says whether the claim is one of those that were asked for.
func (q *ClaimQuery) picks(v *sts.ClaimVerdict, namespace string, sets map[[2]string]*appsv1.StatefulSet) bool {
	return q.selects(v, namespace, sets) && (len(q.Ordinals) == 0 || v.Set != "" && q.Ordinals.Has(v.Ordinal))
}

// NewClaimReport judges every claim of the inventory and reports those that were asked
// for. It also says of which names there is neither a set nor a claim.
func NewClaimReport(inv *sts.Inventory, q ClaimQuery) (r *ClaimReport, unknown []string) {
	r = &ClaimReport{
		TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "ClaimReport"},
		Items:    []Claim{}, Classes: []ClaimSum{}, Missing: inv.Missing,
	}
	judge := sts.NewClaimJudge(inv)
	sets, known := map[[2]string]*appsv1.StatefulSet{}, map[string]bool{}
	for _, set := range inv.Sets {
		sets[[2]string{set.Namespace, set.Name}] = set
		known[set.Name] = true
	}
	classes := map[string]*ClaimSum{}
	for _, c := range inv.Claims {
		v := judge.Judge(c)
		if v.Set != "" {
			known[v.Set] = true
		}
		if !q.picks(&v, c.Namespace, sets) {
			continue
		}
		volume, _ := judge.Volume(c)
		item := newClaim(c, &v, volume)
		item.Candidate, item.Held = v.Candidate(q.Choice, inv.TakenAt)
		item.judgeRisk(c, volume, inv)
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
		r.Retained = newRetained(inv, judge, func(v *sts.ClaimVerdict, namespace string) bool {
			return q.picks(v, namespace, sets)
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

// OnlyCandidates is the report of those that may go.
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

func newClaim(c *corev1.PersistentVolumeClaim, v *sts.ClaimVerdict, volume sts.Volume) Claim {
	size := claimSize(c)
	out := Claim{
		Namespace: c.Namespace, Name: c.Name, Set: v.Set, Template: v.Template,
		State: v.State, Reason: v.Reason, Confidence: v.Confidence, Doubts: v.Doubts,
		Phase: string(c.Status.Phase), Size: size.String(), Volume: c.Spec.VolumeName, UnusedFrom: v.UnusedFrom,
		ReclaimPolicy: string(volume.ReclaimPolicy),
	}
	if v.Set != "" {
		out.Ordinal = &v.Ordinal
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

// judgeRisk says whether the claim goes with its data, or its volume does.
func (item *Claim) judgeRisk(c *corev1.PersistentVolumeClaim, volume sts.Volume, inv *sts.Inventory) {
	item.DeletedAt = c.DeletionTimestamp
	switch {
	case c.Spec.VolumeName == "":
	case c.Status.Phase == corev1.ClaimLost:
		item.AtRisk = "volume " + c.Spec.VolumeName + " does not exist any more"
	case c.DeletionTimestamp == nil && volume.DeletionTimestamp == nil:
	case !inv.Knows("persistentvolumes"):
		item.AtRisk = "whether volume " + c.Spec.VolumeName + " keeps its data is unknown: persistentvolumes could not be read"
	case volume.Name == "": // it was listed before or after the claim was bound to it
	case sts.Rescued(c, volume):
		item.Rescued = true
		item.Reason += "; rescued: volume " + cmp.Or(volume.Retained.Copy, volume.Name) + " keeps its data"
	case volume.DeletionTimestamp != nil:
		item.AtRisk = "volume " + volume.Name + " is being deleted: it will be gone with the claim"
	case volume.ReclaimPolicy == corev1.PersistentVolumeReclaimRetain:
		item.AtRisk = "volume " + volume.Name + " keeps the data but does not remember the claim"
	default:
		item.AtRisk = "its data will be deleted with it: volume " + volume.Name + " has reclaim policy " + string(volume.ReclaimPolicy)
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
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), cmp.Compare(nameless(a), nameless(b)), strings.Compare(a.Set, b.Set),
		cmp.Compare(ordinalOf(a), ordinalOf(b)), strings.Compare(a.Name, b.Name))
}

func nameless(c Claim) int32 { return one(c.Set == "") }

func ordinalOf(c Claim) sts.Ordinal {
	if c.Ordinal == nil {
		return math.MaxInt32
	}
	return *c.Ordinal
}
