package claims_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// rescueWorld is the claim of one ordinal with all volumes that it ever had, its pod, and
// the controllers: claim and volume protection, the volume controller with a provisioner,
// and the StatefulSet controller.
type rescueWorld struct {
	t       *testing.T
	claim   *corev1.PersistentVolumeClaim
	volumes map[string]*corev1.PersistentVolume
	storage map[string]string // the storage that a volume stands for
	data    map[string]bool   // whether a storage still exists
	pod     types.UID         // of the claim that the pod uses, empty for no pod
	going   bool              // the pod is being deleted
	needed  bool
	around  *claims.Around
	owners  []claims.Owner
	made    int
	dead    map[types.UID]bool // owners that do not exist
	refuses bool               // something sets reclaim policies back
	steps   []string
}

func newRescueWorld(t *testing.T) *rescueWorld {
	w := &rescueWorld{
		t: t, volumes: map[string]*corev1.PersistentVolume{}, storage: map[string]string{}, data: map[string]bool{},
		needed: true, dead: map[types.UID]bool{},
	}
	w.controllers(3)
	w.controllers(2)
	w.controllers(1)
	w.controllers(3)
	if w.pod != "claim-1" || w.claim.Spec.VolumeName != "pvc-1" || w.claim.Status.Phase != corev1.ClaimBound {
		t.Fatalf("it begins with %+v", w)
	}
	return w
}

func (w *rescueWorld) deleteClaim() {
	now := metav1.NewTime(ststest.Now)
	w.claim.DeletionTimestamp, w.claim.ResourceVersion = &now, w.claim.ResourceVersion+"0"
}

func (w *rescueWorld) deleteVolume(name string) {
	now := metav1.NewTime(ststest.Now)
	w.volumes[name].DeletionTimestamp = &now
}

// controllers do one thing of their kind.
func (w *rescueWorld) controllers(n int) {
	switch n {
	case 0: // protection of claims, and the kubelet
		if w.going {
			w.pod, w.going = "", false
		}
		if w.claim != nil && w.claim.DeletionTimestamp != nil && w.pod == "" {
			w.claim = nil
		}
	case 1:
		for _, name := range slices.Sorted(maps.Keys(w.volumes)) {
			w.volumeController(w.volumes[name])
		}
	case 2:
		w.bind()
	case 3:
		w.setController()
	}
}

func (w *rescueWorld) volumeController(v *corev1.PersistentVolume) {
	ref := v.Spec.ClaimRef
	switch {
	case ref.UID == "" && w.claim != nil && w.claim.Spec.VolumeName == v.Name:
		ref.UID, v.Status.Phase, w.claim.Status.Phase = w.claim.UID, corev1.VolumeBound, corev1.ClaimBound
	case ref.UID == "":
		v.Status.Phase = corev1.VolumeAvailable
	case w.claim != nil && w.claim.UID == ref.UID:
		v.Status.Phase, w.claim.Status.Phase = corev1.VolumeBound, corev1.ClaimBound
	case v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete:
		w.data[w.storage[v.Name]] = false
		delete(w.volumes, v.Name)
	default:
		v.Status.Phase = corev1.VolumeReleased
	}
	if v.DeletionTimestamp != nil && v.Status.Phase != corev1.VolumeBound {
		delete(w.volumes, v.Name)
	}
}

// bind finds a volume for a claim that names none: one that is reserved for its name, or a
// new one.
func (w *rescueWorld) bind() {
	c := w.claim
	if c == nil || c.DeletionTimestamp != nil || c.Spec.VolumeName != "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(w.volumes)) {
		if v := w.volumes[name]; v.DeletionTimestamp == nil && v.Spec.ClaimRef.UID == "" && v.Spec.ClaimRef.Name == c.Name {
			c.Spec.VolumeName = name
			w.volumeController(v)
			return
		}
	}
	name := fmt.Sprintf("pvc-%d", w.made)
	v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("volume-" + name)}}
	v.Spec.PersistentVolumeReclaimPolicy, v.Status.Phase = corev1.PersistentVolumeReclaimDelete, corev1.VolumeBound
	v.Spec.ClaimRef = &corev1.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: c.Namespace, Name: c.Name, UID: c.UID}
	v.Spec.Capacity = c.Spec.Resources.Requests
	w.volumes[name], w.storage[name], w.data["disk-"+name] = v, "disk-"+name, true
	c.Spec.VolumeName, c.Status.Phase = name, corev1.ClaimBound
}

