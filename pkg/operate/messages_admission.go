package operate

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What every command reports when admission changes or rejects a write, or a pod that the
// StatefulSet controller will create.

// Mutating admission.

func msgAltered(set string, changes []sts.Change, by []string) string {
	return fmt.Sprintf("mutating admission would also change statefulset/%s: %s%s", set, sts.SayChanges(changes), possiblyBy(by))
}

func hintExempt(object string) string {
	return fmt.Sprintf("exempt %s from it", object)
}

func hintOrAbort(abort string) string {
	return ", or roll back the canary: " + abort
}

func hintOrAbortUpdate(abort string) string {
	return ", or roll back the update: " + abort
}

func hintOrAcceptFirst(start string) string {
	return ", or update the pods with its changes first: " + start
}

func msgRecordAltered(altered, ns string) string {
	return fmt.Sprintf("%s; the status subresource would avoid this, but you cannot patch statefulsets/status in namespace %s", altered, ns)
}

func hintRecordAltered(ns, otherwise string) string {
	return fmt.Sprintf("request permission to patch statefulsets/status in namespace %s, or %s", ns, otherwise)
}

func msgStoredAltered(set string, changes []sts.Change, by []string) string {
	return fmt.Sprintf("mutating admission also changed statefulset/%s, which the dry run did not show: %s%s; nothing more was written",
		set, sts.SayChanges(changes), possiblyBy(by))
}

func hintStoredAltered(status string) string {
	return "check which pods are updated: " + status
}

func msgScaleAltered(set string, to, stored int32, by []string) string {
	return fmt.Sprintf("mutating admission would scale statefulset/%s to %s instead of %d%s", set, sts.Count(stored, "replica"), to, possiblyBy(by))
}

func msgWriteAltered(object, ns string, changes []sts.Change, by []string) string {
	if ns != "" {
		ns = " in namespace " + ns
	}
	return fmt.Sprintf("mutating admission changes the write to %s%s: %s%s", object, ns, sts.SayChanges(changes), possiblyBy(by))
}

// Pods that the API server would reject.

func msgPodRejected(pods, source, why string) string {
	return fmt.Sprintf("the API server would reject %s (%s): %s", pods, source, why)
}

func msgPodUnusable(pods, source, why string) string {
	return fmt.Sprintf("%s (%s) would not work: %s", pods, source, why)
}

func msgPodNotCreated(pods, why string) string {
	return fmt.Sprintf("%s will not be created: %s", pods, why)
}

func msgPodNotKept(pods, why string) string {
	return fmt.Sprintf("%s will not work: %s", pods, why)
}

func hintSkipPodCheck() string {
	return "; if this applies to your user but not to the StatefulSet controller, add --" + SkipPodCheck
}

func msgPodsTogether(ordinals []sts.Ordinal) string {
	return fmt.Sprintf("the pods of %s together", sts.SayOrdinals(ordinals))
}

func msgRevisionLabelChanged(label, from, to string) string {
	return fmt.Sprintf("mutating admission changes its label %s from %q to %q, so the StatefulSet controller would keep deleting and recreating it", label, from, to)
}

func msgSelectorMismatch(selector string) string {
	return fmt.Sprintf("mutating admission changes its labels, so it does not match the StatefulSet's selector (%s) and the controller would not find it", selector)
}

// Writes that the API server rejects.

func msgCannotRemove(verb, pod, why string) string {
	return fmt.Sprintf("cannot %s pod %s: %s", verb, pod, why)
}

func msgCannotWrite(verb, set, why string) string {
	return fmt.Sprintf("cannot %s statefulset/%s: %s", verb, set, why)
}

func msgDeniedBy(who string) string {
	return "denied by " + who
}

// What rejects, and what to do about it.

func msgQuotaExceeded(quota string, uses []string) string {
	return fmt.Sprintf("%s is exceeded (%s)", quota, strings.Join(uses, "; "))
}

func msgQuotaUse(used, limited, requested, freed string) string {
	text := fmt.Sprintf("%s used of %s, %s requested", used, limited, requested)
	if freed != "" {
		text += ", " + freed + " freed by replaced pods"
	}
	return text
}

func msgInvalid(why string) string { return "validation failed: " + why }

func msgWebhookFails(webhook, why string) string {
	return fmt.Sprintf("%s cannot be called: %s", webhook, why)
}

func hintPodSecurity(ns string) string {
	return "change the pod template to meet this level, or change the level of the namespace; for its labels: kubectl get namespace " + ns + " --show-labels"
}

func hintQuotas(ns string) string {
	return "check the quotas: " + sts.Kubectl(ns, "get resourcequota")
}

func hintQuotaRequires(ns, quota, what string) string {
	return fmt.Sprintf("set %s in the pod template, or a default in a LimitRange; for details: %s", what, sts.Kubectl(ns, "describe resourcequota", quota))
}

func hintQuotaExceeded(ns, quota string) string {
	return "raise the quota or free some of it; for details: " + sts.Kubectl(ns, "describe resourcequota", quota)
}

func hintServiceAccount(ns, name string) string {
	return "create it: " + sts.Kubectl(ns, "create serviceaccount", name)
}

func hintLimitRange(ns string) string {
	return "change the resources in the pod template, or the LimitRange; for details: " + sts.Kubectl(ns, "describe limitrange")
}

func hintWebhook() string {
	return "meet the webhook's requirement, or find out who runs it; to list the webhooks: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"
}

func hintWebhookFails() string {
	return "rerun the command when the webhook responds; to list the webhooks: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"
}

func hintPolicy(name string) string {
	return "meet the policy's requirement, or change the policy; for details: kubectl describe validatingadmissionpolicy " + name
}

func hintPriorityClass() string {
	return "create the PriorityClass, or use another one in the pod template; to list them: kubectl get priorityclasses"
}

func hintRuntimeClass() string {
	return "create the RuntimeClass, or use another one in the pod template; to list them: kubectl get runtimeclasses"
}

func hintMutation() string {
	return "exempt the StatefulSet's pods from it; to list the webhooks and policies: kubectl get mutatingwebhookconfigurations,mutatingadmissionpolicies"
}

func hintRejected() string {
	return "fix the reported error, then rerun the command"
}
