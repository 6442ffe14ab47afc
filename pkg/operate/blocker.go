package operate

import (
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// Before a pod that blocks an update is deleted, nothing must have changed for
// this long: under some policies the controller replaces it by itself, at once.
const (
	stillFailing  = 3 * time.Second
	stillStarting = 30 * time.Second // a pod that is slow to start may still become ready
)

// Deletions caps how many pods a command deletes.
type Deletions struct {
	// Max is the cap; nil stands for each ordinal once.
	Max *int32
}

// way is the revision that the pods of a set should reach.
type way struct {
	// good says whether a pod runs what it should run. Such a pod is never deleted.
	good func(sts.Replica) bool
	to   string
	// starting: a pod that is not proven to fail is deleted, too.
	starting bool
}

// blocker waits for the pods, or deletes the one that blocks the controller: the
// lowest that is neither good nor available, once it is clear that the controller
// will not replace it. Nil when every pod has reached the revision.
func (w way) blocker(s *sts.Snapshot, f Facts, most Deletions) *Decision {
	var blocking *sts.Replica
	var wait *Decision
	replicas := s.Replicas()
	for k := range replicas {
		r := &replicas[k]
		t := diagnose.Replica(s, *r)
		switch {
		case r.Pod != nil && record.HoldsLeaving(r.Pod) && (t != nil || !w.good(*r)):
			d := stuckMemberLeft(s, *r)
			return &d
		case t == nil:
			if r.Desired && !w.good(*r) && wait == nil {
				d := waitForReplacement(s, *r, msgWaitReplaced(s.Name(r.Ordinal), w.to))
				wait = &d
			}
			continue
		case r.Pod != nil && !r.Terminating && !w.good(*r):
			if blocking == nil {
				blocking = r
			}
		default:
			// In progress: terminating, missing, or good and starting.
			d := trouble(s, *r, t, Stuck)
			return &d
		}
		if !sts.IsParallel(s.Set) {
			break // the controller does not reach higher ordinals before this one is gone
		}
	}
	if blocking == nil {
		return wait
	}
	d := w.remove(s, *blocking, f, most)
	return &d
}

// stuckMemberLeft is the end where the finalizer keeps a pod because its member has left: only
// scaling down removes it.
func stuckMemberLeft(s *sts.Snapshot, r sts.Replica) Decision {
	d := refuseLostMember(s, r.Ordinal, r.Pod)
	if drain, err := record.ReadDrain(s.Set); err == nil && drain != nil {
		d = decide(Stuck, ReasonMemberLeft, msgMemberLeaving(r.Pod.Name), hintFinishDrain(drain.Again(s.Set)))
	}
	d.Verdict, d.Subject = Stuck, podSubject(r.Pod.Name)
	return d
}

func (w way) remove(s *sts.Snapshot, r sts.Replica, f Facts, most Deletions) Decision {
	t := diagnose.Replica(s, r)
	need := stillStarting
	if t.Failing {
		need = stillFailing
	}
	wait := decide(Wait, ReasonPodNotAvailable, msgWaitOnRevision(s.Name(r.Ordinal), r.Revision, t.Message), nil)
	wait.Subject, wait.Detail = podSubject(s.Name(r.Ordinal)), t.Reason
	switch {
	case !t.Failing && !w.starting:
		return wait
	case motionless(s, f) < need:
		wait.Message = msgWaitBeforeDelete(wait.Message, need)
		return wait
	}
	if d := most.requireDeletionsLeft(s, r, f); d != nil {
		return *d
	}
	return do(&DeletePod{Description: stepDeleteBlocker(s.Name(r.Ordinal), t.Message, w.to), PodRef: podRef(r)}, "DeleteBlocker")
}

// motionless is for how long nothing has changed: seen by this command, or before it by what the server records, so
// that a command with a short timeout gets on when it is rerun.
func motionless(s *sts.Snapshot, f Facts) time.Duration {
	if moved := s.LastMoved(); !moved.IsZero() {
		return max(f.Still, s.TakenAt.Sub(moved))
	}
	return f.Still
}

// requireDeletionsLeft stops a command before it deletes more pods than allowed.
func (c Deletions) requireDeletionsLeft(s *sts.Snapshot, r sts.Replica, f Facts) *Decision {
	if _, again := f.Deleted[r.Pod.UID]; again {
		return nil // the answer was lost: the same deletion again
	}
	message := ""
	switch {
	case c.Max != nil && len(f.Deleted) >= int(*c.Max):
		message = msgMaxDeletes(s.Name(r.Ordinal), *c.Max, len(f.Deleted))
	case c.Max == nil:
		for _, name := range f.Deleted {
			if name == r.Pod.Name {
				message = msgDeletedTwice(name, r.Revision)
			}
		}
	}
	if message == "" {
		return nil
	}
	d := decide(Stuck, ReasonMaxDeletes, message, hintMaxDeletes(diagnose.LookCommand(s, r.Ordinal, diagnose.Replica(s, r))))
	d.Subject = podSubject(r.Pod.Name)
	return &d
}
