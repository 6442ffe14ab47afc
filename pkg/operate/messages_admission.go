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

func hintExempt(object string) sts.Hint {
	return sts.Hintf("exempt %s from it", object)
}

func hintOrAbort(abort sts.Hint) sts.Hint {
	return sts.Hintf(", or roll back the canary: %s", abort)
}

func hintOrAbortUpdate(abort sts.Hint) sts.Hint {
	return sts.Hintf(", or roll back the update: %s", abort)
}

func hintOrAcceptFirst(start sts.Hint) sts.Hint {
	return sts.Hintf(", or update the pods with its changes first: %s", start)
}

func msgRecordAltered(altered, ns string) string {
	return fmt.Sprintf("%s; the status subresource would avoid this, but you cannot patch statefulsets/status in namespace %s", altered, ns)
}

func hintRecordAltered(ns string, otherwise sts.Hint) sts.Hint {
	return sts.Hintf("request permission to patch statefulsets/status in namespace %s, or %s", ns, otherwise)
}

func msgStoredAltered(set string, changes []sts.Change, by []string) string {
	return fmt.Sprintf("mutating admission also changed statefulset/%s, which the dry run had not shown: %s%s; nothing more was written",
		set, sts.SayChanges(changes), possiblyBy(by))
}

func hintStoredAltered(status sts.Hint) sts.Hint {
	return sts.Hintf("check which pods are updated: %s", status)
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

func hintSkipPodCheck() sts.Hint {
	return sts.Hintf("; if this applies to your user but not to the StatefulSet controller, add --%s", SkipPodCheck)
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

func msgCannotWrite(verb, object, why string) string {
	return fmt.Sprintf("cannot %s %s: %s", verb, object, why)
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

func hintPodSecurity(ns string) sts.Hint {
	return sts.Hintf("change the pod template to meet this level, or change the level of the namespace; for its labels: %s", sts.Kubectl("", "get namespace", ns, "--show-labels"))
}

func hintQuotas(ns string) sts.Hint {
	return sts.Hintf("check the quotas: %s", sts.Kubectl(ns, "get resourcequota"))
}

func hintQuotaRequires(ns, quota, what string) sts.Hint {
	return sts.Hintf("set %s in the pod template, or a default in a LimitRange; for details: %s", what, sts.Kubectl(ns, "describe resourcequota", quota))
}

func hintQuotaExceeded(ns, quota string) sts.Hint {
	return sts.Hintf("raise the quota or free some of it; for details: %s", sts.Kubectl(ns, "describe resourcequota", quota))
}

func hintServiceAccount(ns, name string) sts.Hint {
	return sts.Hintf("create it: %s", sts.Kubectl(ns, "create serviceaccount", name))
}

func hintLimitRange(ns string) sts.Hint {
	return sts.Hintf("change the resources in the pod template, or the LimitRange; for details: %s", sts.Kubectl(ns, "describe limitrange"))
}

func hintWebhook() sts.Hint {
	return sts.Hintf("meet the webhook's requirement, or find out who runs it; to list the webhooks: %s", sts.Kubectl("", "get", "validatingwebhookconfigurations,mutatingwebhookconfigurations"))
}

func hintWebhookFails() sts.Hint {
	return sts.Hintf("rerun the command once the webhook responds; to list the webhooks: %s", sts.Kubectl("", "get", "validatingwebhookconfigurations,mutatingwebhookconfigurations"))
}

func hintPolicy(name string) sts.Hint {
	return sts.Hintf("meet the policy's requirement, or change the policy; for details: %s", sts.Kubectl("", "describe validatingadmissionpolicy", name))
}

func hintPriorityClass() sts.Hint {
	return sts.Hintf("create the PriorityClass, or use another one in the pod template; to list them: %s", sts.Kubectl("", "get priorityclasses"))
}

func hintRuntimeClass() sts.Hint {
	return sts.Hintf("create the RuntimeClass, or use another one in the pod template; to list them: %s", sts.Kubectl("", "get runtimeclasses"))
}

func hintMutation() sts.Hint {
	return sts.Hintf("exempt the StatefulSet's pods from it; to list the webhooks and policies: %s", sts.Kubectl("", "get", "mutatingwebhookconfigurations,mutatingadmissionpolicies"))
}

func hintRejected() sts.Hint {
	return sts.Hintf("fix the reported error, then rerun the command")
}
