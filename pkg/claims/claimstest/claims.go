// Package claimstest builds inventories with many claims, and knows by how they were built what the judge must say.
package claimstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ClaimWorld is a namespace with a history of StatefulSets that were created, scaled and
// deleted, and of everything else that creates claims or needs them. It knows what happened,
// and makes names and labels without ever reading them: so it can check the code that does.
type ClaimWorld struct {
	// Steps are the history, to be repeated on a real cluster.
	Steps []ClaimStep
	// Hidden is the resource that may not be listed, empty where all may.
	Hidden string
	// Conditions: claims have the condition Unused, as by default from Kubernetes 1.37 on. It
	// tells which claims pods mount, also where pods may not be listed.
	Conditions bool
	// Chosen is the key of --reserve-annotation, empty for none.
	Chosen string

	random    func(n int) int
	sets      map[string]*WorldSet // that exist
	history   []*WorldSet          // all that ever existed
	claims    map[string]*worldClaim
	mounts    map[string]bool // claims that a pod of no set mounts
	workloads map[string]*Workload
	clones    []Clone
	snapshots []Snapshot

	// What is derived from these, as long as nothing happens.
	names      []string
	suspicions map[string][]string
}

// ClaimStep has exactly one field set.
type ClaimStep struct {
	Create *WorldSet // replaces the set of that name, if there is one
	Delete string    // a set
	Scale  *SizeOf
	// Stall scales from 0 to a size of which only the first pod is created.
	Stall     *SizeOf
	Autoscale *SizeOf // by an HPA, up to the size
	Park      *SizeOf // annotate with the size to restore
	Remember  *Memory // annotate a set as another program does
	KeepSet   string  // annotate a set so that its claims are kept
	Made      *Made   // a claim that no StatefulSet created
	Mount     string  // a claim, by a pod of its own
	Keep      string  // annotate a claim so that it is kept
	Hold      string  // delete a claim that a finalizer holds
	Forget    string  // remove the managedFields of a claim
	Recreate  *Recreated
	Run       *Workload
	Remove    string // a workload
	Clone     *Clone
	Snapshot  *Snapshot
}

// Recreated is a claim that kubectl-sts deletes and creates again.
type Recreated struct {
	Claim string
	// MadeBy is the client that created it first, empty for the StatefulSet controller.
	MadeBy string
}

// SizeOf is a size for a set.
type SizeOf struct {
	Set  string
	Size int
}

// WorldSet is a StatefulSet of the world.
type WorldSet struct {
	Name      string
	Templates []string
	Start     int
	Size      int
	// Deletes: its whenScaled policy is Delete.
	Deletes bool
	// Labels are the matchLabels of its selector. nil: the label app with its name.
	Labels map[string]string
	// Expression: its selector has a matchExpression instead of matchLabels.
	Expression bool
	// ClaimLabels are on its volumeClaimTemplates.
	ClaimLabels map[string]string
	// Claims are named in the volumes of its pod template.
	Claims []string
	// Broken: its pods cannot be created.
	Broken bool
	// Parallel pods are created at the same time.
	Parallel bool
	// Naming is how well its labels tell its name: by construction, not by reading them.
	Naming Naming
	// Copied: its labels tell the name of another set.
	Copied bool
	// Release is the value of the label that names an instance, if it has one.
	Release string

	running  int // pods that exist
	max      int // of its HPA
	comeBack int // the size that a parked set will be scaled to
	kept     bool
	memories []Memory
	names    map[string]int // that its templates give, with their ordinals
}

// Naming is how well the labels of a set tell its name.
type Naming int

// The degrees.
const (
	// Vague labels do not tell the name, or would fit other names as well.
	Vague Naming = iota
	// Plain is one label with the name.
	Plain
	// Grouped labels are those of a known naming scheme: together they consist of the name.
	Grouped
)

// Memory is an annotation on a set in which another program keeps a size.
type Memory struct {
	Set, Key, Value string
	// Size is what the value holds. Unreadable: it holds none, and should.
	Size       int
	Unreadable bool
}

// Made is a claim that no StatefulSet created.
type Made struct {
	Name, Manager       string
	Labels, Annotations map[string]string
	// Young: it was created a moment ago. Restored: by a program that restores backups, after
	// a StatefulSet had created it.
	Young, Restored bool
}

