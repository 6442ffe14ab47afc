package sts

import "strings"

func msgFieldManagers(names []string) string {
	if len(names) == 1 {
		return "field manager " + names[0]
	}
	return "field managers " + strings.Join(names, " and ")
}

func msgAlsoManages(manager string, hint Hint) Hint {
	return Hintf("%s also manages this StatefulSet: %s", manager, hint)
}

// fields are those that it applies and that a command writes.
func msgAppliesFields(caution Hint, fields []string) Hint {
	return Hintf("%s; it applies %s server-side: until this operation has finished, its next apply will conflict with field manager %s or, if forced, revert the change",
		caution, strings.Join(fields, " and "), FieldManager)
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
