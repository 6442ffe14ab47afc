package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// loader is how a shell loads kubectl's completion, without which that of plugins does not run.
type loader struct {
	shell string
	line  string
	// file is where the line belongs, in the home directory.
	file string
}

var loaders = []loader{
	{"bash", "source <(kubectl completion bash)", ".bashrc"},
	{"zsh", "autoload -Uz compinit && compinit && source <(kubectl completion zsh)", ".zshrc"},
	{"fish", "kubectl completion fish | source", ".config/fish/config.fish"},
	{"powershell", "kubectl completion powershell | Out-String | Invoke-Expression", ""},
}

func shellNames() []string {
	var out []string
	for _, l := range loaders {
		out = append(out, l.shell)
	}
	return out
}

func newCompletionInstall(c *common) *cobra.Command {
	var dryRun string
	cmd := withHelp("completion-install", &cobra.Command{
		Use: "install [" + strings.Join(shellNames(), "|") + "]",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && !slices.Contains(shellNames(), args[0]) {
				return usagef("%s: invalid argument %q, must be %s", cmd.CommandPath(), args[len(args)-1], anyOf(shellNames()))
			}
			return nil
		},
		ValidArgsFunction: c.completing(oneShell),
	})
	addLocalDryRun(cmd, &dryRun)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := c.installHelper(dryRun); err != nil {
			return err
		}
		shell := programName(c.env.Getenv("SHELL"))
		if len(args) == 1 {
			shell = args[0]
		}
		return c.explainLoader(shell)
	}
	return cmd
}

// oneShell completes the argument of install.
func oneShell(w *word) ([]string, cobra.ShellCompDirective) {
	if len(w.args) > 0 {
		return nil, noFiles
	}
	return shellNames(), noFiles
}

// installHelper puts the helper on the PATH, unless it is there.
func (c *common) installHelper(dryRun string) error {
	h, err := findPlugin(c.env)
	if err != nil {
		return err
	}
	say := func(path, did string) error {
		_, err := fmt.Fprintln(c.env.Out, msgHelper(path, msgDryRun(did, dryRun)))
		return err
	}
	var folder string
	did := "installed"
	if found, err := exec.LookPath(h.name); err == nil { // the one that kubectl runs
		state, err := h.stateAt(found)
		switch {
		case err != nil:
			return err
		case state == helperForeign:
			return foreignHelper(found)
		case state == helperCurrent:
			return say(found, "unchanged")
		}
		folder, did = filepath.Dir(found), "updated"
	} else if folder, err = c.helperFolder(h); err != nil {
		return err
	}
	if dryRun == "none" {
		if err := h.create(folder); err != nil {
			return cannotInstall(h, folder, err)
		}
	}
	return say(h.in(folder), did)
}

// helperFolder is where the helper belongs: beside the plugin; or, where the user may not write there,
// in the first folder on the PATH that is in the home directory.
func (c *common) helperFolder(h *helper) (string, error) {
	beside := filepath.Dir(h.plugin)
	folders := []string{beside}
	home, err := os.UserHomeDir()
	for _, folder := range foldersOnPath(c.env) {
		if below, relErr := filepath.Rel(home, folder); err == nil && relErr == nil && filepath.IsLocal(below) {
			folders = append(folders, folder)
		}
	}
	for _, folder := range folders {
		state, err := h.stateAt(h.in(folder))
		switch {
		case err != nil || !writable(folder):
		case state == helperForeign: // it is not executable, or a link without a target
			return "", foreignHelper(h.in(folder))
		default:
			return folder, nil
		}
	}
	return "", cannotInstall(h, beside, fs.ErrPermission)
}

// writable says whether files can be created in a folder.
func writable(folder string) bool {
	probe, err := os.CreateTemp(folder, ".kubectl_complete-*")
	if err != nil {
		return false
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name())) == nil
}

func foreignHelper(path string) error {
	return &sts.HintedError{Err: errors.New(msgForeignHelper(path)), Hint: hintForeignHelper(path)}
}

// cannotInstall names only the reason of an error of a file: the file in it may be a temporary one.
func cannotInstall(h *helper, folder string, err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if linkErr := (*os.LinkError)(nil); errors.As(err, &linkErr) {
		err = linkErr.Err
	}
	return &sts.HintedError{Err: errors.New(msgCannotInstall(h.in(folder), err.Error())), Hint: hintCannotInstall(h.plugin, h.in(folder))}
}

// explainLoader prints how the shell loads kubectl's completion, unless its file has a line for that.
func (c *common) explainLoader(shell string) error {
	i := slices.IndexFunc(loaders, func(l loader) bool { return l.shell == shell })
	if i < 0 {
		return nil // a shell without completion, or none
	}
	l := loaders[i]
	file := "$PROFILE"
	if l.file != "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = ""
		}
		content, err := os.ReadFile(filepath.Join(home, l.file))
		if err == nil && strings.Contains(string(content), "kubectl completion "+shell) {
			return nil
		}
		file = "~/" + l.file
	}
	_, err := fmt.Fprintln(c.env.ErrOut, msgLoadCompletion(shell, file, l.line))
	return err
}
