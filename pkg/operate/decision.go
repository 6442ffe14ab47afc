// Package operate decides: from the state of a StatefulSet and the intent of a command it
// derives the one next step. It is pure; package execute calls it again after every
// step, so an interrupted command is resumed by running it again.
package operate

import (
	"errors"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Intent is a verb with its options. Next looks at the current state and decides the
// one next step; it keeps nothing between calls.
type Intent interface {
	Next(s *sts.Snapshot, f Facts) Decision
	// Release is the write that releases the lock when the command ends, nil when
	// there is nothing to release. With reached false, the command can still be
	// resumed later.
	Release(s *sts.Snapshot, reached bool) *Action
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
}

func (e *AnswerError) Error() string { return e.Message }

// Facts are what an Intent cannot see in a Snapshot.
type Facts struct {
	// Wrote says that this command has written to the set: from then on the owner
	// annotation must be its own.
	Wrote bool
	// Still is for how long nothing has changed: see [sts.Snapshot.Progress].
	Still time.Duration
	// Answers are the results of the [Run] actions that have ended, by their keys; Asked
	// are the keys of all that were started.
	Answers map[string]Answer
	Asked   map[string]bool
	// StoredTemplate is the digest of the template as the API server stores it, where a dry
	// run of this command has shown that admission changes it.
	StoredTemplate string
	// Restored is how often this command has restored a stable template.
	Restored int
	// Deleted are the pods that this command has deleted, by UID, also where the
	// server's answer was lost.
	Deleted map[types.UID]string
	// Allowed are the evictions that the API server would have carried out.
	Allowed map[AskEviction]bool
	// Scaled are the ordinals with or without which this command has scaled the set.
	Scaled map[sts.Ordinal]bool
	// Held is how often this command has added its finalizer to a pod, by the pod's UID.
	Held map[types.UID]int
}

// After are the facts once an action was carried out.
func (f Facts) After(a Action) Facts {
	switch {
	case a.PatchSet != nil:
		f.Wrote = true
		if a.PatchSet.RestoreRevision != "" {
			f.Restored++
		}
	case a.DeletePod != nil:
		f.Deleted = withKey(f.Deleted, a.DeletePod.UID, a.DeletePod.Name)
	case a.AskEviction != nil:
		f.Allowed = withKey(f.Allowed, *a.AskEviction, true)
	case a.Scale != nil:
		f.Scaled = withKey(f.Scaled, a.Scale.Ordinal, true)
	case a.HoldPod != nil && !a.HoldPod.Off:
		f.Held = withKey(f.Held, a.HoldPod.UID, f.Held[a.HoldPod.UID]+1)
	}
	return f
}

// withKey does not change the old map, which may be in use.
func withKey[K comparable, V any](old map[K]V, key K, value V) map[K]V {
	m := maps.Clone(old)
	if m == nil {
		m = map[K]V{}
	}
	m[key] = value
	return m
}

// Verdict is the kind of a Decision.
type Verdict string

// The verdicts. Do and Wait continue the command; the others end it.
const (
	Do      Verdict = "Do"
	Wait    Verdict = "Wait"
	Done    Verdict = "Done"
	Stuck   Verdict = "Stuck"
	Refused Verdict = "Refused"
	Failed  Verdict = "Failed" // a gate, and only that
)

// Decision is what to do next, or why there is nothing to do now or at all.
type Decision struct {
	Verdict Verdict `json:"verdict"`
	// Reason is a stable word for machines: "BudgetShort".
	Reason string `json:"reason"`
	// Message is the same for a person.
	Message string `json:"message"`
	// Subject is the object that it is about, where there is one: a pod, a budget.
	Subject string `json:"subject,omitempty"`
	// Member is the one that a scale-down removes, or a scale-up adds, with this step.
	Member string `json:"member,omitempty"`
	// Hint is what the user can do, often a command.
	Hint sts.Hint `json:"hint,omitempty"`
	// Action is set with Do.
	Action *Action `json:"action,omitempty"`
	// Until is when a Wait ends if nothing else changes.
	Until *time.Time `json:"until,omitempty"`
	// Recheck is when a Wait becomes another verdict if nothing changes before: what is
	// waited for counts as failing from then on. Zero for unknown.
	Recheck time.Time `json:"-"`
	// Alteration is what mutating admission makes of the write, where that is the reason.
	Alteration *sts.Alteration `json:"alteration,omitempty"`
	// Drain is the scale operation that has ended, whose record is removed.
	Drain *sts.Drain `json:"-"`
	// Then is how the command ends once the watch has shown the action: set for an
	// action that removes the record which Next would have to look at.
	Then *Decision `json:"-"`
}

// Reasons that other packages and pipelines check.
const (
	ReasonNothingToDo       = "NothingToDo"
	ReasonPaused            = "Paused"
	ReasonComplete          = "Complete"
	ReasonAborted           = "Aborted"
	ReasonResumed           = "Resumed"
	ReasonSoaking           = "Soaking"
	ReasonChecking          = "Checking"
	ReasonGateFailed        = "GateFailed"
	ReasonUnstuck           = "Unstuck"
	ReasonScaled            = "Scaled"
	ReasonScaleCancelled    = "ScaleCancelled"
	ReasonMemberLeft        = "MemberLeft"
	ReasonScaleOnItsWay     = "ScaleOnItsWay"
	ReasonHookRuns          = "HookRuns"
	ReasonHookFailed        = "HookFailed"
	ReasonMemberLeaving     = "MemberLeaving"
	ReasonParking           = "Parking"
	ReasonQuorum            = "Quorum"
	ReasonMinHealthy        = "MinHealthy"
	ReasonAutoscaler        = "Autoscaler"
	ReasonProfileRefuses    = "ProfileRefuses"
	ReasonDataLoss          = "DataLoss"
	ReasonStaleClaims       = "StaleClaims"
	ReasonUnparked          = "Unparked"
	ReasonPodFailing        = "PodFailing"
	ReasonPodNotAvailable   = "PodNotAvailable"
	ReasonNotMoving         = "NotMoving"
	ReasonBudgetShort       = "BudgetShort"
	ReasonBudgetNever       = "BudgetAlwaysBlocks"
	ReasonScalingDown       = "ScalingDown"
	ReasonNotObserved       = "NotObserved"
	ReasonOwned             = "Owned"
	ReasonManaged           = "Managed"
	ReasonTakenOver         = "TakenOver"
	ReasonMoved             = "PartitionMoved"
	ReasonTemplateChanged   = "TemplateChanged"
	ReasonUpdateOnItsWay    = "UpdateOnItsWay"
	ReasonCanaryOnItsWay    = "CanaryOnItsWay"
	ReasonStrategy          = "UpdateStrategy"
	ReasonPartition         = "PartitionBefore"
	ReasonParked            = "Parked"
	ReasonDeleting          = "Deleting"
	ReasonBadRequest        = "BadRequest"
	ReasonBadRecord         = "BadRecord"
	ReasonRestarted         = "Restarted"
	ReasonForgotten         = "Forgotten"
	ReasonRestartOnItsWay   = "RestartOnItsWay"
	ReasonRevisionChange    = "RevisionWouldChange"
	ReasonLeaderUnknown     = "LeaderUnknown"
	ReasonTwoBudgets        = "TwoBudgets"
	ReasonRevisionGone      = "RevisionGone"
	ReasonRevisionReencoded = "RevisionReencoded"
	ReasonMaxDeletes        = "MaxDeletes"
	ReasonClaimDeleted      = "ClaimDeleted"
	ReasonClaimGone         = "ClaimGone"
	ReasonClaimKept         = "ClaimKept"
	ReasonClaimRestored     = "ClaimRestored"
	ReasonClaimReplaced     = "ClaimReplaced"
	ReasonClaimHeld         = "ClaimHeld"
	ReasonClaimTerminating  = "ClaimTerminating"
	ReasonClaimExists       = "ClaimExists"
	ReasonClaimMissing      = "ClaimMissing"
	ReasonClaimWanted       = "ClaimDesired"
	ReasonBinding           = "Binding"
	ReasonVolumeShared      = "VolumeShared"
	ReasonUnseen            = "Unseen"
	ReasonVolumeNotOurs     = "VolumeNotOurs"
	ReasonNotRetained       = "NotRetained"
	ReasonRetainIgnored     = "RetainIgnored"
	ReasonNotReleased       = "NotReleased"
	ReasonPurging           = "Purging"
	ReasonPurged            = "Purged"
	ReasonPurgeFailed       = "PurgeFailed"
	ReasonRescued           = "Rescued"
	ReasonNothingToRescue   = "NothingToRescue"
	ReasonVolumeLost        = "VolumeLost"
	ReasonVolumeReclaimed   = "VolumeReclaimed"
	ReasonNotProven         = "NotProven"
	ReasonPodRefused        = "PodRefused"
	ReasonRemovalRefused    = "RemovalRefused"
	ReasonWriteRefused      = "WriteRefused"
	ReasonPlanChanged       = "PlanChanged"
	ReasonHoldRemoved       = "FinalizerRemoved"
)

func decide(v Verdict, reason, message string, hint sts.Hint) Decision {
	return Decision{Verdict: v, Reason: reason, Message: message, Hint: hint}
}

func do(a Action, reason string) Decision {
	return Decision{Verdict: Do, Reason: reason, Message: a.Why, Action: &a}
}

// Key identifies a decision in the progress output: passing seconds do not change it.
func (d Decision) Key() string {
	if d.Verdict == Wait {
		return d.Reason + "/" + d.Subject
	}
	return string(d.Verdict) + d.Message
}
