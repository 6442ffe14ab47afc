package operate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Action is one write to the cluster, or one check of it, with why. Exactly one field
// besides Why is set.
type Action struct {
	Why       string     `json:"why"`
	PatchSet  *PatchSet  `json:"patchSet,omitempty"`
	DeletePod *DeletePod `json:"deletePod,omitempty"`
	EvictPod  *EvictPod  `json:"evictPod,omitempty"`
	// AskEviction is a check and writes nothing.
	AskEviction *AskEviction `json:"askEviction,omitempty"`
	Scale       *Scale       `json:"scale,omitempty"`
	HoldPod     *HoldPod     `json:"holdPod,omitempty"`
	Run         *Run         `json:"run,omitempty"`

	// What is done to a claim and its volume.
	RetainVolume  *PatchVolume  `json:"retainVolume,omitempty"`
	HoldClaim     *HoldClaim    `json:"holdClaim,omitempty"`
	DeleteClaim   *DeleteClaim  `json:"deleteClaim,omitempty"`
	ClearClaimRef *PatchVolume  `json:"clearClaimRef,omitempty"`
	CreateClaim   *CreateClaim  `json:"createClaim,omitempty"`
	ReleaseVolume *PatchVolume  `json:"releaseVolume,omitempty"`
	PurgeVolume   *PatchVolume  `json:"purgeVolume,omitempty"`
	DeleteVolume  *DeleteVolume `json:"deleteVolume,omitempty"`
	// RescueVolume is a RetainVolume for a claim that another client deletes, SetAsideVolume
	// one for a claim that makes room for an older one of its name.
	RescueVolume   *PatchVolume `json:"rescueVolume,omitempty"`
	SetAsideVolume *PatchVolume `json:"setAsideVolume,omitempty"`
	CopyVolume     *CopyVolume  `json:"copyVolume,omitempty"`
	OwnClaim       *OwnClaim    `json:"ownClaim,omitempty"`
	// LookOwners checks whether the owners of a claim exist, and writes nothing.
	LookOwners *LookOwners `json:"lookOwners,omitempty"`
	// LookAround reads the claim again, and writes nothing.
	LookAround *LookAround `json:"lookAround,omitempty"`
}

// Writes says whether the action changes something in the cluster.
func (a *Action) Writes() bool {
	return a.Run == nil && a.AskEviction == nil && a.LookAround == nil && a.LookOwners == nil
}

// Removes is how the action removes a pod, and which: "evict" or "delete". Both are empty for any
// other action.
func (a *Action) Removes() (verb, pod string) {
	switch {
	case a.EvictPod != nil:
		return "evict", a.EvictPod.Name
	case a.DeletePod != nil:
		return "delete", a.DeletePod.Name
	}
	return "", ""
}

// Disrupts says whether the action may remove pods. Its preconditions are not enough then: the
// API server cannot check that all other pods are available and that the claims are safe.
func (a *Action) Disrupts() bool {
	return a.DeletePod != nil || a.EvictPod != nil || a.Scale != nil || a.HoldPod != nil && a.HoldPod.Off ||
		a.PatchSet != nil && slices.ContainsFunc(a.PatchSet.Ops, func(o PatchOp) bool {
			return strings.HasPrefix(o.Path, "/spec/") && o.Op != "test"
		})
}

// Endangers are the replicas whose pods the action may remove: directly, or because the
// StatefulSet controller then deletes them. A pod that is removed may have blocked an update:
// without it the controller continues with every ordinal that is due.
func (a *Action) Endangers(s *sts.Snapshot) []sts.Replica {
	goes := func(sts.Replica) bool { return false }
	due := dueForUpdate(s)
	removed := func(uid types.UID) func(sts.Replica) bool {
		return func(r sts.Replica) bool { return r.Pod.UID == uid || due(r) }
	}
	switch {
	case a.DeletePod != nil:
		goes = removed(a.DeletePod.UID)
	case a.EvictPod != nil:
		goes = removed(a.EvictPod.UID)
	case a.HoldPod != nil && a.HoldPod.Off && terminating(s, a.HoldPod.UID):
		goes = removed(a.HoldPod.UID)
	case a.Scale != nil && a.Scale.To < sts.DesiredReplicas(s.Set):
		end := sts.Start(s.Set) + sts.Ordinal(a.Scale.To)
		goes = func(r sts.Replica) bool { return r.Desired && r.Ordinal >= end || due(r) }
	case a.PatchSet != nil && sts.StrategyOf(s.Set).ReplacesAllAtOnce() && a.PatchSet.template != nil:
		goes = func(r sts.Replica) bool { return r.Revision != a.PatchSet.RestoreRevision }
	case a.PatchSet != nil && sts.StrategyOf(s.Set).HasPartition():
		goes = a.PatchSet.replaces(s)
	}
	var out []sts.Replica
	for _, r := range s.Replicas() {
		if r.Pod != nil && goes(r) {
			out = append(out, r)
		}
	}
	return out
}

