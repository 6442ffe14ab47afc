package sts

import "fmt"

// These are the messages of [Objections], worded like the API server's own.

func msgRequired(field string) string { return field + ": required" }

func msgInvalidName(name, rule string) string {
	return fmt.Sprintf("metadata.name: invalid value %q: %s", name, rule)
}

func msgInvalidSelector(err error) string { return "spec.selector: invalid: " + err.Error() }

func msgSelectorMismatch() string {
	return "spec.selector: does not match spec.template.metadata.labels"
}

func msgNegative(field string, value int32) string {
	return fmt.Sprintf("%s: invalid value %d, must not be negative", field, value)
}

func msgUnsupported(field, value, supported string) string {
	return fmt.Sprintf("%s: unsupported value %q, must be %s", field, value, supported)
}

func msgRollingUpdateOnly(strategy string) string {
	return fmt.Sprintf("spec.updateStrategy.rollingUpdate: only allowed with type RollingUpdate, not %s", strategy)
}

func msgContainerName(index int, name string) string {
	return fmt.Sprintf("spec.template.spec.containers[%d].name: %q is not a DNS label", index, name)
}

func msgContainerIncomplete(index int) string {
	return fmt.Sprintf("spec.template.spec.containers[%d]: name and image are required", index)
}
