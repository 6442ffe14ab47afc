package manifest

import "fmt"

// Why a manifest cannot be read.

func msgSkippedDocuments() string {
	return "kubectl would skip some documents: separate them with a line that contains only ---"
}

func msgHelmTemplate(err error) string {
	return fmt.Sprintf("%s (for a Helm template, pipe the output of helm template to --filename -)", err)
}

func msgQuotedTemplate(object string) string {
	return fmt.Sprintf("%s is a Helm template: pipe the output of helm template to --filename -", object)
}

func msgNotObjects() string { return "not a manifest: every document must be a Kubernetes object" }

func msgAliasesTooLarge(megabytes int) string {
	return fmt.Sprintf("its YAML aliases stand for more than %d MiB", megabytes)
}

func msgListInList() string { return "an item of a list must not be a list" }

func msgListWithoutItems() string { return "a List must have the field items" }

func msgNoSuchKind(kind, version, ownKind, ownVersion string) string {
	return fmt.Sprintf("no matches for kind %q in version %q, did you mean kind %s in %s?", kind, version, ownKind, ownVersion)
}

func msgTooManyWorlds(kind, name string, definitions, most int) string {
	return fmt.Sprintf("%s %s is defined %d times, and at most %d definitions of an object are examined together; name fewer files or directories", kind, name, definitions, most)
}