func terminating(s *sts.Snapshot, uid types.UID) bool {
	return slices.ContainsFunc(s.Pods, func(p *corev1.Pod) bool { return p.UID == uid && p.DeletionTimestamp != nil })
}

// dueForUpdate says of a pod whether the controller will replace it, now or when nothing blocks
// the update any more.
func dueForUpdate(s *sts.Snapshot) func(sts.Replica) bool {
	allAtOnce := sts.StrategyOf(s.Set).ReplacesAllAtOnce() // those of removed ordinals, too
	return func(r sts.Replica) bool { return (r.Desired || allAtOnce) && s.DueForUpdate(r) }
}

// replaces says of a pod whether the controller replaces it because of the patch: from the
// partition up every pod that is not on the update revision, which a new template changes. A
// patch that only raises the partition puts no pod at risk.
func (p *PatchSet) replaces(s *sts.Snapshot) func(sts.Replica) bool {
	from, target := sts.UpdateFrom(s.Set), s.Set.Status.UpdateRevision
	if p.Partition != nil {
		from = p.Partition.ToOrdinal
	}
	if p.template == nil && from >= sts.UpdateFrom(s.Set) {
		return func(sts.Replica) bool { return false }
	}
	if p.template != nil {
		target = p.RestoreRevision // empty for a new one
	}
	return func(r sts.Replica) bool { return r.Desired && r.Ordinal >= from && r.Revision != target }
}

// AskEviction checks with a dry run whether the API server would evict the pod: an eviction
// that it declines uses up a disruption of a budget for two minutes, a dry run does not.
type AskEviction struct {
	EvictPod
	// When distinguishes two checks of the same pod.
	When string `json:"when"`
}

// Scale changes the set's replicas through its scale subresource, with one JSON
// patch that tests what it replaces.
type Scale struct {
	// Event is the reason of the Event that records the action.
	Event string `json:"event,omitempty"`
	From  int32  `json:"from"`
	To    int32  `json:"to"`
	// Ordinal is the one that is removed or added, the lowest of several.
	Ordinal sts.Ordinal `json:"ordinal"`
	Ops     []PatchOp   `json:"ops"`
}

func scale(set *appsv1.StatefulSet, to int32, event string) *Scale {
	from := sts.DesiredReplicas(set)
	s := &Scale{Event: event, From: from, To: to, Ordinal: sts.Start(set) + sts.Ordinal(min(from, to)), Ops: []PatchOp{
		op("test", "/metadata/uid", set.UID),
		op("test", "/spec/replicas", from),
		op("replace", "/spec/replicas", to),
	}}
	if from == 0 { // which is omitted from a Scale
		s.Ops[1], s.Ops[2] = op("test", "/spec", struct{}{}), op("add", "/spec/replicas", to)
	}
	return s
}

// HoldPod adds the finalizer [sts.LeavingFinalizer] to a pod, or removes it, if the pod
// still has this UID.
type HoldPod struct {
	Name    string      `json:"name"`
	UID     types.UID   `json:"uid"`
	Ordinal sts.Ordinal `json:"ordinal"`
	// Off removes the finalizer.
	Off bool      `json:"off,omitempty"`
	Ops []PatchOp `json:"ops"`
}

// LetGo removes our finalizer from a pod.
func LetGo(pod *corev1.Pod, o sts.Ordinal) *HoldPod { return hold(pod, o, true) }

func hold(pod *corev1.Pod, o sts.Ordinal, off bool) *HoldPod {
	h := &HoldPod{Name: pod.Name, UID: pod.UID, Ordinal: o, Off: off, Ops: []PatchOp{op("test", "/metadata/uid", pod.UID)}}
	const path = "/metadata/finalizers"
	switch k := slices.Index(pod.Finalizers, sts.LeavingFinalizer); {
	case off:
		at := fmt.Sprintf("%s/%d", path, k)
		h.Ops = append(h.Ops, op("test", at, sts.LeavingFinalizer), PatchOp{Op: "remove", Path: at})
	case len(pod.Finalizers) == 0: // the API server adds no finalizer to a pod that is being deleted
		h.Ops = append(h.Ops, op("test", "/metadata/deletionTimestamp", nil), op("test", path, nil), op("add", path, []string{sts.LeavingFinalizer}))
	default:
		h.Ops = append(h.Ops, op("test", "/metadata/deletionTimestamp", nil), op("add", path+"/-", sts.LeavingFinalizer))
	}
	return h
}

