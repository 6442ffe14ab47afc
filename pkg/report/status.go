// Package report answers questions about a Snapshot: what is the state, and why.
// It is pure; its answers are the machine-readable reports.
package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// State is the state of a StatefulSet. Exactly one applies: the first match in this order.
type State string

// The states. Exactly one holds at a time: the first of these that fits.
const (
	// Deleting: the set is being deleted.
	Deleting State = "Deleting"
	// DataAtRisk: a pod's claim, or the claim's volume, is being deleted or is gone: replacing the pod
	// would lose the data, or the new pod could not start.
	DataAtRisk State = "DataAtRisk"
	// Stuck: it requires manual action, proven by evidence (a crash loop, an image that cannot be
	// pulled, an unbound claim, a pod that cannot be scheduled …).
	Stuck State = "Stuck"
	// ScalingDown: pods outside the desired range still exist, or members leave one by one
	// (`drain-scale`).
	ScalingDown State = "ScalingDown"
	// Parked: the set has 0 replicas.
	Parked State = "Parked"
	// ScalingUp: the highest ordinals do not exist yet, or members join one by one (`drain-scale`).
	ScalingUp State = "ScalingUp"
	// Progressing: an update, a restart or a recovery is in progress.
	Progressing State = "Progressing"
	// Paused: all pods are healthy, and the partition (or OnDelete) stops the update.
	Paused State = "Paused"
	// Complete: every desired ordinal is available on the update revision.
	Complete State = "Complete"
)

// NeedsPerson says whether only a user's action resolves the state.
func (s State) NeedsPerson() bool { return s == Stuck || s == DataAtRisk }

// Role is the current role of an ordinal.
type Role string

// The roles.
const (
	// Stable: on the revision before the update.
	Stable Role = "Stable"
	// Canary: on the update revision, while other ordinals are below the partition.
	Canary Role = "Canary"
	// Updated: on the update revision, while other ordinals will follow automatically.
	Updated Role = "Updated"
	// Updating: being replaced, or not available while the update is in progress.
	Updating Role = "Updating"
	// Queued: available on another revision; the controller has not replaced it yet.
	Queued Role = "Queued"
	// Outdated: on a revision that is neither the stable nor the update revision, or waiting to be
	// deleted under OnDelete.
	Outdated Role = "Outdated"
	// Missing: desired, but without a pod.
	Missing Role = "Missing"
	// Leaving: a pod outside the desired range.
	Leaving Role = "Leaving"
	// Orphaned: claims outside the desired range, without a pod.
	Orphaned Role = "Orphaned"
	// Unknown: pods could not be read.
	Unknown Role = "Unknown"
)

// StatusReport is the state of one or more StatefulSets.
type StatusReport struct {
	metav1.TypeMeta `json:",inline"`
	// Items are the requested StatefulSets.
	Items []Status `json:"items"`
	// Missing is what could not be read, usually because a permission is missing; the report is
	// incomplete to that extent.
	Missing []sts.Missing `json:"missing,omitempty"`
}

