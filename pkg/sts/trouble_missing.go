package sts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// Reasons of the StatefulSet controller's events.
const (
	failedCreate     = "FailedCreate"
	failedDelete     = "FailedDelete"
	successfulCreate = "SuccessfulCreate"
	successfulDelete = "SuccessfulDelete"
)

// terminatingTrouble is about a pod that is being deleted.
func (s *Snapshot) terminatingTrouble(r Replica) *Trouble {
	now, due := s.TakenAt, r.Pod.DeletionTimestamp.Time
	held := ""
	switch n := r.Pod.Finalizers; len(n) {
	case 0:
	case 1:
		held = "held by finalizer " + n[0]
	default:
		held = "held by finalizers " + strings.Join(n, ", ")
	}
	// Whose last finalizer was removed has had no chance to go before.
	released, known := s.Memory.Released[r.Pod.UID]
	if known && held == "" && released.After(due) {
		due = released
	}
	t := reasonTerminating.trouble(now.Sub(due), "is terminating")
	overdue := now.Sub(r.Pod.DeletionTimestamp.Time)
	switch {
	case t.Failing && held != "":
		t.Message = fmt.Sprintf("should have been gone %s ago and is %s", Age(overdue), held)
	case t.Failing && r.Pod.Spec.NodeName != "":
		t.Message = fmt.Sprintf("should have been gone %s ago: is node %s alive?", Age(overdue), r.Pod.Spec.NodeName)
	case t.Failing:
		t.Message = fmt.Sprintf("should have been gone %s ago", Age(overdue))
	case held != "":
		t.Message += ", " + held
	}
	if !t.Failing {
		t.Until = due.Add(terminatingGrace + time.Second)
	}
	return t
}

// missingTrouble says why a pod that should exist does not: what has its name, or what the
// controller says about the pod that it cannot create (a quota, admission, a claim).
func (s *Snapshot) missingTrouble(r Replica) *Trouble {
	name := s.Name(r.Ordinal)
	if t := s.nameTaken(name); t != nil {
		return t
	}
	if f := s.failure(failedCreate, name, s.alive(name)); f != nil {
		if claim := s.goingClaim(r, f.event); claim != "" {
			return reasonMissing.trouble(0, "is not there yet: its old claim "+claim+" was being deleted")
		}
		t := f.trouble(reasonFailedCreate, "cannot be created: ", "could not be created yet")
		if f.accepted {
			t.Message += "; the API server accepts it now, and the StatefulSet controller tries it again after at most 17m"
		}
		return t
	}
	if t := s.recreated(r); t != nil {
		return t
	}
	t := reasonMissing.trouble(0, "is not there yet")
	if e := s.FailedCreate(); e != nil {
		t.Message += "; last error of the StatefulSet controller: "
		t.quote(e.Message)
	}
	return t
}

// Unexplained is the name of a pod that should exist by now and does not, and nothing that was
// read tells why: another pod may have the name. Empty when there is none, and for a moment
// after the set's status has changed.
func (s *Snapshot) Unexplained() string {
	if s.Set.DeletionTimestamp != nil || !Observed(s.Set) || !s.Knows("pods") || s.TakenAt.Sub(s.statusWritten()) < unexplainedAfter {
		return ""
	}
	for _, r := range s.Replicas() {
		switch {
		case !r.Desired:
		case r.Pod == nil:
			name := s.Name(r.Ordinal)
			if s.failure(failedCreate, name, s.alive(name)) != nil {
				return ""
			}
			return name
		case !r.Available && !IsParallel(s.Set):
			return "" // the controller creates none above it
		}
	}
	return ""
}

// unexplainedAfter is how long the controller takes at most to create a pod.
const unexplainedAfter = 2 * time.Second

