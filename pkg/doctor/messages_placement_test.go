package doctor

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

func TestPlacementMessages(t *testing.T) {
	call := messagetest.Call
	lost := &lostNode{
		name: "n2", lost: &diagnose.Lost{Node: "n2", Message: "node n2 has not been ready for 25m (Ready=Unknown)"}, ordinals: []sts.Ordinal{1},
		pods: []heldPod{{"web-1", msgTerminatingFor(20*time.Minute, nil)}}, volumes: []string{"data-web-1"},
	}
	tainted := *lost
	tainted.outside = true
	gone := &lostNode{name: "n9", lost: &diagnose.Lost{Node: "n9", Deleted: true, Message: "node n9 does not exist"}, ordinals: []sts.Ordinal{0}, pods: []heldPod{{"web-0", msgPodNotReady()}}}
	messagetest.Golden(t, "placement",
		call(msgSpreadMissesSelf, false, "app in (zk)", map[string]string{"app.kubernetes.io/name": "zk"}),
		call(msgSpreadMissesSelf, true, "app=frontend", map[string]string{"app": "web"}), call(hintSpreadSelector),
		call(msgNoSpread, int32(3), false, false), call(msgNoSpread, int32(3), true, false), call(msgNoSpread, int32(3), false, true), call(msgNoSpread, int32(3), true, true), call(hintSpread),
		call(msgAllOnOneNode, 3, "n1", []string{"n2", "n3", "n4", "n5"}), call(msgAllInOneZone, 3, "a", []string{"b"}), call(hintSpreadZones),
		call(msgVolumeZoneLost, "web-1", "data-web-1", "pv-1", "topology.kubernetes.io/zone=b", []sts.Ordinal(nil)),
		call(msgVolumeZoneLost, "web-1", "data-web-1", "pv-1", "topology.kubernetes.io/zone=b", []sts.Ordinal{2}), call(hintVolumeZone, "pv-1"),
		call(msgTerminatingFor, 20*time.Minute, []string{"example.com/keep"}), call(msgPodNotReady),
		call(msgLostNode, lost), call(msgLostNode, &tainted), call(msgLostNode, gone),
		call(hintLostNode, lost, "shop", "web"), call(hintLostNode, &tainted, "shop", "web"), call(hintLostNode, gone, "shop", "web"),
	)
}
