package doctor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ExamineManifests runs all checks over manifests, read at this time. Where they define an object more than
// once, each of their worlds is examined: what is found about an object must be so in every world to which it
// belongs.
func ExamineManifests(objects []manifest.Object, place Placement, domain names.Domain, now time.Time, examined Examined, ignore []sts.FindingCode) (*Report, error) {
	all, source := fromManifests(objects, place, domain, now)
	slots := all.slots()
	worlds, err := manifest.Worlds(objects, place.Namespace, func(o *manifest.Object) bool {
		return o.In(slots) != nil || isScaledObject(o.APIVersion, o.Kind)
	})
	if err != nil {
		return nil, err
	}
	m := &merged{belongs: make([]int, len(objects)), found: map[foundKey]int{}, listed: map[int]bool{}}
	for _, w := range worlds {
		in := all.within(w, source)
		in.Examined = examined
		r := Examine(in, ignore, locateIn(objects, source))
		if len(worlds) == 1 {
			return r, nil
		}
		m.add(r, w, source)
	}
	return m.report(len(worlds)), nil
}

// within is what a world has of the input. A text beside the definitions of another world is about that world.
func (in *Input) within(w manifest.World, source map[metav1.Object]int) *Input {
	members := make(map[int]manifest.Member, len(w))
	for _, m := range w {
		members[m.Index] = m
	}
	has := func(o metav1.Object) bool {
		_, found := members[source[o]]
		return found
	}
	inv := *in.Inventory
	out := &Input{
		Inventory: &inv, Offline: in.Offline, Domain: in.Domain,
		Deployments: only(in.Deployments, has), ConfigMaps: only(in.ConfigMaps, has), Classes: only(in.Classes, has), PersistentVolumes: only(in.PersistentVolumes, has),
		Own: func(o metav1.Object) bool { return members[source[o]].Own },
	}
	inv.Sets, inv.Services, inv.Endpoints, inv.Slices = only(in.Sets, has), only(in.Services, has), only(in.Endpoints, has), only(in.Slices, has)
	inv.Budgets, inv.HPAs, inv.Claims = only(in.Budgets, has), only(in.HPAs, has), only(in.Claims, has)
	inv.Problems = nil
	for _, p := range in.Problems {
		if has(p.Object) {
			inv.Problems = append(inv.Problems, p)
		}
	}
	for _, t := range in.TooLarge {
		if has(t.Set) {
			out.TooLarge = append(out.TooLarge, t)
		}
	}
	for _, d := range in.Documents {
		m, found := members[source[d.Object]]
		if !found {
			continue
		}
		out.Documents = append(out.Documents, d)
		if m.Own || m.Nearest {
			inv.Texts = append(inv.Texts, d.text())
		}
	}
	out.scaledObjects()
	return out
}

func only[O metav1.Object](list []O, has func(metav1.Object) bool) []O {
	var out []O
	for _, o := range list {
		if has(o) {
			out = append(out, o)
		}
	}
	return out
}

// merged is what was found in several worlds.
type merged struct {
	// belongs is the number of worlds to which each object belongs.
	belongs []int
	// found is the number of worlds with a finding.
	found map[foundKey]int
	first []foundIn
	sets  []setIn
	// listed are the indexes of these sets.
	listed map[int]bool
	files  []manifest.FileProblem
	base   *Report
}

// foundKey tells findings apart; object is -1 for one that is about no object of the manifests.
type foundKey struct {
	object          int
	name, ordinals  string
	code            sts.FindingCode
	field, severity string
	// nth counts the findings of a world that agree in all of this.
	nth int
}

type foundIn struct {
	DoctorFinding
	key foundKey
	set int // -1 for none
}

type setIn struct {
	DoctorSet
	index int
}

// add adds the report of a world.
func (m *merged) add(r *Report, w manifest.World, source map[metav1.Object]int) {
	m.base = cmp.Or(m.base, r)
	own := make(map[int]bool, len(w))
	for _, member := range w {
		if own[member.Index] = member.Own; member.Own {
			m.belongs[member.Index]++
		}
	}
	for _, f := range r.Files {
		if !slices.Contains(m.files, f) {
			m.files = append(m.files, f)
		}
	}
	index := func(object metav1.Object) (int, bool) {
		i, ok := source[object]
		if object == nil || !ok {
			return -1, true
		}
		return i, own[i]
	}
	here := map[foundKey]int{}
	for _, f := range r.Findings {
		object, own := index(f.Subject)
		set, _ := index(f.set)
		if !own {
			continue
		}
		key := foundKey{object, f.Object, sts.FormatOrdinals(f.Ordinals), f.Code, f.Field, string(f.Severity), 0}
		here[key]++
		key.nth = here[key]
		if m.found[key] == 0 {
			m.first = append(m.first, foundIn{f, key, set})
		}
		m.found[key]++
	}
	for i, item := range r.Items {
		set, own := index(r.sets[i])
		if own && !m.listed[set] {
			m.listed[set] = true
			m.sets = append(m.sets, setIn{item, set})
		}
	}
}

// report has what was found in every world to which the object belongs.
func (m *merged) report(worlds int) *Report {
	r := *m.base
	r.Files = m.files
	r.Items, r.Findings, r.Summary = []DoctorSet{}, []DoctorFinding{}, sts.FindingCount{}
	counts := map[int]*sts.FindingCount{}
	for _, f := range m.first {
		of := worlds
		if f.key.object >= 0 {
			of = m.belongs[f.key.object]
		}
		if m.found[f.key] < of {
			continue
		}
		r.Findings = append(r.Findings, f.DoctorFinding)
		r.Summary.Add(f.Severity, f.Ignored)
		if counts[f.set] == nil {
			counts[f.set] = &sts.FindingCount{}
		}
		counts[f.set].Add(f.Severity, f.Ignored)
	}
	r.sort()
	slices.SortFunc(m.sets, func(a, b setIn) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name), cmp.Compare(a.index, b.index))
	})
	for _, s := range m.sets {
		s.FindingCount = sts.FindingCount{}
		if c := counts[s.index]; c != nil {
			s.FindingCount = *c
		}
		r.Items = append(r.Items, s.DoctorSet)
	}
	return &r
}
