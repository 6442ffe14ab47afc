package operate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// mounting gives every pod of the inventory its bound claim as a volume, and every claim a
// PersistentVolume with reclaim policy Delete.
func mounting(inv *sts.Inventory) {
	inv.Volumes = []sts.Volume{}
	for k, c := range inv.Claims {
		c.UID, c.Spec.VolumeName = types.UID(c.Name+"-uid"), "pv-"+c.Name
		c.Finalizers = []string{"kubernetes.io/pvc-protection"}
		v := sts.Volume{Name: c.Spec.VolumeName, ReclaimPolicy: corev1.PersistentVolumeReclaimDelete, Phase: corev1.VolumeBound}
		v.Claim.Namespace, v.Claim.Name, v.Claim.UID = c.Namespace, c.Name, c.UID
		inv.Volumes = append(inv.Volumes, v)
		for _, pod := range inv.Pods {
			if o, ok := sts.ParsePodName("web", pod.Name); ok && int(o) == k {
				pod.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
					PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: c.Name}}}}
			}
		}
	}
}

// badStates are all that can be wrong with the claim of one ordinal.
var badStates = map[diagnose.ClaimRiskReason]func(inv *sts.Inventory, o int){
	diagnose.ClaimIsTerminating:  func(inv *sts.Inventory, o int) { inv.Claims[o].DeletionTimestamp = &metav1.Time{Time: ststest.Now} },
	diagnose.ClaimIsLost:         func(inv *sts.Inventory, o int) { inv.Claims[o].Status.Phase = corev1.ClaimLost },
	diagnose.ClaimIsMissing:      func(inv *sts.Inventory, o int) { inv.Claims = slices.Delete(inv.Claims, o, o+1) },
	diagnose.VolumeIsTerminating: func(inv *sts.Inventory, o int) { inv.Volumes[o].DeletionTimestamp = &metav1.Time{Time: ststest.Now} },
	diagnose.VolumeIsMissing:     func(inv *sts.Inventory, o int) { inv.Volumes = slices.Delete(inv.Volumes, o, o+1) },
	diagnose.VolumeIsTaken:       func(inv *sts.Inventory, o int) { inv.Volumes[o].Claim.UID = "of-another-claim" },
}

// rescued is a terminating claim whose volume keeps the data.
func rescued(inv *sts.Inventory, o int) {
	badStates[diagnose.ClaimIsTerminating](inv, o)
	inv.Volumes[o].ReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	inv.Volumes[o].Retained = &sts.RetainedClaim{UID: inv.Claims[o].UID}
}

// guardedVerb is a verb in a world in which it makes the pods of some ordinals go, and of others not.
type guardedVerb struct {
	name  string
	from  func() *sts.Inventory
	make  func(operate.Lock, *sts.Snapshot) operate.Intent
	goes  []int
	stays []int
}

