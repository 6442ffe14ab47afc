package operate_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// canaryRevision is what the canary in these tables runs.
const canaryRevision = "web-canary"

// change is one of what stands in an inventory.
type change = func(*sts.Inventory)

// standing is a canary of the highest n of 5 ordinals, all available, waiting to be promoted.
func standing(n sts.Ordinal) *sts.Inventory {
	inv := ststest.Web(5)
	set := inv.Sets[0]
	from := sts.End(set) - n
	stable, err := sts.RevisionTemplate(inv.Revisions[0])
	if err != nil {
		panic(err) // we made it
	}
	set.Spec.Template = ststest.Template("web:2")
	*set.Spec.UpdateStrategy.RollingUpdate.Partition = int32(from)
	set.Generation, set.Status.ObservedGeneration = 2, 2
	set.Status.UpdateRevision = canaryRevision
	inv.Revisions = append(inv.Revisions, ststest.Revision(set, canaryRevision, 2, set.Spec.Template))
	for o := from; o < sts.End(set); o++ {
		inv.Pods[o] = ststest.Pod(set, o, canaryRevision)
	}
	recordCanary(set, record.Canary{StableRevision: ststest.StableRevision, StableTemplate: stable, Partition: int32(from), Generation: 2,
		TemplateDigest: record.TemplateDigest(&set.Spec.Template), StartedBy: "alice@laptop", StartedAt: ststest.Now.Add(-time.Hour)})
	return inv
}

func recordCanary(set *appsv1.StatefulSet, c record.Canary) {
	if set.Annotations == nil {
		set.Annotations = map[string]string{}
	}
	set.Annotations[record.CanaryAnnotation] = sts.EncodeAnnotation(c)
}

// edit changes the canary's record.
func edit(f func(*record.Canary)) change {
	return func(inv *sts.Inventory) {
		c, err := record.ReadCanary(inv.Sets[0])
		if err != nil {
			panic(err)
		}
		f(c)
		recordCanary(inv.Sets[0], *c)
	}
}

// aborted is a canary whose stable template has been put back; its pods are to follow.
func aborted(n sts.Ordinal) *sts.Inventory {
	inv := standing(n)
	set := inv.Sets[0]
	set.Spec.Template = ststest.Template(ststest.StableImage)
	set.Status.UpdateRevision = ststest.StableRevision
	set.Generation, set.Status.ObservedGeneration = 3, 3
	edit(func(c *record.Canary) { c.Aborting, c.Generation = true, 3 })(inv)
	return inv
}

func owned(by, id string) change {
	return func(inv *sts.Inventory) {
		if inv.Sets[0].Annotations == nil {
			inv.Sets[0].Annotations = map[string]string{}
		}
		inv.Sets[0].Annotations[record.OwnerAnnotation] = sts.EncodeAnnotation(record.Owner{Name: by, ID: id, Command: "canary promote", Since: ststest.Now})
	}
}

func onSet(f func(*appsv1.StatefulSet)) change { return func(inv *sts.Inventory) { f(inv.Sets[0]) } }

// underOperator is a set that an operator manages.
var underOperator = onSet(func(s *appsv1.StatefulSet) {
	s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "cassandra.example/v1", Kind: "Ring", Name: "web", UID: "u", Controller: new(true)}}
})

func annotated(key, value string) change {
	return onSet(func(set *appsv1.StatefulSet) { annotate(set, key, value) })
}

func annotate(set *appsv1.StatefulSet, key, value string) {
	if set.Annotations == nil {
		set.Annotations = map[string]string{}
	}
	set.Annotations[key] = value
}

func onPod(o int, f func(*corev1.Pod)) change { return func(inv *sts.Inventory) { f(inv.Pods[o]) } }

func crashing(o int) change { return onPod(o, ststest.Crashing) }

func starting(o int) change {
	return onPod(o, func(p *corev1.Pod) { ststest.NotReady(p, ststest.Now.Add(-time.Minute)) })
}

func budget(healthy, desired, expected int32) change {
	return func(inv *sts.Inventory) {
		inv.Budgets[0].Status = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 1, CurrentHealthy: healthy, DesiredHealthy: desired,
			ExpectedPods: expected, DisruptionsAllowed: max(0, healthy-desired)}
	}
}

// movedPartition is a write of another client.
func movedPartition(to int32) change {
	return onSet(func(set *appsv1.StatefulSet) {
		*set.Spec.UpdateStrategy.RollingUpdate.Partition = to
		set.Generation, set.Status.ObservedGeneration = 9, 9
		set.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "helm",
			FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{},"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}`)}}
	})
}

func changedTemplate(set *appsv1.StatefulSet) {
	set.Spec.Template = ststest.Template("web:3")
	set.Generation, set.Status.ObservedGeneration, set.Status.UpdateRevision = 9, 9, "web-third"
}

type decisionCase struct {
	name    string
	from    *sts.Inventory
	changes []change
	intent  operate.Intent
	facts   operate.Facts
	verdict operate.Verdict
	reason  string
}

// uncreated has no pod of the ordinal, because the controller has failed to create it so many
// times, for so long.
func uncreated(o int, times int32, span time.Duration) change {
	return func(inv *sts.Inventory) {
		inv.Pods = slices.Delete(inv.Pods, o, o+1)
		controllerSays(inv, "FailedCreate", fmt.Sprintf("create Pod web-%d in StatefulSet web failed error: exceeded quota", o), times, span)
	}
}

// undeletable is a pod that admission does not let the controller delete.
func undeletable(o int) change {
	return func(inv *sts.Inventory) {
		controllerSays(inv, "FailedDelete", fmt.Sprintf("delete Pod web-%d in StatefulSet web failed error: protected by backup-guard", o), 11, 10*time.Second)
	}
}

func controllerSays(inv *sts.Inventory, reason, message string, times int32, span time.Duration) {
	inv.Events = append(inv.Events, &corev1.Event{
		InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID},
		Type:           corev1.EventTypeWarning, Reason: reason, Message: message, Count: times,
		FirstTimestamp: metav1.NewTime(ststest.Now.Add(-span)), LastTimestamp: metav1.NewTime(ststest.Now),
	})
}

// taking is a pod that has lost the set's labels, and has the name of the ordinal's.
func taking(o int) change {
	return func(inv *sts.Inventory) {
		pod := inv.Pods[o]
		inv.Pods = slices.Delete(inv.Pods, o, o+1)
		pod.Labels, pod.OwnerReferences = nil, nil
		inv.Strangers = append(inv.Strangers, pod)
	}
}

// motionless has a set whose status was last written an hour ago.
func motionless(inv *sts.Inventory) {
	at := metav1.NewTime(ststest.Now.Add(-time.Hour))
	inv.Sets[0].ManagedFields = append(inv.Sets[0].ManagedFields, metav1.ManagedFieldsEntry{Subresource: "status", Time: &at})
}

