package claims_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// claimWorld is one claim with its volume, and the controllers that have to do with them.
type claimWorld struct {
	t      *testing.T
	claim  *corev1.PersistentVolumeClaim
	volume *corev1.PersistentVolume
	policy corev1.PersistentVolumeReclaimPolicy // the volume's own
	// state is what the namespace makes of the claim; held: a pod on a node mounts it.
	state  claims.State
	held   bool
	around *claims.Around
	named  string // the volume that it is about
	sent   bool
	lost   bool   // the data is gone
	hidden string // a resource that cannot be listed
	made   int
}

const (
	claimName  = "data-web-3"
	volumeName = "pvc-1"
)

func newClaimWorld(t *testing.T, policy corev1.PersistentVolumeReclaimPolicy) *claimWorld {
	w := &claimWorld{t: t, state: claims.ClaimOrphaned, policy: policy, named: volumeName}
	w.claim = &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: claimName, UID: "claim-0", ResourceVersion: "1", Labels: map[string]string{"app": "web"},
		Annotations:     map[string]string{"pv.kubernetes.io/bind-completed": "yes", "volume.kubernetes.io/selected-node": "n1", "team": "blue"},
		Finalizers:      []string{"kubernetes.io/pvc-protection"},
		OwnerReferences: []metav1.OwnerReference{{Kind: "StatefulSet", Name: "web", UID: "gone"}},
	}}
	w.claim.Spec.VolumeName, w.claim.Status.Phase = volumeName, corev1.ClaimBound
	w.volume = &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: volumeName, UID: "volume-0", ResourceVersion: "1"}}
	w.volume.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager"}}
	w.volume.Spec.PersistentVolumeReclaimPolicy, w.volume.Status.Phase = policy, corev1.VolumeBound
	w.volume.Spec.ClaimRef = &corev1.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: "shop", Name: claimName, UID: "claim-0", ResourceVersion: "1"}
	return w
}

func (w *claimWorld) view() claims.View {
	v := claims.View{Namespace: "shop", Name: claimName, VolumeName: w.named, Around: w.around, Sent: w.sent}
	if w.claim != nil {
		v.Claim = w.claim.DeepCopy()
	}
	if w.volume != nil {
		v.Volume = w.volume.DeepCopy()
	}
	return v
}

// look is what the world makes of the claim right now.
func (w *claimWorld) look() {
	w.around = &claims.Around{At: ststest.Now, Verdict: claims.Judgment{State: w.state, Reason: "as the test says"}}
	if w.hidden != "" {
		judge := claims.NewJudge(&sts.Inventory{Missing: []sts.Missing{{Resource: w.hidden}}})
		w.around.Verdict = judge.Judge(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: claimName}})
	}
	if w.claim != nil && claims.Keeps(w.claim) && (w.state == claims.ClaimOrphaned || w.state == claims.ClaimParked) {
		w.around.Verdict.State = claims.ClaimForeign // which is never a candidate, either
	}
	if w.held {
		w.around.MountedBy = "web-3"
	}
}

// apply does what the API server would, and says whether it did.
func (w *claimWorld) apply(a claims.Action) bool {
	switch a := a.(type) {
	case *claims.CheckUsage:
		w.look()
		return true
	case *claims.DeleteClaim:
		w.sent = true
		if w.claim == nil || w.claim.UID != a.UID || w.claim.ResourceVersion != a.ResourceVersion {
			return false
		}
		now := metav1.NewTime(ststest.Now)
		w.claim.DeletionTimestamp, w.claim.ResourceVersion, w.around = &now, w.claim.ResourceVersion+"0", nil
		return true
	case *claims.CreateClaim:
		if w.claim != nil {
			return false
		}
		w.make(a.Claim.DeepCopy())
		return true
	case *claims.MarkKept:
		return w.patchClaim(a.Ops)
	case *claims.UnmarkKept:
		return w.patchClaim(a.Ops)
	case *claims.DeleteVolume:
		if w.volume == nil || w.volume.UID != a.UID {
			return false
		}
		w.volume = nil
		return true
	}
	return w.patch(patchOf(w.t, a))
}

