package claimstest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Opinion is how the plugin judges a claim.
type Opinion struct {
	State      claims.State
	Reason     string
	Set        string
	Confidence claims.Confidence
}

// Decision is whether a claim is a candidate, or why it is excluded.
type Decision struct {
	Candidate bool
	Held      string
}

// Choices are the choices that test the most of a claim.
func (w *ClaimWorld) Choices(claim string) []claims.Choice {
	out := []claims.Choice{
		{}, {DeletedSets: true}, {Parked: true}, {Reserved: true},
		{DeletedSets: true, Parked: true, Reserved: true},
		{DeletedSets: true, Parked: true, Named: true},
		{DeletedSets: true, Parked: true, Reserved: true, Named: true},
	}
	// All sets that its name could be read as, and another one.
	names := []string{"another"}
	parts := strings.Split(claim, "-")
	for i := 1; i < len(parts)-1; i++ {
		names = append(names, strings.Join(parts[i:len(parts)-1], "-"))
	}
	for _, name := range names {
		out = append(out, claims.Choice{Sets: []string{name}}, claims.Choice{Sets: []string{name}, DeletedSets: true, Parked: true, Reserved: true})
	}
	return out
}

// Seen is the world with everything listed.
func (w *ClaimWorld) Seen() *ClaimWorld {
	out := *w
	out.Hidden = ""
	return &out
}

// Snapshots reports whether the world needs the API of VolumeSnapshots.
func (w *ClaimWorld) Snapshots() bool { return len(w.snapshots) > 0 || w.Hidden == "volumesnapshots" }

