package doctor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ExamineManifests runs all checks over manifests, read at this time. Where they define an object more than
// once, each of their worlds is examined: what is found about an object must be so in every world to which it
// belongs.
func ExamineManifests(objects []manifest.Object, place Placement, domain names.Domain, now time.Time, examined Examined, ignore []sts.FindingCode) (*Report, error) {
	worlds, err := manifest.Worlds(objects, place.Namespace)
	if err != nil {
		return nil, err
	}
	m := &merged{objects: objects, belongs: make([]int, len(objects)), found: map[foundKey]int{}, listed: map[int]bool{}}
	for _, w := range worlds {
		in, source := fromManifests(w.Objects, place, domain, now)
		in.Examined = func(s *appsv1.StatefulSet) bool {
			return w.Own[source[s]] && (examined == nil || examined(s))
		}
		r := Examine(in, ignore, locateIn(w.Objects, source))
		if len(worlds) == 1 {
			return r, nil
		}
		m.add(r, w, source)
	}
	return m.report(len(worlds)), nil
}

// merged is what was found in several worlds.
type merged struct {
	objects []manifest.Object
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
	for i, own := range w.Own {
		if own {
			m.belongs[w.Index[i]]++
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
		return w.Index[i], w.Own[i]
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