// Run runs a command that checks something, here or inside a pod. The loop keeps
// watching meanwhile; the result of the command is then in [Facts.Answers].
type Run struct {
	// Key identifies this run among all others of the intent.
	Key string `json:"-"`
	// For is the option that the command comes from: "check". It labels the output.
	For string `json:"for"`
	// Command is a line for the shell: sh -c, where it runs here on Windows, cmd /c.
	// Argv is a command without a shell, instead.
	Command string   `json:"command,omitempty"`
	Argv    []string `json:"argv,omitempty"`
	// Env is added to the environment of a command that runs here, as NAME=value.
	Env []string `json:"env,omitempty"`
	// Pod is where it runs, if it is still the one with this UID; empty for here.
	Pod       string    `json:"pod,omitempty"`
	UID       types.UID `json:"uid,omitempty"`
	Container string    `json:"container,omitempty"`
	// Timeout is how long it may take, 0 for no limit.
	Timeout time.Duration `json:"-"`
	// Quiet: its output is read and not shown; it is run repeatedly.
	Quiet bool `json:"-"`
	// The result in a plan, where the command is not run. Empty for success.
	predicted Answer
}

// Label names the command: "--check", "--check-exec in web-3".
func (r Run) Label() string {
	name := "--" + r.For
	if len(r.Argv) > 0 {
		name = r.For
	}
	if r.Pod == "" {
		return name
	}
	return name + " in " + r.Pod
}

// Answer is how a [Run] ended.
type Answer struct {
	// ExitCode is the command's own. It is -1 when there is none; Problem says why.
	ExitCode int    `json:"exitCode"`
	Problem  string `json:"problem,omitempty"`
	// Output is the end of its output.
	Output string `json:"output,omitempty"`
	// Stdout is its standard output, At when its end was seen. Lost: the connection
	// broke first, so that it may have been carried out.
	Stdout string    `json:"-"`
	At     time.Time `json:"-"`
	Lost   bool      `json:"-"`
	// Truncated: standard output was longer than what is kept of it.
	Truncated bool `json:"-"`
	// PodGone: it did not succeed, and its pod was terminating or gone. The end of a pod ends
	// what runs inside it.
	PodGone bool `json:"-"`
	// Imagined: the command was not run.
	Imagined bool `json:"-"`
}

// Good reports whether the command ended with exit code 0.
func (a Answer) Good() bool { return a.ExitCode == 0 && a.Problem == "" }

// String is the result as the predicate of a sentence.
func (a Answer) String() string {
	if a.Problem != "" {
		return a.Problem
	}
	return fmt.Sprintf("terminated with exit code %d", a.ExitCode)
}

// EvictPod evicts one pod through the API server, which checks the budgets, if the pod
// still has this UID. It is recreated on the revision that it has.
type EvictPod struct {
	Name     string      `json:"name"`
	UID      types.UID   `json:"uid"`
	Ordinal  sts.Ordinal `json:"ordinal"`
	Revision string      `json:"revision"`
}

// DeletePod deletes one pod, if it still has this UID.
type DeletePod struct {
	Name     string      `json:"name"`
	UID      types.UID   `json:"uid"`
	Ordinal  sts.Ordinal `json:"ordinal"`
	Revision string      `json:"revision"`
}

// PatchSet changes the StatefulSet with one JSON patch (RFC 6902). Ops is what is
// sent; the other fields describe it.
type PatchSet struct {
	// Event is the reason of the Event that records the action, empty for none.
	Event     string           `json:"event,omitempty"`
	Partition *PartitionChange `json:"partition,omitempty"`
	Images    []ImageChange    `json:"images,omitempty"`
	// RestoreRevision is the revision whose template is restored.
	RestoreRevision string `json:"restoreRevision,omitempty"`
	// TemplateReplaced: the pod template is replaced as a whole.
	TemplateReplaced bool `json:"templateReplaced,omitempty"`
	// WhenScaled is what persistentVolumeClaimRetentionPolicy.whenScaled becomes.
	WhenScaled string      `json:"whenScaled,omitempty"`
	Canary     *sts.Canary `json:"-"`
	Ops        []PatchOp   `json:"ops"`
	// AcceptAdmission: changes that mutating admission makes to the template are part of the update.
	AcceptAdmission bool `json:"-"`
	// template is what the pod template becomes, nil when it stays.
	template *corev1.PodTemplateSpec
}

