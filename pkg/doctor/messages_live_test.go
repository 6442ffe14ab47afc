package doctor

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestLiveMessages(t *testing.T) {
	call := messagetest.Call
	one, many := []string{"data-web-0"}, []string{"data-web-0", "data-web-1", "data-web-2", "data-web-3", "data-web-4"}
	classes := []string{"gp3", "standard (default)"}
	messagetest.Golden(t, "live",
		call(some, many), call(msgClaims, one), call(isOrAre, one), call(isOrAre, many), call(msgClasses, classes), call(msgClasses, []string(nil)),
		call(msgClassMissing, "fast-ssd", classes), call(msgClassMissingPending, "fast-ssd", many, "", classes),
		call(msgClassMissingPending, "fast-ssd", many, `ProvisioningFailed: storageclass.storage.k8s.io "fast-ssd" not found`, classes),
		call(hintCreateClass, "fast-ssd", sts.Hint(nil)), call(hintCreateClass, "fast-ssd", sts.Kubectl("shop", "delete pvc", "data-web-0")),
		call(hintRecreateClaims, sts.Kubectl("shop", "delete pvc", "data-web-0")),
		call(msgNoDefaultClass, one, classes[:1]), call(hintDefaultClass),
		call(msgNotExpandable, []string{"shop/web", "shop/db"}), call(msgReclaimDelete, []string{"shop/web"}),
		call(msgNotExpandableOf, "gp3"), call(msgReclaimDeleteOf, "gp3"),
		call(msgPodFails, "web-0", "cannot be created: exceeded quota", 0), call(msgPodFails, "web-0", "cannot be created: exceeded quota", 2),
		call(msgPodWaits, "web-0", "cannot mount its volume: no such disk", 0), call(msgPodWaits, "web-0", "cannot mount its volume: no such disk", 2),
		call(msgAttachedTo, "pv-1", "node-1", false, false), call(msgAttachedTo, "pv-1", "node-1", true, false), call(msgAttachedTo, "pv-1", "node-1", false, true),
		call(hintOutOfService, "node-1"),
		call(msgClaimSize, "10Gi", []sts.Ordinal{2}), call(msgClaimSize, "20Gi", []sts.Ordinal{0, 1}),
		call(msgSizesDiffer, "data", []string{"10Gi (ordinal 2)", "20Gi (ordinals 0-1)"}), call(msgTemplateLarger, "data", "50Gi", "10Gi"),
		call(msgLeftovers, []leftover{
			{names: many, size: resource.MustParse("50Gi"), reason: "out of range (statefulset/web has ordinal 0)"},
			{names: []string{"logs-web-0"}, size: resource.MustParse("1Gi"), reason: "no volumeClaimTemplate logs in statefulset/web"},
		}),
	)
}
