package report

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Proof is why an update will not continue by itself: the pod that it waits for, and
// its trouble.
type Proof struct {
	Pod     string      `json:"pod"`
	Ordinal sts.Ordinal `json:"ordinal"`
	// Revision is the pod's, or would be if it could be created; TargetRevision is the
	// revision that it should run instead.
	Revision string `json:"revision"`
	// Missing: the pod does not exist, because it cannot be created.
	Missing        bool        `json:"missing,omitempty"`
	TargetRevision string      `json:"targetRevision"`
	Trouble        sts.Trouble `json:"trouble"`
	// Blocks are the other ordinals that wait for it.
	Blocks []sts.Ordinal `json:"blocks"`
	// Remedy is the direction in which unstick helps.
	Remedy sts.Remedy `json:"remedy"`
	// Container is the failing one, absent where none has been started.
	Container *FailingContainer `json:"container,omitempty"`
	// Log are its last lines. LogError says why they could not be read.
	Log      []string `json:"log,omitempty"`
	LogError string   `json:"logError,omitempty"`
	// Changes are the fields in which the pod's revision differs from the target
	// revision. ChangesError is why they are unknown.
	Changes      []sts.Change `json:"changes"`
	ChangesError string       `json:"changesError,omitempty"`

	// Recreate: the set has this update strategy, with which no old pod blocks anything.
	Recreate bool `json:"-"`
	// Diff is Changes in full, nil when they are unknown.
	Diff *DiffReport `json:"-"`
}

// FailingContainer is the state of one container.
type FailingContainer struct {
	Name string `json:"name"`
	// State is Waiting, Running or Terminated; Reason is why, in one word.
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Restarts int32  `json:"restarts"`
	// ExitCode, ExitReason and ExitedAt are about its last termination.
	ExitCode   *int32       `json:"exitCode,omitempty"`
	ExitReason string       `json:"exitReason,omitempty"`
	ExitedAt   *metav1.Time `json:"exitedAt,omitempty"`
}

// NewProof is the proof that an update is trapped: nil when it is not.
func NewProof(s *sts.Snapshot) *Proof {
	t := s.Trap()
	if t == nil {
		return nil
	}
	p := &Proof{
		Pod: s.Name(t.Replica.Ordinal), Ordinal: t.Replica.Ordinal,
		Revision: t.Replica.Revision, TargetRevision: t.Target,
		Trouble: t.Trouble, Blocks: t.Blocks, Remedy: t.Remedy, Recreate: sts.StrategyOf(s.Set).ReplacesAllAtOnce(), Changes: []sts.Change{},
	}
	if p.Missing = t.Replica.Pod == nil; !p.Missing {
		p.Container = failingContainer(s.FailingContainer(t.Replica.Pod))
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