// patchOf is the patch of a volume.
func patchOf(t *testing.T, a claims.Action) *claims.VolumePatch {
	switch a := a.(type) {
	case *claims.RetainVolume:
		return &a.VolumePatch
	case *claims.RescueVolume:
		return &a.VolumePatch
	case *claims.SetAsideVolume:
		return &a.VolumePatch
	case *claims.ClearClaimRef:
		return &a.VolumePatch
	case *claims.ReleaseVolume:
		return &a.VolumePatch
	case *claims.PurgeVolume:
		return &a.VolumePatch
	}
	t.Fatalf("what is %+v?", a)
	return nil
}

func (w *claimWorld) make(c *corev1.PersistentVolumeClaim) {
	w.made++
	c.UID, c.ResourceVersion = types.UID(fmt.Sprintf("claim-%d", w.made)), "1"
	c.Finalizers = []string{"kubernetes.io/pvc-protection"}
	c.Status.Phase = corev1.ClaimPending
	w.claim = c
}

func (w *claimWorld) patch(p *claims.VolumePatch) bool {
	if w.volume == nil || w.volume.UID != p.UID {
		return false
	}
	after, err := operate.Patched(w.volume, p.Ops)
	if err != nil {
		return false // a test has failed
	}
	after.ResourceVersion += "0"
	ours := func(e metav1.ManagedFieldsEntry) bool { return e.Manager == sts.FieldManager }
	writes := func(o operate.PatchOp) bool {
		return o.Op != "test" && !strings.HasPrefix(o.Path, "/metadata/managedFields")
	}
	if slices.ContainsFunc(p.Ops, writes) && !slices.ContainsFunc(after.ManagedFields, ours) {
		after.ManagedFields = append(after.ManagedFields, metav1.ManagedFieldsEntry{Manager: sts.FieldManager})
	}
	w.volume = after
	return true
}

func (w *claimWorld) patchClaim(ops []operate.PatchOp) bool {
	if w.claim == nil {
		return false
	}
	after, err := operate.Patched(w.claim, ops)
	if err != nil {
		return false
	}
	after.ResourceVersion += "0"
	w.claim = after
	return true
}

// controllers do one thing that controllers do, if there is one to do.
func (w *claimWorld) controllers(n int) {
	switch n {
	case 0: // claim protection
		if w.claim != nil && w.claim.DeletionTimestamp != nil && !w.held {
			w.claim = nil
		}
	case 1: // the volume whose claim is gone is released, and reclaimed
		v := w.volume
		if v == nil || v.Spec.ClaimRef == nil {
			return
		}
		switch ref := v.Spec.ClaimRef; {
		case ref.UID == "":
			v.Status.Phase = corev1.VolumeAvailable
		case w.claim != nil && w.claim.UID == ref.UID:
			v.Status.Phase, w.claim.Status.Phase = corev1.VolumeBound, corev1.ClaimBound
		case v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete:
			w.volume, w.lost = nil, true
		default:
			v.Status.Phase = corev1.VolumeReleased
		}
	case 2: // a claim without a volume gets one: the one that waits for its name, or another
		c, v := w.claim, w.volume
		switch {
		case c == nil || c.DeletionTimestamp != nil || c.Spec.VolumeName != "" && c.Spec.VolumeName != volumeName:
		case v != nil && v.Spec.ClaimRef != nil && v.Spec.ClaimRef.UID == "":
			v.Spec.ClaimRef.UID, c.Spec.VolumeName = c.UID, volumeName
		case c.Spec.VolumeName == "":
			c.Spec.VolumeName, c.Status.Phase = "pvc-2", corev1.ClaimBound
		}
	case 3: // the StatefulSet's
		if w.claim == nil && w.state == claims.ClaimDesired {
			w.make(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: claimName}})
		}
		if w.claim != nil && w.state == claims.ClaimDesired && w.claim.DeletionTimestamp == nil {
			w.held = true
		}
	}
}

