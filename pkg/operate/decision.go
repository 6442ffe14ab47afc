// Package operate decides: from the state of a StatefulSet and the intent of a command it
// derives the one next step. It is pure; package loop calls it again after every
// step, so an interrupted command is resumed by running it again.
package operate

import (
	"encoding/json"
	"errors"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// Intent is a verb with its options. Next looks at the current state and decides the
// one next step; it keeps nothing between calls. An intent is made by its constructor from the
// options and the snapshot in which the command finds the set: what depends on that state, such as
// how far "one more ordinal" is, is fixed there.
type Intent interface {
	Next(s *sts.Snapshot, f Facts) Decision
	// Release is the patch that releases the lock when the command ends, nil when
	// there is nothing to release. With reached false, the command can still be
	// resumed later.
	Release(s *sts.Snapshot, reached bool) *PatchSet
}

// ErrChanged means that a precondition of an action did not hold: nothing was
// written, and the next snapshot decides again.
var ErrChanged = errors.New("the object has been modified")

// ErrBehind means that an action was decided from a stale watch: nothing was written.
var ErrBehind = errors.New("the watch is behind the API server")

// ErrTransient means that the API server could not be reached or did not answer: the
// action may or may not have been carried out. It can be retried, because its
// preconditions fail when it was.
var ErrTransient = errors.New("no response from the API server")

// AnswerError is a response of the API server that is a decision by itself: an eviction
// that a budget blocks is waited for.
type AnswerError struct {
	Decision
	// Stored: the write was carried out nevertheless.
	Stored bool
	// Cause is why the budget blocks the eviction, in the API server's words.
	Cause string
}

func (e *AnswerError) Error() string { return e.Message }

// Facts are what an Intent cannot see in a Snapshot.
type Facts struct {
	// Wrote says that this command has written to the set, more than the lock that it took from
	// another command: from then on the owner annotation must be its own.
	Wrote bool
	// TookOver is the lock that this command has taken from another one: nil for none.
	TookOver *record.Owner
	// Found is the snapshot in which the command found the set when it started; nil in a preview.
	Found *sts.Snapshot
	// Still is for how long nothing has changed: see [sts.Snapshot.Progress].
	Still time.Duration
	// Results are those of the [Exec] actions that have ended, by their keys; Started are the
	// keys of all that were started.
	Results map[string]ExecResult
	Started map[string]bool
	// StoredTemplate is the digest of the template that this command sets, as the API server
	// stores it: known from a dry run, empty without one.
	StoredTemplate string
	// Restored is how often this command has restored a stable template.
	Restored int
	// Deleted are the pods that this command has deleted, by UID, also where the
	// server's answer was lost.
	Deleted map[types.UID]string
	// Allowed are the evictions that the API server would have carried out.
	Allowed map[EvictionCheck]bool
	// Scaled are the ordinals with or without which this command has scaled the set.
	Scaled map[sts.Ordinal]bool
	// FinalizersAdded is how often this command has added its finalizer to a pod, by the pod's UID.
	FinalizersAdded map[types.UID]int
}

// foundRecord reports whether the set had this record when the command started, which then resumes it.
func (f Facts) foundRecord(annotation string) bool {
	return f.Found != nil && f.Found.Set.Annotations[annotation] != ""
}

// After are the facts once an action was carried out.
func (f Facts) After(a SetAction) Facts { return a.after(f) }

// WithStarted adds the key of an [Exec] action that was started.
func (f Facts) WithStarted(key string) Facts {
	f.Started = withKey(f.Started, key, true)
	return f
}

// WithResult adds the result of an [Exec] action, by its key.
func (f Facts) WithResult(key string, r ExecResult) Facts {
	f.Results = withKey(f.Results, key, r)
	return f
}

// withKey does not change the old map, which an intent may have kept.
func withKey[K comparable, V any](old map[K]V, key K, value V) map[K]V {
	m := maps.Clone(old)
	if m == nil {
		m = map[K]V{}
	}
	m[key] = value
	return m
}

// Verdict is the kind of a decision.
type Verdict string

// The verdicts. Do and Wait continue the command; the others end it.
const (
	// Do: the next step; only in `plan`, and in the result of a dry run.
	Do Verdict = "Do"
	// Wait: what the command waited for when a timeout, a signal or an error ended it.
	Wait Verdict = "Wait"
	// Done: the goal is reached, or there was nothing to do.
	Done Verdict = "Done"
	// Stuck: manual action is required (exit code 4).
	Stuck Verdict = "Stuck"
	// Refused: it would not be safe (exit code 5).
	Refused Verdict = "Refused"
	// Failed: a gate failed (exit code 6).
	Failed Verdict = "Failed"
)

// Decision is what to do next, or why nothing can or needs to be done.
type Decision struct {
	// Verdict is the kind of decision.
	Verdict Verdict `json:"verdict"`
	// Reason is the reason, for programs; with [Do] the name of the step.
	Reason string `json:"reason"`
	// Message is the same, in words.
	//
	// That of a [Wait] follows the word "waiting", which MarshalJSON adds.
	Message string `json:"message"`
	// Detail tells waits for the same subject apart: why the pod is not available, or which command runs.
	Detail string `json:"-"`
	// Subject is the affected object, such as `pod/web-1` or `poddisruptionbudget/web`.
	Subject string `json:"subject,omitempty"`
	// Member is the pod of the member that a scale operation removes or adds with this step.
	Member string `json:"member,omitempty"`
	// Hint is what to do, often a command.
	Hint sts.Hint `json:"hint,omitempty"`
	// Action is set with [Do].
	Action SetAction `json:"action,omitempty"`
	// Until is when a [Wait] ends if nothing else changes.
	Until *time.Time `json:"until,omitempty"`
	// Recheck is when a Wait becomes another verdict if nothing changes before: what is
	// waited for counts as failing from then on. Zero for unknown.
	Recheck time.Time `json:"-"`
	// Alteration is how mutating admission would change the write, if that is the reason.
	Alteration *sts.Alteration `json:"alteration,omitempty"`
	// Drain is the scale operation that has ended, whose record is removed.
	Drain *record.Drain `json:"-"`
	// Then is how the command ends once the watch has shown the action: set for an
	// action that removes the record which Next would have to look at.
	Then *Decision `json:"-"`
}

// Reasons that other packages and pipelines check.
const (
	// ReasonNothingToDo: the set has the requested state already, or there is no canary or restart.
	ReasonNothingToDo = "NothingToDo"
	// ReasonPaused: the canary is paused at the requested ordinal.
	ReasonPaused = "Paused"
	// ReasonComplete: all pods run the canary's revision.
	ReasonComplete = "Complete"
	// ReasonAborted: every ordinal is back on the stable revision.
	ReasonAborted = "Aborted"
	// ReasonResumed: the StatefulSet controller continues the update by itself.
	ReasonResumed = "Resumed"
	// ReasonSoaking: the updated pods have not been Ready for long enough; the command waits.
	ReasonSoaking = "Soaking"
	// ReasonChecking: checks are still running; the command waits.
	ReasonChecking = "Checking"
	// ReasonGateFailed: a gate of `promote --auto` failed; the message names it and the ordinal of the
	// canary.
	ReasonGateFailed = "GateFailed"
	// ReasonUnstuck: nothing blocks the update any more.
	ReasonUnstuck = "Unstuck"
	// ReasonScaled: the set has the requested size.
	ReasonScaled = "Scaled"
	// ReasonScaleCancelled: the scale operation was cancelled, and the set keeps the size that was reached.
	ReasonScaleCancelled = "ScaleCancelled"
	// ReasonMemberLeft: a member has left its cluster, so its pod must not continue as a member.
	ReasonMemberLeft = "MemberLeft"
	// ReasonScaleInProgress: a scale operation is in progress or was interrupted: complete or cancel it first.
	ReasonScaleInProgress = "ScaleInProgress"
	// ReasonHookRuns: a command of a profile, `--drain-exec` or `--drain-cmd` is still running; `drain-scale`
	// waits for it.
	ReasonHookRuns = "HookRuns"
	// ReasonHookFailed: such a command failed; the message names it and the state of the member.
	ReasonHookFailed = "HookFailed"
	// ReasonMemberLeaving: a member has not left its cluster yet; the command waits.
	ReasonMemberLeaving = "MemberLeaving"
	// ReasonParking: 0 replicas were requested without `--park`.
	ReasonParking = "Parking"
	// ReasonQuorum: `--quorum` was given, and fewer members than a majority would remain.
	ReasonQuorum = "Quorum"
	// ReasonMinHealthy: fewer members would remain, or are available, than `--min-healthy` requires;
	// refused, or the command waits.
	ReasonMinHealthy = "MinHealthy"
	// ReasonAutoscaler: an autoscaler would revert the size.
	ReasonAutoscaler = "Autoscaler"
	// ReasonProfileRefuses: members of such a system cannot leave one by one.
	ReasonProfileRefuses = "ProfileRefuses"
	// ReasonDataLoss: scaling down would delete the claims of the members that leave.
	ReasonDataLoss = "DataLoss"
	// ReasonStaleClaims: new members would start with the data of earlier ones.
	ReasonStaleClaims = "StaleClaims"
	// ReasonUnparked: a parked set has its previous size again.
	ReasonUnparked = "Unparked"
	// ReasonPodFailing: a pod is failing and will not recover by itself.
	ReasonPodFailing = "PodFailing"
	// ReasonPodNotAvailable: a pod is not available yet; the command waits.
	ReasonPodNotAvailable = "PodNotAvailable"
	// ReasonNotMoving: `unstick`: the StatefulSet is not complete and has not changed for 10 minutes;
	// the message says what it waits for.
	ReasonNotMoving = "NotMoving"
	// ReasonBudgetShort: a PodDisruptionBudget allows no disruption at the moment; the command waits.
	ReasonBudgetShort = "BudgetShort"
	// ReasonBudgetAlwaysBlocks: a PodDisruptionBudget can never allow a disruption.
	ReasonBudgetAlwaysBlocks = "BudgetAlwaysBlocks"
	// ReasonScalingDown: a scale-down is not complete; the command waits.
	ReasonScalingDown = "ScalingDown"
	// ReasonNotObserved: the StatefulSet controller has not observed the last change; the command
	// waits.
	ReasonNotObserved = "NotObserved"
	// ReasonOwned: another command holds the lock on the set.
	ReasonOwned = "Owned"
	// ReasonManaged: an operator or a GitOps controller manages the set and would revert the change.
	ReasonManaged = "Managed"
	// ReasonTakenOver: another command has taken the lock from this one.
	ReasonTakenOver = "TakenOver"
	// ReasonMoved: another client moved the partition during the canary.
	ReasonMoved = "PartitionMoved"
	// ReasonTemplateChanged: another client changed the pod template during the canary or its abort.
	ReasonTemplateChanged = "TemplateChanged"
	// ReasonUpdateInProgress: an update is in progress: a canary cannot start, and a restart waits for
	// it.
	ReasonUpdateInProgress = "UpdateInProgress"
	// ReasonCanaryInProgress: another canary is in progress, or this one is being aborted.
	ReasonCanaryInProgress = "CanaryInProgress"
	// ReasonStrategy: the update strategy has no partition (OnDelete, Recreate), or the controller
	// rejects it.
	ReasonStrategy = "UpdateStrategy"
	// ReasonPartition: resume would restore a partition that stops the rest of the update.
	ReasonPartition = "PartitionBefore"
	// ReasonParked: the set has 0 replicas.
	ReasonParked = "Parked"
	// ReasonDeleting: the set is being deleted.
	ReasonDeleting = "Deleting"
	// ReasonBadRequest: the request does not match the set: no such container or ordinal (exit code
	// 2).
	ReasonBadRequest = "BadRequest"
	// ReasonBadRecord: an annotation `kubectl-sts.dev/…` cannot be read.
	ReasonBadRecord = "BadRecord"
	// ReasonRestarted: every chosen pod has been replaced and is available.
	ReasonRestarted = "Restarted"
	// ReasonForgotten: the record of an interrupted restart was removed.
	ReasonForgotten = "Forgotten"
	// ReasonRestartInProgress: another restart is not finished.
	ReasonRestartInProgress = "RestartInProgress"
	// ReasonRevisionChange: a pod would be recreated on another revision, which is an update and not a restart.
	ReasonRevisionChange = "RevisionWouldChange"
	// ReasonLeaderUnknown: the pods' results do not show which one is the leader.
	ReasonLeaderUnknown = "LeaderUnknown"
	// ReasonTwoBudgets: more than one PodDisruptionBudget selects a pod: the API server does not evict
	// it.
	ReasonTwoBudgets = "TwoBudgets"
	// ReasonRevisionGone: the revision to roll back to is no longer in history.
	ReasonRevisionGone = "RevisionGone"
	// ReasonRevisionReencoded: the server stored the stable template again under another revision
	// name.
	ReasonRevisionReencoded = "RevisionReencoded"
	// ReasonMaxDeletes: `--max-deletes` pods were deleted; with `pvc-gc`, the claims exceed `--max`.
	ReasonMaxDeletes = "MaxDeletes"
	// ReasonUnseen: what may need the claim could not be read: its data is not purged.
	ReasonUnseen = "Unseen"
	// ReasonPodRefused: the API server would not allow the StatefulSet controller to create a pod;
	// nothing was written.
	ReasonPodRefused = "PodRefused"
	// ReasonRemovalRefused: admission rejects the eviction or deletion of a pod.
	ReasonRemovalRefused = "RemovalRefused"
	// ReasonWriteRefused: admission or validation rejects a change of the StatefulSet or of its size, or with
	// `pvc-gc` of a claim or volume.
	ReasonWriteRefused = "WriteRefused"
	// ReasonPlanChanged: the set has changed since the plan was shown: a pod would be removed that the
	// plan did not name; nothing was written.
	ReasonPlanChanged = "PlanChanged"
	// ReasonFinalizerRemoved: another client repeatedly removes the finalizer that prevents a pod from
	// being recreated.
	ReasonFinalizerRemoved = "FinalizerRemoved"
	// ReasonRecovered: `recover`: the pod runs on another node.
	ReasonRecovered = "Recovered"
	// ReasonReleased: `recover --release`: no node has a taint of an earlier recovery any more.
	ReasonReleased = "Released"
	// ReasonNodeReady: the node is Ready, or has become Ready meanwhile: its pods must not be removed without
	// its kubelet.
	ReasonNodeReady = "NodeReady"
	// ReasonKubeletAlive: the node is not Ready, but its kubelet has renewed its lease since.
	ReasonKubeletAlive = "KubeletAlive"
	// ReasonNotLost: the node has not been unready for as long as the pod tolerates.
	ReasonNotLost = "NotLost"
	// ReasonNodeGone: the Node object does not exist, so the chosen action has nothing to change.
	ReasonNodeGone = "NodeGone"
	// ReasonNodeNotReady: `recover --release`: a node is not Ready yet, so its taint remains.
	ReasonNodeNotReady = "NodeNotReady"
	// ReasonNotConfirmed: it was not confirmed that the machine of this node is off, or the Node object was
	// recreated since.
	ReasonNotConfirmed = "NotConfirmed"
	// ReasonTaintTolerated: the pod tolerates the out-of-service taint, which would not remove it.
	ReasonTaintTolerated = "TaintTolerated"
	// ReasonNotRemoved: the pod was not removed from the lost node although the node is out of service, or the
	// Node object or the pod was deleted and still exists, because of finalizers for instance.
	ReasonNotRemoved = "NotRemoved"
	// ReasonVolumeAttached: the volume is still attached to the lost node; the command waits.
	ReasonVolumeAttached = "VolumeAttached"
	// ReasonRecoveryInProgress: the recovery of another pod is not finished.
	ReasonRecoveryInProgress = "RecoveryInProgress"
)

func decide(v Verdict, reason, message string, hint sts.Hint) Decision {
	return Decision{Verdict: v, Reason: reason, Message: message, Hint: hint}
}

func do(a SetAction, reason string) Decision {
	return Decision{Verdict: Do, Reason: reason, Message: a.Describe(), Action: a}
}

func podSubject(name string) string { return "pod/" + name }

func budgetSubject(name string) string { return "poddisruptionbudget/" + name }

// WaitMessage is the message of a decision outside of a sentence: that of a [Wait] is "for pod web-1 …".
func WaitMessage(v Verdict, message string) string {
	if v == Wait && message != "" {
		return "waiting " + message
	}
	return message
}

// MarshalJSON writes the action with its type, and the message of a wait with its verb.
func (d Decision) MarshalJSON() ([]byte, error) {
	type fields Decision
	d.Message = WaitMessage(d.Verdict, d.Message)
	out := struct {
		fields
		Action json.RawMessage `json:"action,omitempty"` // instead of that of the fields
	}{fields: fields(d)}
	if d.Action != nil {
		var err error
		if out.Action, err = MarshalAction(d.Action); err != nil {
			return nil, err
		}
	}
	return json.Marshal(out)
}

// Key identifies a decision in the progress output: passing seconds do not change it.
func (d Decision) Key() string {
	if d.Verdict == Wait {
		return d.Reason + "/" + d.Subject + "/" + d.Detail
	}
	if p, ok := d.Action.(*DeletePod); ok { // its message has the pod's restarts
		return d.Reason + "/" + string(p.UID)
	}
	return string(d.Verdict) + d.Message
}

// refuseWith is a refusal with the message and the hint that it is given.
func refuseWith(reason string) func(message string, hint sts.Hint) Decision {
	return func(message string, hint sts.Hint) Decision { return decide(Refused, reason, message, hint) }
}