func startCases() []decisionCase {
	one, dryRun := start("1", "web:2", 1), stores("web:2")
	with := func(f func(*operate.StartCanary)) operate.StartCanary {
		i := one
		f(&i)
		return i
	}
	took := with(func(i *operate.StartCanary) { i.TakeOver = true })
	goal := func(o sts.Ordinal, of string) change {
		return edit(func(c *record.Canary) { c.Goal, c.GoalOf = &o, of })
	}
	twoContainers := onSet(func(set *appsv1.StatefulSet) {
		set.Spec.Template.Spec.Containers = append(set.Spec.Template.Spec.Containers, corev1.Container{Name: "sidecar", Image: "log:1"})
		set.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "restore", Image: "web:1"}}
	})
	images := func(requests ...operate.ImageRequest) operate.StartCanary {
		return with(func(i *operate.StartCanary) { i.Images = requests })
	}
	return []decisionCase{
		{"the highest ordinal", ststest.Web(5), nil, one, dryRun, operate.Do, "Start"},
		{"two fifths", ststest.Web(5), nil, with(func(i *operate.StartCanary) { i.Canaries = intstr.FromString("21%") }), dryRun, operate.Do, "Start"},
		{"every ordinal", ststest.Web(5), nil, start("1", "web:2", 5), dryRun, operate.Do, "Start"},
		{"from an ordinal", ststest.Web(5), nil, with(func(i *operate.StartCanary) { i.From = new(sts.Ordinal(2)) }), dryRun, operate.Do, "Start"},
		{"ordinals from 3", ststest.Web(0), []change{func(inv *sts.Inventory) {
			*inv = *ststest.Web(5)
			inv.Sets[0].Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
			inv.Pods = nil
			for o := sts.Ordinal(3); o < 8; o++ {
				inv.Pods = append(inv.Pods, ststest.Pod(inv.Sets[0], o, ststest.StableRevision))
			}
		}}, one, dryRun, operate.Do, "Start"},
		{"annotations of others stay", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{"a/b~c": "d"} })}, one, dryRun, operate.Do, "Start"},
		{"empty annotations", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{} })}, one, dryRun, operate.Do, "Start"},
		{"no rollingUpdate", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate = nil })}, one, dryRun, operate.Do, "Start"},
		{"no partition", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate.Partition = nil })}, one, dryRun, operate.Do, "Start"},
		{"the partition stands there already", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32(1)) })}, one, dryRun, operate.Do, "Start"},
		{"a token of a killed command of ours", ststest.Web(2), []change{owned("alice@laptop", "0")}, one, dryRun, operate.Do, "Start"},
		{"a token taken over", ststest.Web(2), []change{owned("bob@desk", "0")}, took, dryRun, operate.Do, "Start"},
		{"containers by name", ststest.Web(2), []change{twoContainers}, images(operate.ImageRequest{Container: "sidecar", Image: "log:2"}, operate.ImageRequest{Container: "restore", Image: "web:2"}), dryRun, operate.Do, "Start"},
		{"the default container", ststest.Web(2), []change{twoContainers, onSet(func(s *appsv1.StatefulSet) {
			s.Spec.Template.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "sidecar"}
		})}, images(operate.ImageRequest{Image: "log:2"}), dryRun, operate.Do, "Start"},
		{"only what differs", ststest.Web(2), []change{twoContainers}, images(operate.ImageRequest{Container: "app", Image: "web:1"}, operate.ImageRequest{Container: "sidecar", Image: "log:2"}), dryRun, operate.Do, "Start"},
		{"a restart", ststest.Web(2), nil, operate.StartCanary{Lock: holder("1"), RestartAt: "2026-03-01T12:00:00Z", Canaries: intstr.FromInt32(1)}, operate.Facts{}, operate.Do, "Start"},
		{"a patch", ststest.Web(2), nil, operate.StartCanary{Lock: holder("1"), Patch: json.RawMessage(`{"spec":{"containers":[{"name":"app","env":[{"name":"A","value":"b"}]}]}}`), Canaries: intstr.FromInt32(1)}, operate.Facts{}, operate.Do, "Start"},

		{"nothing to change", ststest.Web(5), nil, start("1", ststest.StableImage, 1), operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"which container?", ststest.Web(2), []change{twoContainers}, one, operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"no such container", ststest.Web(2), nil, images(operate.ImageRequest{Container: "db", Image: "x"}), operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"two images for one", ststest.Web(2), nil, images(operate.ImageRequest{Image: "x"}, operate.ImageRequest{Container: "app", Image: "y"}), operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"more canaries than ordinals", ststest.Web(2), nil, start("1", "web:2", 3), operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"from an ordinal that it has not", ststest.Web(2), nil, with(func(i *operate.StartCanary) { i.From = new(sts.Ordinal(7)) }), operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"parked", ststest.Web(0), nil, one, operate.Facts{}, operate.Refused, operate.ReasonParked},
		{"OnDelete", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })}, one, operate.Facts{}, operate.Refused, operate.ReasonStrategy},
		{"Recreate", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "Recreate" })}, one, operate.Facts{}, operate.Refused, operate.ReasonStrategy},
		{"deleting", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })}, one, operate.Facts{}, operate.Refused, operate.ReasonDeleting},
		{"not observed", ststest.Web(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Generation++ })}, one, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},
		{"an update in progress", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })}, start("1", "web:3", 1), operate.Facts{}, operate.Refused, operate.ReasonUpdateOnItsWay},
		{"pods on an old revision though status says done", ststest.Web(3), []change{onPod(1, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "old" })}, one, operate.Facts{}, operate.Refused, operate.ReasonUpdateOnItsWay},
		{"another pod is failing", ststest.Web(3), []change{crashing(0)}, one, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"the target itself is failing", ststest.Web(3), []change{crashing(2), budget(2, 2, 3)}, one, dryRun, operate.Do, "Start"},
		{"another pod is starting", ststest.Web(3), []change{starting(0)}, one, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"a scale-down in progress", ststest.Web(3), []change{onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 2 })}, one, operate.Facts{}, operate.Wait, operate.ReasonScalingDown},
		{"a budget that never allows it", ststest.Web(3), []change{budget(3, 3, 3)}, one, operate.Facts{}, operate.Refused, operate.ReasonBudgetAlwaysBlocks},
		{"a budget that is short", ststest.Web(3), []change{budget(2, 2, 3)}, one, operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},
		{"a record that can't be read", ststest.Web(3), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{record.CanaryAnnotation: "{"} })}, one, operate.Facts{}, operate.Refused, operate.ReasonBadRecord},
		{"a token that can't be read", ststest.Web(3), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{record.OwnerAnnotation: "{"} })}, one, operate.Facts{}, operate.Refused, operate.ReasonBadRecord},
		{"locked by another owner", ststest.Web(3), []change{owned("bob@desk", "0")}, one, operate.Facts{}, operate.Refused, operate.ReasonOwned},
		{"taken over from us", standing(1), []change{owned("bob@desk", "0")}, took, operate.Facts{Wrote: true}, operate.Refused, operate.ReasonTakenOver},
		{"our token is gone", standing(1), nil, one, operate.Facts{Wrote: true}, operate.Refused, operate.ReasonTakenOver},
		{"another command of ours took over", standing(1), []change{owned("alice@laptop", "2")}, one, operate.Facts{Wrote: true}, operate.Refused, operate.ReasonTakenOver},

		{"waiting for the canary", standing(1), []change{owned("alice@laptop", "1"), starting(4)}, one, operate.Facts{Wrote: true}, operate.Wait, operate.ReasonPodNotAvailable},
		{"waiting for the old pod to go", standing(1), []change{owned("alice@laptop", "1"), onPod(4, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = ststest.StableRevision })}, one, operate.Facts{Wrote: true}, operate.Wait, operate.ReasonPodNotAvailable},
		{"not waiting", standing(1), []change{owned("alice@laptop", "1"), starting(4)}, with(func(i *operate.StartCanary) { i.NoWait = true }), operate.Facts{Wrote: true}, operate.Done, operate.ReasonPaused},
		{"the canary fails", standing(1), []change{owned("alice@laptop", "1"), crashing(4)}, one, operate.Facts{Wrote: true}, operate.Stuck, operate.ReasonPodFailing},
		{"a lower pod fails meanwhile", standing(1), []change{owned("alice@laptop", "1"), crashing(0), starting(4)}, one, operate.Facts{Wrote: true}, operate.Stuck, operate.ReasonPodFailing},
		{"the canary stands", standing(1), []change{owned("alice@laptop", "1")}, one, operate.Facts{Wrote: true}, operate.Done, operate.ReasonPaused},
		{"run again", standing(1), nil, one, operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"run again with another image", standing(1), nil, start("1", "web:3", 1), operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"run again with another count", standing(1), nil, start("1", "web:2", 2), operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"killed, then scaled", standing(1), []change{goal(4, "canary"), onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 4 }), func(inv *sts.Inventory) { inv.Pods = inv.Pods[:4] }}, one, operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"the goal of another command", standing(1), []change{goal(2, "canary promote")}, start("1", "web:2", 2), operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"being aborted", aborted(1), nil, start("1", ststest.StableImage, 1), operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"another client moved the partition", standing(1), []change{movedPartition(3)}, one, operate.Facts{}, operate.Refused, operate.ReasonMoved},
		{"another client changed the template", standing(1), []change{onSet(changedTemplate)}, start("1", "web:3", 1), operate.Facts{}, operate.Refused, operate.ReasonTemplateChanged},
	}
}

// promoting is a promotion that starts in the very snapshot that it looks at.
type promoting operate.PromoteOptions

func (p promoting) from(s *sts.Snapshot) operate.Intent {
	return operate.NewPromoteCanary(operate.PromoteOptions(p), s)
}

func (p promoting) Next(s *sts.Snapshot, f operate.Facts) operate.Decision {
	return p.from(s).Next(s, f)
}