func (w *rescueWorld) setController() {
	switch c := w.claim; {
	case !w.needed || w.pod != "":
	case c == nil:
		w.create(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: claimName}})
	case c.DeletionTimestamp == nil && c.Status.Phase == corev1.ClaimBound:
		w.pod = c.UID
	}
}

func (w *rescueWorld) create(c *corev1.PersistentVolumeClaim) {
	w.made++
	c.UID, c.ResourceVersion, c.CreationTimestamp = types.UID(fmt.Sprintf("claim-%d", w.made)), "1", metav1.NewTime(ststest.Now)
	c.Status.Phase = corev1.ClaimPending
	c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	w.claim = c
}

// view is what is read of the claim, for the volume.
func (w *rescueWorld) view(volume string) claims.View {
	v := claims.View{Namespace: "shop", Name: claimName, VolumeName: volume, Around: w.around, Owners: w.owners}
	v.Volume, v.Copy = w.volumes[volume].DeepCopy(), w.volumes[sts.CopyName(volume)].DeepCopy()
	if w.claim != nil {
		v.Claim, v.Made = w.claim.DeepCopy(), w.claim.UID
		if w.claim.Spec.VolumeName != volume {
			v.Other = w.volumes[w.claim.Spec.VolumeName].DeepCopy()
		}
	}
	return v
}

func (w *rescueWorld) look() {
	a := &claims.Around{At: ststest.Now, Verdict: claims.Judgment{State: claims.ClaimOrphaned, Set: "web", Template: "data", Ordinal: 3}}
	if w.needed {
		a.Verdict.State = claims.ClaimDesired
	}
	if w.pod != "" && w.claim != nil && w.pod == w.claim.UID {
		a.Verdict.State, a.MountedBy, a.Users = claims.ClaimInUse, "web-3", []string{"web-3"}
		if !w.going {
			a.Stays = "web-3"
		}
	}
	w.around = a
}

// apply does what the API server would, and reports whether it did.
func (w *rescueWorld) apply(a claims.Action) bool {
	switch a := a.(type) {
	case *claims.CheckUsage:
		w.look()
		return true
	case *claims.CheckOwners:
		w.owners = []claims.Owner{}
		for _, ref := range a.Refs {
			o := claims.Owner{Ref: ref}
			if w.dead[ref.UID] {
				o.Why = "it does not exist"
			}
			w.owners = append(w.owners, o)
		}
		return true
	case *claims.DeleteClaim:
		if w.claim == nil || w.claim.UID != a.UID || w.claim.ResourceVersion != a.ResourceVersion {
			return false
		}
		w.deleteClaim()
		w.around = nil
		return true
	case *claims.CreateClaim:
		if w.claim != nil {
			return false
		}
		w.create(a.Claim.DeepCopy())
		return true
	case *claims.CopyVolume:
		name := a.Volume.Name
		if w.volumes[name] != nil {
			return false
		}
		record, err := sts.ReadRetained(a.Volume)
		if err != nil {
			w.t.Fatal(err)
		}
		w.volumes[name], w.storage[name] = a.Volume.DeepCopy(), w.storage[record.CopyOf]
		w.volumes[name].UID = types.UID("volume-" + name)
		return true
	case *claims.RestoreOwners:
		return w.patchClaim(a.Ops)
	case *claims.MarkKept:
		return w.patchClaim(a.Ops)
	case *claims.UnmarkKept:
		return w.patchClaim(a.Ops)
	}
	p := patchOf(w.t, a)
	v := w.volumes[p.Name]
	if v == nil || v.UID != p.UID {
		return false
	}
	after, err := operate.Patched(v, p.Ops)
	if err != nil {
		return false
	}
	if w.refuses {
		after.Spec.PersistentVolumeReclaimPolicy = v.Spec.PersistentVolumeReclaimPolicy
	}
	w.volumes[p.Name] = after
	return true
}

func (w *rescueWorld) patchClaim(ops []operate.PatchOp) bool {
	if w.claim == nil {
		return false
	}
	after, err := operate.Patched(w.claim, ops)
	if err == nil {
		after.ResourceVersion += "0"
		w.claim = after
	}
	return err == nil
}

