package cli

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

func msgAuthMissing(command string) string {
	return "not allowed: a permission that " + command + " requires is missing"
}

// command shows the permissions of one command.
func hintAuthCommand(command sts.Hint) sts.Hint {
	return sts.Hintf("show all permissions of a command: %s", command)
}

// command is the same command.
func hintAuthRole(command sts.Hint) sts.Hint {
	return sts.Hintf("print a role for an administrator to apply: %s", command)
}

func hintDenied(command sts.Hint) sts.Hint {
	return sts.Hintf("show which permissions are missing: %s", command)
}
