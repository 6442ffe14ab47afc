package diagnose_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func ago(d time.Duration) time.Time { return ststest.Now.Add(-d) }

// without removes pod web-1.
func without(inv *sts.Inventory) { inv.Pods = append(inv.Pods[:1:1], inv.Pods[2:]...) }

// said adds an event of the controller about web-1: so many times, first and last seen so long
// ago.
func said(reason, message string, count int32, first, last time.Duration) func(*sts.Inventory) {
	return func(inv *sts.Inventory) {
		e := ststest.Event("StatefulSet", "web", message)
		e.InvolvedObject.UID, e.Reason, e.Count = inv.Sets[0].UID, reason, count
		e.FirstTimestamp, e.LastTimestamp = metav1.NewTime(ago(first)), metav1.NewTime(ago(last))
		e.Type = corev1.EventTypeWarning
		if reason[0] == 'S' {
			e.Type = corev1.EventTypeNormal
		}
		inv.Events = append(inv.Events, e)
	}
}

func refused(count int32, first, last time.Duration) func(*sts.Inventory) {
	return said("FailedCreate", `create Pod web-1 in StatefulSet web failed error: pods "web-1" is forbidden: denied`, count, first, last)
}

func done(verb string, count int32, first, last time.Duration) func(*sts.Inventory) {
	return said("Successful"+verb, verb+" Pod web-1 in StatefulSet web successful", count, first, last)
}

// wrote adds a managedFields entry of the set: these fields were written this long ago.
func wrote(subresource, fields string, d time.Duration) func(*sts.Inventory) {
	return func(inv *sts.Inventory) {
		at := metav1.NewTime(ago(d))
		inv.Sets[0].ManagedFields = append(inv.Sets[0].ManagedFields, metav1.ManagedFieldsEntry{
			Subresource: subresource, Time: &at, FieldsV1: metav1.NewFieldsV1(fields)})
	}
}

const (
	templateField   = `{"f:spec":{"f:template":{}}}`
	annotationField = `{"f:metadata":{"f:annotations":{}}}`
)

type troubleCase struct {
	name    string
	changes []func(*sts.Inventory)
	want    *diagnose.Trouble
}

// wantTrouble checks the trouble of ordinal 1.
func wantTrouble(t *testing.T, tests []troubleCase, of func(*sts.Snapshot, sts.Replica) *diagnose.Trouble) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			for _, change := range test.changes {
				change(inv)
			}
			s := inv.Snapshots()[0]
			for _, r := range s.Replicas() {
				if r.Ordinal != 1 {
					continue
				}
				got := of(s, r)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				checkReason(t, got)
			}
		})
	}
}

