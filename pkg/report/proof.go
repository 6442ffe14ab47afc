package report

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// Proof is why an update will not continue without manual action: the pod that it waits for, and why that pod
// is not available.
type Proof struct {
	// Pod is the lowest pod that the update waits for.
	Pod string `json:"pod"`
	// Ordinal is its ordinal.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Revision is the revision it runs.
	Revision string `json:"revision"`
	// Missing is true if the pod does not exist because it cannot be created; [Proof.Revision] is the
	// one it would have.
	Missing bool `json:"missing,omitempty"`
	// TargetRevision is the revision it should run.
	TargetRevision string `json:"targetRevision"`
	// Trouble is why it is not available.
	Trouble diagnose.Trouble `json:"trouble"`
	// Blocks are the other ordinals that are not on their target revision and wait for this pod.
	Blocks []sts.Ordinal `json:"blocks"`
	// Remedy is how the update is fixed.
	Remedy diagnose.Remedy `json:"remedy"`
	// Container is the failing container; absent if none has been started.
	Container *FailingContainer `json:"container,omitempty"`
	// Log is the last lines of its log, from its previous run if it was restarted.
	Log []string `json:"log,omitempty"`
	// LogError is why the log could not be read.
	LogError string `json:"logError,omitempty"`
	// Changes is how the pod's revision differs from the one it should run.
	Changes []sts.Change `json:"changes"`
	// ChangesError is why the difference is unknown.
	ChangesError string `json:"changesError,omitempty"`

	// Recreate: the set has this update strategy, with which no old pod blocks anything.
	Recreate bool `json:"-"`
	// Diff is Changes in full, nil when they are unknown.
	Diff *DiffReport `json:"-"`
}

// FailingContainer is the state of one container.
type FailingContainer struct {
	// Name is the name of the container.
	Name string `json:"name"`
	// State is `Waiting`, `Running` or `Terminated`.
	State string `json:"state"`
	// Reason is the reason, as Kubernetes reports it: `CrashLoopBackOff`.
	Reason string `json:"reason,omitempty"`
	// Restarts is the number of restarts.
	Restarts int32 `json:"restarts"`
	// ExitCode is the exit code of its last termination.
	ExitCode *int32 `json:"exitCode,omitempty"`
	// ExitReason is the reason of its last termination, as Kubernetes reports it: `OOMKilled`.
	ExitReason string `json:"exitReason,omitempty"`
	// ExitedAt is the time of its last termination.
	ExitedAt *metav1.Time `json:"exitedAt,omitempty"`
}

// NewProof is the proof that an update is trapped: nil when it is not.
func NewProof(s *sts.Snapshot) *Proof {
	t := diagnose.Rollout(s)
	if t == nil {
		return nil
	}
	p := &Proof{
		Pod: s.Name(t.Replica.Ordinal), Ordinal: t.Replica.Ordinal,
		Revision: t.Replica.Revision, TargetRevision: t.Target,
		Trouble: t.Trouble, Blocks: t.Blocks, Remedy: t.Remedy, Recreate: sts.StrategyOf(s.Set).ReplacesAllAtOnce(), Changes: []sts.Change{},
	}
	if p.Missing = t.Replica.Pod == nil; !p.Missing {
		p.Container = failingContainer(diagnose.FailingContainer(s, t.Replica.Pod))
	}
	if p.Blocks == nil {
		p.Blocks = []sts.Ordinal{}
	}
	var err error
	if p.Diff, err = diff(s, 0, t.Target, 0, t.Replica.Revision); err != nil {
		p.Diff, p.ChangesError = nil, err.Error()
	} else {
		p.Changes = p.Diff.Changes
	}
	return p
}

// Logs are the logs of the failing container to show, the best first: true is that of
// the previous run. In a crash loop either may be empty, or be gone when it is read.
// Nil where the container has never run.
func (p *Proof) Logs() []bool {
	c := p.Container
	switch {
	case c == nil || c.State == "Waiting" && c.ExitCode == nil:
		return nil
	case c.State == "Running" && c.ExitCode != nil:
		return []bool{true, false}
	case c.Restarts > 0:
		return []bool{false, true}
	}
	return []bool{false}
}

func failingContainer(c *corev1.ContainerStatus) *FailingContainer {
	if c == nil {
		return nil
	}
	out := &FailingContainer{Name: c.Name, Restarts: c.RestartCount, State: "Running"}
	ended := c.LastTerminationState.Terminated
	switch {
	case c.State.Waiting != nil:
		out.State, out.Reason = "Waiting", c.State.Waiting.Reason
	case c.State.Terminated != nil:
		ended = c.State.Terminated
		out.State, out.Reason = "Terminated", ended.Reason
	}
	if ended != nil {
		out.ExitCode, out.ExitReason = &ended.ExitCode, ended.Reason
		if !ended.FinishedAt.IsZero() {
			out.ExitedAt = &ended.FinishedAt
		}
	}
	return out
}