// Workload has a pod template that names claims.
type Workload struct {
	Kind, Name string
	Claims     []string
	// Size is the number of pods that it asks for. Broken: they cannot be created.
	Size   int
	Broken bool
	// Old: only an old revision of it names the claims.
	Old bool
}

// Clone is a claim with a data source.
type Clone struct {
	Name, From string
	// Kind of the source: PersistentVolumeClaim, or VolumeSnapshot of the same name.
	Kind string
	// Ref: by dataSourceRef.
	Ref bool
}

// Snapshot is a VolumeSnapshot of a claim.
type Snapshot struct {
	Name, Of string
	Ready    bool
}

type worldClaim struct {
	set, template    string // of which set it is; empty where no StatefulSet created it
	ordinal          int
	labels           map[string]string
	annotations      map[string]string
	manager          string          // that created it, empty where that was forgotten
	foreign          bool            // the StatefulSet controller did not create this object
	users            map[string]bool // sets whose pods have mounted it
	young            bool
	kept, terminated bool
}

const (
	// farthest is beyond the ordinals that any set of a world has.
	farthest = 20
	// controllerManager is the field manager of the StatefulSet controller.
	controllerManager = "kube-controller-manager"
)

func worldName(template, set string, ordinal int) string {
	return template + "-" + set + "-" + strconv.Itoa(ordinal)
}

// MatchLabels are those of the set's selector.
func (s *WorldSet) MatchLabels() map[string]string {
	switch {
	case s.Expression:
		return nil
	case s.Labels == nil:
		return map[string]string{"app": s.Name}
	}
	return s.Labels
}

// Selector is the set's selector.
func (s *WorldSet) Selector() *metav1.LabelSelector {
	if s.Expression {
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "app", Operator: metav1.LabelSelectorOpIn, Values: []string{s.Name}},
		}}
	}
	return &metav1.LabelSelector{MatchLabels: s.MatchLabels()}
}

// PodLabels are labels that the selector selects.
func (s *WorldSet) PodLabels() map[string]string {
	if s.Expression {
		return map[string]string{"app": s.Name}
	}
	return s.MatchLabels()
}

// claimLabels are what the controller gives to the claims of the set.
func (s *WorldSet) claimLabels() map[string]string {
	out := maps.Clone(s.ClaimLabels)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, s.MatchLabels())
	return out
}

// gives reports whether the set gives this name to a claim of one of the ordinals.
func (s *WorldSet) gives(claim string, from, size int) bool {
	if s.names == nil {
		s.names = map[string]int{}
		for _, t := range s.Templates {
			for o := range farthest {
				s.names[worldName(t, s.Name, o)] = o
			}
		}
	}
	o, ok := s.names[claim]
	return ok && o >= from && o < from+size
}

