package forecast

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Forecast is a prediction of what the StatefulSet controller will do, in which order, and how that
// ends. Times count from the change.
type Forecast struct {
	metav1.TypeMeta `json:",inline"`
	// Namespace is the namespace of the StatefulSet.
	Namespace string `json:"namespace"`
	// Name is the name of the StatefulSet.
	Name string `json:"name"`
	// From is what the prediction is based on.
	From Source `json:"from"`
	// Changes are the changes of the set, in words; empty if only what is in progress is predicted.
	Changes []string `json:"changes"`
	// Assumed are the assumptions.
	Assumed Assumptions `json:"assumed"`

	// PodManagement is `OrderedReady` or `Parallel`.
	PodManagement string `json:"podManagement"`
	// UpdateStrategy is `RollingUpdate`, `OnDelete` or `Recreate`, after the change.
	UpdateStrategy string `json:"updateStrategy"`
	// UpdateFrom is the lowest ordinal that uses the set's template; absent if the strategy has no partition.
	UpdateFrom *sts.Ordinal `json:"updateFrom,omitempty"`
	// StartOrdinal is the lowest ordinal.
	StartOrdinal sts.Ordinal `json:"startOrdinal"`
	// ReplicasBefore is the desired replicas before the change; 0 if the set does not exist yet.
	ReplicasBefore int32 `json:"replicasBefore"`
	// Replicas is the desired replicas after the change.
	Replicas int32 `json:"replicas"`

	// Revisions are the versions of the pod template that pods run, oldest first.
	Revisions []ForecastRevision `json:"revisions"`
	// Ordinals are all ordinals that have a pod at some time, or should have one, lowest first.
	Ordinals []ForecastOrdinal `json:"ordinals"`
	// Events is what happens, in order.
	Events []ForecastEvent `json:"events"`
	// Took is the time of the last event, counted from the change.
	Took metav1.Duration `json:"took"`

	// Claims is what happens to each claim of these ordinals, and of ordinals that have claims but no pod.
	Claims []ForecastClaim `json:"claims"`
	// ClusterDomain is the suffix of the names.
	ClusterDomain string `json:"clusterDomain"`
	// Names is what happens to each pod's DNS name; empty without a governing Service.
	Names []ForecastName `json:"names"`
	// Budgets is whether each PodDisruptionBudget would have allowed each deletion; budgets are not
	// enforced, because the controller does not evict pods.
	Budgets []ForecastBudget `json:"budgets"`
	// Outcome is the result.
	Outcome ForecastOutcome `json:"outcome"`
	// Notes is what was assumed or could not be read, and which other clients will interfere.
	Notes []ForecastNote `json:"notes"`
}

// Source is what a prediction is based on.
type Source string

// The sources.
const (
	// Live: the current set in the cluster.
	Live Source = "Live"
	// Manifest: a file; if a change is given, the set is assumed to be running already, with all pods available.
	Manifest Source = "Manifest"
)

// Assumptions are what a prediction assumes.
type Assumptions struct {
	// Features are the feature gates of the cluster that affect the order.
	Features Features `json:"features"`
	// ReadyAfter is how long a pod takes to become ready.
	ReadyAfter metav1.Duration `json:"readyAfter"`
	// TerminateAfter is how long a pod takes to terminate.
	TerminateAfter metav1.Duration `json:"terminateAfter"`
	// Broken is true if pods of the set's template never become ready.
	Broken bool `json:"broken"`
}

// RevisionRole is the role of a revision in an update.
type RevisionRole string

// The roles.
const (
	// RoleStable: the revision of the pods before the change.
	RoleStable RevisionRole = "Stable"
	// RoleUpdate: the revision of the set's template, if it is another one.
	RoleUpdate RevisionRole = "Update"
	// RoleOther: neither: from an update that was replaced.
	RoleOther RevisionRole = "Other"
)

// ForecastRevision is a version of the pod template.
type ForecastRevision struct {
	// Name is the name of its ControllerRevision; in parentheses if it does not exist yet.
	//
	// No ControllerRevision can have a name in parentheses.
	Name string `json:"name"`
	// Role is its role in the update.
	Role RevisionRole `json:"role"`
	// New is true if the change creates it.
	New bool `json:"new"`
	// Images are the images of its containers.
	Images map[string]string `json:"images"`
}

// ForecastOrdinal is one ordinal, before and after the change.
type ForecastOrdinal struct {
	// Ordinal is the ordinal of the pod.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Pod is the name of the pod.
	Pod string `json:"pod"`
	// Before is its pod at the start; absent if there is none.
	Before *ForecastPod `json:"before,omitempty"`
	// After is its pod at the end; absent if there is none.
	After *ForecastPod `json:"after,omitempty"`
}

