package ststest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ClaimWorld is a namespace with a history of sets that came, grew, shrank and went, and
// what its claims are to them. It knows who made which claim, and it makes names and
// never reads them: so it can tell whether one who reads them is right.
type ClaimWorld struct {
	// Steps are the history, to be repeated on a real cluster.
	Steps []ClaimStep

	sets   map[string]*WorldSet
	claims map[string]*worldClaim
	mounts map[string]bool // claims that a pod of nobody's set mounts
}

// ClaimStep has exactly one field set.
type ClaimStep struct {
	Create *WorldSet // in the place of the set of that name, if there is one
	Delete string    // a set
	Scale  *SizeOf
	// Stall scales from 0 to a size of which only the first pod comes up.
	Stall     *SizeOf
	Autoscale *SizeOf // by an HPA, up to the size
	Park      *SizeOf // annotate with the size to come back with
	HandMade  string  // a claim without labels
	Mount     string  // a claim, by a pod of its own
	Keep      string  // annotate a claim
	Hold      string  // delete a claim that a finalizer holds
}

// SizeOf is a size for a set.
type SizeOf struct {
	Set  string
	Size int
}

// WorldSet is a set of the world. It has the label app with its name.
type WorldSet struct {
	Name      string
	Templates []string
	Start     int
	Size      int
	// Deletes: its whenScaled policy is Delete.
	Deletes bool

	running  int // pods that there are
	max      int // of its HPA
	comeBack int // the size to come back with
}

type worldClaim struct {
	set, template    string // who has made it; empty for a person
	ordinal          int
	kept, terminated bool
}

// farthest is beyond the ordinals that any set of a world has.
const farthest = 20

func worldName(template, set string, ordinal int) string {
	return template + "-" + set + "-" + strconv.Itoa(ordinal)
}

// RandomClaimWorld lets a namespace have a history. random(n) is from 0 to n-1.
func RandomClaimWorld(random func(n int) int) *ClaimWorld {
	w := &ClaimWorld{sets: map[string]*WorldSet{}, claims: map[string]*worldClaim{}, mounts: map[string]bool{}}
	pick := func(from []string) string { return from[random(len(from))] }
	// Names that share their shapes.
	names := []string{"web", "db", "web-db", "db-web", "old-db"}
	templates := []string{"data", "logs", "data-web", "data-db", "logs-old", "data-web-db"}
	for range 3 + random(6) {
		switch living := slices.Sorted(maps.Keys(w.sets)); {
		case len(living) < 2 || random(3) == 0:
			set := WorldSet{Name: pick(names), Size: random(4), Start: max(0, random(8)-4)}
			set.Templates = append(set.Templates, pick(templates))
			if other := pick(templates); random(2) == 0 && other != set.Templates[0] {
				set.Templates = append(set.Templates, other)
			}
			w.do(ClaimStep{Create: &set})
		default:
			w.do([]ClaimStep{
				{Delete: pick(living)},
				{Scale: &SizeOf{pick(living), 0}},
				{Scale: &SizeOf{pick(living), random(5)}},
				{Scale: &SizeOf{pick(living), random(5)}},
			}[random(4)])
		}
	}
	// No other set's names are like its: what the policy takes nobody else has mounted.
	if random(2) == 0 {
		w.do(ClaimStep{Create: &WorldSet{Name: "policy", Templates: []string{"disk"}, Size: 1 + random(3), Start: random(2), Deletes: true}})
		w.do(ClaimStep{Scale: &SizeOf{"policy", random(4)}})
	}
	living := slices.Sorted(maps.Keys(w.sets))
	if len(living) > 0 {
		for _, name := range living {
			if w.sets[name].Size == 0 && random(3) == 0 {
				w.do(ClaimStep{Stall: &SizeOf{name, 1 + random(4)}})
			}
		}
		if set := w.sets[pick(living)]; random(2) == 0 {
			w.do(ClaimStep{Autoscale: &SizeOf{set.Name, max(1, set.Size+random(3))}})
		}
		if set := w.sets[pick(living)]; random(2) == 0 {
			w.do(ClaimStep{Park: &SizeOf{set.Name, 1 + random(4)}})
		}
	}
	for range random(4) {
		name := pick([]string{"backup", "cache-disk-1", "data-web", worldName(pick(templates), pick(names), random(9)), "data-web-03", "web-db-0"})
		if w.claims[name] == nil {
			w.do(ClaimStep{HandMade: name})
		}
	}
	for range random(3) {
		if all := slices.Sorted(maps.Keys(w.claims)); len(all) > 0 {
			if name := pick(all); !w.mounts[name] {
				w.do(ClaimStep{Mount: name})
			}
		}
	}
	if all := slices.Sorted(maps.Keys(w.claims)); len(all) > 0 && random(2) == 0 {
		w.do(ClaimStep{Keep: pick(all)})
	}
	if all := slices.Sorted(maps.Keys(w.claims)); len(all) > 0 && random(2) == 0 {
		if name := pick(all); !w.mounted(name) {
			w.do(ClaimStep{Hold: name})
		}
	}
	return w
}