// PartitionChange changes the partition. Partitions are offsets from the start
// ordinal; the ordinals are from where on pods have the update revision.
type PartitionChange struct {
	From        int32       `json:"from"`
	To          int32       `json:"to"`
	FromOrdinal sts.Ordinal `json:"fromOrdinal"`
	ToOrdinal   sts.Ordinal `json:"toOrdinal"`
}

// ImageChange sets one container's image.
type ImageChange struct {
	Container string `json:"container"`
	From      string `json:"from"`
	To        string `json:"to"`
}

// PatchOp is one operation of a JSON patch (RFC 6902).
type PatchOp struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value,omitempty"`
}

// patch builds a PatchSet against the set of the snapshot. Every change is preceded by
// a test of what it replaces: a failed test changes nothing.
type patch struct {
	set         *appsv1.StatefulSet
	p           PatchSet
	annotations map[string]*string
	spec        []PatchOp
}

func newPatch(set *appsv1.StatefulSet) *patch {
	return &patch{set: set, annotations: map[string]*string{}}
}

func (b *patch) partition(to int32) *patch {
	from := sts.Partition(b.set)
	if from == to {
		return b
	}
	b.p.Partition = &PartitionChange{From: from, To: to,
		FromOrdinal: sts.UpdateFrom(b.set), ToOrdinal: sts.Start(b.set) + sts.Ordinal(to)}
	const path = "/spec/updateStrategy/rollingUpdate"
	switch ru := b.set.Spec.UpdateStrategy.RollingUpdate; {
	case ru == nil:
		b.spec = append(b.spec, op("test", path, nil), op("add", path, map[string]int32{"partition": to}))
	case ru.Partition == nil:
		b.spec = append(b.spec, op("test", path+"/partition", nil), op("add", path+"/partition", to))
	default:
		b.spec = append(b.spec, op("test", path+"/partition", from), op("replace", path+"/partition", to))
	}
	return b
}

func (b *patch) image(c containerRef, to string) *patch {
	b.p.Images = append(b.p.Images, ImageChange{Container: c.name, From: c.image, To: to})
	t := b.becomes()
	for _, list := range [][]corev1.Container{t.Spec.Containers, t.Spec.InitContainers} {
		for k := range list {
			if list[k].Name == c.name {
				list[k].Image = to
			}
		}
	}
	b.spec = append(b.spec, op("test", c.path+"/name", c.name),
		op("test", c.path+"/image", c.image), op("replace", c.path+"/image", to))
	return b
}

// becomes is the template that results from the patch, changed along with it.
func (b *patch) becomes() *corev1.PodTemplateSpec {
	if b.p.template == nil {
		b.p.template = b.set.Spec.Template.DeepCopy()
	}
	return b.p.template
}

func (b *patch) restore(revision string, raw json.RawMessage) *patch {
	b.p.RestoreRevision = revision
	return b.newTemplate(raw)
}

// canary writes the record, with the generation that this very patch leads to:
// every change of the spec moves metadata.generation by one.
func (b *patch) canary(c sts.Canary) *patch {
	if len(b.spec) > 0 {
		return b.record(c, b.set.Generation+1)
	}
	return b.record(c, b.set.Generation)
}

func (b *patch) record(c sts.Canary, generation int64) *patch {
	c.Generation = generation
	b.p.Canary = &c
	value := sts.EncodeAnnotation(c)
	b.annotations[sts.CanaryAnnotation] = &value
	return b
}

func (b *patch) restart(r sts.Restart) *patch {
	value := sts.EncodeAnnotation(r)
	b.annotations[sts.RestartAnnotation] = &value
	return b
}

// park records the number of replicas of a set that is scaled to 0.
func (b *patch) park(replicas int32) *patch {
	value := strconv.Itoa(int(replicas))
	b.annotations[sts.ParkedAnnotation] = &value
	return b
}

// retention sets what a scale-down does with claims.
func (b *patch) retention(to string) *patch {
	const path = "/spec/persistentVolumeClaimRetentionPolicy/whenScaled"
	b.spec = append(b.spec, op("test", path, b.set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled), op("replace", path, to))
	b.p.WhenScaled = to
	return b
}

func (b *patch) drain(d sts.Drain) *patch {
	value := sts.EncodeAnnotation(d)
	b.annotations[sts.DrainAnnotation] = &value
	return b
}