// drive does what the intent says until it ends, or until so many actions are done; chance
// gives the controllers their turns.
func (w *rescueWorld) drive(i claims.Intent, volume string, kill int, chance func() int) (d claims.ClaimDecision) {
	w.around, w.owners, w.steps = nil, nil, nil
	for range 100 {
		for n := chance(); n >= 0; n = chance() {
			w.controllers(n)
		}
		d = i.Next(w.view(volume))
		switch d.Verdict {
		case operate.Do:
			w.steps = append(w.steps, kind(d.Action))
			if !w.apply(d.Action) {
				w.steps[len(w.steps)-1] += "!"
				w.around = nil
			}
			if kill--; kill == 0 {
				return d
			}
		case operate.Wait:
			w.around = nil
			for n := range 4 {
				w.controllers(n)
			}
		default:
			return d
		}
	}
	w.t.Errorf("no end: %v, then %s", w.steps, d.Message)
	return d
}

func (w *rescueWorld) rescue() claims.Rescue {
	return claims.Rescue{UID: w.claim.UID, By: "alice@laptop", At: ststest.Now}
}

func undo(volume string, replace bool) claims.Restore {
	return claims.Restore{UID: types.UID("volume-" + volume), Replace: replace, By: "alice@laptop", At: ststest.Now}
}

// settle lets the controllers come to rest.
func (w *rescueWorld) settle() {
	for range 3 {
		for n := range 4 {
			w.controllers(n)
		}
	}
}

const forEver = -1

// TestRescueThereAndBack rescues a claim, restarts its pod and brings the claim back, in
// the ways that the help names.
func TestRescueThereAndBack(t *testing.T) {
	for name, test := range map[string]struct {
		between func(w *rescueWorld) // after the rescue
		volume  string               // that has the data in the end
		aside   bool                 // another keeps what a newer claim had
		undo    string
	}{
		"scaled away": {func(w *rescueWorld) { w.needed, w.going = false, true; w.settle() }, "pvc-1", false,
			"ClearClaimRef CreateClaim ReleaseVolume"},
		"the new claim gives way": {func(w *rescueWorld) {
			w.going = true
			w.settle()
			if d := w.drive(undo("pvc-1", false), "pvc-1", forEver, inOrder); d.Verdict != operate.Refused || d.Reason != claims.ReasonClaimExists {
				w.t.Errorf("without --replace: %s %s", d.Verdict, d.Message)
			}
			d := w.drive(undo("pvc-1", true), "pvc-1", forEver, inOrder)
			if got := strings.Join(w.steps, " "); d.Verdict != operate.Stuck || d.Reason != claims.ReasonClaimHeld || got != "CheckUsage SetAsideVolume ClearClaimRef DeleteClaim CheckUsage" {
				w.t.Errorf("%s, then %s %s", got, d.Verdict, d.Message)
			}
			w.going = true
			w.settle()
		}, "pvc-1", true, "ReleaseVolume"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRescueWorld(t)
			w.deleteClaim()
			d := w.drive(w.rescue(), "pvc-1", forEver, inOrder)
			if got := strings.Join(w.steps, " "); got != "RescueVolume" || d.Verdict != operate.Done || d.Reason != claims.ReasonRescued {
				t.Errorf("%s, then %s %s", got, d.Verdict, d.Message)
			}
			if !sts.Rescued(w.claim, sts.NewVolume(w.volumes["pvc-1"])) {
				t.Error("not rescued")
			}
			if d = w.drive(w.rescue(), "pvc-1", forEver, inOrder); len(w.steps) > 0 || d.Reason != claims.ReasonRescued {
				t.Errorf("again: %v, then %s %s", w.steps, d.Verdict, d.Message)
			}
			if d = w.drive(undo("pvc-1", false), "pvc-1", forEver, inOrder); d.Verdict != operate.Stuck || d.Reason != claims.ReasonClaimHeld ||
				!slices.Equal(ststest.Commands(d.Hint), []string{"kubectl sts restart web --ordinal 3 -n shop", "kubectl sts pvc-gc undo data-web-3 --replace -n shop"}) {
				t.Errorf("while the pod runs: %s %s: %s", d.Verdict, d.Message, d.Hint)
			}
			test.between(w)
			d = w.drive(undo(test.volume, false), test.volume, forEver, inOrder)
			if got := strings.Join(w.steps, " "); got != test.undo || d.Verdict != operate.Done || d.Reason != claims.ReasonClaimRestored {
				t.Errorf("%s, then %s %s", got, d.Verdict, d.Message)
			}
			w.check(test.volume, test.aside)
		})
	}
}

