package forecast

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// noNames says why the pods have no DNS names, empty if they have.
func (t *teller) noNames() string {
	service := t.before.Service
	if name := t.set.Spec.ServiceName; name != "" && len(validation.IsDNS1123Label(name)) > 0 {
		return msgServiceNameInvalid(name)
	}
	switch name := t.set.Spec.ServiceName; {
	case name == "":
		return msgServiceNameEmpty()
	case service == nil && t.From == Live && t.before.Knows("services"):
		return msgServiceNotFound(name)
	case service == nil:
		return ""
	case service.Spec.Type == corev1.ServiceTypeExternalName:
		return msgServiceExternal(name)
	case t.selectsNone():
		return msgServiceSelectsNone(name)
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
	return names.LabelsLacking(&s)
}

// publishes: the Service also publishes the addresses of pods that are not ready.
func (t *teller) publishes() bool {
	return t.before.Service != nil && t.before.Service.Spec.PublishNotReadyAddresses
}

// tellNames predicts when each pod's DNS name is published: while its pod is ready and not
// terminating, or, with publishNotReadyAddresses, while there is a pod.
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
		name := ForecastName{Ordinal: o.Ordinal, Name: names.PodFQDN(t.set, o.Ordinal, t.q.Domain), Away: []Span{}}
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
		t.setEffect(&name, o, began, there)
		t.Names = append(t.Names, name)
	}
}

// turn records that the name is published or removed. A name that is published again at the same
// moment was not away.
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

// setEffect sets what happens to a name, which was published at the start (began), or is in the end (ends).
func (t *teller) setEffect(n *ForecastName, o ForecastOrdinal, began, ends bool) {
	var away time.Duration // in all, without the time before it is published first
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
		n.Effect, n.Message = NameAdded, msgNameComesAndGoes(first, away)
	case !began && ends && first == 0 && !t.publishes():
		n.Effect, n.Message = NameAdded, msgNameComesWhenReady()
	case !began && ends && first == 0:
		n.Effect, n.Message = NameAdded, msgNameComesAtOnce()
	case !began && ends:
		n.Effect, n.Message = NameAdded, msgNameComes(first)
	case !began && o.Before != nil && o.Before.Terminating:
		n.Effect, n.Message = NameAbsent, msgNameOfTerminatingPod()
	case !began && !t.wants(n.Ordinal):
		n.Effect, n.Message = NameAbsent, msgNameOfLeavingPod()
	case !began && o.After == nil:
		n.Effect, n.Message = NameAbsent, msgNameOfMissingPod()
	case !began:
		n.Effect, n.Message = NameAbsent, msgNameOfUnreadyPod()
	case ends && len(n.Away) == 0 && n.NewAddress:
		n.Effect, n.Message = NameUnchanged, msgNameBriefly()
	case ends && len(n.Away) == 0:
		n.Effect, n.Message = NameUnchanged, msgNameUnchanged()
	case ends:
		n.Effect, n.Message = NameInterrupted, msgNameAway(away)
	case t.wants(n.Ordinal) && o.After != nil && o.After.Terminating:
		n.Effect, n.Message = NameInterrupted, msgNameLostTerminating()
	case t.wants(n.Ordinal):
		n.Effect, n.Message = NameInterrupted, msgNameLostUnready()
	default:
		n.Effect, n.Message = NameRemoved, msgNameGoes()
	}
}