// Status is the state of one StatefulSet.
type Status struct {
	// Namespace is the namespace of the StatefulSet.
	Namespace string `json:"namespace"`
	// Name is the name of the StatefulSet.
	Name string `json:"name"`
	// Labels are those of the StatefulSet.
	Labels map[string]string `json:"labels,omitempty"`
	// State is the state of the set.
	State State `json:"state"`
	// Message is what is in progress, in one sentence.
	Message string `json:"message"`
	// Hint is what to do about it, often a command.
	Hint sts.Hint `json:"hint,omitempty"`
	// Doctor is the number of findings of those checks of `kubectl sts doctor` that need no further request; for
	// StatefulSets that are requested by name.
	Doctor *sts.FindingCount `json:"doctor,omitempty"`

	// Images are the images in the pod template, by container.
	Images []ContainerImage `json:"images"`
	// UpdateStrategy is `spec.updateStrategy.type`.
	UpdateStrategy string `json:"updateStrategy"`
	// PodManagement is `spec.podManagementPolicy`.
	PodManagement string `json:"podManagement"`
	// Partition is the value of `spec.updateStrategy.rollingUpdate.partition`: an offset from
	// [Status.StartOrdinal], not an ordinal.
	Partition int32 `json:"partition"`
	// UpdateFrom is the lowest ordinal that gets the update revision (the partition as an ordinal); absent
	// without RollingUpdate.
	UpdateFrom *sts.Ordinal `json:"updateFrom,omitempty"`
	// StartOrdinal is `spec.ordinals.start`.
	StartOrdinal sts.Ordinal `json:"startOrdinal"`

	// Observed is true if the controller has observed the current spec; otherwise the status describes
	// an earlier one.
	Observed bool `json:"observed"`
	// DesiredReplicas is `spec.replicas`.
	DesiredReplicas int32 `json:"desiredReplicas"`
	// ReadyReplicas is the number of desired ordinals whose pod is Ready.
	ReadyReplicas int32 `json:"readyReplicas"`
	// AvailableReplicas is the number of desired ordinals whose pod is available: Ready for
	// `minReadySeconds`.
	AvailableReplicas int32 `json:"availableReplicas"`
	// UpdatedReplicas is the number of desired ordinals on the update revision.
	UpdatedReplicas int32 `json:"updatedReplicas"`

	// StableRevision is the revision before the update; during a canary the one that abort rolls back
	// to.
	StableRevision string `json:"stableRevision"`
	// UpdateRevision is the revision of the current pod template.
	UpdateRevision string `json:"updateRevision"`
	// Conditions are the conditions of the set, which Kubernetes maintains under the update strategy
	// Recreate; see docs/versions.md#137-and-138.
	Conditions []ConditionStatus `json:"conditions,omitempty"`

	// Service is the governing Service.
	Service *ServiceStatus `json:"service,omitempty"`
	// Budgets are PodDisruptionBudgets that select the set's pods.
	Budgets []BudgetStatus `json:"budgets,omitempty"`
	// Canary is set while some ordinals deliberately run a different revision than the others, whichever
	// client started the update.
	Canary *CanaryStatus `json:"canary,omitempty"`
	// Autoscalers are HorizontalPodAutoscalers of the set.
	Autoscalers []sts.Autoscaler `json:"autoscalers,omitempty"`
	// Restart is set while a restart of chosen pods is in progress or was interrupted.
	Restart *RestartStatus `json:"restart,omitempty"`
	// Recovery is set while a pod is recovered from a lost node, or was interrupted, and while a node has a
	// taint of such a recovery.
	Recovery *RecoveryStatus `json:"recovery,omitempty"`
	// Drain is set while members leave or join one by one, or after this was interrupted.
	Drain *DrainStatus `json:"drain,omitempty"`
	// ParkedReplicas is the size to which `--unpark` returns a parked set; absent if none is recorded.
	ParkedReplicas *int32 `json:"parkedReplicas,omitempty"`
	// Managers are other clients that write to the set: operators, GitOps controllers, Helm.
	Managers []sts.Manager `json:"managers,omitempty"`
	// Owner is the lock holder: the kubectl sts command that is changing the set.
	Owner *record.Owner `json:"owner,omitempty"`
	// Replicas is one item per ordinal, highest first: desired ordinals, and others that still have a
	// pod or claims.
	Replicas []ReplicaStatus `json:"replicas"`
}

// ContainerImage is one container's image in the set's pod template.
type ContainerImage struct {
	// Container is the name of the container.
	Container string `json:"container"`
	// Image is its image.
	Image string `json:"image"`
}

// ConditionStatus is a condition of the set, as the controller reports it.
type ConditionStatus struct {
	// Type is `Progressing`.
	Type string `json:"type"`
	// Status is `True`, `False` or `Unknown`.
	Status string `json:"status"`
	// Reason is the reason, as the controller reports it.
	Reason string `json:"reason,omitempty"`
	// Message is the message of the controller.
	Message string `json:"message,omitempty"`
	// LastTransitionTime is when [ConditionStatus.Status] last changed.
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
}

// ServiceStatus is the governing Service.
type ServiceStatus struct {
	// Name is `spec.serviceName`.
	Name string `json:"name"`
	// Found is true if it exists; absent if Services could not be read.
	Found *bool `json:"found,omitempty"`
	// Headless is true if it has no cluster IP, as it should.
	Headless bool `json:"headless"`
}