func guardedVerbs() []guardedVerb {
	web := func(changes ...change) func() *sts.Inventory {
		return func() *sts.Inventory {
			inv := ststest.Web(5)
			for _, c := range changes {
				c(inv)
			}
			return inv
		}
	}
	canary := func(n sts.Ordinal, changes ...change) func() *sts.Inventory {
		return func() *sts.Inventory {
			inv := standing(n)
			for _, c := range changes {
				c(inv)
			}
			return inv
		}
	}
	begun := onSet(func(set *appsv1.StatefulSet) { delete(set.Annotations, record.CanaryAnnotation) })
	only, err := sts.ParseOrdinals("1,3")
	if err != nil {
		panic(err)
	}
	recovers := func(a record.RecoverAction) func(operate.Lock, *sts.Snapshot) operate.Intent {
		return func(l operate.Lock, _ *sts.Snapshot) operate.Intent {
			return operate.RecoverPod{Lock: l, Ordinal: 1, Action: a}
		}
	}
	lost := func() *sts.Inventory {
		inv := ststest.Web(5)
		inv.Pods[1].Spec.NodeName, inv.Pods[3].Spec.NodeName = "node-1", "node-1"
		inv.NodeStates = []sts.NodeState{ststest.LostNode("node-1", ststest.Now.Add(-time.Hour), inv.Pods[1], inv.Pods[3])}
		return inv
	}
	return []guardedVerb{
		{"recover", lost, recovers(record.OutOfService), []int{1, 3}, []int{0, 2, 4}},
		{"recover, delete-node", lost, recovers(record.DeleteNode), []int{1, 3}, []int{0, 2, 4}},
		{"recover, force-delete-pod", lost, recovers(record.ForceDeletePod), []int{1}, []int{0, 2, 3, 4}},
		{"canary start", web(), func(l operate.Lock, _ *sts.Snapshot) operate.Intent {
			return operate.StartCanary{Lock: l, Images: []operate.ImageRequest{{Image: "web:2"}}, Canaries: intstr.FromInt32(2)}
		}, []int{3, 4}, []int{0, 2}},
		{"canary start of a restart", web(), func(l operate.Lock, _ *sts.Snapshot) operate.Intent {
			return operate.StartCanary{Lock: l, RestartAt: "2026-03-01T12:00:00Z", Canaries: intstr.FromInt32(5)}
		}, []int{0, 4}, nil},
		{"canary promote", canary(2), func(l operate.Lock, s *sts.Snapshot) operate.Intent {
			return operate.NewPromoteCanary(operate.PromoteOptions{Lock: l}, s)
		}, []int{2}, []int{0, 1, 3, 4}},
		{"canary promote --full", canary(2), func(l operate.Lock, s *sts.Snapshot) operate.Intent {
			return operate.NewPromoteCanary(operate.PromoteOptions{Lock: l, Full: true}, s)
		}, []int{0, 1, 2}, []int{3, 4}},
		{"canary promote --auto", canary(2), func(l operate.Lock, _ *sts.Snapshot) operate.Intent { return operate.AutoPromote{Lock: l} }, []int{0, 1, 2}, []int{3, 4}},
		{"canary abort", canary(2), func(l operate.Lock, _ *sts.Snapshot) operate.Intent { return operate.AbortCanary{Lock: l} }, []int{3, 4}, []int{0, 2}},
		{"resume", canary(2, edit(func(c *record.Canary) { c.Paused = true })), func(l operate.Lock, _ *sts.Snapshot) operate.Intent { return operate.ResumeUpdate{Lock: l} }, []int{0, 2}, []int{3, 4}},
		{"unstick", canary(2, begun, crashing(3), crashing(4)), func(l operate.Lock, s *sts.Snapshot) operate.Intent {
			return operate.NewUnstick(operate.UnstickOptions{Lock: l}, s)
		}, []int{3, 4}, []int{0, 2}},
		// The template has moved on: the pod that fails blocks the update of all others.
		{"unstick forward", canary(2, begun, crashing(4), onSet(changedTemplate), func(inv *sts.Inventory) {
			*inv.Sets[0].Spec.UpdateStrategy.RollingUpdate.Partition = 1
			inv.Revisions = append(inv.Revisions, ststest.Revision(inv.Sets[0], "web-third", 3, ststest.Template("web:3")))
		}), func(l operate.Lock, s *sts.Snapshot) operate.Intent {
			return operate.NewUnstick(operate.UnstickOptions{Lock: l}, s)
		}, []int{1, 2, 3, 4}, []int{0}},
		// All pods go at once, and none of another revision is left.
		{"unstick under Recreate", func() *sts.Inventory {
			inv := recreating(5)
			crashing(0)(inv)
			return inv
		}, func(l operate.Lock, s *sts.Snapshot) operate.Intent {
			return operate.NewUnstick(operate.UnstickOptions{Lock: l}, s)
		}, []int{0, 2, 4}, nil},
		{"restart", web(), func(l operate.Lock, _ *sts.Snapshot) operate.Intent {
			l.Command = "restart"
			return operate.RestartPods{Lock: l, Ordinals: only}
		}, []int{1, 3}, []int{0, 2, 4}},
		{"drain-scale", web(), func(l operate.Lock, s *sts.Snapshot) operate.Intent {
			return operate.NewDrainScale(operate.DrainOptions{Lock: l, Replicas: 3, NoHooks: true}, s)
		}, []int{3, 4}, []int{0, 2}},
		{"drain-scale --pdb=ignore", web(), func(l operate.Lock, s *sts.Snapshot) operate.Intent {
			return operate.NewDrainScale(operate.DrainOptions{Lock: l, Replicas: 3, NoHooks: true, IgnoreBudgets: true}, s)
		}, []int{3, 4}, []int{0, 2}},
		{"drain-scale --park", web(func(inv *sts.Inventory) { inv.Budgets = nil }), func(l operate.Lock, s *sts.Snapshot) operate.Intent {
			return operate.NewDrainScale(operate.DrainOptions{Lock: l, Replicas: 0, Park: true, NoHooks: true}, s)
		}, []int{0, 4}, nil},
	}
}

