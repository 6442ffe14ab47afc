package diagnose

import (
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Reasons of the StatefulSet controller's events.
const (
	failedCreate     = "FailedCreate"
	failedDelete     = "FailedDelete"
	successfulCreate = "SuccessfulCreate"
	successfulDelete = "SuccessfulDelete"
)

// Terminating is about a pod that is being deleted, also of an ordinal that is not desired.
func Terminating(s *sts.Snapshot, r sts.Replica) *Trouble {
	now, due := s.TakenAt, r.Pod.DeletionTimestamp.Time
	// A pod whose last finalizer was removed could not end before.
	released, known := s.Memory.Released[r.Pod.UID]
	if known && len(r.Pod.Finalizers) == 0 && released.After(due) {
		due = released
	}
	t := reasonTerminating.trouble(now.Sub(due), msgTerminating(r.Pod.Finalizers))
	if t.Failing {
		why := ""
		if len(r.Pod.Finalizers) == 0 {
			why, t.Fix = nodeOf(s, r)
		}
		t.Message = msgTerminatingOverdue(now.Sub(r.Pod.DeletionTimestamp.Time), r.Pod.Finalizers, why)
	} else {
		t.Until = due.Add(terminatingGrace + time.Second)
	}
	return t
}

func blockedBy(finalizers []string) string {
	switch len(finalizers) {
	case 0:
		return ""
	case 1:
		return ", blocked by finalizer " + finalizers[0]
	}
	return ", blocked by finalizers " + strings.Join(finalizers, ", ")
}

// missingTrouble says why a pod that should exist does not: another pod has its name, or the
// controller reports that it cannot create it (a quota, admission, a claim).
func missingTrouble(s *sts.Snapshot, r sts.Replica) *Trouble {
	name := s.Name(r.Ordinal)
	if t := nameTaken(s, name); t != nil {
		return t
	}
	if f := failure(s, failedCreate, name, alive(s, name)); f != nil {
		if claim := goingClaim(s, r, f.event); claim != "" {
			return reasonMissing.trouble(0, msgMissingClaimDeleted(claim))
		}
		if f.accepted {
			return f.trouble(reasonFailedCreate, msgCannotCreate, msgNotCreatedAccepted)
		}
		return f.trouble(reasonFailedCreate, msgCannotCreate, msgNotCreatedYet)
	}
	if t := recreated(s, r); t != nil {
		return t
	}
	if e := FailedCreate(s); e != nil {
		return reasonMissing.trouble(0, msgMissingAfterError(Point(e.Message))).withDetail(e.Message)
	}
	return reasonMissing.trouble(0, msgMissing())
}

// Unexplained is the name of a pod that should exist by now and does not, where nothing that
// was read explains it: another pod may have the name. Empty when there is none, and for a
// moment after the set's status has changed.
func Unexplained(s *sts.Snapshot) string {
	if s.Set.DeletionTimestamp != nil || !sts.Observed(s.Set) || !s.Knows("pods") || s.TakenAt.Sub(s.StatusWritten()) < unexplainedAfter {
		return ""
	}
	for _, r := range s.Replicas() {
		switch {
		case !r.Desired:
		case r.Pod == nil:
			name := s.Name(r.Ordinal)
			if failure(s, failedCreate, name, alive(s, name)) != nil {
				return ""
			}
			return name
		case !r.Available && !sts.IsParallel(s.Set):
			return "" // the controller creates none above it
		}
	}
	return ""
}

// unexplainedAfter is how long the controller takes at most to create a pod.
const unexplainedAfter = 2 * time.Second

// nameTaken is about a pod that has the name and does not belong to the set: nil when there is none.
func nameTaken(s *sts.Snapshot, name string) *Trouble {
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
		t = reasonMissing.trouble(0, msgNameTerminating())
	case owner != nil && owner.UID == s.Set.UID && matches:
		return nil // it belongs to the set, and the next read has it
	case owner != nil && owner.Kind == "StatefulSet" && owner.Name == s.Set.Name && owner.UID != s.Set.UID:
		// The garbage collector deletes it, or removes the reference.
		if s.TakenAt.Sub(s.Set.CreationTimestamp.Time) <= terminatingGrace {
			t = reasonMissing.trouble(0, "")
		}
		t.Message = msgNameOfEarlierSet(owner.Name, string(owner.UID))
	case owner != nil && owner.UID != s.Set.UID:
		t.Message = msgNameTaken(owner.Kind, owner.Name)
	case matches:
		t = reasonMissing.trouble(0, msgNotAdopted()) // the controller adopts it
	default:
		missing := missingLabels(s.Set.Spec.Selector, pod.Labels)
		t.Message, t.Fix = msgNotSelected(missing), sts.Kubectl(ns, "get pod", name, "--show-labels")
		if len(missing) > 0 {
			t.Fix = sts.Kubectl(ns, "label pod", slices.Concat([]string{name}, missing, []string{"--overwrite"})...)
		}
	}
	return t
}