// kind names what an action does.
func kind(a claims.Action) string { return strings.TrimPrefix(fmt.Sprintf("%T", a), "*claims.") }

// drive asks the intent and does what it says until it ends, the controllers having as
// many turns in between as chance wants.
func (w *claimWorld) drive(i claims.Intent, chance func() int) (steps []string, d claims.ClaimDecision) {
	for range 200 {
		for n := chance(); n >= 0; n = chance() {
			w.controllers(n)
		}
		d = i.Next(w.view())
		switch d.Verdict {
		case operate.Do:
			steps = append(steps, kind(d.Action))
			if !w.apply(d.Action) {
				steps[len(steps)-1] += "!"
				w.around = nil
			}
		case operate.Wait:
			w.around = nil
			for n := range 4 {
				w.controllers(n)
			}
		default:
			return steps, d
		}
	}
	return steps, d
}

// inOrder has the controllers do nothing but what is waited for.
func inOrder() int { return -1 }

func collect() claims.Collect {
	return claims.Collect{UID: "claim-0", By: "alice@laptop", At: ststest.Now}
}

// A dry run that writes nothing still says which claims are needed.
func TestClaimJudgedFirst(t *testing.T) {
	first := collect()
	first.JudgeFirst = true
	for state, want := range map[claims.State]string{
		claims.ClaimOrphaned: "[CheckUsage RetainVolume DeleteClaim CheckUsage CheckUsage] Done ClaimDeleted",
		claims.ClaimDesired:  "[CheckUsage] Done ClaimKept",
	} {
		w := newClaimWorld(t, corev1.PersistentVolumeReclaimDelete)
		w.state = state
		steps, d := w.drive(first, inOrder)
		if got := fmt.Sprint(steps, " ", d.Verdict, " ", d.Reason); got != want {
			t.Errorf("%s: %s, want %s", state, got, want)
		}
	}
}

// TestClaimThereAndBack deletes a claim, brings it back, deletes it again and purges it.
func TestClaimThereAndBack(t *testing.T) {
	for _, policy := range []corev1.PersistentVolumeReclaimPolicy{corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRetain} {
		w := newClaimWorld(t, policy)
		before := w.volume.DeepCopy()
		expect := func(i claims.Intent, reason string, want ...string) {
			t.Helper()
			steps, d := w.drive(i, inOrder)
			if !slices.Equal(steps, want) || d.Verdict != operate.Done || d.Reason != reason {
				t.Errorf("%s: %v, then %s %s: %s; want %v, then %s", policy, steps, d.Verdict, d.Reason, d.Message, want, reason)
			}
		}
		expect(collect(), claims.ReasonClaimDeleted, "RetainVolume", "CheckUsage", "DeleteClaim", "CheckUsage", "CheckUsage")
		if w.claim != nil || w.volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimRetain {
			t.Errorf("%s: after the deletion: %v, %v", policy, w.claim, w.volume.Spec)
		}
		w.around = nil
		expect(collect(), claims.ReasonClaimDeleted, "CheckUsage")

		w.around = nil
		expect(claims.Restore{UID: "volume-0"}, claims.ReasonClaimRestored, "ClearClaimRef", "CreateClaim", "ReleaseVolume", "ReleaseVolume")
		if c := w.claim; c.UID != "claim-1" || c.Spec.VolumeName != volumeName || len(c.OwnerReferences) > 0 ||
			fmt.Sprint(c.Annotations) != "map[team:blue]" || c.Labels["app"] != "web" {
			t.Errorf("%s: restored as %+v", policy, c)
		}
		if v := w.volume; v.Spec.PersistentVolumeReclaimPolicy != before.Spec.PersistentVolumeReclaimPolicy || len(v.Annotations)+len(v.Labels) > 0 || len(v.ManagedFields) != 1 {
			t.Errorf("%s: the volume afterwards: %+v", policy, v)
		}
		expect(claims.Restore{UID: "volume-0"}, claims.ReasonClaimRestored)

		again := collect()
		again.UID, w.around = "claim-1", nil
		expect(again, claims.ReasonClaimDeleted, "RetainVolume", "CheckUsage", "DeleteClaim", "CheckUsage", "CheckUsage")
		w.around = nil
		last := "PurgeVolume"
		if policy == corev1.PersistentVolumeReclaimRetain {
			last = "DeleteVolume"
		}
		expect(claims.Purge{UID: "volume-0"}, claims.ReasonPurged, "CheckUsage", last)
		if w.volume != nil || w.lost != (policy == corev1.PersistentVolumeReclaimDelete) {
			t.Errorf("%s: purged, with the data lost: %t", policy, w.lost)
		}
	}
}

