package doctor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
)

// manySets are sets with what belongs to each, all in one namespace and below one Service.
func manySets(t testing.TB, n int) []manifest.Object {
	t.Helper()
	var text strings.Builder
	for i := range n {
		text.WriteString(strings.ReplaceAll(`apiVersion: apps/v1
kind: StatefulSet
metadata: {name: NAME}
spec:
  serviceName: peers
  replicas: 3
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      volumes: [{name: c, configMap: {name: NAME}}]
      containers:
      - name: etcd
        image: "etcd:1"
        env: [{name: PEERS, value: "NAME-0.peers,NAME-1.peers"}]
        readinessProbe: {httpGet: {port: http}}
        args: ["--peers=$(PEERS)", "--name=NAME-0.peers:2380"]
  volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: NAME-class}}]
---
{apiVersion: v1, kind: Service, metadata: {name: NAME}, spec: {clusterIP: None, selector: {app: NAME}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME}, data: {peers: "NAME-0.peers NAME-1.peers NAME-2.peers"}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: NAME-pdb}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: NAME-typo}}}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: NAME}, spec: {maxReplicas: 3, scaleTargetRef: {kind: StatefulSet, name: NAME}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME-api}, spec: {selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}}}}
---
`, "NAME", fmt.Sprintf("web%dx", i)))
	}
	objects, err := manifest.Parse([]byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func examineMany(t testing.TB, objects []manifest.Object) {
	examineManifests(t, objects, doctor.Placement{Namespace: "default"}, nil, nil)
}

// Twice the sets are twice the work, not four times: nothing is parsed once per set and object. Allocations are
// the measure of it, as time is not the same on all machines.
func TestWorkIsLinear(t *testing.T) {
	few, many := manySets(t, 32), manySets(t, 128)
	a := testing.AllocsPerRun(1, func() { examineMany(t, few) })
	if b := testing.AllocsPerRun(1, func() { examineMany(t, many) }); b > 5*a {
		t.Errorf("%.0f allocations for 32 sets, %.0f for 128", a, b)
	}
}

func BenchmarkExamineManifests(b *testing.B) {
	objects := manySets(b, 128)
	for b.Loop() {
		examineMany(b, objects)
	}
}