func promoteCases() []decisionCase {
	by := func(f func(*promoting)) promoting {
		i := promoting{Lock: holder("1")}
		f(&i)
		return i
	}
	one := by(func(*promoting) {})
	full := by(func(i *promoting) { i.Full = true })
	to := func(o sts.Ordinal) promoting { return by(func(i *promoting) { i.To = &o }) }
	took := by(func(i *promoting) { i.TakeOver = true })
	complete := onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })
	before := edit(func(c *record.Canary) { c.PartitionBefore = 4 })
	derived := onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })
	// adopted is an update of another client's that was promoted to the last ordinal.
	adopted := func(partition int32, replicas *int32) change {
		return edit(func(c *record.Canary) { c.Adopted, c.PartitionBefore, c.Replicas = true, partition, replicas })
	}
	scaledDown := func(inv *sts.Inventory) {
		*inv.Sets[0].Spec.Replicas = 3
		inv.Sets[0].Generation, inv.Sets[0].Status.ObservedGeneration = 3, 3
		inv.Pods = inv.Pods[:3]
	}
	resolved := func(i promoting, at *sts.Inventory) operate.Intent { return i.from(at.Snapshots()[0]) }
	return []decisionCase{
		{"one more", standing(1), nil, one, operate.Facts{}, operate.Do, "Step"},
		{"to the ordinal", standing(1), nil, to(1), operate.Facts{}, operate.Do, "Step"},
		{"all, one at a time", standing(1), nil, full, operate.Facts{}, operate.Do, "Step"},
		{"a killed command of ours is resumed", standing(2), []change{edit(func(c *record.Canary) { c.Goal, c.GoalOf = new(sts.Ordinal(3)), "canary" })}, one, operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"the goal of another command is not ours", standing(2), []change{edit(func(c *record.Canary) { c.Goal, c.GoalOf = new(sts.Ordinal(3)), "canary start" })}, one, operate.Facts{}, operate.Do, "Step"},
		{"one more is one, however often it looks", standing(2), nil, resolved(one, standing(1)), operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"further than asked already", standing(3), nil, to(4), operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"a failing pod blocks nothing but itself", standing(1), []change{crashing(3), budget(4, 4, 5)}, one, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"partition beyond the end", standing(1), []change{scaledDown}, one, operate.Facts{}, operate.Do, "Step"},
		{"scaled down below the goal meanwhile", standing(2), []change{scaledDown, edit(func(c *record.Canary) { c.Goal, c.GoalOf = new(sts.Ordinal(3)), "canary" })},
			to(3), operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"scaled down below what is asked for before", standing(2), []change{scaledDown}, to(3), operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"by hand, after it had promoted itself", standing(2), []change{edit(func(c *record.Canary) { c.Auto = &record.Auto{Soak: "5m0s"} })}, one, operate.Facts{}, operate.Do, "Step"},
		{"by hand, without a record", standing(2), []change{derived}, one, operate.Facts{}, operate.Do, "Step"},
		{"without a record, begun by a field manager", standing(2), []change{derived, onSet(func(s *appsv1.StatefulSet) {
			s.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl-set", Time: &metav1.Time{Time: ststest.Now.Add(-time.Hour)},
				FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{"f:image":{}}}}}}}`)}}
		})}, one, operate.Facts{}, operate.Do, "Step"},
		{"frozen with 999 before an update of another client's", standing(5), []change{complete, adopted(999, new(int32(5)))}, full, operate.Facts{}, operate.Do, "Finish"},
		{"frozen with as many as there are replicas", standing(5), []change{complete, adopted(5, new(int32(5)))}, full, operate.Facts{}, operate.Do, "Finish"},
		{"frozen when it had fewer replicas", standing(5), []change{complete, adopted(3, new(int32(3)))}, full, operate.Facts{}, operate.Do, "Finish"},
		{"frozen, by an older record", standing(5), []change{complete, adopted(999, nil)}, full, operate.Facts{}, operate.Do, "Finish"},
		{"a canary made by hand ends", standing(5), []change{complete, adopted(3, new(int32(5)))}, full, operate.Facts{}, operate.Do, "Finish"},
		{"a canary of ours on a frozen set", standing(5), []change{complete, edit(func(c *record.Canary) { c.PartitionBefore = 999 })}, full, operate.Facts{}, operate.Do, "Finish"},
		{"moved by another client, taken over", standing(2), []change{movedPartition(4)}, took, operate.Facts{}, operate.Do, "Step"},
		{"another template, taken over", standing(1), []change{onSet(changedTemplate), onPod(4, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "web-third" })}, took, operate.Facts{}, operate.Do, "Step"},
		{"another client scaled, which is allowed", standing(1), []change{onSet(func(s *appsv1.StatefulSet) { s.Generation, s.Status.ObservedGeneration = 7, 7 })}, one, operate.Facts{}, operate.Do, "Step"},

		{"all are on it", standing(5), nil, full, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},
		{"all are on it, the controller has seen it", standing(5), []change{complete}, full, operate.Facts{}, operate.Do, "Finish"},
		{"the partition goes back", standing(5), []change{complete, before}, full, operate.Facts{}, operate.Do, "Finish"},
		{"without a record there is nothing to forget", standing(5), []change{derived}, full, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},

		{"no canary", ststest.Web(3), nil, one, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"no such ordinal", standing(1), nil, to(9), operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"waiting for the last step", standing(2), []change{starting(3)}, full, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"the last step failed", standing(2), []change{crashing(3)}, full, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"a lower pod is starting", standing(2), []change{starting(0)}, full, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"a lower pod is failing", standing(2), []change{crashing(0)}, full, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"minReadySeconds", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.MinReadySeconds = 30 }),
			onPod(3, func(p *corev1.Pod) { ststest.Ready(p, ststest.Now.Add(-29*time.Second)) })}, full, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"a budget that is short", standing(2), []change{budget(4, 4, 5)}, full, operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},
		{"a budget that never allows it", standing(2), []change{budget(5, 5, 5)}, full, operate.Facts{}, operate.Refused, operate.ReasonBudgetAlwaysBlocks},
		{"a second budget that is short", standing(2), []change{func(inv *sts.Inventory) {
			second := inv.Budgets[0].DeepCopy()
			second.Name, second.Status.DisruptionsAllowed, second.Status.CurrentHealthy = "z-second", 0, 3
			inv.Budgets = append(inv.Budgets, second)
		}}, full, operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},
		{"not observed", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration = 1 })}, full, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},
		{"being aborted", aborted(2), nil, full, operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"deleting", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })}, full, operate.Facts{}, operate.Refused, operate.ReasonDeleting},
		{"OnDelete", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })}, full, operate.Facts{}, operate.Refused, operate.ReasonStrategy},
		{"locked by another owner", standing(2), []change{owned("bob@desk", "7")}, full, operate.Facts{}, operate.Refused, operate.ReasonOwned},
		{"taken over from us", standing(2), []change{owned("bob@desk", "7")}, full, operate.Facts{Wrote: true}, operate.Refused, operate.ReasonTakenOver},
		{"another client moved the partition", standing(2), []change{movedPartition(1)}, full, operate.Facts{}, operate.Refused, operate.ReasonMoved},
		{"another client changed the template", standing(2), []change{onSet(changedTemplate)}, full, operate.Facts{}, operate.Refused, operate.ReasonTemplateChanged},
		{"by hand, and the old revision is gone", standing(2), []change{derived, func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }}, full, operate.Facts{}, operate.Refused, operate.ReasonRevisionGone},
		{"a record that can't be read", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations[record.CanaryAnnotation] = "[]" })}, full, operate.Facts{}, operate.Refused, operate.ReasonBadRecord},
	}
}

func abortCases() []decisionCase {
	abort := operate.AbortCanary{Lock: holder("1")}
	took := operate.AbortCanary{Lock: operate.Lock{Owner: holder("1").Owner, TakeOver: true}}
	still := func(d time.Duration) operate.Facts { return operate.Facts{Still: d} }
	parallel := onSet(func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = "Parallel" })
	back := func(ordinals ...int) change {
		return func(inv *sts.Inventory) {
			for _, o := range ordinals {
				inv.Pods[o] = ststest.Pod(inv.Sets[0], sts.Ordinal(o), inv.Sets[0].Status.UpdateRevision)
			}
		}
	}
	atMost := func(n int32) operate.AbortCanary {
		return operate.AbortCanary{Lock: holder("1"), Deletions: operate.Deletions{Max: &n}}
	}
	applied := func(inv *sts.Inventory) {
		changedTemplate(inv.Sets[0])
		inv.Revisions = append(inv.Revisions, ststest.Revision(inv.Sets[0], "web-third", 3, ststest.Template("web:3")))
		inv.Sets[0].ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "helm", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{}}}`)}}
	}
	reencoded := func(inv *sts.Inventory) {
		set := inv.Sets[0]
		set.Status.UpdateRevision = "web-reencoded"
		inv.Revisions = append(inv.Revisions, ststest.Revision(set, "web-reencoded", 3, ststest.Template(ststest.StableImage)))
	}
	return []decisionCase{
		{"a healthy canary", standing(2), nil, abort, operate.Facts{}, operate.Do, "Restore"},
		{"a failing canary", standing(2), []change{crashing(4)}, abort, operate.Facts{}, operate.Do, "Restore"},
		{"before the canary's pod is made", standing(1), []change{func(inv *sts.Inventory) { inv.Pods = inv.Pods[:4] }}, abort, operate.Facts{}, operate.Do, "Restore"},
		{"the controller has not seen the start", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration = 1 })}, abort, operate.Facts{}, operate.Do, "Restore"},
		{"after a scale to zero every ordinal is off stable", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision }), func(inv *sts.Inventory) {
			inv.Revisions = inv.Revisions[1:]
			for o := range inv.Pods {
				inv.Pods[o].Labels[appsv1.StatefulSetRevisionLabel] = canaryRevision
			}
		}}, abort, operate.Facts{}, operate.Do, "Restore"},
		{"parked meanwhile", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 0 }), func(inv *sts.Inventory) { inv.Pods = nil }}, abort, operate.Facts{}, operate.Do, "Restore"},
		{"by hand, without a record", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })}, abort, operate.Facts{}, operate.Do, "Restore"},
		{"the partition was moved", standing(2), []change{movedPartition(0)}, abort, operate.Facts{}, operate.Do, "Restore"},
		{"another template was applied", standing(2), []change{onSet(changedTemplate)}, abort, operate.Facts{}, operate.Do, "Restore"},

		{"they follow by themselves", aborted(2), nil, abort, still(time.Hour), operate.Wait, operate.ReasonPodNotAvailable},
		{"one is terminating", aborted(2), []change{onPod(4, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now) })}, abort, still(time.Hour), operate.Wait, operate.ReasonPodNotAvailable},
		{"its own deletion was refused a pod a moment ago", aborted(2), []change{back(3), uncreated(4, 3, time.Second)}, abort, still(time.Hour), operate.Wait, operate.ReasonPodNotAvailable},
		{"the stable pod cannot be created, either", aborted(2), []change{back(3), uncreated(4, 11, 10*time.Second)}, abort, still(time.Hour), operate.Stuck, operate.ReasonPodFailing},
		{"an updated pod cannot be deleted", aborted(2), []change{back(3), undeletable(4)}, abort, still(time.Hour), operate.Stuck, operate.ReasonPodFailing},
		{"a failing pod, not for long enough", aborted(2), []change{crashing(4)}, abort, still(2 * time.Second), operate.Wait, operate.ReasonPodNotAvailable},
		{"a failing pod is in the way", aborted(2), []change{crashing(4)}, abort, still(3 * time.Second), operate.Do, "DeleteBlocker"},
		{"a starting pod, not for long enough", aborted(2), []change{starting(4)}, abort, still(29 * time.Second), operate.Wait, operate.ReasonPodNotAvailable},
		{"a starting pod is in the way", aborted(2), []change{starting(4)}, abort, still(30 * time.Second), operate.Do, "DeleteBlocker"},
		{"OrderedReady: the lowest first", aborted(3), []change{crashing(2), crashing(4)}, abort, still(time.Hour), operate.Do, "DeleteBlocker"},
		{"Parallel: one after the other", aborted(3), []change{parallel, crashing(2), crashing(4)}, abort, still(time.Hour), operate.Do, "DeleteBlocker"},
		{"a pod on stable is never deleted", aborted(2), []change{back(4), crashing(4)}, abort, still(time.Hour), operate.Stuck, operate.ReasonPodFailing},
		{"a pod on stable below is never deleted", aborted(2), []change{crashing(0), crashing(4)}, abort, still(time.Hour), operate.Stuck, operate.ReasonPodFailing},
		{"a pod on stable is starting", aborted(2), []change{back(4), starting(4)}, abort, still(time.Hour), operate.Wait, operate.ReasonPodNotAvailable},
		{"more pods came up on the canary", aborted(1), []change{onPod(1, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = canaryRevision })}, abort, still(time.Hour), operate.Do, "Lower"},
		{"the controller is finishing", aborted(2), []change{back(3, 4), onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })}, abort, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},
		{"all are back", aborted(2), []change{back(3, 4)}, abort, operate.Facts{}, operate.Do, "Finish"},
		{"all are back, others' annotations stay", aborted(2), []change{back(3, 4), owned("alice@laptop", "1"), onSet(func(s *appsv1.StatefulSet) { s.Annotations["x"] = "y" })}, abort, operate.Facts{Wrote: true}, operate.Do, "Finish"},
		{"the partition goes back", aborted(2), []change{back(3, 4), edit(func(c *record.Canary) { c.PartitionBefore = 1 })}, abort, operate.Facts{}, operate.Do, "Finish"},
		{"encoded again: they follow", aborted(2), []change{reencoded}, abort, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"encoded again: the partition stays", aborted(2), []change{reencoded, back(3, 4)}, abort, operate.Facts{}, operate.Do, "Finish"},
		{"encoded again, with fields that a newer server adds", aborted(2), []change{reencoded, back(3, 4), func(inv *sts.Inventory) {
			inv.Sets[0].Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyAlways
			edit(func(c *record.Canary) { c.TemplateDigest = record.TemplateDigest(&inv.Sets[0].Spec.Template) })(inv)
		}}, abort, operate.Facts{}, operate.Do, "Finish"},

		{"no canary", ststest.Web(3), nil, abort, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"not observed", aborted(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration = 2 })}, abort, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},
		{"deleting", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })}, abort, operate.Facts{}, operate.Refused, operate.ReasonDeleting},
		{"OnDelete", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })}, abort, operate.Facts{}, operate.Refused, operate.ReasonStrategy},
		{"locked by another owner", standing(2), []change{owned("bob@desk", "7")}, abort, operate.Facts{}, operate.Refused, operate.ReasonOwned},
		{"locked by another owner, taken over", standing(2), []change{owned("bob@desk", "7")}, took, operate.Facts{}, operate.Do, "Restore"},
		{"taken over from us", aborted(2), []change{owned("bob@desk", "7")}, took, operate.Facts{Wrote: true}, operate.Refused, operate.ReasonTakenOver},
		{"the partition was moved on the way", aborted(2), []change{movedPartition(0)}, abort, operate.Facts{}, operate.Refused, operate.ReasonMoved},
		{"another template was applied on the way", aborted(2), []change{applied}, abort, operate.Facts{}, operate.Refused, operate.ReasonTemplateChanged},
		{"another template was applied on the way, taken over", aborted(2), []change{applied}, took, operate.Facts{}, operate.Do, "Restore"},
		{"another template was applied on the way, once too often", aborted(2), []change{applied, owned("alice@laptop", "1")}, took, operate.Facts{Wrote: true, Restored: 1}, operate.Refused, operate.ReasonTemplateChanged},
		{"all are back, and another client had applied the template", aborted(2), []change{back(3, 4), edit(func(c *record.Canary) { c.AppliedBy = "field manager helm" })}, abort, operate.Facts{}, operate.Do, "Finish"},

		{"as many pods deleted as are allowed", aborted(2), []change{crashing(4)}, atMost(1), operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"u": "web-3"}}, operate.Stuck, operate.ReasonMaxDeletes},
		{"no pod may be deleted", aborted(2), []change{crashing(4)}, atMost(0), still(time.Hour), operate.Stuck, operate.ReasonMaxDeletes},
		{"a pod fewer than are allowed", aborted(2), []change{crashing(4)}, atMost(2), operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"u": "web-4"}}, operate.Do, "DeleteBlocker"},
		{"a deletion whose answer was lost", aborted(2), []change{crashing(4)}, atMost(1), operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"web-4-uid": "web-4"}}, operate.Do, "DeleteBlocker"},
		{"another ordinal", aborted(2), []change{crashing(4)}, abort, operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"u": "web-3"}}, operate.Do, "DeleteBlocker"},
		{"no pod twice", aborted(2), []change{crashing(4)}, abort, operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"u": "web-4"}}, operate.Stuck, operate.ReasonMaxDeletes},

		{"by hand, and the old revision is gone", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil }), func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }}, abort, operate.Facts{}, operate.Refused, operate.ReasonRevisionGone},
		{"by hand, and the controller has forgotten the old revision", standing(2), []change{func(inv *sts.Inventory) {
			inv.Revisions = inv.Revisions[1:]
			inv.Sets[0].Annotations, inv.Sets[0].Status.CurrentRevision = nil, canaryRevision
		}}, abort, operate.Facts{}, operate.Refused, operate.ReasonRevisionGone},
		{"by hand, and undone by hand", standing(2), []change{onSet(func(s *appsv1.StatefulSet) {
			s.Annotations, s.Spec.Template, s.Status.UpdateRevision = nil, ststest.Template(ststest.StableImage), ststest.StableRevision
		})}, abort, operate.Facts{}, operate.Do, "Restore"},
		{"a record that can't be read", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations[record.CanaryAnnotation] = "" })}, abort, operate.Facts{}, operate.Refused, operate.ReasonBadRecord},
	}
}

