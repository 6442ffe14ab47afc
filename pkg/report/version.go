package report

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// TestedWith are the versions of Kubernetes whose control planes the tests run on: see
// docs/versions.md.
var TestedWith = []string{"v1.37.2", "v1.36.3", "v1.35.4", "v1.34.4"}

// Support is whether a version of Kubernetes has been tested.
type Support string

// The values of Support.
const (
	// Tested: the tests run on this version.
	Tested Support = "Tested"
	// TestedMinor: the tests run on another patch release of this minor version.
	TestedMinor Support = "TestedMinor"
	// Untested: the tests run only on other minor versions.
	Untested Support = "Untested"
)

// VersionReport is the version of the client and of the server, with its known issues.
type VersionReport struct {
	metav1.TypeMeta `json:",inline"`
	// Client is this program.
	Client ClientVersion `json:"client"`
	// Server is the API server; absent with `--client`, or if it did not respond.
	Server *ServerVersion `json:"server,omitempty"`
}

// ClientVersion is the version of this program.
type ClientVersion struct {
	// Version is the version of the release.
	Version string `json:"version"`
	// Platform is the operating system and architecture: `linux/amd64`.
	Platform string `json:"platform"`
	// GoVersion is the Go version it was built with.
	GoVersion string `json:"goVersion"`
}

// ServerVersion is the version of the API server.
type ServerVersion struct {
	// Version is the version as reported, including the vendor's suffix.
	Version string `json:"version"`
	// Platform is the operating system and architecture: `linux/amd64`.
	Platform string `json:"platform"`
	// Support is whether this version has been tested.
	Support Support `json:"support"`
	// TestedWith are the versions of Kubernetes that the tests run on, newest first.
	TestedWith []string `json:"testedWith"`
	// KnownIssues is unexpected behavior of StatefulSets on this version.
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
