package forecast

import (
	"cmp"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// sync is one round of the controller (UpdateStatefulSet). It is true if the next round may have
// something to do: the controller waits for what it has created or deleted in this one.
func (w *World) sync() bool {
	switch {
	case w.Set == nil:
		return false
	case w.Set.DeletionTimestamp != nil:
		w.count()
		return false
	}
	before := len(w.events)
	st := &w.Set.Status
	wasCurrent, wasUpdate := st.CurrentRevision, st.UpdateRevision
	update := w.updateRevision()
	current := w.revision(st.CurrentRevision)
	if current == nil {
		current = update
	}
	st.ObservedGeneration, st.CurrentRevision, st.UpdateRevision = w.Set.Generation, current.Name, update.Name
	w.count() // what this round changes is counted in the next one
	w.reconcile(current, update)
	w.complete()
	w.truncate()
	did := w.events[before:]
	// With the gate, the deletion of a pod that was unavailable allows that of another.
	again := w.Features.MaxUnavailable && len(did) > 0 ||
		slices.ContainsFunc(did, func(e Event) bool { return e.Kind == PodGone || e.Kind == ClaimGone })
	if len(did) > 0 && !again { // the next round would only do this
		w.count()
		w.complete()
		w.truncate()
	}
	return again || st.CurrentRevision != wasCurrent || st.UpdateRevision != wasUpdate
}

// reconcile is the main part of a round (updateStatefulSet): it creates pods, then scales down, then
// updates. Under OrderedReady each of these waits for the one before, and each pod for the one below;
// under Parallel all is done at once.
func (w *World) reconcile(current, update *appsv1.ControllerRevision) {
	if sts.StrategyOf(w.Set).ReplacesAllAtOnce() && !w.recreate(current, update) {
		return
	}
	inOrder := !sts.IsParallel(w.Set)
	condemned := w.condemned()
	var first sts.Ordinal // that is unavailable, if that matters
	anyUnavailable := false
	if inOrder && len(condemned) > 0 {
		first, anyUnavailable = w.firstUnavailable()
	}
	failed := false
	for o := sts.Start(w.Set); o < sts.End(w.Set); o++ {
		waits, fails := w.replica(o, current, update)
		failed = failed || fails
		if inOrder && (waits || fails) || failed && endsBatch(int(o-sts.Start(w.Set))) {
			return
		}
	}
	if failed {
		return
	}
	for _, o := range condemned {
		w.ownClaims(o)
	}
	for _, o := range condemned {
		p := w.pod(o)
		switch {
		case p.DeletionTimestamp != nil && inOrder:
			return
		case p.DeletionTimestamp != nil:
			continue
		// A pod that is not available is only deleted if no lower one is unavailable.
		case inOrder && !w.available(p) && anyUnavailable && first != o:
			return
		}
		w.Delete(o)
		if inOrder {
			return
		}
	}
	switch {
	case !sts.StrategyOf(w.Set).HasPartition():
	case w.Features.unavailableFirst(w.Set):
		w.updateUnavailableFirst(update)
	case w.Features.MaxUnavailable:
		w.updateMany(update)
	default:
		w.updateOne(update)
	}
}

// endsBatch says whether the i-th of the pods that are handled at once under Parallel is the last of
// its batch: the batches have 1, 2, 4 … pods, and one with a failure is the last (slowStartBatch).
func endsBatch(i int) bool { return (i+2)&(i+1) == 0 }

// replica creates an ordinal's pod and claims, or deletes a failed pod (processReplica). waits: the
// ordinals above must wait under OrderedReady. fails: a claim that it needs is terminating, or the API
// server rejects its pod.
func (w *World) replica(o sts.Ordinal, current, update *appsv1.ControllerRevision) (waits, fails bool) {
	p := w.pod(o)
	switch {
	case p == nil && w.claimIsStale(o):
		return true, false
	case p == nil:
		return true, !w.create(o, current, update)
	case ended(p):
		w.Delete(o)
		return true, false
	case p.Status.Phase == corev1.PodPending && !w.createClaims(o):
		return true, true
	}
	waits = p.DeletionTimestamp != nil || !w.available(p) || p.Status.Phase != corev1.PodRunning
	if !waits || sts.IsParallel(w.Set) || p.Status.Phase == corev1.PodPending {
		w.ownClaims(o)
	}
	return waits, false
}

// ended says whether a pod will never run again by itself.
func ended(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded
}

// updateOne is an update without the gate MaxUnavailableStatefulSet: the highest outdated pod is
// deleted when all above it are available.
func (w *World) updateOne(update *appsv1.ControllerRevision) {
	for o := sts.End(w.Set) - 1; o >= sts.UpdateFrom(w.Set); o-- {
		p := w.pod(o)
		switch {
		case p == nil:
			return // a claim of it is still terminating
		case sts.PodRevision(p) != update.Name && p.DeletionTimestamp == nil:
			w.Delete(o)
			return
		case w.unavailable(p):
			return
		}
	}
}

// updateMany is an update with the gate: as many pods are deleted at once as maxUnavailable allows,
// the highest first. Unavailable pods count, also those below the partition.
func (w *World) updateMany(update *appsv1.ControllerRevision) {
	most := maxUnavailable(w.Set)
	for o := sts.Start(w.Set); o < sts.End(w.Set); o++ {
		if w.unavailable(w.pod(o)) {
			most--
		}
	}
	for o := sts.End(w.Set) - 1; o >= sts.UpdateFrom(w.Set) && most > 0; o-- {
		if p := w.pod(o); p != nil && sts.PodRevision(p) != update.Name && p.DeletionTimestamp == nil {
			w.Delete(o)
			most--
		}
	}
}

// updateUnavailableFirst is an update with the gate under Parallel as of 1.37: it deletes all pods that
// are unavailable already, then available ones as far as maxUnavailable allows.
func (w *World) updateUnavailableFirst(update *appsv1.ControllerRevision) {
	most := maxUnavailable(w.Set)
	for o := sts.Start(w.Set); o < sts.End(w.Set); o++ {
		if w.unavailable(w.pod(o)) {
			most--
		}
	}
	var available []sts.Ordinal
	for o := sts.End(w.Set) - 1; o >= sts.UpdateFrom(w.Set); o-- {
		p := w.pod(o)
		switch {
		case p == nil || p.DeletionTimestamp != nil || sts.PodRevision(p) == update.Name:
		case w.available(p):
			available = append(available, o)
		default:
			w.Delete(o)
		}
	}
	for _, o := range available[:max(0, min(most, len(available)))] {
		w.Delete(o)
	}
}

// Reasons of the condition Progressing, which sets with the update strategy Recreate have.
const (
	recreateInProgress = "RecreateInProgress"
	recreateCompleted  = "RecreateCompleted"
)

// recreate begins an update under Recreate: all pods of other revisions are deleted at once,
// whatever their state and the order, also those that a scale-down would remove
// (recreateDeleteAndWait). It is true if there are none: only then pods are created, and the set is
// scaled.
func (w *World) recreate(current, update *appsv1.ControllerRevision) bool {
	left := false
	for _, o := range w.ordinals() {
		if sts.PodRevision(w.pod(o)) != update.Name {
			left = true
			w.Delete(o)
		}
	}
	switch {
	case left:
		w.progressing(metav1.ConditionTrue, recreateInProgress, "Deleting old revision pods")
	case current.Name != update.Name:
		w.progressing(metav1.ConditionTrue, recreateInProgress, "Waiting for new-revision pods to be created")
	}
	return !left
}

// progressing sets the set's condition Progressing (setStatefulSetCondition).
func (w *World) progressing(status metav1.ConditionStatus, reason, message string) {
	st := &w.Set.Status
	i := slices.IndexFunc(st.Conditions, func(c appsv1.StatefulSetCondition) bool { return c.Type == appsv1.StatefulSetProgressing })
	next := appsv1.StatefulSetCondition{Type: appsv1.StatefulSetProgressing, Status: corev1.ConditionStatus(status), Reason: reason, Message: message,
		LastTransitionTime: metav1.NewTime(w.Now)}
	if i < 0 {
		st.Conditions = append(st.Conditions, next)
		return
	}
	if st.Conditions[i].Status == next.Status {
		next.LastTransitionTime = st.Conditions[i].LastTransitionTime
	}
	st.Conditions[i] = next
}

// maxUnavailable is how many pods an update may have unavailable: percentages are rounded
// down, and it is at least one (getStatefulSetMaxUnavailable).
func maxUnavailable(set *appsv1.StatefulSet) int {
	var given *intstr.IntOrString
	if ru := set.Spec.UpdateStrategy.RollingUpdate; ru != nil {
		given = ru.MaxUnavailable
	}
	one := intstr.FromInt32(1)
	n, err := intstr.GetScaledValueFromIntOrPercent(cmp.Or(given, &one), int(sts.DesiredReplicas(set)), false)
	if err != nil {
		return 1 // the API server rejects such a value
	}
	return max(n, 1)
}

// condemned are the ordinals that have a pod and are not desired, highest first.
func (w *World) condemned() []sts.Ordinal {
	var out []sts.Ordinal
	for _, o := range slices.Backward(w.ordinals()) {
		if !sts.Wants(w.Set, o) {
			out = append(out, o)
		}
	}
	return out
}

// firstUnavailable is the lowest desired ordinal without an available pod, else the lowest of the
// others.
func (w *World) firstUnavailable() (sts.Ordinal, bool) {
	for o := sts.Start(w.Set); o < sts.End(w.Set); o++ {
		if w.unavailable(w.pod(o)) {
			return o, true
		}
	}
	for _, o := range slices.Backward(w.condemned()) {
		if w.unavailable(w.pod(o)) {
			return o, true
		}
	}
	return 0, false
}

func (w *World) available(p *corev1.Pod) bool {
	return p != nil && sts.Available(p, w.Set.Spec.MinReadySeconds, w.Now)
}

func (w *World) unavailable(p *corev1.Pod) bool {
	return p == nil || p.DeletionTimestamp != nil || !w.available(p)
}

// create creates an ordinal's pod, from the current revision below the partition, else from the
// update revision (newVersionedStatefulSetPod), and before it the claims that it needs. It is false if
// that fails.
func (w *World) create(o sts.Ordinal, current, update *appsv1.ControllerRevision) bool {
	if !w.createClaims(o) || w.Refused != nil && w.Refused(o) {
		return false
	}
	revision := update
	below := o < sts.UpdateFrom(w.Set)
	if ru := w.Set.Spec.UpdateStrategy; ru.Type == appsv1.RollingUpdateStatefulSetStrategyType && ru.RollingUpdate == nil {
		below = o < sts.Start(w.Set)+sts.Ordinal(w.Set.Status.CurrentReplicas)
	}
	if below {
		revision = current
	}
	name := sts.PodName(w.Set.Name, o)
	p := sts.NewPod(w.Set, w.template(revision), revision.Name, o)
	if w.Created != nil {
		w.Created(p.DeepCopy())
	}
	p.UID, p.CreationTimestamp = w.uid(name), metav1.NewTime(w.Now)
	p.Finalizers = nil // those of a template are removed by the controller that requires them
	p.Status.Phase = corev1.PodPending
	w.Pods[name] = p
	at, _ := slices.BinarySearch(w.order, o)
	w.order = slices.Insert(slices.Clone(w.order), at, o)
	w.tell(PodCreated, o, name, revision.Name)
	w.ownClaims(o)
	return true
}

// Delete deletes an ordinal's pod, as the controller or a user does. One that has ended, or has a
// grace period of 0, is gone at once.
func (w *World) Delete(o sts.Ordinal) {
	p := w.pod(o)
	if p == nil || p.DeletionTimestamp != nil {
		return
	}
	p = w.replacePod(p)
	p.DeletionTimestamp = &metav1.Time{Time: w.Now.Add(w.Nodes.TerminateAfter)}
	w.tell(PodDeleted, o, p.Name, sts.PodRevision(p))
	if grace := p.Spec.TerminationGracePeriodSeconds; (ended(p) || grace != nil && *grace == 0) && len(p.Finalizers) == 0 {
		w.gone(o, p)
	}
}

// Fail makes an ordinal's pod fail, as a kubelet does that runs out of a resource.
func (w *World) Fail(o sts.Ordinal) {
	if p := w.pod(o); p != nil {
		p = w.replacePod(p)
		p.Status.Phase, p.Status.Conditions = corev1.PodFailed, nil
	}
}

// count is the status (updateStatus).
func (w *World) count() {
	st := &w.Set.Status
	st.Replicas, st.ReadyReplicas, st.AvailableReplicas, st.CurrentReplicas, st.UpdatedReplicas = 0, 0, 0, 0, 0
	for _, p := range w.Pods {
		st.Replicas++
		if p.Status.Phase == corev1.PodRunning && !sts.ReadySince(p).IsZero() {
			st.ReadyReplicas++
			if w.available(p) {
				st.AvailableReplicas++
			}
		}
		if p.DeletionTimestamp != nil {
			continue
		}
		if sts.PodRevision(p) == st.CurrentRevision {
			st.CurrentReplicas++
		}
		if sts.PodRevision(p) == st.UpdateRevision {
			st.UpdatedReplicas++
		}
	}
}

// complete completes an update (completeRollingUpdate, completeUpdate). It compares counts, so a set
// with 0 replicas is always complete.
func (w *World) complete() {
	st, n := &w.Set.Status, sts.DesiredReplicas(w.Set)
	completes := sts.StrategyOf(w.Set).ReplacesPods() || w.Features.KubernetesMinor >= 37
	if !completes || st.UpdatedReplicas != n || st.ReadyReplicas != n || st.Replicas != n {
		return
	}
	st.CurrentReplicas, st.CurrentRevision = st.UpdatedReplicas, st.UpdateRevision
	if sts.StrategyOf(w.Set).ReplacesAllAtOnce() && len(st.Conditions) > 0 {
		w.progressing(metav1.ConditionFalse, recreateCompleted, "All pods recreated successfully")
	}
}

// updateRevision is the revision of the set's template: an existing one, which becomes the newest, or a
// new one (getStatefulSetRevisions).
func (w *World) updateRevision() *appsv1.ControllerRevision {
	newest := int64(0)
	for _, r := range w.Revisions {
		newest = max(newest, r.Revision)
	}
	for i, r := range slices.Backward(w.Revisions) {
		if equality.Semantic.DeepEqual(w.template(r), &w.Set.Spec.Template) {
			if r.Revision < newest {
				newer := *r
				r, newer.Revision = &newer, newest+1
				w.Revisions[i] = r
				slices.SortStableFunc(w.Revisions, func(a, b *appsv1.ControllerRevision) int { return cmp.Compare(a.Revision, b.Revision) })
			}
			return r
		}
	}
	proposed := NewRevision(w.Set)
	proposed.Name, proposed.Revision = fmt.Sprintf("%s-(new %d)", w.Set.Name, newest+1), newest+1
	proposed.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(w.Set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
	w.Revisions = append(w.Revisions, proposed)
	return proposed
}

func (w *World) revision(name string) *appsv1.ControllerRevision {
	i := slices.IndexFunc(w.Revisions, func(r *appsv1.ControllerRevision) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return w.Revisions[i]
}
