package simulate

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Forecast foretells what Kubernetes will do with a StatefulSet, in which order, and how
// that ends. Times in it count from the change.
type Forecast struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string `json:"namespace"`
	Name            string `json:"name"`
	// From is what it was told from.
	From Source `json:"from"`
	// Changes are what is done to the set, in words; empty when nothing is, and it only
	// goes on with what it has begun.
	Changes []string    `json:"changes"`
	Assumed Assumptions `json:"assumed"`

	// PodManagement and UpdateStrategy are those after the change. UpdateFrom is the lowest
	// ordinal that gets the update revision: absent where the strategy has no partition.
	PodManagement  string       `json:"podManagement"`
	UpdateStrategy string       `json:"updateStrategy"`
	UpdateFrom     *sts.Ordinal `json:"updateFrom,omitempty"`
	// StartOrdinal is the lowest ordinal, ReplicasBefore and Replicas how many there are to
	// be, before the change and after it.
	StartOrdinal   sts.Ordinal `json:"startOrdinal"`
	ReplicasBefore int32       `json:"replicasBefore"`
	Replicas       int32       `json:"replicas"`

	// Revisions are those that a pod of this forecast has, the oldest first.
	Revisions []ForecastRevision `json:"revisions"`
	// Ordinals are all that have a pod at some time, the lowest first.
	Ordinals []ForecastOrdinal `json:"ordinals"`
	// Events are what happens, in order. Took is when the last of them does.
	Events []ForecastEvent `json:"events"`
	Took   metav1.Duration `json:"took"`

	// Claims are the claims of all these ordinals and of those that have only claims left.
	Claims []ForecastClaim `json:"claims"`
	// ClusterDomain is what Names end with.
	ClusterDomain string         `json:"clusterDomain"`
	Names         []ForecastName `json:"names"`
	// Budgets are what each PodDisruptionBudget would have said at each deletion of a pod.
	// Nobody asks them.
	Budgets []ForecastBudget `json:"budgets"`
	Outcome ForecastOutcome  `json:"outcome"`
	// Notes are what was assumed, what could not be seen, and who else will interfere.
	Notes []ForecastNote `json:"notes"`
}

// Source is what a forecast is told from.
type Source string

// The sources.
const (
	Live     Source = "live"
	Manifest Source = "manifest"
)

// Assumptions are what a forecast takes for given.
type Assumptions struct {
	Features Features `json:"features"`
	// ReadyAfter is how long a pod takes to be ready, TerminateAfter to end.
	ReadyAfter     metav1.Duration `json:"readyAfter"`
	TerminateAfter metav1.Duration `json:"terminateAfter"`
	// Broken: pods that are made from now on from the set's template never get ready.
	Broken bool `json:"broken"`
}

// RevisionRole is what a revision is to a set.
type RevisionRole string

// The roles.
const (
	// RoleStable is what pods ran before the change.
	RoleStable RevisionRole = "stable"
	// RoleUpdate is what the set's template leads to, where that is another.
	RoleUpdate RevisionRole = "update"
	// RoleOther is neither: left over from an update that was replaced.
	RoleOther RevisionRole = "other"
)

// ForecastRevision is a version of the set's pod template.
type ForecastRevision struct {
	// Name is its ControllerRevision's. One that does not exist yet has a name here that no
	// ControllerRevision can have, in parentheses.
	Name string       `json:"name"`
	Role RevisionRole `json:"role"`
	// New: the change makes it.
	New bool `json:"new"`
	// Images are what its containers run, by their names.
	Images map[string]string `json:"images"`
}

// ForecastOrdinal is one ordinal, before and after.
type ForecastOrdinal struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	Pod     string      `json:"pod"`
	// Before and After are its pod; absent where there is none.
	Before *ForecastPod `json:"before,omitempty"`
	After  *ForecastPod `json:"after,omitempty"`
}

// ForecastPod is a pod at some time.
type ForecastPod struct {
	Revision string `json:"revision"`
	// Node is where it runs; absent where that is not known.
	Node        string `json:"node,omitempty"`
	Ready       bool   `json:"ready"`
	Available   bool   `json:"available"`
	Terminating bool   `json:"terminating,omitempty"`
	// Trouble is why it will not get ready, or will not end.
	Trouble string `json:"trouble,omitempty"`
}

// ForecastEvent is one thing that happens.
type ForecastEvent struct {
	// Order numbers the events from 1 on.
	Order int             `json:"order"`
	At    metav1.Duration `json:"at"`
	Kind  EventKind       `json:"kind"`
	// Object is what it happens to, as kubectl takes it: "pod/web-2".
	Object string `json:"object"`
	// Ordinal is absent where it is about the set.
	Ordinal *sts.Ordinal `json:"ordinal,omitempty"`
	// Revision is the pod's, Role what that is to the set.
	Revision string       `json:"revision,omitempty"`
	Role     RevisionRole `json:"role,omitempty"`
	Node     string       `json:"node,omitempty"`
	// After are the events that it waits for, by their order. None: it follows from the
	// change, or from how things stood.
	After []int `json:"after"`
	// Message says it for a person, Waits why it had to wait for those.
	Message string `json:"message"`
	Waits   string `json:"waits,omitempty"`
}

// ClaimFate is what becomes of a claim.
type ClaimFate string

// The fates.
const (
	ClaimAppears   ClaimFate = "Appears"   // it is created
	ClaimStays     ClaimFate = "Stays"     // its ordinal has a pod before and after
	ClaimIsReused  ClaimFate = "Reused"    // it was left over, and its ordinal gets a pod again
	ClaimIsKept    ClaimFate = "Kept"      // its ordinal is gone and it is not
	ClaimIsDeleted ClaimFate = "Deleted"   // the retention policy takes it away
	ClaimRecreated ClaimFate = "Recreated" // deleted and made anew, empty
)

