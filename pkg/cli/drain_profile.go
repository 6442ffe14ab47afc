package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/shell"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// hooks is how members leave: by the flags, or by the profile that matches the set.
func (o *drainFlags) hooks(m *mutation, s *sts.Snapshot) (*profile.Profile, error) {
	one := func(name string, on profile.Where, argv []string) *profile.Profile {
		return &profile.Profile{Metadata: profile.Metadata{Name: "--" + name}, Drain: []profile.Command{{
			Name: name, Why: msgDrainInline(), On: on, Command: argv, ExitCodes: []int{0}, Timeout: metav1.Duration{Duration: o.timeout},
		}}}
	}
	switch {
	case o.exec != "":
		return one("drain-exec", profile.Where(o.on), []string{"sh", "-c", escapeVariables(o.exec)}), nil
	case o.command != "":
		argv := shell.Argv(escapeVariables(o.command))
		return one("drain-cmd", profile.Here, argv), nil
	case o.profile == "none", o.options.Park:
		return nil, nil
	case o.profile != "":
		return readProfile(o.profile)
	}
	found, err := profile.Detect(s.Set, profile.Builtin())
	if err != nil {
		return nil, err
	}
	if len(found.Ambiguous) > 0 {
		var names []string
		for _, p := range found.Ambiguous {
			names = append(names, p.Metadata.Name)
		}
		return nil, usagef("%s", msgDrainAmbiguous(s.Set.Name, names))
	}
	if found.Profile != nil && m.out.human() {
		_, _ = fmt.Fprintln(m.env.ErrOut, msgDrainProfile(found.Profile.Metadata.Name, found.Why))
	}
	return found.Profile, nil
}

// escapeVariables escapes a shell's own $(…) and $$, so that only the variables of a profile are
// expanded.
func escapeVariables(line string) string {
	before, rest, found := strings.Cut(line, "$")
	if !found {
		return line
	}
	for _, v := range profile.Variables {
		if variable := "(" + v.Name + ")"; strings.HasPrefix(rest, variable) {
			return before + "$" + variable + escapeVariables(rest[len(variable):])
		}
	}
	return before + "$$" + escapeVariables(rest)
}

// capitals match what looks like a variable rather than a command.
var capitals = regexp.MustCompile(`\$\(([A-Z_]+)\)`)

// misspelt is the first part of the line that looks like a profile's variable but is none.
func misspelt(line string) string {
	for _, found := range capitals.FindAllStringSubmatch(line, -1) {
		known := false
		for _, v := range profile.Variables {
			known = known || v.Name == found[1]
		}
		if !known {
			return found[0]
		}
	}
	return ""
}

func variables() string {
	var names []string
	for _, v := range profile.Variables {
		names = append(names, v.Name)
	}
	return strings.Join(names, ", ")
}

// readProfile reads a built-in profile by name, or one of the user's from a file.
func readProfile(name string) (*profile.Profile, error) {
	p, notFound := profile.Find(name)
	if notFound == nil {
		return p, nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\.`) {
		return nil, usagef("--profile: %s", notFound)
	}
	if err != nil {
		return nil, usagef("--profile: %s", err)
	}
	if p, err = profile.Parse(data); err != nil {
		return nil, usagef("--profile %s: %s", name, err)
	}
	return p, nil
}

// profileFile is the file that --profile names, empty where it names no file.
func profileFile(name string) string {
	if _, unknown := profile.Find(name); unknown == nil || name == "" || name == "none" {
		return ""
	}
	return name
}
