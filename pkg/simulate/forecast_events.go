package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// tellEvents puts what happens into words.
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

// kinds are what stands before an object's name.
var kinds = map[EventKind]string{
	PodCreated: "pod/", PodReady: "pod/", PodAvailable: "pod/", PodDeleted: "pod/", PodGone: "pod/",
	PodUnready: "pod/", SetDeleted: "statefulset.apps/", SetGone: "statefulset.apps/", NodeLost: "node/", NodeRemoved: "node/",
	ClaimCreated: "persistentvolumeclaim/", ClaimDeleted: "persistentvolumeclaim/", ClaimGone: "persistentvolumeclaim/",
}

// message says what happens. had: there was a pod of this name before.
func (t *teller) message(e Event, had bool) string {
	switch e.Kind {
	case ClaimCreated:
		return "claim " + e.Object + " is created"
	case ClaimDeleted:
		return "claim " + e.Object + " is to go once no pod uses it"
	case ClaimGone:
		return "claim " + e.Object + " is gone, with the data in it"
	case PodCreated:
		again := ""
		if had {
			again = " again"
		}
		return fmt.Sprintf("%s is created%s, with %s", e.Object, again, t.template(e.Revision))
	case PodReady:
		return e.Object + " is ready"
	case PodAvailable:
		return fmt.Sprintf("%s has been ready for %ds and is available", e.Object, t.set.Spec.MinReadySeconds)
	case PodDeleted:
		return e.Object + " is deleted" + t.purpose(e)
	case PodGone:
		return e.Object + " has ended"
	case PodUnready:
		return e.Object + " is not ready any more"
	case SetDeleted:
		return e.Object + " is deleted: it goes after its pods"
	case SetGone:
		return e.Object + " is gone"
	case NodeLost:
		return e.Object + " falls silent: whether its pods still run cannot be known"
	case NodeRemoved:
		return e.Object + " is deleted by a person: only then is it known to be gone"
	}
	return e.Object + " " + string(e.Kind)
}

// template says what pods of a revision are made from, in short.
func (t *teller) template(revision string) string {
	word := "the set's template"
	if t.role(revision) != RoleUpdate && revision != t.update {
		word = "the template of revision " + revision
	}
	images := t.images(revision)
	if len(images) == 0 {
		return word
	}
	return strings.Join(images, ", ")
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

// purpose says why a pod is deleted.
func (t *teller) purpose(e Event) string {
	switch {
	case t.q.Delete != "":
		return ", with the set"
	case len(e.After) > 0 && t.events[e.After[0]].Kind == NodeRemoved:
		return " with its node"
	case t.q.LoseNode != "":
		return ", and hangs: its node cannot say that it has ended"
	case !sts.Wants(t.set, e.Ordinal):
		return ": the set wants fewer"
	case e.Revision != t.update && (sts.IsRecreate(t.set) || e.Ordinal >= sts.UpdateFrom(t.set)):
		return ", to be updated"
	}
	return ", to be made anew"
}

// waits says why an event had to wait for those before it, where it is not just that things
// take their time.
func (t *teller) waits(e Event) string {
	var after []int
	for _, n := range e.After {
		if t.events[n].Kind == ClaimCreated { // which is made with the pod, and waits as the pod does
			after = append(after, t.events[n].After...)
		} else {
			after = append(after, n)
		}
	}
	if len(after) == 0 {
		return ""
	}
	cause := t.events[slices.Max(after)] // the last of them is what held it up
	makes := e.Kind == PodCreated || e.Kind == ClaimCreated
	switch {
	case makes && cause.Kind == PodGone && sts.IsRecreate(t.set) && cause.Revision != t.update:
		return "Recreate: all pods of the old revision have to end first"
	case makes && cause.Kind == PodGone && cause.Object == sts.PodName(t.Name, e.Ordinal):
		return "two pods cannot have one name"
	case makes && cause.Kind == ClaimGone:
		return "its old claim has to be gone"
	case e.Kind == PodDeleted && t.q.Delete != "":
		return ""
	case (makes || e.Kind == PodDeleted && !sts.Wants(t.set, e.Ordinal)) && !sts.IsParallel(t.set):
		return "OrderedReady: one pod after the other"
	case e.Kind == PodDeleted && t.q.LoseNode == "" && sts.Wants(t.set, e.Ordinal) && !sts.IsRecreate(t.set):
		return t.pace()
	}
	return ""
}

// pace says how many pods an update takes down at a time.
func (t *teller) pace() string {
	if most := MaxUnavailable(t.set); t.q.Features.MaxUnavailable && most > 1 {
		return fmt.Sprintf("at most %d pods are down at a time", most)
	}
	return "one pod is updated at a time"
}
