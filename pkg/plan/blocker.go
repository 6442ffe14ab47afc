package plan

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Before a pod that stands in the way is deleted, nothing must have moved for
// this long: under some policies the controller replaces it by itself, at once.
const (
	stillFailing  = 3 * time.Second
	stillStarting = 30 * time.Second // a pod that is slow to start may still get ready
)

// Deletions caps how many pods a command deletes.
type Deletions struct {
	// Max is the cap; nil stands for each ordinal once.
	Max *int32
}

// way is where the pods of a set are to go.
type way struct {
	// good says whether a pod runs what it is to run. Such a pod is never deleted.
	good func(sts.Replica) bool
	to   string
	// starting: also a pod that is not proven to fail is taken out of the way.
	starting bool
}

// blocker waits for the pods, or deletes the one that keeps the controller from
// getting on: the lowest that is neither good nor available, once it is plain that
// the controller will not replace it. Nil when every pod is where it is to go.
func (w way) blocker(s *sts.Snapshot, f Facts, most Deletions) *Decision {
	var blocking *sts.Replica
	var wait *Decision
	replicas := s.Replicas()
	for k := range replicas {
		r := &replicas[k]
		t := s.Trouble(*r)
		switch {
		case r.Pod != nil && sts.HoldsLeaving(r.Pod) && (t != nil || !w.good(*r)):
			d := stays(s, *r)
			return &d
		case t == nil:
			if r.Desired && !w.good(*r) && wait == nil {
				d := toBeReplaced(s, *r, fmt.Sprintf("for %s to go to %s", s.Name(r.Ordinal), w.to))
				wait = &d
			}
			continue
		case r.Pod != nil && !r.Terminating && !w.good(*r):
			if blocking == nil {
				blocking = r
			}
		default:
			// On its way: terminating, missing, or good and starting.
			d := trouble(s, *r, t, Stuck)
			return &d
		}
		if !sts.IsParallel(s.Set) {
			break // the controller will not come to higher ordinals before this one is gone
		}
	}
	if blocking == nil {
		return wait
	}
	d := w.remove(s, *blocking, f, most)
	return &d
}

// stays is the end where a pod is held in its place because its member has left:
// nothing makes it go but a smaller set.
func stays(s *sts.Snapshot, r sts.Replica) Decision {
	d := lostMember(s, r.Ordinal, r.Pod)
	if record, err := sts.ReadDrain(s.Set); err == nil && record != nil {
		d = decide(Stuck, ReasonMemberLeft, fmt.Sprintf("%s is leaving its cluster, or has left it: its pod must not go on as a member (it is held by the finalizer %s)", r.Pod.Name, sts.LeavingFinalizer),
			"take it out first: "+record.Again(s.Set))
	}
	d.Verdict, d.Subject = Stuck, r.Pod.Name
	return d
}

func (w way) remove(s *sts.Snapshot, r sts.Replica, f Facts, most Deletions) Decision {
	t := s.Trouble(r)
	need := stillStarting
	if t.Failing {
		need = stillFailing
	}
	wait := decide(Wait, ReasonPodNotAvailable, fmt.Sprintf("for %s on %s, which %s", s.Name(r.Ordinal), r.Revision, t.Message), "")
	wait.Subject = s.Name(r.Ordinal) + " " + t.Reason
	switch {
	case !t.Failing && !w.starting:
		return wait
	case f.Still < need:
		wait.Message += "; it is deleted when nothing moves for " + sts.Age(need)
		return wait
	}
	if d := most.spent(s, r, f); d != nil {
		return *d
	}
	return do(Action{
		Why:       fmt.Sprintf("delete %s: it %s and blocks the way to %s", s.Name(r.Ordinal), t.Message, w.to),
		DeletePod: &DeletePod{Name: r.Pod.Name, UID: r.Pod.UID, Ordinal: r.Ordinal, Revision: r.Revision},
	}, "DeleteBlocker")
}

// spent stops a command before it deletes more pods than it may.
func (c Deletions) spent(s *sts.Snapshot, r sts.Replica, f Facts) *Decision {
	if _, again := f.Deleted[r.Pod.UID]; again {
		return nil // its answer was lost: the same deletion, once more
	}
	message := ""
	switch {
	case c.Max != nil && len(f.Deleted) >= int(*c.Max):
		message = fmt.Sprintf("%s blocks the way, and %s deleted: no more are allowed", s.Name(r.Ordinal), sts.Count(len(f.Deleted), "pod"))
	case c.Max == nil:
		for _, name := range f.Deleted {
			if name == r.Pod.Name {
				message = fmt.Sprintf("%s was deleted, came back on %s and blocks the way again: no ordinal's pod is deleted twice", name, r.Revision)
			}
		}
	}
	if message == "" {
		return nil
	}
	d := decide(Stuck, ReasonMaxDeletes, message,
		"look at it: "+s.LookCommand(r.Ordinal, s.Trouble(r))+"; the same command goes on, and counts from 0 (--max-deletes)")
	d.Subject = r.Pod.Name
	return &d
}
