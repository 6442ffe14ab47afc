package record

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	// CanaryAnnotation has a [Canary] in JSON while a canary is in progress.
	CanaryAnnotation = sts.AnnotationPrefix + "canary"
	// RestartAnnotation has a [Restart] in JSON while a restart is in progress.
	RestartAnnotation = sts.AnnotationPrefix + "restart"
	// OwnerAnnotation is the lock: an [Owner] in JSON while a command changes the set.
	OwnerAnnotation = sts.AnnotationPrefix + "owner"
)

// Canary is the state of a canary that cannot be read from the set, its pods and its
// revisions. There is no other state.
type Canary struct {
	// StableRevision is the name of the revision that every ordinal was on before.
	StableRevision string `json:"stableRevision"`
	// StableTemplate is its pod template as the server wrote it. It is kept here
	// because history may drop the revision (kubernetes#121534).
	StableTemplate json.RawMessage `json:"stableTemplate"`
	// PartitionBefore is the partition (an offset) before the canary.
	PartitionBefore int32 `json:"partitionBefore"`
	// Replicas is how many the set had when the canary began; older records lack it.
	Replicas *int32 `json:"replicas,omitempty"`
	// Partition is the one that the canary wrote last.
	Partition int32 `json:"partition"`
	// Generation is the set's metadata.generation after the canary's last write to
	// its spec. While it is the same, no other client has changed the spec.
	Generation int64 `json:"generation"`
	// TemplateDigest is [TemplateDigest] of the pod template after the last write to it:
	// the canary's own, while aborting the stable one as the server writes it. Empty when
	// that is not known.
	TemplateDigest string `json:"templateDigest"`
	// Goal is the lowest ordinal that the running command will update. It is absent
	// between commands, so that a killed command can be resumed.
	Goal *sts.Ordinal `json:"goal,omitempty"`
	// GoalOf is the command, with its options, that has this goal: only the same one
	// resumes it.
	GoalOf string `json:"goalOf,omitempty"`
	// Asked is a digest of the requested change, where the changes of admission were accepted
	// as part of it.
	Asked string `json:"asked,omitempty"`
	// Adopted: it began as an update of another client, which a promotion continues.
	Adopted bool `json:"adopted,omitempty"`
	// Paused: it began as an update of another client that was paused, and can be resumed.
	Paused bool `json:"paused,omitempty"`
	// Aborting: the stable template is restored, the pods are being rolled back.
	Aborting bool `json:"aborting,omitempty"`
	// AbortedFor is the gate that failed, where that started the abort.
	AbortedFor string `json:"abortedFor,omitempty"`
	// Auto are the options of a `canary promote --auto`, also of one that was stopped.
	Auto *Auto `json:"auto,omitempty"`
	// AppliedBy is the other client that applied the template that the abort rolled back.
	AppliedBy string    `json:"appliedBy,omitempty"`
	StartedBy string    `json:"startedBy,omitempty"`
	StartedAt time.Time `json:"startedAt"`
}

// PartitionAfter is the partition once every ordinal is updated: the one before the canary. The
// exception is an adopted update whose partition was above only some of the ordinals: that is a
// canary started by hand, which ends here. A partition above all of them (999, or as many as there
// were replicas) blocks every update, and the next one, too.
func (c *Canary) PartitionAfter(set *appsv1.StatefulSet) int32 {
	replicas := sts.DesiredReplicas(set)
	if c.Replicas != nil {
		replicas = *c.Replicas
	}
	if c.Adopted && c.PartitionBefore < replicas {
		return 0
	}
	return c.PartitionBefore
}

// Auto are the options of canary promote --auto.
type Auto struct {
	// Steps is how many ordinals are updated after each step, such as `3` or `50%`; absent if each step
	// updates one more.
	Steps []string `json:"steps,omitempty"`
	// Soak is for how long every updated pod must be Ready at each step, such as `5m0s`.
	Soak string `json:"soak,omitempty"`
	// MaxRestarts is how often the containers of one updated pod may restart.
	MaxRestarts int32 `json:"maxRestarts"`
	// Checks is the number of commands that are run at each step.
	Checks int `json:"checks,omitempty"`
}