// ForecastPod is a pod at one point in time.
type ForecastPod struct {
	// Revision is the name of its revision.
	Revision string `json:"revision"`
	// Node is its node; absent if unknown.
	Node string `json:"node,omitempty"`
	// Ready is true if it is ready.
	Ready bool `json:"ready"`
	// Available is true if it has been ready for minReadySeconds and is not terminating.
	Available bool `json:"available"`
	// Terminating is true if it is being deleted.
	Terminating bool `json:"terminating,omitempty"`
	// Trouble is why it will not become ready, or will not terminate.
	Trouble string `json:"trouble,omitempty"`
}

// ForecastEvent is one event.
type ForecastEvent struct {
	// Order is its number, starting at 1.
	Order int `json:"order"`
	// At is when it happens.
	At metav1.Duration `json:"at"`
	// Kind is what happens.
	Kind EventKind `json:"kind"`
	// Object is the affected object, as kubectl accepts it: `pod/web-2`.
	Object string `json:"object"`
	// Ordinal is the ordinal of the pod; absent if the event is about the set or a node.
	Ordinal *sts.Ordinal `json:"ordinal,omitempty"`
	// Revision is the revision of the pod.
	Revision string `json:"revision,omitempty"`
	// Role is the role of that revision.
	Role RevisionRole `json:"role,omitempty"`
	// Node is the node of the pod, if known.
	Node string `json:"node,omitempty"`
	// After are the events that it follows, by their number; empty if it follows from the change or
	// the initial state.
	After []int `json:"after"`
	// Message is the same, in words.
	Message string `json:"message"`
	// Waits is why it had to wait for these events, unless they only take time.
	Waits string `json:"waits,omitempty"`
}

// ClaimEffect is what happens to a claim.
type ClaimEffect string

// The effects.
const (
	// ClaimIsCreated: it is created.
	ClaimIsCreated ClaimEffect = "Created"
	// ClaimIsUnchanged: its ordinal has a pod before and after.
	ClaimIsUnchanged ClaimEffect = "Unchanged"
	// ClaimIsReused: it was orphaned, and its ordinal gets a pod again.
	ClaimIsReused ClaimEffect = "Reused"
	// ClaimIsOrphaned: its ordinal no longer has a pod, and the claim is kept.
	ClaimIsOrphaned ClaimEffect = "Orphaned"
	// ClaimIsDeleted: the retention policy deletes it, and its data.
	ClaimIsDeleted ClaimEffect = "Deleted"
	// ClaimIsRecreated: it is deleted and recreated, empty.
	ClaimIsRecreated ClaimEffect = "Recreated"
)

// ForecastClaim is a claim and what happens to it.
type ForecastClaim struct {
	// Name is the name of the claim.
	Name string `json:"name"`
	// Ordinal is its ordinal.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Effect is what happens to it.
	Effect ClaimEffect `json:"effect"`
	// Policy is the field of the retention policy that applies: `whenScaled: Retain`; absent if none
	// does.
	Policy string `json:"policy,omitempty"`
	// At is when it is created or deleted.
	At *metav1.Duration `json:"at,omitempty"`
	// Message is the same, in words.
	Message string `json:"message"`
}

// NameEffect is what happens to a DNS name.
type NameEffect string

// The effects.
const (
	// NameAdded: it resolves at the end, and did not at the start.
	NameAdded NameEffect = "Added"
	// NameRemoved: it resolved at the start, and its ordinal is removed.
	NameRemoved NameEffect = "Removed"
	// NameUnchanged: it resolves all the time.
	NameUnchanged NameEffect = "Unchanged"
	// NameInterrupted: its ordinal exists before and after, and the name does not resolve all the
	// time.
	NameInterrupted NameEffect = "Interrupted"
	// NameAbsent: it resolves neither before nor after.
	NameAbsent NameEffect = "Absent"
)

// ForecastName is a pod's DNS name and what happens to it.
type ForecastName struct {
	// Ordinal is its ordinal.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Name is the DNS name.
	Name string `json:"name"`
	// Effect is what happens to it.
	Effect NameEffect `json:"effect"`
	// Away are the periods in which it does not resolve.
	Away []Span `json:"away"`
	// NewAddress is true if it resolves to a different pod at the end than at the start, usually with a
	// different IP.
	NewAddress bool `json:"newAddress"`
	// Message is the same, in words.
	Message string `json:"message"`
}

// Span is a period of time.
type Span struct {
	// From is the start.
	From metav1.Duration `json:"from"`
	// To is the end; absent if there is none.
	To *metav1.Duration `json:"to,omitempty"`
}

// BudgetVerdict is whether a budget would have allowed an eviction.
type BudgetVerdict string

// The values.
const (
	// BudgetAllows: it would have allowed the eviction.
	BudgetAllows BudgetVerdict = "Allows"
	// BudgetBlocks: too few pods are healthy at that time.
	BudgetBlocks BudgetVerdict = "Blocks"
	// BudgetAlwaysBlocks: it would not allow it even with all pods healthy.
	BudgetAlwaysBlocks BudgetVerdict = "AlwaysBlocks"
)

