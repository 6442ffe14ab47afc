package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestCompletionMessages(t *testing.T) {
	const path = "/usr/local/bin/kubectl_complete-sts"
	messagetest.Golden(t, "completion",
		messagetest.Call(msgHelper, path, "installed"),
		messagetest.Call(msgNoHelper, "kubectl_complete-sts"),
		messagetest.Call(msgLoadCompletion, "bash", "~/.bashrc", "source <(kubectl completion bash)"),
		messagetest.Call(msgNotAPlugin, "sts"), messagetest.Call(hintPluginName),
		messagetest.Call(msgPluginNotOnPath, "kubectl-sts"), messagetest.Call(hintPluginOnPath, "/home/kim/Downloads"),
		messagetest.Call(msgForeignHelper, path), messagetest.Call(hintForeignHelper, path),
		messagetest.Call(msgCannotInstall, path, "permission denied"), messagetest.Call(hintCannotInstall, "/usr/local/bin/kubectl-sts", path),
	)
}
