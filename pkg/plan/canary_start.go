package plan

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// defaultContainerAnnotation names the pod's main container (kubectl's podcmd).
const defaultContainerAnnotation = "kubectl.kubernetes.io/default-container"

// ImageRequest asks for an image in a container; with no container named, in the
// set's only or default one.
type ImageRequest struct {
	Container, Image string
}

// ParseImage reads "[container=]image".
func ParseImage(s string) (ImageRequest, error) {
	container, image, named := strings.Cut(s, "=")
	if !named {
		container, image = "", s
	}
	if image == "" || named && container == "" || strings.ContainsAny(s, " \t\n") {
		return ImageRequest{}, fmt.Errorf("%q is not an image: write image or container=image", s)
	}
	return ImageRequest{container, image}, nil
}

// StartCanary gives the highest ordinals a new image and leaves the rest alone.
type StartCanary struct {
	Holder
	Images   []ImageRequest
	Canaries Count
	// TemplateDigest is the digest of the new template as the server would store
	// it, from a server-side dry run of the first action.
	TemplateDigest string
	// NoWait ends the command when the patch is written.
	NoWait bool
}

// Next implements [Intent].
func (i StartCanary) Next(s *sts.Snapshot, f Facts) Decision {
	for _, guard := range []func() *Decision{
		func() *Decision { return i.guard(s, f) },
		func() *Decision { return partitionable(s) },
		func() *Decision { return settled(s) },
	} {
		if d := guard(); d != nil {
			return *d
		}
	}
	c, err := sts.ReadCanary(s.Set)
	if err != nil {
		return decide(Refused, ReasonBadRecord, err.Error(), "repair the annotation, or remove it and finish by hand with kubectl")
	}
	changes, d := i.changes(s)
	if d != nil {
		return *d
	}
	if c != nil {
		return i.goOn(s, c, len(changes) == 0)
	}
	return i.begin(s, changes)
}

// goOn is the same command run again, or still running.
func (i StartCanary) goOn(s *sts.Snapshot, c *sts.Canary, same bool) Decision {
	if d := unmoved(s, c, i.Holder); d != nil {
		return *d
	}
	// With a goal recorded the start is still under way, whatever the set's size
	// has become meanwhile.
	underWay := c.Goal != nil && c.GoalOf == i.Command
	if c.Aborting || !same || !underWay && sts.UpdateFrom(s.Set) != i.from(s) {
		state := "stands at " + sts.SayOrdinals(updated(s))
		if c.Aborting {
			state = "is being aborted"
		}
		return decide(Refused, ReasonCanaryOnItsWay,
			fmt.Sprintf("a canary of statefulset %s %s already", s.Set.Name, state),
			"finish it first: "+canaryCommand(s, "promote", "--full")+", or "+canaryCommand(s, "abort"))
	}
	if !i.NoWait {
		if d := canaryPods(s); d != nil {
			return *d
		}
	}
	return paused(s, i.NoWait)
}

// paused says where the canary stands when the command ends.
func paused(s *sts.Snapshot, unseen bool) Decision {
	state := "available on the new revision"
	if unseen {
		state = "to get the new revision, not waited for"
	}
	if held := heldBack(s); len(held) > 0 {
		state += "; held back: " + sts.SayOrdinals(held)
	}
	hint := canaryCommand(s, "promote") + ", or " + canaryCommand(s, "abort")
	return decide(Done, ReasonPaused, fmt.Sprintf("canary of %s (%s) %s",
		sts.Count(len(updated(s)), "pod"), sts.SayOrdinals(updated(s)), state), hint)
}

func (i StartCanary) from(s *sts.Snapshot) sts.Ordinal {
	return sts.End(s.Set) - sts.Ordinal(i.Canaries.Of(sts.WantedReplicas(s.Set)))
}