// RandomClaimWorld gives a namespace a history. random(n) is from 0 to n-1.
func RandomClaimWorld(random func(n int) int) *ClaimWorld {
	w := &ClaimWorld{
		random: random, sets: map[string]*WorldSet{}, claims: map[string]*worldClaim{},
		mounts: map[string]bool{}, workloads: map[string]*Workload{},
	}
	// Few words, so that the names of the sets share their parts.
	apps := [][]string{{"mariadb", "web"}, {"db", "web"}, {"mariadb", "db"}}[random(3)]
	releases := [][]string{{"wordpress", "old"}, {"wordpress", "mariadb"}, {"web", "old"}, {"web", "wordpress"}}[random(4)]
	identity := func() WorldSet { return randomIdentity(random, apps, releases) }
	for range 3 + random(6) {
		switch living := w.living(); {
		case len(living) < 2 || random(3) == 0:
			set := identity()
			if len(w.history) > 0 && random(6) == 0 {
				set = w.twin(w.history[random(len(w.history))])
			}
			set.Size, set.Start, set.Parallel = random(4), max(0, random(8)-4), random(3) > 0
			if random(10) == 0 {
				set.Broken, set.Size = true, 1+random(3)
			}
			if all := w.claimable(); len(all) > 0 && random(6) == 0 {
				set.Claims, set.Broken = []string{all[random(len(all))]}, random(3) == 0
				set.Size = random(3)
			}
			w.do(ClaimStep{Create: &set})
		default:
			name := living[random(len(living))]
			w.do([]ClaimStep{
				{Delete: name},
				{Scale: &SizeOf{name, 0}},
				{Scale: &SizeOf{name, random(5)}},
				{Scale: &SizeOf{name, random(5)}},
			}[random(4)])
		}
		if random(6) == 0 {
			w.make(identity())
		}
		if random(8) == 0 {
			w.workload()
		}
	}
	// The names of no other set are like those of this one: what the policy deletes, no
	// other set has mounted.
	if random(3) == 0 {
		w.do(ClaimStep{Create: &WorldSet{Name: "policy", Templates: []string{"disk"}, Size: 1 + random(3), Start: random(2), Deletes: true, Naming: Plain}})
		w.do(ClaimStep{Scale: &SizeOf{"policy", random(4)}})
	}
	for _, name := range w.living() {
		if set := w.sets[name]; set.Size == 0 && !set.Parallel && !set.Broken && random(3) == 0 {
			w.do(ClaimStep{Stall: &SizeOf{name, 1 + random(4)}})
		}
	}
	if living := w.living(); len(living) > 0 {
		some := func() string { return living[random(len(living))] }
		if name := some(); random(4) == 0 {
			w.do(ClaimStep{Autoscale: &SizeOf{name, max(1, w.sets[name].Size+random(3))}})
		}
		if name := some(); random(4) == 0 {
			w.do(ClaimStep{Park: &SizeOf{name, 1 + random(4)}})
		}
		for range random(3) {
			w.remember(some())
		}
		if random(10) == 0 {
			w.do(ClaimStep{KeepSet: some()})
		}
	}
	for range random(3) {
		w.make(identity())
	}
	if random(4) == 0 {
		w.restore(identity())
	}
	for range random(3) {
		w.workload()
	}
	w.touch()
	if random(5) == 0 {
		w.Hidden = pickOf(random, append(slices.Clone(sts.UseResources), "pods", "horizontalpodautoscalers", "horizontalpodautoscalers", "scaledobjects", "scaledobjects")...)
	}
	return w
}

// touch does things to single claims.
func (w *ClaimWorld) touch() {
	random := w.random
	some := func() (string, bool) {
		all := w.claimable()
		if len(all) == 0 {
			return "", false
		}
		return all[random(len(all))], true
	}
	if name, ok := some(); ok && random(3) == 0 {
		c := Clone{Name: "copy-1", From: name, Kind: "PersistentVolumeClaim", Ref: random(2) == 0}
		if random(4) == 0 {
			c.Kind = "VolumeSnapshot"
		}
		w.do(ClaimStep{Clone: &c})
	}
	if name, ok := some(); ok && random(3) == 0 {
		w.do(ClaimStep{Snapshot: &Snapshot{Name: "snap", Of: name, Ready: random(3) == 0}})
	}
	if name, ok := some(); ok && random(3) == 0 && !w.mounts[name] {
		w.do(ClaimStep{Mount: name})
	}
	if name, ok := some(); ok && random(8) == 0 {
		w.do(ClaimStep{Forget: name})
	}
	if name, ok := some(); ok && random(6) == 0 && w.claims[name].manager != "" && !w.needed(name) {
		r := Recreated{Claim: name}
		if c := w.claims[name]; c.foreign {
			if r.MadeBy = c.manager; c.manager == sts.FieldManager {
				r.MadeBy = c.annotations[sts.MakerAnnotation]
			}
		}
		w.do(ClaimStep{Recreate: &r})
	}
	if name, ok := some(); ok && random(3) == 0 {
		w.do(ClaimStep{Keep: name})
	}
	if name, ok := some(); ok && random(3) == 0 && len(w.mounters(name, true)) == 0 {
		w.do(ClaimStep{Hold: name})
	}
}

