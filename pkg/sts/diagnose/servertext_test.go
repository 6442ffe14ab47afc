package diagnose_test

import (
	"strings"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

func TestPoint(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	tests := []struct{ name, message, want string }{
		{"a quota", `create Pod web-2 in StatefulSet web failed error: pods "web-2" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2`,
			`exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2`},
		{"a quota of a claim", `create Pod web-2 in StatefulSet web failed error: failed to create PVC data-web-2: persistentvolumeclaims "data-web-2" is forbidden: exceeded quota: q`,
			`failed to create PVC data-web-2: exceeded quota: q`},
		{"a webhook", `create Pod web-2 in StatefulSet web failed error: admission webhook "pods.example" denied the request: no`,
			`admission webhook "pods.example" denied the request: no`},
		{"a webhook that is down", `create Pod web-2 in StatefulSet web failed error: Internal error occurred: failed calling webhook "pods.example": failed to call webhook: Post "https://a.b.svc:443/p?timeout=10s": context deadline exceeded`,
			`failed calling webhook "pods.example": Post "https://a.b.svc:443/p?timeout=10s": context deadline exceeded`},
		{"a policy", `delete Pod web-2 in StatefulSet web failed error: The pods "web-2" is invalid: : ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`,
			`validatingadmissionpolicy p: no`},
		{"a ServiceAccount", `create Pod web-2 in StatefulSet web failed error: pods "web-2" is forbidden: error looking up service account a/b: serviceaccount "b" not found`,
			`error looking up service account a/b: serviceaccount "b" not found`},
		{"a pull", `Back-off pulling image "app:2": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/app:2": failed to resolve reference "docker.io/library/app:2": docker.io/library/app:2: not found`,
			`docker.io/library/app:2: not found`},
		{"a pull of an older kubelet", `Back-off pulling image "app:2"`, `Back-off pulling image "app:2"`},
		{"a sandbox", `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "` + id + `": plugin type="cni" name="cni" failed (add): add cmd: failed to assign an IP address to container`,
			`failed to setup network: plugin type="cni" name="cni" failed (add): add cmd: failed to assign an IP address to container`},
		{"a mount", `MountVolume.SetUp failed for volume "c" : configmap "c" not found`, `MountVolume.SetUp failed for volume "c" : configmap "c" not found`},
		{"the scheduler", `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.`,
			`0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s)`},
		{"the scheduler of 1.34", `0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.`,
			`0/1 nodes are available: 1 Insufficient cpu`},
		{"a repetition", "timed out: timed out: waiting", "timed out: waiting"},
		{"nothing but a wrap", "rpc error: code = Unknown desc = ", "rpc error: code = Unknown desc ="},
		{"lines", "a\n  b.\n", "a b"},
		{"none", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := diagnose.Point(test.message); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	long := diagnose.Point(strings.Repeat("violates PodSecurity é ", 40))
	if len(long) > 305 || !strings.HasSuffix(long, " …") || strings.ToValidUTF8(long, "") != long {
		t.Errorf("%d bytes: %s", len(long), long)
	}
}
