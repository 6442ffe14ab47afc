package cli

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// For `kubectl NAME …` kubectl runs kubectl-NAME, and to complete it kubectl_complete-NAME.
const (
	pluginPrefix = "kubectl-"
	helperPrefix = "kubectl_complete-"
)

// programName is the name by which a program is called, without a folder and the suffix of Windows.
func programName(arg0 string) string {
	base := filepath.Base(arg0)
	if ext := filepath.Ext(base); strings.EqualFold(ext, ".exe") {
		base = strings.TrimSuffix(base, ext)
	}
	return base
}

// IsCompletionHelper says whether kubectl has called the program to complete a command line.
func IsCompletionHelper(arg0 string) bool { return strings.HasPrefix(programName(arg0), helperPrefix) }

// CommandLine are the arguments of the root command for those of the process.
func CommandLine(args []string) []string {
	switch {
	case !IsCompletionHelper(args[0]):
		return args[1:]
	case len(args) == 1: // not by kubectl
		return []string{cobra.ShellCompRequestCmd, ""}
	}
	return append([]string{cobra.ShellCompRequestCmd}, args[1:]...)
}

// addHelperCommands adds the commands that put the helper where kubectl finds it to cobra's completion command.
func (c *common) addHelperCommands(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Args, cmd.RunE = unknownCommand, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			cmd.AddCommand(newCompletionInstall(c), newCompletionUninstall(c))
		}
	}
}

// addLocalDryRun adds --dry-run of a command that asks no server.
func addLocalDryRun(cmd *cobra.Command, value *string) {
	addChoice(cmd, value, "dry-run", "none", "Print what would be done", "none", "client")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = "client"
}

// helper is the program that kubectl runs to complete the plugin: a link to the plugin, or where links are
// not possible a copy. The plugin completes when it is called by that name.
type helper struct {
	name   string // kubectl_complete-sts
	plugin string // the path of the plugin that kubectl runs
	suffix string // .exe on Windows
}

// findPlugin is the plugin that kubectl runs, by the name under which it runs now.
func findPlugin(env *Env) (*helper, error) {
	name, isPlugin := strings.CutPrefix(programName(env.Program), pluginPrefix)
	if !isPlugin {
		return nil, &sts.HintedError{Err: usagef("%s", msgNotAPlugin(programName(env.Program))), Hint: hintPluginName()}
	}
	path, err := exec.LookPath(pluginPrefix + name)
	if err != nil {
		return nil, &sts.HintedError{Err: errors.New(msgPluginNotOnPath(pluginPrefix + name)), Hint: hintPluginOnPath(filepath.Dir(env.Program))}
	}
	suffix := ""
	if runtime.GOOS == "windows" {
		suffix = ".exe"
	}
	return &helper{name: helperPrefix + name, plugin: path, suffix: suffix}, nil
}

// in is the path of the helper in a folder.
func (h *helper) in(folder string) string { return filepath.Join(folder, h.name+h.suffix) }

// foldersOnPath are the absolute folders on the PATH, each once.
func foldersOnPath(env *Env) []string {
	var out []string
	seen := map[string]bool{}
	for _, folder := range filepath.SplitList(env.Getenv("PATH")) {
		if folder = filepath.Clean(folder); filepath.IsAbs(folder) && !seen[folder] {
			seen[folder] = true
			out = append(out, folder)
		}
	}
	return out
}

// helperState is what is at the path of a helper.
type helperState int

const (
	helperMissing helperState = iota
	helperOutdated
	helperCurrent
	helperForeign
)

// stateAt says what is at a path. A program is a helper of ours if it is built from the package that this one
// is built from, whatever its version; a link without a target is, if the plugin was there.
func (h *helper) stateAt(path string) (helperState, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return helperMissing, nil
	case err != nil:
		return helperMissing, err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		if err != nil {
			return helperMissing, err
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if programName(target) == programName(h.plugin) {
				return helperOutdated, nil
			}
			return helperForeign, nil
		}
		if !isOurs(path) {
			return helperForeign, nil
		}
		if same(path, h.plugin) {
			return helperCurrent, nil
		}
		return helperOutdated, nil
	case !info.Mode().IsRegular() || !isOurs(path):
		return helperForeign, nil
	}
	if equal, err := equalFiles(path, h.plugin); err != nil || !equal {
		return helperOutdated, err
	}
	return helperCurrent, nil
}

// isOurs says whether a program is built from the same main package as this one.
func isOurs(path string) bool {
	theirs, err := buildinfo.ReadFile(path)
	own, ok := debug.ReadBuildInfo()
	return err == nil && ok && theirs.Path == own.Path
}

func same(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

func equalFiles(a, b string) (bool, error) {
	if same(a, b) {
		return true, nil
	}
	first, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	second, err := os.ReadFile(b)
	return bytes.Equal(first, second), err
}

// create links the plugin into a folder, or copies it where links are not possible, as for most users of
// Windows. It gets its name when it is complete.
func (h *helper) create(folder string) error {
	target := h.plugin
	if filepath.Dir(h.plugin) == folder {
		target = filepath.Base(h.plugin) // stays valid if the folder is moved, and after an upgrade
	}
	temporary := filepath.Join(folder, fmt.Sprintf(".%s-%d%s", h.name, os.Getpid(), h.suffix))
	err := os.Symlink(target, temporary)
	if err != nil && runtime.GOOS == "windows" {
		err = copyProgram(h.plugin, temporary)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, h.in(folder)); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}

func copyProgram(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	const executable = 0o755
	return os.WriteFile(to, content, executable)
}
