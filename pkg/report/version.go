package report

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// TestedWith are the versions of Kubernetes whose control planes the tests run on: see
// docs/versions.md.
var TestedWith = []string{"v1.37.2", "v1.36.3", "v1.35.4", "v1.34.4"}

// Support is whether a server's version has been tested.
type Support string

// The values of Support.
const (
	// Tested: the tests run on this version.
	Tested Support = "Tested"
	// TestedMinor: the tests run on another patch of this minor version.
	TestedMinor Support = "TestedMinor"
	// Untested: the tests run on other minor versions only.
	Untested Support = "Untested"
)

// VersionReport is the version of the program and of the server, with its known issues.
type VersionReport struct {
	metav1.TypeMeta `json:",inline"`
	Client          ClientVersion  `json:"client"`
	Server          *ServerVersion `json:"server,omitempty"`
}

// ClientVersion is this program.
type ClientVersion struct {
	Version   string `json:"version"`
	Platform  string `json:"platform"`
	GoVersion string `json:"goVersion"`
}

// ServerVersion is the API server.
type ServerVersion struct {
	Version     string       `json:"version"`
	Platform    string       `json:"platform"`
	Support     Support      `json:"support"`
	TestedWith  []string     `json:"testedWith"`
	KnownIssues []KnownIssue `json:"knownIssues"`
}

// NewVersionReport is the report on the program alone.
func NewVersionReport(client ClientVersion) *VersionReport {
	return &VersionReport{
		TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "VersionReport"},
		Client:   client,
	}
}

// NewServerVersion is the report on a server.
func NewServerVersion(version, platform string) (*ServerVersion, error) {
	known, err := KnownOf(version)
	if err != nil {
		return nil, err
	}
	support, err := supportOf(version)
	if err != nil {
		return nil, err
	}
	return &ServerVersion{
		Version: version, Platform: platform, Support: support,
		TestedWith: slices.Clone(TestedWith), KnownIssues: known,
	}, nil
}

func supportOf(server string) (Support, error) {
	v, err := release(server)
	if err != nil {
		return "", err
	}
	support := Untested
	for _, tested := range TestedWith {
		t, err := release(tested)
		if err != nil {
			return "", err
		}
		switch {
		case v.EqualTo(t):
			return Tested, nil
		case v.Major() == t.Major() && v.Minor() == t.Minor():
			support = TestedMinor
		}
	}
	return support, nil
}
