package operate

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// finish waits until all members are available, then removes the record.
func (i drainScale) finish(s *sts.Snapshot, record sts.Drain) Decision {
	if d := requireAvailable(s, Stuck); d != nil {
		return *d
	}
	b := newPatch(s.Set).drop(sts.DrainAnnotation, sts.OwnerAnnotation)
	if record.Retention != "" {
		b = b.retention(record.Retention)
	}
	event := "ScaleDownCompleted"
	if record.Up() {
		event = "ScaleUpCompleted"
		b = b.drop(sts.ParkedAnnotation)
	}
	parts, hint := []string{msgDrainScaled(record.To, record.Up(), record.Ordinals())}, sts.Hint(nil)
	if stay := sts.ClaimsOf(s, record.Ordinals()); !record.Up() && len(stay) > 0 {
		var list sts.Hint
		var kept string
		if record.To > 0 {
			list = sts.Kubectl(s.Set.Namespace, "sts pvc-gc", s.Set.Name)
		}
		kept, hint = msgDrainKeptClaims(stay, list)
		parts = append(parts, kept)
	}
	record.DeletedClaims = i.deletedClaims(s, &record)
	for _, rescued := range []bool{false, true} {
		gone := slices.DeleteFunc(slices.Clone(record.DeletedClaims), func(name string) bool { return i.claims[name] != rescued })
		if len(gone) == 0 {
			continue
		}
		if rescued {
			parts = append(parts, msgDrainRescuedClaims(gone))
			hint = sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", gone...)
			continue
		}
		parts = append(parts, msgDrainDeletedClaims(gone))
	}
	end := decide(Done, ReasonScaled, strings.Join(parts, "; "), hint)
	end.Drain = &record
	d := do(b.action(event, stepDrainFinish(record.Up(), record.Ordinals())), "Finish")
	d.Then = &end
	return d
}

// deletedClaims are the claims of the members that have left which the command found and which
// are gone or being deleted now: by whenScaled: Delete, or because they were being deleted
// before.
func (i drainScale) deletedClaims(s *sts.Snapshot, record *sts.Drain) []string {
	if record.Up() {
		return nil
	}
	stay := sts.ClaimsOf(s, record.Ordinals())
	return slices.DeleteFunc(slices.Sorted(maps.Keys(i.claims)), func(name string) bool {
		o, _ := sts.ClaimOrdinal(name)
		return slices.Contains(stay, name) || !slices.Contains(record.Ordinals(), o)
	})
}
