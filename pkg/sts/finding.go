package sts

// Finding is the result of a check.
type Finding struct {
	// Code is the check.
	Code FindingCode `json:"code"`
	// Severity is how severe it is.
	Severity Severity `json:"severity"`
	// Object is the object, as kubectl accepts it: `service/web`.
	Object string `json:"object"`
	// Message is what is wrong.
	Message string `json:"message"`
	// Hint is how to fix it.
	Hint Hint `json:"hint,omitempty"`
}

// FindingCode names a check. Codes are added, never renamed.
type FindingCode string

// Severity is the severity of a finding. `--exit-code` considers errors and warnings.
type Severity string

// The severities, the worst first.
const (
	// SeverityError: names do not resolve, or pods do not start.
	SeverityError Severity = "Error"
	// SeverityWarning: something is probably not intended, or works only by chance.
	SeverityWarning Severity = "Warning"
	// SeverityInfo: for information.
	SeverityInfo Severity = "Info"
)

// AtLeast reports whether the severity is this one or a worse one.
func (s Severity) AtLeast(least Severity) bool { return s.Rank() <= least.Rank() }

// Rank orders severities, the worst first.
func (s Severity) Rank() int {
	switch s {
	case SeverityError:
		return 0
	case SeverityWarning:
		return 1
	}
	return 2
}