// missingLabels are the selector's labels that the pod lacks, as KEY=VALUE.
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

// DeletionRefused says why the controller cannot delete a pod that it must delete: for an update,
// for a scale-down, or because the pod has failed. Nil when it can, or need not. The pod may be
// available.
func DeletionRefused(s *sts.Snapshot, r sts.Replica) *Trouble {
	if r.Pod == nil || r.Terminating || !leaves(s, r) {
		return nil
	}
	name := s.Name(r.Ordinal)
	f := failure(s, failedDelete, name, s.SpecWritten("template"))
	if f == nil || r.Pod.CreationTimestamp.After(sts.EventTime(f.event)) {
		return nil
	}
	return f.trouble(reasonFailedDelete, msgCannotDelete, msgNotDeletedYet)
}

// leaves says whether the controller must delete the pod.
func leaves(s *sts.Snapshot, r sts.Replica) bool {
	switch {
	case !r.Desired, r.Pod.Status.Phase == corev1.PodFailed, r.Pod.Status.Phase == corev1.PodSucceeded:
		return true
	}
	return sts.StrategyOf(s.Set).HasPartition() && sts.Observed(s.Set) && s.DueForUpdate(r)
}

// failedTry is the controller's newest attempt to create or delete a pod, which failed.
type failedTry struct {
	event *corev1.Event
	// proven: it will not succeed by itself. Otherwise it is proven at this time, if nothing
	// else is seen before.
	proven bool
	at     time.Time
	// accepted: the API server has accepted the pod since, in a dry run.
	accepted bool
}

// failure is what the controller's warnings of this reason report about the pod; nil when none
// still holds. The pod cannot have been refused before since. Times have whole seconds.
//
// The warning holds until a later success, for as long as the controller's back-off can last.
// It is proof once the controller had a second chance: it failed again some seconds after the
// first time, or nothing newer came within the grace period. Every write to the set makes the
// controller retry at once, so a warning from before the last write proves nothing for a moment.
func failure(s *sts.Snapshot, reason, pod string, since time.Time) *failedTry {
	e := newestWarning(s, "StatefulSet", s.Set.UID, func(e *corev1.Event) bool { return e.Reason == reason && mentions(e.Message, pod) })
	if e == nil {
		return nil
	}
	last := sts.Latest(sts.EventTime(e), e.FirstTimestamp.Time, e.CreationTimestamp.Time) // whatever was written into it
	if s.TakenAt.Sub(last) >= createRetry || last.Before(since.Truncate(time.Second)) || succeeded(s, reason, pod).After(last) {
		return nil
	}
	first := sts.Latest(e.FirstTimestamp.Time, e.EventTime.Time, since, s.StatusWritten(), s.SpecWritten("template"))
	written := s.SpecWritten("")
	if reason == failedCreate && last.Before(s.Accepted(pod)) {
		return &failedTry{event: e, accepted: true}
	}
	f := &failedTry{event: e, at: sts.Latest(last, written, since).Add(createGrace)}
	f.proven = !s.TakenAt.Before(f.at) ||
		eventCount(e) > 1 && last.Sub(first) >= provenSpan && !last.Before(written.Truncate(time.Second))
	return f
}

