package operate

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// finish waits until all members are available, then removes the record.
func (i drainScale) finish(s *sts.Snapshot, saved record.Drain) Decision {
	if d := requireAvailable(s, Stuck); d != nil {
		return *d
	}
	b := newPatch(s.Set).drop(record.DrainAnnotation, record.OwnerAnnotation)
	if saved.Retention != "" {
		b = b.retention(saved.Retention)
	}
	event := "ScaleDownCompleted"
	if saved.Up() {
		event = "ScaleUpCompleted"
		b = b.drop(record.ParkedAnnotation)
	}
	parts, hint := []string{msgDrainScaled(saved.To, saved.Up(), saved.Ordinals())}, sts.Hint(nil)
	if stay := sts.ClaimsOf(s, saved.Ordinals()); !saved.Up() && len(stay) > 0 {
		var list sts.Hint
		var kept string
		if saved.To > 0 {
			list = sts.Kubectl(s.Set.Namespace, "sts pvc-gc", s.Set.Name)
		}
		kept, hint = msgDrainKeptClaims(stay, list)
		parts = append(parts, kept)
	}
	saved.DeletedClaims = i.deletedClaims(s, &saved)
	for _, rescued := range []bool{false, true} {
		gone := slices.DeleteFunc(slices.Clone(saved.DeletedClaims), func(name string) bool { return i.claims[name] != rescued })
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
	end.Drain = &saved
	d := do(b.action(event, stepDrainFinish(saved.Up(), saved.Ordinals())), "Finish")
	d.Then = &end
	return d
}

// deletedClaims are the claims of the members that have left which the command found and which
// are gone or being deleted now: by whenScaled: Delete, or because they were being deleted
// before.
func (i drainScale) deletedClaims(s *sts.Snapshot, record *record.Drain) []string {
	if record.Up() {
		return nil
	}
	stay := sts.ClaimsOf(s, record.Ordinals())
	return slices.DeleteFunc(slices.Sorted(maps.Keys(i.claims)), func(name string) bool {
		o, _ := sts.ClaimOrdinal(name)
		return slices.Contains(stay, name) || !slices.Contains(record.Ordinals(), o)
	})
}