// Every verb refuses, before anything is written, what would make a pod go whose claim is in
// a bad state.
func TestNoVerbTakesAPodWhoseDataWouldGo(t *testing.T) {
	for _, verb := range guardedVerbs() {
		for reason, spoil := range badStates {
			for o := range 5 {
				t.Run(fmt.Sprintf("%s/%s/%d", verb.name, reason, o), func(t *testing.T) {
					inv := verb.from()
					mounting(inv)
					name := inv.Claims[o].Name
					spoil(inv, o)
					s := inv.Snapshots()[0]
					last := lastOf(operate.Preview(verb.make(holder("1"), s), s))
					refused := last.Verdict == operate.Refused && last.Reason == operate.ReasonDataLoss
					switch {
					case slices.Contains(verb.goes, o) && (!refused || last.Subject != "persistentvolumeclaim/"+name || !strings.Contains(last.Message, name)):
						t.Errorf("pod web-%d would go: %+v", o, last)
					case slices.Contains(verb.stays, o) && refused:
						t.Errorf("pod web-%d stays: %+v", o, last)
					}
					rescuable := reason == diagnose.ClaimIsTerminating || reason == diagnose.VolumeIsTerminating
					if refused && strings.Contains(last.Hint.String(), "kubectl sts pvc-gc rescue "+name+" -n "+ststest.Namespace) != rescuable {
						t.Errorf("rescuable %t, hint %q", rescuable, last.Hint)
					}
					accepting := holder("1")
					accepting.AcceptDataLoss = true
					if last := lastOf(operate.Preview(verb.make(accepting, s), s)); last.Reason == operate.ReasonDataLoss {
						t.Errorf("with --accept-data-loss: %+v", last)
					}
					accepted := verb.make(accepting, s)
					if d := operate.Next(operate.Confirmed(accepted, s), s, operate.Facts{}); d.Reason == operate.ReasonDataLoss {
						t.Errorf("with --accept-data-loss, after the plan was shown: %+v", d)
					}
				})
			}
		}
		t.Run(verb.name+"/rescued", func(t *testing.T) {
			inv := verb.from()
			mounting(inv)
			for _, o := range verb.goes {
				rescued(inv, o)
			}
			if last := previewed(verb, inv); last.Reason == operate.ReasonDataLoss {
				t.Errorf("%+v", last)
			}
		})
		t.Run(verb.name+"/claims could not be read", func(t *testing.T) {
			inv := verb.from()
			mounting(inv)
			inv.Claims, inv.Missing = nil, []sts.Missing{{Resource: "persistentvolumeclaims", Reason: "forbidden"}}
			last := previewed(verb, inv)
			if last.Verdict != operate.Refused || last.Reason != operate.ReasonUnseen || !strings.Contains(last.Message, "persistentvolumeclaims") {
				t.Errorf("%+v", last)
			}
		})
		t.Run(verb.name+"/volumes could not be read", func(t *testing.T) {
			inv := verb.from()
			mounting(inv)
			inv.Volumes, inv.Missing = []sts.Volume{}, []sts.Missing{{Resource: "persistentvolumes", Reason: "forbidden"}}
			if last := previewed(verb, inv); last.Verdict == operate.Refused {
				t.Errorf("%+v", last)
			}
		})
	}
}

func previewed(verb guardedVerb, inv *sts.Inventory) operate.Decision {
	s := inv.Snapshots()[0]
	return lastOf(operate.Preview(verb.make(holder("1"), s), s))
}

func lastOf(steps []operate.Decision) operate.Decision { return steps[len(steps)-1] }