// randomIdentity is a set with a name, labels and templates as one of the known ways to name
// sets, or a poor one, gives them.
func randomIdentity(random func(n int) int, apps, releases []string) WorldSet {
	pick := func(from []string) string { return from[random(len(from))] }
	app, release := pick(apps), pick(releases)
	long := release + "-" + app
	set := WorldSet{Name: long}
	templates := []string{"data", "data", "data", "logs", "storage-volume", "data-" + release, "logs-old", release}
	switch random(12) {
	case 0, 1: // one label
		set.Name = []string{app, long}[random(2)]
		set.Labels, set.Naming = map[string]string{"app": set.Name}, Plain
	case 2, 3: // old charts
		set.Labels, set.Naming = map[string]string{"app": app, "release": release}, Grouped
		if random(2) == 0 {
			set.ClaimLabels = map[string]string{"chart": app + "-7.3.1", "heritage": "Helm"}
		}
	case 4: // recommended labels
		set.Name = []string{long, app + "-" + release}[random(2)]
		set.Labels, set.Naming = map[string]string{"app.kubernetes.io/name": app, "app.kubernetes.io/instance": release}, Grouped
	case 5: // with a component
		set.Name += "-primary"
		set.Labels = map[string]string{"app.kubernetes.io/name": app, "app.kubernetes.io/instance": release, "app.kubernetes.io/component": "primary"}
		set.Naming = Grouped
	case 6: // the release has the name of the chart in its own
		set.Labels, set.Naming = map[string]string{"app.kubernetes.io/name": app, "app.kubernetes.io/instance": long}, Grouped
	case 7: // prometheus-operator
		name := []string{release, "kube-prometheus-stack-prometheus"}[random(2)]
		set.Name, set.Naming = "prometheus-"+name, Grouped
		set.Labels = map[string]string{
			"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": name, "app.kubernetes.io/managed-by": "prometheus-operator",
			"operator.prometheus.io/name": name, "prometheus": name,
		}
		templates = []string{"prometheus-" + name + "-db"}
	case 8: // the chart's name is only on the template
		set.Labels, set.ClaimLabels, set.Naming = map[string]string{"release": release}, map[string]string{"chart": app + "-9.1.0"}, Grouped
	case 9: // the label is as well that of another set
		set.Labels = map[string]string{"app": app}
		// And the labels of the template are those of another release.
		if random(3) == 0 {
			set.Name, set.ClaimLabels, set.Copied = app, map[string]string{"release": release}, true
			templates = append(templates, "data-"+release, release)
		}
	case 10: // no label tells the name
		set.Labels = map[string]string{"tier": "backend"}
	case 11: // no labels
		set.Expression = true
	}
	for _, key := range []string{"release", "app.kubernetes.io/instance"} {
		if value := set.Labels[key]; value != "" {
			set.Release = value
		}
	}
	if app == release && set.Naming == Grouped {
		set.Naming = Vague // a part of the name tells the same
	}
	set.Templates = []string{pick(templates)}
	if other := pick(templates); random(4) == 0 && other != set.Templates[0] {
		set.Templates = append(set.Templates, other)
	}
	return set
}

// twin is a set with another name that gives the same names and labels to its claims, as far
// as there can be one.
func (w *ClaimWorld) twin(of *WorldSet) WorldSet {
	set := WorldSet{Name: of.Name, Labels: of.MatchLabels(), Expression: of.Expression, ClaimLabels: of.ClaimLabels, Copied: of.Copied || of.Naming != Vague || of.Release != ""}
	template := of.Templates[0]
	if strings.HasPrefix(template, "storage") || strings.HasPrefix(template, "prometheus") {
		template = "data"
	}
	if first, last, ok := strings.Cut(template, "-"); ok && w.random(2) == 0 {
		set.Templates, set.Name = []string{first}, last+"-"+of.Name
	} else if first, last, ok := strings.Cut(of.Name, "-"); ok {
		set.Templates, set.Name = []string{template + "-" + first}, last
	} else {
		set.Templates, set.Naming, set.Release, set.Copied = of.Templates, of.Naming, of.Release, of.Copied
	}
	return set
}