// Sets are the names of all sets that ever existed.
func (w *ClaimWorld) Sets() []string {
	names := map[string]bool{}
	for _, set := range w.history {
		names[set.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Claims are the names of all claims.
func (w *ClaimWorld) Claims() []string { return slices.Sorted(maps.Keys(w.claims)) }

// knows reports whether the resource can be listed, or need not be.
func (w *ClaimWorld) knows(resource string) bool {
	return w.Hidden != resource || resource == "pods" && w.Conditions
}

// mounters are the beginnings of the names of the pods that mount the claim, all of them or
// those that can be listed.
func (w *ClaimWorld) mounters(claim string, all bool) []string {
	if !all && !w.knows("pods") {
		return nil
	}
	var out []string
	for _, name := range w.living() {
		set := w.sets[name]
		for o := set.Start; o < set.Start+set.running; o++ {
			if set.gives(claim, o, 1) || slices.Contains(set.Claims, claim) {
				out = append(out, name+"-"+strconv.Itoa(o))
			}
		}
	}
	if w.mounts[claim] {
		out = append(out, "debug-"+claim)
	}
	for _, l := range w.workloads {
		if slices.Contains(l.Claims, claim) && l.pods() {
			out = append(out, l.Name+"-")
		}
	}
	return out
}

func (l *Workload) pods() bool { return l.Size > 0 && !l.Broken && !l.Old }

// namer is an object that needs a claim, the resource that it is listed by, and its kind.
type namer struct{ object, resource, kind string }

// namers are the objects that need a claim without a pod.
func (w *ClaimWorld) namers(claim string) []namer {
	var out []namer
	for _, name := range w.living() {
		if slices.Contains(w.sets[name].Claims, claim) {
			out = append(out, namer{"statefulset.apps/" + name, "statefulsets", "StatefulSet" + sized(w.sets[name].Size, w.sets[name].Broken)})
		}
	}
	for _, object := range slices.Sorted(maps.Keys(w.workloads)) {
		if l := w.workloads[object]; slices.Contains(l.Claims, claim) && !l.Old {
			out = append(out, namer{object, strings.ToLower(l.Kind) + "s", l.Kind + sized(l.Size, l.Broken)})
		}
	}
	for _, c := range w.clones {
		if c.From == claim && c.Kind == "PersistentVolumeClaim" {
			out = append(out, namer{"persistentvolumeclaim/" + c.Name, "persistentvolumeclaims", "clone"})
		}
	}
	for _, s := range w.snapshots {
		if s.Of == claim && !s.Ready {
			out = append(out, namer{"volumesnapshot.snapshot.storage.k8s.io/" + s.Name, "volumesnapshots", "snapshot"})
		}
	}
	return out
}

func sized(size int, broken bool) string {
	switch {
	case size == 0:
		return " of size 0"
	case broken:
		return " that is broken"
	}
	return " with pods"
}

// inRange are the existing sets that have an ordinal which needs the claim.
func (w *ClaimWorld) inRange(claim string) []string {
	return w.setsThat(func(s *WorldSet) bool { return s.gives(claim, s.Start, s.Size) })
}

// givers are the existing sets that give the name to a claim, for any ordinal.
func (w *ClaimWorld) givers(claim string) []string {
	return w.setsThat(func(s *WorldSet) bool { return s.gives(claim, 0, farthest) })
}

func (w *ClaimWorld) setsThat(holds func(*WorldSet) bool) []string {
	var out []string
	for _, name := range w.living() {
		if holds(w.sets[name]) {
			out = append(out, name)
		}
	}
	return out
}

// reserver holds a size at which a set would need a claim: a word of the reason.
type reserver struct{ word, kind string }

// reservers are what reserves the claim, all of them or those that can be listed.
func (w *ClaimWorld) reservers(claim string, all bool) []reserver {
	var out []reserver
	for _, name := range w.living() {
		set := w.sets[name]
		if (all || w.knows("horizontalpodautoscalers")) && set.gives(claim, set.Start, set.max) {
			out = append(out, reserver{name, "HPA"})
		}
		if set.gives(claim, set.Start, set.comeBack) {
			out = append(out, reserver{name, "parked size"})
		}
		for _, m := range set.memories {
			if set.gives(claim, set.Start, m.Size) {
				out = append(out, reserver{m.Key, m.kind()})
			}
		}
	}
	return out
}

func (m *Memory) kind() string {
	switch {
	case slices.Contains(knownMemories, m.Key):
		return "known memory"
	case m.Key == chosenMemory:
		return "chosen memory"
	}
	return "memory by its ending"
}

// unreadable reports whether a set that gives the name may get a size that its annotation
// does not tell.
func (w *ClaimWorld) unreadable(claim string) bool {
	return len(w.setsThat(func(s *WorldSet) bool {
		return s.gives(claim, s.Start, farthest) && slices.ContainsFunc(s.memories, func(m Memory) bool { return m.Unreadable })
	})) > 0
}

// needed reports whether anything needs the claim now.
func (w *ClaimWorld) needed(claim string) bool {
	return len(w.mounters(claim, true)) > 0 || len(w.namers(claim)) > 0 || len(w.inRange(claim)) > 0
}

// possible are the names of all sets that ever existed and could have created the claim: one
// of their templates gives the name, and the claim has all labels that they give.
func (w *ClaimWorld) possible(claim string) []string {
	names := map[string]bool{}
	for _, set := range w.history {
		if set.gives(claim, 0, farthest) && includes(w.claims[claim].labels, set.claimLabels()) {
			names[set.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// suspects are those of the possible sets that left a trace: existing sets, and of the others
// those whose names the labels tell as well as any. An existing set whose template gives the
// name counts as named best. Beside a set that one label names, one with a longer name is as likely.
func (w *ClaimWorld) suspects(claim string) []string {
	out, ok := w.suspicions[claim]
	if !ok {
		out = w.suspect(claim)
		w.suspicions[claim] = out
	}
	return out
}

func (w *ClaimWorld) suspect(claim string) []string {
	possible, told, traced, best := w.possible(claim), map[string]int{}, map[string]bool{}, 0
	for _, set := range w.history {
		if set.gives(claim, 0, farthest) && includes(w.claims[claim].labels, set.claimLabels()) {
			told[set.Name] = int(set.Naming)
			now := w.sets[set.Name]
			fits := now != nil && !now.Expression && includes(w.claims[claim].labels, now.MatchLabels())
			traced[set.Name] = traced[set.Name] || !set.Expression && !set.Copied || fits
		}
	}
	for _, name := range possible {
		if set := w.sets[name]; set != nil && set.gives(claim, 0, farthest) && includes(w.claims[claim].labels, set.MatchLabels()) {
			told[name], traced[name] = int(Grouped)+1, true
		}
		best = max(best, told[name])
	}
	return slices.DeleteFunc(possible, func(name string) bool {
		longer := best == int(Plain) && slices.ContainsFunc(possible, func(other string) bool {
			return told[other] == best && strings.HasSuffix(name, "-"+other)
		})
		exists := w.sets[name] != nil && traced[name]
		return !traced[name] || told[name] < best && !longer && !exists
	})
}

func includes(labels, some map[string]string) bool {
	for k, v := range some {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// guard is something that forbids to delete a claim.
type guard struct{ kind, text string }

// Forbidden says why the claim must not be a candidate with the choice, empty where it may be.
func (w *ClaimWorld) Forbidden(name string, choice claims.Choice) string {
	if guards := w.guards(name, choice); len(guards) > 0 {
		return guards[0].text
	}
	return ""
}

// guards are all reasons why the claim must not be a candidate with the choice.
func (w *ClaimWorld) guards(name string, choice claims.Choice) []guard {
	var out []guard
	claim, suspects := w.claims[name], w.suspects(name)
	traced := slices.Contains(suspects, claim.set)
	forbid := func(when bool, kind, format string, args ...any) {
		if when {
			out = append(out, guard{kind, fmt.Sprintf(format, args...)})
		}
	}
	forbid(claim.terminated, "terminating", "it is being deleted")
	if mounters := w.mounters(name, true); len(mounters) > 0 {
		forbid(true, "mounted", "pod %s mounts it", mounters[0])
	}
	for _, n := range w.namers(name) {
		forbid(true, "needed by "+n.kind, "%s needs it", n.object)
	}
	for _, set := range w.inRange(name) {
		forbid(true, "in range", "an ordinal of set %s needs it", set)
	}
	forbid(claim.kept, "kept", "it is annotated to be kept")
	keepers := w.setsThat(func(s *WorldSet) bool { return s.kept && (s.gives(name, 0, farthest) || s.Name == claim.set && traced) })
	forbid(len(keepers) > 0, "set kept", "its set is annotated to be kept: %v", keepers)
	forbid(!w.knows("pods") || slices.Contains(sts.UseResources, w.Hidden), "hidden "+w.Hidden, "%s could not be listed", w.Hidden)
	forbid(claim.foreign && claim.young && !choice.Named, "young", "a client other than the controller created it a moment ago")
	reservers := w.reservers(name, true)
	if !choice.Reserved {
		for _, by := range reservers {
			forbid(true, "reserved by "+by.kind, "%s reserves it", by.word)
		}
		forbid(w.unreadable(name), "unreadable memory", "an annotation of its set holds a size that cannot be read")
		scalable := len(w.setsThat(func(s *WorldSet) bool { return s.gives(name, s.Start, farthest) })) > 0
		forbid(scalable && (w.Hidden == "horizontalpodautoscalers" || w.Hidden == "scaledobjects"), "hidden "+w.Hidden, "%s could not be listed", w.Hidden)
	}
	if choice.Named {
		return out
	}
	restored := claim.labels["velero.io/restore-name"] != ""
	forbid(restored, "restored", "it was restored")
	forbid(claim.foreign && !restored, "foreign", "%s created it, not the controller", claim.manager)
	forbid(claim.manager == "" && !claim.foreign, "unknown maker", "its maker is unknown")
	if claim.foreign {
		return out
	}
	parked := w.parkedBy(name)
	forbid(len(parked) > 0 && len(reservers) == 0 && !choice.Parked, "parked", "a set with its template has 0 replicas: %v", parked)
	if !choice.DeletedSets {
		forbid(len(suspects) > 1, "ambiguous", "it is ambiguous without --deleted-sets: sets %v could have created it", suspects)
		forbid(w.sets[claim.set] == nil && len(suspects) == 1 && traced, "set gone", "set %s, which created it, is gone", claim.set)
	}
	if choice.Sets != nil {
		// Whether a set that left no trace created it, only the world knows.
		known := traced && (w.sets[claim.set] != nil || slices.ContainsFunc(choice.Sets, func(name string) bool { return slices.Contains(suspects, name) }))
		forbid(!slices.Contains(choice.Sets, claim.set) && known, "of another set", "set %s created it%s", claim.set, w.since(claim))
		forbid(slices.Contains(choice.Sets, claim.set) && len(suspects) > 1, "ambiguous for a filter", "it is ambiguous: sets %v could have created it", suspects)
	}
	return out
}

// since tells what has become of the set that created the claim.
func (w *ClaimWorld) since(claim *worldClaim) string {
	switch set := w.sets[claim.set]; {
	case set == nil:
		return ", which is gone"
	case !w.same(claim, set):
		return ", which has other labels now"
	case len(w.setsThat(func(s *WorldSet) bool { return s.Name == claim.set && slices.Contains(s.Templates, claim.template) })) == 0:
		return ", which has no such template now"
	}
	return ""
}

// Count adds each claim of the world with the kinds of guards, and of uses, that alone decided.
func (w *ClaimWorld) Count(reached *ststest.Reached) {
	for name := range w.claims {
		kinds := ststest.Kinds{}
		if state := w.State(name); state != "" {
			kinds["state "+string(state)] = true
		}
		for _, choice := range w.Choices(name) {
			if guards := w.guards(name, choice); len(guards) == 1 {
				kinds[guards[0].kind] = true
			}
			if use := w.use(name, choice); use.kind != "" {
				kinds[use.kind] = true
			}
		}
		reached.Add(kinds)
	}
}

// ClaimKinds are all that must decide somewhere.
func ClaimKinds() []string {
	out := []string{
		"terminating", "mounted", "in range", "kept", "set kept", "unreadable memory", "restored", "foreign", "unknown maker",
		"parked", "ambiguous", "set gone", "of another set", "ambiguous for a filter",
		"needed by StatefulSet of size 0", "needed by StatefulSet that is broken",
		"needed by Deployment of size 0", "needed by Deployment that is broken", "needed by DaemonSet of size 0",
		"needed by ReplicaSet of size 0", "needed by ReplicaSet that is broken",
		"needed by ReplicationController of size 0", "needed by ReplicationController that is broken",
		"needed by Job of size 0", "needed by Job that is broken", "needed by CronJob of size 0",
		"needed by clone", "needed by snapshot",
		"reserved by HPA", "reserved by parked size", "reserved by known memory", "reserved by chosen memory", "reserved by memory by its ending",
		"useful: scaled down", "useful: parked", "useful: reserved", "useful: stale template", "useful: set gone",
		"useful: set gone, as its name says", "useful: scaled down, as its name says",
		"hidden pods", "hidden horizontalpodautoscalers", "hidden scaledobjects",
	}
	for _, resource := range sts.UseResources {
		out = append(out, "hidden "+resource)
	}
	for _, state := range []claims.State{
		claims.ClaimTerminating, claims.ClaimInUse, claims.ClaimDesired, claims.ClaimReserved, claims.ClaimParked,
		claims.ClaimOrphaned, claims.ClaimStaleTemplate, claims.ClaimSetDeleted, claims.ClaimForeign,
	} {
		out = append(out, "state "+string(state))
	}
	return out
}

// parkedBy are the sets with 0 replicas that give the name.
func (w *ClaimWorld) parkedBy(claim string) []string {
	return w.setsThat(func(s *WorldSet) bool { return s.Size == 0 && s.gives(claim, 0, farthest) })
}

// Useful says why the claim must be a candidate with the choice, empty where it need not be:
// a plugin that never deletes is safe, and of no use.
func (w *ClaimWorld) Useful(name string, choice claims.Choice) string {
	return w.use(name, choice).text
}

func (w *ClaimWorld) use(name string, choice claims.Choice) guard {
	claim := w.claims[name]
	if choice.Named || w.Hidden != "" || len(w.guards(name, choice)) > 0 || !w.clear(name) {
		return guard{}
	}
	as := ""
	if choice.Sets != nil {
		if as = ", as its name says"; !slices.Contains(choice.Sets, claim.set) {
			return guard{}
		}
	}
	set, givers := w.sets[claim.set], w.givers(name)
	for _, other := range w.living() {
		if w.sets[other].kept && strings.Contains(name, "-"+other+"-") {
			return guard{} // it may be excluded for that
		}
	}
	switch {
	case set == nil && len(givers) == 0:
		return guard{"useful: set gone" + as, "set " + claim.set + " is gone, and the labels tell its name"}
	case set == nil || !w.same(claim, set):
		return guard{}
	case len(givers) == 0:
		return guard{"useful: stale template" + as, "set " + claim.set + " has its template no more"}
	case !slices.Equal(givers, []string{claim.set}):
		return guard{}
	case len(w.reservers(name, true)) > 0:
		return guard{"useful: reserved" + as, "set " + claim.set + " may get it back, and --reserved is given"}
	case set.Size == 0:
		return guard{"useful: parked" + as, "set " + claim.set + " has 0 replicas, and --parked is given"}
	}
	return guard{"useful: scaled down" + as, "set " + claim.set + " has no such ordinal"}
}

// same reports whether the set has the labels that it had when the claim was created.
func (w *ClaimWorld) same(claim *worldClaim, set *WorldSet) bool {
	return includes(claim.labels, set.claimLabels()) && includes(set.claimLabels(), claim.labels)
}

// clear reports whether the claim alone tells, beyond doubt, which set created it.
func (w *ClaimWorld) clear(name string) bool {
	claim := w.claims[name]
	if claim.foreign || claim.manager == "" || len(w.possible(name)) != 1 {
		return false
	}
	for user := range claim.users {
		if user != claim.set {
			return false
		}
	}
	// Other claims with this template and set in their names have other labels.
	for other, c := range w.claims {
		if cut(other) == cut(name) && (!includes(c.labels, claim.labels) || !includes(claim.labels, c.labels)) {
			return false
		}
	}
	// A set that exists may have had a template of such a name, and other labels.
	naming := w.naming(claim)
	if other := w.setsThat(func(s *WorldSet) bool {
		return s.Name != claim.set && strings.Contains(name, "-"+s.Name+"-") && (naming != Grouped || includes(claim.labels, s.MatchLabels()))
	}); len(other) > 0 {
		return false
	}
	switch naming {
	case Grouped: // all that begins with the name of a release may be of it
		release := w.release(claim)
		return release == "" || !strings.Contains("-"+claim.template+"-", "-"+release+"-")
	case Plain: // with a dash in its template, the name could be that of a set with a longer name
		set := w.sets[claim.set]
		return !strings.Contains(claim.template, "-") || set != nil && set.gives(name, 0, farthest)
	}
	return false
}

// naming is how well the labels of the claim tell the name of the set that created it.
func (w *ClaimWorld) naming(claim *worldClaim) Naming {
	naming := Grouped
	for _, set := range w.history {
		if set.Name == claim.set && w.same(claim, set) {
			naming = min(naming, set.Naming)
		}
	}
	return naming
}

func (w *ClaimWorld) release(claim *worldClaim) string {
	for _, set := range w.history {
		if set.Name == claim.set && w.same(claim, set) {
			return set.Release
		}
	}
	return ""
}

func cut(name string) string { return name[:max(0, strings.LastIndexByte(name, '-'))] }

// State is what the claim is, where that does not depend on which set created it: empty
// where it does.
func (w *ClaimWorld) State(name string) claims.State {
	claim := w.claims[name]
	visible := func(n namer) bool { return w.knows(n.resource) }
	switch {
	case claim.terminated:
		return claims.ClaimTerminating
	case len(w.mounters(name, false)) > 0:
		return claims.ClaimInUse
	case len(w.inRange(name)) > 0 || slices.ContainsFunc(w.namers(name), visible):
		return claims.ClaimDesired
	case len(w.reservers(name, false)) > 0:
		return claims.ClaimReserved
	case len(w.parkedBy(name)) > 0:
		return claims.ClaimParked
	case w.Useful(name, claims.Choice{}) != "" && len(w.givers(name)) > 0:
		return claims.ClaimOrphaned
	case w.Useful(name, claims.Choice{}) != "":
		return claims.ClaimStaleTemplate
	case w.Useful(name, claims.Choice{DeletedSets: true}) != "":
		return claims.ClaimSetDeleted
	case claim.foreign && claim.manager != "" && claim.labels["velero.io/restore-name"] == "" && !slices.ContainsFunc(w.givers(name), func(set string) bool {
		return includes(claim.labels, w.sets[set].MatchLabels())
	}):
		return claims.ClaimForeign
	}
	return ""
}

// CheckOpinion compares what the plugin says about a claim with what happened to it.
func (w *ClaimWorld) CheckOpinion(name string, o Opinion) []string {
	var out []string
	wrong := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("%s is %s (%s): ", name, o.State, o.Reason)+fmt.Sprintf(format, args...))
	}
	claim, want := w.claims[name], w.State(name)
	if want != "" && o.State != want {
		wrong("it is %s", want)
		return out
	}
	if want == "" && slices.Contains([]claims.State{claims.ClaimTerminating, claims.ClaimInUse, claims.ClaimDesired, claims.ClaimPolicy, claims.ClaimReserved, claims.ClaimParked}, o.State) {
		wrong("that is not true of it")
	}
	var words []string
	switch o.State {
	case claims.ClaimInUse:
		if words = w.mounters(name, true); w.Hidden == "pods" {
			words = []string{string(corev1.PersistentVolumeClaimUnused)}
		}
	case claims.ClaimDesired:
		words = w.inRange(name)
		for _, n := range w.namers(name) {
			words = append(words, n.object)
		}
	case claims.ClaimReserved:
		for _, by := range w.reservers(name, true) {
			words = append(words, by.word)
		}
	case claims.ClaimParked:
		words = w.parkedBy(name)
	}
	if len(words) > 0 && !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(o.Reason, word) }) {
		wrong("the reason names none of %s", strings.Join(words, ", "))
	}
	if o.Confidence == claims.ConfidenceHigh && (claim.foreign || o.Set != claim.set && w.doubtful(name)) {
		wrong("confidence high for set %s, and it was created by %s for set %q", o.Set, claim.manager, claim.set)
	}
	if (want == claims.ClaimOrphaned || want == claims.ClaimStaleTemplate || want == claims.ClaimSetDeleted) && o.Set != claim.set {
		wrong("of set %q, and set %s created it", o.Set, claim.set)
	}
	return out
}

// doubtful reports whether anything says that the claim is of the set that created it.
func (w *ClaimWorld) doubtful(name string) bool {
	claim, suspects := w.claims[name], w.suspects(name)
	return len(suspects) > 1 || slices.Contains(suspects, claim.set) && (w.naming(claim) != Vague || w.sets[claim.set] != nil)
}

// CheckDecision compares whether the plugin would delete the claim with whether it must not,
// or must.
func (w *ClaimWorld) CheckDecision(name string, choice claims.Choice, d Decision) []string {
	forbidden, useful := w.Forbidden(name, choice), w.Useful(name, choice)
	switch {
	case d.Candidate && forbidden != "":
		return []string{fmt.Sprintf("%s is a candidate with %s, but must not be: %s", name, sayChoice(choice), forbidden)}
	case !d.Candidate && useful != "":
		return []string{fmt.Sprintf("%s is no candidate with %s (held: %q), but must be: %s", name, sayChoice(choice), d.Held, useful)}
	}
	if !w.knows("pods") || slices.Contains(sts.UseResources, w.Hidden) {
		if w.Seen().Useful(name, choice) != "" && !strings.Contains(d.Held, w.Hidden) {
			return []string{fmt.Sprintf("%s is excluded with %s because of %q: %s may not be listed", name, sayChoice(choice), d.Held, w.Hidden)}
		}
	}
	return nil
}

func sayChoice(c claims.Choice) string {
	var flags []string
	for flag, on := range map[string]bool{"--deleted-sets": c.DeletedSets, "--parked": c.Parked, "--reserved": c.Reserved, "its own name": c.Named} {
		if on {
			flags = append(flags, flag)
		}
	}
	slices.Sort(flags)
	if c.Sets != nil {
		flags = append(flags, "sets "+strings.Join(c.Sets, ","))
	}
	if len(flags) == 0 {
		return "no flags"
	}
	return strings.Join(flags, " ")
}