// A verb that has the claims guard has to be in the table above.
func TestEveryVerbThatRemovesPodsIsGuarded(t *testing.T) {
	covered := map[string]bool{}
	for _, verb := range guardedVerbs() {
		covered[fmt.Sprintf("%T", verb.make(holder("1"), verb.from().Snapshots()[0]))] = true
	}
	covered["operate.cancelDrain"] = true // it removes a finalizer: TestTheFinalizerStaysOnAPodWithAClaimAtRisk
	for _, v := range operate.Verbs() {
		if intent := fmt.Sprintf("%T", v.Intent); v.Without[guard.Claims] == "" && !covered[intent] {
			t.Errorf("%s: guardedVerbs has no %s", v.Name, intent)
		}
	}
}

// The guard checks what a pod mounts, whichever client created the claim.
func TestClaimsNamedInTheTemplateAreGuarded(t *testing.T) {
	inv := ststest.Web(3)
	inv.Sets[0].Spec.VolumeClaimTemplates = nil
	shared := inv.Claims[0].DeepCopy()
	shared.Name, shared.DeletionTimestamp = "shared", &metav1.Time{Time: ststest.Now}
	inv.Claims = []*corev1.PersistentVolumeClaim{shared}
	for _, pod := range inv.Pods {
		pod.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "shared"}}}}
	}
	last := lastOf(operate.Preview(restarter("1"), inv.Snapshots()[0]))
	if last.Reason != operate.ReasonDataLoss || last.Subject != "persistentvolumeclaim/shared" {
		t.Errorf("%+v", last)
	}
}

// A rescue of a volume that is being deleted counts for as long as the copy exists.
func TestARescueWithoutItsCopy(t *testing.T) {
	inv := ststest.Web(2)
	mounting(inv)
	badStates[diagnose.VolumeIsTerminating](inv, 1)
	inv.Volumes[1].ReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	inv.Volumes[1].Retained = &sts.RetainedClaim{UID: inv.Claims[1].UID, Copy: "pv-copy"}
	held := func() operate.Decision {
		return lastOf(operate.Preview(restarter("1"), inv.Snapshots()[0]))
	}
	if last := held(); last.Reason != operate.ReasonDataLoss {
		t.Errorf("without the copy: %+v", last)
	}
	inv.Volumes = append(inv.Volumes, sts.Volume{Name: "pv-copy"})
	if last := held(); last.Verdict != operate.Done {
		t.Errorf("with the copy: %+v", last)
	}
	inv.Volumes[2].DeletionTimestamp = &metav1.Time{Time: ststest.Now}
	if last := held(); last.Reason != operate.ReasonDataLoss {
		t.Errorf("the copy is being deleted: %+v", last)
	}
}

// A held pod and a pod that is scaled away may be what an update is blocked by.
func TestWhatUnblocksAnUpdateEndangersAllThatAreDue(t *testing.T) {
	inv := ststest.Web(3)
	mounting(inv)
	badStates[diagnose.ClaimIsTerminating](inv, 0)
	inv.Sets[0].Status.UpdateRevision = "web-new"
	ststest.Terminating(inv.Pods[2], ststest.Now)
	inv.Pods[2].Finalizers = []string{record.LeavingFinalizer}
	s := inv.Snapshots()[0]
	web2 := operate.PodRef{Name: "web-2", UID: inv.Pods[2].UID}
	for _, a := range []operate.SetAction{
		operate.NewRemoveFinalizer("", inv.Pods[2], 2), &operate.Scale{From: 3, To: 2}, &operate.DeletePod{PodRef: web2}, &operate.EvictPod{PodRef: web2},
	} {
		if risks := operate.Risks(a, s); len(risks) != 1 || risks[0].Claim != "data-web-0" {
			t.Errorf("%s: %+v", a.Type(), risks)
		}
	}
	if risks := operate.Risks(&operate.Scale{From: 3, To: 4}, s); len(risks) != 0 {
		t.Errorf("scaling up: %+v", risks)
	}
}

