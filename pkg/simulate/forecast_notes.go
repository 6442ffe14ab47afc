package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// tellNotes says what was assumed and could not be seen.
func (t *teller) tellNotes() {
	note := func(reason NoteReason, format string, args ...any) {
		t.Notes = append(t.Notes, ForecastNote{reason, fmt.Sprintf(format, args...)})
	}
	if t.From == Manifest && len(t.before.Pods) > 0 {
		note(NoteAssumedHealthy, "the set of the manifest is taken to run, all pods available, each on a node of its own: %s …", NodeOf(sts.Start(t.set)))
	}
	for _, a := range t.before.Autoscalers() {
		switch n := sts.WantedReplicas(t.set); {
		case n == 0 || t.world.Set == nil:
		case n < a.MinReplicas || n > a.MaxReplicas:
			note(NoteAutoscaler, "%s keeps %s: it will put the replicas back into that range", a.By, a.Range())
		default:
			note(NoteAutoscaler, "%s keeps %s by itself: it may put the replicas back at any time", a.By, a.Range())
		}
	}
	if t.q.LoseNode != "" {
		note(NoteNode, "pods are not ready %s after their node fell silent, Kubernetes' default; told to go after %s more, or as their tolerations say; "+
			"a person is taken to come %s later", sts.Duration(noticed), sts.Duration(tolerated), sts.Duration(personComes))
	}
	t.noteNotReady(note)
	t.noteAsleep(note)
	if len(t.events) >= mostEvents {
		note(NoteCut, "ended after %d events", len(t.events))
	}
	t.noteService(note)
	for _, b := range t.before.Budgets {
		if n := int(b.Status.ExpectedPods); t.From == Live && n > len(t.before.Pods) {
			note(NoteBudget, "poddisruptionbudget %s counts %d pods, more than the set has: only the set's are counted here", b.Name, n)
		}
	}
	for _, revision := range slices.Sorted(maps.Keys(t.bad)) {
		if !slices.ContainsFunc(t.events, func(e Event) bool { return e.Kind == PodCreated && e.Revision == revision }) {
			continue
		}
		note(NoteBroken, "all pods of revision %s fail, so new ones of it are taken to fail, too", revision)
	}
	t.noteStaleClaims(note)
	for _, m := range t.before.Missing {
		note(NoteUnseen, "%s could not be read: %s", m.Resource, m.Reason)
	}
}

// noteService says what the pods' names depend on.
func (t *teller) noteService(note func(reason NoteReason, format string, args ...any)) {
	service, name := t.before.Service, t.set.Spec.ServiceName
	lacking, later := t.labelsLacking()
	switch why := t.noNames(); {
	case why != "":
		note(NoteService, "%s", why)
	case service == nil && len(t.before.ServiceElsewhere) > 0 && t.From == Manifest:
		note(NoteService, "service %s is in namespace %s of the manifest, not in %s: until it is, pods have no DNS names", name, strings.Join(t.before.ServiceElsewhere, ", "), t.set.Namespace)
	case service == nil:
		note(NoteService, "service %s could not be seen: it is taken to be headless, and to publish pods when they are ready", name)
	case later:
		note(NoteService, "%s", sts.LabelsLater(name, lacking))
	case len(service.Spec.Selector) == 0:
		note(NoteService, "service %s has no selector: pods have DNS names if the client that creates its EndpointSlices gives them their hostnames", name)
	case service.Spec.ClusterIP != corev1.ClusterIPNone:
		note(NoteService, "%s", sts.NotHeadless(name))
	}
}

// noteNotReady names the pods that are taken to get ready, and are not ready now.
func (t *teller) noteNotReady(note func(reason NoteReason, format string, args ...any)) {
	for _, r := range t.before.Replicas() {
		if r.Pod == nil || r.Terminating || !sts.ReadySince(r.Pod).IsZero() {
			continue
		}
		i := slices.IndexFunc(t.events, func(e Event) bool { return e.Object == r.Pod.Name })
		if i < 0 || t.events[i].Kind != PodReady {
			continue
		}
		why := "is not ready now"
		if trouble := t.before.Trouble(r); trouble != nil {
			why = trouble.Message
		}
		note(NoteNotReady, "%s %s: it is taken to get ready; --broken says that it does not", r.Pod.Name, why)
	}
}

// noteAsleep names the pods that the controller would have made by now, had it been told that
// nothing is in their way any more. A change of the set tells it.
func (t *teller) noteAsleep(note func(reason NoteReason, format string, args ...any)) {
	if scaled, _ := policies(t.before.Set); !scaled || t.From != Live || t.q.Set != nil || !sts.Observed(t.before.Set) {
		return
	}
	for _, e := range t.events {
		if e.Kind == PodCreated && e.At.Equal(t.start) && t.original(e.Object) == nil {
			note(NoteStaleClaim, "%s is missing, and nothing is in its way: when it does not come, nothing has told the controller that its old claim has gone; "+
				"any change of the set does: %s example.com/woken=now", e.Object, sts.Kubectl(t.Namespace, "annotate statefulset", t.Name))
		}
	}
}

// noteStaleClaims names the claims whose end a pod waits for. Without whenScaled: Delete that
// is an error to the controller, and it tries again.
func (t *teller) noteStaleClaims(note func(reason NoteReason, format string, args ...any)) {
	scaled, _ := policies(t.set)
	for _, e := range t.events {
		if scaled && e.Kind == ClaimCreated && slices.ContainsFunc(e.After, func(n int) bool { return t.events[n].Kind == ClaimGone }) {
			note(NoteStaleClaim, "nothing tells the controller that the old claim %s has gone: %s may come much later, when something else of the set changes",
				e.Object, sts.PodName(t.Name, e.Ordinal))
		}
	}
}
