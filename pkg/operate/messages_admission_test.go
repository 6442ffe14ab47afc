package operate

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestAdmissionMessages(t *testing.T) {
	call := messagetest.Call
	image := []sts.Change{{Path: "spec.template.spec.containers[app].image", From: "app:v2", To: "registry.example/app:v2"}}
	replicas := []sts.Change{{Path: "spec.replicas", From: "5", To: "3"}}
	finalizer := []sts.Change{{Path: "metadata.finalizers", From: `["kubectl-sts.dev/leaving"]`}}
	kyverno, none := []string{"mutatingwebhookconfiguration/kyverno"}, []string(nil)
	quota := msgQuotaExceeded("resourcequota/small", []string{"pods: " + msgQuotaUse("3", "3", "1", ""), "requests.cpu: " + msgQuotaUse("3", "3500m", "2", "1")})
	webhook := `admission webhook "guard.example.com": not during business hours`
	const revision = "revision web-79d8f4bd7c"
	messagetest.Golden(t, "admission",
		call(msgAltered, "web", image, kyverno),
		call(msgAltered, "web", replicas, none),
		call(hintExempt, "statefulset/web"),
		call(hintOrAbort, abortWeb),
		call(hintOrAbortUpdate, abortWeb),
		call(hintOrAcceptFirst, "kubectl sts canary start web --restart --accept-admission-changes -n shop"),
		call(msgRecordAltered, msgAltered("web", image, kyverno), "shop"),
		call(hintRecordAltered, "shop", hintExempt("statefulset/web")),
		call(msgStoredAltered, "web", image, kyverno),
		call(hintStoredAltered, "kubectl sts status web -n shop"),
		call(msgScaleAltered, "web", 3, 5, kyverno),
		call(msgWriteAltered, "pod web-4", "shop", finalizer, kyverno),
		call(msgWriteAltered, "persistentvolume/pv-7", "", replicas, none),

		call(msgPodRejected, "pod web-4", revision, webhook),
		call(msgPodRejected, msgPodsTogether([]sts.Ordinal{3, 4}), "new template", quota),
		call(msgPodUnusable, "pod web-4", revision, msgRevisionLabelChanged("controller-revision-hash", "web-79d8f4bd7c", "v2")),
		call(msgPodNotCreated, "pod web-4", webhook),
		call(msgPodNotKept, "pod web-4", msgSelectorMismatch("app=web")),
		call(hintSkipPodCheck),
		call(msgPodsTogether, []sts.Ordinal{0, 1, 2, 4}),
		call(msgRevisionLabelChanged, "controller-revision-hash", "web-79d8f4bd7c", "v2"),
		call(msgSelectorMismatch, "app=web"),

		call(msgCannotRemove, "evict", "web-4", msgDeniedBy(webhook)),
		call(msgCannotWrite, "patch", "statefulset/web", msgDeniedBy(webhook)),
		call(msgCannotWrite, "scale", "statefulset/web", quota),
		call(msgDeniedBy, "validatingadmissionpolicy/guard: the operator does that"),

		call(msgQuotaExceeded, "resourcequota/small", []string{"pods: " + msgQuotaUse("3", "3", "1", "")}),
		call(msgQuotaUse, "3", "3500m", "2", "1"),
		call(msgInvalid, "spec.containers[0].image: Required value"),
		call(msgWebhookFails, `admission webhook "guard.example.com"`, `failed to call webhook: Post "https://guard.shop.svc:443": context deadline exceeded`),
		call(hintPodSecurity, "shop"),
		call(hintQuotas, "shop"),
		call(hintQuotaRequires, "shop", "small", "limits.cpu of container app, limits.memory of container app"),
		call(hintQuotaExceeded, "shop", "small"),
		call(hintServiceAccount, "shop", "web"),
		call(hintLimitRange, "shop"),
		call(hintWebhook),
		call(hintWebhookFails),
		call(hintPolicy, "guard"),
		call(hintPriorityClass),
		call(hintRuntimeClass),
		call(hintMutation),
		call(hintRejected),
	)
}