// answers are the facts after an intent has asked all that it wants to know at once.
// Questions that say gives no answer to are still open.
func answers(i operate.Intent, inv *sts.Inventory, say func(*operate.Exec) *operate.ExecResult) operate.Facts {
	s, f := inv.Snapshots()[0], operate.Facts{Wrote: true, Started: map[string]bool{}, Results: map[string]operate.ExecResult{}}
	for {
		run, ok := i.Next(s, f).Action.(*operate.Exec)
		if !ok {
			return f
		}
		f.Started[run.Key] = true
		if a := say(run); a != nil {
			f.Results[run.Key] = *a
		}
	}
}

func autoCases() []decisionCase {
	by := func(f func(*operate.AutoPromote)) operate.AutoPromote {
		i := operate.AutoPromote{Lock: holder("1"), Gates: operate.Gates{Timeout: time.Minute}}
		f(&i)
		return i
	}
	steps := func(text string) []intstr.IntOrString {
		out, err := operate.ParseSteps(text)
		if err != nil {
			panic(err) // they are written below
		}
		return out
	}
	oneByOne := by(func(*operate.AutoPromote) {})
	in := func(text string) operate.AutoPromote {
		return by(func(i *operate.AutoPromote) { i.Steps = steps(text) })
	}
	soaking := func(d time.Duration) operate.AutoPromote {
		return by(func(i *operate.AutoPromote) { i.Steps, i.Gates.Soak = steps("2,4"), d })
	}
	tolerant := by(func(i *operate.AutoPromote) { i.Gates.MaxRestarts = 2 })
	checking := by(func(i *operate.AutoPromote) { i.Gates.Checks = []string{"./smoke", "./more"} })
	probing := by(func(i *operate.AutoPromote) { i.Gates.Execs = []string{"pg_isready", "df"} })
	both := by(func(i *operate.AutoPromote) {
		i.Gates.Checks, i.Gates.Execs = []string{"./smoke"}, []string{"pg_isready"}
	})
	aborting := func(i operate.AutoPromote) operate.AutoPromote { i.Abort = true; return i }
	took := soaking(time.Minute)
	took.TakeOver = true

	ours, theirs := owned("alice@laptop", "1"), owned("bob@desk", "7")
	at := func(n sts.Ordinal, changes ...change) *sts.Inventory {
		inv := standing(n)
		for _, change := range append(changes, ours) {
			change(inv)
		}
		return inv
	}
	goal := func(o sts.Ordinal, of string) change {
		return edit(func(c *record.Canary) { c.Goal, c.GoalOf = &o, of })
	}
	restarted := func(o int, n int32) change {
		return onPod(o, func(p *corev1.Pod) { p.Status.ContainerStatuses[0].RestartCount = n })
	}
	readyFor := func(o int, d time.Duration) change {
		return onPod(o, func(p *corev1.Pod) { ststest.Ready(p, ststest.Now.Add(-d)) })
	}
	replaced := func(o int) change { return onPod(o, func(p *corev1.Pod) { p.UID = "another" }) }
	onStable := func(o int) change {
		return onPod(o, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = ststest.StableRevision })
	}
	scaled := func(n int32) change {
		return func(inv *sts.Inventory) {
			set := inv.Sets[0]
			inv.Pods = inv.Pods[:min(int32(len(inv.Pods)), n)]
			for o := sts.End(set); o < sts.Ordinal(n); o++ {
				inv.Pods = append(inv.Pods, ststest.Pod(set, o, canaryRevision))
			}
			*set.Spec.Replicas = n
			set.Generation, set.Status.ObservedGeneration = 7, 7
		}
	}
	startAt := func(first sts.Ordinal) change {
		return func(inv *sts.Inventory) {
			set := inv.Sets[0]
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: int32(first)}
			for k, p := range inv.Pods {
				inv.Pods[k] = ststest.Pod(set, first+sts.Ordinal(k), sts.PodRevision(p))
			}
		}
	}
	complete := onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })
	derived := onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })
	argo := onSet(func(s *appsv1.StatefulSet) {
		s.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "shop"}
	})
	wrote := operate.Facts{Wrote: true}
	good, bad := &operate.ExecResult{}, &operate.ExecResult{ExitCode: 3, Output: "no"}
	always := func(a *operate.ExecResult) func(*operate.Exec) *operate.ExecResult {
		return func(*operate.Exec) *operate.ExecResult { return a }
	}
	about := func(what string, a *operate.ExecResult) func(*operate.Exec) *operate.ExecResult {
		return func(r *operate.Exec) *operate.ExecResult {
			if r.Pod == what || r.Command == what {
				return a
			}
			return good
		}
	}
	patient := by(func(i *operate.AutoPromote) { i.Gates.MaxRestarts = 5 })
	return []decisionCase{
		{"a crash loop within the restarts allowed", standing(2), []change{crashing(4)}, patient, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"a crash loop, and the next is due and not replaced yet", standing(2), []change{goal(3, "canary"), crashing(4), onStable(3)}, oneByOne, operate.Facts{}, operate.Do, "HoldBack"},
		{"a crash loop, and the next is being replaced", standing(2), []change{goal(3, "canary"), crashing(4), onStable(3), onPod(3, func(p *corev1.Pod) { p.DeletionTimestamp = new(metav1.NewTime(ststest.Now)) })}, oneByOne, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"a crash loop, and the rest of the first step is not replaced yet", standing(2), []change{goal(3, "canary start"), crashing(4), onStable(3)}, oneByOne, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"a crash loop beyond them", standing(2), []change{crashing(4)}, tolerant, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"a crash loop of a pod that is not the canary's", standing(2), []change{crashing(0)}, patient, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		// How far.
		{"one by one", standing(1), nil, oneByOne, operate.Facts{}, operate.Do, "Step"},
		{"the first of a step of two", standing(1), nil, in("1,3,100%"), operate.Facts{}, operate.Do, "Step"},
		{"the second of a step of two", standing(2), []change{goal(2, "canary")}, in("1,3,100%"), operate.Facts{}, operate.Do, "Step"},
		{"a step is reached", standing(3), []change{goal(2, "canary")}, in("1,3,100%"), operate.Facts{}, operate.Do, "Step"},
		{"start has taken more than the first steps", standing(3), nil, in("1,2,4"), operate.Facts{}, operate.Do, "Step"},
		{"start has taken less than the first step", standing(1), nil, in("3"), operate.Facts{}, operate.Do, "Step"},
		{"half of five are three", standing(1), nil, in("50%"), operate.Facts{}, operate.Do, "Step"},
		{"numbers and percentages", standing(2), nil, in("2,40%,3,100%"), operate.Facts{}, operate.Do, "Step"},
		{"more than there are is all", standing(4), nil, in("4,9"), operate.Facts{}, operate.Do, "Step"},
		{"ordinals from 3", standing(2), []change{startAt(3)}, in("2,100%"), operate.Facts{}, operate.Do, "Step"},
		{"the last step is not all", standing(3), nil, in("1,3"), operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"further than the last step", standing(4), nil, in("1,50%"), operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"all are on it", standing(5), nil, oneByOne, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},
		{"all are on it, the controller has seen it", standing(5), []change{complete}, oneByOne, operate.Facts{}, operate.Do, "Finish"},
		{"all are on it though the last step is less", standing(5), []change{complete}, in("1,2"), operate.Facts{}, operate.Do, "Finish"},
		{"scaled up: the new ordinals have the canary", standing(2), []change{scaled(8)}, in("2,6,100%"), operate.Facts{}, operate.Do, "Step"},
		{"scaled up in the middle of a step", standing(2), []change{goal(2, "canary"), scaled(8)}, in("1,3,100%"), operate.Facts{}, operate.Do, "Step"},
		{"scaled down below the canary", standing(2), []change{scaled(3)}, in("1,100%"), operate.Facts{}, operate.Do, "Step"},
		{"scaled down below the canary, nothing to check", at(2), []change{scaled(3)}, both, wrote, operate.Do, "Step"},
		{"the first ordinal has moved up in the middle of a step", standing(5), []change{goal(0, "canary"), startAt(3), complete, onSet(func(s *appsv1.StatefulSet) { s.Generation, s.Status.ObservedGeneration = 9, 9 })}, oneByOne, operate.Facts{}, operate.Do, "Finish"},
		{"no more than one is asked of a larger set", standing(1), []change{budget(4, 4, 5)}, oneByOne, operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},
		{"a budget that never allows it", standing(1), []change{budget(5, 5, 5)}, oneByOne, operate.Facts{}, operate.Refused, operate.ReasonBudgetAlwaysBlocks},
		{"a budget that never allows it is not soaked for", standing(1), []change{budget(5, 5, 5)}, soaking(2 * time.Hour), operate.Facts{}, operate.Refused, operate.ReasonBudgetAlwaysBlocks},
		{"a budget that never allows it, with nothing left to promote", standing(4), []change{budget(5, 5, 5)}, soaking(time.Minute), operate.Facts{}, operate.Do, "Lock"},
		{"a budget in the middle of a step", standing(2), []change{goal(2, "canary"), budget(4, 4, 5)}, in("1,3"), operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},

		// The claim.
		{"claims the set before it soaks", standing(1), nil, soaking(time.Minute), operate.Facts{}, operate.Do, "Lock"},
		{"claims the set before it checks", standing(1), nil, checking, operate.Facts{}, operate.Do, "Lock"},
		{"claims what a killed command of ours has left", standing(1), []change{owned("alice@laptop", "0")}, probing, operate.Facts{}, operate.Do, "Lock"},
		{"claims in the middle of a step", standing(2), []change{goal(1, "canary")}, soaking(time.Minute), operate.Facts{}, operate.Do, "Lock"},
		{"takes over what another client has moved", standing(2), []change{movedPartition(4)}, took, operate.Facts{}, operate.Do, "Lock"},
		{"claims another template, taken over", standing(1), []change{onSet(changedTemplate), onPod(4, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "web-third" })}, took, operate.Facts{}, operate.Do, "Lock"},
		{"claims an update that kubectl began", standing(2), []change{derived}, soaking(time.Minute), operate.Facts{}, operate.Do, "Lock"},
		{"an update that kubectl began", standing(2), []change{derived}, oneByOne, operate.Facts{}, operate.Do, "Step"},
		{"an update that Argo CD began", standing(2), []change{argo}, oneByOne, operate.Facts{}, operate.Refused, operate.ReasonManaged},

		// Pods.
		{"a canary is starting", at(2), []change{starting(3)}, soaking(time.Minute), wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"a canary is not replaced yet", at(2), []change{onStable(3)}, soaking(time.Minute), wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"a canary fails", standing(2), []change{crashing(3)}, oneByOne, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"a canary fails in the middle of a step", standing(2), []change{goal(1, "canary"), crashing(3)}, in("4"), operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"a canary fails with no ordinal below the partition", standing(5), []change{crashing(0)}, oneByOne, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"a canary cannot be created", standing(1), []change{func(inv *sts.Inventory) {
			inv.Pods = inv.Pods[:4]
			inv.Events = []*corev1.Event{{InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID}, Reason: "FailedCreate",
				Message: "create Pod web-4 in StatefulSet web failed error: exceeded quota", Count: 2, LastTimestamp: metav1.NewTime(ststest.Now)}}
		}}, oneByOne, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"a canary could not be created for two seconds", standing(1), []change{uncreated(4, 8, 2*time.Second)}, oneByOne, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"a canary could not be created for two seconds: not back", standing(1), []change{uncreated(4, 8, 2*time.Second)}, aborting(oneByOne), operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"a canary cannot be created: back", standing(1), []change{uncreated(4, 11, 10*time.Second)}, aborting(oneByOne), operate.Facts{}, operate.Do, "Restore"},
		{"a pod that is scaled away cannot be deleted", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 4 }), undeletable(4)}, oneByOne, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"an old pod cannot be deleted: no gate", standing(2), []change{onStable(3), undeletable(3)}, aborting(oneByOne), operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"a pod on stable fails: no gate", standing(2), []change{crashing(0)}, oneByOne, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"a pod that the update has not reached fails: no gate", standing(2), []change{onStable(3), crashing(3)}, oneByOne, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"restarted once", standing(2), []change{restarted(3, 1)}, oneByOne, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"restarted as often as allowed", standing(2), []change{restarted(3, 2)}, tolerant, operate.Facts{}, operate.Do, "Step"},
		{"restarted too often", standing(2), []change{restarted(3, 3)}, tolerant, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"restarted too often, and in trouble", standing(2), []change{starting(3), restarted(3, 3)}, tolerant, operate.Facts{}, operate.Failed, operate.ReasonGateFailed},
		{"a pod on stable has restarted", standing(2), []change{restarted(0, 9)}, oneByOne, operate.Facts{}, operate.Do, "Step"},
		{"a pod that goes has restarted", standing(2), []change{restarted(3, 9), onPod(3, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now) })}, oneByOne, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},

		// The soak.
		{"soaking", at(2), []change{readyFor(3, 59*time.Second)}, soaking(time.Minute), wrote, operate.Wait, operate.ReasonSoaking},
		{"the pod that was ready last counts", at(2), []change{readyFor(3, time.Hour), readyFor(4, 20*time.Second)}, soaking(time.Minute), wrote, operate.Wait, operate.ReasonSoaking},
		{"soaked", at(2), []change{readyFor(3, time.Minute)}, soaking(time.Minute), wrote, operate.Do, "Step"},
		{"no soak in the middle of a step", at(1), []change{goal(3, "canary"), readyFor(4, time.Second)}, soaking(time.Minute), wrote, operate.Do, "Step"},
		{"the goal of another command is not resumed", at(1), []change{goal(3, "canary promote"), readyFor(4, time.Second)}, soaking(time.Minute), wrote, operate.Wait, operate.ReasonSoaking},
		{"soaking at the last step", at(4), []change{readyFor(1, time.Second)}, soaking(time.Minute), wrote, operate.Wait, operate.ReasonSoaking},
		{"pods on stable need no soak", at(2), []change{readyFor(0, time.Second)}, soaking(time.Minute), wrote, operate.Do, "Step"},

		// Checks.
		{"the first check", at(2), nil, checking, wrote, operate.Do, "Check"},
		{"the first check runs", at(2), nil, checking, answers(checking, at(2), always(nil)), operate.Wait, operate.ReasonChecking},
		{"the second check", at(2), nil, checking, answers(checking, at(2), func(r *operate.Exec) *operate.ExecResult {
			if r.Command == "./smoke" {
				return good
			}
			return nil
		}), operate.Wait, operate.ReasonChecking},
		{"checked", at(2), nil, checking, answers(checking, at(2), always(good)), operate.Do, "Step"},
		{"a bad check", at(2), nil, checking, answers(checking, at(2), about("./more", bad)), operate.Failed, operate.ReasonGateFailed},
		{"a check that took too long", at(2), nil, checking, answers(checking, at(2), always(&operate.ExecResult{ExitCode: -1, Problem: "timed out after 1m"})), operate.Failed, operate.ReasonGateFailed},
		{"a pod was replaced: its answers do not count", at(2), []change{replaced(3)}, checking, answers(checking, at(2), always(good)), operate.Do, "Check"},
		{"a pod was replaced: bad answers do not count either", at(2), []change{replaced(3)}, checking, answers(checking, at(2), always(bad)), operate.Do, "Check"},
		{"each step checks again", at(3), nil, checking, answers(checking, at(2), always(good)), operate.Do, "Check"},
		{"no check in the middle of a step", at(2), []change{goal(1, "canary")}, checking, wrote, operate.Do, "Step"},
		{"no check while a canary is starting", at(2), []change{starting(3)}, checking, wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"a good check, and the budget is short", at(2), []change{budget(4, 4, 5)}, checking, answers(checking, at(2), always(good)), operate.Wait, operate.ReasonBudgetShort},

		{"a check inside the first pod", at(2), nil, probing, wrote, operate.Do, "Check"},
		{"checks inside the pods", at(2), nil, probing, answers(probing, at(2), always(nil)), operate.Wait, operate.ReasonChecking},
		{"a pod that went away under its check, before the watch shows it", at(2), nil, probing, answers(probing, at(2), about("web-4", &operate.ExecResult{ExitCode: 137, PodGone: true})), operate.Wait, operate.ReasonChecking},
		{"a check that was killed in a pod that stays", at(2), nil, probing, answers(probing, at(2), about("web-4", &operate.ExecResult{ExitCode: 137})), operate.Failed, operate.ReasonGateFailed},
		{"checked inside the pods", at(2), nil, probing, answers(probing, at(2), always(good)), operate.Do, "Step"},
		{"a bad check inside a pod", at(2), nil, probing, answers(probing, at(2), about("web-3", bad)), operate.Failed, operate.ReasonGateFailed},
		{"a pod was replaced: it is checked", at(2), []change{replaced(3)}, probing, answers(probing, at(2), always(good)), operate.Do, "Check"},
		{"in the default container", at(2), []change{onPod(3, func(p *corev1.Pod) {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "db"})
			p.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "db"}
		})}, probing, wrote, operate.Do, "Check"},
		{"in the first container where the default one does not exist", at(2), []change{onPod(3, func(p *corev1.Pod) {
			p.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "gone"}
		})}, probing, wrote, operate.Do, "Check"},
		{"inside the pods first, then here", at(2), nil, both, answers(both, at(2), func(r *operate.Exec) *operate.ExecResult {
			if r.Pod != "" {
				return good
			}
			return nil
		}), operate.Wait, operate.ReasonChecking},

		// What follows a failed gate.
		{"a canary fails: back to stable", standing(2), []change{crashing(3)}, aborting(oneByOne), operate.Facts{}, operate.Do, "Restore"},
		{"a bad check: back to stable", at(2), nil, aborting(checking), answers(checking, at(2), about("./more", bad)), operate.Do, "Restore"},
		{"going back", aborted(2), []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" }), ours}, aborting(oneByOne), operate.Facts{Wrote: true, Still: time.Hour}, operate.Wait, operate.ReasonPodNotAvailable},
		{"going back, resumed", aborted(2), []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" }), crashing(4)}, aborting(oneByOne), operate.Facts{Still: time.Hour}, operate.Do, "DeleteBlocker"},
		{"back", aborted(0), []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" })}, aborting(oneByOne), operate.Facts{}, operate.Do, "Finish"},
		{"back, and encoded again", aborted(0), []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" }), func(inv *sts.Inventory) {
			set := inv.Sets[0]
			set.Status.UpdateRevision = "web-reencoded"
			inv.Revisions = append(inv.Revisions, ststest.Revision(set, "web-reencoded", 3, ststest.Template(ststest.StableImage)))
		}}, aborting(oneByOne), operate.Facts{}, operate.Do, "Finish"},
		{"an abort of a person is not ours", aborted(2), nil, aborting(oneByOne), operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"an abort for a gate, and now without --on-failure=abort", aborted(2), []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" })}, oneByOne, operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},

		// Others.
		{"no canary", ststest.Web(3), nil, oneByOne, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"parked", standing(2), []change{scaled(0)}, oneByOne, operate.Facts{}, operate.Refused, operate.ReasonParked},
		{"not observed", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration = 1 })}, oneByOne, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},
		{"OnDelete", standing(2), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })}, oneByOne, operate.Facts{}, operate.Refused, operate.ReasonStrategy},
		{"locked by another owner", standing(2), []change{theirs}, soaking(time.Minute), operate.Facts{}, operate.Refused, operate.ReasonOwned},
		{"taken over from us", standing(2), []change{theirs}, soaking(time.Minute), wrote, operate.Refused, operate.ReasonTakenOver},
		{"another client moved the partition", standing(2), []change{movedPartition(1)}, soaking(time.Minute), operate.Facts{}, operate.Refused, operate.ReasonMoved},
		{"another client changed the template", standing(2), []change{onSet(changedTemplate)}, soaking(time.Minute), operate.Facts{}, operate.Refused, operate.ReasonTemplateChanged},
		{"another scaled while it soaked", at(2), []change{scaled(6), readyFor(5, time.Second)}, soaking(time.Minute), wrote, operate.Wait, operate.ReasonSoaking},
	}
}

