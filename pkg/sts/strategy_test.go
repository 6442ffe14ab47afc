package sts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestStrategies(t *testing.T) {
	type answers struct {
		Name                                         string
		Known, HasPartition, ReplacesPods, AllAtOnce bool
		Gate                                         string
		Due                                          []sts.Ordinal
	}
	partition := int32(2)
	for strategy, want := range map[appsv1.StatefulSetUpdateStrategy]answers{
		{}: {Name: "RollingUpdate", Known: true, HasPartition: true, ReplacesPods: true, Due: []sts.Ordinal{0, 1, 2}},
		{RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &partition}}: {
			Name: "RollingUpdate", Known: true, HasPartition: true, ReplacesPods: true, Due: []sts.Ordinal{2},
		},
		{Type: "RollingUpdate"}: {Name: "RollingUpdate", Known: true, HasPartition: true, ReplacesPods: true, Due: []sts.Ordinal{0, 1, 2}},
		{Type: "OnDelete"}:      {Name: "OnDelete", Known: true},
		{Type: "Recreate"}: {
			Name: "Recreate", Known: true, ReplacesPods: true, AllAtOnce: true, Gate: "StatefulSetRecreateStrategy",
			Due: []sts.Ordinal{0, 1, 2},
		},
		{Type: "SomethingNew"}: {Name: "SomethingNew", ReplacesPods: true, Due: []sts.Ordinal{0, 1, 2}},
	} {
		inv := ststest.Web(3)
		inv.Sets[0].Spec.UpdateStrategy = strategy
		inv.Sets[0].Status.UpdateRevision = "web-new"
		s := inv.Snapshots()[0]
		of := sts.StrategyOf(s.Set)
		got := answers{
			Name: of.String(), Known: of.Known(), HasPartition: of.HasPartition(), ReplacesPods: of.ReplacesPods(),
			AllAtOnce: of.ReplacesAllAtOnce(), Gate: of.Gate(),
		}
		for _, r := range s.Replicas() {
			if s.DueForUpdate(r) {
				got.Due = append(got.Due, r.Ordinal)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", strategy.Type, diff)
		}
	}
}