// The volume that undo --replace has set aside has newer data, not the older one.
func TestPurgeOfSetAsideVolume(t *testing.T) {
	w := newClaimWorld(t, corev1.PersistentVolumeReclaimDelete)
	w.drive(collect(), inOrder)
	w.state, w.around = claims.ClaimDesired, nil
	w.controllers(3)
	w.controllers(2)
	record, err := sts.ReadRetained(w.volume)
	if err != nil {
		t.Fatal(err)
	}
	record.SetAsideFor = w.claim.Spec.VolumeName
	w.volume.Annotations[sts.ClaimAnnotation] = sts.EncodeAnnotation(record)
	_, d := w.drive(claims.Purge{UID: "volume-0"}, inOrder)
	message, hint := claims.MsgSetAsideFor("shop", "pvc-2", volumeName, w.around.Verdict.Reason)
	if d.Reason != claims.ReasonClaimReplaced || d.Message != message || d.Hint.String() != hint.String() {
		t.Errorf("%+v", d)
	}
}

// TestClaimDecisions are the ends that are not the usual one.
func TestClaimDecisions(t *testing.T) {
	deleted := func(w *claimWorld) { w.drive(collect(), inOrder); w.around = nil }
	replaced := func(w *claimWorld) {
		deleted(w)
		w.state = claims.ClaimDesired
		w.controllers(3)
		w.controllers(2)
	}
	undo, purge := claims.Restore{UID: "volume-0"}, claims.Purge{UID: "volume-0"}
	for name, c := range map[string]struct {
		world  func(w *claimWorld)
		intent claims.Intent
		want   string // steps, then the end
	}{
		"needed by now: policy restored": {func(w *claimWorld) { w.state = claims.ClaimDesired }, collect(),
			"RetainVolume CheckUsage MarkKept ReleaseVolume UnmarkKept ReleaseVolume Done ClaimKept"},
		"mounted by now": {func(w *claimWorld) { w.state = claims.ClaimInUse }, collect(),
			"RetainVolume CheckUsage MarkKept ReleaseVolume UnmarkKept ReleaseVolume Done ClaimKept"},
		"parked by now": {func(w *claimWorld) { w.state = claims.ClaimParked }, collect(), "RetainVolume CheckUsage MarkKept ReleaseVolume UnmarkKept ReleaseVolume Done ClaimKept"},
		"parked, with --parked": {func(w *claimWorld) { w.state = claims.ClaimParked },
			claims.Collect{UID: "claim-0", Choice: claims.Choice{Parked: true}, At: ststest.Now},
			"RetainVolume CheckUsage DeleteClaim CheckUsage CheckUsage Done ClaimDeleted"},
		"another claim of the name": {func(w *claimWorld) { w.claim.UID = "other" }, collect(), "Done ClaimGone"},
		"deleted by another client": {func(w *claimWorld) { w.claim = nil }, collect(), "Done ClaimGone"},
		"undone at once": {func(w *claimWorld) {
			deleted(w)
			w.drive(claims.Restore{UID: "volume-0"}, inOrder)
		}, collect(), "Stuck ClaimRestored"},
		"the volume is another's": {func(w *claimWorld) { w.volume.Spec.ClaimRef.UID = "other" }, collect(), "Refused VolumeNotOurs"},
		"the volume is being deleted": {func(w *claimWorld) { w.volume.DeletionTimestamp = &metav1.Time{Time: ststest.Now} }, collect(),
			"Refused VolumeNotOurs"},
		"no volume": {func(w *claimWorld) { w.volume, w.claim.Spec.VolumeName, w.named = nil, "", "" }, collect(),
			"CheckUsage DeleteClaim CheckUsage Done ClaimDeleted"},
		"the volume is lost": {func(w *claimWorld) { w.volume = nil }, collect(), "CheckUsage DeleteClaim CheckUsage Done ClaimDeleted"},
		"another client resets the policy": {func(w *claimWorld) {
			w.apply(collect().Next(w.view()).Action)
			w.volume.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimDelete
		}, collect(), "Refused RetainIgnored"},
		"deleted, a pod has started to use it": {func(w *claimWorld) {
			w.look()
			w.apply(collect().Next(w.view()).Action)
			w.apply(collect().Next(w.view()).Action)
			w.state, w.held = claims.ClaimInUse, true
		}, collect(), "CheckUsage Stuck ClaimHeld"},
		"deleted, and needed": {func(w *claimWorld) { deleted(w); w.state = claims.ClaimDesired }, collect(),
			"CheckUsage ClearClaimRef CreateClaim CheckUsage CheckUsage ReleaseVolume ReleaseVolume Stuck ClaimRestored"},
		"deleted, needed, and recreated elsewhere": {func(w *claimWorld) {
			deleted(w)
			w.state = claims.ClaimDesired
			w.controllers(3)
			w.controllers(2)
		}, collect(), "CheckUsage Stuck ClaimReplaced"},
		"deleted, needed, and recreated without a volume yet": {func(w *claimWorld) {
			deleted(w)
			w.state = claims.ClaimDesired
			w.controllers(3)
		}, collect(), "CheckUsage ClearClaimRef CheckUsage CheckUsage ReleaseVolume ReleaseVolume Stuck ClaimRestored"},

		"undo without a record":    {func(*claimWorld) {}, claims.Restore{UID: "volume-0"}, "Done ClaimRestored"},
		"undo, the volume is gone": {func(w *claimWorld) { w.volume = nil }, undo, "Refused NotRetained"},
		"undo, it was never deleted": {func(w *claimWorld) { w.apply(collect().Next(w.view()).Action) }, undo,
			"MarkKept ReleaseVolume UnmarkKept ReleaseVolume Done ClaimRestored"},
		"undo, another claim exists": {func(w *claimWorld) {
			deleted(w)
			w.state = claims.ClaimDesired
			w.controllers(3)
			w.controllers(2)
		}, undo, "Refused ClaimExists"},
		"undo, another claim waits for a volume": {func(w *claimWorld) {
			deleted(w)
			w.state = claims.ClaimDesired
			w.controllers(3)
		}, undo, "ClearClaimRef ReleaseVolume ReleaseVolume Done ClaimRestored"},
		"undo, killed before the claim was created, and another client created it": {func(w *claimWorld) {
			deleted(w)
			w.apply(undo.Next(w.view()).Action)
			w.state = claims.ClaimDesired
			w.controllers(3)
		}, undo, "ReleaseVolume ReleaseVolume Done ClaimRestored"},
		"undo of a volume that is reserved for another claim": {func(w *claimWorld) {
			deleted(w)
			w.volume.Spec.ClaimRef.Name = "data-db-0"
		}, undo, "Refused VolumeNotOurs"},
		"undo of what is being purged": {func(w *claimWorld) {
			deleted(w)
			w.look()
			w.apply(purge.Next(w.view()).Action)
		}, undo, "Refused Purging"},

		"purge without a record":  {func(*claimWorld) {}, purge, "Refused NotRetained"},
		"purge, never deleted":    {func(w *claimWorld) { w.apply(collect().Next(w.view()).Action) }, purge, "Refused ClaimExists"},
		"purge, and it is needed": {func(w *claimWorld) { deleted(w); w.state = claims.ClaimDesired }, purge, "CheckUsage Refused ClaimMissing"},
		"purge, an undo has started": {func(w *claimWorld) {
			deleted(w)
			w.apply(undo.Next(w.view()).Action)
			w.controllers(1)
		}, purge, "CheckUsage PurgeVolume Done Purged"},
		"purge, a claim may get it": {func(w *claimWorld) {
			deleted(w)
			w.apply(undo.Next(w.view()).Action)
			w.state = claims.ClaimDesired
			w.controllers(3)
		}, purge, "Refused ClaimExists"},
		"purge, the new claim is elsewhere": {replaced, purge, "CheckUsage Refused ClaimReplaced"},
		"purge, the new claim is elsewhere, and that is known": {replaced, claims.Purge{UID: "volume-0", Replaced: true},
			"CheckUsage PurgeVolume Done Purged"},
		"purge, the new claim is elsewhere, and not needed": {func(w *claimWorld) {
			replaced(w)
			w.state, w.held = claims.ClaimOrphaned, false
		}, purge, "CheckUsage PurgeVolume Done Purged"},
		"purge, and unknown whether a pod mounts it":         {func(w *claimWorld) { deleted(w); w.hidden = "pods" }, purge, "CheckUsage Refused Unseen"},
		"purge, and unknown whether an object references it": {func(w *claimWorld) { deleted(w); w.hidden = "cronjobs" }, purge, "CheckUsage Refused Unseen"},
		"purge, and another volume has the data": {deleted, claims.Purge{UID: "volume-0", Shared: []string{"pvc-2"}},
			"CheckUsage Refused VolumeShared"},
		"deleted by two at once": {func(w *claimWorld) { deleted(w); w.sent = false }, collect(), "CheckUsage Done ClaimGone"},
		"deleted while an undo is half done": {func(w *claimWorld) {
			deleted(w)
			w.apply(undo.Next(w.view()).Action)
			w.state = claims.ClaimDesired
			w.controllers(3)
			w.state, w.held = claims.ClaimOrphaned, false
			w.claim.Spec.VolumeName = volumeName
		}, claims.Collect{UID: "claim-1", At: ststest.Now}, "Refused VolumeNotOurs"},
		"undo, killed before its last writes": {func(w *claimWorld) {
			w.apply(collect().Next(w.view()).Action)
			w.apply(undo.Next(w.view()).Action)
			w.apply(undo.Next(w.view()).Action)
		}, claims.FinishRestore{}, "UnmarkKept ReleaseVolume Done ClaimRestored"},
		"purge that fails": {func(w *claimWorld) {
			deleted(w)
			w.look()
			w.apply(purge.Next(w.view()).Action)
			w.volume.Status.Phase, w.volume.Status.Message = corev1.VolumeFailed, "no such disk"
		}, purge, "Stuck PurgeFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newClaimWorld(t, corev1.PersistentVolumeReclaimDelete)
			c.world(w)
			steps, d := w.drive(c.intent, inOrder)
			if got := strings.Join(append(steps, string(d.Verdict), d.Reason), " "); got != c.want {
				t.Errorf("%s (%s), want %s", got, d.Message, c.want)
			}
			if d.Reason != claims.ReasonPurged && w.lost {
				t.Error("the data is lost")
			}
		})
	}
}