// do does what the API server and the controllers do.
func (w *ClaimWorld) do(step ClaimStep) {
	w.Steps = append(w.Steps, step)
	switch {
	case step.Create != nil:
		set := *step.Create
		w.sets[set.Name] = &set
		w.run(&set, set.Size)
	case step.Delete != "":
		delete(w.sets, step.Delete)
	case step.Scale != nil:
		w.run(w.sets[step.Scale.Set], step.Scale.Size)
	case step.Stall != nil:
		set := w.sets[step.Stall.Set]
		w.run(set, 1)
		set.Size = step.Stall.Size
	case step.Autoscale != nil:
		w.sets[step.Autoscale.Set].max = step.Autoscale.Size
	case step.Park != nil:
		w.sets[step.Park.Set].comeBack = step.Park.Size
	case step.HandMade != "":
		w.claims[step.HandMade] = &worldClaim{}
	case step.Mount != "":
		w.mounts[step.Mount] = true
	case step.Keep != "":
		w.claims[step.Keep].kept = true
	case step.Hold != "":
		w.claims[step.Hold].terminated = true
	}
}

// run brings a set to a size, with a pod for each ordinal and the claims of each pod.
func (w *ClaimWorld) run(set *WorldSet, size int) {
	for _, t := range set.Templates {
		for o := set.Start; o < set.Start+size; o++ {
			if name := worldName(t, set.Name, o); w.claims[name] == nil {
				w.claims[name] = &worldClaim{set: set.Name, template: t, ordinal: o}
			}
		}
		for o := set.Start + size; set.Deletes && o < set.Start+set.running; o++ {
			delete(w.claims, worldName(t, set.Name, o))
		}
	}
	set.Size, set.running = size, size
}

// gives says whether the set gives this name to a claim of one of the ordinals.
func (s *WorldSet) gives(claim string, from, size int) bool {
	for _, t := range s.Templates {
		for o := from; o < from+size; o++ {
			if worldName(t, s.Name, o) == claim {
				return true
			}
		}
	}
	return false
}

func (w *ClaimWorld) mounted(claim string) bool {
	for _, set := range w.sets {
		if set.gives(claim, set.Start, set.running) {
			return true
		}
	}
	return w.mounts[claim]
}

// States is what each claim is, by its name.
func (w *ClaimWorld) States() map[string]sts.ClaimState {
	out := map[string]sts.ClaimState{}
	for name, claim := range w.claims {
		out[name] = w.state(name, claim)
	}
	return out
}

// Kept are the claims that are annotated to stay.
func (w *ClaimWorld) Kept() []string {
	var out []string
	for name, claim := range w.claims {
		if claim.kept {
			out = append(out, name)
		}
	}
	return out
}