// nameTaken is about a pod that has the name and is not the set's: nil when there is none.
func (s *Snapshot) nameTaken(name string) *Trouble {
	i := slices.IndexFunc(s.Strangers, func(p *corev1.Pod) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	pod, ns := s.Strangers[i], s.Set.Namespace
	t := reasonNameTaken.trouble(0, "")
	owner := metav1.GetControllerOfNoCopy(pod)
	selector, err := metav1.LabelSelectorAsSelector(s.Set.Spec.Selector)
	matches := err == nil && selector.Matches(labels.Set(pod.Labels))
	switch {
	case pod.DeletionTimestamp != nil:
		t = reasonMissing.trouble(0, "")
		t.Message = "is not there yet: a pod of that name, which does not belong to the StatefulSet, is terminating"
	case owner != nil && owner.UID == s.Set.UID && matches:
		return nil // it is the set's, and is seen in a moment
	case owner != nil && owner.Kind == "StatefulSet" && owner.Name == s.Set.Name && owner.UID != s.Set.UID:
		// The garbage collector deletes it, or removes the reference.
		if s.TakenAt.Sub(s.Set.CreationTimestamp.Time) <= terminatingGrace {
			t = reasonMissing.trouble(0, "")
		}
		t.Message = "cannot be created: a pod of that name belongs to an earlier StatefulSet " + owner.Name + " (UID " + string(owner.UID) + ")"
	case owner != nil && owner.UID != s.Set.UID:
		t.Message = fmt.Sprintf("cannot be created: a pod of that name belongs to %s %s", owner.Kind, owner.Name)
	case matches:
		t = reasonMissing.trouble(0, "") // the controller adopts it
		t.Message = "is not there yet: a pod of that name exists, and the StatefulSet controller has to adopt it"
	default:
		t.Message, t.Fix = "is not the StatefulSet's any more: a pod of that name exists, and its labels do not match the selector", Kubectl(ns, "get pod", name, "--show-labels")
		if missing := missingLabels(s.Set.Spec.Selector, pod.Labels); len(missing) > 0 {
			t.Message = fmt.Sprintf("is not the StatefulSet's any more: a pod of that name exists without the label %s, which the selector needs", strings.Join(missing, ", "))
			t.Fix = Kubectl(ns, "label pod", name, strings.Join(missing, " "), "--overwrite")
		}
	}
	return t
}

// missingLabels are the selector's labels that the pod has not, as KEY=VALUE.
func missingLabels(selector *metav1.LabelSelector, have map[string]string) []string {
	var out []string
	if selector == nil {
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(selector.MatchLabels)) {
		if v, ok := have[k]; !ok || v != selector.MatchLabels[k] {
			out = append(out, k+"="+selector.MatchLabels[k])
		}
	}
	return out
}

// DeletionRefused says why the controller cannot delete a pod that has to go: to be updated,
// to be scaled away, or because it has failed. Nil when it can, or need not. The pod may be
// available.
func (s *Snapshot) DeletionRefused(r Replica) *Trouble {
	if r.Pod == nil || r.Terminating || !s.leaves(r) {
		return nil
	}
	name := s.Name(r.Ordinal)
	f := s.failure(failedDelete, name, s.specWritten("template"))
	if f == nil || r.Pod.CreationTimestamp.After(EventTime(f.event)) {
		return nil
	}
	return f.trouble(reasonFailedDelete, "cannot be deleted: ", "could not be deleted yet")
}

// leaves says whether the controller has to delete the pod.
func (s *Snapshot) leaves(r Replica) bool {
	switch {
	case !r.Desired, r.Pod.Status.Phase == corev1.PodFailed, r.Pod.Status.Phase == corev1.PodSucceeded:
		return true
	}
	return IsRollingUpdate(s.Set) && Observed(s.Set) && r.Ordinal >= UpdateFrom(s.Set) && r.Revision != s.Set.Status.UpdateRevision
}

// failedTry is the controller's newest attempt to create or delete a pod, which failed.
type failedTry struct {
	event *corev1.Event
	// proven: it will not succeed by itself. Else it is proven at this time, if nothing
	// else is seen before.
	proven bool
	at     time.Time
	// accepted: the API server has accepted the pod since, in a dry run.
	accepted bool
}

// failure is what the controller's warnings of this reason say about the pod; nil when there
// is none that still holds. Since is the time before which the pod could not have been
// refused: times have whole seconds.
//
// The warning holds until a later success, for as long as the controller's back-off can be.
// It proves something once the controller had a second chance: it failed again some seconds
// after the first time, or nothing newer came within the grace. Every write to the set makes
// the controller try at once, so a warning from before the last write proves nothing for a
// moment.
func (s *Snapshot) failure(reason, pod string, since time.Time) *failedTry {
	e := s.newestWarning("StatefulSet", s.Set.UID, func(e *corev1.Event) bool { return e.Reason == reason && mentions(e.Message, pod) })
	if e == nil {
		return nil
	}
	last := latest(EventTime(e), e.FirstTimestamp.Time, e.CreationTimestamp.Time) // whatever was written into it
	if s.TakenAt.Sub(last) >= createRetry || last.Before(since.Truncate(time.Second)) || s.succeeded(reason, pod).After(last) {
		return nil
	}
	first := latest(e.FirstTimestamp.Time, e.EventTime.Time, since, s.statusWritten(), s.specWritten("template"))
	written := s.specWritten("")
	if reason == failedCreate && last.Before(s.accepted(pod)) {
		return &failedTry{event: e, accepted: true}
	}
	f := &failedTry{event: e, at: latest(last, written, since).Add(createGrace)}
	f.proven = !s.TakenAt.Before(f.at) ||
		eventCount(e) > 1 && last.Sub(first) >= provenSpan && !last.Before(written.Truncate(time.Second))
	return f
}

func (f *failedTry) trouble(reason ReasonInfo, proven, not string) *Trouble {
	t := &Trouble{Reason: reason.Code, Failing: f.proven, Message: proven}
	if !f.proven {
		t.Message, t.Until = not+": ", f.at
	}
	return t.quote(f.event.Message)
}

// succeeded is when the controller last did with the pod what the warning's reason is about.
func (s *Snapshot) succeeded(warning, pod string) time.Time {
	reason := successfulCreate
	if warning == failedDelete {
		reason = successfulDelete
	}
	if e := s.about(reason, pod); e != nil {
		return EventTime(e)
	}
	return time.Time{}
}

// about is the controller's newest event of this reason about one of the set's pods, or nil.
func (s *Snapshot) about(reason, pod string) *corev1.Event {
	var newest *corev1.Event
	for _, e := range s.Events {
		o := e.InvolvedObject
		// "Create Pod web-1 in …" and "Create Claim data-web-1 Pod web-1 in …"
		if o.Kind == "StatefulSet" && o.UID == s.Set.UID && e.Reason == reason && !strings.Contains(e.Message, " Claim ") &&
			mentions(e.Message, pod) && (newest == nil || EventTime(e).After(EventTime(newest))) {
			newest = e
		}
	}
	return newest
}

// alive is the last time at which a pod of that name is known to have existed, zero where
// nothing tells.
func (s *Snapshot) alive(pod string) time.Time {
	if pod == "" {
		return time.Time{}
	}
	last := time.Time{}
	for _, reason := range []string{successfulCreate, successfulDelete} {
		if e := s.about(reason, pod); e != nil {
			last = latest(last, EventTime(e))
		}
	}
	if gone := s.gone(pod); len(gone) > 0 {
		last = latest(last, gone[len(gone)-1].At)
	}
	return last
}

func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// statusWritten is when the set's status last changed, zero where nothing tells: pods that
// come, go, or become ready change it.
func (s *Snapshot) statusWritten() time.Time {
	return written(s.Set, func(e metav1.ManagedFieldsEntry) bool { return e.Subresource == "status" })
}

// specWritten is when the field of the spec was last written, or with an empty name the set
// (its status does not count). Zero where nothing tells.
func (s *Snapshot) specWritten(field string) time.Time {
	return written(s.Set, func(e metav1.ManagedFieldsEntry) bool {
		return e.Subresource != "status" && (field == "" || e.FieldsV1 != nil && strings.Contains(e.FieldsV1.GetRawString(), `"f:`+field+`"`))
	})
}

func written(set *appsv1.StatefulSet, counts func(metav1.ManagedFieldsEntry) bool) time.Time {
	last := time.Time{}
	for _, e := range set.ManagedFields {
		if e.Time != nil && counts(e) {
			last = latest(last, e.Time.Time)
		}
	}
	return last
}

// How often a pod must have been replaced before it counts as recreated again and again.
const (
	recreatedMost   = 5                // the controller's deletions since the set was changed
	recreatedEach   = 20 * time.Second // between two of these on average, at most
	recreatedSeen   = 3                // pods that were rejected, or that a watch saw go without being ready
	recreatedWithin = 6 * time.Minute  // since the last one: the controller's events are rate limited to one in 5 minutes
	recreatedYoung  = time.Minute      // a pod that has stayed for longer is not one of them
	rejectedWithin  = time.Hour        // for as long as events are kept
)

// changed is when the fields for which the controller deletes pods were last written. Each such
// write makes it delete a pod once at most, so deletions from before it prove nothing.
func (s *Snapshot) changed() time.Time {
	last := latest(s.specWritten("template"), s.specWritten("partition"), s.specWritten("replicas"))
	// The set's managedFields forget a write once its fields were released, as at the end of a
	// canary. The controller writes a revision for each new template, and for one that comes back.
	for _, r := range s.Revisions {
		last = latest(last, LastWritten(r))
	}
	return last
}

// recreated is about a pod that the kubelet rejected or evicted, or that the controller deletes,
// and that is recreated: nil when it is not one. A single one is replaced and no trouble.
func (s *Snapshot) recreated(r Replica) *Trouble {
	name := s.Name(r.Ordinal)
	young := r.Pod == nil || r.Terminating || s.TakenAt.Sub(r.Pod.CreationTimestamp.Time) < recreatedYoung
	failed := r.Pod != nil && r.Pod.Status.Phase == corev1.PodFailed
	n := 0
	since, rewritten := s.changed(), s.rewritten(r)
	if e := s.about(successfulDelete, name); e != nil && young && eventCount(e) >= recreatedMost && !e.FirstTimestamp.Time.Before(since) &&
		s.TakenAt.Sub(EventTime(e)) < recreatedWithin && EventTime(e).Sub(e.FirstTimestamp.Time) <= recreatedEach*time.Duration(eventCount(e)-1) &&
		(failed || rewritten != "" || len(s.Revisions) > 0) { // without them it is not known when the template changed
		n = int(eventCount(e))
	}
	reason, message := "", ""
	if failed {
		reason, message = r.Pod.Status.Reason, r.Pod.Status.Message
	}
	if rejected, newest := s.rejections(name); newest != nil {
		if rejected >= recreatedSeen {
			n = max(n, rejected)
		}
		if reason == "" {
			reason, message = newest.Reason, newest.Message
		}
	}
	seen := 0
	for _, g := range s.gone(name) {
		if s.TakenAt.Sub(g.At) < recreatedWithin && !g.WasReady && young && !g.At.Before(since) {
			seen++
			if !failed && g.Reason != "" {
				reason, message = g.Reason, g.Message
			}
		}
	}
	if seen >= recreatedSeen {
		n = max(n, seen)
	}
	switch {
	case n == 0 && failed && reason != "":
		t := podFailed.trouble(0, "has failed, and is replaced: "+reason)
		if message != "" {
			t.Message += ": "
			t.quote(message)
		}
		return t
	case n == 0:
		return nil
	}
	t := reasonRecreated.trouble(0, fmt.Sprintf("is recreated again and again (%d times)", n))
	switch {
	case rewritten != "":
		t.Message += ": " + rewritten
		t.Fix = "kubectl get mutatingwebhookconfigurations,mutatingadmissionpolicies"
	case reason != "":
		t.Message += ": the kubelet reports " + reason
		if message != "" {
			t.Message += ": "
			t.quote(message)
		}
	default:
		t.Message += ": the StatefulSet controller deletes it each time"
	}
	return t
}

// rewritten says that the label with which the controller tells pods' revisions apart has a
// value that it did not write: it deletes such a pod at once. Empty where it has not.
func (s *Snapshot) rewritten(r Replica) string {
	st := s.Set.Status
	if r.Pod == nil || r.Revision == st.UpdateRevision || r.Revision == st.CurrentRevision || s.Revision(r.Revision) != nil ||
		r.Pod.CreationTimestamp.Time.Before(s.specWritten("template")) {
		return ""
	}
	return fmt.Sprintf("its label %s is %q, which is none of the set's revisions, as after an admission webhook or policy that rewrites it",
		appsv1.StatefulSetRevisionLabel, r.Revision)
}

// rejects are the reasons of the kubelet's warnings about a pod that it will not run (any
// longer) on its node.
func rejects(reason string) bool {
	switch reason {
	case "UnexpectedAdmissionError", "NodeAffinity", "NodeName", "NodePorts", "NodeShutdown", "Evicted", "Preempting", "Shutdown", "Terminated",
		"InsufficientResourceError", "PodOSSelectorNodeLabelDoesNotMatch", "PodOSNotSupported", "InvalidNodeInfo", "InitContainerRestartPolicyForbidden",
		"SupplementalGroupsPolicyNotSupported", "PodLevelResourcesNotAdmittedReason", "TopologyAffinityError", "SysctlForbidden", "AppArmor", "NodeUnschedulable":
		return true
	}
	return strings.HasPrefix(reason, "OutOf")
}

// rejections counts the pods of that name that kubelets rejected or evicted lately, and finds
// the newest warning about one.
func (s *Snapshot) rejections(name string) (int, *corev1.Event) {
	pods := map[types.UID]bool{}
	var newest *corev1.Event
	for _, e := range s.Events {
		o := e.InvolvedObject
		if o.Kind != "Pod" || o.Name != name || e.Type == corev1.EventTypeNormal || !rejects(e.Reason) || s.TakenAt.Sub(EventTime(e)) > rejectedWithin {
			continue
		}
		pods[o.UID] = true
		if newest == nil || EventTime(e).After(EventTime(newest)) {
			newest = e
		}
	}
	if newest == nil || s.TakenAt.Sub(EventTime(newest)) >= recreatedWithin {
		return 0, nil // whatever is the matter now, it is something else
	}
	return len(pods), newest
}

// goingClaim is the claim of the replica that was still being deleted when the controller
// tried to create the pod, as after the pod that held it: that passes by itself. Empty when
// the warning is about something else, or the claim has not gone within a minute. A warning
// from before the claim's own deletion is about an earlier claim of its name.
func (s *Snapshot) goingClaim(r Replica, e *corev1.Event) string {
	for i := range s.Set.Spec.VolumeClaimTemplates {
		name := ClaimName(s.Set.Spec.VolumeClaimTemplates[i].Name, s.Set.Name, r.Ordinal)
		if !strings.HasSuffix(e.Message, "pvc "+name+" is being deleted") {
			continue
		}
		c := s.Claim(name)
		if c == nil || c.DeletionTimestamp == nil || s.TakenAt.Sub(EventTime(e)) < terminatingGrace || EventTime(e).Before(c.DeletionTimestamp.Time) {
			return name
		}
	}
	return ""
}

// Refused are the missing ordinals whose creation is proven to fail and which the API server was
// not found to accept, lowest first. A pod that was accepted and then refused again is not one:
// for the controller the API server decides otherwise than for the user.
func (s *Snapshot) Refused() []Ordinal {
	if len(s.Pods) >= int(WantedReplicas(s.Set)) {
		return nil
	}
	var out []Ordinal
	for _, r := range s.Replicas() {
		if !r.Desired || r.Pod != nil || !s.accepted(s.Name(r.Ordinal)).IsZero() {
			continue
		}
		if t := s.missingTrouble(r); t.Failing && t.Reason == reasonFailedCreate.Code {
			out = append(out, r.Ordinal)
		}
	}
	return out
}

// FailedCreate is the newest warning that the controller could not create one of the set's
// pods, nil when there is none that may still hold: it is from before the controller's last
// retry, or its pod exists by now. Not every pod that is refused has a warning of its own:
// under Parallel the controller stops after the first batch that fails, and Events are
// dropped when there are many.
func (s *Snapshot) FailedCreate() *corev1.Event {
	return s.newestWarning("StatefulSet", s.Set.UID, func(e *corev1.Event) bool {
		return e.Reason == failedCreate && s.TakenAt.Sub(EventTime(e)) < createRetry && !EventTime(e).Before(s.accepted(podOf(e))) && !EventTime(e).Before(s.alive(podOf(e)).Truncate(time.Second)) &&
			!slices.ContainsFunc(s.Pods, func(p *corev1.Pod) bool { return mentions(e.Message, p.Name) })
	})
}

// podOf is the pod that an event of the StatefulSet controller is about: "create Pod web-1 in
// StatefulSet web failed error: …". Empty where it does not say.
func podOf(e *corev1.Event) string {
	_, rest, _ := strings.Cut(e.Message, "Pod ")
	name, _, _ := strings.Cut(rest, " ")
	return name
}

// newestWarning is the newest warning about the object with this UID that fits: an earlier
// object of the same name may have left warnings, too.
func (s *Snapshot) newestWarning(kind string, uid types.UID, fits func(*corev1.Event) bool) *corev1.Event {
	var newest *corev1.Event
	for _, e := range s.Events {
		about := e.InvolvedObject.Kind == kind && e.InvolvedObject.UID == uid && e.Type != corev1.EventTypeNormal
		if about && fits(e) && (newest == nil || EventTime(e).After(EventTime(newest))) {
			newest = e
		}
	}
	return newest
}

// mentions says whether the word stands in the text and is not just the
// beginning of a longer one: web-1 is not mentioned by "web-10".
func mentions(text, word string) bool {
	for {
		i := strings.Index(text, word)
		if i < 0 {
			return false
		}
		text = text[i+len(word):]
		if text == "" || text[0] < '0' || text[0] > '9' {
			return true
		}
	}
}
