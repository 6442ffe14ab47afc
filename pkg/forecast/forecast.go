package forecast

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Forecast predicts what Kubernetes will do with a StatefulSet, in which order, and how that ends.
// Times in it count from the change.
type Forecast struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string `json:"namespace"`
	Name            string `json:"name"`
	// From is what the prediction is based on.
	From Source `json:"from"`
	// Changes are the changes of the set, in words; empty if nothing is changed, and only what is in
	// progress is predicted.
	Changes []string    `json:"changes"`
	Assumed Assumptions `json:"assumed"`

	// PodManagement and UpdateStrategy are those after the change. UpdateFrom is the lowest ordinal
	// that gets the update revision: absent if the strategy has no partition.
	PodManagement  string       `json:"podManagement"`
	UpdateStrategy string       `json:"updateStrategy"`
	UpdateFrom     *sts.Ordinal `json:"updateFrom,omitempty"`
	// StartOrdinal is the lowest ordinal, ReplicasBefore and Replicas are the desired replicas before
	// the change and after it.
	StartOrdinal   sts.Ordinal `json:"startOrdinal"`
	ReplicasBefore int32       `json:"replicasBefore"`
	Replicas       int32       `json:"replicas"`

	// Revisions are those of the pods in this forecast, the oldest first.
	Revisions []ForecastRevision `json:"revisions"`
	// Ordinals are all that have a pod at some time, the lowest first.
	Ordinals []ForecastOrdinal `json:"ordinals"`
	// Events are what happens, in order. Took is when the last of them does.
	Events []ForecastEvent `json:"events"`
	Took   metav1.Duration `json:"took"`

	// Claims are the claims of all these ordinals and of those that only have claims.
	Claims []ForecastClaim `json:"claims"`
	// ClusterDomain is the suffix of Names.
	ClusterDomain string         `json:"clusterDomain"`
	Names         []ForecastName `json:"names"`
	// Budgets are whether each PodDisruptionBudget would have allowed each deletion of a pod. They are
	// not enforced for deletions.
	Budgets []ForecastBudget `json:"budgets"`
	Outcome ForecastOutcome  `json:"outcome"`
	// Notes are what was assumed, what is not known, and which other controllers will interfere.
	Notes []ForecastNote `json:"notes"`
}

// Source is what a forecast is based on.
type Source string

// The sources.
const (
	Live     Source = "Live"
	Manifest Source = "Manifest"
)

// Assumptions are what a forecast assumes.
type Assumptions struct {
	Features Features `json:"features"`
	// ReadyAfter is how long a pod takes to become ready, TerminateAfter to terminate.
	ReadyAfter     metav1.Duration `json:"readyAfter"`
	TerminateAfter metav1.Duration `json:"terminateAfter"`
	// Broken: pods that are created from the set's template from now on never become ready.
	Broken bool `json:"broken"`
}

// RevisionRole is the role of a revision in an update.
type RevisionRole string

// The roles.
const (
	// RoleStable is the revision of the pods before the change.
	RoleStable RevisionRole = "Stable"
	// RoleUpdate is the revision of the set's template, if it is another one.
	RoleUpdate RevisionRole = "Update"
	// RoleOther is neither: it comes from an earlier update, which was replaced.
	RoleOther RevisionRole = "Other"
)

// ForecastRevision is a version of the set's pod template.
type ForecastRevision struct {
	// Name is that of the ControllerRevision. One that does not exist yet has a name in parentheses,
	// which no ControllerRevision can have.
	Name string       `json:"name"`
	Role RevisionRole `json:"role"`
	// New: the change creates it.
	New bool `json:"new"`
	// Images are the images of its containers, by their names.
	Images map[string]string `json:"images"`
}

// ForecastOrdinal is one ordinal, before and after.
type ForecastOrdinal struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	Pod     string      `json:"pod"`
	// Before and After are its pod; absent if there is none.
	Before *ForecastPod `json:"before,omitempty"`
	After  *ForecastPod `json:"after,omitempty"`
}

// ForecastPod is a pod at some time.
type ForecastPod struct {
	Revision string `json:"revision"`
	// Node is where it runs; absent if that is not known.
	Node        string `json:"node,omitempty"`
	Ready       bool   `json:"ready"`
	Available   bool   `json:"available"`
	Terminating bool   `json:"terminating,omitempty"`
	// Trouble is why it will not become ready, or will not terminate.
	Trouble string `json:"trouble,omitempty"`
}

// ForecastEvent is one thing that happens.
type ForecastEvent struct {
	// Order is the number of the event, from 1.
	Order int             `json:"order"`
	At    metav1.Duration `json:"at"`
	Kind  EventKind       `json:"kind"`
	// Object is the affected object in the form of kubectl: "pod/web-2".
	Object string `json:"object"`
	// Ordinal is absent for the set and for nodes.
	Ordinal *sts.Ordinal `json:"ordinal,omitempty"`
	// Revision is that of the pod, Role the role of the revision.
	Revision string       `json:"revision,omitempty"`
	Role     RevisionRole `json:"role,omitempty"`
	Node     string       `json:"node,omitempty"`
	// After are the events that it waits for, by their order. None: it follows from the change, or
	// from the state before it.
	After []int `json:"after"`
	// Message describes the event, Waits why it waits for those.
	Message string `json:"message"`
	Waits   string `json:"waits,omitempty"`
}

// ClaimEffect is what happens to a claim.
type ClaimEffect string