// A refused pod is proven only when the controller had another chance, and for as long as its
// back-off can last.
func TestFailedCreate(t *testing.T) {
	const detail = `create Pod web-1 in StatefulSet web failed error: pods "web-1" is forbidden: denied`
	cannot := &diagnose.Trouble{Reason: "FailedCreate", Failing: true, Message: diagnose.MsgCannotCreate("denied"), Detail: detail}
	notYet := func(until time.Duration) *diagnose.Trouble {
		return &diagnose.Trouble{Reason: "FailedCreate", Message: diagnose.MsgNotCreatedYet("denied"), Detail: detail, Until: ststest.Now.Add(until)}
	}
	missing := &diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissing()}
	accepted := func(d time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Memory.Accept(types.NamespacedName{Namespace: inv.Sets[0].Namespace, Name: "web-1"}, ago(d))
		}
	}
	wantTrouble(t, []troubleCase{
		{"once, a moment ago", []func(*sts.Inventory){without, refused(1, 0, 0)}, notYet(30 * time.Second)},
		{"once, unchanged", []func(*sts.Inventory){without, refused(1, 30*time.Second, 30*time.Second)}, cannot},
		{"once, nearly unchanged", []func(*sts.Inventory){without, refused(1, 29*time.Second, 29*time.Second)}, notYet(time.Second)},
		{"eight times in two seconds", []func(*sts.Inventory){without, refused(8, 2*time.Second, 0)}, notYet(30 * time.Second)},
		{"for ten seconds", []func(*sts.Inventory){without, refused(11, 10*time.Second, 0)}, cannot},
		{"no first time is known", []func(*sts.Inventory){without, refused(2, time.Hour, 0)}, cannot},
		{"between two attempts", []func(*sts.Inventory){without, refused(18, 30*time.Minute, 1000*time.Second)}, cannot},
		{"last seen before the first time", []func(*sts.Inventory){without, refused(14, time.Minute, 15*time.Minute), done("Delete", 1, 61*time.Second, 61*time.Second)}, cannot},
		{"longer ago than any back-off", []func(*sts.Inventory){without, refused(18, 30*time.Minute, 20*time.Minute)}, missing},
		{"created since", []func(*sts.Inventory){without, refused(8, 5*time.Minute, 5*time.Minute), done("Create", 2, time.Hour, 4*time.Minute)}, missing},
		{"claims created since", []func(*sts.Inventory){without, refused(8, 5*time.Minute, 5*time.Minute),
			said("SuccessfulCreate", "create Claim data-web-1 Pod web-1 in StatefulSet web success", 1, time.Minute, time.Minute)}, cannot},
		{"another was created since", []func(*sts.Inventory){without, refused(8, 5*time.Minute, 5*time.Minute),
			said("SuccessfulCreate", "create Pod web-10 in StatefulSet web successful", 1, time.Minute, time.Minute)}, cannot},
		{"an earlier pod was also refused", []func(*sts.Inventory){without, refused(16, time.Hour, 0), done("Create", 1, 59*time.Minute, 59*time.Minute), done("Delete", 1, 2*time.Second, 2*time.Second)},
			notYet(30 * time.Second)},
		{"an earlier pod was also refused, and a watch saw its deletion", []func(*sts.Inventory){without, refused(16, time.Hour, 0), func(inv *sts.Inventory) {
			pod := ststest.Pod(inv.Sets[0], 1, ststest.StableRevision)
			inv.Memory.Forget(pod, ago(time.Second), true)
		}}, notYet(30 * time.Second)},
		{"an earlier pod was also refused, and the status changed", []func(*sts.Inventory){without, refused(16, time.Hour, 0), wrote("status", `{"f:status":{}}`, time.Second)},
			notYet(30 * time.Second)},
		{"refused before the pod was deleted", []func(*sts.Inventory){without, refused(3, time.Minute, time.Minute), done("Delete", 1, time.Second, time.Second)}, missing},
		{"refused before the template was fixed", []func(*sts.Inventory){without, refused(18, time.Hour, 5*time.Minute), wrote("", templateField, time.Second)},
			notYet(29 * time.Second)},
		{"the fixed template is also refused", []func(*sts.Inventory){without, refused(18, time.Hour, 0), wrote("", templateField, time.Second)},
			notYet(30 * time.Second)},
		{"refused again after an annotation was written", []func(*sts.Inventory){without, refused(18, time.Hour, 0), wrote("", annotationField, time.Second)}, cannot},
		{"the template was fixed, and no pod was created", []func(*sts.Inventory){without, refused(18, time.Hour, 5*time.Minute), wrote("", templateField, 31*time.Second)}, cannot},
		{"accepted since", []func(*sts.Inventory){without, refused(18, time.Hour, 5*time.Minute), accepted(time.Minute)}, &diagnose.Trouble{Reason: "FailedCreate", Detail: detail,
			Message: diagnose.MsgNotCreatedAccepted("denied")}},
		{"accepted, and refused again", []func(*sts.Inventory){without, refused(18, time.Hour, 0), accepted(time.Minute)}, cannot},
		{"a series", []func(*sts.Inventory){without, refused(0, 0, 0), func(inv *sts.Inventory) {
			inv.Events[0].FirstTimestamp = metav1.NewTime(ago(time.Minute))
			inv.Events[0].Series = &corev1.EventSeries{Count: 12, LastObservedTime: metav1.NewMicroTime(ststest.Now)}
		}}, cannot},
	}, diagnose.Replica)
}