// make has a claim created by another client, in the shape of a set's claim or not.
func (w *ClaimWorld) make(like WorldSet) {
	random := w.random
	shaped := worldName(like.Templates[0], like.Name, random(7))
	if all := w.living(); len(all) > 0 && random(2) == 0 { // just beyond what is there
		set := w.sets[all[random(len(all))]]
		like, shaped = *set, worldName(set.Templates[0], set.Name, set.Start+set.Size+random(2))
	}
	labels := like.claimLabels()
	student := "student-" + strconv.Itoa(random(3))
	lastApplied, err := json.Marshal(map[string]any{"kind": "PersistentVolumeClaim"})
	if err != nil {
		panic(err)
	}
	m := []Made{
		{Name: pickOf(random, "backup", "cache-disk-1", "data-web", "data-web-03", "web-db-0", shaped), Manager: "kubectl-create"},
		{Name: "claim-" + student, Manager: "OpenAPI-Generator", Labels: map[string]string{
			"app": "jupyterhub", "heritage": "jupyterhub", "component": "singleuser-storage", "hub.jupyter.org/username": student,
		}},
		{Name: pickOf(random, "data-test-db-mysql-0", shaped), Manager: "manager", Labels: map[string]string{
			"app.kubernetes.io/managed-by": "kubeblocks", "app.kubernetes.io/instance": "test-db", "workloads.kubeblocks.io/instance": "test-db-mysql",
		}},
		{Name: shaped, Manager: "manager", Labels: labels},
		{Name: shaped, Manager: "helm", Labels: labels, Annotations: map[string]string{"meta.helm.sh/release-name": like.Name}},
		{Name: shaped, Manager: "kubectl-client-side-apply", Labels: labels, Annotations: map[string]string{"kubectl.kubernetes.io/last-applied-configuration": string(lastApplied)}},
		{Name: shaped, Manager: "kubectl-create", Labels: labels},
		{Name: "backup-" + like.Name + "-0", Manager: "kustomize-controller", Labels: labels},
	}[random(8)]
	m.Young = random(3) == 0
	if w.claims[m.Name] == nil {
		w.do(ClaimStep{Made: &m})
	}
}

func pickOf(random func(n int) int, from ...string) string { return from[random(len(from))] }

// restore has the claims of a set that is not there restored from a backup.
func (w *ClaimWorld) restore(set WorldSet) {
	if w.sets[set.Name] != nil {
		return
	}
	labels, manager, young := set.claimLabels(), "kubectl-create", true
	if w.random(3) > 0 {
		manager, young = "velero-server", w.random(2) == 0
		labels["velero.io/backup-name"], labels["velero.io/restore-name"] = "nightly", "nightly-1"
	}
	for o := range 1 + w.random(3) {
		if name := worldName(set.Templates[0], set.Name, o); w.claims[name] == nil {
			w.do(ClaimStep{Made: &Made{Name: name, Manager: manager, Labels: labels, Young: young, Restored: true}})
		}
	}
}

// knownMemories are those of kube-downscaler, KEDA and OpenShift.
var knownMemories = []string{"downscaler/original-replicas", "autoscaling.keda.sh/paused-replicas", "idling.alpha.openshift.io/previous-scale"}

// chosenMemory is a key that only --reserve-annotation makes one.
const chosenMemory = "team.example.com/size"

// remember has another program annotate a set with the size that it had.
func (w *ClaimWorld) remember(set string) {
	random := w.random
	ending := []string{"ops.example.com/saved-replicas", "example.com/originalReplicas", "replicas"}
	m := Memory{Set: set, Size: random(7)}
	switch random(7) {
	case 0, 1, 2:
		m.Key = knownMemories[random(len(knownMemories))]
	case 3, 4:
		m.Key = ending[random(len(ending))]
	case 5:
		m.Key, w.Chosen = chosenMemory, chosenMemory
	case 6: // holds no size, whatever the value
		m.Key, m.Value, m.Size = pickOf(random, "example.com/replicas-note", "team.example.com/sizes"), strconv.Itoa(m.Size), 0
	}
	if m.Value == "" {
		switch random(8) {
		case 0: // nonsense
			m.Value, m.Size = pickOf(random, "yes", "three", "{}", "-3"), 0
			m.Unreadable = !slices.Contains(ending, m.Key)
		case 1:
			m.Value, m.Size = "99999999999", farthest
		case 2:
			m.Value = fmt.Sprintf(`{"spec":{"replicas":%d}}`, m.Size)
		case 3:
			m.Value = fmt.Sprintf("%q", strconv.Itoa(m.Size))
		default:
			m.Value = strconv.Itoa(m.Size)
		}
	}
	for _, other := range w.sets[set].memories {
		if other.Key == m.Key {
			return
		}
	}
	w.do(ClaimStep{Remember: &m})
}