// ForecastClaim is a claim and what becomes of it.
type ForecastClaim struct {
	Name    string      `json:"name"`
	Ordinal sts.Ordinal `json:"ordinal"`
	Fate    ClaimFate   `json:"fate"`
	// Policy is the field that decides: "whenScaled: Retain". Absent where none does.
	Policy string `json:"policy,omitempty"`
	// At is when it appears or is deleted.
	At      *metav1.Duration `json:"at,omitempty"`
	Message string           `json:"message"`
}

// NameFate is what becomes of a DNS name.
type NameFate string

// The fates.
const (
	NameComes  NameFate = "Comes"
	NameGoes   NameFate = "Goes"
	NameStays  NameFate = "Stays"
	NameAway   NameFate = "Away"   // it is there before and after, and not all the time between
	NameAbsent NameFate = "Absent" // it is there neither before nor after
)

// ForecastName is a pod's DNS name and what becomes of it.
type ForecastName struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	Name    string      `json:"name"`
	Fate    NameFate    `json:"fate"`
	// Away are the times when it is not there. One without an end does not end here.
	Away []Span `json:"away"`
	// NewAddress: it leads to another pod in the end, which as a rule has another address.
	NewAddress bool   `json:"newAddress"`
	Message    string `json:"message"`
}

// Span is a time from one moment to another.
type Span struct {
	From metav1.Duration  `json:"from"`
	To   *metav1.Duration `json:"to,omitempty"`
}

// BudgetWord is what a budget would have said.
type BudgetWord string

// The words.
const (
	BudgetAllows  BudgetWord = "Allows"
	BudgetRefuses BudgetWord = "Refuses" // so many may not be down at this moment
	BudgetNever   BudgetWord = "Never"   // not even with all pods healthy
)

// ForecastBudget is what a PodDisruptionBudget would have said to one deletion. The
// StatefulSet controller deletes; only evictions are asked for.
type ForecastBudget struct {
	Budget string `json:"budget"`
	// Event is the deletion, by its order, Pod whose it is.
	Event int             `json:"event"`
	At    metav1.Duration `json:"at"`
	Pod   string          `json:"pod"`
	Word  BudgetWord      `json:"word"`
	// Healthy of Expected pods were healthy just before it; Required have to be.
	Healthy  int32  `json:"healthy"`
	Required int32  `json:"required"`
	Expected int32  `json:"expected"`
	Message  string `json:"message"`
}

// OutcomeState is how a forecast ends.
type OutcomeState string

// The states.
const (
	// OutcomeComplete: every wanted ordinal is available on the update revision.
	OutcomeComplete OutcomeState = "Complete"
	// OutcomeHeld: all is well, and the partition holds ordinals back.
	OutcomeHeld OutcomeState = "Held"
	// OutcomeWaiting: all is well, and pods are updated when somebody deletes them (OnDelete).
	OutcomeWaiting OutcomeState = "Waiting"
	// OutcomeStuck: it does not get on without a person.
	OutcomeStuck OutcomeState = "Stuck"
	// OutcomeDeleted: the set is gone, and what went with it.
	OutcomeDeleted OutcomeState = "Deleted"
	// OutcomeOrphaned: the set is gone, and its pods run on.
	OutcomeOrphaned OutcomeState = "Orphaned"
)

// ForecastOutcome is how it ends.
type ForecastOutcome struct {
	State OutcomeState `json:"state"`
	// Pod is the one that everything waits for, where it is stuck.
	Pod string `json:"pod,omitempty"`
	// Ordinals are those that are not where they are to go.
	Ordinals []sts.Ordinal `json:"ordinals"`
	Message  string        `json:"message"`
	// Hint is what to do, with a command.
	Hint string `json:"hint,omitempty"`
}

// NoteReason is what a note is about, in one word.
type NoteReason string

// The reasons.
const (
	NoteAssumedHealthy NoteReason = "AssumedHealthy" // a manifest's set is taken to run
	NoteAssumedGate    NoteReason = "AssumedGate"    // a feature gate's state is a guess
	NoteAutoscaler     NoteReason = "Autoscaler"     // somebody else moves the replicas
	NoteUnseen         NoteReason = "Unseen"         // it could not be read
	NoteDefaults       NoteReason = "Defaults"       // the API server fills in what is not compared
	NoteService        NoteReason = "Service"        // names need a governing Service
	NoteBudget         NoteReason = "Budget"         // it also counts pods that are not the set's
	NoteBroken         NoteReason = "Broken"         // a revision is taken to be broken
	NoteNode           NoteReason = "Node"           // how long nodes are waited for
	NoteNotReady       NoteReason = "NotReady"       // a pod is taken to get ready
	NoteStaleClaim     NoteReason = "StaleClaim"     // a claim's end wakes nobody
	NoteUnknownField   NoteReason = "UnknownField"   // strict field validation refuses the manifest
	NoteCut            NoteReason = "Cut"            // the forecast was ended
)

// ForecastNote is something to know about a forecast.
type ForecastNote struct {
	Reason  NoteReason `json:"reason"`
	Message string     `json:"message"`
}

// Question is what a forecast is asked for.
type Question struct {
	From Source
	// Set is the StatefulSet as the change leaves it. Nil: nobody changes it.
	Set *appsv1.StatefulSet
	// Delete deletes it, with this propagation. Empty: nobody does.
	Delete metav1.DeletionPropagation
	// LoseNode is a node that goes down.
	LoseNode string
	Assumptions
	// Domain is what DNS names end with.
	Domain string
	// Notes are what who asks has to say about how it was asked.
	Notes []ForecastNote
}
