package forecast

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// note adds a note.
func (t *teller) note(reason NoteReason, message string) {
	t.Notes = append(t.Notes, ForecastNote{Reason: reason, Message: message})
}

// tellNotes notes what is assumed, and what is not known.
func (t *teller) tellNotes() {
	if t.From == Manifest && len(t.before.Pods) > 0 {
		t.note(NoteAssumedHealthy, msgAssumedHealthy(NodeOf(sts.Start(t.set))))
	}
	for _, a := range t.before.Autoscalers() {
		switch n := sts.DesiredReplicas(t.set); {
		case n == 0 || t.world.Set == nil:
		case n < a.MinReplicas || n > a.MaxReplicas:
			t.note(NoteAutoscaler, msgAutoscalerRestores(a.By, a.Range()))
		default:
			t.note(NoteAutoscaler, msgAutoscalerInterferes(a.By, a.Range()))
		}
	}
	if t.q.LoseNode != "" {
		t.note(NoteNode, msgNodeTiming(noticed, diagnose.ToleratedByDefault, personComes))
	}
	t.noteNotReady()
	t.noteAsleep()
	if len(t.events) >= mostEvents {
		t.note(NoteCut, msgCut(len(t.events)))
	}
	t.noteService()
	for _, b := range t.before.Budgets {
		if n := int(b.Status.ExpectedPods); t.From == Live && n > len(t.before.Pods) {
			t.note(NoteBudget, msgBudgetCountsMore(b.Name, n))
		}
	}
	for _, revision := range slices.Sorted(maps.Keys(t.bad)) {
		if !slices.ContainsFunc(t.events, func(e Event) bool { return e.Kind == PodCreated && e.Revision == revision }) {
			continue
		}
		t.note(NoteBroken, msgRevisionFails(revision))
	}
	t.noteStaleClaims()
	for _, m := range t.before.Missing {
		t.note(NoteUnseen, msgUnreadable(m.Resource, m.Reason))
	}
}

// noteService notes what the pods' names depend on.
func (t *teller) noteService() {
	service, name := t.before.Service, t.set.Spec.ServiceName
	lacking, later := t.labelsLacking()
	switch why := t.noNames(); {
	case why != "":
		t.note(NoteService, why)
	case service == nil && len(t.before.ServiceElsewhere) > 0 && t.From == Manifest:
		t.note(NoteService, msgServiceElsewhere(name, t.set.Namespace, t.before.ServiceElsewhere))
	case service == nil:
		t.note(NoteService, msgServiceUnknown(name))
	case later:
		t.note(NoteService, names.LabelsLater(name, lacking))
	case len(service.Spec.Selector) == 0:
		t.note(NoteService, msgServiceWithoutSelector(name))
	case service.Spec.ClusterIP != corev1.ClusterIPNone:
		t.note(NoteService, names.NotHeadless(name))
	}
}

// noteNotReady names the pods that are not ready and are assumed to become ready.
func (t *teller) noteNotReady() {
	for _, r := range t.before.Replicas() {
		if r.Pod == nil || r.Terminating || !sts.ReadySince(r.Pod).IsZero() {
			continue
		}
		i := slices.IndexFunc(t.events, func(e Event) bool { return e.Object == r.Pod.Name })
		if i < 0 || t.events[i].Kind != PodReady {
			continue
		}
		why := msgNotReadyNow()
		if trouble := diagnose.Replica(t.before, r); trouble != nil {
			why = trouble.Message
		}
		t.note(NoteNotReady, msgAssumedReady(r.Pod.Name, why))
	}
}

// noteAsleep names the pods that the controller would have created by now if it had noticed that
// nothing blocks them any more. It notices when the set changes.
func (t *teller) noteAsleep() {
	if scaled, _ := policies(t.before.Set); !scaled || t.From != Live || t.q.Set != nil || !sts.Observed(t.before.Set) {
		return
	}
	for _, e := range t.events {
		if e.Kind == PodCreated && e.At.Equal(t.start) && t.original(e.Object) == nil {
			message, hint := msgControllerAsleep(e.Object, sts.Kubectl(t.Namespace, "annotate statefulset", t.Name, "example.com/retry=now"))
			t.Notes = append(t.Notes, ForecastNote{Reason: NoteStaleClaim, Message: message, Hint: hint})
		}
	}
}

// noteStaleClaims names the claims whose end a pod waits for. Without whenScaled: Delete that
// is an error of the controller, and it retries.
func (t *teller) noteStaleClaims() {
	scaled, _ := policies(t.set)
	for _, e := range t.events {
		if scaled && e.Kind == ClaimCreated && slices.ContainsFunc(e.After, func(n int) bool { return t.events[n].Kind == ClaimGone }) {
			t.note(NoteStaleClaim, msgControllerBlind(e.Object, sts.PodName(t.Name, e.Ordinal)))
		}
	}
}
