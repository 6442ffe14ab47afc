package render

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// repository is the address of the project, and doctorPage that of the page about the checks.
const (
	repository = "https://github.com/kubectl-sts/kubectl-sts"
	doctorPage = repository + "/blob/main/docs/doctor.md"
)

// fingerprint is the name of the identity of a finding: its check, file, object and field, and its number among
// those that agree in these; without line numbers, so that a code scanner recognizes it after an edit.
const fingerprint = "kubectlSts/v1"

// The parts of SARIF 2.1.0 that are written: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name            string      `json:"name"`
		Version         string      `json:"version"`
		SemanticVersion string      `json:"semanticVersion"`
		InformationURI  string      `json:"informationUri"`
		Rules           []sarifRule `json:"rules"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		Name    string    `json:"name"`
		Short   sarifText `json:"shortDescription"`
		Full    sarifText `json:"fullDescription"`
		Help    sarifText `json:"help"`
		HelpURI string    `json:"helpUri"`
		Default struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name          string `json:"name"`
		QualifiedName string `json:"fullyQualifiedName"`
		Kind          string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification,omitempty"`
	}
)

// DoctorSARIF prints the findings for code scanners. version is that of the program.
func DoctorSARIF(w io.Writer, r *doctor.Report, version string) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "kubectl-sts", Version: version, SemanticVersion: strings.TrimPrefix(version, "v"), InformationURI: repository, Rules: []sarifRule{},
		}},
		ColumnKind: "utf16CodeUnits", Results: []sarifResult{},
	}
	index := map[sts.FindingCode]int{}
	for i, c := range doctor.Checks() {
		index[c.Code] = i
		rule := sarifRule{
			ID: string(c.Code), Name: string(c.Code), Short: sarifText{c.Title}, Full: sarifText{c.Explain}, Help: sarifText{c.Remedy},
			HelpURI: doctorPage + "#" + strings.ToLower(string(c.Code)),
		}
		rule.Default.Level = sarifLevel(c.Severity)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
	}
	alike := map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		identity := strings.Join([]string{string(f.Code), fileURI(f.File), f.Namespace, f.Object, sts.FormatOrdinals(f.Ordinals), f.Field}, "|")
		alike[identity]++
		run.Results = append(run.Results, sarifFinding(f, index, fmt.Sprintf("%s|%d", identity, alike[identity])))
	}
	invocation := sarifInvocation{ExecutionSuccessful: len(r.Files) == 0}
	for _, f := range r.Files {
		invocation.Notifications = append(invocation.Notifications, sarifNotification{
			Level: "error", Message: sarifText{f.Message}, Locations: []sarifLocation{{Physical: &sarifPhysical{Artifact: sarifArtifact{fileURI(f.File)}}}},
		})
	}
	for _, o := range r.Omitted {
		invocation.Notifications = append(invocation.Notifications, sarifNotification{
			Level: "warning", Message: sarifText{msgOmitted(o.Resource, []string{string(o.Code)})},
		})
	}
	run.Invocations = []sarifInvocation{invocation}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

func sarifFinding(f *doctor.DoctorFinding, index map[sts.FindingCode]int, identity string) sarifResult {
	out := sarifResult{
		RuleID: string(f.Code), RuleIndex: index[f.Code], Level: sarifLevel(f.Severity), Message: sarifText{plainFinding(f)},
		Fingerprints: map[string]string{fingerprint: sts.Digest(identity)},
	}
	location := sarifLocation{Logical: []sarifLogical{{
		Name: f.Object, QualifiedName: strings.TrimPrefix(f.Namespace+"/"+f.Object, "/"), Kind: "resource",
	}}}
	if f.File != "" {
		location.Physical = &sarifPhysical{Artifact: sarifArtifact{fileURI(f.File)}}
		if f.Line > 0 {
			location.Physical.Region = &sarifRegion{f.Line}
		}
	}
	out.Locations = []sarifLocation{location}
	if f.Ignored {
		out.Suppressions = []sarifSuppression{{Kind: ignoredWhere(f), Justification: f.IgnoreReason}}
	}
	return out
}

// ignoredWhere is SARIF's word for where a finding is ignored: an annotation in the manifest, or the command line.
func ignoredWhere(f *doctor.DoctorFinding) string {
	if f.IgnoredBy == doctor.ByAnnotation {
		return "inSource"
	}
	return "external"
}

func sarifLevel(s sts.Severity) string {
	switch s {
	case sts.SeverityError:
		return "error"
	case sts.SeverityWarning:
		return "warning"
	}
	return "note"
}

// plainFinding is a finding as text: the object, what is wrong, and what to do.
func plainFinding(f *doctor.DoctorFinding) string {
	head := f.Object
	if len(f.Ordinals) > 0 {
		head += " " + msgAtOrdinals(f.Ordinals)
	}
	text := fmt.Sprintf("%s: %s", head, f.Message)
	if hint := f.Hint.String(); hint != "" {
		text += "\n" + hint
	}
	if f.Patch != "" {
		text += "\n" + f.Patch
	}
	return Printable(strings.TrimRight(text, "\n"))
}

// fileURI is a path with slashes as a URI: relative for a relative path. Standard input has none of its own.
func fileURI(file string) string {
	if file == "-" {
		file = "stdin"
	}
	file = strings.TrimPrefix(file, "./")
	switch {
	case strings.HasPrefix(file, "/"):
		return (&url.URL{Scheme: "file", Path: file}).String()
	case len(file) > 2 && file[1] == ':' && file[2] == '/': // a drive of Windows
		return (&url.URL{Scheme: "file", Path: "/" + file}).String()
	}
	return (&url.URL{Path: file}).String()
}
