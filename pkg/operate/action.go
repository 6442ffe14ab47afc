package operate

import (
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// SetAction is one step of a command on a StatefulSet: a write to the cluster, a dry run of one,
// or a command that is run.
//
// The types of this package are the only ones: see [SetActions].
type SetAction interface {
	isSetAction()

	// Type is the name of the action in JSON.
	Type() string
	// Describe says what the action does, and why, as people read it.
	Describe() string
	// IsAPIWrite says whether the action changes an object in the API server.
	IsAPIWrite() bool
	// Disrupts says whether the action may remove pods. Its preconditions are not enough then: the
	// API server cannot check that all other pods are available and that the claims are safe.
	Disrupts() bool
	// Endangers are the replicas whose pods the action may remove: directly, or because the
	// StatefulSet controller then deletes them.
	Endangers(s *sts.Snapshot) []sts.Replica

	// after are the facts once the action was carried out.
	after(f Facts) Facts
	// simulate carries the action out in the world of a preview. It fails where the API server would.
	simulate(w *preview) error
	// refusal is the decision where admission denies the action, nil for one that is not denied.
	refusal(o *Objection, namespace, set string) *Decision
}

// SetActions are all types of actions, as in [SetAction].
func SetActions() []SetAction {
	return []SetAction{
		&PatchSet{}, &Scale{}, &EvictPod{}, &DeletePod{}, &DryRunEviction{}, &AddFinalizer{}, &RemoveFinalizer{},
		&TaintNode{}, &UntaintNode{}, &DeleteNode{}, &ForceDeletePod{}, &Exec{},
	}
}

// MarshalAction writes an action as one JSON object: its type, what it does in words, and its own fields.
func MarshalAction(a SetAction) ([]byte, error) {
	head, err := json.Marshal(struct {
		Type        string `json:"type"`
		Description string `json:"description"`
	}{a.Type(), a.Describe()})
	if err != nil {
		return nil, err
	}
	fields, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return slices.Concat(head[:len(head)-1], []byte{','}, fields[1:]), nil
}

// Risks are the risks to the claims of the pods that the action may remove.
func Risks(a SetAction, s *sts.Snapshot) []diagnose.ClaimRisk {
	var out []diagnose.ClaimRisk
	for _, r := range a.Endangers(s) {
		out = append(out, diagnose.ClaimRisks(s, r)...)
	}
	return out
}

// endangered are the replicas with a pod that goes.
func endangered(s *sts.Snapshot, goes func(sts.Replica) bool) []sts.Replica {
	var out []sts.Replica
	for _, r := range s.Replicas() {
		if r.Pod != nil && goes(r) {
			out = append(out, r)
		}
	}
	return out
}

// endangeredByRemoval are the replicas whose pods may be removed when one pod is: it may have
// blocked an update, and without it the controller continues with every ordinal that is due.
func endangeredByRemoval(s *sts.Snapshot, pod types.UID) []sts.Replica {
	due := dueForUpdate(s)
	return endangered(s, func(r sts.Replica) bool { return r.Pod.UID == pod || due(r) })
}

func terminating(s *sts.Snapshot, uid types.UID) bool {
	return slices.ContainsFunc(s.Pods, func(p *corev1.Pod) bool { return p.UID == uid && p.DeletionTimestamp != nil })
}

// dueForUpdate says of a pod whether the controller will replace it, now or when nothing blocks
// the update any more.
func dueForUpdate(s *sts.Snapshot) func(sts.Replica) bool {
	allAtOnce := sts.StrategyOf(s.Set).ReplacesAllAtOnce() // those of removed ordinals, too
	return func(r sts.Replica) bool { return (r.Desired || allAtOnce) && s.DueForUpdate(r) }
}
