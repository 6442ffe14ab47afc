package profile

import (
	"errors"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestProfileMessages(t *testing.T) {
	call := messagetest.Call
	places := []Where{Survivor, Here}
	messagetest.Golden(t, "profile",
		call(inCommand, "remove"), call(inCommand, ""), call(msgFileEmpty), call(msgManyDocuments), call(msgNotYAML, "did not find expected node content"),
		call(msgAnchor), call(msgKey), call(msgDuplicateField, 2), call(msgUnknownField, []string{"images", "labels"}),
		call(msgRequired), call(msgNoValue), call(msgEmpty), call(msgMustBe, "a list"), call(msgNotString, "5"),
		call(msgInteger, "0x"), call(msgDuration, "5 minutes"), call(msgDurationPositive),
		call(msgName, "etcd or my-queue"), call(msgNoneReserved), call(msgSystemRequired), call(msgAddress),
		call(msgImagePattern, "[", errors.New("syntax error in pattern")), call(msgImageRepository, "etcd:v3"),
		call(msgSelector, "a==b=c", errors.New("found '=', expected: ','")), call(msgSelectsAll),
		call(msgRefuses), call(msgDrainRequired), call(msgUntilRequired), call(msgUntilRetries), call(msgAtLeastOne),
		call(msgJoinEmpty), call(msgDuplicateCommand, "find-member"),
		call(msgOn, "leave", Joining, Drain, places, ""), call(msgOn, "not-listed", Leaving, UntilGone, places, msgOnLeavingInUntil()),
		call(msgOnLeavingInUntil), call(msgOnLeavingInAfter), call(msgOnJoiningInBefore),
		call(msgContainerHere, "notify"), call(msgCommandRequired), call(msgNegative), call(msgPause), call(msgExitCode),
		call(msgScript, "remove", "MEMBER_ID"), call(msgRegexp, "find-member", "error parsing regexp: missing closing ): `(`"),
		call(msgGroups, "find-member", 2),
		call(msgVariableScope, "not-listed", "LEADER", Drain), call(msgVariableScope, "add", "MEMBER_ID", Precheck),
		call(msgVariableUnknown, "leave", "MEMBER"), call(msgVariableConditional, "leave", "LEADER", "find-leader"),
		call(msgCaptureName, "find-member", "memberId"), call(msgCapturePredefined, "find-member", "POD_NAME"),
		call(msgCaptureTwice, "find-again", "MEMBER_ID", "find-member"), call(msgElseUnused, "find-member", "LEADER"),
		call(msgElseValue, "find-member", msgValueControl()),
		call(msgValueLong), call(msgValueNotUTF8), call(msgValueControl),
		call(msgCommandError, "leave", errors.New(msgNoVariable("MEMBER_ID"))), call(msgNoVariable, "MEMBER_ID"),
		call(msgTerminated, 1), call(msgNoMatch, "^UN "), call(msgMatch, "^8e9e, "), call(msgNotCaptured, "MEMBER_ID", "id=(.*)"),
		call(msgCapturedValue, "MEMBER_ID", msgValueLong()),
		call(msgNotFound, "postgres", []string{"cassandra", "etcd"}),
		call(msgAnnotated, "the StatefulSet"), call(msgAnnotatedNotFound, "the pod template", "nosql"),
		call(msgMatchedImage, "quay.io/coreos/etcd:v3.6.8", "etcd"), call(msgMatchedLabel, "app.kubernetes.io/name=etcd"),
	)
}
