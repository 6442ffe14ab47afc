package sts

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// terminatingTrouble is about a pod that is being deleted.
func (s *Snapshot) terminatingTrouble(r Replica) *Trouble {
	overdue := s.TakenAt.Sub(r.Pod.DeletionTimestamp.Time)
	t := &Trouble{Reason: "Terminating", Message: "is terminating"}
	if overdue > terminatingGrace {
		t.Failing = true
		t.Message = fmt.Sprintf("should have been gone %s ago", Age(overdue))
		if len(r.Pod.Finalizers) > 0 {
			t.Message += " and is held by finalizers " + strings.Join(r.Pod.Finalizers, ", ")
		} else if r.Pod.Spec.NodeName != "" {
			t.Message += ": is node " + r.Pod.Spec.NodeName + " alive?"
		}
	}
	return t
}

// missingTrouble looks for the controller's own warning about the pod that it
// cannot create: a quota, an admission webhook, a bad volume claim template.
func (s *Snapshot) missingTrouble(r Replica) *Trouble {
	name := s.Name(r.Ordinal)
	e := s.newestWarning("StatefulSet", s.Set.UID, func(e *corev1.Event) bool { return e.Reason == failedCreate && mentions(e.Message, name) })
	if e != nil && s.TakenAt.Sub(EventTime(e)) < eventFresh {
		if name := s.goingClaim(r, e); name != "" {
			return &Trouble{Reason: "Missing", Message: "is not there yet: its old claim " + name + " was being deleted"}
		}
		return &Trouble{Reason: failedCreate, Failing: true, Message: "cannot be created: " + e.Message}
	}
	t := &Trouble{Reason: "Missing", Message: "is not there yet"}
	if e := s.FailedCreate(); e != nil {
		t.Message += "; last error of the StatefulSet controller: " + e.Message
	}
	return t
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

// failedCreate is the reason of the controller's warning that it could not create a pod.
const failedCreate = "FailedCreate"

// FailedCreate is the newest warning that the controller could not create one of the set's
// pods, nil when there is none that may still hold: it is from before the controller's last
// retry, or its pod exists by now. Not every pod that is refused has a warning of its own:
// under Parallel the controller stops after the first batch that fails, and Events are
// dropped when there are many.
func (s *Snapshot) FailedCreate() *corev1.Event {
	return s.newestWarning("StatefulSet", s.Set.UID, func(e *corev1.Event) bool {
		return e.Reason == failedCreate && s.TakenAt.Sub(EventTime(e)) < createRetry &&
			!slices.ContainsFunc(s.Pods, func(p *corev1.Pod) bool { return mentions(e.Message, p.Name) })
	})
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
