package cli

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgPlanUnreadable(set, resource, reason string) string {
	return fmt.Sprintf("cannot predict statefulset/%s: cannot read its %s: %s", set, resource, reason)
}

func msgPlanNotYet(set, outcome string) string { return "statefulset.apps/" + set + ": " + outcome }

// What the API server rejects.

func msgServerRejects(set string, problems []string) string {
	return fmt.Sprintf("the API server would reject statefulset/%s: %s", set, strings.Join(problems, "; "))
}

func msgServerRejectsFields(object string, problems []string) string {
	return fmt.Sprintf("the API server would reject %s: strict decoding error: %s", object, strings.Join(problems, ", "))
}

func hintServerRejectsFields() sts.Hint {
	return sts.Hintf("correct the field names, or apply the manifest without these fields: %s", sts.Kubectl("", "apply", "--validate=warn", "-f", "FILE"))
}

func msgServerRejectsRecreate(set string) string {
	return msgServerRejects(set, []string{"spec.updateStrategy.type Recreate requires Kubernetes 1.37 or later"})
}

func msgFieldsImmutable(set string, fields, mutable []string) string {
	verb := "is"
	if len(fields) > 1 {
		verb = "are"
	}
	return fmt.Sprintf("the API server would reject the change: %s of statefulset/%s %s immutable; only %s can be changed",
		strings.Join(fields, ", "), set, verb, strings.Join(mutable, ", "))
}

func msgFieldsImmutableForServer(set string, fields, answers []string) string {
	verb := "is"
	if len(fields) > 1 {
		verb = "are"
	}
	return fmt.Sprintf("the API server rejects the change: %s of statefulset/%s %s immutable (%s)",
		strings.Join(fields, ", "), set, verb, strings.Join(answers, "; "))
}

func hintFieldsImmutable(preview sts.Hint) sts.Hint {
	return sts.Hintf("delete the StatefulSet with --cascade=orphan, then apply the new manifest, which takes over the pods and claims; to preview the deletion: %s", preview)
}

func msgSetTerminating(set string) string { return "statefulset/" + set + " is being deleted" }

// Notes.

func msgQuotasIgnored(quotas []string) string {
	return "does not predict whether a quota prevents the creation of pods: resourcequota/" + strings.Join(quotas, ", resourcequota/")
}

func msgWithoutStrictValidation(problem string) string {
	return problem + "; the prediction is for the object as kubectl apply --validate=false would create it"
}

func msgRecreateGateAssumed(gate string) string {
	return "assumes that feature gate " + gate + " is on; it is off by default in Kubernetes 1.37, and without it the API server rejects update strategy Recreate"
}

func msgMaxUnavailableGateAssumed(gate string) string {
	return fmt.Sprintf("assumes that feature gate %s is off, the default up to Kubernetes 1.36, so maxUnavailable has no effect; for 1.37 or later use --feature-gates %s=true", gate, gate)
}

func msgMaxUnavailableGateOff(gate string) string {
	return "feature gate " + gate + " is off in this cluster: the API server drops maxUnavailable"
}

func msgManifestsComparedAsWritten() string {
	return "the manifests are compared without defaulting: a field of the pod template that only one of them sets counts as a change, even if it is set to its default"
}

func msgNoLastApplied(annotation string) string {
	return "the StatefulSet has no annotation " + annotation + ": fields that the new manifest omits are assumed to be unchanged"
}
