package doctor

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestNameMessages(t *testing.T) {
	call := messagetest.Call
	template, peers := names.Use{Name: "web-0.web", Object: names.InTemplate}, names.Use{Name: "web-3.web", Object: "configmap/peers"}
	messagetest.Golden(t, "name",
		call(msgUsed, template),
		call(msgNameServiceMissing, template, "web"), call(msgNameServiceNotInManifests, peers, "web"),
		call(msgNameServiceElsewhere, template, "web", []string{"infra"}, "shop"), call(msgNameServiceExternal, template, "web"),
		call(msgNameNotSelected, template, "web", map[string]string{"tier": "data"}), call(msgNameSelectedLater, template, "web", map[string]string{"tier": "data"}),
		call(msgNameWithoutService, template, "web-headless"),
		call(hintCreateService, "web"), call(hintSameNamespace), call(hintMakeHeadless), call(hintCorrectSelector),
		call(hintNameWithoutService, "web-headless", true), call(hintNameWithoutService, "web-headless", false),
		call(msgMemberOutOfRange, peers, []sts.Ordinal{3, 4}, []sts.Ordinal{0, 1, 2}), call(hintMemberOutOfRange),
		call(msgNamespaceInName, template, "default", "web", "", false), call(msgNamespaceInName, template, "default", "web", "shop", true),
		call(msgDomainInName, template, "corp.example", "cluster.local", true), call(msgDomainInName, template, "corp.example", "cluster.local", false),
		call(hintShortName), call(msgOrderedReady, "etcd"), call(msgFirstPodWaits, "web-0", "etcd"), call(hintParallel, "shop", "web"),
	)
}
