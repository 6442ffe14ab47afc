package doctor

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// IgnoreAnnotation lists the codes of checks to ignore, and why: `BudgetMissing,NoHistory # a cache`. It is
// read from an object and from its pod template.
const IgnoreAnnotation = "doctor." + sts.AnnotationPrefix + "ignore"

// IgnoredBy is what makes a finding ignored.
type IgnoredBy string

// What makes a finding ignored.
const (
	// ByAnnotation: an annotation of the object or of its pod template.
	ByAnnotation IgnoredBy = "Annotation"
	// ByFlag: `--ignore`.
	ByFlag IgnoredBy = "Flag"
)

const ignoreUnused = "IgnoreUnused"

// ignoreChecks are about the annotation itself.
func ignoreChecks() []*Check {
	return []*Check{{
		Code: ignoreUnused, Severity: sts.SeverityInfo, Looks: Everywhere,
		Title: "An ignored check has found nothing",
		Explain: "The annotation " + IgnoreAnnotation + " of a StatefulSet lists a check that reports nothing for it, or that does not exist. " +
			"It would hide a later finding. Nothing is reported about an existing check if anything could not be read.",
		Remedy: "Remove the code from the annotation.",
	}}
}

// ignores are the codes that an object ignores, with the reasons.
type ignores []ignored

type ignored struct {
	code, reason, field string
	used                bool
}

// ignoresOf reads the annotations of an object and of its pod template.
func ignoresOf(object metav1.Object) ignores {
	out := parseIgnores(object.GetAnnotations()[IgnoreAnnotation], "metadata.annotations["+IgnoreAnnotation+"]")
	var template map[string]string
	switch o := object.(type) {
	case *appsv1.StatefulSet:
		template = o.Spec.Template.Annotations
	case *appsv1.Deployment:
		template = o.Spec.Template.Annotations
	}
	return append(out, parseIgnores(template[IgnoreAnnotation], "spec.template.metadata.annotations["+IgnoreAnnotation+"]")...)
}

func parseIgnores(value, field string) ignores {
	codes, reason, _ := strings.Cut(value, "#")
	var out ignores
	for _, code := range strings.FieldsFunc(codes, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
		out = append(out, ignored{code: code, reason: strings.TrimSpace(reason), field: field})
	}
	return out
}

// match marks the entries for a code as used and returns the first one.
func (g ignores) match(code sts.FindingCode) *ignored {
	var first *ignored
	for i := range g {
		if g[i].code == string(code) {
			g[i].used = true
			if first == nil {
				first = &g[i]
			}
		}
	}
	return first
}

// ignore marks the findings that are ignored, and adds a finding for each entry that no finding matches.
func (r *Report) ignore(in *Input, looks []*Look, everywhere []sts.FindingCode) {
	of := map[metav1.Object]ignores{}
	read := func(o metav1.Object) ignores {
		g, ok := of[o]
		if !ok {
			g = ignoresOf(o)
			of[o] = g
		}
		return g
	}
	byFlag := func(f *DoctorFinding) {
		if slices.Contains(everywhere, f.Code) {
			f.Ignored, f.IgnoredBy = true, ByFlag
		}
	}
	mark := func(f *DoctorFinding) {
		byFlag(f)
		for _, o := range []metav1.Object{f.Subject, f.set} {
			if o == nil {
				continue
			}
			if entry := read(o).match(f.Code); entry != nil && !f.Ignored {
				f.Ignored, f.IgnoredBy, f.IgnoreReason = true, ByAnnotation, entry.reason
			}
		}
	}
	for i := range r.Findings {
		mark(&r.Findings[i])
	}
	unused := Find(ignoreUnused)
	for _, l := range looks {
		all := read(l.Set)
		report := func(self bool, mark func(*DoctorFinding)) {
			for i := range all {
				if entry := &all[i]; (entry.code == ignoreUnused) == self && !entry.used && !r.mayFind(in, entry.code) {
					r.add(unused, l, l.found("", entry.field, unusedMessage(entry.code), nil))
					mark(&r.Findings[len(r.Findings)-1])
				}
			}
		}
		report(false, mark)
		report(true, byFlag) // an entry for this check ignores the findings about the others, not about itself
	}
}

// unusedMessage: the entry names no check, or one that has found nothing.
func unusedMessage(code string) string {
	if c := Find(code); c == nil || string(c.Code) != code {
		return msgNoSuchCheck(code, nearestCodes(code))
	}
	return msgIgnoreUnused(code)
}

// mayFind: the check has not run, or would perhaps find something in what could not be read.
func (r *Report) mayFind(in *Input, code string) bool {
	c := Find(code)
	return c != nil && string(c.Code) == code && (r.omits(in, c) || len(in.Missing) > 0 || slices.ContainsFunc(in.Documents, func(d Document) bool { return d.Problem != "" || len(d.Types) > 0 }))
}

// omits: the check has not run.
func (r *Report) omits(in *Input, c *Check) bool {
	return !c.Applies(in.Offline) || slices.ContainsFunc(r.Omitted, func(o Omitted) bool { return o.Code == c.Code })
}