// The plan that people confirm: it names each step, what is asked before it and how
// it ends, and a question to many pods once.
func TestPreviewAuto(t *testing.T) {
	steps := func(text string) []intstr.IntOrString {
		out, err := operate.ParseSteps(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	fifty := ststest.Web(50)
	small := standing(1)
	set := fifty.Sets[0]
	set.Annotations, set.Spec.Template = small.Sets[0].Annotations, small.Sets[0].Spec.Template
	*set.Spec.UpdateStrategy.RollingUpdate.Partition = 49
	edit(func(c *record.Canary) { c.Partition, c.Generation = 49, set.Generation })(fifty)
	set.Status.UpdateRevision = canaryRevision
	fifty.Pods[49] = ststest.Pod(set, 49, canaryRevision)
	fifty.Revisions = small.Revisions
	everything := operate.Gates{Soak: 5 * time.Minute, Checks: []string{"./smoke"}, Execs: []string{"pg_isready", "df"}}
	missing := standing(2)
	missing.Pods = missing.Pods[:4]
	tests := []struct {
		name   string
		of     *sts.Inventory
		intent operate.AutoPromote
	}{
		{"all the gates", standing(1), operate.AutoPromote{Steps: steps("1,3,100%"), Gates: everything}},
		{"one by one", standing(1), operate.AutoPromote{}},
		{"not all", standing(1), operate.AutoPromote{Steps: steps("50%"), Gates: operate.Gates{Soak: 90 * time.Second}}},
		{"a pod to be asked is missing", missing, operate.AutoPromote{Steps: steps("2"), Gates: operate.Gates{Execs: []string{"pg_isready"}}}},
		{"fifty pods", fifty, operate.AutoPromote{Gates: everything}},
	}
	var all strings.Builder
	for _, test := range tests {
		test.intent.Lock = holder("1")
		fmt.Fprintf(&all, "# %s\n", test.name)
		for _, d := range operate.Preview(test.intent, test.of.Snapshots()[0]) {
			fmt.Fprintf(&all, "%s: %s\n", d.Verdict, d.Message)
		}
		all.WriteString("\n")
	}
	golden.Assert(t, all.String(), "auto.plans")
}

func TestParseSteps(t *testing.T) {
	tests := []struct {
		in   string
		want []intstr.IntOrString // nil: not taken
	}{
		{"1", []intstr.IntOrString{intstr.FromInt32(1)}},
		{"1,3,50%,100%", []intstr.IntOrString{intstr.FromInt32(1), intstr.FromInt32(3), intstr.FromString("50%"), intstr.FromString("100%")}},
		{" 1, 20% ", []intstr.IntOrString{intstr.FromInt32(1), intstr.FromString("20%")}},
		{"50%,1", []intstr.IntOrString{intstr.FromString("50%"), intstr.FromInt32(1)}}, // more in a set of one
		{"", nil}, {",", nil}, {"1,", nil}, {"0", nil}, {"0%", nil}, {"101%", nil}, {"-1", nil}, {"1;2", nil}, {"all", nil}, {"1.5", nil},
		{"3,3", nil}, {"3,1", nil}, {"50%,20%", nil}, {"1,50%,1", nil}, {"20%,7,10%", nil}, {"100%,7", nil}, {"99999999999", nil},
	}
	for _, test := range tests {
		got, err := operate.ParseSteps(test.in)
		if diff := cmp.Diff(test.want, got); diff != "" || (err == nil) != (test.want != nil) {
			t.Errorf("ParseSteps(%q): %v\n%s", test.in, err, diff)
		}
	}
}

// pauseCases are about updates that another client started, and their records.
func pauseCases() []decisionCase {
	pause, resume := operate.PauseUpdate{Lock: holder("1")}, operate.ResumeUpdate{Lock: holder("1")}
	byHand := onSet(func(s *appsv1.StatefulSet) {
		s.Annotations = nil
		*s.Spec.UpdateStrategy.RollingUpdate.Partition = 0
	})
	held := onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })
	before := edit(func(c *record.Canary) { c.PartitionBefore = 4 })
	return []decisionCase{
		{"pause an update that has reached ordinal 3", standing(2), []change{byHand}, pause, operate.Facts{}, operate.Do, "Pause"},
		{"pause while ordinal 2 is being replaced", standing(2), []change{byHand, onPod(2, func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })}, pause, operate.Facts{}, operate.Do, "Pause"},
		{"pause before anything is touched", standing(0), []change{byHand}, pause, operate.Facts{}, operate.Do, "Pause"},
		{"pause what a partition holds back already", standing(2), []change{held}, pause, operate.Facts{}, operate.Do, "Pause"},
		{"paused", standing(2), nil, pause, operate.Facts{}, operate.Done, operate.ReasonPaused},
		{"nothing to pause", ststest.Web(3), nil, pause, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"pause an abort", aborted(2), nil, pause, operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"pause while locked by another owner", standing(2), []change{owned("bob@desk", "7")}, pause, operate.Facts{}, operate.Refused, operate.ReasonOwned},
		{"resume", standing(2), nil, resume, operate.Facts{}, operate.Do, "Resume"},
		{"resume to a partition before that holds back the rest", standing(2), []change{before}, resume, operate.Facts{}, operate.Refused, operate.ReasonPartition},
		{"resume a canary on a frozen set", standing(2), []change{edit(func(c *record.Canary) { c.PartitionBefore = 999 })}, resume, operate.Facts{}, operate.Refused, operate.ReasonPartition},
		{"resume an adopted update of a frozen set", standing(2), []change{edit(func(c *record.Canary) { c.PartitionBefore, c.Adopted = 999, true })}, resume, operate.Facts{}, operate.Refused, operate.ReasonPartition},
		{"resume an adopted update of a canary made by hand", standing(2), []change{edit(func(c *record.Canary) { c.PartitionBefore, c.Adopted = 3, true })}, resume, operate.Facts{}, operate.Do, "Resume"},
		{"resume what was paused on a frozen set", standing(0), []change{onSet(func(s *appsv1.StatefulSet) { *s.Spec.UpdateStrategy.RollingUpdate.Partition = 999 }),
			edit(func(c *record.Canary) { c.PartitionBefore, c.Partition, c.Paused = 999, 999, true })}, resume, operate.Facts{}, operate.Do, "Resume"},
		{"resume when every ordinal has the update", standing(5), []change{before}, resume, operate.Facts{}, operate.Do, "Resume"},
		{"resume with a pod that is starting", standing(2), []change{starting(4)}, resume, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"resume with a failing pod", standing(2), []change{crashing(4)}, resume, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"resume with a budget that is short", standing(2), []change{budget(4, 4, 5)}, resume, operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},
		{"nothing to resume", ststest.Web(3), nil, resume, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"resume an abort", aborted(2), nil, resume, operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"resume after the partition was moved", standing(2), []change{movedPartition(0)}, resume, operate.Facts{}, operate.Refused, operate.ReasonMoved},
	}
}

