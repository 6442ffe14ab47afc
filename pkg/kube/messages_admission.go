package kube

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What every command reports about mutating admission, and canary start about a manifest.

func msgRecordsThroughStatus(set string, changes []sts.Change) string {
	return fmt.Sprintf("mutating admission would change statefulset/%s on every update: %s; records are written through the status subresource, which keeps the spec unchanged",
		set, sts.SayChanges(changes))
}

func msgNoTemplate(set string) string {
	return fmt.Sprintf("the manifest of statefulset/%s has no spec.template", set)
}
