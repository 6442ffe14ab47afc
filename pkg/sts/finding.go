package sts

// Finding is the result of a check.
type Finding struct {
	// Code is stable: one for each check.
	Code     FindingCode `json:"code"`
	Severity Severity    `json:"severity"`
	// Object is the object concerned, as kubectl accepts it: "service/web".
	Object string `json:"object"`
	// Message is one sentence, Hint says what to do.
	Message string `json:"message"`
	Hint    Hint   `json:"hint,omitempty"`
}

// FindingCode names a check. Codes are added, never renamed.
type FindingCode string

// The codes of the checks of DNS names.
const (
	NoServiceName           FindingCode = "NoServiceName"
	ServiceMissing          FindingCode = "ServiceMissing"
	ServiceExternal         FindingCode = "ServiceExternal"
	ServiceNotHeadless      FindingCode = "ServiceNotHeadless"
	SelectorMissing         FindingCode = "SelectorMissing"
	SelectorMismatch        FindingCode = "SelectorMismatch"
	InvalidSelector         FindingCode = "InvalidSelector"
	InvalidName             FindingCode = "InvalidName"
	HostnameTooLong         FindingCode = "HostnameTooLong"
	WrongHostname           FindingCode = "WrongHostname"
	BootstrapDeadlock       FindingCode = "BootstrapDeadlock"
	EndpointMissing         FindingCode = "EndpointMissing"
	EndpointWithoutHostname FindingCode = "EndpointWithoutHostname"
	StaleAddress            FindingCode = "StaleAddress"
	ForeignEndpoints        FindingCode = "ForeignEndpoints"
	IPFamilyMissing         FindingCode = "IPFamilyMissing"
	HostDNS                 FindingCode = "HostDNS"
	NoPorts                 FindingCode = "NoPorts"
	PortUnnamed             FindingCode = "PortUnnamed"
	PortUnknown             FindingCode = "PortUnknown"
	PortNotTranslated       FindingCode = "PortNotTranslated"
	ServiceNotGoverning     FindingCode = "ServiceNotGoverning"
	UnknownField            FindingCode = "UnknownField"
)

// Severity of a finding.
type Severity string

// The severities, the worst first.
const (
	SeverityError   Severity = "Error"
	SeverityWarning Severity = "Warning"
	SeverityInfo    Severity = "Info"
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
