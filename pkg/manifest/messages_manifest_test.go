package manifest

import (
	"errors"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestManifestMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "manifest",
		call(msgSkippedDocuments),
		call(msgHelmTemplate, errors.New("yaml: line 2: could not find expected ':'")),
		call(msgQuotedTemplate, "StatefulSet {{ .Release.Name }}"),
		call(msgNotObjects),
		call(msgAliasesTooLarge, 64),
		call(msgListInList),
		call(msgListWithoutItems),
		call(msgNoSuchKind, "Statefulset", "apps/v1", "StatefulSet", "apps/v1"),
		call(msgTooManyWorlds, "ConfigMap", "settings", 1200, 200),
	)
}
