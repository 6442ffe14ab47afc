package sts

import "fmt"

func msgFieldAdded(path, value string) string {
	return fmt.Sprintf("%s = %s (new)", path, value)
}

func msgFieldRemoved(path, value string) string {
	return fmt.Sprintf("%s removed (was %s)", path, value)
}

func msgFieldChanged(path, from, to string) string {
	return fmt.Sprintf("%s: %s → %s", path, from, to)
}

func msgFieldTooLong(path string) string {
	return path + " (too long to show)"
}

func msgMoreChanges(n int) string {
	return fmt.Sprintf("and %d more", n)
}
