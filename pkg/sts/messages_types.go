package sts

import "fmt"

// Values of the wrong type in manifests.

func msgWrongType(want, got, fix string) string {
	if fix != "" {
		fix = ": " + fix
	}
	return fmt.Sprintf("must be %s, not %s%s", want, got, fix)
}

func msgNoInteger(value string) string { return fmt.Sprintf("must be an integer, not %s", value) }

func msgNumberTooLarge(value string) string {
	return fmt.Sprintf("%s is out of range", value)
}

func msgNoValueOf(kind, value string) string {
	switch kind {
	case "Quantity":
		return fmt.Sprintf("invalid quantity %s: must be a number with a suffix such as Gi or m", value)
	case "IntOrString":
		return fmt.Sprintf("invalid value %s: must be an integer or a string", value)
	case "Time", "MicroTime":
		return fmt.Sprintf("invalid time %s: must be like 2006-01-02T15:04:05Z", value)
	}
	return fmt.Sprintf("invalid value %s", value)
}
