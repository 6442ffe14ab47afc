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

// FindingCount is a number of findings, by severity.
type FindingCount struct {
	// Errors is the number of errors that are not ignored.
	Errors int `json:"errors"`
	// Warnings is the number of warnings that are not ignored.
	Warnings int `json:"warnings"`
	// Infos is the number of findings for information that are not ignored.
	Infos int `json:"infos"`
	// Ignored is the number of ignored findings.
	Ignored int `json:"ignored"`
}

// Add counts a finding.
func (c *FindingCount) Add(severity Severity, ignored bool) {
	switch {
	case ignored:
		c.Ignored++
	case severity == SeverityError:
		c.Errors++
	case severity == SeverityWarning:
		c.Warnings++
	default:
		c.Infos++
	}
}