// workload creates a workload that names a claim, or deletes one.
func (w *ClaimWorld) workload() {
	random := w.random
	if running := slices.Sorted(maps.Keys(w.workloads)); len(running) > 0 && random(4) == 0 {
		w.do(ClaimStep{Remove: running[random(len(running))]})
		return
	}
	all := w.claimable()
	if len(all) == 0 {
		return
	}
	kinds := []string{"Deployment", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"}
	l := Workload{Kind: kinds[random(len(kinds))], Claims: []string{all[random(len(all))]}}
	l.Name = pickOf(random, "web", "user") // kinds share their names
	if other := all[random(len(all))]; other != l.Claims[0] && random(3) == 0 {
		l.Claims = append(l.Claims, other)
	}
	switch l.Kind {
	case "Deployment":
		switch random(4) {
		case 0:
			l.Size = 1
		case 1:
			l.Size, l.Broken = 1, true
		case 2:
			l.Old = true
		}
	case "ReplicaSet", "ReplicationController", "Job":
		if random(3) == 0 {
			l.Size, l.Broken = 1, true
		}
	}
	if w.workloads[l.Object()] == nil {
		w.do(ClaimStep{Run: &l})
	}
}

// Object is the workload as kubectl prints names.
func (l *Workload) Object() string {
	group := map[string]string{"ReplicationController": "", "Job": ".batch", "CronJob": ".batch"}
	suffix, ok := group[l.Kind]
	if !ok {
		suffix = ".apps"
	}
	return strings.ToLower(l.Kind) + suffix + "/" + l.Name
}

// living are the names of the sets that exist.
func (w *ClaimWorld) living() []string {
	if w.names == nil {
		w.names = slices.Sorted(maps.Keys(w.sets))
	}
	return w.names
}

// claimable are the claims that last: those that no policy deletes.
func (w *ClaimWorld) claimable() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.claims)), func(name string) bool {
		return w.claims[name].set == "policy" || w.claims[name].terminated
	})
}

// do does what the API server and the controllers do.
func (w *ClaimWorld) do(step ClaimStep) {
	w.Steps = append(w.Steps, step)
	w.names, w.suspicions = nil, map[string][]string{}
	switch {
	case step.Create != nil:
		set := *step.Create
		w.sets[set.Name] = &set
		w.history = append(w.history, &set)
		w.run(&set, set.Size)
	case step.Delete != "":
		delete(w.sets, step.Delete)
	case step.Scale != nil:
		w.run(w.sets[step.Scale.Set], step.Scale.Size)
	case step.Stall != nil:
		set := w.sets[step.Stall.Set]
		w.run(set, 1)
		set.Size = step.Stall.Size
	case step.Autoscale != nil:
		w.sets[step.Autoscale.Set].max = step.Autoscale.Size
	case step.Park != nil:
		w.sets[step.Park.Set].comeBack = step.Park.Size
	case step.Remember != nil:
		set := w.sets[step.Remember.Set]
		set.memories = append(set.memories, *step.Remember)
	case step.KeepSet != "":
		w.sets[step.KeepSet].kept = true
	case step.Made != nil:
		m := step.Made
		w.claims[m.Name] = &worldClaim{
			labels: m.Labels, annotations: m.Annotations, manager: m.Manager, foreign: true, young: m.Young, users: map[string]bool{},
		}
	case step.Mount != "":
		w.mounts[step.Mount] = true
	case step.Keep != "":
		w.claims[step.Keep].kept = true
	case step.Hold != "":
		w.claims[step.Hold].terminated = true
	case step.Forget != "":
		w.claims[step.Forget].manager = ""
	case step.Recreate != nil:
		claim := w.claims[step.Recreate.Claim]
		if step.Recreate.MadeBy != "" {
			claim.annotations = maps.Clone(claim.annotations)
			if claim.annotations == nil {
				claim.annotations = map[string]string{}
			}
			claim.annotations[sts.MakerAnnotation] = step.Recreate.MadeBy
		}
		claim.manager, claim.young = sts.FieldManager, true
	case step.Run != nil:
		w.workloads[step.Run.Object()] = step.Run
	case step.Remove != "":
		delete(w.workloads, step.Remove)
	case step.Clone != nil:
		w.clones = append(w.clones, *step.Clone)
		w.claims[step.Clone.Name] = &worldClaim{manager: "kubectl-create", foreign: true, users: map[string]bool{}}
	case step.Snapshot != nil:
		w.snapshots = append(w.snapshots, *step.Snapshot)
	}
}

