package report

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func codesOf(t *testing.T, server string) []string {
	t.Helper()
	known, err := KnownOf(server)
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{}
	for _, k := range known {
		codes = append(codes, k.Code)
	}
	return codes
}

// The issues of a server: the first and the last patch of each range, and the versions next to
// them that are not affected.
func TestKnownOf(t *testing.T) {
	for code, tests := range map[string]struct{ known, unknown []string }{
		"BrokenRolloutStays":      {known: []string{"v1.21.0", "v1.36.3", "v1.37.2"}},
		"ParallelRolloutStays":    {known: []string{"v1.24.0", "v1.34.4", "v1.35.0", "v1.35.4", "v1.36.6"}, unknown: []string{"v1.23.17", "v1.37.0"}},
		"MaxUnavailableDropped":   {known: []string{"v1.34.12", "v1.35.4", "v1.36.3"}, unknown: []string{"v1.35.0", "v1.35.3", "v1.37.0"}},
		"UpgradeRollsSets":        {known: []string{"v1.34.0", "v1.34.1-eks-d96d92f"}, unknown: []string{"v1.33.9", "v1.34.2", "v1.35.4"}},
		"OldRevisionRenamed":      {known: []string{"v1.34.4", "v1.37.2"}, unknown: []string{"v1.33.7"}},
		"OnDeleteNeverComplete":   {known: []string{"v1.20.0", "v1.36.9"}, unknown: []string{"v1.37.0"}},
		"AvailabilitySeenLate":    {known: []string{"v1.22.0", "v1.34.4", "v1.35.0"}, unknown: []string{"v1.21.9", "v1.35.1", "v1.36.3"}},
		"CompleteBeforeAvailable": {known: []string{"v1.36.3", "v1.37.2"}, unknown: []string{"v1.21.0"}},
		"ZeroForgetsPartition":    {known: []string{"v1.24.14", "v1.37.2"}},
		"PartitionForgotten":      {known: []string{"v1.27.1", "v1.27.7+k3s1", "v1.28.3"}, unknown: []string{"v1.26.9", "v1.27.8", "v1.28.4", "v1.36.3"}},
		"MaxUnavailableCountsAll": {known: []string{"v1.24.0", "v1.36.3", "v1.37.2"}, unknown: []string{"v1.38.0"}},
		"RecreateTakesAllDown":    {known: []string{"v1.37.0", "v1.38.0"}, unknown: []string{"v1.36.9"}},
		"RecreateForgetsClaims":   {known: []string{"v1.37.2", "v1.38.1"}, unknown: []string{"v1.36.9"}},
		"RecreateGateOff":         {known: []string{"v1.37.2", "v1.38.1"}, unknown: []string{"v1.36.9"}},
		"ClaimOutlivesSet":        {known: []string{"v1.27.0", "v1.37.2"}, unknown: []string{"v1.26.0"}},
	} {
		for _, server := range tests.known {
			if !slices.Contains(codesOf(t, server), code) {
				t.Errorf("%s is not a known issue of %s", code, server)
			}
		}
		for _, server := range tests.unknown {
			if slices.Contains(codesOf(t, server), code) {
				t.Errorf("%s is a known issue of %s", code, server)
			}
		}
	}
	for _, server := range []string{"", "master", "2"} {
		if _, err := KnownOf(server); err == nil {
			t.Errorf("%q is accepted as a version", server)
		}
	}
}

// A condition on a feature gate is part of When.
func TestKnownByGate(t *testing.T) {
	for server, want := range map[string]string{
		"v1.34.4": "podManagementPolicy is Parallel, with feature gate MaxUnavailableStatefulSet",
		"v1.35.2": "podManagementPolicy is Parallel",
		"v1.35.4": "podManagementPolicy is Parallel, with feature gate MaxUnavailableStatefulSet",
	} {
		known, err := KnownOf(server)
		i := slices.IndexFunc(known, func(k KnownIssue) bool { return k.Code == "ParallelRolloutStays" })
		if err != nil || i < 0 || known[i].When != want {
			t.Errorf("%s: %v (%v), want %q", server, known, err, want)
		}
	}
}

// Each is complete, in sentences that can follow each other.
func TestKnownIssuesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range KnownIssues() {
		if !regexp.MustCompile(`^([A-Z][a-z]+)+$`).MatchString(k.Code) || seen[k.Code] {
			t.Errorf("%q is not a unique code", k.Code)
		}
		seen[k.Code] = true
		if k.Versions == "" || k.When == "" || len(k.WayOut) == 0 || strings.HasSuffix(k.When, ".") || strings.HasSuffix(k.WayOut.String(), ".") {
			t.Errorf("%s: versions %q, when %q, way out %q", k.Code, k.Versions, k.When, k.WayOut)
		}
		for _, sentence := range []string{k.What, k.Why} {
			if !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s: %q is not a sentence", k.Code, sentence)
			}
		}
		if !regexp.MustCompile(`^https://github\.com/kubernetes/(kubernetes|enhancements)/(issues/\d+|pull/\d+|blob/v1\.\d+\.\d+/pkg/controller/[\w/]+\.go#L\d+)$`).MatchString(k.Source) {
			t.Errorf("%s: source %q", k.Code, k.Source)
		}
	}
}

func TestVersionsInWords(t *testing.T) {
	got := map[string]string{}
	for _, k := range KnownIssues() {
		got[k.Code] = k.Versions
	}
	for code, want := range map[string]string{
		"BrokenRolloutStays": "all versions",
		"ParallelRolloutStays": "1.24 to 1.34 with feature gate MaxUnavailableStatefulSet; 1.35.0 to 1.35.3; " +
			"1.35.4 to 1.36 with feature gate MaxUnavailableStatefulSet",
		"OnDeleteNeverComplete": "up to 1.36",
		"OldRevisionRenamed":    "1.34.0 and later",
	} {
		if got[code] != want {
			t.Errorf("%s: %q, want %q", code, got[code], want)
		}
	}
}

func TestNewServerVersion(t *testing.T) {
	for version, want := range map[string]Support{
		"v1.37.2": Tested, "v1.36.3": Tested, "v1.36.3+k3s1": Tested, "v1.35.4": Tested, "v1.34.4": Tested, "v1.37.0": TestedMinor, "v1.36.1": TestedMinor, "v1.35.9-gke.100": TestedMinor,
		"v1.33.9": Untested, "v1.38.0": Untested,
	} {
		s, err := NewServerVersion(version, "linux/amd64")
		if err != nil || s.Support != want || s.Version != version {
			t.Errorf("%s: %+v (%v), want %s", version, s, err, want)
		}
	}
	s, err := NewServerVersion("v1.37.2", "linux/arm64")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(TestedWith, s.TestedWith); diff != "" || s.Platform != "linux/arm64" || len(s.KnownIssues) == 0 {
		t.Errorf("%+v\n%s", s, diff)
	}
	if _, err := NewServerVersion("main", ""); err == nil {
		t.Error("main is accepted as a version")
	}
}
