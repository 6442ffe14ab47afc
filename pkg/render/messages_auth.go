package render

import (
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
)

// namespace is empty for all namespaces.
func msgAuthResult(command, namespace string, allowed access.Allowed) string {
	where := " in namespace " + namespace
	if namespace == "" {
		where = " in all namespaces"
	}
	return command + map[access.Allowed]string{
		access.Yes: " is allowed", access.Partly: " is partly allowed", access.No: " is not allowed",
	}[allowed] + where
}

func msgAuthClusterWide() string { return "(cluster-wide)" }

func msgAuthIn(namespace string) string { return "(in " + namespace + ")" }

func msgAuthNeeded(p access.PermissionAccess) string {
	switch p.Needed {
	case access.Required:
		return "required"
	case access.Optional:
		return "optional"
	}
	return "--" + p.Option
}

// optional is empty, or a list of permissions.
func msgAuthOptional(optional string, flags []string) string {
	var parts []string
	if optional != "" {
		parts = append(parts, "optional: "+optional)
	}
	if len(flags) > 0 {
		parts = append(parts, "for "+strings.Join(flags, ", "))
	}
	return strings.Join(parts, "; ")
}