// run brings a set to a size, with a pod for each ordinal and the claims of each pod.
func (w *ClaimWorld) run(set *WorldSet, size int) {
	pods := size
	if set.Broken { // the first pod has its claims, and the others are not tried
		pods = min(size, 1)
	}
	for _, t := range set.Templates {
		for o := set.Start; o < set.Start+pods; o++ {
			name := worldName(t, set.Name, o)
			if w.claims[name] == nil {
				w.claims[name] = &worldClaim{
					set: set.Name, template: t, ordinal: o, labels: set.claimLabels(), manager: controllerManager, users: map[string]bool{},
				}
			}
			w.claims[name].users[set.Name] = true
		}
		for o := set.Start + size; set.Deletes && o < set.Start+set.running; o++ {
			delete(w.claims, worldName(t, set.Name, o))
		}
	}
	if set.Size, set.running = size, size; set.Broken {
		set.running = 0
	}
}

// History is the steps, one per line, for the analysis of a failure.
func (w *ClaimWorld) History() string {
	var b strings.Builder
	for i, step := range w.Steps {
		fmt.Fprintf(&b, "  %2d. %s\n", i+1, step)
	}
	if w.Hidden != "" {
		fmt.Fprintf(&b, "  %s may not be listed\n", w.Hidden)
	}
	if w.Chosen != "" {
		fmt.Fprintf(&b, "  with --reserve-annotation %s\n", w.Chosen)
	}
	return b.String()
}

// String is the step in words.
func (s ClaimStep) String() string {
	switch {
	case s.Create != nil:
		set := s.Create
		text := fmt.Sprintf("create set %s of size %d from %d, templates %v, labels %v", set.Name, set.Size, set.Start, set.Templates, set.MatchLabels())
		if set.ClaimLabels != nil {
			text += fmt.Sprintf(", labels of templates %v", set.ClaimLabels)
		}
		if set.Claims != nil {
			text += fmt.Sprintf(", naming %v", set.Claims)
		}
		for word, on := range map[string]bool{", broken": set.Broken, ", whenScaled: Delete": set.Deletes} {
			if on {
				text += word
			}
		}
		return text
	case s.Delete != "":
		return "delete set " + s.Delete
	case s.Scale != nil:
		return fmt.Sprintf("scale %s to %d", s.Scale.Set, s.Scale.Size)
	case s.Stall != nil:
		return fmt.Sprintf("scale %s to %d, of which the first pod never becomes ready", s.Stall.Set, s.Stall.Size)
	case s.Autoscale != nil:
		return fmt.Sprintf("an HPA for %s up to %d", s.Autoscale.Set, s.Autoscale.Size)
	case s.Park != nil:
		return fmt.Sprintf("annotate %s as parked at %d", s.Park.Set, s.Park.Size)
	case s.Remember != nil:
		return fmt.Sprintf("annotate %s with %s: %q", s.Remember.Set, s.Remember.Key, s.Remember.Value)
	case s.KeepSet != "":
		return "annotate set " + s.KeepSet + " to be kept"
	case s.Made != nil:
		return fmt.Sprintf("%s creates claim %s, labels %v, annotations %v, young %t, restored %t", s.Made.Manager, s.Made.Name, s.Made.Labels, s.Made.Annotations, s.Made.Young, s.Made.Restored)
	case s.Mount != "":
		return "pod debug-" + s.Mount + " mounts " + s.Mount
	case s.Keep != "":
		return "annotate claim " + s.Keep + " to be kept"
	case s.Hold != "":
		return "delete claim " + s.Hold + ", which a finalizer holds"
	case s.Forget != "":
		return "remove the managedFields of " + s.Forget
	case s.Recreate != nil:
		return fmt.Sprintf("kubectl-sts deletes and recreates %s, first made by %q", s.Recreate.Claim, s.Recreate.MadeBy)
	case s.Run != nil:
		return fmt.Sprintf("create %s, naming %v, size %d, broken %t, only in an old revision %t", s.Run.Object(), s.Run.Claims, s.Run.Size, s.Run.Broken, s.Run.Old)
	case s.Remove != "":
		return "delete " + s.Remove
	case s.Clone != nil:
		return fmt.Sprintf("create claim %s from %s %s, by dataSourceRef %t", s.Clone.Name, s.Clone.Kind, s.Clone.From, s.Clone.Ref)
	case s.Snapshot != nil:
		return fmt.Sprintf("create VolumeSnapshot %s of %s, ready %t", s.Snapshot.Name, s.Snapshot.Of, s.Snapshot.Ready)
	}
	return "nothing"
}
