package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func listOutput(t *testing.T, args ...string) (*output, error) {
	t.Helper()
	cmd := &cobra.Command{}
	out := newListOutput(&common{env: &Env{}}, cmd, wide)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	err := out.check()
	return out, err
}

func TestCustomColumns(t *testing.T) {
	r := &report.StatusReport{TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "StatusReport"},
		Items: []report.Status{{Name: "web", State: report.Complete, DesiredReplicas: 1000000, Images: []report.ContainerImage{{Container: "app"}, {Container: "proxy"}}}, {Name: "db", State: report.Stuck}}}
	columns := filepath.Join(t.TempDir(), "columns")
	if err := os.WriteFile(columns, []byte("SET STATE\n.name {.state}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-o", "custom-columns=SET:.name,STATE:.state,NONE:.nothing"}, "SET   STATE      NONE\nweb   Complete   <none>\ndb    Stuck      <none>\n"},
		{[]string{"-o", "custom-columns=SET:.name", "--no-headers"}, "web\ndb\n"},
		{[]string{"-o", "custom-columns=N:{.desiredReplicas},ALL:images[*].container"}, "N         ALL\n1000000   app,proxy\n0         <none>\n"},
		{[]string{"-o", "custom-columns-file=" + columns}, "SET   STATE\nweb   Complete\ndb    Stuck\n"},
	} {
		out, err := listOutput(t, test.args...)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := out.print(&b, r, nil); err != nil {
			t.Fatal(err)
		}
		if b.String() != test.want {
			t.Errorf("%q:\n%s", test.args, b.String())
		}
	}
	for _, args := range [][]string{{"-o", "custom-columns="}, {"-o", "custom-columns=NAME"}, {"-o", "custom-columns-file=nowhere"}, {"-o", "custom-columns=NAME:{.name"}, {"--sort-by", "{.name"}, {"--sort-by", "{range .items}{.name}"}} {
		if _, err := listOutput(t, args...); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

func TestSortItems(t *testing.T) {
	type item struct {
		Name  string `json:"name"`
		Size  string `json:"size,omitempty"`
		Count int    `json:"count"`
		Done  bool   `json:"done"`
	}
	items := []item{{"c", "10Gi", 10, true}, {"a", "", 9, false}, {"b", "900Mi", 100, true}, {"d", "x", 9, false}}
	for path, want := range map[string]string{"": "cabd", ".name": "abcd", "{.size}": "abcd", "count": "adcb", ".done": "adcb"} {
		got := slices.Clone(items)
		if err := sortItems(&output{sortBy: path}, got); err != nil {
			t.Fatal(err)
		}
		var names string
		for _, i := range got {
			names += i.Name
		}
		if names != want {
			t.Errorf("by %q: %s, want %s", path, names, want)
		}
	}
	if err := sortItems(&output{sortBy: ".nothing"}, items); err == nil {
		t.Error("a field that no item has is accepted")
	}
	if err := sortItems(&output{sortBy: ".list"}, []struct {
		List []int `json:"list"`
	}{{[]int{1}}}); err == nil {
		t.Error("a list is accepted")
	}
}
