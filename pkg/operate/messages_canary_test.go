package operate

import (
	"errors"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	promoteWeb = "kubectl sts canary promote web -n shop"
	abortWeb   = "kubectl sts canary abort web -n shop"
)

func TestCanaryMessages(t *testing.T) {
	call := messagetest.Call
	highest, lower, all, none := []sts.Ordinal{3, 4}, []sts.Ordinal{0, 1, 2}, []sts.Ordinal{0, 1, 2, 3, 4}, []sts.Ordinal{}
	image := []sts.Change{{Path: "spec.containers[app].image", From: "app:v1", To: "registry.example/app:v1"}}
	const crash = "is in CrashLoopBackOff (container app, exit code 1, 4 restarts)"
	moved := "field manager helm changed the partition of statefulset/web from 3 to 0 (lowest updated ordinal: 3 to 0) during the canary"
	partition := msgPartitionRestored(3, lower)
	messagetest.Golden(t, "canary",
		call(msgInvalidCount, "0%"),
		call(msgInvalidStep, "half"),
		call(msgStepsNotIncreasing, "3", "2"),
		call(msgInvalidImage, "app="),
		call(msgNotAnImage, "App:1", "invalid reference format: repository name (library/App) must be lowercase"),

		call(msgRevisionGone, "web", "web-6986cb69d8"),
		call(hintRevisionGone, "shop", "web"),
		call(msgNoCanary, "promote"),
		call(msgEndedByOther, true, "web-6986cb69d8"),
		call(msgEndedByOther, false, "web-6986cb69d8"),
		call(msgEndedByItself, "web-6986cb69d8"),
		call(msgBeingAborted, "web"),
		call(hintBeingAborted, abortWeb),
		call(hintPartitionMoved),
		call(hintTemplateChanged, abortWeb),
		call(msgNoOrdinal, "web", sts.Ordinal(9), all),
		call(msgNoOrdinal, "web", sts.Ordinal(0), none),
		call(msgWaitCanaryReplaced, "web-4"),

		call(msgTemplateUnchanged),
		call(msgCanaryStartedBefore, "web", highest, 5),
		call(msgCanaryStartedBefore, "web", none, 2),
		call(hintCanaryStartedBefore, highest, promoteWeb+" --full", abortWeb),
		call(hintCanaryStartedBefore, none, promoteWeb+" --full", abortWeb),
		call(msgStartParked, "web"),
		call(msgTooManyCanaries, "web", 6, 5),
		call(msgContainerRequired, "web", "app:v2", []string{"app", "proxy"}),
		call(msgContainerNotFound, "web", "ap", []string{"app", "proxy"}),
		call(hintContainers, []string{"app", "proxy"}),
		call(msgContainerTwice, "app"),
		call(msgPatchInvalid, errors.New("map: map[spec:x] does not contain declared merge key: name")),
		call(msgTemplateInvalid, `unknown field "spec.terminationGracePeriod"`),
		call(stepStart, highest, msgImageChange("app", "app:v1", "app:v2")+", "+msgImageChange("proxy", "proxy:1.0", "proxy:1.1")),
		call(msgImageChange, "app", "app:v1", "app:v2"),
		call(msgRestartChange, "2026-03-01T12:00:00Z"),

		call(msgPromoteParked, "web", abortWeb),
		call(stepPromote, 3),
		call(stepPromoteFinish, ""),
		call(stepPromoteFinish, partition),
		call(msgWaitUpdateFinished),
		call(msgPromoted, "web-79d8f4bd7c", ""),
		call(msgPromoted, "web-79d8f4bd7c", partition),
		call(msgPartitionReset, 3),
		call(msgPartitionRestored, 3, lower),
		call(msgCanaryStarted, []sts.Ordinal{4}, []sts.Ordinal{0, 1, 2, 3}, true),
		call(msgCanaryStarted, all, none, true),
		call(msgCanaryStarted, highest, lower, false),
		call(msgCanaryPromoted, highest, lower),
		call(msgCanaryWithoutPods, lower),
		call(msgCanaryWithoutPods, none),
		call(hintCanaryPaused, promoteWeb, abortWeb),

		call(hintTemplateReapplied, "field manager helm", abortWeb+" --take-over"),
		call(stepAbort, highest, "web-6986cb69d8", "", ""),
		call(stepAbort, highest, "web-6986cb69d8", "pod web-4 "+crash, ""),
		call(stepAbort, highest, "web-6986cb69d8", "", moved),
		call(stepAbort, none, "web-6986cb69d8", "", ""),
		call(stepAbortLower, 2, "web-6986cb69d8"),
		call(msgWaitRolledBack),
		call(stepAbortFinish),
		call(msgAborted, "web-6986cb69d8"),
		call(hintAppliedBy, "field manager helm"),
		call(msgAbortAltered, "web", highest, lower, 3, "web-5b7c9d8f6d", "web-6986cb69d8", image),
		call(msgAbortReencoded, "web", lower, 3, "web-5b7c9d8f6d", "web-6986cb69d8"),
		call(hintAbortRenamed, promoteWeb+" --full"),

		call(stepLock, "steps 1, 3, 100%, soak 5m, 2 checks, no restarts allowed"),
		call(stepOf, 2, 3, stepPromote(3)),
		call(stepRaisePartition, 2),
		call(msgGateFailed, `--check "./smoke-test.sh" terminated with exit code 3`, highest, lower),
		call(msgGateFailed, "pod web-4 "+crash, all, none),
		call(hintGateFailed, abortWeb),
		call(msgGateAborted, `--check "./smoke-test.sh" terminated with exit code 3`, msgAborted("web-6986cb69d8")),
		call(msgTooManyRestarts, "web-4", 1, 0, ""),
		call(msgTooManyRestarts, "web-4", 3, 2, crash),
		call(msgWaitTolerated, "web-4", crash, 5),
		call(msgWaitSoak, "web-4", 5*time.Minute),
		call(stepCheck, "./smoke-test.sh"),
		call(stepCheckExec, "pg_isready", "web-4", 1, 1),
		call(stepCheckExec, "pg_isready", "web-4", 2, 3),
		call(msgWaitCheck, "./smoke-test.sh"),
		call(msgWaitCheckExec, 3),
		call(msgCheckFailed, "check-exec", "pg_isready", "web-4", ExecResult{ExitCode: 2}),
	)
}