// A pod whose deletion admission denies is reported, also where the pod is available.
func TestDeletionRefused(t *testing.T) {
	const detail = `delete Pod web-1 in StatefulSet web failed error: pods "web-1" is forbidden: protected by backup-guard`
	refused := func(count int32, first, last time.Duration) func(*sts.Inventory) {
		return said("FailedDelete", detail, count, first, last)
	}
	updated := func(inv *sts.Inventory) { inv.Sets[0].Status.UpdateRevision = "web-next" }
	cannot := &diagnose.Trouble{Reason: "FailedDelete", Failing: true, Message: diagnose.MsgCannotDelete("protected by backup-guard"), Detail: detail}
	wantTrouble(t, []troubleCase{
		{"nothing was refused", []func(*sts.Inventory){updated}, nil},
		{"for ten seconds", []func(*sts.Inventory){updated, refused(11, 10*time.Second, 0)}, cannot},
		{"once, a moment ago", []func(*sts.Inventory){updated, refused(1, 0, 0)},
			&diagnose.Trouble{Reason: "FailedDelete", Message: diagnose.MsgNotDeletedYet("protected by backup-guard"), Detail: detail, Until: ststest.Now.Add(30 * time.Second)}},
		{"between two attempts", []func(*sts.Inventory){updated, refused(18, 30*time.Minute, 1000*time.Second)}, cannot},
		{"it need not be deleted", []func(*sts.Inventory){refused(11, 10*time.Second, 0)}, nil},
		{"below the partition", []func(*sts.Inventory){updated, refused(11, 10*time.Second, 0), func(inv *sts.Inventory) {
			*inv.Sets[0].Spec.UpdateStrategy.RollingUpdate.Partition = 2
		}}, nil},
		{"terminating", []func(*sts.Inventory){updated, refused(11, 10*time.Second, 0), func(inv *sts.Inventory) { ststest.Terminating(inv.Pods[1], ststest.Now) }}, nil},
		{"it was deleted since", []func(*sts.Inventory){updated, refused(11, time.Minute, time.Minute), done("Delete", 1, time.Second, time.Second)}, nil},
		{"an earlier pod could not be deleted", []func(*sts.Inventory){updated, refused(11, 2*time.Hour, 2*time.Minute), func(inv *sts.Inventory) {
			inv.Pods[1].CreationTimestamp = metav1.NewTime(ago(time.Minute))
		}}, nil},
		{"scaled down", []func(*sts.Inventory){refused(11, 10*time.Second, 0), func(inv *sts.Inventory) { *inv.Sets[0].Spec.Replicas = 1 }}, cannot},
		{"phase Failed", []func(*sts.Inventory){refused(11, 10*time.Second, 0), func(inv *sts.Inventory) { inv.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodFailed} }}, cannot},
		{"of an earlier set", []func(*sts.Inventory){updated, refused(11, 10*time.Second, 0), func(inv *sts.Inventory) { inv.Events[0].InvolvedObject.UID = "earlier" }}, nil},
	}, diagnose.DeletionRefused)
}

