package doctor

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestPlacementMessages(t *testing.T) {
	call := messagetest.Call
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lost := &lostNode{
		name: "n2", node: &corev1.Node{}, since: now.Add(-25 * time.Minute), why: "NodeStatusUnknown",
		pods: []heldPod{{"web-1", msgTerminatingFor(20*time.Minute, nil)}}, volumes: []string{"data-web-1"},
	}
	tainted := *lost
	tainted.outside = true
	gone := &lostNode{name: "n9", pods: []heldPod{{"web-0", msgPodNotReady()}}}
	messagetest.Golden(t, "placement",
		call(msgSpreadMissesSelf, false, "app in (zk)", map[string]string{"app.kubernetes.io/name": "zk"}),
		call(msgSpreadMissesSelf, true, "app=frontend", map[string]string{"app": "web"}), call(hintSpreadSelector),
		call(msgNoSpread, int32(3), false, false), call(msgNoSpread, int32(3), true, false), call(msgNoSpread, int32(3), false, true), call(msgNoSpread, int32(3), true, true), call(hintSpread),
		call(msgAllOnOneNode, 3, "n1", []string{"n2", "n3", "n4", "n5"}), call(msgAllInOneZone, 3, "a", []string{"b"}), call(hintSpreadZones),
		call(msgVolumeZoneLost, "web-1", "data-web-1", "pv-1", "topology.kubernetes.io/zone=b", []sts.Ordinal(nil)),
		call(msgVolumeZoneLost, "web-1", "data-web-1", "pv-1", "topology.kubernetes.io/zone=b", []sts.Ordinal{2}), call(hintVolumeZone, "pv-1"),
		call(msgTerminatingFor, 20*time.Minute, []string{"example.com/keep"}), call(msgPodNotReady),
		call(msgLostNode, lost, now), call(msgLostNode, &tainted, now), call(msgLostNode, gone, now),
		call(hintLostNode, lost, "shop"), call(hintLostNode, &tainted, "shop"), call(hintLostNode, gone, "shop"),
	)
}
