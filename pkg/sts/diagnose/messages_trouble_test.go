package diagnose

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestTroubleMessages(t *testing.T) {
	const (
		quota   = "exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2"
		cpu     = "0/3 nodes are available: 3 Insufficient cpu"
		webhook = "admission webhook \"guard.example.com\" denied the request: web-2 is protected"
	)
	one, two := []string{"example.com/backup"}, []string{"example.com/backup", "example.com/audit"}
	messagetest.Golden(t, "trouble",
		messagetest.Call(msgUnboundVolumeMissing, "pvc-0f3a"), messagetest.Call(msgUnboundVolumeTaken, "pvc-0f3a", "other", "restored"),
		messagetest.Call(msgUnboundVolumeStale, "pvc-0f3a", "6b1c", "77de"), messagetest.Call(msgUnboundEmptyClass), messagetest.Call(msgUnboundNoClass),
		messagetest.Call(msgMissing),
		messagetest.Call(msgMissingAfterError, "create Pod web-1 in StatefulSet web failed: "+quota),
		messagetest.Call(msgMissingClaimDeleted, "data-web-2"),
		messagetest.Call(msgCannotCreate, quota),
		messagetest.Call(msgNotCreatedYet, quota),
		messagetest.Call(msgNotCreatedAccepted, quota),
		messagetest.Call(msgCannotDelete, webhook),
		messagetest.Call(msgNotDeletedYet, webhook),
		messagetest.Call(msgNameTerminating),
		messagetest.Call(msgNameOfEarlierSet, "web", "7d1c4b0e-2f6b-4a53-9d9e-5a0a3f7f1f10"),
		messagetest.Call(msgNameTaken, "ReplicaSet", "web-75d4b"),
		messagetest.Call(msgNotAdopted),
		messagetest.Call(msgNotSelected, []string{}),
		messagetest.Call(msgNotSelected, []string{"app=web"}),
		messagetest.Call(msgNotSelected, []string{"app=web", "tier=db"}),
		messagetest.Call(msgTerminating, []string{}),
		messagetest.Call(msgTerminating, one),
		messagetest.Call(msgTerminating, two),
		messagetest.Call(msgTerminatingOverdue, 61*time.Second, []string{}, msgNodeMayBeDown("node-0")),
		messagetest.Call(msgTerminatingOverdue, 5*time.Minute, one, ""),
		messagetest.Call(msgTerminatingOverdue, 5*time.Minute, []string{}, ""),
		messagetest.Call(msgNodeSaysNotReady, 12*time.Minute, msgNodeDeleted("node-0")),
		messagetest.Call(msgFailed, "OutOfcpu", "Node didn't have enough resource: cpu"),
		messagetest.Call(msgFailed, "Shutdown", ""),
		messagetest.Call(msgRecreated, 6, msgDeletedEachTime()),
		messagetest.Call(msgDeletedEachTime),
		messagetest.Call(msgRejected, "OutOfcpu", "Node didn't have enough resource: cpu"),
		messagetest.Call(msgRejected, "Shutdown", ""),
		messagetest.Call(msgLabelChanged, "v2"),
		messagetest.Call(msgGated, []string{"kueue.x-k8s.io/admission"}, 3*time.Minute),
		messagetest.Call(msgGated, []string{"kueue.x-k8s.io/admission", "example.com/quota"}, 3*time.Minute),
		messagetest.Call(msgUnschedulable, 4*time.Minute, cpu, ""),
		messagetest.Call(msgUnschedulable, 4*time.Minute, cpu, msgNoScaleUp("2 max node group size reached")),
		messagetest.Call(msgUnschedulable, 4*time.Minute, cpu, msgNodeRequested(time.Minute, "TriggeredScaleUp")),
		messagetest.Call(msgUnschedulable, 4*time.Minute, cpu, msgNodeDidNotHelp(4*time.Minute, "Nominated")),
		messagetest.Call(msgUnschedulable, 4*time.Minute, cpu, msgNominated("node-2")),
		messagetest.Call(msgNoScaleUp, "2 max node group size reached"),
		messagetest.Call(msgNodeRequested, time.Minute, "TriggeredScaleUp"),
		messagetest.Call(msgNodeDidNotHelp, 4*time.Minute, "Nominated"),
		messagetest.Call(msgNominated, "node-2"),
		messagetest.Call(msgUnboundClaim, "data-web-2", "Pending", `ProvisioningFailed: storageclass.storage.k8s.io "fast" not found`),
		messagetest.Call(msgUnboundClaim, "data-web-2", "Pending", msgUnboundByScheduler("0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims")),
		messagetest.Call(msgUnboundByScheduler, "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims"),
		messagetest.Call(msgCannotAttach, `Multi-Attach error for volume "pv-1": Volume is already exclusively attached to one node and can't be attached to another`+msgRepeated(4, 3*time.Minute)),
		messagetest.Call(msgCannotMount, `MountVolume.SetUp failed for volume "config": configmap "web" not found`),
		messagetest.Call(msgNoSandbox, `plugin type="cni" failed (add): no IP addresses available`),
		messagetest.Call(msgRepeated, 4, 3*time.Minute),
		messagetest.Call(msgContainerWaiting, "ImagePullBackOff", msgContainerDetail("app", "docker.io/library/web:2: not found", "", nil, 0)),
		messagetest.Call(msgContainerWaiting, "CrashLoopBackOff", msgContainerDetail("app", "", "", new(int32(1)), 4)),
		messagetest.Call(msgCrashes, msgContainerDetail("app", "", "OOMKilled", new(int32(137)), 1)),
		messagetest.Call(msgTerminatedContainer, "app", 2),
		messagetest.Call(msgContainerDetail, "app", "docker.io/library/web:2: not found", "", nil, 0),
		messagetest.Call(msgContainerDetail, "app", "", "", new(int32(1)), 4),
		messagetest.Call(msgContainerDetail, "app", "", "OOMKilled", new(int32(137)), 1),
		messagetest.Call(msgPhase, "Pending", 12*time.Second),
		messagetest.Call(msgNotScheduled, 3*time.Minute),
		messagetest.Call(msgNotStarted, "node-0", 5*time.Minute),
		messagetest.Call(msgInitContainer, "migrate", 4*time.Minute),
		messagetest.Call(msgSidecar, "proxy", 4*time.Minute),
		messagetest.Call(msgNotReady, 2*time.Minute, []string{}),
		messagetest.Call(msgNotReady, 2*time.Minute, []string{msgUnreadySidecar("proxy"), msgUnreadyContainer("metrics")}),
		messagetest.Call(msgUnreadyContainer, "metrics"),
		messagetest.Call(msgUnreadySidecar, "proxy"),
		messagetest.Call(msgReadinessGates, 2*time.Minute, []string{
			msgGateNotTrue("lb.example/web", "False", "Initial", "Target registration is in progress"), msgGateWithoutCondition("example.com/db")}),
		messagetest.Call(msgGateWithoutCondition, "example.com/db"),
		messagetest.Call(msgGateNotTrue, "lb.example/web", "False", "Initial", "Target registration is in progress"),
		messagetest.Call(msgGateNotTrue, "lb.example/web", "Unknown", "", ""),
		messagetest.Call(msgMinReadySeconds, 30),
		messagetest.Call(msgPhase, "Failed", time.Minute),
	)
}
