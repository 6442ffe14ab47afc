package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A dry run of the first step shows the template that it sets. The record of a step that sets none has
// the digest already, and a later step sets another template.
func TestTheDigestIsThatOfTheTemplateThatTheStepSets(t *testing.T) {
	set := ststest.Web(3).Sets[0]
	for _, test := range []struct {
		name   string
		record *record.Canary
		want   string
	}{
		{"a new template", &record.Canary{}, record.TemplateDigest(&set.Spec.Template)},
		{"the template stays", &record.Canary{TemplateDigest: "known"}, ""},
		{"no record", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			first := operate.Decision{Action: &operate.PatchSet{Canary: test.record}}
			r := &mutationRun{report: &ChangeReport{Plan: []operate.Decision{first}}}
			r.learn(set, nil)
			if r.storedTemplate != test.want {
				t.Errorf("digest %q, want %q", r.storedTemplate, test.want)
			}
		})
	}
}