// A pod that has the name and does not belong to the set is why the pod is missing (kubernetes#46901).
func TestNameTaken(t *testing.T) {
	stranger := func(change func(*corev1.Pod)) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			pod := ststest.Pod(inv.Sets[0], 1, ststest.StableRevision)
			pod.OwnerReferences = nil
			change(pod)
			inv.Strangers = append(inv.Strangers, pod)
		}
	}
	owned := func(kind, name string, uid types.UID) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, UID: uid, Controller: new(true)}}
		}
	}
	bare := func(p *corev1.Pod) { p.Labels = map[string]string{"other": "x"} }
	old := func(inv *sts.Inventory) { inv.Sets[0].CreationTimestamp = metav1.NewTime(ago(time.Hour)) }
	wantTrouble(t, []troubleCase{
		{"without its labels", []func(*sts.Inventory){without, stranger(bare)},
			&diagnose.Trouble{Reason: "NameTaken", Failing: true, Message: diagnose.MsgNotSelected([]string{"app=web"}),
				Fix: sts.Kubectl("test", "label pod", "web-1", "app=web", "--overwrite")}},
		{"without its labels, and terminating", []func(*sts.Inventory){without, stranger(func(p *corev1.Pod) {
			bare(p)
			ststest.Terminating(p, ststest.Now)
		})}, &diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgNameTerminating()}},
		{"of another controller", []func(*sts.Inventory){without, stranger(owned("ReplicaSet", "web-1a", "x"))},
			&diagnose.Trouble{Reason: "NameTaken", Failing: true, Message: diagnose.MsgNameTaken("ReplicaSet", "web-1a")}},
		{"of an earlier set, not yet seen by the garbage collector", []func(*sts.Inventory){without, stranger(owned("StatefulSet", "web", "earlier")), func(inv *sts.Inventory) {
			inv.Sets[0].CreationTimestamp = metav1.NewTime(ago(time.Second))
		}}, &diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgNameOfEarlierSet("web", "earlier")}},
		{"of an earlier set", []func(*sts.Inventory){without, stranger(owned("StatefulSet", "web", "earlier")), old},
			&diagnose.Trouble{Reason: "NameTaken", Failing: true, Message: diagnose.MsgNameOfEarlierSet("web", "earlier")}},
		{"to be adopted", []func(*sts.Inventory){without, stranger(func(*corev1.Pod) {})},
			&diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgNotAdopted()}},
		{"of the set, not in its list yet", []func(*sts.Inventory){without, stranger(owned("StatefulSet", "web", "set-uid"))},
			&diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissing()}},
		{"the set has a pod of that name", []func(*sts.Inventory){stranger(bare)}, nil},
	}, diagnose.Replica)
}