// trouble has one message where the failure is proven, and another until then.
func (f *failedTry) trouble(reason ReasonInfo, proven, notYet func(why string) string) *Trouble {
	why := Point(f.event.Message)
	t := &Trouble{Reason: reason.Code, Failing: f.proven, Message: proven(why)}
	if !f.proven {
		t.Message, t.Until = notYet(why), f.at
	}
	return t.withDetail(f.event.Message)
}

// succeeded is when the controller last succeeded with the pod in what the warning is about.
func succeeded(s *sts.Snapshot, warning, pod string) time.Time {
	reason := successfulCreate
	if warning == failedDelete {
		reason = successfulDelete
	}
	if e := about(s, reason, pod); e != nil {
		return sts.EventTime(e)
	}
	return time.Time{}
}

// about is the controller's newest event of this reason about one of the set's pods, or nil.
func about(s *sts.Snapshot, reason, pod string) *corev1.Event {
	var newest *corev1.Event
	for _, e := range s.Events {
		o := e.InvolvedObject
		// "Create Pod web-1 in …" and "Create Claim data-web-1 Pod web-1 in …"
		if o.Kind == "StatefulSet" && o.UID == s.Set.UID && e.Reason == reason && !strings.Contains(e.Message, " Claim ") &&
			mentions(e.Message, pod) && (newest == nil || sts.EventTime(e).After(sts.EventTime(newest))) {
			newest = e
		}
	}
	return newest
}

// alive is the last time at which a pod of that name is known to have existed, zero if unknown.
func alive(s *sts.Snapshot, pod string) time.Time {
	if pod == "" {
		return time.Time{}
	}
	last := time.Time{}
	for _, reason := range []string{successfulCreate, successfulDelete} {
		if e := about(s, reason, pod); e != nil {
			last = sts.Latest(last, sts.EventTime(e))
		}
	}
	if gone := s.Gone(pod); len(gone) > 0 {
		last = sts.Latest(last, gone[len(gone)-1].At)
	}
	return last
}

// How often a pod must have been replaced to count as [Recreated].
const (
	recreatedMost   = 5                // the controller's deletions since the set was changed
	recreatedEach   = 20 * time.Second // at most, on average, between two of these
	recreatedSeen   = 3                // pods that were rejected, or that a watch saw disappear without being ready
	recreatedWithin = 6 * time.Minute  // since the last one: the controller's events are rate limited to one in 5 minutes
	recreatedYoung  = time.Minute      // a pod that has lived longer is not one of them
	rejectedWithin  = time.Hour        // for as long as events are kept
)

// changed is when the fields that make the controller delete pods were last written. Each such
// write makes it delete a pod at most once, so deletions from before it prove nothing.
func changed(s *sts.Snapshot) time.Time {
	last := sts.Latest(s.SpecWritten("template"), s.SpecWritten("partition"), s.SpecWritten("replicas"))
	// The set's managedFields forget a write once its fields were released, as at the end of a
	// canary. The controller writes a revision for each new template, and for one that is restored.
	for _, r := range s.Revisions {
		last = sts.Latest(last, sts.LastWritten(r))
	}
	return last
}