// SoakTime is Soak as a duration, 0 for none.
func (a *Auto) SoakTime() time.Duration {
	d, err := time.ParseDuration(a.Soak)
	if err != nil {
		return 0
	}
	return d
}

// String is the options in a line.
func (a *Auto) String() string { return msgAuto(a.Steps, a.SoakTime(), a.Checks, a.MaxRestarts) }

// Restart is the state of a restart of selected pods: which pods they were. An ordinal that has
// another pod by now is restarted, by whichever client.
type Restart struct {
	// Pods are the UIDs that the selected ordinals' pods had when it began.
	Pods map[sts.Ordinal]types.UID `json:"pods"`
	// Command is the command with its options: only the same one resumes it.
	Command   string    `json:"command"`
	StartedBy string    `json:"startedBy,omitempty"`
	StartedAt time.Time `json:"startedAt"`
}

// Split returns the ordinals that have another pod by now, which is available, and those that
// are left; lowest first. An ordinal that the set no longer has is neither.
func (r *Restart) Split(s *sts.Snapshot) (done, left []sts.Ordinal) {
	for _, replica := range s.Replicas() {
		before, chosen := r.Pods[replica.Ordinal]
		switch {
		case !chosen || !replica.Desired:
		case replica.Available && replica.Pod.UID != before:
			done = append(done, replica.Ordinal)
		default:
			left = append(left, replica.Ordinal)
		}
	}
	return done, left
}

// Again is the command that resumes the restart, for a hint. The recorded options are quoted already.
func (r *Restart) Again(set *appsv1.StatefulSet) sts.Hint {
	_, options, _ := strings.Cut(r.Command, " ")
	return sts.Kubectl(set.Namespace, strings.TrimSpace("sts restart "+set.Name+" "+options))
}

// Owner is the lock holder: the command that is changing a set. It is absent between commands.
type Owner struct {
	// Name is the lock holder: `--owner`, by default user@host.
	//
	// A command resumes an earlier one of the same name that was killed.
	Name string `json:"name"`
	// ID is unique for each command that runs.
	ID string `json:"id"`
	// Command is the command.
	Command string `json:"command"`
	// Since is when it took the lock.
	Since time.Time `json:"since"`
}

// ReadCanary reads the set's canary record: nil when there is none, an error
// when it can't be read.
func ReadCanary(set *appsv1.StatefulSet) (*Canary, error) {
	c, err := readAnnotation[Canary](set, CanaryAnnotation)
	if err == nil && c != nil && (c.StableRevision == "" || len(c.StableTemplate) == 0) {
		return nil, invalid(set, CanaryAnnotation, msgNoStableRevision())
	}
	return c, err
}

// RollBackCommand rolls a stuck update back, for a hint: a canary that is in progress is aborted, which does
// the same as unstick then.
func RollBackCommand(set *appsv1.StatefulSet) sts.Hint {
	if c, err := ReadCanary(set); err == nil && c != nil {
		return sts.Kubectl(set.Namespace, "sts canary abort", set.Name)
	}
	return sts.Kubectl(set.Namespace, "sts unstick", set.Name)
}

// ReadRestart reads the record of a restart in progress: nil when there is none, an error
// when it can't be read.
func ReadRestart(set *appsv1.StatefulSet) (*Restart, error) {
	r, err := readAnnotation[Restart](set, RestartAnnotation)
	if r != nil && (r.StartedAt.IsZero() || r.Command != "" && !restartCommand.MatchString(r.Command)) {
		return nil, invalid(set, RestartAnnotation, msgNoCommand())
	}
	return r, err
}

// restartCommand is a command with its options, each a plain word or quoted for a shell. It is
// printed in hints, so an annotation that holds anything else is not trusted.
var restartCommand = regexp.MustCompile(`^restart( ([A-Za-z0-9%+,./:=@_-]|'[^'\p{Cc}]*'|\\'|\$'([^'\\\p{Cc}]|\\\P{Cc})*')+)*$`)