// BudgetStatus is a PodDisruptionBudget that selects the set's pods.
type BudgetStatus struct {
	// Name is the name of the PodDisruptionBudget.
	Name string `json:"name"`
	// DisruptionsAllowed is the number of disruptions allowed now.
	DisruptionsAllowed int32 `json:"disruptionsAllowed"`
	// CurrentHealthy is the number of healthy pods.
	CurrentHealthy int32 `json:"currentHealthy"`
	// DesiredHealthy is the number of pods that must be healthy.
	DesiredHealthy int32 `json:"desiredHealthy"`
	// ExpectedPods is the number of pods that it counts.
	ExpectedPods int32 `json:"expectedPods"`
}

// CanaryStatus is a canary in progress.
type CanaryStatus struct {
	// Ordinals are the ordinals on the canary's revision.
	Ordinals []sts.Ordinal `json:"ordinals"`
	// HeldBack are the ordinals that are not updated yet.
	HeldBack []sts.Ordinal `json:"heldBack"`
	// ReplicasBefore is the set's replicas when the canary started, if known.
	ReplicasBefore *int32 `json:"replicasBefore,omitempty"`
	// Aborting is true while it is being rolled back to the stable revision.
	Aborting bool `json:"aborting,omitempty"`
	// AbortedFor is the gate that failed, if the canary was aborted automatically.
	AbortedFor string `json:"abortedFor,omitempty"`
	// StartedBy is who started the canary, or the field manager of an update that another client
	// started; absent if unknown.
	StartedBy string `json:"startedBy,omitempty"`
	// StartedAt is when it was started; for an update by another client, when that client last wrote
	// or when the update was adopted.
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// StableImages are the previous images of the containers, if they differ.
	StableImages []ContainerImage `json:"stableImages,omitempty"`
	// Auto is set while the canary is promoted automatically.
	Auto *AutoStatus `json:"auto,omitempty"`
}

// RestartStatus is a restart of chosen pods that is in progress, or was interrupted.
type RestartStatus struct {
	// Done are the ordinals that have a new, available pod.
	Done []sts.Ordinal `json:"done"`
	// Left are the ordinals that have not been restarted yet, or are being restarted.
	Left []sts.Ordinal `json:"left"`
	// Command is the command with its options: rerun it to resume.
	Command string `json:"command"`
	// StartedBy is who started it.
	StartedBy string `json:"startedBy,omitempty"`
	// StartedAt is when it was started.
	StartedAt metav1.Time `json:"startedAt"`
}

// RecoveryStatus is what `recover` has recorded.
type RecoveryStatus struct {
	// Pod is the pod that is being recovered; absent if only taints remain.
	Pod string `json:"pod,omitempty"`
	// Node is the lost node; absent if only taints remain.
	Node string `json:"node,omitempty"`
	// Action is the chosen `--action`; absent if only taints remain.
	Action record.RecoverAction `json:"action,omitempty"`
	// StartedBy is who started it.
	StartedBy string `json:"startedBy,omitempty"`
	// StartedAt is when it was started; absent if only taints remain.
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// TaintedNodes are nodes with a taint `node.kubernetes.io/out-of-service` that `recover` has added.
	TaintedNodes []string `json:"taintedNodes,omitempty"`
}

// ReplicaStatus is one ordinal, with its pod and its claims.
type ReplicaStatus struct {
	// Ordinal is the ordinal of the pod.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Pod is the name of the pod, whether it exists or not.
	Pod string `json:"pod"`
	// Role is the current role of the ordinal.
	Role Role `json:"role"`
	// Revision is the revision label of the pod; absent without a pod.
	Revision string `json:"revision,omitempty"`
	// Images are the images of the pod's containers that differ from the set's template.
	Images []ContainerImage `json:"images,omitempty"`
	// CreatedAt is when the pod was created.
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// Ready is true if the pod is Ready.
	Ready bool `json:"ready"`
	// ReadySince is when it last became Ready.
	ReadySince *metav1.Time `json:"readySince,omitempty"`
	// SoakedAt is the time until which the pod must stay Ready, for a canary that is promoted automatically;
	// absent once it has been Ready for long enough.
	SoakedAt *metav1.Time `json:"soakedAt,omitempty"`
	// Available is true if it has been Ready for `minReadySeconds` and is not terminating.
	Available bool `json:"available"`
	// Terminating is true if the pod is being deleted.
	Terminating bool `json:"terminating,omitempty"`
	// Restarts is the number of restarts of all its containers.
	Restarts int32 `json:"restarts"`
	// Trouble is why a desired ordinal is not available, or why a pod cannot be deleted although it
	// must be.
	Trouble *diagnose.Trouble `json:"trouble,omitempty"`
	// Node is the node of the pod.
	Node string `json:"node,omitempty"`
	// Claims are the ordinal's PersistentVolumeClaims, one per template.
	Claims []ClaimStatus `json:"claims"`
}

