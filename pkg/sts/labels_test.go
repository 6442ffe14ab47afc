package sts_test

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestLabeledLater(t *testing.T) {
	for key, want := range map[string][2]bool{
		"statefulset.kubernetes.io/pod-name": {true, false}, "apps.kubernetes.io/pod-index": {true, false}, "controller-revision-hash": {true, false},
		"topology.kubernetes.io/zone": {true, false}, "spilo-role": {false, true}, "cnpg.io/instanceRole": {false, true}, "vault-perf-standby": {false, true},
		"vault-active": {false, true}, "pg-state": {false, true},
		"app": {}, "app.kubernetes.io/name": {}, "statefulset": {}, "primary.example.com/name": {}, "pod-template-hash": {}, // of Deployments
	} {
		if got := [2]bool{sts.LabeledByKubernetes(key), sts.LabeledByProgram(key)}; got != want || sts.LabeledLater(key) != (want[0] || want[1]) {
			t.Errorf("%s: %v, want %v", key, got, want)
		}
	}
}
