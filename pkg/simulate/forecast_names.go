package simulate

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// noNames says why the pods have no DNS names, empty when they have.
func (t *teller) noNames() string {
	service := t.before.Service
	if name := t.set.Spec.ServiceName; name != "" && len(validation.IsDNS1123Label(name)) > 0 {
		return "spec.serviceName " + name + " is not the name of a Service, so the pods have no DNS names"
	}
	switch name := t.set.Spec.ServiceName; {
	case name == "":
		return "the set names no governing Service, so its pods have no DNS names"
	case service == nil && t.From == Live && t.before.Knows("services"):
		return "service " + name + " does not exist: until it does, pods have no DNS names"
	case service == nil:
		return ""
	case service.Spec.Type == corev1.ServiceTypeExternalName:
		return "service " + name + " stands for an external name, so the pods have no DNS names"
	case t.selectsNone():
		return "service " + name + " does not select the set's pods, so they have no DNS names"
	}
	return ""
}

// selectsNone: the Service does not select the set's pods, and never will.
func (t *teller) selectsNone() bool {
	lacking, later := t.labelsLacking()
	return len(lacking) > 0 && !later
}

func (t *teller) labelsLacking() (lacking map[string]string, later bool) {
	s := *t.before
	s.Set = t.set
	return s.LabelsLacking()
}

// publishes: the Service publishes the addresses of pods that are not ready, too.
func (t *teller) publishes() bool {
	return t.before.Service != nil && t.before.Service.Spec.PublishNotReadyAddresses
}

// tellNames says when each pod's DNS name is there. It is while its pod is ready and not
// told to go, or, where the Service publishes addresses that are not ready, while there is
// a pod.
func (t *teller) tellNames() {
	if t.noNames() != "" {
		return
	}
	publishes := t.publishes()
	by := map[string][]Event{}
	for _, e := range t.events {
		by[e.Object] = append(by[e.Object], e)
	}
	for _, o := range t.Ordinals {
		name := ForecastName{Ordinal: o.Ordinal, Name: sts.PodDNSName(t.set, o.Ordinal, t.q.Domain), Away: []Span{}}
		there := o.Before != nil && (publishes || o.Before.Ready && !o.Before.Terminating)
		began := there
		if !there {
			name.Away = append(name.Away, Span{})
		}
		for _, e := range by[o.Pod] {
			name.NewAddress = name.NewAddress || e.Kind == PodCreated && o.Before != nil
			now := there
			switch e.Kind {
			case PodReady:
				now = true
			case PodCreated:
				now = publishes
			case PodDeleted, PodUnready:
				now = now && publishes
			case PodGone:
				now = false
			}
			if now != there {
				name.turn(t.at(e), now)
				there = now
			}
		}
		t.fate(&name, o, began, there)
		t.Names = append(t.Names, name)
	}
}

// turn notes that the name comes or goes. What comes back at the same moment was not away.
func (n *ForecastName) turn(at metav1.Duration, there bool) {
	last := len(n.Away) - 1
	switch {
	case !there:
		n.Away = append(n.Away, Span{From: at})
	case n.Away[last].From == at && at.Duration > 0:
		n.Away = n.Away[:last]
	default:
		n.Away[last].To = &at
	}
}

// fate says what becomes of a name that was there at the start, or in the end.
func (t *teller) fate(n *ForecastName, o ForecastOrdinal, began, ends bool) {
	var away time.Duration // the whole of it, but for what comes before the first time
	first := time.Duration(0)
	for i, s := range n.Away {
		switch {
		case s.To == nil:
		case i == 0 && !began:
			first = s.To.Duration
		default:
			away += s.To.Duration - s.From.Duration
		}
	}
	switch {
	case !began && ends && away > 0:
		comes := "there after " + sts.Duration(first)
		if first == 0 {
			comes = "there at once"
		}
		n.Fate, n.Message = NameComes, comes+", then away for "+sts.Duration(away)+" until it has a new address"
	case !began && ends && first == 0 && !t.publishes():
		n.Fate, n.Message = NameComes, "there once its pod is ready"
	case !began && ends && first == 0:
		n.Fate, n.Message = NameComes, "there at once, before the pod is ready"
	case !began && ends:
		n.Fate, n.Message = NameComes, "there after "+sts.Duration(first)
	case !began && o.Before != nil && o.Before.Terminating:
		n.Fate, n.Message = NameAbsent, "not there: its pod is on its way out"
	case !began && !t.wants(n.Ordinal):
		n.Fate, n.Message = NameAbsent, "not there: its pod is not ready, and goes"
	case !began && o.After == nil:
		n.Fate, n.Message = NameAbsent, "never there: its pod is not made"
	case !began:
		n.Fate, n.Message = NameAbsent, "never there: the pod does not get ready"
	case ends && len(n.Away) == 0 && n.NewAddress:
		n.Fate, n.Message = NameStays, "there but for a moment, then with a new address"
	case ends && len(n.Away) == 0:
		n.Fate, n.Message = NameStays, "there all the time"
	case ends:
		n.Fate, n.Message = NameAway, "away for "+sts.Duration(away)+", then with a new address"
	case t.wants(n.Ordinal) && o.After != nil && o.After.Terminating:
		n.Fate, n.Message = NameAway, "away for good: the pod does not end"
	case t.wants(n.Ordinal):
		n.Fate, n.Message = NameAway, "away for good: the pod does not get ready again"
	default:
		n.Fate, n.Message = NameGoes, "gone with the pod"
	}
}