// ForecastBudget is whether a PodDisruptionBudget would have allowed one deletion if it were an
// eviction.
type ForecastBudget struct {
	// Budget is the name of the PodDisruptionBudget.
	Budget string `json:"budget"`
	// Event is the deletion, by its number.
	Event int `json:"event"`
	// At is when it happens.
	At metav1.Duration `json:"at"`
	// Pod is the deleted pod.
	Pod string `json:"pod"`
	// Verdict is whether the budget would have allowed the eviction.
	Verdict BudgetVerdict `json:"verdict"`
	// Healthy is the number of healthy pods of the set just before.
	Healthy int32 `json:"healthy"`
	// Required is the number of pods that must be healthy.
	Required int32 `json:"required"`
	// Expected is the desired replicas of the set.
	Expected int32 `json:"expected"`
	// Message is the same, in words.
	Message string `json:"message"`
}

// OutcomeState is how a prediction ends.
type OutcomeState string

// The states.
const (
	// OutcomeComplete: every desired ordinal is available on the set's template.
	OutcomeComplete OutcomeState = "Complete"
	// OutcomePaused: all pods are healthy, and ordinals below the partition are not updated.
	OutcomePaused OutcomeState = "Paused"
	// OutcomeWaiting: all pods are healthy, and pods are updated when they are deleted manually
	// (OnDelete).
	OutcomeWaiting OutcomeState = "Waiting"
	// OutcomeStuck: manual action is required.
	OutcomeStuck OutcomeState = "Stuck"
	// OutcomeDeleted: the set and its pods are gone.
	OutcomeDeleted OutcomeState = "Deleted"
	// OutcomeOrphaned: the set is gone, and its pods keep running.
	OutcomeOrphaned OutcomeState = "Orphaned"
)

// ForecastOutcome is how a prediction ends.
type ForecastOutcome struct {
	// State is how it ends.
	State OutcomeState `json:"state"`
	// Pod is the pod that everything waits for, if it is stuck.
	Pod string `json:"pod,omitempty"`
	// Ordinals are the ordinals that do not reach their desired state.
	Ordinals []sts.Ordinal `json:"ordinals"`
	// Message is the same, in words.
	Message string `json:"message"`
	// Hint is what to do.
	Hint sts.Hint `json:"hint,omitempty"`
}

// NoteReason is what a note is about.
type NoteReason string

// The reasons.
const (
	// NoteAssumedHealthy: the set of a manifest is assumed to be running and healthy.
	NoteAssumedHealthy NoteReason = "AssumedHealthy"
	// NoteAssumedGate: the assumed value of a feature gate.
	NoteAssumedGate NoteReason = "AssumedGate"
	// NoteAutoscaler: an autoscaler also changes the replicas.
	NoteAutoscaler NoteReason = "Autoscaler"
	// NoteUnseen: an object could not be read.
	NoteUnseen NoteReason = "Unseen"
	// NoteDefaults: defaults of the API server or of an earlier manifest were not considered.
	NoteDefaults NoteReason = "Defaults"
	// NoteService: names require a governing Service.
	NoteService NoteReason = "Service"
	// NoteBudget: a budget also counts pods of other workloads.
	NoteBudget NoteReason = "Budget"
	// NoteBroken: a revision is assumed to be broken, because all of its pods are.
	NoteBroken NoteReason = "Broken"
	// NoteNode: the assumed timings after a node becomes unreachable.
	NoteNode NoteReason = "Node"
	// NoteNotReady: a pod that is not ready now is assumed to become ready.
	NoteNotReady NoteReason = "NotReady"
	// NoteStaleClaim: the controller is not notified when an old claim is gone.
	NoteStaleClaim NoteReason = "StaleClaim"
	// NoteQuota: the namespace has a ResourceQuota, which may prevent pods from being created.
	NoteQuota NoteReason = "Quota"
	// NoteUnknownField: a field is misspelled, so kubectl apply rejects the manifest; the prediction
	// shows the result without strict field validation.
	NoteUnknownField NoteReason = "UnknownField"
	// NoteCut: the prediction was cut off.
	NoteCut NoteReason = "Cut"
)

// ForecastNote is a limitation of a prediction, or something that may change the result.
type ForecastNote struct {
	// Reason is what the note is about.
	Reason NoteReason `json:"reason"`
	// Message is the same, in words.
	Message string `json:"message"`
	// Hint is what to do.
	Hint sts.Hint `json:"hint,omitempty"`
}

// Question is what to predict.
type Question struct {
	From Source
	// Set is the StatefulSet after the change. Nil: it is not changed.
	Set *appsv1.StatefulSet
	// Delete deletes it, with this propagation. Empty: it is not deleted.
	Delete metav1.DeletionPropagation
	// LoseNode is a node that becomes unreachable.
	LoseNode string
	Assumptions
	// Domain is the suffix of DNS names.
	Domain string
	// Notes are notes of the caller about the question.
	Notes []ForecastNote
}