func (i StartCanary) begin(s *sts.Snapshot, changes []imageEdit) Decision {
	replicas := sts.WantedReplicas(s.Set)
	if what := inFlight(s); what != "" {
		return decide(Refused, ReasonUpdateOnItsWay,
			fmt.Sprintf("an update of statefulset %s is on its way: %s", s.Set.Name, what),
			"let it finish, or "+canaryCommand(s, "abort"))
	}
	if len(changes) == 0 {
		return decide(Done, ReasonNothingToDo, "nothing to change: statefulset "+s.Set.Name+" has this template already", "")
	}
	if replicas == 0 {
		return decide(Refused, ReasonParked, "statefulset "+s.Set.Name+" is parked at 0 replicas: there is no pod to try anything on",
			"scale it up first, or change the template directly")
	}
	if n := i.Canaries.Of(replicas); n > replicas {
		return decide(Refused, ReasonBadRequest,
			fmt.Sprintf("%d canaries are more than the %d replicas of statefulset %s", n, replicas, s.Set.Name), "ask for fewer with --canaries")
	}
	if d := mayDisrupt(s, sts.End(s.Set)-1, Refused); d != nil {
		return *d
	}
	stable := s.Revision(s.Set.Status.UpdateRevision)
	if stable == nil {
		return notSeen(s.Set.Status.UpdateRevision) // the way back could not be recorded
	}
	template, err := sts.RevisionTemplate(stable)
	if err != nil {
		return decide(Refused, ReasonRevisionGone, err.Error(), "")
	}
	from := i.from(s)
	to := sts.PartitionAt(s.Set, from)
	b := newPatch(s.Set)
	for _, c := range changes {
		b = b.image(c.at, c.to)
	}
	b = b.partition(to).owner(i.Owner).canary(sts.Canary{
		StableRevision: stable.Name, StableTemplate: template,
		PartitionBefore: sts.Partition(s.Set), Partition: to,
		TemplateDigest: i.TemplateDigest, StartedBy: i.Name, StartedAt: s.TakenAt, Goal: &from, GoalOf: i.Command,
	})
	canaries := ordinalRange(from, sts.End(s.Set))
	why := fmt.Sprintf("start a canary on %s: %s", sts.SayOrdinals(canaries), describe(changes))
	return do(b.action("CanaryStarted", why), "Start")
}

type imageEdit struct {
	at containerRef
	to string
}

func describe(changes []imageEdit) string {
	parts := make([]string, len(changes))
	for i, c := range changes {
		parts[i] = fmt.Sprintf("container %s from %s to %s", c.at.name, c.at.image, c.to)
	}
	return strings.Join(parts, ", ")
}

// changes resolves the image requests against the template: only what differs.
func (i StartCanary) changes(s *sts.Snapshot) ([]imageEdit, *Decision) {
	all := containers(s.Set)
	names := make([]string, len(all))
	for k, c := range all {
		names[k] = c.name
	}
	bad := func(format string, args ...any) *Decision {
		d := decide(Refused, ReasonBadRequest, fmt.Sprintf(format, args...), "its containers are: "+strings.Join(names, ", "))
		return &d
	}
	var out []imageEdit
	seen := map[string]bool{}
	for _, req := range i.Images {
		name := req.Container
		if name == "" {
			name = s.Set.Spec.Template.Annotations[defaultContainerAnnotation]
		}
		if name == "" && len(s.Set.Spec.Template.Spec.Containers) == 1 {
			name = all[0].name
		}
		if name == "" {
			return nil, bad("statefulset %s has several containers: say which one gets %s, as container=image", s.Set.Name, req.Image)
		}
		var at *containerRef
		for k := range all {
			if all[k].name == name {
				at = &all[k]
			}
		}
		if at == nil {
			return nil, bad("statefulset %s has no container named %s", s.Set.Name, name)
		}
		if seen[name] {
			return nil, bad("container %s is given two images", name)
		}
		seen[name] = true
		if at.image != req.Image {
			out = append(out, imageEdit{*at, req.Image})
		}
	}
	return out, nil
}
