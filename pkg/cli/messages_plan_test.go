package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestPlanMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "plan",
		call(msgPlanUnreadable, "web", "pods", "pods is forbidden"),
		call(msgPlanNotYet, "web", "ordinal 0 is below the partition and will not be updated"),
		call(msgServerRejects, "web", []string{"spec.replicas is -2: it cannot be negative"}),
		call(msgServerRejectsFields, "statefulset/web", []string{`unknown field "spec.Replicas"`, `unknown field "spec.servicename"`}),
		call(hintServerRejectsFields),
		call(msgServerRejectsRecreate, "web"),
		call(msgFieldsImmutable, "web", []string{"spec.serviceName"}, sts.Mutable),
		call(msgFieldsImmutable, "web", []string{"spec.serviceName", "spec.selector"}, sts.Mutable),
		call(msgFieldsImmutableForServer, "web", []string{"spec.ordinals"}, []string{"spec.ordinals: Invalid value: 1: field is immutable"}),
		call(msgFieldsImmutableForServer, "web", []string{"spec.a", "spec.b"}, []string{"spec.a: field is immutable", "spec.b: field is immutable"}),
		call(hintFieldsImmutable, "kubectl sts plan web -n shop --delete --cascade=orphan"),
		call(msgSetTerminating, "web"),
		call(msgQuotasIgnored, []string{"pods", "storage"}),
		call(msgWithoutStrictValidation, msgServerRejectsFields("statefulset/web", []string{`unknown field "spec.Replicas"`})),
		call(msgRecreateGateAssumed, "StatefulSetRecreateStrategy"),
		call(msgMaxUnavailableGateAssumed, maxUnavailableGate),
		call(msgMaxUnavailableGateOff, maxUnavailableGate),
		call(msgManifestsComparedAsWritten),
		call(msgNoLastApplied, lastApplied),
	)
}
