package sts

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// FieldManager is the name under which every write is recorded in managedFields.
	FieldManager = "kubectl-sts"
	// AnnotationPrefix begins the key of every annotation that kubectl-sts writes.
	AnnotationPrefix = "kubectl-sts.dev/"
	// CanaryAnnotation holds a [Canary] in JSON while a canary is on its way.
	CanaryAnnotation = AnnotationPrefix + "canary"
	// RestartAnnotation holds a [Restart] in JSON while a restart is on its way.
	RestartAnnotation = AnnotationPrefix + "restart"
	// OwnerAnnotation holds an [Owner] in JSON while a command works on the set.
	OwnerAnnotation = AnnotationPrefix + "owner"
)

// Canary is what has to be remembered about a canary and cannot be seen in the
// set, its pods and its revisions. There is no other state.
type Canary struct {
	// StableRevision is the name of the revision that every ordinal was on before.
	StableRevision string `json:"stableRevision"`
	// StableTemplate is its pod template as the server wrote it. It is kept here
	// because history may drop the revision (kubernetes#121534).
	StableTemplate json.RawMessage `json:"stableTemplate"`
	// PartitionBefore is the partition (an offset) that stood before the canary.
	PartitionBefore int32 `json:"partitionBefore"`
	// Replicas is how many the set had when the canary began; older records don't say.
	Replicas *int32 `json:"replicas,omitempty"`
	// Partition is the one that the canary wrote last.
	Partition int32 `json:"partition"`
	// Generation is the set's metadata.generation after the canary's last write to
	// its spec. As long as it stands, nobody else has changed the spec.
	Generation int64 `json:"generation"`
	// TemplateDigest is [TemplateDigest] of the pod template that the last write to it
	// led to: the canary's own, while aborting the stable one as the server writes
	// it. Empty when that is not known.
	TemplateDigest string `json:"templateDigest"`
	// Goal is the lowest ordinal that the command under way is to update. It is
	// absent between commands, so that a killed command knows where it was going.
	Goal *Ordinal `json:"goal,omitempty"`
	// GoalOf is the command, with its options, that has this goal: only the same one
	// goes on to it.
	GoalOf string `json:"goalOf,omitempty"`
	// Asked is a digest of the change that was asked for, where it was accepted that admission
	// makes another one of it.
	Asked string `json:"asked,omitempty"`
	// Adopted: it began as an update of somebody else's that a promotion goes on with.
	Adopted bool `json:"adopted,omitempty"`
	// Paused: it began as somebody's update that was frozen, and can be let go again.
	Paused bool `json:"paused,omitempty"`
	// Aborting: the stable template has been put back, the pods are following.
	Aborting bool `json:"aborting,omitempty"`
	// AbortedFor is the gate that failed, where no person asked for the abort.
	AbortedFor string `json:"abortedFor,omitempty"`
	// Auto is what a `canary promote --auto` goes by, or went by that was stopped.
	Auto *Auto `json:"auto,omitempty"`
	// AppliedBy is who else had applied the template that the abort took back.
	AppliedBy string    `json:"appliedBy,omitempty"`
	StartedBy string    `json:"startedBy,omitempty"`
	StartedAt time.Time `json:"startedAt"`
}

// PartitionAfter is the partition once every ordinal has the update: the one before. An
// adopted update is the exception where its partition held only some ordinals back: that is a
// canary made by hand, which ends here. One that held back all of them (999, or as many as
// there were replicas) freezes the set, and the next update, too.
func (c *Canary) PartitionAfter(set *appsv1.StatefulSet) int32 {
	replicas := WantedReplicas(set)
	if c.Replicas != nil {
		replicas = *c.Replicas
	}
	if c.Adopted && c.PartitionBefore < replicas {
		return 0
	}
	return c.PartitionBefore
}

