package cli

import (
	"fmt"
	"strings"
)

// What plan, dns and canary start report about a manifest.

func msgFileTooLarge(limit int) string {
	return fmt.Sprintf("larger than %d MiB, the limit for a manifest", limit)
}

func msgNoURLs() string {
	return "URLs are not supported: download the manifest, or pipe it to --filename -"
}

func msgNoManifests() string { return "the directory has no files that end in .json, .yaml or .yml" }

func msgHelmChart() string {
	return "the templates of a Helm chart are not read: pipe the output of helm template to --filename -"
}

func msgKustomizationsSkipped(count int, directory string) string {
	if count == 1 {
		return fmt.Sprintf("the kustomization in %s is skipped: use --kustomize to read what it builds", directory)
	}
	return fmt.Sprintf("%d kustomizations are skipped: use --kustomize to read what they build; first: %s", count, directory)
}

func msgFoundOnly(objects []string) string {
	if len(objects) == 0 {
		return ": the file has no objects"
	}
	return ", only " + strings.Join(objects, ", ")
}

func msgNoRegularFile() string { return "not a regular file" }

func msgDefinedTwice(name string) string {
	return fmt.Sprintf("StatefulSet %s is defined more than once", name)
}

func msgAssumedNamespace(namespace string) string {
	return fmt.Sprintf("objects without a namespace are assumed to be in namespace %s, like the others; use --namespace to set another one", namespace)
}

func msgOtherStatefulSet(where, name, apiVersion string) string {
	return fmt.Sprintf("%s: StatefulSet %s ignored: its apiVersion is %s, not apps/v1", where, name, apiVersion)
}

func msgRemovedVersion(where, name, apiVersion string) string {
	return fmt.Sprintf("%s: StatefulSet %s is read as apps/v1: Kubernetes no longer serves %s", where, name, apiVersion)
}

func msgFieldProblem(where, object, problem, effect string) string {
	return fmt.Sprintf("%s: %s: %s: %s", where, object, problem, effect)
}

func msgDuplicateField() string { return "the last value applies" }

func msgMisspelledField() string {
	return "ignored; kubectl apply rejects it (strict field validation)"
}

func msgUnknownField() string {
	return "ignored; kubectl apply rejects it unless the cluster runs a newer Kubernetes that has it"
}