func (b *patch) owner(o sts.Owner) *patch {
	value := sts.EncodeAnnotation(o)
	b.annotations[sts.OwnerAnnotation] = &value
	return b
}

func (b *patch) drop(keys ...string) *patch {
	for _, k := range keys {
		b.annotations[k] = nil
	}
	return b
}

// Ended says whether the set shows that this patch, which ends an operation, was
// carried out: the records that it removes are gone and the partition has its new
// value. It is used when the server's answer to the patch was lost.
func (p *PatchSet) Ended(set *appsv1.StatefulSet) bool {
	for _, o := range p.Ops {
		key, isAnnotation := o.annotation()
		if _, left := set.Annotations[key]; isAnnotation && o.Op == "remove" && left {
			return false
		}
	}
	return p.Partition == nil || p.Partition.To == sts.Partition(set)
}

// ChangesSpec says whether more than our own annotations change.
func (p *PatchSet) ChangesSpec() bool {
	return p.Partition != nil || p.template != nil || p.WhenScaled != ""
}

// ChangesTemplate says whether pods are created from another template afterwards.
func (p *PatchSet) ChangesTemplate() bool { return p.template != nil }

// annotation is the key of the one annotation that the operation is about.
func (o PatchOp) annotation() (key string, ok bool) {
	escaped, ok := strings.CutPrefix(o.Path, "/metadata/annotations/")
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(escaped), ok // RFC 6901
}

// disown removes our entries from managedFields, once no annotation of ours is on the
// set: a later server-side apply (Helm 4, GitOps) of another value would conflict with
// us, even weeks later. Nil when there are none.
func disown(set *appsv1.StatefulSet) *Action {
	b := newPatch(set)
	if b.spec = disownOps(set); len(b.spec) == 0 {
		return nil
	}
	a := b.action("", stepRemoveManagedFields())
	return &a
}

// disownOps removes our entries, the last first, so that the indexes of the others hold.
func disownOps(o metav1.Object) []PatchOp {
	var ops []PatchOp
	for i, e := range slices.Backward(o.GetManagedFields()) {
		if e.Manager != sts.FieldManager || !slices.Contains([]string{"", "scale", "status"}, e.Subresource) {
			continue
		}
		path := fmt.Sprintf("/metadata/managedFields/%d", i)
		ops = append(ops, op("test", path+"/manager", sts.FieldManager), PatchOp{Op: "remove", Path: path})
	}
	return ops
}

// action renders the patch. The generation is tested, not the resourceVersion, which
// every status update changes.
func (b *patch) action(event, why string) Action {
	b.p.Event = event
	ops := []PatchOp{
		op("test", "/metadata/uid", b.set.UID),
		op("test", "/metadata/generation", b.set.Generation),
	}
	adds := slices.ContainsFunc(slices.Collect(maps.Values(b.annotations)), func(v *string) bool { return v != nil })
	if adds && len(b.set.Annotations) == 0 {
		ops = append(ops, op("test", "/metadata/annotations", nil), op("add", "/metadata/annotations", map[string]string{}))
	}
	for _, k := range slices.Sorted(maps.Keys(b.annotations)) {
		path := "/metadata/annotations/" + escapePointer(k)
		want := b.annotations[k]
		have, exists := b.set.Annotations[k]
		switch {
		case exists && want == nil:
			ops = append(ops, op("test", path, have), PatchOp{Op: "remove", Path: path})
		case exists:
			ops = append(ops, op("test", path, have), op("replace", path, *want))
		case want != nil:
			ops = append(ops, op("test", path, nil), op("add", path, *want))
		}
	}
	b.p.Ops = slices.Concat(ops, b.spec)
	return Action{Why: why, PatchSet: &b.p}
}

func op(verb, path string, value any) PatchOp {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("patch value for %s: %v", path, err)) // strings, numbers and our own types
	}
	return PatchOp{Op: verb, Path: path, Value: raw}
}

// escapePointer writes a key as a JSON pointer segment (RFC 6901).
func escapePointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// containerRef is where a container is in the pod template.
type containerRef struct {
	path, name, image string
}

func containers(set *appsv1.StatefulSet) []containerRef {
	var out []containerRef
	spec := &set.Spec.Template.Spec
	for i, c := range spec.Containers {
		out = append(out, containerRef{fmt.Sprintf("/spec/template/spec/containers/%d", i), c.Name, c.Image})
	}
	for i, c := range spec.InitContainers {
		out = append(out, containerRef{fmt.Sprintf("/spec/template/spec/initContainers/%d", i), c.Name, c.Image})
	}
	return out
}
