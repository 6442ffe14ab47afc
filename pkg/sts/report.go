package sts

import (
	"strings"
	"unicode"
)

// APIVersion is the version of every report. Fields are added within a version,
// never renamed or removed.
const APIVersion = "kubectl-sts.dev/v1alpha1"

// Words is the value of an enum for people, in lower case: "in-use" for InUse.
func Words[T ~string](value T) string {
	var b strings.Builder
	for i, r := range string(value) {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
