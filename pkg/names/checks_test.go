package names_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// checkCase is a change that a check reports, and a similar one that it does not report.
type checkCase struct {
	Code     sts.FindingCode
	Severity sts.Severity
	Offline  bool
	Domain   string
	// With are the findings of other checks in the same case.
	With []sts.FindingCode
	// NotReady are the pods that are not ready in both.
	NotReady       []string
	Triggers, Near map[string]json.RawMessage
}

func TestChecks(t *testing.T) {
	raw, err := os.ReadFile("testdata/checks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []checkCase
	if err := yaml.UnmarshalStrict(raw, &cases); err != nil {
		t.Fatal(err)
	}
	var reported []string
	tested := map[string]bool{}
	for i, c := range cases {
		tested[string(c.Code)] = true
		findings := findingsOf(t, c, c.Triggers)
		text, err := yaml.Marshal(findings)
		if err != nil {
			t.Fatal(err)
		}
		reported = append(reported, string(text))
		t.Run(fmt.Sprintf("%d-%s", i, c.Code), func(t *testing.T) {
			codes := append([]sts.FindingCode{c.Code}, c.With...)
			var got []sts.FindingCode
			for _, f := range findings {
				got = append(got, f.Code)
				if f.Code == c.Code && f.Severity != c.Severity {
					t.Errorf("severity %s, want %s", f.Severity, c.Severity)
				}
			}
			slices.Sort(codes)
			slices.Sort(got)
			if diff := cmp.Diff(codes, got); diff != "" {
				t.Errorf("found (-want +got):\n%s%+v", diff, findings)
			}
			for _, f := range findingsOf(t, c, c.Near) {
				if f.Code == c.Code {
					t.Errorf("found in the similar case: %+v", f)
				}
			}
		})
	}
	golden.Assert(t, strings.Join(reported, "---\n"), "checks.report")

	source, err := os.ReadFile("finding.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`FindingCode = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if !tested[m[1]] {
			t.Errorf("no case for %s", m[1])
		}
	}
}

func findingsOf(t *testing.T, c checkCase, changes map[string]json.RawMessage) []sts.Finding {
	t.Helper()
	misspelled := changes["misspelled"]
	if changes = maps.Clone(changes); misspelled != nil {
		delete(changes, "misspelled")
	}
	inv := changedWorld(t, c.NotReady, changes)
	if misspelled != nil {
		inv.Problems = []sts.ManifestProblem{{Object: inv.Sets[0], FieldProblem: sts.FieldProblem{Path: strings.Trim(string(misspelled), `"`), Nearest: "serviceName"}}}
	}
	domain := names.Domain{Name: c.Domain}
	if c.Domain == "" {
		domain.Name = names.DefaultDomain
	}
	if c.Offline {
		inv.Pods, inv.Slices = nil, nil
	}
	return names.NewReport(inv, names.Options{Domain: domain, Offline: c.Offline}).Items[0].Findings
}

// changedWorld is testdata/base.yaml with these changes.
func changedWorld(t *testing.T, notReady []string, changes map[string]json.RawMessage) *sts.Inventory {
	t.Helper()
	file, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var world ststest.Scenario
	if err := yaml.UnmarshalStrict(file, &world); err != nil {
		t.Fatal(err)
	}
	changes = maps.Clone(changes)
	if raw, ok := changes["missing"]; ok {
		var resource string
		if err := json.Unmarshal(raw, &resource); err != nil {
			t.Fatal(err)
		}
		world.Missing = []sts.Missing{{Resource: resource}}
		delete(changes, "missing")
	}
	var items []json.RawMessage
	for _, item := range world.Items {
		var head struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := json.Unmarshal(item, &head); err != nil {
			t.Fatal(err)
		}
		key := head.Kind + "/" + head.Metadata.Name
		if head.Kind == "Pod" && slices.Contains(notReady, head.Metadata.Name) {
			item = []byte(strings.Replace(string(item), `"status":"True","type":"Ready"`, `"status":"False","type":"Ready"`, 1))
		}
		patch, changed := changes[key]
		delete(changes, key)
		switch {
		case changed && string(patch) == "null":
			continue
		case changed:
			if item, err = jsonpatch.MergePatch(item, patch); err != nil {
				t.Fatal(err)
			}
		}
		items = append(items, item)
		if patch := changes[head.Kind+"/web-extra"]; patch != nil && head.Kind != "Pod" {
			extra, err := jsonpatch.MergePatch(item, patch)
			if err != nil {
				t.Fatal(err)
			}
			items = append(items, extra)
			delete(changes, head.Kind+"/web-extra")
		}
	}
	if patch := changes["Endpoints/web"]; patch != nil {
		endpoints, err := jsonpatch.MergePatch([]byte(`{"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "web", "namespace": "shop"}}`), patch)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, endpoints)
		delete(changes, "Endpoints/web")
	}
	for key := range changes {
		t.Fatalf("no %s to change", key)
	}
	world.Items = items
	text, err := yaml.Marshal(world)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := ststest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}
