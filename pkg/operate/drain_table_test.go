package operate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// The values of an observation, and their names.
var (
	allPhases = []record.MemberPhase{record.Draining, record.Recalled, record.Removing, record.Finishing, record.Announcing, record.Starting}
	allHooks  = []hooksGiven{withHooks, withoutHooks}
	allSizes  = []sizeSeen{sizeBefore, sizeUndone, sizeAfter, sizeAbove, sizeBelow}
	allPods   = []podSeen{podNeverCreated, podGone, podReplaced, podWithoutFinalizer, podWithFinalizer, terminatingWithoutFinalizer, terminatingWithFinalizer}

	hooksNames = map[hooksGiven]string{withHooks: "with hooks", withoutHooks: "without hooks"}
	sizeNames  = map[sizeSeen]string{sizeBefore: "before", sizeUndone: "undone", sizeAfter: "after", sizeAbove: "above", sizeBelow: "below"}
	podNames   = map[podSeen]string{podNeverCreated: "never created", podGone: "gone", podReplaced: "replaced", podWithoutFinalizer: "there", podWithFinalizer: "there, finalizer",
		terminatingWithoutFinalizer: "terminating", terminatingWithFinalizer: "terminating, finalizer"}
)

func (o observation) String() string {
	return fmt.Sprintf("%s, %s, pod %s, size %s", o.phase, hooksNames[o.hooks], podNames[o.pod], sizeNames[o.size])
}

func observations() []observation {
	var out []observation
	for _, phase := range allPhases {
		for _, hooks := range allHooks {
			for _, pod := range allPods {
				for _, size := range allSizes {
					out = append(out, observation{phase, size, pod, hooks})
				}
			}
		}
	}
	return out
}

// TestDrainTablesAreWhole: each observation has exactly one row, so none is forgotten and no row
// hides another.
func TestDrainTablesAreWhole(t *testing.T) {
	pods, sizes, hooks := podSeen(0), sizeSeen(0), hooksGiven(0)
	for _, o := range observations() {
		pods, sizes, hooks = pods|o.pod, sizes|o.size, hooks|o.hooks
	}
	if pods != anyPod || sizes != anySize || hooks != anyHooks {
		t.Fatal("a value of an observation is missing here")
	}
	for name, table := range map[string]drainTable{"leave": leaveTable(), "join": joinTable()} {
		for _, o := range observations() {
			rows := 0
			for _, row := range table {
				if row.matches(o) {
					rows++
				}
			}
			if rows != 1 {
				t.Errorf("%s: %s: %d rows", name, o, rows)
			}
		}
		for _, row := range table {
			if row.why == "" || row.step == nil {
				t.Errorf("%s: a row of %s without a step or a reason", name, row.phase)
			}
		}
	}
}

// TestDrainTables shows the decision for each observation of a set as it would be seen.
func TestDrainTables(t *testing.T) {
	golden.Assert(t, cells(t, leaveTable(), 5, 3), "leave.cells")
	golden.Assert(t, cells(t, joinTable(), 4, 6), "join.cells")
}

// TestPhaseOfALaterVersion: nothing is done with a member in a phase that is not known.
func TestPhaseOfALaterVersion(t *testing.T) {
	for _, table := range []drainTable{leaveTable(), joinTable()} {
		o := observation{"Resting", sizeBefore, podWithFinalizer, withHooks}
		c := newCell(5, 3, o)
		if d := table.step(o)(c.drainScale, c.snapshot, c.facts, c.record); d.Verdict != Refused || d.Reason != ReasonBadRecord || len(d.Hint) == 0 {
			t.Errorf("%s %s: %s", d.Verdict, d.Reason, d.Message)
		}
	}
}

// cell is a set in which something is observed of its member 4.
type cell struct {
	drainScale
	snapshot *sts.Snapshot
	facts    Facts
	record   record.Drain
}