// recreated is about a pod that the kubelet rejected or evicted, or that the controller deletes,
// and that is recreated: nil for any other. One that is replaced once is no trouble.
func recreated(s *sts.Snapshot, r sts.Replica) *Trouble {
	name := s.Name(r.Ordinal)
	young := r.Pod == nil || r.Terminating || s.TakenAt.Sub(r.Pod.CreationTimestamp.Time) < recreatedYoung
	failed := r.Pod != nil && r.Pod.Status.Phase == corev1.PodFailed
	n := 0
	since, rewritten := changed(s), rewritten(s, r)
	if e := about(s, successfulDelete, name); e != nil && young && eventCount(e) >= recreatedMost && !e.FirstTimestamp.Time.Before(since) &&
		s.TakenAt.Sub(sts.EventTime(e)) < recreatedWithin && sts.EventTime(e).Sub(e.FirstTimestamp.Time) <= recreatedEach*time.Duration(eventCount(e)-1) &&
		(failed || rewritten != "" || len(s.Revisions) > 0) { // without revisions it is unknown when the template changed
		n = int(eventCount(e))
	}
	reason, message := "", ""
	if failed {
		reason, message = r.Pod.Status.Reason, r.Pod.Status.Message
	}
	if rejected, newest := rejections(s, name); newest != nil {
		if rejected >= recreatedSeen {
			n = max(n, rejected)
		}
		if reason == "" {
			reason, message = newest.Reason, newest.Message
		}
	}
	seen := 0
	for _, g := range s.Gone(name) {
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
		return podFailed.trouble(0, msgFailed(reason, Point(message))).withDetail(message)
	case n == 0:
		return nil
	case rewritten != "":
		t := reasonRecreated.trouble(0, msgRecreated(n, rewritten))
		t.Fix = sts.Kubectl("", "get", "mutatingwebhookconfigurations,mutatingadmissionpolicies")
		return t
	case reason != "":
		return reasonRecreated.trouble(0, msgRecreated(n, msgRejected(reason, Point(message)))).withDetail(message)
	}
	return reasonRecreated.trouble(0, msgRecreated(n, msgDeletedEachTime()))
}

// rewritten says that the label by which the controller knows a pod's revision has a value that
// it did not write: it deletes such a pod at once. Empty for any other pod.
func rewritten(s *sts.Snapshot, r sts.Replica) string {
	st := s.Set.Status
	if r.Pod == nil || r.Revision == st.UpdateRevision || r.Revision == st.CurrentRevision || s.Revision(r.Revision) != nil ||
		r.Pod.CreationTimestamp.Time.Before(s.SpecWritten("template")) {
		return ""
	}
	return msgLabelChanged(r.Revision)
}

// rejects says whether the reason is one of the kubelet's warnings about a pod that it rejects
// or evicts.
func rejects(reason string) bool {
	switch reason {
	case "UnexpectedAdmissionError", "NodeAffinity", "NodeName", "NodePorts", "NodeShutdown", "Evicted", "Preempting", "Shutdown", "Terminated",
		"InsufficientResourceError", "PodOSSelectorNodeLabelDoesNotMatch", "PodOSNotSupported", "InvalidNodeInfo", "InitContainerRestartPolicyForbidden",
		"SupplementalGroupsPolicyNotSupported", "PodLevelResourcesNotAdmittedReason", "TopologyAffinityError", "SysctlForbidden", "AppArmor", "NodeUnschedulable":
		return true
	}
	return strings.HasPrefix(reason, "OutOf")
}

// rejections counts the pods of that name that kubelets recently rejected or evicted, and finds
// the newest warning about one.
func rejections(s *sts.Snapshot, name string) (int, *corev1.Event) {
	pods := map[types.UID]bool{}
	var newest *corev1.Event
	for _, e := range s.Events {
		o := e.InvolvedObject
		if o.Kind != "Pod" || o.Name != name || e.Type == corev1.EventTypeNormal || !rejects(e.Reason) || s.TakenAt.Sub(sts.EventTime(e)) > rejectedWithin {
			continue
		}
		pods[o.UID] = true
		if newest == nil || sts.EventTime(e).After(sts.EventTime(newest)) {
			newest = e
		}
	}
	if newest == nil || s.TakenAt.Sub(sts.EventTime(newest)) >= recreatedWithin {
		return 0, nil // the present trouble is another one
	}
	return len(pods), newest
}

