package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

func TestEscapeVariables(t *testing.T) {
	for line, want := range map[string]string{
		"":                              "",
		"rs.stepDown()":                 "rs.stepDown()",
		"echo $$ $(date) $HOME ${X} $":  "echo $$ $(date) $HOME ${X} $",
		"leave $(POD_NAME)$(ORDINAL)":   "leave db-22",
		"echo '$(MEMBER_ID)' $$(HOSTS)": "echo '$(MEMBER_ID)' $$(HOSTS)",
	} {
		c := profile.Command{Command: []string{escapeVariables(line)}}
		got, err := c.Argv(profile.Vars{profile.PodName: "db-2", profile.Ordinal: "2"})
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%q runs %q, want %q (%v)", line, got, want, err)
		}
	}
}

func TestProfileFile(t *testing.T) {
	for name, want := range map[string]string{"": "", "none": "", "etcd": "", "./etcd": "./etcd", "profiles/etcd.yaml": "profiles/etcd.yaml"} {
		if got := profileFile(name); got != want {
			t.Errorf("--profile %q: %q, want %q", name, got, want)
		}
	}
}
