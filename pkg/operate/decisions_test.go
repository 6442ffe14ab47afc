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

func (p promoting) from(s *sts.Snapshot) operate.Intent {
	return operate.NewPromoteCanary(operate.PromoteOptions(p), s)
}

func (p promoting) Next(s *sts.Snapshot, f operate.Facts) operate.Decision {
	return p.from(s).Next(s, f)
}

func TestDecisions(t *testing.T) {
	for verb, cases := range map[string][]decisionCase{
		"start": startCases(), "promote": promoteCases(), "auto": autoCases(), "abort": abortCases(), "pause": pauseCases(), "managed": managedCases(), "restart": restartCases(), "recover": recoverCases(), "unstick": unstickCases(),
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
					keepsTaints(t, test.name, s, p)
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

// keepsTaints: nothing but the record remembers a taint of ours that is on its node.
func keepsTaints(t *testing.T, name string, s *sts.Snapshot, p *operate.PatchSet) {
	t.Helper()
	before, err := record.ReadRecover(s.Set)
	if err != nil {
		return
	}
	set, err := operate.Patched(s.Set, p.Ops)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	after, err := record.ReadRecover(set)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	for _, taint := range before.Taints {
		n := s.NodeOf(taint.Node)
		if (n == nil || taint.IsOn(n) >= 0) && !slices.Contains(after.Taints, taint) {
			t.Errorf("%s: the taint on %s is no longer on record", name, taint.Node)
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
		{"one of ours that was killed: it is taken first", []change{owned("alice@laptop", "0"), goal}, true, false, true},
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
