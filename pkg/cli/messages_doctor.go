package cli

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What doctor ends with.

func msgNoneSelected(selector, source string) string {
	return fmt.Sprintf("no StatefulSet in %s matches the selector %s", source, selector)
}

func msgNoSetsInManifests() string { return "no StatefulSets found in the manifests" }

func msgNoObjects(source string) string { return "no objects found in " + source }

func msgNoObjectsInNamespace(namespace, source, elsewhere string) string {
	return fmt.Sprintf("no StatefulSets found in %s that are in namespace %s; others are in namespace %s", source, namespace, elsewhere)
}

func msgFilesUnread(count int, file, problem string) string {
	if count == 1 {
		return fmt.Sprintf("%s could not be examined: %s", file, problem)
	}
	return fmt.Sprintf("%s could not be examined; first: %s: %s", sts.Count(count, "manifest"), file, problem)
}

func msgDoctorFound(count int, object, code string) string {
	if count == 1 {
		return fmt.Sprintf("found %s on %s", code, object)
	}
	return fmt.Sprintf("%s; first: %s on %s", sts.Count(count, "finding"), code, object)
}