// A pod is read by its name only where nothing else explains why it is missing.
func TestUnexplained(t *testing.T) {
	for _, test := range []struct {
		name    string
		changes []func(*sts.Inventory)
		want    string
	}{
		{"none missing", nil, ""},
		{"missing", []func(*sts.Inventory){without}, "web-1"},
		{"just deleted", []func(*sts.Inventory){without, wrote("status", `{}`, time.Second)}, ""},
		{"the controller cannot create it", []func(*sts.Inventory){without, refused(1, 0, 0)}, ""},
		{"it waits for one below", []func(*sts.Inventory){without, func(inv *sts.Inventory) { ststest.Crashing(inv.Pods[0]) }}, ""},
		{"it waits for none below", []func(*sts.Inventory){without, func(inv *sts.Inventory) {
			ststest.Crashing(inv.Pods[0])
			inv.Sets[0].Spec.PodManagementPolicy = appsv1.ParallelPodManagement
		}}, "web-1"},
		{"the set is being deleted", []func(*sts.Inventory){without, func(inv *sts.Inventory) { inv.Sets[0].DeletionTimestamp = &metav1.Time{Time: ststest.Now} }}, ""},
		{"pods cannot be read", []func(*sts.Inventory){without, func(inv *sts.Inventory) { inv.Missing = []sts.Missing{{Resource: "pods"}} }}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			for _, change := range test.changes {
				change(inv)
			}
			if got := diagnose.Unexplained(inv.Snapshots()[0]); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// A pod that keeps being recreated is distinguished from one that was replaced once.
func TestRecreated(t *testing.T) {
	failed := func(age time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Pods[1].CreationTimestamp = metav1.NewTime(ago(age))
			inv.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "OutOfcpu", Message: "Pod was rejected: no cpu"}
		}
	}
	starting := func(age time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			ststest.NotReady(inv.Pods[1], ago(age))
			inv.Pods[1].CreationTimestamp = metav1.NewTime(ago(age))
		}
	}
	evicted := func(pods int, last time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			for k := range pods {
				e := ststest.Event("Pod", "web-1", "The node was low on resource: memory.")
				e.InvolvedObject.UID, e.Reason, e.Type = types.UID(fmt.Sprint("gone-", k)), "Evicted", corev1.EventTypeWarning
				e.LastTimestamp = metav1.NewTime(ago(last + time.Duration(k)*4*time.Minute))
				inv.Events = append(inv.Events, e)
			}
		}
	}
	went := func(pods int, ready bool) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			for k := range pods {
				pod := ststest.Pod(inv.Sets[0], 1, ststest.StableRevision)
				pod.UID, pod.Status.Phase, pod.Status.Reason = types.UID(fmt.Sprint("gone-", k)), corev1.PodFailed, "NodeAffinity"
				inv.Memory.Forget(pod, ago(time.Duration(pods-k)*time.Second), ready)
			}
		}
	}
	pinned := func(age time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			starting(age)(inv)
			inv.Pods[1].Labels[appsv1.StatefulSetRevisionLabel] = "pinned"
		}
	}
	renumbered := func(age time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Revisions[0].ManagedFields = []metav1.ManagedFieldsEntry{{Time: &metav1.Time{Time: ago(age)}}}
		}
	}
	again := func(n int, why string) *diagnose.Trouble {
		return &diagnose.Trouble{Reason: "Recreated", Failing: true, Message: diagnose.MsgRecreated(n, why)}
	}
	once := &diagnose.Trouble{Reason: "Failed", Message: diagnose.MsgFailed("OutOfcpu", "Pod was rejected: no cpu")}
	notReady := func(age time.Duration) *diagnose.Trouble {
		return &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(age, nil)}
	}
	withFix := func(t *diagnose.Trouble) *diagnose.Trouble {
		t.Fix = sts.Kubectl("", "get", "mutatingwebhookconfigurations,mutatingadmissionpolicies")
		return t
	}
	rewritten := diagnose.MsgLabelChanged("pinned")
	wantTrouble(t, []troubleCase{
		{"rejected once", []func(*sts.Inventory){failed(time.Second)}, once},
		{"rejected once, after updates", []func(*sts.Inventory){failed(time.Second), done("Delete", 9, time.Hour, time.Minute)}, once},
		{"rejected repeatedly", []func(*sts.Inventory){failed(time.Second), done("Delete", 12, 30*time.Second, 0)}, again(12, diagnose.MsgRejected("OutOfcpu", "Pod was rejected: no cpu"))},
		{"between two rejections", []func(*sts.Inventory){starting(time.Second), done("Delete", 12, 30*time.Second, 0)}, again(12, diagnose.MsgDeletedEachTime())},
		{"between two pods", []func(*sts.Inventory){without, done("Delete", 12, 30*time.Second, 0)}, again(12, diagnose.MsgDeletedEachTime())},
		{"while it is terminating", []func(*sts.Inventory){starting(time.Second), done("Delete", 12, 30*time.Second, 0), func(inv *sts.Inventory) { ststest.Terminating(inv.Pods[1], ststest.Now) }},
			again(12, diagnose.MsgDeletedEachTime())},
		{"the last one has stayed", []func(*sts.Inventory){starting(2 * time.Minute), done("Delete", 12, 4*time.Minute, 2*time.Minute)}, notReady(2 * time.Minute)},
		{"long ago", []func(*sts.Inventory){starting(time.Second), done("Delete", 12, 30*time.Minute, 29*time.Minute)}, notReady(time.Second)},
		{"updated occasionally", []func(*sts.Inventory){starting(time.Second), done("Delete", 5, 5*time.Minute, 0)}, notReady(time.Second)},
		{"updated repeatedly", []func(*sts.Inventory){starting(time.Second), done("Delete", 12, 30*time.Second, 0), wrote("", templateField, 20*time.Second)}, notReady(time.Second)},
		{"canaries, each aborted", []func(*sts.Inventory){starting(time.Second), done("Delete", 12, 30*time.Second, 0), renumbered(20 * time.Second)}, notReady(time.Second)},
		{"a canary before", []func(*sts.Inventory){starting(time.Second), done("Delete", 12, 30*time.Second, 0), renumbered(time.Minute)}, again(12, diagnose.MsgDeletedEachTime())},
		{"updated before", []func(*sts.Inventory){starting(time.Second), done("Delete", 12, 30*time.Second, 0), wrote("", templateField, time.Minute)}, again(12, diagnose.MsgDeletedEachTime())},
		{"a watch saw three deleted, in three updates", []func(*sts.Inventory){starting(time.Second), went(3, false), wrote("", `{"f:spec":{"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}`, time.Second)}, notReady(time.Second)},
		{"evicted every few minutes", []func(*sts.Inventory){starting(3 * time.Minute), evicted(3, 3*time.Minute)}, &diagnose.Trouble{Reason: "Recreated", Failing: true,
			Message: diagnose.MsgRecreated(3, diagnose.MsgRejected("Evicted", "The node was low on resource: memory")), Detail: "The node was low on resource: memory."}},
		{"evicted twice", []func(*sts.Inventory){starting(3 * time.Minute), evicted(2, 3*time.Minute)}, notReady(3 * time.Minute)},
		{"evicted long ago", []func(*sts.Inventory){starting(3 * time.Minute), evicted(3, 7*time.Minute)}, notReady(3 * time.Minute)},
		{"a watch saw three rejected ones deleted", []func(*sts.Inventory){starting(time.Second), went(3, false)}, again(3, diagnose.MsgRejected("NodeAffinity", ""))},
		{"a watch saw two rejected ones deleted", []func(*sts.Inventory){starting(time.Second), went(2, false)}, notReady(time.Second)},
		{"a watch saw three ready ones deleted", []func(*sts.Inventory){starting(time.Second), went(3, true)}, notReady(time.Second)},
		{"its revision label was changed", []func(*sts.Inventory){pinned(time.Second), done("Delete", 11, 10*time.Second, 0)}, withFix(again(11, rewritten))},
		{"its revision label was changed, and it is ready for a moment", []func(*sts.Inventory){func(inv *sts.Inventory) {
			inv.Pods[1].CreationTimestamp = metav1.NewTime(ago(time.Second))
			inv.Pods[1].Labels[appsv1.StatefulSetRevisionLabel] = "pinned"
		}, done("Delete", 11, 10*time.Second, 0)}, withFix(again(11, rewritten))},
		{"its revision label is unknown", []func(*sts.Inventory){pinned(time.Second)}, notReady(time.Second)},
		{"available", []func(*sts.Inventory){done("Delete", 12, 30*time.Second, 0)}, nil},
	}, diagnose.Replica)
}

