package sts

import (
	"fmt"
	"strings"
)

func msgAlsoManages(manager string, hint Hint) string {
	return manager + " also manages this StatefulSet: " + hint.String()
}

// fields are those that it applies and that a command writes.
func msgAppliesFields(text string, fields []string) string {
	return fmt.Sprintf("%s; it applies %s server-side: until this operation has finished, its next apply will conflict with field manager %s or, if forced, revert the change",
		text, strings.Join(fields, " and "), FieldManager)
}

func hintOperator(kind, name string, edit Hint) Hint {
	return Hintf("make the change in %s/%s, whose operator manages this StatefulSet: %s", kind, name, edit)
}

func hintArgoCD() Hint {
	return Hintf("make the change in Git, or disable self-heal of the application first")
}

func hintKustomization() Hint {
	return Hintf("make the change in Git, or suspend the Kustomization first")
}

func hintHelmRelease() Hint {
	return Hintf("make the change in the HelmRelease as well, or its next upgrade will revert it")
}

func hintHelm() Hint {
	return Hintf("make the change in the values of the release as well, or its next upgrade will revert it")
}

func hintFieldManager() Hint {
	return Hintf("make the change in what it applies as well, or its next apply will revert it")
}

// Budgets in numbers.

func msgBudgetNumbers(healthy, expected, required, allowed int32) string {
	return fmt.Sprintf("%d of %s healthy, %d required, %s allowed", healthy, Count(expected, "pod"), required, Count(allowed, "disruption"))
}

func msgBudgetNotCounted() string { return "its status is not up to date" }
