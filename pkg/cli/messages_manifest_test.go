package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestManifestMessages(t *testing.T) {
	call := messagetest.Call
	const where, object = "web.yaml:5", "StatefulSet web"
	messagetest.Golden(t, "manifest",
		call(msgFileTooLarge, 16),
		call(msgNoURLs),
		call(msgNoManifests),
		call(msgHelmChart),
		call(msgKustomizationsSkipped, 1, "prod"),
		call(msgKustomizationsSkipped, 3, "base"),
		call(msgFoundOnly, nil),
		call(msgFoundOnly, []string{"Service/web", "ConfigMap/web"}),
		call(msgNoRegularFile),
		call(msgDefinedTwice, "web"),
		call(msgAssumedNamespace, "shop"),
		call(msgOtherStatefulSet, where, "web", "apps.kruise.io/v1beta1"),
		call(msgRemovedVersion, where, "web", "apps/v1beta1"),
		call(msgFieldProblem, where, object, `unknown field "spec.Replicas" (did you mean "replicas"?)`, msgMisspelledField()),
		call(msgFieldProblem, where, object, `unknown field "spec.quorumMode"`, msgUnknownField()),
		call(msgFieldProblem, where, object, `duplicate field "spec.replicas"`, msgDuplicateField()),
		call(msgDuplicateField),
		call(msgMisspelledField),
		call(msgUnknownField),
	)
}