func newCell(from, to int32, o observation) cell {
	command := []profile.Command{{Name: "command", On: profile.Survivor, Command: []string{"command"}, Timeout: metav1.Duration{Duration: time.Minute}}}
	c := cell{facts: Facts{Wrote: true}}
	c.Name, c.ID, c.Replicas = "alice@laptop", "1", to
	if o.hooks == withHooks {
		c.Profile = &profile.Profile{Metadata: profile.Metadata{Name: "etcd"}, Drain: command, After: command,
			Join: &profile.Join{Before: command, Started: command, After: command}}
	}
	inv := ststest.Web(5)
	set, pod := inv.Sets[0], inv.Pods[4]
	c.record = record.Drain{From: from, To: to, Profile: c.profileName(), Member: &record.Member{Ordinal: 4, UID: pod.UID, Phase: o.phase, Since: ststest.Now}}
	set.Annotations = map[string]string{record.DrainAnnotation: sts.EncodeAnnotation(c.record), record.OwnerAnnotation: sts.EncodeAnnotation(c.Owner)}

	smaller := int32(4)
	sizes := map[sizeSeen]int32{sizeBefore: smaller, sizeUndone: smaller, sizeAfter: smaller + 1, sizeAbove: smaller + 2, sizeBelow: smaller - 1}
	if !c.record.Up() {
		sizes[sizeBefore], sizes[sizeUndone], sizes[sizeAfter] = smaller+1, smaller+1, smaller
	}
	size := sizes[o.size]
	set.Spec.Replicas = &size
	if o.size == sizeUndone {
		c.facts.Scaled = map[sts.Ordinal]bool{4: true}
	}
	switch o.pod {
	case podNeverCreated:
		c.record.Member.UID = ""
		inv.Pods = inv.Pods[:4]
	case podGone:
		inv.Pods = inv.Pods[:4]
	case podReplaced:
		pod.UID = "replaced"
	}
	if o.pod&(podWithFinalizer|terminatingWithFinalizer) != 0 {
		pod.Finalizers = []string{record.LeavingFinalizer}
	}
	if o.pod&(terminatingWithoutFinalizer|terminatingWithFinalizer) != 0 {
		pod.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
	}
	set.Status.Replicas = int32(len(inv.Pods))
	c.snapshot = inv.Snapshots()[0]
	return c
}

// cells has a line for each phase and pod, and a column for each size.
func cells(t *testing.T, table drainTable, from, to int32) string {
	var b strings.Builder
	for _, phase := range allPhases {
		for _, hooks := range allHooks {
			fmt.Fprintf(&b, "%s, %s", phase, hooksNames[hooks])
			if rows, all := block(t, table, from, to, phase, hooks); len(all) == 1 {
				fmt.Fprintf(&b, ": %s\n", all[0])
			} else {
				fmt.Fprintf(&b, "\n%s", rows)
			}
		}
	}
	return b.String()
}

// block are the lines of one phase, and the different decisions in them.
func block(t *testing.T, table drainTable, from, to int32, phase record.MemberPhase, hooks hooksGiven) (rows string, all []string) {
	const column = "%-26s"
	line := fmt.Sprintf(column, "  pod")
	for _, size := range allSizes {
		line += fmt.Sprintf(column, sizeNames[size])
	}
	for _, pod := range allPods {
		rows += strings.TrimRight(line, " ") + "\n"
		line = fmt.Sprintf(column, "  "+podNames[pod])
		for _, size := range allSizes {
			d := decided(t, table, from, to, observation{phase, size, pod, hooks})
			line += fmt.Sprintf(column, d)
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	return rows + strings.TrimRight(line, " ") + "\n", all
}

// decided is the decision in a cell. A dry run of an eviction succeeds.
func decided(t *testing.T, table drainTable, from, to int32, o observation) string {
	t.Helper()
	c := newCell(from, to, o)
	if got := c.observe(c.snapshot, c.facts, c.record); got != o {
		t.Fatalf("observed %s, want %s", got, o)
	}
	step := table.step(o)
	d := step(c.drainScale, c.snapshot, c.facts, c.record)
	if check, ok := d.Action.(*DryRunEviction); ok {
		d = step(c.drainScale, c.snapshot, c.facts.After(check), c.record)
	}
	if d.Message == "" || len(d.Hint) == 0 && slices.Contains([]Verdict{Refused, Stuck}, d.Verdict) {
		t.Errorf("%s: %s %s without a message or a hint: %q", o, d.Verdict, d.Reason, d.Message)
	}
	return fmt.Sprintf("%s %s", d.Verdict, d.Reason)
}