// goingClaim is the claim of the replica that was still being deleted when the controller
// tried to create the pod, as after a pod that used it: that passes by itself. Empty when
// the warning is about something else, or the claim still exists after a minute. A warning
// from before the claim's own deletion is about an earlier claim of its name.
func goingClaim(s *sts.Snapshot, r sts.Replica, e *corev1.Event) string {
	for i := range s.Set.Spec.VolumeClaimTemplates {
		name := sts.ClaimName(s.Set.Spec.VolumeClaimTemplates[i].Name, s.Set.Name, r.Ordinal)
		if !strings.HasSuffix(e.Message, "pvc "+name+" is being deleted") {
			continue
		}
		c := s.Claim(name)
		if c == nil || c.DeletionTimestamp == nil || s.TakenAt.Sub(sts.EventTime(e)) < terminatingGrace || sts.EventTime(e).Before(c.DeletionTimestamp.Time) {
			return name
		}
	}
	return ""
}

// Refused are the missing ordinals whose creation is proven to fail and whose pods the API server
// did not accept in a dry run, lowest first. A pod that was accepted and then refused again is not
// one: the API server decides differently for the controller than for the user.
func Refused(s *sts.Snapshot) []sts.Ordinal {
	if len(s.Pods) >= int(sts.DesiredReplicas(s.Set)) {
		return nil
	}
	var out []sts.Ordinal
	for _, r := range s.Replicas() {
		if !r.Desired || r.Pod != nil || !s.Accepted(s.Name(r.Ordinal)).IsZero() {
			continue
		}
		if t := missingTrouble(s, r); t.Failing && t.Reason == reasonFailedCreate.Code {
			out = append(out, r.Ordinal)
		}
	}
	return out
}

// FailedCreate is the newest warning that the controller could not create one of the set's
// pods, nil when none may still hold: it is older than the controller's longest back-off, or
// its pod exists by now. Not every pod that is refused has a warning of its own: under Parallel
// the controller stops after the first batch that fails, and Events are dropped when there are many.
func FailedCreate(s *sts.Snapshot) *corev1.Event {
	return newestWarning(s, "StatefulSet", s.Set.UID, func(e *corev1.Event) bool {
		return e.Reason == failedCreate && s.TakenAt.Sub(sts.EventTime(e)) < createRetry && !sts.EventTime(e).Before(s.Accepted(PodOf(e))) && !sts.EventTime(e).Before(alive(s, PodOf(e)).Truncate(time.Second)) &&
			!slices.ContainsFunc(s.Pods, func(p *corev1.Pod) bool { return mentions(e.Message, p.Name) })
	})
}

// PodOf is the pod that an event of the StatefulSet controller is about: "create Pod web-1 in
// StatefulSet web failed error: …". Empty for an event about no pod.
func PodOf(e *corev1.Event) string {
	_, rest, _ := strings.Cut(e.Message, "Pod ")
	name, _, _ := strings.Cut(rest, " ")
	return name
}

// newestWarning is the newest warning about the object with this UID that fits: an earlier
// object of the same name may have left warnings, too.
func newestWarning(s *sts.Snapshot, kind string, uid types.UID, fits func(*corev1.Event) bool) *corev1.Event {
	var newest *corev1.Event
	for _, e := range s.Events {
		about := e.InvolvedObject.Kind == kind && e.InvolvedObject.UID == uid && e.Type != corev1.EventTypeNormal
		if about && fits(e) && (newest == nil || sts.EventTime(e).After(sts.EventTime(newest))) {
			newest = e
		}
	}
	return newest
}

// mentions says whether the text contains the name and not just the beginning of a longer
// one: "web-10" does not mention web-1.
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