// The fates.
const (
	ClaimIsCreated   ClaimEffect = "Created"   // it is created
	ClaimIsUnchanged ClaimEffect = "Unchanged" // its ordinal has a pod before and after
	ClaimIsReused    ClaimEffect = "Reused"    // it was orphaned, and its ordinal gets a pod again
	ClaimIsOrphaned  ClaimEffect = "Orphaned"  // its ordinal is removed, and the claim stays
	ClaimIsDeleted   ClaimEffect = "Deleted"   // the retention policy deletes it
	ClaimIsRecreated ClaimEffect = "Recreated" // deleted and recreated empty
)

// ForecastClaim is a claim and what happens to it.
type ForecastClaim struct {
	Name    string      `json:"name"`
	Ordinal sts.Ordinal `json:"ordinal"`
	Effect  ClaimEffect `json:"effect"`
	// Policy is the field that decides: "whenScaled: Retain". Absent if none does.
	Policy string `json:"policy,omitempty"`
	// At is when it is created or deleted.
	At      *metav1.Duration `json:"at,omitempty"`
	Message string           `json:"message"`
}

// NameEffect is what happens to a DNS name.
type NameEffect string

// The fates.
const (
	NameAdded       NameEffect = "Added"
	NameRemoved     NameEffect = "Removed"
	NameUnchanged   NameEffect = "Unchanged"
	NameInterrupted NameEffect = "Interrupted" // published before and after, but not all the time in between
	NameAbsent      NameEffect = "Absent"      // published neither before nor after
)

// ForecastName is a pod's DNS name and what happens to it.
type ForecastName struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	Name    string      `json:"name"`
	Effect  NameEffect  `json:"effect"`
	// Away are the times when it is not published. One without an end is open.
	Away []Span `json:"away"`
	// NewAddress: it resolves to another pod in the end, which usually has another IP.
	NewAddress bool   `json:"newAddress"`
	Message    string `json:"message"`
}

// Span is a time from one moment to another.
type Span struct {
	From metav1.Duration  `json:"from"`
	To   *metav1.Duration `json:"to,omitempty"`
}

// BudgetVerdict is whether a budget would have allowed an eviction.
type BudgetVerdict string

// The values.
const (
	BudgetAllows       BudgetVerdict = "Allows"
	BudgetBlocks       BudgetVerdict = "Blocks"       // too few pods are healthy at this moment
	BudgetAlwaysBlocks BudgetVerdict = "AlwaysBlocks" // not even with all pods healthy
)

// ForecastBudget is whether a PodDisruptionBudget would have allowed one deletion. Budgets are only
// enforced for evictions, and the StatefulSet controller deletes.
type ForecastBudget struct {
	Budget string `json:"budget"`
	// Event is the deletion, by its order, of this Pod.
	Event   int             `json:"event"`
	At      metav1.Duration `json:"at"`
	Pod     string          `json:"pod"`
	Verdict BudgetVerdict   `json:"verdict"`
	// Healthy of Expected pods are healthy just before it; Required must be.
	Healthy  int32  `json:"healthy"`
	Required int32  `json:"required"`
	Expected int32  `json:"expected"`
	Message  string `json:"message"`
}

// OutcomeState is how a forecast ends.
type OutcomeState string

// The states.
const (
	// OutcomeComplete: every desired ordinal is available on the update revision.
	OutcomeComplete OutcomeState = "Complete"
	// OutcomePaused: all pods are available, and some are below the partition.
	OutcomePaused OutcomeState = "Paused"
	// OutcomeWaiting: all pods are available, and some are updated when they are deleted (OnDelete).
	OutcomeWaiting OutcomeState = "Waiting"
	// OutcomeStuck: it will not complete without manual intervention.
	OutcomeStuck OutcomeState = "Stuck"
	// OutcomeDeleted: the set and its dependents are deleted.
	OutcomeDeleted OutcomeState = "Deleted"
	// OutcomeOrphaned: the set is deleted, and its pods keep running.
	OutcomeOrphaned OutcomeState = "Orphaned"
)

// ForecastOutcome is how it ends.
type ForecastOutcome struct {
	State OutcomeState `json:"state"`
	// Pod is the pod for which all else waits, if it is stuck.
	Pod string `json:"pod,omitempty"`
	// Ordinals are those that do not reach their desired state.
	Ordinals []sts.Ordinal `json:"ordinals"`
	Message  string        `json:"message"`
	// Hint is what to do, with a command.
	Hint sts.Hint `json:"hint,omitempty"`
}

// NoteReason is what a note is about, in one word.
type NoteReason string

// The reasons.
const (
	NoteAssumedHealthy NoteReason = "AssumedHealthy" // a manifest's set is assumed to be running
	NoteAssumedGate    NoteReason = "AssumedGate"    // the state of a feature gate is assumed
	NoteAutoscaler     NoteReason = "Autoscaler"     // an autoscaler changes the replicas
	NoteUnseen         NoteReason = "Unseen"         // a resource could not be read
	NoteDefaults       NoteReason = "Defaults"       // defaults of the API server are not compared
	NoteService        NoteReason = "Service"        // names need a governing Service
	NoteBudget         NoteReason = "Budget"         // it also covers pods that are not the set's
	NoteBroken         NoteReason = "Broken"         // a revision is assumed to be broken
	NoteNode           NoteReason = "Node"           // timings of an unreachable node
	NoteNotReady       NoteReason = "NotReady"       // a pod is assumed to become ready
	NoteStaleClaim     NoteReason = "StaleClaim"     // the controller does not notice a claim's end
	NoteUnknownField   NoteReason = "UnknownField"   // strict field validation rejects the manifest
	NoteCut            NoteReason = "Cut"            // the prediction was stopped
)

// ForecastNote is something to know about a forecast.
type ForecastNote struct {
	Reason  NoteReason `json:"reason"`
	Message string     `json:"message"`
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
