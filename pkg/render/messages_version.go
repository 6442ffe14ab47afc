package render

import "strings"

func msgTested() string { return "tested" }

func msgTestedMinor() string { return "tested with another patch version" }

func msgUntested() string { return "not tested" }

func msgTestedWith(versions []string) string { return "tested with " + strings.Join(versions, ", ") }

func msgKnownIssues() string {
	return "Known issues of this Kubernetes version with StatefulSets:"
}

func msgKnownWhen(when string) string { return "When " + when + ":" }

func msgKnownSource(source string, reproduced bool) string {
	if !reproduced {
		return source + " (not reproduced by a test)"
	}
	return source
}