// managedCases are about others who write the set by themselves.
func managedCases() []decisionCase {
	argo, helm := annotated("argocd.argoproj.io/tracking-id", "shop"), annotated("meta.helm.sh/release-name", "shop")
	one := start("1", "web:2", 1)
	forced := one
	forced.Force = true
	byHand := onSet(func(s *appsv1.StatefulSet) { delete(s.Annotations, record.CanaryAnnotation) })
	return []decisionCase{
		{"start under an operator", ststest.Web(3), []change{underOperator}, one, operate.Facts{}, operate.Refused, operate.ReasonManaged},
		{"start under Argo CD", ststest.Web(3), []change{argo}, one, operate.Facts{}, operate.Refused, operate.ReasonManaged},
		{"start under Argo CD all the same", ststest.Web(3), []change{argo}, forced, stores("web:2"), operate.Do, "Start"},
		{"start under Helm, which reverts nothing by itself", ststest.Web(3), []change{helm}, one, stores("web:2"), operate.Do, "Start"},
		{"abort what was begun under Argo CD", standing(2), []change{argo}, operate.AbortCanary{Lock: holder("1")}, operate.Facts{}, operate.Do, "Restore"},
		{"abort what Argo CD itself has begun", standing(2), []change{argo, byHand}, operate.AbortCanary{Lock: holder("1")}, operate.Facts{}, operate.Refused, operate.ReasonManaged},
		{"pause what Argo CD itself has begun", standing(2), []change{argo, byHand}, operate.PauseUpdate{Lock: holder("1")}, operate.Facts{}, operate.Refused, operate.ReasonManaged},
		{"promote what Argo CD itself has begun", standing(2), []change{argo, byHand}, promoting{Lock: holder("1")}, operate.Facts{}, operate.Refused, operate.ReasonManaged},
	}
}

func TestDecisions(t *testing.T) {
	for verb, cases := range map[string][]decisionCase{
		"start": startCases(), "promote": promoteCases(), "auto": autoCases(), "abort": abortCases(), "pause": pauseCases(), "managed": managedCases(), "restart": restartCases(), "unstick": unstickCases(),
		"drain": drainCases(), "cancel": cancelCases(), "unpark": unparkCases(), "resizing": resizingCases(),
	} {
		t.Run(verb, func(t *testing.T) {
			var all strings.Builder
			for _, test := range cases {
				for _, change := range test.changes {
					change(test.from)
				}
				s := test.from.Snapshots()[0]
				d := test.intent.Next(s, test.facts)
				if d.Verdict != test.verdict || d.Reason != test.reason {
					t.Errorf("%s: %s %s: %s; want %s %s", test.name, d.Verdict, d.Reason, d.Message, test.verdict, test.reason)
				}
				fmt.Fprintf(&all, "# %s\n%s", test.name, inFull(d))
				if p, ok := d.Action.(*operate.PatchSet); ok {
					guarded(t, test.name, s.Set, p)
				}
			}
			golden.Assert(t, all.String(), verb+".decisions")
		})
	}
}

func inFull(d operate.Decision) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", d.Verdict, d.Reason, d.Message)
	if len(d.Hint) > 0 {
		fmt.Fprintf(&b, "→ %s\n", d.Hint)
	}
	patch, isPatch := d.Action.(*operate.PatchSet)
	if !isPatch {
		b.WriteString(actionInFull(d.Action))
	}
	if d.Until != nil {
		fmt.Fprintf(&b, "  until %s\n", d.Until.Format(time.TimeOnly))
	}
	if isPatch {
		fmt.Fprintf(&b, "  event %s\n", patch.Event)
		b.WriteString(indented(patch.Ops))
	}
	if d.Then != nil {
		b.WriteString("then " + inFull(*d.Then))
		return b.String()
	}
	b.WriteString("\n")
	return b.String()
}

// actionInFull is any action but a patch of the set.
func actionInFull(a operate.SetAction) string {
	switch a := a.(type) {
	case *operate.DeletePod:
		return fmt.Sprintf("  delete %s, UID %s, on %s\n", a.Name, a.UID, a.Revision)
	case *operate.EvictPod:
		return fmt.Sprintf("  evict %s, UID %s, on %s\n", a.Name, a.UID, a.Revision)
	case *operate.DryRunEviction:
		return fmt.Sprintf("  ask whether %s, UID %s, may be evicted %s\n", a.Name, a.UID, a.When)
	case *operate.Scale:
		return fmt.Sprintf("  scale from %d to %d, ordinal %s, event %s\n%s", a.From, a.To, a.Ordinal, a.Event, indented(a.Ops))
	case *operate.AddFinalizer:
		return fmt.Sprintf("  hold %s, off false\n%s", a.Name, indented(a.Ops))
	case *operate.RemoveFinalizer:
		return fmt.Sprintf("  hold %s, off true\n%s", a.Name, indented(a.Ops))
	case *operate.Exec:
		text := fmt.Sprintf("  run %s: %s%s, container %q, UID %q, within %s\n", a.Label(), a.Command, strings.Join(a.Argv, " "), a.Container, a.UID, a.Timeout)
		for _, line := range a.Env {
			text += "  " + line + "\n"
		}
		return text
	}
	return ""
}

// indented are the operations. Of a record that is replaced only the fields that change are shown:
// [guarded] checks that its tested value is the one of the set.
func indented(ops []operate.PatchOp) string {
	var b strings.Builder
	read := map[string]string{} // the tested records, by path
	for _, o := range ops {
		value := " " + string(o.Value)
		switch record := recordIn(o.Value); {
		case record == "":
		case o.Op == "test":
			read[o.Path], value = record, " (as it was read)"
		case read[o.Path] != "":
			value = recordChanges(read[o.Path], record)
		default:
			value = " " + record
		}
		b.WriteString(strings.TrimRight("  "+o.Op+" "+o.Path+value, " ") + "\n")
	}
	return b.String()
}

// recordIn is the JSON object in the value of an annotation, empty for any other value.
func recordIn(value json.RawMessage) string {
	var annotation string
	var record map[string]any
	if json.Unmarshal(value, &annotation) != nil || json.Unmarshal([]byte(annotation), &record) != nil {
		return ""
	}
	return annotation
}

// recordChanges are the fields that differ, each on a line.
func recordChanges(before, after string) string {
	changes, err := sts.Changes(json.RawMessage(before), json.RawMessage(after))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, c := range changes {
		for _, side := range []*string{&c.From, &c.To} {
			if *side == "" {
				*side = "none"
			}
		}
		fmt.Fprintf(&b, "\n    %s: %s -> %s", c.Path, c.From, c.To)
	}
	return b.String()
}

