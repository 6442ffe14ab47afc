// The tests make links and take permissions away.
//go:build !windows

package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestCommandLine(t *testing.T) {
	for line, want := range map[string]string{
		"kubectl-sts status web":                 "status web",
		"kubectl-sts":                            "",
		"/krew/bin/kubectl_complete-sts status ": "__complete status ",
		"C:/bin/kubectl_complete-sts.EXE -":      "__complete -",
		"kubectl_complete-my_sets.exe x":         "__complete x",
		"kubectl_complete-sts":                   "__complete ",
	} {
		if got := strings.Join(CommandLine(strings.Split(line, " ")), " "); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// machine is one on which the plugin is installed. The test itself serves as the plugin: it is built from
// one package, as the plugin is.
type machine struct {
	*testing.T
	root string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	root := t.TempDir()
	m := &machine{t, root}
	t.Setenv("HOME", m.path("home"))
	for _, folder := range []string{"home/bin", "usr/bin", "opt/bin"} {
		assert.NilError(t, os.MkdirAll(m.path(folder), 0o755))
	}
	m.onPath("usr/bin", "opt/bin", "home/bin")
	return m
}

func (m *machine) path(name string) string { return filepath.Join(m.root, name) }

func (m *machine) onPath(folders ...string) {
	for i := range folders {
		folders[i] = m.path(folders[i])
	}
	m.Setenv("PATH", strings.Join(folders, string(os.PathListSeparator)))
}

// plugin installs the plugin as a file.
func (m *machine) plugin(name string) {
	self, err := os.Executable()
	assert.NilError(m, err)
	assert.NilError(m, os.Link(self, m.path(name)))
}

func (m *machine) write(name, content string) {
	assert.NilError(m, os.MkdirAll(filepath.Dir(m.path(name)), 0o755))
	assert.NilError(m, os.WriteFile(m.path(name), []byte(content), 0o755))
}

// run runs a command of the program of that name, in the shell bash.
func (m *machine) run(program, args string) *invocation {
	m.Helper()
	i := &invocation{}
	env := Env{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &i.out, ErrOut: &i.err}, Program: program, Called: "kubectl sts",
		Getenv: func(name string) string {
			if name == "SHELL" {
				return "/bin/bash"
			}
			return os.Getenv(name)
		},
	}
	i.code = Exit(&i.err, Execute(m.Context(), env, strings.Fields(args)))
	return i
}

// helpers are all completion helpers with the targets of links.
func (m *machine) helpers() []string {
	found := []string{}
	for _, folder := range []string{"usr/bin", "opt/bin", "home/bin"} {
		files, err := filepath.Glob(m.path(folder + "/*complete*"))
		assert.NilError(m, err)
		hidden, err := filepath.Glob(m.path(folder + "/.*"))
		assert.NilError(m, err)
		for _, file := range append(files, hidden...) {
			name := strings.TrimPrefix(file, m.root+"/")
			if target, err := os.Readlink(file); err == nil {
				name += " -> " + strings.TrimPrefix(target, m.root+"/")
			}
			found = append(found, name)
		}
	}
	return found
}

func TestCompletionInstall(t *testing.T) {
	const program = "/x/kubectl-sts"
	steps := func(args ...string) []string { return args }
	tests := []struct {
		name    string
		prepare func(m *machine)
		program string
		steps   []string
		want    []string // the helpers afterwards
	}{
		{
			"beside the plugin, once", func(m *machine) { m.plugin("opt/bin/kubectl-sts") }, program,
			steps("install --dry-run", "install", "install", "install zsh --dry-run=client"), steps("opt/bin/kubectl_complete-sts -> kubectl-sts"),
		},
		{
			"and away", func(m *machine) { m.plugin("opt/bin/kubectl-sts") }, program,
			steps("uninstall", "install fish", "uninstall --dry-run", "uninstall"), nil,
		},
		{
			"beside a link, as krew installs it", func(m *machine) {
				assert.NilError(t, os.MkdirAll(m.path("store/v1"), 0o755))
				m.plugin("store/v1/kubectl-sts")
				assert.NilError(t, os.Symlink(m.path("store/v1/kubectl-sts"), m.path("home/bin/kubectl-sts")))
			}, program, steps("install"), steps("home/bin/kubectl_complete-sts -> kubectl-sts"),
		},
		{
			"under another name", func(m *machine) { m.plugin("usr/bin/kubectl-my_sets") }, "kubectl-my_sets",
			steps("install powershell"), steps("usr/bin/kubectl_complete-my_sets -> kubectl-my_sets"),
		},
		{
			"the shell loads the completion of kubectl", func(m *machine) {
				m.plugin("usr/bin/kubectl-sts")
				m.write("home/.bashrc", "source <(kubectl completion bash)\n")
			}, program, steps("install", "install bash", "install zsh"), steps("usr/bin/kubectl_complete-sts -> kubectl-sts"),
		},
		{
			"a link without a target", func(m *machine) {
				m.plugin("usr/bin/kubectl-sts")
				assert.NilError(t, os.Symlink("/gone/kubectl-sts", m.path("usr/bin/kubectl_complete-sts")))
			}, program, steps("install"), steps("usr/bin/kubectl_complete-sts -> kubectl-sts"),
		},
		{
			"a program of others", func(m *machine) {
				m.plugin("usr/bin/kubectl-sts")
				m.write("home/bin/kubectl_complete-sts", "#!/bin/sh\n")
			}, program, steps("install", "uninstall"), steps("home/bin/kubectl_complete-sts"),
		},
		{
			"a link of others", func(m *machine) {
				m.plugin("usr/bin/kubectl-sts")
				assert.NilError(t, os.Symlink("/gone/other", m.path("usr/bin/kubectl_complete-sts")))
			}, program, steps("install", "uninstall"), steps("usr/bin/kubectl_complete-sts -> /gone/other"),
		},
		{
			"a copy, which is not the plugin of today", func(m *machine) {
				m.plugin("usr/bin/kubectl-sts")
				self, err := os.ReadFile(m.path("usr/bin/kubectl-sts"))
				assert.NilError(t, err)
				m.write("home/bin/kubectl_complete-sts", string(self)+"old")
			}, program, steps("install", "install"), steps("home/bin/kubectl_complete-sts -> usr/bin/kubectl-sts"),
		},
		{
			"a copy", func(m *machine) { m.plugin("usr/bin/kubectl-sts"); m.plugin("home/bin/kubectl_complete-sts") }, program,
			steps("install", "uninstall"), nil,
		},
		{"not installed", func(*machine) {}, program, steps("install", "uninstall"), nil},
		{"no plugin", func(*machine) {}, "/x/sts", steps("install", "uninstall"), nil},
		{"wrong", func(*machine) {}, program, steps("install tcsh", "install bash zsh", "uninstall bash", "install --dry-run=server"), nil},
	}
	var said transcript
	for _, test := range tests {
		m := newMachine(t)
		test.prepare(m)
		said.text.WriteString("# " + test.name + "\n")
		for _, step := range test.steps {
			said.add(m.run(test.program, "completion "+step), "completion "+step, m.root, "")
		}
		if got := m.helpers(); !slices.Equal(got, test.want) {
			t.Errorf("%s: helpers are %q, want %q", test.name, got, test.want)
		}
	}
	said.check(t, "completion-install")
}

// Without permission to write beside the plugin, the helper is created in the home directory.
func TestCompletionInstallWithoutPermission(t *testing.T) {
	m := newMachine(t)
	m.plugin("usr/bin/kubectl-sts")
	assert.NilError(t, os.Chmod(m.path("usr/bin"), 0o555))
	t.Cleanup(func() { _ = os.Chmod(m.path("usr/bin"), 0o755) })
	if writable(m.path("usr/bin")) {
		// root may write everywhere, but not where there is no folder
		m.onPath("usr/bin", "opt/bin")
		h := &helper{name: "kubectl_complete-sts", plugin: m.path("none/kubectl-sts")}
		folder, err := (&common{env: &Env{Getenv: os.Getenv}}).helperFolder(h)
		if err == nil {
			t.Errorf("it would be created in %s", folder)
		}
		m.onPath("opt/bin", "home/none", "home/bin")
		folder, err = (&common{env: &Env{Getenv: os.Getenv}}).helperFolder(h)
		assert.NilError(t, err)
		assert.Equal(t, folder, m.path("home/bin"))
		return
	}
	assert.Equal(t, m.run("kubectl-sts", "completion install").code, ExitOK)
	assert.DeepEqual(t, m.helpers(), []string{"home/bin/kubectl_complete-sts -> usr/bin/kubectl-sts"})
	m.run("kubectl-sts", "completion uninstall")
	m.onPath("usr/bin", "opt/bin")
	if i := m.run("kubectl-sts", "completion install"); i.code != ExitError {
		t.Errorf("exit code %d: %s", i.code, i.err.String())
	}
}