// Auto is what a canary that promotes itself goes by.
type Auto struct {
	// Steps are how many ordinals have the update after each step, like 3 or 50%;
	// empty is one more each time.
	Steps []string `json:"steps,omitempty"`
	// Soak is for how long every updated pod has to be Ready at each step, as Go
	// writes durations: "5m0s".
	Soak string `json:"soak,omitempty"`
	// MaxRestarts is how often the containers of one updated pod may restart.
	MaxRestarts int32 `json:"maxRestarts"`
	// Checks is how many commands are asked at each step.
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

// String is one line for people.
func (a *Auto) String() string {
	parts := []string{"one by one"}
	if len(a.Steps) > 0 {
		parts[0] = "steps " + strings.Join(a.Steps, ", ")
	}
	if d := a.SoakTime(); d > 0 {
		parts = append(parts, "soak "+Duration(d))
	}
	if a.Checks > 0 {
		parts = append(parts, Count(a.Checks, "check"))
	}
	return strings.Join(append(parts, "at most "+Count(a.MaxRestarts, "restart")), ", ")
}

// Restart is what has to be remembered about a restart of chosen pods: which pods
// they were. Who has another pod by now has been restarted, whoever did it.
type Restart struct {
	// Pods are the UIDs that the chosen ordinals' pods had when it began.
	Pods map[Ordinal]types.UID `json:"pods"`
	// Command is the command with its options: only the same one goes on with it.
	Command   string    `json:"command"`
	StartedBy string    `json:"startedBy,omitempty"`
	StartedAt time.Time `json:"startedAt"`
}

// Split tells the ordinals that have another pod by now, which is available, from
// those that are left; lowest first. An ordinal that the set no longer has is
// neither.
func (r *Restart) Split(s *Snapshot) (done, left []Ordinal) {
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

// Again is the command that goes on with the restart, for a hint.
func (r *Restart) Again(set *appsv1.StatefulSet) string {
	verb, options, _ := strings.Cut(r.Command, " ")
	return Kubectl(set.Namespace, strings.TrimSpace("sts "+verb+" "+set.Name+" "+options))
}

// Owner names the command that works on a set just now. It is absent between commands.
type Owner struct {
	// Name says who: by default user@host. Commands of one name go on where an
	// earlier one of that name was killed.
	Name string `json:"name"`
	// ID is different for every command that runs.
	ID      string    `json:"id"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// ReadCanary reads the set's canary record: nil when there is none, an error
// when it can't be read.
func ReadCanary(set *appsv1.StatefulSet) (*Canary, error) {
	c, err := readAnnotation[Canary](set, CanaryAnnotation)
	if err == nil && c != nil && (c.StableRevision == "" || len(c.StableTemplate) == 0) {
		return nil, fmt.Errorf("statefulset %s: annotation %s: no stable revision is recorded in it", set.Name, CanaryAnnotation)
	}
	return c, err
}

// ReadRestart reads the record of a restart that is on its way: nil when there is
// none, an error when it can't be read.
func ReadRestart(set *appsv1.StatefulSet) (*Restart, error) {
	return readAnnotation[Restart](set, RestartAnnotation)
}

// ReadOwner reads which command works on the set: nil when none does, an error
// when the record can't be read.
func ReadOwner(set *appsv1.StatefulSet) (*Owner, error) {
	return readAnnotation[Owner](set, OwnerAnnotation)
}

func readAnnotation[T any](set *appsv1.StatefulSet, key string) (*T, error) {
	raw, ok := set.Annotations[key]
	if !ok {
		return nil, nil
	}
	v := new(T)
	if err := json.Unmarshal([]byte(raw), v); err != nil {
		return nil, fmt.Errorf("statefulset %s: annotation %s: %w", set.Name, key, err)
	}
	return v, nil
}

// EncodeAnnotation writes a record as an annotation's value.
func EncodeAnnotation(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types, which always marshal
	}
	return string(raw)
}

// TemplateDigest tells pod templates apart: a hash of the template's JSON.
func TemplateDigest(t *corev1.PodTemplateSpec) string { return Digest(t) }

// Digest is a hash of the value's JSON.
func Digest(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // API types and our own, which always marshal
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// Disturbed says in a sentence who has moved the partition or changed the template
// since the canary's last write to the spec; empty when nobody has. A change of
// replicas alone is everybody's right.
func (c *Canary) Disturbed(set *appsv1.StatefulSet) string {
	switch {
	case c.Generation == set.Generation:
	case Partition(set) != c.Partition:
		return fmt.Sprintf("%s moved the partition of statefulset %s from %d to %d (ordinals %s to %s) during the canary",
			Who(set, "updateStrategy", "rollingUpdate", "partition"), set.Name, c.Partition, Partition(set),
			Start(set)+Ordinal(c.Partition), UpdateFrom(set))
	case c.Aborting && !c.Restored(set):
		return fmt.Sprintf("%s applied another template to statefulset %s while it went back to %s", Who(set, "template"), set.Name, c.StableRevision)
	case !c.Aborting && c.TemplateDigest != "" && TemplateDigest(&set.Spec.Template) != c.TemplateDigest:
		return fmt.Sprintf("%s changed the pod template of statefulset %s during the canary", Who(set, "template"), set.Name)
	}
	return ""
}

// Restored says whether the stable template stands. The server may have written it
// in words of its own, which a dry run has told, or may not.
func (c *Canary) Restored(set *appsv1.StatefulSet) bool {
	if c.Aborting && c.TemplateDigest == TemplateDigest(&set.Spec.Template) {
		return true
	}
	stable, err := ParseTemplate(c.StableTemplate)
	return err == nil && equality.Semantic.DeepEqual(*stable, set.Spec.Template)
}

// Who names somebody else who manages a field of the spec, for a sentence.
func Who(set *appsv1.StatefulSet, path ...string) string {
	if m := LastManager(set, append([]string{"spec"}, path...)...); m != "" {
		return "field manager " + m
	}
	return "somebody"
}

// LastManager names who besides us last wrote the field of the set's spec at the
// path, from managedFields: "helm", "kubectl-edit". Empty when nobody is recorded.
func LastManager(set *appsv1.StatefulSet, path ...string) string {
	entries := slices.Clone(set.ManagedFields)
	slices.SortStableFunc(entries, func(a, b metav1.ManagedFieldsEntry) int {
		return cmp.Compare(timeOf(b.Time).UnixNano(), timeOf(a.Time).UnixNano())
	})
	for _, e := range entries {
		if e.FieldsV1 == nil || e.Subresource == "status" || e.Manager == FieldManager {
			continue
		}
		var fields map[string]any
		if json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		if ownsPath(fields, path) {
			return e.Manager
		}
	}
	return ""
}

func ownsPath(fields map[string]any, path []string) bool {
	for _, p := range path {
		next, ok := fields["f:"+p].(map[string]any)
		if !ok {
			return false
		}
		fields = next
	}
	return true
}

func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}
