package doctor

import (
	"cmp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DoctorFinding is the result of a check, with its place.
type DoctorFinding struct {
	sts.Finding
	// Namespace is the namespace of the object; absent for an object of the cluster.
	Namespace string `json:"namespace,omitempty"`
	// Ordinals are the ordinals that it concerns; absent if it concerns the whole object.
	Ordinals []sts.Ordinal `json:"ordinals,omitempty"`
	// Field is the field that is to blame: `spec.template.spec.containers[0].readinessProbe`.
	Field string `json:"field,omitempty"`
	// File is the manifest that contains the object; absent for a finding in a cluster.
	File string `json:"file,omitempty"`
	// Line is the line of the field in that file, or of the nearest field above it that exists; absent if it
	// is not known.
	Line int `json:"line,omitempty"`
	// Patch is the YAML of the fix: fields to set in the object, or an object to create.
	Patch string `json:"patch,omitempty"`
	// Ignored is true if an annotation of the object, or `--ignore`, excludes the check.
	Ignored bool `json:"ignored,omitempty"`
	// IgnoredBy is what says so.
	IgnoredBy IgnoredBy `json:"ignoredBy,omitempty"`
	// IgnoreReason is the reason that the annotation gives.
	IgnoreReason string `json:"ignoreReason,omitempty"`

	// Subject is the object.
	Subject metav1.Object `json:"-"`

	set metav1.Object // that was looked at; nil for a check of other objects
}

// DoctorSet is the result for one StatefulSet.
type DoctorSet struct {
	// Namespace is the namespace of the StatefulSet.
	Namespace string `json:"namespace"`
	// Name is the name of the StatefulSet.
	Name string `json:"name"`
	// File is the manifest that contains it.
	File string `json:"file,omitempty"`
	sts.FindingCount
}

// Omitted is a check that was omitted because something could not be read.
type Omitted struct {
	// Code is the check.
	Code sts.FindingCode `json:"code"`
	// Resource is what could not be read: `persistentvolumes`.
	Resource string `json:"resource"`
}

// Report is what the checks have found.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	// Items are the StatefulSets, by namespace and name.
	Items []DoctorSet `json:"items"`
	// Findings are the findings, the most severe first, then by object and ordinal.
	Findings []DoctorFinding `json:"findings"`
	// Summary is the number of all findings.
	Summary sts.FindingCount `json:"summary"`
	// Missing is what could not be read, usually because a permission is missing.
	Missing []sts.Missing `json:"missing,omitempty"`
	// Omitted are the checks that were omitted because of that.
	Omitted []Omitted `json:"omitted,omitempty"`
	// Files are the manifests that could not be read, or not examined; with any, the exit code is 1.
	Files []manifest.FileProblem `json:"files,omitempty"`

	sets []metav1.Object // of the items
}

// Locate finds the place of a field of an object: its file and line. An empty file is no place.
type Locate func(object metav1.Object, field string) (file string, line int)

// Examine runs all checks. ignore are codes to ignore everywhere.
func Examine(in *Input, ignore []sts.FindingCode, locate Locate) *Report {
	r := &Report{TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "DoctorReport"}, Items: []DoctorSet{}, Findings: []DoctorFinding{}, Missing: in.Missing}
	for _, large := range in.TooLarge {
		if in.examines(large.Set) {
			r.Files = append(r.Files, large.Problem)
		}
	}
	looks := in.examined()
	for _, l := range looks {
		l.reported = map[sts.FindingCode][]DoctorFinding{}
	}
	for _, c := range inOrder(Checks()) {
		if !c.Applies(in.Offline) {
			continue
		}
		if missing := lacks(in, c); missing != "" {
			r.Omitted = append(r.Omitted, Omitted{c.Code, missing})
			continue
		}
		if c.RunAll != nil {
			r.add(c, nil, slices.DeleteFunc(c.RunAll(in), func(f DoctorFinding) bool { return !in.concerns(&f) }))
		}
		if c.Run != nil {
			for _, l := range looks {
				r.add(c, l, c.Run(l))
			}
		}
	}
	slices.SortFunc(r.Omitted, func(a, b Omitted) int { return strings.Compare(string(a.Code), string(b.Code)) })
	r.dropOfRefused()
	r.ignore(in, looks, ignore)
	r.finish(looks, locate)
	return r
}

// lacks is a resource that the check needs and that could not be read.
func lacks(in *Input, c *Check) string {
	if in.Offline {
		return ""
	}
	for _, resource := range c.Needs {
		if !in.Knows(resource) {
			return resource
		}
	}
	return ""
}

// add completes the findings of a check.
func (r *Report) add(c *Check, l *Look, found []DoctorFinding) {
	for _, f := range found {
		f.Code = cmp.Or(f.Code, c.Code)
		f.Severity = cmp.Or(f.Severity, c.Severity)
		if len(f.Hint) == 0 && f.Patch == "" {
			f.Hint = c.hint()
		}
		if set, ok := f.Subject.(*appsv1.StatefulSet); ok {
			f.set = set
		}
		if l != nil {
			f.set = l.Set
			if f.Object == "" {
				f.Object, f.Namespace, f.Subject = "statefulset/"+l.Set.Name, l.Set.Namespace, l.Set
			}
			f.Namespace = cmp.Or(f.Namespace, l.Set.Namespace)
			l.reported[c.Code] = append(l.reported[c.Code], f)
		}
		r.Findings = append(r.Findings, f)
	}
}

// dropOfRefused leaves out what other checks conclude from the value of a field that the API server rejects.
func (r *Report) dropOfRefused() {
	type place struct {
		object metav1.Object
		field  string
	}
	refused := map[place]bool{}
	for _, f := range r.Findings {
		if f.Code == codeRefused {
			refused[place{f.Subject, f.Field}] = true
		}
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f DoctorFinding) bool {
		return f.Code != codeRefused && f.Code != names.UnknownField && refused[place{f.Subject, f.Field}]
	})
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b DoctorFinding) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Object, b.Object),
			slices.Compare(a.Ordinals, b.Ordinals), strings.Compare(string(a.Code), string(b.Code)))
	})
}

// finish sorts, counts and locates.
func (r *Report) finish(looks []*Look, locate Locate) {
	r.sort()
	counts := map[metav1.Object]*sts.FindingCount{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if locate != nil && f.Subject != nil {
			f.File, f.Line = locate(f.Subject, f.Field)
		}
		r.Summary.Add(f.Severity, f.Ignored)
		if f.set != nil {
			if counts[f.set] == nil {
				counts[f.set] = &sts.FindingCount{}
			}
			counts[f.set].Add(f.Severity, f.Ignored)
		}
	}
	for _, l := range looks {
		item := DoctorSet{Namespace: l.Set.Namespace, Name: l.Set.Name}
		if c := counts[metav1.Object(l.Set)]; c != nil {
			item.FindingCount = *c
		}
		if locate != nil {
			item.File, _ = locate(l.Set, "")
		}
		r.Items, r.sets = append(r.Items, item), append(r.sets, l.Set)
	}
}

// SeveralNamespaces says whether the sets are in more than one namespace.
func (r *Report) SeveralNamespaces() bool {
	return slices.ContainsFunc(r.Items, func(item DoctorSet) bool { return item.Namespace != r.Items[0].Namespace })
}