// A pod that its kubelet no longer reports on is explained by the state of its node.
func TestPodOfALostNode(t *testing.T) {
	const node = "node-0"
	since := ago(20 * time.Minute)
	lost, ready := ststest.LostNode(node, since), ststest.ReadyNode(node)
	knows := func(n sts.NodeState) func(*sts.Inventory) {
		return func(inv *sts.Inventory) { inv.NodeStates = []sts.NodeState{n} }
	}
	going := func(inv *sts.Inventory) { ststest.Terminating(inv.Pods[1], ago(5*time.Minute)) }
	silent := func(inv *sts.Inventory) {
		ststest.NotReady(inv.Pods[1], ago(12*time.Minute))
		status := &inv.Pods[1].Status
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: corev1.ContainersReady, Status: corev1.ConditionTrue})
		for i := range status.ContainerStatuses {
			status.ContainerStatuses[i].Ready = true
		}
	}
	evidence := diagnose.MsgNodeNotReady(node, "Unknown", 20*time.Minute, since.Add(-time.Minute), ststest.Now)
	fix := diagnose.HintNodeMayBeLost(sts.Kubectl("", "describe node", node), sts.Kubectl("test", "sts recover", "web", "--ordinal", "1"))
	wantTrouble(t, []troubleCase{
		{"terminating, the node is lost", []func(*sts.Inventory){going, knows(lost)},
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(5*time.Minute, nil, evidence), Fix: fix}},
		{"terminating, the node is gone", []func(*sts.Inventory){going, knows(sts.NodeState{Name: node})},
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(5*time.Minute, nil, diagnose.MsgNodeDeleted(node)), Fix: fix}},
		{"terminating, the node is ready", []func(*sts.Inventory){going, knows(ready)},
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(5*time.Minute, nil, diagnose.MsgNodeReady(node))}},
		{"terminating, another node is lost", []func(*sts.Inventory){going, knows(ststest.LostNode("node-9", since))},
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(5*time.Minute, nil, diagnose.MsgNodeMayBeDown(node)), Fix: fix}},
		{"not ready, the node is lost", []func(*sts.Inventory){silent, knows(lost)},
			&diagnose.Trouble{Reason: "NotReady", Failing: true, Message: diagnose.MsgNodeSaysNotReady(12*time.Minute, evidence), Fix: fix}},
		{"not ready, the node is ready", []func(*sts.Inventory){silent, knows(ready)},
			&diagnose.Trouble{Reason: "NotReady", Failing: true, Message: diagnose.MsgNotReady(12*time.Minute, nil)}},
		{"not ready, as its kubelet reports", []func(*sts.Inventory){func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[1], ago(12*time.Minute)) }, knows(lost)},
			&diagnose.Trouble{Reason: "NotReady", Failing: true, Message: diagnose.MsgNotReady(12*time.Minute, nil)}},
	}, diagnose.Replica)
	for name, test := range map[string]struct {
		change func(*sts.Inventory)
		want   []string
	}{
		"all is well":       {func(*sts.Inventory) {}, nil},
		"terminating":       {going, []string{node}},
		"not ready, silent": {silent, []string{node}},
		"not ready":         {func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[1], ago(12*time.Minute)) }, nil},
		"terminating, with a finalizer": {func(inv *sts.Inventory) {
			going(inv)
			inv.Pods[1].Finalizers = []string{"a.example/x"}
		}, nil},
		"terminating for a moment": {func(inv *sts.Inventory) { ststest.Terminating(inv.Pods[1], ago(time.Second)) }, nil},
		"two pods of one node": {func(inv *sts.Inventory) {
			going(inv)
			ststest.Terminating(inv.Pods[2], ago(5*time.Minute))
			inv.Pods[2].Spec.NodeName = node
		}, []string{node}},
	} {
		inv := ststest.Web(3)
		test.change(inv)
		if diff := cmp.Diff(test.want, diagnose.Nodes(inv, ststest.Now)); diff != "" {
			t.Errorf("nodes to read, %s (-want +got):\n%s", name, diff)
		}
	}
}