// ClaimStatus is one of an ordinal's PersistentVolumeClaims.
type ClaimStatus struct {
	// Name is the name of the PersistentVolumeClaim.
	Name string `json:"name"`
	// Phase is its phase, or `Missing` if a template requires it and it does not exist.
	Phase string `json:"phase"`
	// Size is the bound capacity; the requested capacity if it is not bound.
	Size string `json:"size,omitempty"`
	// Volume is the PersistentVolume that it is bound to.
	Volume string `json:"volume,omitempty"`
	// DeletionTimestamp is when its deletion was requested; absent if it is not being deleted. The claim
	// remains until its pod is gone.
	DeletionTimestamp *metav1.Time `json:"deletionTimestamp,omitempty"`
	// Rescued is true if it is being deleted, and its volume retains the data for `pvc-gc undo`.
	Rescued bool `json:"rescued,omitempty"`
	// Risk is why the data would be lost when the pod is replaced; absent if it would not.
	Risk *diagnose.ClaimRisk `json:"risk,omitempty"`
	// Message is why it is not bound, according to its events, its volume or its StorageClass.
	Message string `json:"message,omitempty"`
}

// NewStatusReport reports on every set of the inventory, and of each only the given ordinals.
func NewStatusReport(inv *sts.Inventory, only sts.Ordinals) *StatusReport {
	r := &StatusReport{
		TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "StatusReport"},
		Items:    []Status{}, Missing: inv.Missing,
	}
	for _, s := range inv.Snapshots() {
		st := NewStatus(s)
		st.Replicas = slices.DeleteFunc(st.Replicas, func(r ReplicaStatus) bool { return !only.Has(r.Ordinal) })
		r.Items = append(r.Items, st)
	}
	return r
}