// HandMade are the claims that no set has created.
func (w *ClaimWorld) HandMade() []string {
	var out []string
	for name, claim := range w.claims {
		if claim.set == "" {
			out = append(out, name)
		}
	}
	return out
}

func (w *ClaimWorld) state(name string, claim *worldClaim) sts.ClaimState {
	if claim.terminated {
		return sts.ClaimTerminating
	}
	if w.mounted(name) {
		return sts.ClaimInUse
	}
	var wanted, reserved, parked, given, leftOver bool
	for _, set := range w.sets {
		wanted = wanted || set.gives(name, set.Start, set.Size)
		reserved = reserved || set.gives(name, set.Start, set.max) || set.gives(name, set.Start, set.comeBack)
		if set.gives(name, 0, farthest) {
			given = true
			parked = parked || set.Size == 0
			leftOver = leftOver || claim.set == set.Name
		}
	}
	maker := w.sets[claim.set]
	switch {
	case wanted:
		return sts.ClaimWanted
	case reserved:
		return sts.ClaimReserved
	case parked:
		return sts.ClaimParked
	case given && leftOver:
		return sts.ClaimLeftOver
	case claim.set == "":
		return sts.ClaimForeign
	case maker != nil:
		return sts.ClaimStaleTemplate
	}
	return sts.ClaimOrphanSet
}

// Inventory is the world as it would be read.
func (w *ClaimWorld) Inventory() *sts.Inventory {
	inv := &sts.Inventory{TakenAt: Now}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: Namespace, Name: name, UID: types.UID(name + "-uid")}
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
	for _, name := range slices.Sorted(maps.Keys(w.sets)) {
		set := w.sets[name]
		size := int32(set.Size)
		s := &appsv1.StatefulSet{ObjectMeta: meta(name)}
		s.Spec.Replicas, s.Spec.Ordinals = &size, &appsv1.StatefulSetOrdinals{Start: int32(set.Start)}
		s.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
		for _, t := range set.Templates {
			s.Spec.VolumeClaimTemplates = append(s.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: t}})
		}
		if set.comeBack > 0 {
			s.Annotations = map[string]string{sts.ParkedAnnotation: strconv.Itoa(set.comeBack)}
		}
		inv.Sets = append(inv.Sets, s)
		for o := set.Start; o < set.Start+set.running; o++ {
			var claims []string
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
	for _, name := range slices.Sorted(maps.Keys(w.claims)) {
		claim := w.claims[name]
		c := &corev1.PersistentVolumeClaim{ObjectMeta: meta(name)}
		c.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl-create"}}
		if claim.set != "" {
			c.Labels = map[string]string{"app": claim.set}
			c.ManagedFields[0].Manager = "kube-controller-manager"
		}
		if claim.kept {
			c.Annotations = map[string]string{sts.KeepAnnotation: ""}
		}
		if claim.terminated {
			c.DeletionTimestamp = &metav1.Time{Time: Now}
		}
		inv.Claims = append(inv.Claims, c)
	}
	for _, claim := range slices.Sorted(maps.Keys(w.mounts)) {
		mounting("debug-"+claim, claim)
	}
	return inv
}

// String tells the history, for whoever looks into a failure.
func (s ClaimStep) String() string {
	switch {
	case s.Create != nil:
		return fmt.Sprintf("create %+v", *s.Create)
	case s.Delete != "":
		return "delete " + s.Delete
	case s.Scale != nil:
		return fmt.Sprintf("scale %+v", *s.Scale)
	case s.Stall != nil:
		return fmt.Sprintf("stall %+v", *s.Stall)
	case s.Autoscale != nil:
		return fmt.Sprintf("autoscale %+v", *s.Autoscale)
	case s.Park != nil:
		return fmt.Sprintf("park %+v", *s.Park)
	case s.HandMade != "":
		return "by hand: " + s.HandMade
	case s.Mount != "":
		return "mount " + s.Mount
	case s.Keep != "":
		return "keep " + s.Keep
	}
	return "hold " + s.Hold
}