// check is what holds in the end: the claim is on the volume, which is as it was, and no
// data is lost.
func (w *rescueWorld) check(volume string, aside bool) {
	w.t.Helper()
	v := w.volumes[volume]
	if v == nil || w.claim == nil || w.claim.Spec.VolumeName != volume || w.claim.UID != v.Spec.ClaimRef.UID || w.storage[volume] != "disk-pvc-1" {
		w.t.Errorf("the claim is %+v, the volume %+v", w.claim, v)
		return
	}
	if v.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete || v.Annotations[sts.ClaimAnnotation] != "" || v.Labels[sts.RetainedLabel] != "" {
		w.t.Errorf("the volume is left as %+v", v)
	}
	w.safe()
	if kept := len(w.volumes) > 1; kept != aside {
		w.t.Errorf("volumes in the end: %v", slices.Sorted(maps.Keys(w.volumes)))
	}
}

// safe is what holds always once the claim is rescued: no data is deleted.
func (w *rescueWorld) safe() {
	w.t.Helper()
	for storage, there := range w.data {
		if !there {
			w.t.Errorf("%s is lost", storage)
		}
	}
}

// A volume that is being deleted is gone with its claim. The copy has its storage, and the
// StatefulSet controller's new claim is bound to that.
func TestRescueOfAVolume(t *testing.T) {
	for _, claimDeleted := range []bool{true, false} {
		w := newRescueWorld(t)
		before := w.volumes["pvc-1"]
		before.Annotations = map[string]string{"pv.kubernetes.io/provisioned-by": "disks", "pv.kubernetes.io/bound-by-controller": "yes"}
		before.Spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: "disks", VolumeHandle: "disk-1"}
		w.deleteVolume("pvc-1")
		if claimDeleted {
			w.deleteClaim()
		}
		d := w.drive(w.rescue(), "pvc-1", forEver, inOrder)
		if got := strings.Join(w.steps, " "); got != "RescueVolume CopyVolume RescueVolume" || d.Verdict != operate.Done || d.Reason != claims.ReasonRescued {
			t.Errorf("%s, then %s %s", got, d.Verdict, d.Message)
		}
		copied := w.volumes["pvc-1-copy"]
		if copied.Spec.CSI == nil || copied.Spec.CSI.VolumeHandle != "disk-1" || copied.Spec.ClaimRef.UID != "" || copied.Spec.ClaimRef.Name != claimName ||
			copied.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimRetain || copied.Annotations["pv.kubernetes.io/provisioned-by"] != "disks" ||
			copied.Annotations["pv.kubernetes.io/bound-by-controller"] != "" || copied.Labels[sts.RetainedLabel] != "true" {
			t.Errorf("the copy: %+v", copied)
		}
		if !sts.Rescued(w.claim, sts.NewVolume(w.volumes["pvc-1"])) {
			t.Error("not rescued")
		}
		d = w.drive(undo("pvc-1-copy", false), "pvc-1-copy", forEver, inOrder)
		if want := map[bool]string{true: claims.ReasonClaimHeld, false: claims.ReasonClaimExists}[claimDeleted]; d.Reason != want || w.claim.UID != "claim-1" {
			t.Errorf("undo at once: %s %s", d.Reason, d.Message)
		}
		w.settle()
		if w.pod != "claim-1" || w.volumes["pvc-1"] == nil {
			t.Error("nothing should have changed")
		}
		if !claimDeleted {
			w.deleteClaim()
		}
		w.going = true
		w.settle()
		if w.pod == "" || w.pod == "claim-1" || w.claim.Spec.VolumeName != "pvc-1-copy" || w.volumes["pvc-1"] != nil {
			t.Errorf("after the restart the pod uses %s, on %s", w.pod, w.claim.Spec.VolumeName)
		}
		d = w.drive(undo("pvc-1-copy", false), "pvc-1-copy", forEver, inOrder)
		if d.Reason != claims.ReasonClaimRestored {
			t.Errorf("undo: %s %s", d.Reason, d.Message)
		}
		w.check("pvc-1-copy", false)
	}
}

