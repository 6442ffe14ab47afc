package inspect

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Proof is why an update will not get on by itself: the pod that it waits for, and
// what is wrong with it.
type Proof struct {
	Pod     string      `json:"pod"`
	Ordinal sts.Ordinal `json:"ordinal"`
	// Revision is what the pod runs, or would run where it cannot be created; TargetRevision
	// what it is to run instead.
	Revision string `json:"revision"`
	// Missing: the pod does not exist, since it cannot be created.
	Missing        bool        `json:"missing,omitempty"`
	TargetRevision string      `json:"targetRevision"`
	Trouble        sts.Trouble `json:"trouble"`
	// Blocks are the other ordinals that wait for it.
	Blocks []sts.Ordinal `json:"blocks"`
	// Cure says in which direction unstick helps.
	Cure sts.Cure `json:"cure"`
	// Container is the one that fails, absent where none has been started.
	Container *FailingContainer `json:"container,omitempty"`
	// Log are its last lines. LogError says why they could not be read.
	Log      []string `json:"log,omitempty"`
	LogError string   `json:"logError,omitempty"`
	// Changes are the fields in which the pod's revision differs from what it is to
	// run. ChangesError says why they cannot be told.
	Changes      []sts.Change `json:"changes"`
	ChangesError string       `json:"changesError,omitempty"`

	// Recreate: the set has this update strategy, under which no old pod blocks anything.
	Recreate bool `json:"-"`
	// Diff is Changes in full, nil when they cannot be told.
	Diff *DiffReport `json:"-"`
}

// FailingContainer is the state of one container.
type FailingContainer struct {
	Name string `json:"name"`
	// State is Waiting, Running or Terminated; Reason is why, in one word.
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Restarts int32  `json:"restarts"`
	// ExitCode, ExitReason and ExitedAt are about its last end.
	ExitCode   *int32       `json:"exitCode,omitempty"`
	ExitReason string       `json:"exitReason,omitempty"`
	ExitedAt   *metav1.Time `json:"exitedAt,omitempty"`
}

// NewProof proves that an update is trapped: nil when it is not.
func NewProof(s *sts.Snapshot) *Proof {
	t := s.Trap()
	if t == nil {
		return nil
	}
	p := &Proof{
		Pod: s.Name(t.Replica.Ordinal), Ordinal: t.Replica.Ordinal,
		Revision: t.Replica.Revision, TargetRevision: t.Target,
		Trouble: t.Trouble, Blocks: t.Blocks, Cure: t.Cure, Recreate: sts.IsRecreate(s.Set), Changes: []sts.Change{},
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

// Logs says which logs of the failing container to look at, the best first: true is
// that of the run before the present one. In a crash loop either may be empty, or be
// gone by the time that it is asked for. Nil where it has never run.
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
