package main

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// vocabulary is an enum: its values are the constants of a type. What they mean is in the comments of these.
type vocabulary struct {
	title string
	of    reflect.Type
	// field and prefix are for an enum that is no type of its own: of is then the struct with that
	// field, and the values are all constants whose names have the prefix.
	field, prefix string
	// also is another struct with that field.
	also reflect.Type
	// page is where the values are described, if not in a section of the same page.
	page string
}

// vocabularies are the enums of all reports, in the order of docs/json.md.
var vocabularies = []vocabulary{
	{title: "Whether a command is allowed", of: reflect.TypeFor[access.Allowed]()},
	{title: "When a permission is needed", of: reflect.TypeFor[access.Needed]()},
	{title: "Support levels", of: reflect.TypeFor[report.Support]()},
	{title: "States", of: reflect.TypeFor[report.State]()},
	{title: "Roles", of: reflect.TypeFor[report.Role]()},
	{title: "Applied fields", of: reflect.TypeFor[sts.Field]()},
	{title: "Reasons of a risk", of: reflect.TypeFor[diagnose.ClaimRiskReason]()},
	{title: "Claim states", of: reflect.TypeFor[claims.State]()},
	{title: "Confidence levels", of: reflect.TypeFor[claims.Confidence]()},
	{title: "Sources of an age", of: reflect.TypeFor[claims.AgeSource]()},
	{title: "States of deleted claims", of: reflect.TypeFor[claims.RetainedState]()},
	{title: "Kinds of retained data", of: reflect.TypeFor[sts.RetainedKind]()},
	{title: "Gates", of: reflect.TypeFor[operate.Gate]()},
	{title: "Phases", of: reflect.TypeFor[record.MemberPhase]()},
	{title: "Recover actions", of: reflect.TypeFor[record.RecoverAction]()},
	{title: "Remedies", of: reflect.TypeFor[diagnose.Remedy]()},
	{title: "Verdicts", of: reflect.TypeFor[operate.Verdict]()},
	{title: "Domain sources", of: reflect.TypeFor[names.DomainSource]()},
	{title: "DNS reasons", of: reflect.TypeFor[names.Reason]()},
	{title: "DNS verdicts", of: reflect.TypeFor[names.Verdict]()},
	{title: "Checks", of: reflect.TypeFor[sts.FindingCode](), page: "dns.md"},
	{title: "Places of a check", of: reflect.TypeFor[doctor.Looks]()},
	{title: "Reasons to ignore", of: reflect.TypeFor[doctor.IgnoredBy]()},
	{title: "Severities", of: reflect.TypeFor[sts.Severity]()},
	{title: "Reasons", of: reflect.TypeFor[operate.Decision](), field: "Reason", prefix: "Reason", also: reflect.TypeFor[claims.ClaimDecision]()},
	{title: "Sources of a prediction", of: reflect.TypeFor[forecast.Source]()},
	{title: "Kinds of events", of: reflect.TypeFor[forecast.EventKind]()},
	{title: "Roles of a revision", of: reflect.TypeFor[forecast.RevisionRole]()},
	{title: "Effects on a claim", of: reflect.TypeFor[forecast.ClaimEffect]()},
	{title: "Effects on a name", of: reflect.TypeFor[forecast.NameEffect]()},
	{title: "Verdicts of a budget", of: reflect.TypeFor[forecast.BudgetVerdict]()},
	{title: "Outcomes of a prediction", of: reflect.TypeFor[forecast.OutcomeState]()},
	{title: "Reasons of a note", of: reflect.TypeFor[forecast.NoteReason]()},
}

// profileVocabularies are the enums of a drain profile.
var profileVocabularies = []vocabulary{
	{title: "Places", of: reflect.TypeFor[profile.Where]()},
}

// link is a link to the values, in a sentence.
func (v vocabulary) link() string {
	title := v.title
	if len(title) > 1 && unicode.IsLower(rune(title[1])) {
		title = strings.ToLower(title[:1]) + title[1:]
	}
	return fmt.Sprintf("[%s](%s#%s)", title, v.page, strings.ReplaceAll(strings.ToLower(v.title), " ", "-"))
}

// vocabularyOf is the vocabulary of a field's values, nil if it has none.
func (w *walker) vocabularyOf(owner reflect.Type, f reflect.StructField) *vocabulary {
	t := f.Type
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	for i, v := range w.vocabularies {
		if v.of == t && v.field == "" || (v.of == owner || v.also == owner) && v.field == f.Name {
			return &w.vocabularies[i]
		}
	}
	if t.Kind() == reflect.String && directory(t) != "" {
		w.errs = append(w.errs, fmt.Errorf("hack/gendocs/vocabularies.go lacks %s, the type of %s.%s", t, owner, f.Name))
	}
	return nil
}

// vocabulary describes the values of an enum.
func (w *walker) vocabulary(v vocabulary) {
	uses := w.uses[v.title]
	if len(uses) == 0 {
		w.errs = append(w.errs, fmt.Errorf("hack/gendocs/vocabularies.go: no document has %s", strings.ToLower(v.title)))
	}
	if v.page != "" {
		return
	}
	about := strings.Join(uses, ", ") + "."
	if v.prefix == "" {
		about += " " + markdown(w.ofType(v.of))
	}
	fmt.Fprintf(&w.out, "\n### %s\n\n%s\n\n| value | meaning |\n|---|---|\n", v.title, about)
	for _, value := range w.valuesOf(v) {
		fmt.Fprintf(&w.out, "| `%s` | %s |\n", value.value, cell(markdown(value.means)))
	}
}

func (c *comments) valuesOf(v vocabulary) []value {
	if v.prefix != "" {
		return c.withPrefix(v.prefix)
	}
	return c.ofKind(v.of)
}