// TestClaimRaces lets everything happen at any time. The data outlives whatever pvc-gc
// does, short of a purge; a claim that is restored has it.
func TestClaimRaces(t *testing.T) {
	ends := map[string]int{}
	for seed := range ststest.AtMost(5000) {
		random := rand.New(rand.NewPCG(seed, 5))
		w := newClaimWorld(t, corev1.PersistentVolumeReclaimDelete)
		chance := func() int {
			if random.IntN(20) == 0 {
				w.state = []claims.State{claims.ClaimOrphaned, claims.ClaimDesired, claims.ClaimDesired, claims.ClaimParked}[random.IntN(4)]
			}
			if w.held && w.state != claims.ClaimDesired && random.IntN(3) == 0 {
				w.held = false
			}
			return random.IntN(8) - 4
		}
		steps, d := w.drive(collect(), chance)
		if random.IntN(2) == 0 { // it was killed, and another command undoes
			w.around = nil
			more, undone := w.drive(claims.Restore{UID: "volume-0"}, chance)
			steps, d = append(append(steps, "undo:"), more...), undone
		}
		ends[d.Reason]++
		if w.lost || w.volume == nil {
			t.Fatalf("seed %d: %v, then %s %s: the data is lost", seed, steps, d.Verdict, d.Reason)
		}
		if d.Verdict == operate.Wait || d.Verdict == operate.Do {
			t.Fatalf("seed %d: %v, and no end: %s", seed, steps, d.Message)
		}
		on := w.claim != nil && w.claim.Spec.VolumeName == volumeName
		kept := w.volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain
		if !on && !kept {
			t.Fatalf("seed %d: %v, then %s: no claim has the volume, and it is not kept", seed, steps, d.Reason)
		}
		if d.Reason == claims.ReasonClaimRestored && (!on || kept) {
			t.Fatalf("seed %d: %v: restored, with claim %v, policy %s", seed, steps, w.claim, w.volume.Spec.PersistentVolumeReclaimPolicy)
		}
	}
	for _, reason := range []string{claims.ReasonClaimDeleted, claims.ReasonClaimKept, claims.ReasonClaimRestored, claims.ReasonClaimReplaced, claims.ReasonClaimHeld, claims.ReasonClaimExists} {
		if ends[reason] == 0 {
			t.Errorf("no race ended with %s: %v", reason, ends)
		}
	}
}