// A finalizer is named from the start, and a pod whose last finalizer was removed gets time to end.
func TestTerminating(t *testing.T) {
	going := func(overdue time.Duration, finalizers ...string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			ststest.Terminating(inv.Pods[1], ago(overdue))
			inv.Pods[1].Finalizers = finalizers
		}
	}
	released := func(d time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) { inv.Memory.Release(inv.Pods[1].UID, ago(d)) }
	}
	wantTrouble(t, []troubleCase{
		{"blocked from the start", []func(*sts.Inventory){going(-time.Second, "a.example/x")},
			&diagnose.Trouble{Reason: "Terminating", Message: diagnose.MsgTerminating([]string{"a.example/x"}), Until: ststest.Now.Add(62 * time.Second)}},
		{"blocked for too long", []func(*sts.Inventory){going(5*time.Minute, "a.example/x")},
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(5*time.Minute, []string{"a.example/x"}, "")}},
		{"released a moment ago", []func(*sts.Inventory){going(5 * time.Minute), released(time.Second)},
			&diagnose.Trouble{Reason: "Terminating", Message: diagnose.MsgTerminating(nil), Until: ststest.Now.Add(60 * time.Second)}},
		{"released long ago", []func(*sts.Inventory){going(5 * time.Minute), released(2 * time.Minute)},
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(5*time.Minute, nil, diagnose.MsgNodeMayBeDown("node-0")), Fix: diagnose.HintNodeMayBeLost(sts.Kubectl("", "describe node", "node-0"), sts.Kubectl("test", "sts recover", "web", "--ordinal", "1"))}},
		{"released once, blocked by another", []func(*sts.Inventory){going(5*time.Minute, "b.example/y"), released(time.Second)},
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(5*time.Minute, []string{"b.example/y"}, "")}},
	}, diagnose.Replica)
}