// NewStatus reports on one set.
func NewStatus(s *sts.Snapshot) Status {
	set := s.Set
	st := Status{
		Namespace: set.Namespace, Name: set.Name, Labels: set.Labels,
		Images:         images(set.Spec.Template.Spec.Containers),
		UpdateStrategy: string(set.Spec.UpdateStrategy.Type),
		PodManagement:  string(set.Spec.PodManagementPolicy),
		Partition:      sts.Partition(set), StartOrdinal: sts.Start(set),
		DesiredReplicas: sts.DesiredReplicas(set), Observed: sts.Observed(set),
		StableRevision: set.Status.CurrentRevision, UpdateRevision: set.Status.UpdateRevision,
		Autoscalers: s.Autoscalers(), Managers: sts.Managers(set), Replicas: []ReplicaStatus{},
	}
	if sts.StrategyOf(set).HasPartition() {
		from := sts.UpdateFrom(set)
		st.UpdateFrom = &from
	}
	for _, c := range set.Status.Conditions {
		condition := ConditionStatus{Type: string(c.Type), Status: string(c.Status), Reason: c.Reason, Message: c.Message}
		if !c.LastTransitionTime.IsZero() {
			condition.LastTransitionTime = &c.LastTransitionTime
		}
		st.Conditions = append(st.Conditions, condition)
	}
	if name := set.Spec.ServiceName; name != "" {
		st.Service = &ServiceStatus{Name: name}
		if s.Knows("services") {
			found := s.Service != nil
			st.Service.Found = &found
			st.Service.Headless = found && s.Service.Spec.ClusterIP == corev1.ClusterIPNone
		}
	}
	for _, b := range s.Budgets {
		st.Budgets = append(st.Budgets, BudgetStatus{b.Name, b.Status.DisruptionsAllowed,
			b.Status.CurrentHealthy, b.Status.DesiredHealthy, b.Status.ExpectedPods})
	}
	// The verbs that change a set refuse a record that cannot be read; the
	// report does without it.
	canary, unreadable := record.ReadCanary(set)
	owner, unreadableOwner := record.ReadOwner(set)
	st.Owner = owner
	drain, unreadableDrain := record.ReadDrain(set)
	st.Drain = NewDrainStatus(s, drain)
	if n, ok := record.ParkedSize(set); ok {
		st.ParkedReplicas = &n
	}
	if canary != nil {
		st.StableRevision = canary.StableRevision
	}
	replicas := s.Replicas()
	if !s.Knows("pods") {
		st.fromCounters(s)
		if st.Drain != nil && st.State != Deleting {
			message := st.Message
			st.judgeDrain(s, drain)
			st.Message = sentence(st.Message, message)
		}
		return st
	}
	for _, r := range replicas {
		if r.Desired {
			if r.Ready {
				st.ReadyReplicas++
			}
			if r.Available {
				st.AvailableReplicas++
			}
			if r.Pod != nil && r.Revision == st.UpdateRevision {
				st.UpdatedReplicas++
			}
		}
		st.Replicas = append(st.Replicas, replicaStatus(s, &st, r))
	}
	st.Replicas = append(st.Replicas, leftOver(s)...)
	slices.SortFunc(st.Replicas, func(a, b ReplicaStatus) int { return int(b.Ordinal) - int(a.Ordinal) })
	if canary != nil || st.holdsBack() {
		st.Canary = canaryStatus(&st, canary)
		st.Canary.Auto = st.autoStatus(s, canary)
	}
	restart, unreadableRestart := record.ReadRestart(set)
	st.judge(s, canary, drain, replicas)
	st.judgeRestart(s, restart)
	recovery, unreadableRecovery := record.ReadRecover(set)
	st.judgeRecovery(s, recovery)
	st.judgeClaims(s, replicas)
	for _, err := range []error{unreadable, unreadableDrain, unreadableRestart, unreadableRecovery, unreadableOwner} {
		if invalid, ok := errors.AsType[*record.InvalidError](err); ok {
			st.Message = sentence(st.Message, invalid.Error())
			if len(st.Hint) == 0 {
				st.Hint = invalid.Hint()
			}
		}
	}
	return st
}

func images(containers []corev1.Container) []ContainerImage {
	out := []ContainerImage{}
	for _, c := range containers {
		out = append(out, ContainerImage{c.Name, c.Image})
	}
	return out
}

// holdsBack says whether an update applies to some ordinals only.
func (st *Status) holdsBack() bool {
	return st.UpdateFrom != nil && st.StableRevision != st.UpdateRevision && *st.UpdateFrom > st.StartOrdinal
}

func (st *Status) ordinals(keep func(ReplicaStatus) bool) []sts.Ordinal {
	out := []sts.Ordinal{}
	for _, r := range st.Replicas {
		if keep(r) {
			out = append(out, r.Ordinal)
		}
	}
	slices.Sort(out)
	return out
}

func (st *Status) wants(o sts.Ordinal) bool {
	return o >= st.StartOrdinal && o < st.StartOrdinal+sts.Ordinal(st.DesiredReplicas)
}

func canaryStatus(st *Status, c *record.Canary) *CanaryStatus {
	on := func(r ReplicaStatus) bool {
		return st.wants(r.Ordinal) && r.Revision != "" && r.Revision != st.StableRevision
	}
	out := &CanaryStatus{
		Ordinals: st.ordinals(on),
		HeldBack: st.ordinals(func(r ReplicaStatus) bool { return st.wants(r.Ordinal) && !on(r) }),
	}
	if c == nil {
		return out
	}
	started := metav1.NewTime(c.StartedAt)
	out.Aborting, out.AbortedFor, out.StartedBy, out.StartedAt = c.Aborting, c.AbortedFor, c.StartedBy, &started
	out.ReplicasBefore = c.Replicas
	if t, err := sts.ParseTemplate(c.StableTemplate); err == nil {
		out.StableImages = differingImages(st.Images, images(t.Spec.Containers))
	}
	return out
}

// due says whether the controller will replace the replica's pod by itself, now or later.
func due(s *sts.Snapshot, r sts.Replica) bool {
	return r.Pod != nil && s.DueForUpdate(r)
}