// ReadOwner reads which command holds the lock of the set: nil when none does, an error when
// the record can't be read.
func ReadOwner(set *appsv1.StatefulSet) (*Owner, error) {
	o, err := readAnnotation[Owner](set, OwnerAnnotation)
	if o != nil && (o.Name == "" || o.ID == "") {
		return nil, invalid(set, OwnerAnnotation, msgNoOwner())
	}
	return o, err
}

// LastOwner is the last lock on the set that a watch has seen, whether it is held or not: nil when it
// has seen none.
func LastOwner(s *sts.Snapshot) *Owner {
	o := new(Owner)
	if json.Unmarshal([]byte(s.Memory.Lock), o) != nil || o.Name == "" || o.ID == "" {
		return nil
	}
	return o
}

// InvalidError is about a record that cannot be read.
type InvalidError struct {
	// Set is the name of the StatefulSet.
	Namespace, Set string
	// Annotation is that of the record.
	Annotation string
	// Problem is what is wrong with its value.
	Problem string
}

func invalid(set *appsv1.StatefulSet, annotation, problem string) *InvalidError {
	return &InvalidError{Namespace: set.Namespace, Set: set.Name, Annotation: annotation, Problem: problem}
}

// Error implements error.
func (e *InvalidError) Error() string { return msgInvalidRecord(e.Set, e.Annotation, e.Problem) }

// Hint is what to do about it.
func (e *InvalidError) Hint() sts.Hint {
	remove := sts.Kubectl(e.Namespace, "annotate statefulset", e.Set, e.Annotation+"-")
	switch e.Annotation {
	case OwnerAnnotation:
		return hintBadOwner(remove)
	case CanaryAnnotation:
		return hintBadCanary(remove)
	case DrainAnnotation:
		return hintBadDrain(remove)
	case RecoverAnnotation:
		return hintBadRecover(remove)
	}
	return hintBadRestart(sts.Kubectl(e.Namespace, "sts restart", e.Set, "--forget"))
}

func readAnnotation[T any](set *appsv1.StatefulSet, key string) (*T, error) {
	raw, ok := set.Annotations[key]
	if !ok {
		return nil, nil
	}
	v := new(T)
	if err := json.Unmarshal([]byte(raw), v); err != nil {
		return nil, invalid(set, key, jsonProblem(err))
	}
	return v, nil
}

// jsonProblem is what is wrong with a record. The error of encoding/json may name a Go type.
func jsonProblem(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return msgUnexpectedJSON(wrong.Value, wrong.Field)
	}
	return err.Error()
}

// TemplateDigest identifies a pod template: a hash of the template's JSON.
func TemplateDigest(t *corev1.PodTemplateSpec) string { return sts.Digest(t) }

// Disturbed names the client that has changed the partition or the template since the canary's
// last write to the spec; empty when none has. Any client may change replicas.
func (c *Canary) Disturbed(set *appsv1.StatefulSet) string {
	switch {
	case c.Generation == set.Generation:
	case sts.Partition(set) != c.Partition:
		return msgPartitionMoved(sts.Who(set, "updateStrategy", "rollingUpdate", "partition"), set.Name, c.Partition, sts.Partition(set),
			sts.Start(set)+sts.Ordinal(c.Partition), sts.UpdateFrom(set))
	case c.Aborting && !c.Restored(set):
		return c.Reapplied(set)
	case !c.Aborting && c.TemplateDigest != "" && TemplateDigest(&set.Spec.Template) != c.TemplateDigest:
		return msgTemplateChanged(sts.Who(set, "template"), set.Name)
	}
	return ""
}

// Reapplied names the client that has changed the template during the abort.
func (c *Canary) Reapplied(set *appsv1.StatefulSet) string {
	return msgTemplateReapplied(sts.Who(set, "template"), set.Name, c.StableRevision)
}

// Restored says whether the set has the stable template. The server may have encoded it
// differently, which is known from a dry run.
func (c *Canary) Restored(set *appsv1.StatefulSet) bool {
	if c.Aborting && c.TemplateDigest == TemplateDigest(&set.Spec.Template) {
		return true
	}
	stable, err := sts.ParseTemplate(c.StableTemplate)
	return err == nil && equality.Semantic.DeepEqual(*stable, set.Spec.Template)
}