// guarded: the patch fits the set as it was seen, leads to the wanted object, and
// no set that differs in what it replaces.
func guarded(t *testing.T, name string, set *appsv1.StatefulSet, p *operate.PatchSet) {
	t.Helper()
	after, err := operate.Patched(set, p.Ops)
	if err != nil {
		t.Errorf("%s: the patch does not apply: %v", name, err)
		return
	}
	if p.Partition != nil && (sts.Partition(set) != p.Partition.From || sts.Partition(after) != p.Partition.To) {
		t.Errorf("%s: the partition goes from %d to %d, and the plan says %+v", name, sts.Partition(set), sts.Partition(after), p.Partition)
	}
	if p.Partition == nil && sts.Partition(set) != sts.Partition(after) {
		t.Errorf("%s: the partition goes to %d, and the plan does not say so", name, sts.Partition(after))
	}
	if c, err := record.ReadCanary(after); err != nil || c != nil && c.Partition != sts.Partition(after) {
		t.Errorf("%s: the record says %+v, %v; the partition is %d", name, c, err, sts.Partition(after))
	}
	changed := cmp.Diff(set.Spec, after.Spec) != ""
	if c, err := record.ReadCanary(after); err == nil && c != nil && changed != (c.Generation == set.Generation+1) {
		t.Errorf("%s: the spec changes: %t, and the record expects generation %d after %d", name, changed, c.Generation, set.Generation)
	}
	for key, value := range set.Annotations {
		if !strings.HasPrefix(key, sts.AnnotationPrefix) && after.Annotations[key] != value {
			t.Errorf("%s: the foreign annotation %s is now %q", name, key, after.Annotations[key])
		}
	}
	races := map[string]func(*appsv1.StatefulSet){
		"another set of the name": func(s *appsv1.StatefulSet) { s.UID = "another" },
		"another generation":      func(s *appsv1.StatefulSet) { s.Generation++ },
	}
	if p.Partition != nil {
		races["another partition"] = func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(p.Partition.From + 17)}
		}
	}
	if len(p.Images) > 0 {
		races["another image"] = func(s *appsv1.StatefulSet) {
			for _, list := range [][]corev1.Container{s.Spec.Template.Spec.Containers, s.Spec.Template.Spec.InitContainers} {
				for i := range list {
					list[i].Image = "raced"
				}
			}
		}
	}
	for _, key := range []string{record.CanaryAnnotation, record.RestartAnnotation, record.DrainAnnotation, record.ParkedAnnotation, record.OwnerAnnotation} {
		if set.Annotations[key] != after.Annotations[key] {
			races["another "+key] = func(s *appsv1.StatefulSet) {
				if s.Annotations == nil {
					s.Annotations = map[string]string{}
				}
				s.Annotations[key] = "raced"
			}
		}
	}
	for race, change := range races {
		raced := set.DeepCopy()
		change(raced)
		if _, err := operate.Patched(raced, p.Ops); err == nil {
			t.Errorf("%s: the patch applies in spite of %s", name, race)
		}
	}
}

func TestRelease(t *testing.T) {
	goal := edit(func(c *record.Canary) { c.Goal, c.GoalOf = new(sts.Ordinal(3)), "canary" })
	tests := []struct {
		name    string
		changes []change
		reached bool
		token   bool // is given back
		goal    bool // stays
	}{
		{"reached", []change{owned("alice@laptop", "1"), goal}, true, true, false},
		{"not reached", []change{owned("alice@laptop", "1"), goal}, false, true, true},
		{"of another owner", []change{owned("bob@desk", "1x"), goal}, false, false, true},
		{"of another owner, and we had nothing to do", []change{owned("bob@desk", "1x"), goal}, true, false, true},
		{"one of ours that was killed, and we had nothing to do", []change{owned("alice@laptop", "0"), goal}, true, true, false},
		{"one of ours that may still run", []change{owned("alice@laptop", "0"), goal}, false, false, true},
		{"unreadable", []change{goal, onSet(func(s *appsv1.StatefulSet) { s.Annotations[record.OwnerAnnotation] = "{" })}, true, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := standing(1)
			for _, change := range test.changes {
				change(inv)
			}
			s := inv.Snapshots()[0]
			a := operate.AbortCanary{Lock: holder("1")}.Release(s, test.reached)
			after := s.Set
			if a != nil {
				guarded(t, test.name, s.Set, a)
				var err error
				if after, err = operate.Patched(s.Set, a.Ops); err != nil {
					t.Fatal(err)
				}
			}
			if _, held := after.Annotations[record.OwnerAnnotation]; held == test.token {
				t.Errorf("the token is still there: %t", held)
			}
			c, err := record.ReadCanary(after)
			if err != nil || (c.Goal != nil) != test.goal || c.Generation != 2 {
				t.Errorf("the record is now %+v, %v", c, err)
			}
			if diff := cmp.Diff(s.Set.Spec, after.Spec); diff != "" {
				t.Errorf("the spec was changed:\n%s", diff)
			}
		})
	}
}

func TestParseCount(t *testing.T) {
	tests := []struct {
		in       string
		of       int32
		want     int32
		accepted bool
	}{
		{"1", 5, 1, true}, {"7", 5, 7, true}, {"20%", 5, 1, true}, {"21%", 5, 2, true}, {"1%", 1, 1, true}, {"100%", 5, 5, true},
		{"50%", 0, 0, true}, {"34%", 2147483647, 730144440, true},
		{"0", 0, 0, false}, {"0%", 0, 0, false}, {"101%", 0, 0, false}, {"-1", 0, 0, false}, {"", 0, 0, false}, {"%", 0, 0, false},
		{"1.5", 0, 0, false}, {"two", 0, 0, false}, {"2147483648", 0, 0, false}, {"1 ", 0, 0, false},
	}
	for _, test := range tests {
		c, err := operate.ParseCount(test.in)
		if (err == nil) != test.accepted || err == nil && operate.CountOf(c, test.of) != test.want {
			t.Errorf("ParseCount(%q) of %d: %d, %v; want %d", test.in, test.of, operate.CountOf(c, test.of), err, test.want)
		}
	}
}

func FuzzParseCount(f *testing.F) {
	for _, seed := range []string{"1", "20%", "100%", "0", "-3", "%", "99999999999"} {
		f.Add(seed, int32(5))
	}
	f.Fuzz(func(t *testing.T, in string, replicas int32) {
		c, err := operate.ParseCount(in)
		if err != nil || replicas < 1 {
			return
		}
		if n := operate.CountOf(c, replicas); n < 1 || c.Type == intstr.String && n > replicas {
			t.Errorf("%q of %d is %d", in, replicas, n)
		}
	})
}

func TestParseImage(t *testing.T) {
	tests := []struct {
		in   string
		want operate.ImageRequest
		ok   bool
	}{
		{"postgres:17", operate.ImageRequest{Image: "postgres:17"}, true},
		{"app=registry.example:5000/app@sha256:abc", operate.ImageRequest{Container: "app", Image: "registry.example:5000/app@sha256:abc"}, true},
		{"app=x=y", operate.ImageRequest{Container: "app", Image: "x=y"}, true},
		{"", operate.ImageRequest{}, false}, {"app=", operate.ImageRequest{}, false}, {"=x", operate.ImageRequest{}, false},
		{"app= x", operate.ImageRequest{}, false}, {"x\n", operate.ImageRequest{}, false},
	}
	for _, test := range tests {
		if got, err := operate.ParseImage(test.in); got != test.want || (err == nil) != test.ok {
			t.Errorf("ParseImage(%q) = %+v, %v", test.in, got, err)
		}
	}
}

func FuzzParseImage(f *testing.F) {
	for _, seed := range []string{"postgres:17", "app=x", "=", "a=", "a=b=c", "\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		r, err := operate.ParseImage(in)
		if err != nil {
			return
		}
		back := r.Image
		if r.Container != "" {
			back = r.Container + "=" + r.Image
		}
		if r.Image == "" || back != in {
			t.Errorf("%q is read as %+v", in, r)
		}
	})
}

// unbound has an ordinal's pod wait for its claim, which nothing binds.
func unbound(o int) change {
	return func(inv *sts.Inventory) {
		inv.Pods[o].Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
			LastTransitionTime: metav1.NewTime(ststest.Now.Add(-time.Minute))}}}
		inv.Claims[o].Status.Phase, inv.Claims[o].Spec.StorageClassName = corev1.ClaimPending, new("")
	}
}

// rolling is a rolling update that kubectl has begun and that has come to the
// highest n of 5 ordinals.
func rolling(n sts.Ordinal, changes ...change) *sts.Inventory {
	inv := standing(n)
	set := inv.Sets[0]
	set.Annotations = nil
	*set.Spec.UpdateStrategy.RollingUpdate.Partition = 0
	for _, change := range changes {
		change(inv)
	}
	return inv
}

// undone is what kubectl rollout undo makes of it.
func undone(inv *sts.Inventory) {
	set := inv.Sets[0]
	set.Spec.Template = ststest.Template(ststest.StableImage)
	set.Status.UpdateRevision = ststest.StableRevision
	set.Generation, set.Status.ObservedGeneration = 3, 3
}

// recreate is the update strategy of that name.
func recreate(inv *sts.Inventory) {
	inv.Sets[0].Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RecreateStatefulSetStrategyType}
}

// recreating is an update under Recreate that n pods have.
func recreating(n sts.Ordinal, changes ...change) *sts.Inventory {
	inv := rolling(n, changes...)
	recreate(inv)
	return inv
}

// justPod leaves only this ordinal's pod.
func justPod(o int) change { return func(inv *sts.Inventory) { inv.Pods = inv.Pods[o : o+1] } }