func replicaStatus(s *sts.Snapshot, st *Status, r sts.Replica) ReplicaStatus {
	out := ReplicaStatus{
		Ordinal: r.Ordinal, Pod: s.Name(r.Ordinal), Role: role(s, st, r), Revision: r.Revision,
		Ready: r.Ready, Available: r.Available, Terminating: r.Terminating,
		Trouble: obstacle(s, r), Claims: claimStatus(s, r.Ordinal, r.Claims, r.Desired),
	}
	out.Claims = withMounted(out.Claims, s, r)
	if r.Pod == nil {
		return out
	}
	out.Node = r.Pod.Spec.NodeName
	created := r.Pod.CreationTimestamp
	out.CreatedAt = &created
	out.Images = differingImages(st.Images, images(r.Pod.Spec.Containers))
	if since := sts.ReadySince(r.Pod); !since.IsZero() {
		t := metav1.NewTime(since)
		out.ReadySince = &t
	}
	out.Restarts = sts.Restarts(r.Pod)
	return out
}

func role(s *sts.Snapshot, st *Status, r sts.Replica) Role {
	switch {
	case !r.Desired, r.Terminating && s.Set.DeletionTimestamp != nil:
		return Leaving
	case r.Pod == nil:
		return Missing
	case r.Revision == st.UpdateRevision && st.UpdateRevision != st.StableRevision:
		switch {
		case r.Terminating || !r.Available && !st.holdsBack():
			return Updating
		case st.holdsBack():
			return Canary
		}
		return Updated
	case r.Terminating:
		return Updating
	case r.Revision == st.UpdateRevision:
		return Stable
	case due(s, r) && r.Available:
		return Queued
	case due(s, r):
		return Updating
	case r.Revision == st.StableRevision && sts.StrategyOf(s.Set).HasPartition():
		return Stable
	}
	return Outdated
}

func claimStatus(s *sts.Snapshot, o sts.Ordinal, have []*corev1.PersistentVolumeClaim, desired bool) []ClaimStatus {
	out := []ClaimStatus{}
	if !s.Knows("persistentvolumeclaims") {
		return out
	}
	for i := range s.Set.Spec.VolumeClaimTemplates {
		name := sts.ClaimName(s.Set.Spec.VolumeClaimTemplates[i].Name, s.Set.Name, o)
		k := slices.IndexFunc(have, func(c *corev1.PersistentVolumeClaim) bool { return c.Name == name })
		switch {
		case k >= 0:
			out = append(out, newClaimStatus(s, have[k]))
		case desired:
			out = append(out, ClaimStatus{Name: name, Phase: "Missing"})
		}
	}
	return out
}

// withMounted adds the risks to the claims, and the claims that are at risk or being deleted
// and that the pod template names in its volumes.
func withMounted(claims []ClaimStatus, s *sts.Snapshot, r sts.Replica) []ClaimStatus {
	at := func(name, volume string) *ClaimStatus {
		k := slices.IndexFunc(claims, func(c ClaimStatus) bool { return c.Name == name })
		if k < 0 {
			k = len(claims)
			claims = append(claims, ClaimStatus{Name: name, Phase: "Missing", Volume: volume})
			if c := s.Claim(name); c != nil {
				claims[k] = newClaimStatus(s, c)
			}
		}
		return &claims[k]
	}
	for _, risk := range diagnose.ClaimRisks(s, r) {
		c := at(risk.Claim, risk.Volume)
		c.Risk, c.Rescued = &risk, false
	}
	for _, c := range s.Mounted {
		if c.DeletionTimestamp != nil && r.Pod != nil && slices.Contains(sts.MountedClaims(r.Pod), c.Name) {
			at(c.Name, c.Spec.VolumeName)
		}
	}
	return claims
}

func newClaimStatus(s *sts.Snapshot, c *corev1.PersistentVolumeClaim) ClaimStatus {
	size, bound := c.Status.Capacity[corev1.ResourceStorage]
	if !bound {
		size = c.Spec.Resources.Requests[corev1.ResourceStorage]
	}
	v, _ := s.Volume(c.Spec.VolumeName)
	return ClaimStatus{Name: c.Name, Phase: string(c.Status.Phase), Size: size.String(), Volume: c.Spec.VolumeName,
		DeletionTimestamp: c.DeletionTimestamp, Rescued: c.DeletionTimestamp != nil && sts.Rescued(c, v), Message: diagnose.WhyUnbound(s, c)}
}