// TestRescueDecisions are the ends that are not the usual one.
func TestRescueDecisions(t *testing.T) {
	deleted := (*rescueWorld).deleteClaim
	for name, c := range map[string]struct {
		change func(w *rescueWorld)
		want   string
	}{
		"not being deleted":  {func(*rescueWorld) {}, "Done NothingToRescue"},
		"without a volume":   {func(w *rescueWorld) { deleted(w); w.claim.Spec.VolumeName = "" }, "Done NothingToRescue"},
		"the volume is lost": {func(w *rescueWorld) { deleted(w); delete(w.volumes, "pvc-1") }, "Refused VolumeLost"},
		"lost, and it stays": {func(w *rescueWorld) { delete(w.volumes, "pvc-1") }, "Refused VolumeLost"},
		"another's volume":   {func(w *rescueWorld) { deleted(w); w.volumes["pvc-1"].Spec.ClaimRef.UID = "other" }, "Refused VolumeNotOurs"},
		"policy is set back": {func(w *rescueWorld) { deleted(w); w.refuses = true }, "RescueVolume Refused RetainIgnored"},
		"Retain already":     {func(w *rescueWorld) { deleted(w); w.volumes["pvc-1"].Spec.PersistentVolumeReclaimPolicy = "Retain" }, "RescueVolume Done Rescued"},
		"rescued, and the policy was changed since": {func(w *rescueWorld) {
			deleted(w)
			i := w.rescue()
			i.At = i.At.Add(-time.Minute)
			w.drive(i, "pvc-1", forEver, inOrder)
			w.volumes["pvc-1"].Spec.PersistentVolumeReclaimPolicy = "Delete"
		}, "RescueVolume Done Rescued"},
		"released already":     {func(w *rescueWorld) { deleted(w); w.volumes["pvc-1"].Status.Phase = corev1.VolumeReleased }, "Refused VolumeReclaimed"},
		"another has the name": {func(w *rescueWorld) { deleted(w); w.claim.UID = "other" }, "Refused VolumeReclaimed"},
		"gone with all":        {func(w *rescueWorld) { w.claim = nil; delete(w.volumes, "pvc-1") }, "Refused VolumeLost"},
		"rescued, then gone": {func(w *rescueWorld) {
			deleted(w)
			w.drive(w.rescue(), "pvc-1", forEver, inOrder)
			w.claim = nil
		}, "Done Rescued"},
		"not our copy": {func(w *rescueWorld) {
			w.deleteVolume("pvc-1")
			w.volumes["pvc-1-copy"] = &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pvc-1-copy"}}
			w.volumes["pvc-1-copy"].Spec.ClaimRef = &corev1.ObjectReference{}
		}, "RescueVolume Refused VolumeNotOurs"},
		"the copy is gone again": {func(w *rescueWorld) {
			w.deleteVolume("pvc-1")
			w.drive(w.rescue(), "pvc-1", forEver, inOrder)
			delete(w.volumes, "pvc-1-copy")
		}, "CopyVolume Done Rescued"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRescueWorld(t)
			intent := w.rescue()
			c.change(w)
			d := w.drive(intent, "pvc-1", forEver, inOrder)
			got := strings.Join(append(w.steps, string(d.Verdict), d.Reason), " ")
			if got != c.want {
				t.Errorf("%s, want %s: %s", got, c.want, d.Message)
			}
		})
	}
}

// A volume that is released between the look and the patch may be deleted at that moment:
// the patch fails, and nothing says that the data is kept.
func TestRescueTooLate(t *testing.T) {
	w := newRescueWorld(t)
	w.deleteClaim()
	i := w.rescue()
	d := i.Next(w.view("pvc-1"))
	w.volumes["pvc-1"].Status.Phase, w.claim, w.pod = corev1.VolumeReleased, nil, ""
	if d.Verdict != operate.Do || w.apply(d.Action) || w.volumes["pvc-1"].Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		t.Errorf("%s %s: %+v", d.Verdict, d.Message, w.volumes["pvc-1"].Spec)
	}
	if d = i.Next(w.view("pvc-1")); d.Verdict != operate.Refused || d.Reason != claims.ReasonVolumeReclaimed {
		t.Errorf("%s %s", d.Verdict, d.Message)
	}
}