func unstickCases() []decisionCase {
	hold := holder("1")
	hold.Command = "unstick"
	unstick := operate.NewUnstick(operate.UnstickOptions{Lock: hold, AnyRemedy: true}, nil)
	agreed := func(changes ...change) operate.Intent {
		inv := rolling(1, changes...)
		return operate.NewUnstick(operate.UnstickOptions{Lock: hold}, inv.Snapshots()[0])
	}
	taken := func(by, id string) change {
		return onSet(func(s *appsv1.StatefulSet) {
			s.Annotations = map[string]string{record.OwnerAnnotation: sts.EncodeAnnotation(record.Owner{Name: by, ID: id, Command: "unstick", Since: ststest.Now})}
		})
	}
	ours, wrote := taken("alice@laptop", "1"), operate.Facts{Wrote: true, Still: time.Hour}
	fixed := func(inv *sts.Inventory) {
		changedTemplate(inv.Sets[0])
		inv.Revisions = append(inv.Revisions, ststest.Revision(inv.Sets[0], "web-third", 3, ststest.Template("web:3")))
	}
	on := func(revision string, ordinals ...int) change {
		return func(inv *sts.Inventory) {
			for _, o := range ordinals {
				inv.Pods[o] = ststest.Pod(inv.Sets[0], sts.Ordinal(o), revision)
			}
		}
	}
	parallel := onSet(func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = "Parallel" })
	partition := func(to int32) change {
		return onSet(func(s *appsv1.StatefulSet) { *s.Spec.UpdateStrategy.RollingUpdate.Partition = to })
	}
	return []decisionCase{
		{"the update is broken: back", rolling(1), []change{crashing(4)}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"the update is broken at the last ordinal", rolling(5), []change{crashing(0)}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"a canary is broken: back", standing(1), []change{crashing(4)}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"a canary of the scaled to zero", standing(1), []change{on(canaryRevision, 0, 1, 2, 3, 4), crashing(0), onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"an abort was killed", aborted(1), []change{crashing(4)}, unstick, operate.Facts{Still: time.Hour}, operate.Do, "DeleteBlocker"},
		{"Argo CD would revert the rollback", rolling(1), []change{crashing(4), onSet(func(s *appsv1.StatefulSet) {
			s.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "shop"}
		})}, unstick, operate.Facts{}, operate.Refused, operate.ReasonManaged},
		{"the stable revision is gone", rolling(1), []change{crashing(4), func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }}, unstick, operate.Facts{}, operate.Refused, operate.ReasonRevisionGone},

		{"undone: take the set", rolling(1, undone), []change{crashing(4)}, unstick, operate.Facts{}, operate.Do, "Lock"},
		{"undone: not for long enough", rolling(1, undone), []change{crashing(4), ours}, unstick, operate.Facts{Wrote: true, Still: time.Second}, operate.Wait, operate.ReasonPodNotAvailable},
		{"undone: delete", rolling(1, undone), []change{crashing(4), ours}, unstick, wrote, operate.Do, "DeleteBlocker"},
		{"undone under Parallel with the gate", rolling(2, undone), []change{parallel, crashing(3), crashing(4), ours}, unstick, wrote, operate.Do, "DeleteBlocker"},
		{"undone, and no pod may be deleted", rolling(1, undone), []change{crashing(4), ours}, operate.NewUnstick(operate.UnstickOptions{Lock: hold, Deletions: operate.Deletions{Max: new(int32)}, AnyRemedy: true}, nil), wrote, operate.Stuck, operate.ReasonMaxDeletes},
		{"a pod that only starts is not deleted", rolling(2, undone), []change{crashing(4), starting(3), ours}, unstick, wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"a fix was applied", rolling(1, fixed), []change{crashing(4)}, unstick, operate.Facts{}, operate.Do, "Lock"},
		{"the first revision was broken, and a fix applied", rolling(0), []change{crashing(0)}, unstick, operate.Facts{}, operate.Do, "Lock"},
		{"in the partition's part", rolling(3), []change{partition(2), on(ststest.StableRevision, 2), crashing(2)}, unstick, operate.Facts{}, operate.Do, "Lock"},
		{"ordinals from 3", rolling(0), []change{func(inv *sts.Inventory) {
			set := inv.Sets[0]
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
			*set.Spec.UpdateStrategy.RollingUpdate.Partition = 2
			inv.Pods = nil
			for o := sts.Ordinal(3); o < 8; o++ {
				inv.Pods = append(inv.Pods, ststest.Pod(set, o, ststest.StableRevision))
			}
			ststest.Crashing(inv.Pods[2])
		}}, unstick, operate.Facts{}, operate.Do, "Lock"},
		{"ordinals from 3: those below the partition stay", rolling(0), []change{func(inv *sts.Inventory) {
			set := inv.Sets[0]
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
			*set.Spec.UpdateStrategy.RollingUpdate.Partition = 3
			inv.Pods = nil
			for o := sts.Ordinal(3); o < 8; o++ {
				inv.Pods = append(inv.Pods, ststest.Pod(set, o, ststest.StableRevision))
			}
			ststest.Crashing(inv.Pods[2])
		}}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},

		{"under way: it comes back", rolling(1, undone), []change{on(ststest.StableRevision, 4), starting(4), ours}, unstick, wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"under way: the others follow", rolling(1, fixed), []change{on("web-third", 4), ours}, unstick, wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"under way: the present template fails, too", rolling(1, fixed), []change{on("web-third", 4), crashing(4), ours}, unstick, wrote, operate.Stuck, operate.ReasonPodFailing},
		{"under way: stable fails", rolling(1, undone), []change{on(ststest.StableRevision, 4), crashing(4), ours}, unstick, wrote, operate.Stuck, operate.ReasonPodFailing},
		{"under way: all are there", rolling(5), []change{ours}, unstick, wrote, operate.Do, "Finish"},
		{"under way: the partition holds the rest", rolling(2), []change{partition(3), ours}, unstick, wrote, operate.Do, "Finish"},
		{"a killed one is resumed", rolling(1, undone), []change{on(ststest.StableRevision, 4), starting(4), taken("alice@laptop", "0")}, unstick, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"a killed one comes to its end", rolling(1, undone), []change{on(ststest.StableRevision, 4), taken("alice@laptop", "0")}, unstick, operate.Facts{}, operate.Do, "Finish"},
		{"one that did not reach its end starts again", rolling(1, fixed), []change{on("web-third", 4), crashing(4), taken("alice@laptop", "0")}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"taken over from us", rolling(1, undone), []change{crashing(4), taken("bob@desk", "7")}, unstick, wrote, operate.Refused, operate.ReasonTakenOver},

		{"neither works", rolling(1), []change{crashing(0), crashing(4)}, unstick, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"another fix than the one that was shown", rolling(1), []change{crashing(4)}, agreed(undone, crashing(4)), operate.Facts{}, operate.Refused, operate.ReasonNotObserved},
		{"nothing was shown", rolling(1, undone), []change{crashing(4)}, agreed(), operate.Facts{}, operate.Refused, operate.ReasonNotObserved},
		{"a pod fails on its correct revision", ststest.Web(3), []change{crashing(1)}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"the lowest fails on its correct revision", rolling(1, undone), []change{crashing(0), crashing(4)}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"a pod cannot be created", ststest.Web(3), []change{func(inv *sts.Inventory) {
			inv.Pods = inv.Pods[:2]
			inv.Events = []*corev1.Event{{InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID},
				Reason: "FailedCreate", Message: "create Pod web-2 failed: quota", Count: 2, LastTimestamp: metav1.NewTime(ststest.Now)}}
		}}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"the update's pod cannot be created: back", rolling(1), []change{uncreated(4, 11, 10*time.Second)}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"a canary's pod cannot be created: back", standing(1), []change{uncreated(4, 11, 10*time.Second)}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"the update's pod cannot be created, and something else was agreed to", rolling(1), []change{uncreated(4, 11, 10*time.Second)}, agreed(), operate.Facts{}, operate.Refused, operate.ReasonNotObserved},
		{"the update's pod could not be created a moment ago", rolling(1), []change{uncreated(4, 8, 2*time.Second)}, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"a pod below the partition cannot be created", rolling(1), []change{partition(4), uncreated(0, 11, 10*time.Second)}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"an old pod cannot be deleted", rolling(1), []change{undeletable(3)}, unstick, operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"another pod has the name", ststest.Web(3), []change{taking(1)}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"it has not moved: a pod is missing", rolling(1), []change{motionless, func(inv *sts.Inventory) { inv.Pods = inv.Pods[:4] }}, unstick, operate.Facts{}, operate.Stuck, operate.ReasonNotMoving},
		{"it has not moved: no pod is replaced", rolling(1), []change{motionless}, unstick, operate.Facts{}, operate.Stuck, operate.ReasonNotMoving},
		{"it has not moved: a pod is not scaled away", ststest.Web(3), []change{motionless, onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 2 })}, unstick, operate.Facts{}, operate.Stuck, operate.ReasonNotMoving},
		{"it has not moved, and need not", ststest.Web(3), []change{motionless}, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"it has not moved: the partition holds", rolling(2), []change{motionless, partition(3)}, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"it has not moved: gated", ststest.Web(3), []change{motionless, onPod(2, func(p *corev1.Pod) {
			p.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "kueue.x-k8s.io/admission"}}
			p.Spec.NodeName = ""
			p.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
				Reason: corev1.PodReasonSchedulingGated, LastTransitionTime: metav1.NewTime(ststest.Now.Add(-time.Hour))}}}
		})}, unstick, operate.Facts{}, operate.Refused, operate.ReasonNotMoving},
		{"a pod waits for its claim", ststest.Web(3), []change{unbound(2)}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"OnDelete", rolling(0), []change{crashing(2), onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })}, unstick, operate.Facts{}, operate.Refused, operate.ReasonStrategy},
		{"Recreate: the update fails", recreating(5), []change{crashing(0)}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"Recreate: the first new pod fails, and the others are not there yet", recreating(5), []change{justPod(0), crashing(0)}, unstick, operate.Facts{}, operate.Do, "Restore"},
		{"Recreate: another fix than the one that was shown", recreating(5), []change{crashing(0)}, agreed(), operate.Facts{}, operate.Refused, operate.ReasonNotObserved},
		{"Recreate: an operator would undo it", recreating(5), []change{crashing(0), annotated("argocd.argoproj.io/tracking-id", "shop")}, unstick, operate.Facts{}, operate.Refused, operate.ReasonManaged},
		{"Recreate: the stable revision is gone", recreating(5), []change{crashing(0), func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }}, unstick, operate.Facts{}, operate.Refused, operate.ReasonRevisionGone},
		{"Recreate: a new pod only starts", recreating(5), []change{starting(0)}, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"Recreate: old pods are ending", recreating(0), []change{onPod(1, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now) })}, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"Recreate: an old pod does not end", recreating(0), []change{onPod(1, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now.Add(-time.Hour)) })}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"Recreate: no update fails", recreating(5), []change{crashing(0), onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })}, unstick, operate.Facts{}, operate.Refused, operate.ReasonPodFailing},
		{"Recreate: under way, the pods of the update end", recreating(5, undone), []change{ours, func(inv *sts.Inventory) {
			for _, p := range inv.Pods {
				ststest.Terminating(p, ststest.Now)
			}
		}}, unstick, wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"Recreate: under way, stable pods come", recreating(5, undone), []change{ours, on(ststest.StableRevision, 0), justPod(0), starting(0)}, unstick, wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"Recreate: under way, all are there", recreating(5, undone), []change{ours, on(ststest.StableRevision, 0, 1, 2, 3, 4)}, unstick, wrote, operate.Do, "Finish"},
		{"Recreate: a killed one comes to its end", recreating(5, undone), []change{on(ststest.StableRevision, 0, 1, 2, 3, 4), taken("alice@laptop", "0")}, unstick, operate.Facts{}, operate.Do, "Finish"},
		{"Recreate: in the middle of a canary", standing(5), []change{recreate, crashing(0)}, unstick, operate.Facts{}, operate.Refused, operate.ReasonStrategy},
		{"Recreate: the gate is off", recreating(5), []change{crashing(0), func(inv *sts.Inventory) {
			inv.Events = append(inv.Events, &corev1.Event{Reason: "UnknownStrategy", Type: corev1.EventTypeWarning, LastTimestamp: metav1.NewTime(ststest.Now),
				InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID}})
		}}, unstick, operate.Facts{}, operate.Refused, operate.ReasonStrategy},
		{"locked by another owner", rolling(1), []change{crashing(4), taken("bob@desk", "7")}, unstick, operate.Facts{}, operate.Refused, operate.ReasonOwned},
		{"deleting", rolling(1), []change{crashing(4), onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })}, unstick, operate.Facts{}, operate.Refused, operate.ReasonDeleting},
		{"not observed", rolling(1), []change{crashing(4), onSet(func(s *appsv1.StatefulSet) { s.Generation = 9 })}, unstick, operate.Facts{}, operate.Wait, operate.ReasonNotObserved},
		{"a record that can't be read", standing(1), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations[record.CanaryAnnotation] = "" })}, unstick, operate.Facts{}, operate.Refused, operate.ReasonBadRecord},

		{"all is well", ststest.Web(3), nil, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"a canary stands", standing(2), nil, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"a partition holds", rolling(2), []change{partition(3)}, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"an update gets on", rolling(2), nil, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"an update is slow", rolling(2), []change{starting(3)}, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"a pod restarts", ststest.Web(3), []change{starting(1)}, unstick, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
	}
}