// A rescued claim that several pods mount goes only with the last of them: no pod that is
// replaced alone could start again, while all can be stopped.
func TestASharedClaimThatIsRescued(t *testing.T) {
	inv := ststest.Web(2)
	mounting(inv)
	rescued(inv, 0)
	inv.Pods[1].Spec.Volumes = append(inv.Pods[1].Spec.Volumes, inv.Pods[0].Spec.Volumes...)
	inv.Budgets = nil
	last := lastOf(operate.Preview(restarter("1"), inv.Snapshots()[0]))
	if last.Reason != operate.ReasonDataLoss || last.Subject != "persistentvolumeclaim/data-web-0" || !strings.Contains(last.Hint.String(), "pvc-gc undo data-web-0") {
		t.Errorf("%+v", last)
	}
	s := inv.Snapshots()[0]
	last = lastOf(operate.Preview(operate.NewDrainScale(operate.DrainOptions{Lock: holder("1"), Park: true, NoHooks: true}, s), s))
	if last.Verdict != operate.Done {
		t.Errorf("%+v", last)
	}
}

// What has nothing to lose is not protected: an ephemeral volume's claim, and the claims of a
// pod that never had a node.
func TestWhatHasNoDataIsNotGuarded(t *testing.T) {
	for name, change := range map[string]func(*sts.Inventory){
		"ephemeral": func(inv *sts.Inventory) {
			inv.Claims[2].Name = "web-2-scratch"
			inv.Pods[2].Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}}}
		},
		"no node": func(inv *sts.Inventory) { inv.Pods[2].Spec.NodeName = "" },
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(3)
			mounting(inv)
			badStates[diagnose.ClaimIsTerminating](inv, 2)
			change(inv)
			if last := lastOf(operate.Preview(restarter("1"), inv.Snapshots()[0])); last.Verdict != operate.Done {
				t.Errorf("%+v", last)
			}
		})
	}
}

// A claim may be deleted while its pod is held: then the pod must stay held.
func TestTheFinalizerStaysOnAPodWithAClaimAtRisk(t *testing.T) {
	inv := ststest.Web(5)
	mounting(inv)
	badStates[diagnose.ClaimIsTerminating](inv, 4)
	pod := inv.Pods[4]
	pod.Finalizers = []string{record.LeavingFinalizer}
	off := operate.NewRemoveFinalizer("", pod, 4)
	s := inv.Snapshots()[0]
	if risks := operate.Risks(off, s); len(risks) != 0 {
		t.Errorf("the pod is not being deleted: %+v", risks)
	}
	pod.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
	if risks := operate.Risks(off, inv.Snapshots()[0]); len(risks) != 1 || risks[0].Claim != "data-web-4" {
		t.Errorf("%+v", risks)
	}
}

// whenScaled: Delete is what the owner of the set has asked for: such a claim is not at risk
// once its ordinal is not desired any more.
func TestAClaimThatGoesByPolicyIsNotAtRisk(t *testing.T) {
	inv := ststest.Web(5)
	mounting(inv)
	badStates[diagnose.ClaimIsTerminating](inv, 4)
	*inv.Sets[0].Spec.Replicas = 4
	risks := func() []diagnose.ClaimRisk {
		s := inv.Snapshots()[0]
		return diagnose.ClaimRisks(s, s.Replicas()[4])
	}
	if got := risks(); len(got) != 1 {
		t.Errorf("deleted by a person: %+v", got)
	}
	inv.Claims[4].OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "web-4", UID: inv.Pods[4].UID}}
	if got := risks(); len(got) != 0 {
		t.Errorf("deleted with its pod: %+v", got)
	}
}

// Whatever makes a pod go disrupts: then pods, budgets and claims are read once more.
func TestDisrupts(t *testing.T) {
	spec := &operate.PatchSet{Ops: []operate.PatchOp{{Op: "replace", Path: "/spec/replicas"}}}
	annotations := &operate.PatchSet{Ops: []operate.PatchOp{{Op: "test", Path: "/spec/replicas"}, {Op: "add", Path: "/metadata/annotations/a"}}}
	for _, a := range []operate.SetAction{&operate.DeletePod{}, &operate.EvictPod{}, &operate.Scale{}, &operate.RemoveFinalizer{}, spec} {
		if !a.Disrupts() {
			t.Errorf("%s disrupts", a.Type())
		}
	}
	for _, a := range []operate.SetAction{&operate.AddFinalizer{}, &operate.DryRunEviction{}, &operate.Exec{}, annotations} {
		if a.Disrupts() {
			t.Errorf("%s disrupts nothing", a.Type())
		}
	}
}