// TestReplaceNeedsProof: each case takes away one part of the proof that the new claim is
// the StatefulSet controller's own, and nothing is written.
func TestReplaceNeedsProof(t *testing.T) {
	for want, change := range map[string]func(w *rescueWorld, v *claims.View){
		claims.MsgNewClaimMakerUnknown(): func(_ *rescueWorld, v *claims.View) { v.Made = "" },
		claims.MsgNewClaimOlder(): func(_ *rescueWorld, v *claims.View) {
			v.Claim.CreationTimestamp = metav1.NewTime(ststest.Now.Add(-time.Hour))
		},
		claims.MsgNewClaimFilled(): func(_ *rescueWorld, v *claims.View) {
			v.Claim.Spec.DataSource = &corev1.TypedLocalObjectReference{}
		},
		claims.MsgNewClaimKept(): func(_ *rescueWorld, v *claims.View) {
			v.Claim.Annotations = map[string]string{claims.KeepAnnotation: "true"}
		},
		claims.MsgNewClaimNotNeeded():               func(_ *rescueWorld, v *claims.View) { v.Around.Verdict.State = claims.ClaimOrphaned },
		claims.MsgNewVolumeGone("pvc-2"):            func(_ *rescueWorld, v *claims.View) { v.Other = nil },
		claims.MsgNewVolumeOfOther("pvc-2", "none"): func(_ *rescueWorld, v *claims.View) { v.Other.Spec.ClaimRef = nil },
		claims.MsgNewVolumeTerminating("pvc-2"): func(_ *rescueWorld, v *claims.View) {
			v.Other.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
		},
		claims.MsgNewClaimOtherPod("debug"): func(_ *rescueWorld, v *claims.View) { v.Around.Users = []string{"debug", "web-3"} },
		claims.MsgTooSmall("2Gi", "pvc-1", "1Gi"): func(_ *rescueWorld, v *claims.View) {
			v.Claim.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("2Gi")
		},
		claims.MsgOtherVolumeMode("pvc-1"): func(_ *rescueWorld, v *claims.View) {
			m := corev1.PersistentVolumeBlock
			v.Claim.Spec.VolumeMode = &m
		},
		claims.MsgNoAccessMode("ReadWriteMany", "pvc-1"): func(_ *rescueWorld, v *claims.View) {
			v.Claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{"ReadWriteMany"}
		},
	} {
		t.Run(want, func(t *testing.T) {
			w := newRescueWorld(t)
			w.deleteClaim()
			w.drive(w.rescue(), "pvc-1", forEver, inOrder)
			w.going = true
			w.settle()
			w.look()
			v := w.view("pvc-1")
			change(w, &v)
			if d := undo("pvc-1", true).Next(v); d.Verdict != operate.Refused || d.Reason != claims.ReasonNotProven || !strings.Contains(d.Message, want) {
				t.Errorf("%s %s: %s", d.Verdict, d.Reason, d.Message)
			}
		})
	}
}

// TestRescueWhateverHappens: rescue, restarts and undo, each command killed after any of
// its actions and run again, with the controllers running in between in any order. Once the
// claim was rescued, nothing is ever lost, and in the end the claim has its data.
func TestRescueWhateverHappens(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	var reached ststest.Reached
	for seed := range uint64(rounds) {
		met := ststest.Kinds{}
		r := rand.New(rand.NewPCG(seed, 13)) //nolint:gosec // the same each time
		chance := func() int { return r.IntN(6) - 2 }
		w := newRescueWorld(t)
		volume, byVolume := "pvc-1", r.IntN(3) == 0
		if byVolume {
			w.deleteVolume("pvc-1")
			volume = "pvc-1-copy"
		}
		if !byVolume || r.IntN(2) == 0 {
			w.deleteClaim()
		}
		intent := w.rescue()
		for w.drive(intent, "pvc-1", 1+r.IntN(4), chance).Verdict == operate.Do {
			met["the rescue is killed"] = true
			w.safe()
		}
		if byVolume && w.claim.DeletionTimestamp == nil {
			w.deleteClaim()
		}
		w.going = true
		if r.IntN(3) == 0 {
			w.needed = false
		}
		for n := 0; ; n++ {
			d := w.drive(undo(volume, r.IntN(2) == 0), volume, 1+r.IntN(6), chance)
			w.safe()
			met["the undo is killed"] = met["the undo is killed"] || d.Verdict == operate.Do
			met[d.Reason] = true
			for _, step := range w.steps {
				met[step] = true
			}
			if d.Verdict == operate.Done {
				break
			}
			if n > 100 {
				t.Fatalf("seed %d: no end: %s %s", seed, d.Verdict, d.Message)
			}
			if d.Reason == claims.ReasonClaimHeld || r.IntN(8) == 0 && w.pod != "" {
				w.going = true
			}
		}
		w.check(volume, len(w.volumes) > 1)
		if t.Failed() {
			t.Fatalf("seed %d: %v", seed, w.steps)
		}
		reached.Add(met)
	}
	for _, kind := range reached.Rare(3, []string{
		"the rescue is killed", "the undo is killed",
		"CheckUsage", "SetAsideVolume", "ClearClaimRef", "DeleteClaim", "CreateClaim", "ReleaseVolume",
		claims.ReasonClaimHeld, claims.ReasonClaimExists, claims.ReasonClaimRestored,
	}) {
		t.Errorf("too few rounds reach this: %s", kind)
	}
}

