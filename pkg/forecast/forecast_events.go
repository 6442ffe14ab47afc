package forecast

import (
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// tellEvents describes what happens.
func (t *teller) tellEvents() {
	had := map[string]bool{}
	for _, p := range t.before.Pods {
		had[p.Name] = true
	}
	for i, e := range t.events {
		f := ForecastEvent{
			Order: i + 1, At: t.at(e), Kind: e.Kind, Object: kinds[e.Kind] + e.Object,
			Revision: e.Revision, After: []int{}, Message: t.message(e, had[e.Object]), Waits: t.waits(e),
		}
		if e.Ordinal >= 0 {
			f.Ordinal = &e.Ordinal
		}
		if e.Revision != "" {
			f.Role = t.role(e.Revision)
		}
		for _, n := range e.After {
			f.After = append(f.After, n+1)
		}
		if p := t.original(e.Object); p != nil && !t.remade(e.Object, i) {
			f.Node = p.Spec.NodeName
		}
		had[e.Object] = had[e.Object] || e.Kind == PodCreated
		t.Events = append(t.Events, f)
		t.Took = f.At
	}
}

// kinds are the prefixes of object names.
var kinds = map[EventKind]string{
	PodCreated: "pod/", PodReady: "pod/", PodAvailable: "pod/", PodDeleted: "pod/", PodGone: "pod/",
	PodUnready: "pod/", SetDeleted: "statefulset.apps/", SetGone: "statefulset.apps/", NodeLost: "node/", NodeRemoved: "node/",
	ClaimCreated: "persistentvolumeclaim/", ClaimDeleted: "persistentvolumeclaim/", ClaimGone: "persistentvolumeclaim/",
}

// message describes an event. had: there was a pod of this name before.
func (t *teller) message(e Event, had bool) string {
	switch e.Kind {
	case ClaimCreated:
		return stepClaimCreated(e.Object)
	case ClaimDeleted:
		return stepClaimDeleted(e.Object)
	case ClaimGone:
		return stepClaimGone(e.Object)
	case PodCreated:
		if had {
			return stepPodRecreated(e.Object, t.template(e.Revision))
		}
		return stepPodCreated(e.Object, t.template(e.Revision))
	case PodReady:
		return stepPodReady(e.Object)
	case PodAvailable:
		return stepPodAvailable(e.Object, t.set.Spec.MinReadySeconds)
	case PodDeleted:
		return t.podDeleted(e)
	case PodGone:
		return stepPodGone(e.Object)
	case PodUnready:
		return stepPodUnready(e.Object)
	case SetDeleted:
		return stepSetDeleted(e.Object)
	case SetGone:
		return stepSetGone(e.Object)
	case NodeLost:
		return stepNodeLost(e.Object)
	case NodeRemoved:
		return stepNodeRemoved(e.Object)
	}
	return e.Object + " " + string(e.Kind)
}

// template names the template of a revision: its images, if it has any.
func (t *teller) template(revision string) string {
	if images := t.images(revision); len(images) > 0 {
		return strings.Join(images, ", ")
	}
	if t.role(revision) != RoleUpdate && revision != t.update {
		return msgRevisionTemplate(revision)
	}
	return msgSetTemplate()
}

// images are those of a revision's containers.
func (t *teller) images(revision string) []string {
	r := t.world.revision(revision)
	if r == nil {
		r = t.before.Revision(revision)
	}
	if r == nil {
		return nil
	}
	var out []string
	for _, c := range t.world.template(r).Spec.Containers {
		out = append(out, c.Image)
	}
	return out
}

// podDeleted describes why a pod is deleted.
func (t *teller) podDeleted(e Event) string {
	switch {
	case t.q.Delete != "":
		return stepPodDeletedWithSet(e.Object)
	case len(e.After) > 0 && t.events[e.After[0]].Kind == NodeRemoved:
		return stepPodDeletedWithNode(e.Object)
	case t.q.LoseNode != "":
		return stepPodDeletedOnLostNode(e.Object)
	case !sts.Wants(t.set, e.Ordinal):
		return stepPodDeletedForScaleDown(e.Object)
	case e.Revision != t.update && e.Ordinal >= sts.UpdateFrom(t.set):
		return stepPodDeletedForUpdate(e.Object)
	}
	return stepPodDeletedForRecreation(e.Object)
}

// waits is the rule because of which an event waits for those before it; empty if they only
// take time.
func (t *teller) waits(e Event) string {
	var after []int
	for _, n := range e.After {
		if t.events[n].Kind == ClaimCreated { // it is created with the pod, and waits as the pod does
			after = append(after, t.events[n].After...)
		} else {
			after = append(after, n)
		}
	}
	if len(after) == 0 {
		return ""
	}
	cause := t.events[slices.Max(after)] // the last of them is the one that delayed it
	makes := e.Kind == PodCreated || e.Kind == ClaimCreated
	switch {
	case makes && cause.Kind == PodGone && t.strategy().ReplacesAllAtOnce() && cause.Revision != t.update:
		return msgWaitsForOldPods()
	case makes && cause.Kind == PodGone && cause.Object == sts.PodName(t.Name, e.Ordinal):
		return msgWaitsForName()
	case makes && cause.Kind == ClaimGone:
		return msgWaitsForClaim()
	case e.Kind == PodDeleted && t.q.Delete != "":
		return ""
	case (makes || e.Kind == PodDeleted && !sts.Wants(t.set, e.Ordinal)) && !sts.IsParallel(t.set):
		return msgWaitsInOrder()
	case e.Kind == PodDeleted && t.q.LoseNode == "" && sts.Wants(t.set, e.Ordinal) && !t.strategy().ReplacesAllAtOnce():
		if t.q.Features.MaxUnavailable {
			return msgWaitsForUpdate(maxUnavailable(t.set))
		}
		return msgWaitsForUpdate(1)
	}
	return ""
}
