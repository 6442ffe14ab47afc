package hack_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

// notMeasured is the cell of a column whose run was not completed.
const notMeasured = "not measured"

// noFeature is the cell of a version that lacks the feature that an issue needs.
const noFeature = "none"

// docs/versions.md covers the versions and the issues that the program knows, and the measured
// results agree with the program. Measuring takes an hour: make test-versions.
func TestVersionsDoc(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "docs", "versions.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "<!-- measured: make test-versions -->\n")
	measured, _, _ := strings.Cut(rest, "<!-- end of measured -->")
	gates, known, found := strings.Cut(measured, "\nKnown issues that were observed:\n")
	if !found {
		t.Fatal("the measured part lacks its two tables: run make test-versions")
	}

	rows := tableOf(t, gates)
	numbers := regexp.MustCompile(`^([1-9]\d*) of ([1-9]\d*)$`)
	for _, title := range []string{"rounds as predicted, gate off", "rounds as predicted, gate on", "scenarios"} {
		for i, cell := range rows[title] {
			if n := numbers.FindStringSubmatch(cell); cell != notMeasured && (len(n) != 3 || n[1] != n[2]) {
				t.Errorf("%s, %s: %q, want all rounds", title, report.TestedWith[i], cell)
			}
		}
		if len(rows[title]) == 0 {
			t.Errorf("there is no row %q", title)
		}
	}
	if len(rows["gate MaxUnavailableStatefulSet"]) == 0 {
		t.Error("there is no gate MaxUnavailableStatefulSet")
	}
	for title, cells := range rows {
		for _, cell := range cells {
			if strings.HasPrefix(title, "gate ") && !regexp.MustCompile(`^((on|off), (alpha|beta)|on|none|not measured)$`).MatchString(cell) {
				t.Errorf("%s: %q is not a default of a gate", title, cell)
			}
		}
	}

	want := map[string][]string{}
	for _, k := range report.KnownIssues() {
		if !k.Shown {
			continue
		}
		for _, version := range report.TestedWith {
			of, err := report.KnownOf(version)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[bool]string{true: "yes", false: "no"}[slices.ContainsFunc(of, func(o report.KnownIssue) bool { return o.Code == k.Code })]
			title := "[" + k.Code + "](#" + strings.ToLower(k.Code) + ")"
			want[title] = append(want[title], seen)
		}
	}
	got := tableOf(t, known)
	for title, cells := range got {
		for i, cell := range cells {
			if i < len(want[title]) && (cell == notMeasured || cell == noFeature && want[title][i] == "no") {
				want[title][i] = cell
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the measured results differ from the known issues (- known, + measured); run make test-versions:\n%s", diff)
	}
}

// tableOf reads a table whose columns are the versions. It returns the rows by title.
func tableOf(t *testing.T, text string) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[cells[0]] = cells[1:]
	}
	if diff := cmp.Diff(report.TestedWith, rows[""]); diff != "" {
		t.Errorf("the columns differ from report.TestedWith:\n%s", diff)
	}
	delete(rows, "")
	return rows
}