// TestOwners: a claim gets the owner references back that were not the StatefulSet
// controller's, unless the garbage collector would delete it for them.
func TestOwners(t *testing.T) {
	yes := true
	operator := metav1.OwnerReference{APIVersion: "rabbitmq.com/v1beta1", Kind: "RabbitmqCluster", Name: "mq", UID: "mq", Controller: &yes}
	backup := metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "Backup", Name: "nightly", UID: "nightly"}
	set := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web", UID: "web"}
	pod := metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: "web-3", UID: "pod"}
	kruise := metav1.OwnerReference{APIVersion: "apps.kruise.io/v1beta1", Kind: "StatefulSet", Name: "web", UID: "kruise"}
	for name, c := range map[string]struct {
		before []metav1.OwnerReference
		dead   []types.UID
		new    []metav1.OwnerReference // of the claim that is there by then
		want   string
		said   string
	}{
		"none":                   {nil, nil, nil, "", ""},
		"the controller's own":   {[]metav1.OwnerReference{set, pod}, nil, nil, "", ""},
		"an operator's":          {[]metav1.OwnerReference{operator, set}, nil, nil, "mq", ""},
		"two":                    {[]metav1.OwnerReference{operator, backup}, nil, nil, "mq nightly", ""},
		"another StatefulSet":    {[]metav1.OwnerReference{kruise}, nil, nil, "kruise", ""},
		"one is gone":            {[]metav1.OwnerReference{operator, backup}, []types.UID{"nightly"}, nil, "mq", claims.MsgOwnerNotRestored("backup", "nightly", "it does not exist")},
		"beside the controller":  {[]metav1.OwnerReference{backup}, nil, []metav1.OwnerReference{set}, "web nightly", ""},
		"it has another already": {[]metav1.OwnerReference{operator}, nil, []metav1.OwnerReference{{Kind: "Other", Name: "o", UID: "o", Controller: &yes}}, "o", claims.MsgOwnerNotRestored("rabbitmqcluster", "mq", claims.MsgOtherController("other", "o"))},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRescueWorld(t)
			w.claim.OwnerReferences = c.before
			w.deleteClaim()
			w.drive(w.rescue(), "pvc-1", forEver, inOrder)
			w.needed, w.going = false, true
			w.settle()
			for _, uid := range c.dead {
				w.dead[uid] = true
			}
			if c.new != nil { // another client creates the claim in the middle
				w.drive(undo("pvc-1", false), "pvc-1", 1, inOrder)
				w.create(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: claimName, OwnerReferences: c.new}})
				w.controllers(2)
			}
			d := w.drive(undo("pvc-1", false), "pvc-1", forEver, inOrder)
			var got []string
			for _, ref := range w.claim.OwnerReferences {
				got = append(got, string(ref.UID))
			}
			if strings.Join(got, " ") != c.want || d.Reason != claims.ReasonClaimRestored || d.Message != claims.MsgRestored("pvc-1", c.said) {
				t.Errorf("owners %v, want %s; %s", got, c.want, d.Message)
			}
			w.check("pvc-1", false)
		})
	}
}