// leftOver are ordinals beyond the range of which only claims exist. The labels that
// the controller sets on its claims exclude another set's claims with such names.
func leftOver(s *sts.Snapshot) []ReplicaStatus {
	seen := map[sts.Ordinal][]*corev1.PersistentVolumeClaim{}
	for _, c := range s.Claims {
		o, ok := sts.ClaimOrdinal(c.Name)
		if !ok || sts.Wants(s.Set, o) || !matches(s.Set.Spec.Selector, c.Labels) ||
			slices.ContainsFunc(s.Pods, func(p *corev1.Pod) bool { return p.Name == s.Name(o) }) {
			continue
		}
		seen[o] = append(seen[o], c)
	}
	var out []ReplicaStatus
	for o, claims := range seen {
		out = append(out, ReplicaStatus{Ordinal: o, Pod: s.Name(o), Role: Orphaned, Claims: claimStatus(s, o, claims, false)})
	}
	return out
}

func matches(sel *metav1.LabelSelector, l map[string]string) bool {
	if sel == nil {
		return false
	}
	for k, v := range sel.MatchLabels {
		if l[k] != v {
			return false
		}
	}
	return true
}

// fromCounters is the report from the set's status alone, where pods cannot be read.
func (st *Status) fromCounters(s *sts.Snapshot) {
	c := s.Set.Status
	st.ReadyReplicas, st.AvailableReplicas, st.UpdatedReplicas = c.ReadyReplicas, c.AvailableReplicas, c.UpdatedReplicas
	for o := sts.Start(s.Set); o < sts.End(s.Set); o++ {
		st.Replicas = append([]ReplicaStatus{{Ordinal: o, Pod: s.Name(o), Role: Unknown, Claims: []ClaimStatus{}}}, st.Replicas...)
	}
	switch {
	case s.Set.DeletionTimestamp != nil:
		st.State = Deleting
	case !sts.Observed(s.Set):
		st.State = Progressing
	case st.DesiredReplicas == 0 && c.Replicas == 0:
		st.State = Parked
	case c.Replicas > st.DesiredReplicas:
		st.State = ScalingDown
	case c.Replicas < st.DesiredReplicas:
		st.State = ScalingUp
	case c.CurrentRevision == c.UpdateRevision && c.AvailableReplicas == st.DesiredReplicas:
		st.State = Complete
	case st.holdsBack() && c.AvailableReplicas == st.DesiredReplicas:
		st.State = Paused
	default:
		st.State = Progressing
	}
	st.Message = msgPodsUnreadable(c.ReadyReplicas, st.DesiredReplicas, c.UpdatedReplicas)
}

// sentence joins the parts that are not empty.
func sentence(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "; ")
}

// Fingerprint changes when something has happened, and not because time passes.
func (st *Status) Fingerprint() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s %s %d %d %d %s", st.Namespace, st.Name, st.State, st.DesiredReplicas, st.ReadyReplicas, st.Partition, st.UpdateRevision)
	for _, r := range st.Replicas {
		fmt.Fprintf(&b, " %s:%s,%s,%t", r.Ordinal, r.Role, r.Revision, r.Available)
		if r.Trouble != nil {
			b.WriteString("," + r.Trouble.Reason + r.Trouble.Claim + r.Trouble.InitContainer)
		}
		for _, c := range r.Claims {
			if c.Risk != nil {
				b.WriteString("," + c.Name + "=" + string(c.Risk.Reason))
			}
		}
	}
	if st.Canary != nil && st.Canary.Auto != nil {
		b.WriteString(" auto:" + string(st.Canary.Auto.WaitingFor))
	}
	if st.Drain != nil && st.Drain.Member != nil {
		fmt.Fprintf(&b, " member:%s,%s", st.Drain.Member.Ordinal, st.Drain.Member.Phase)
	}
	if st.Doctor != nil {
		fmt.Fprintf(&b, " doctor:%d,%d", st.Doctor.Errors, st.Doctor.Warnings)
	}
	return b.String()
}
