package forecast

import (
	"encoding/json"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// changes are the differences between the specs of a set before and after.
func changes(before, after *appsv1.StatefulSet) []string {
	out := []string{}
	if from, to := sts.DesiredReplicas(before), sts.DesiredReplicas(after); from != to {
		out = append(out, msgReplicasChange(from, to))
	}
	var sides [2]json.RawMessage
	for i, set := range []*appsv1.StatefulSet{before, after} {
		spec := set.Spec.DeepCopy()
		spec.Replicas = nil
		raw, err := json.Marshal(spec)
		if err != nil {
			panic(err) // a spec is plain data
		}
		sides[i] = raw
	}
	differing, err := sts.Changes(sides[0], sides[1])
	if err != nil {
		panic(err) // it was JSON a moment ago
	}
	for _, c := range differing {
		c.Path = strings.TrimPrefix(c.Path, "template.")
		if c.Path = strings.TrimPrefix(c.Path, "updateStrategy.rollingUpdate."); c.Path == "partition" && sts.StrategyOf(after).HasPartition() {
			out = append(out, msgPartitionChange(c.String(), sts.Start(after), sts.UpdateFrom(after), sts.End(after)))
			continue
		}
		out = append(out, c.String())
	}
	return out
}

// tellSet describes the set.
func (t *teller) tellSet() {
	set := t.set
	t.PodManagement, t.UpdateStrategy = string(appsv1.OrderedReadyPodManagement), t.strategy().String()
	if sts.IsParallel(set) {
		t.PodManagement = string(appsv1.ParallelPodManagement)
	}
	if t.strategy().HasPartition() {
		from := sts.UpdateFrom(set)
		t.UpdateFrom = &from
	}
	t.StartOrdinal, t.Replicas, t.ReplicasBefore = sts.Start(set), sts.DesiredReplicas(set), sts.DesiredReplicas(t.before.Set)
	if t.From == Manifest && len(t.before.Pods) == 0 && t.q.Set == nil {
		t.ReplicasBefore = 0 // it does not exist yet
	}
	if t.world.Set == nil {
		t.Replicas = 0
	}
}

// role is the role of a revision.
func (t *teller) role(revision string) RevisionRole {
	switch revision {
	case t.stable:
		return RoleStable
	case t.update:
		return RoleUpdate
	}
	return RoleOther
}

// tellRevisions lists the revisions that pods have before, after or in between.
func (t *teller) tellRevisions() {
	used := map[string]bool{}
	for _, p := range t.before.Pods {
		used[sts.PodRevision(p)] = true
	}
	for _, e := range t.events {
		used[e.Revision] = true
	}
	used[t.update] = true // also if no pod reaches it
	all := t.before.Revisions
	for _, r := range t.world.Revisions {
		if t.before.Revision(r.Name) == nil {
			all = append(all, r)
		}
	}
	for _, r := range all {
		if !used[r.Name] {
			continue
		}
		images := map[string]string{}
		for _, c := range t.world.template(r).Spec.Containers {
			images[c.Name] = c.Image
		}
		t.Revisions = append(t.Revisions, ForecastRevision{
			Name: r.Name, Role: t.role(r.Name), New: t.before.Revision(r.Name) == nil, Images: images,
		})
	}
}
