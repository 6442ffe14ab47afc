package cli

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What completion install and uninstall print.

// did is installed, updated, unchanged or uninstalled.
func msgHelper(path, did string) string { return "completion helper " + path + " " + did }

func msgNoHelper(name string) string { return "completion helper " + name + " not found on PATH" }

func msgLoadCompletion(shell, file, line string) string {
	install := ""
	if shell == "bash" {
		install = "install the package bash-completion, and "
	}
	return fmt.Sprintf("note: %s completes plugins once it has loaded kubectl's own completion; for this, %s%s needs the line\n  %s", shell, install, file, line)
}

func msgNotAPlugin(name string) string {
	return fmt.Sprintf("kubectl does not run %q as a plugin: its name must begin with kubectl-", name)
}

func hintPluginName() sts.Hint {
	return sts.Hintf("rename the program to kubectl-sts, and rerun the command as kubectl sts")
}

func msgPluginNotOnPath(name string) string { return name + " not found on PATH" }

func hintPluginOnPath(folder string) sts.Hint {
	return sts.Hintf("move the program to a directory on PATH, or add its directory (%s) to PATH", folder)
}

func msgForeignHelper(path string) string {
	return path + " belongs to another program: it is not a completion helper of this plugin"
}

func hintForeignHelper(path string) sts.Hint {
	return sts.Hintf("if it is not needed, remove it: rm %s", sts.ShellQuote(path))
}

func msgCannotInstall(path, why string) string { return fmt.Sprintf("cannot create %s: %s", path, why) }

func hintCannotInstall(plugin, path string) sts.Hint {
	return sts.Hintf("create it as a user with this permission: sudo ln -s %s %s", sts.ShellQuote(plugin), sts.ShellQuote(path))
}
