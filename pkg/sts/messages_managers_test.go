package sts

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestMessagesOfManagers(t *testing.T) {
	messagetest.Golden(t, "managers",
		messagetest.Call(msgFieldManagers, []string{"helm"}),
		messagetest.Call(msgFieldManagers, []string{"argocd-controller", "helm"}),
		messagetest.Call(msgAlsoManages, "Helm release shop", hintHelm()),
		messagetest.Call(msgAppliesFields, msgAlsoManages("Helm release shop", hintHelm()), []string{"spec.template", "spec.replicas"}),
		messagetest.Call(hintOperator, "postgresql", "db", "kubectl edit postgresql.acid.zalan.do db -n shop"),
		messagetest.Call(hintArgoCD),
		messagetest.Call(hintKustomization),
		messagetest.Call(hintHelmRelease),
		messagetest.Call(hintHelm),
		messagetest.Call(hintFieldManager),
	)
}
