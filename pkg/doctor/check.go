package doctor

import (
	"errors"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Check looks for one fault.
type Check struct {
	// Code names the check. Codes are added, never renamed.
	Code sts.FindingCode
	// Severity is that of its worst finding.
	Severity sts.Severity
	// Title is what is wrong, in a line.
	Title string
	// Explain is why it matters, what the check looks at, and when it reports a lower severity or nothing.
	Explain string
	// Remedy is what to do.
	Remedy string
	// Looks is where the check can look.
	Looks Looks
	// Needs are the resources (plural names) without which the check is omitted on a cluster. The sets
	// themselves are always there.
	Needs []string
	// After are checks of sets that report the cause of the same fault: this one runs after them, and looks at
	// what they have reported.
	After []sts.FindingCode
	// Run looks at one set; nil for a check that looks at other objects.
	Run func(*Look) []DoctorFinding
	// RunAll looks at everything; nil for a check of sets.
	RunAll func(*Input) []DoctorFinding
}

// hint is the remedy for a finding that has none of its own.
func (c *Check) hint() sts.Hint {
	first, rest := c.Remedy[:1], c.Remedy[1:]
	return sts.Hintf("%s", strings.ToLower(first)+strings.TrimSuffix(rest, "."))
}

// Looks is where a check can look.
type Looks string

// The places.
const (
	// Everywhere: at manifests, and at a cluster.
	Everywhere Looks = "Everywhere"
	// Manifests: only at manifests.
	Manifests Looks = "Manifests"
	// Cluster: only at a cluster.
	Cluster Looks = "Cluster"
)

// Applies says whether the check looks at manifests (offline) or at a cluster.
func (c *Check) Applies(offline bool) bool {
	return c.Looks == Everywhere || (c.Looks == Manifests) == offline
}

// Checks are all checks, by code.
func Checks() []*Check { return slices.Clone(allChecks()) }

var allChecks = sync.OnceValue(func() []*Check {
	all := slices.Concat(apiChecks(), nameChecks(), claimChecks(), budgetChecks(), podChecks(), placementChecks(), updateChecks(), liveChecks(), ignoreChecks())
	slices.SortFunc(all, func(a, b *Check) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return all
})

// inOrder are the checks in the order in which they run.
func inOrder(checks []*Check) []*Check {
	byCode := map[sts.FindingCode]*Check{}
	for _, c := range checks {
		byCode[c.Code] = c
	}
	var out []*Check
	added := map[sts.FindingCode]bool{}
	var add func(*Check)
	add = func(c *Check) {
		if added[c.Code] {
			return
		}
		added[c.Code] = true
		for _, code := range c.After {
			add(byCode[code])
		}
		out = append(out, c)
	}
	for _, c := range checks {
		add(c)
	}
	return out
}

// Find is the check with this code, nil if there is none. Upper and lower case do not matter.
func Find(code string) *Check {
	for _, c := range Checks() {
		if strings.EqualFold(string(c.Code), code) {
			return c
		}
	}
	return nil
}

// nearestCodes are the codes that are probably meant.
func nearestCodes(code string) []string {
	var out []string
	for _, c := range Checks() {
		near, text := strings.ToLower(string(c.Code)), strings.ToLower(code)
		if text != "" && (strings.Contains(near, text) || strings.Contains(text, near) || sts.Distance(near, text) <= 2) {
			out = append(out, string(c.Code))
		}
	}
	return out
}

// ParseCodes reads codes of checks. An error names one that does not exist.
func ParseCodes(codes []string) ([]sts.FindingCode, error) {
	var out []sts.FindingCode
	for _, code := range codes {
		c := Find(strings.TrimSpace(code))
		if c == nil {
			return nil, errors.New(msgNoSuchCheck(code, nearestCodes(code)))
		}
		out = append(out, c.Code)
	}
	return out, nil
}

// Look is what a check sees of one set.
type Look struct {
	*sts.Snapshot
	*Input

	reported map[sts.FindingCode][]DoctorFinding // so far, by the checks that have run
}

// reports says whether the check has reported anything about the set.
func (l *Look) reports(code sts.FindingCode) bool { return len(l.reported[code]) > 0 }

// reportsOrdinal says whether the check has reported this ordinal.
func (l *Look) reportsOrdinal(code sts.FindingCode, ordinal sts.Ordinal) bool {
	return slices.ContainsFunc(l.reported[code], func(f DoctorFinding) bool { return slices.Contains(f.Ordinals, ordinal) })
}

// found is a list of one finding about the set. field is the path of the field that is to blame, or the
// nearest one that exists.
func (l *Look) found(severity sts.Severity, field, message string, hint sts.Hint) []DoctorFinding {
	return []DoctorFinding{{Finding: sts.Finding{Severity: severity, Message: message, Hint: hint}, Field: field}}
}

// on is the same about another object.
func on(object metav1.Object, kind string, severity sts.Severity, field, message string, hint sts.Hint) DoctorFinding {
	return DoctorFinding{
		Finding:   sts.Finding{Severity: severity, Object: strings.ToLower(kind) + "/" + object.GetName(), Message: message, Hint: hint},
		Namespace: object.GetNamespace(), Field: field, Subject: object,
	}
}