// TestClaimKilled kills a deletion after each of its writes, lets the namespace move on
// in every way, and has an undo, or the deletion again and then an undo, end it: then
// the claim is on its volume, which is as it was, or the claim of the name is reported.
func TestClaimKilled(t *testing.T) {
	moves := map[string]func(w *claimWorld){
		"nothing":    func(*claimWorld) {},
		"it is gone": func(w *claimWorld) { w.controllers(0); w.controllers(1) },
		"needed":     func(w *claimWorld) { w.controllers(0); w.controllers(1); w.state = claims.ClaimDesired },
		"a new claim waits": func(w *claimWorld) {
			w.controllers(0)
			w.controllers(1)
			w.state = claims.ClaimDesired
			w.controllers(3)
		},
		"a new claim is elsewhere": func(w *claimWorld) {
			w.controllers(0)
			w.controllers(1)
			w.state = claims.ClaimDesired
			w.controllers(3)
			w.controllers(2)
		},
	}
	for kills := range 3 {
		for name, move := range moves {
			for _, again := range []bool{false, true} {
				w := newClaimWorld(t, corev1.PersistentVolumeReclaimDelete)
				for writes := 0; writes < kills; {
					d := collect().Next(w.view())
					w.apply(d.Action)
					if d.Action.IsAPIWrite() {
						writes++
					}
				}
				w.around, w.sent = nil, false
				move(w)
				if again && w.claim != nil {
					i := collect()
					i.UID = w.claim.UID
					w.drive(i, inOrder)
					w.around, w.sent = nil, false
				}
				steps, d := w.drive(claims.Restore{UID: "volume-0"}, inOrder)
				at := fmt.Sprintf("killed after %d writes, %s, deleted again %t: %v, then %s %s: %s", kills, name, again, steps, d.Verdict, d.Reason, d.Message)
				if w.lost || w.volume == nil {
					t.Fatalf("%s: the data is lost", at)
				}
				on := w.claim != nil && w.claim.Spec.VolumeName == volumeName
				whole := w.volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete && w.volume.Annotations[sts.ClaimAnnotation] == ""
				switch d.Reason {
				case claims.ReasonClaimRestored:
					if !on || !whole || claims.Keeps(w.claim) {
						t.Errorf("%s: claim %v, volume %v", at, w.claim, w.volume)
					}
				case claims.ReasonClaimExists:
					if on || whole || name != "a new claim is elsewhere" {
						t.Errorf("%s: claim %v, volume %v", at, w.claim, w.volume)
					}
				default:
					t.Errorf("%s", at)
				}
			}
		}
	}
}
