package operate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// PatchSet changes the StatefulSet with one JSON patch (RFC 6902), which is in [PatchSet.Ops]; the
// other fields describe it.
type PatchSet struct {
	Description string `json:"-"`
	// Event is the reason of the Event that is recorded on the set; absent if there is none.
	Event string `json:"event,omitempty"`
	// Partition is the change of the partition.
	Partition *PartitionChange `json:"partition,omitempty"`
	// Images are the changes of images.
	Images []ImageChange `json:"images,omitempty"`
	// RestoreRevision is the revision whose template is restored.
	RestoreRevision string `json:"restoreRevision,omitempty"`
	// TemplateReplaced is true if the whole pod template is replaced.
	TemplateReplaced bool `json:"templateReplaced,omitempty"`
	// WhenScaled is the new value of `persistentVolumeClaimRetentionPolicy.whenScaled`.
	WhenScaled string         `json:"whenScaled,omitempty"`
	Canary     *record.Canary `json:"-"`
	// Ops are the JSON patch as it is sent, `test` operations included.
	Ops []PatchOp `json:"ops"`
	// TookOver is the lock of another command that the patch replaces by that of this one.
	TookOver *record.Owner `json:"-"`
	// lockOnly: it writes nothing else.
	lockOnly bool
	// AcceptAdmission: changes that mutating admission makes to the template are part of the update.
	AcceptAdmission bool `json:"-"`
	// template is what the pod template becomes, nil when it stays.
	template *corev1.PodTemplateSpec
}

func (*PatchSet) isSetAction() {}

// Type implements [SetAction].
func (*PatchSet) Type() string { return "PatchSet" }

// Describe implements [SetAction].
func (p *PatchSet) Describe() string { return p.Description }

// IsAPIWrite implements [SetAction].
func (*PatchSet) IsAPIWrite() bool { return true }

// Disrupts implements [SetAction]. A patch of our own annotations removes no pod.
func (p *PatchSet) Disrupts() bool {
	return slices.ContainsFunc(p.Ops, func(o PatchOp) bool { return strings.HasPrefix(o.Path, "/spec/") && o.Op != "test" })
}

// Endangers implements [SetAction].
func (p *PatchSet) Endangers(s *sts.Snapshot) []sts.Replica {
	switch {
	case sts.StrategyOf(s.Set).ReplacesAllAtOnce() && p.template != nil:
		return endangered(s, func(r sts.Replica) bool { return r.Revision != p.RestoreRevision })
	case sts.StrategyOf(s.Set).HasPartition():
		return endangered(s, p.replaces(s))
	}
	return nil
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

func (p *PatchSet) after(f Facts) Facts {
	f.Wrote = f.Wrote || !p.lockOnly
	if p.TookOver != nil {
		f.TookOver = p.TookOver
	}
	if p.RestoreRevision != "" {
		f.Restored++
	}
	return f
}

func (p *PatchSet) simulate(w *preview) error {
	set, err := Patched(w.Set, p.Ops)
	if err != nil {
		return err
	}
	altered := w.stored != nil && p.AcceptAdmission && p.ChangesTemplate()
	if altered {
		set.Spec.Template = *w.stored
	}
	if !equality.Semantic.DeepEqual(set.Spec, w.Set.Spec) {
		set.Generation++
	}
	if w.Set = set; !altered {
		w.recall(p.RestoreRevision)
	}
	return nil
}

func (*PatchSet) refusal(o *Objection, namespace, set string) *Decision {
	d := o.RefuseWrite(namespace, "patch", set)
	return &d
}

// PartitionChange is a change of the partition, as offsets and as ordinals: pods at or above that ordinal get
// the update revision.
type PartitionChange struct {
	// From is the partition before, an offset.
	From int32 `json:"from"`
	// To is the partition after, an offset.
	To int32 `json:"to"`
	// FromOrdinal is the partition before, as an ordinal: the lowest one that gets the update revision.
	FromOrdinal sts.Ordinal `json:"fromOrdinal"`
	// ToOrdinal is the partition after, as an ordinal.
	ToOrdinal sts.Ordinal `json:"toOrdinal"`
}

// ImageChange sets one container's image.
type ImageChange struct {
	// Container is the name of the container.
	Container string `json:"container"`
	// From is its image before.
	From string `json:"from"`
	// To is its image after.
	To string `json:"to"`
}

// PatchOp is one operation of a JSON patch (RFC 6902).
type PatchOp struct {
	// Op is `test`, `add`, `replace` or `remove` (RFC 6902).
	Op string `json:"op"`
	// Path is a JSON pointer.
	Path string `json:"path"`
	// Value is absent with `remove`.
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
		b.spec = append(b.spec, Op("test", path, nil), Op("add", path, map[string]int32{"partition": to}))
	case ru.Partition == nil:
		b.spec = append(b.spec, Op("test", path+"/partition", nil), Op("add", path+"/partition", to))
	default:
		b.spec = append(b.spec, Op("test", path+"/partition", from), Op("replace", path+"/partition", to))
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
	b.spec = append(b.spec, Op("test", c.path+"/name", c.name),
		Op("test", c.path+"/image", c.image), Op("replace", c.path+"/image", to))
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
func (b *patch) canary(c record.Canary) *patch {
	if len(b.spec) > 0 {
		return b.record(c, b.set.Generation+1)
	}
	return b.record(c, b.set.Generation)
}

func (b *patch) record(c record.Canary, generation int64) *patch {
	c.Generation = generation
	b.p.Canary = &c
	value := sts.EncodeAnnotation(c)
	b.annotations[record.CanaryAnnotation] = &value
	return b
}

func (b *patch) restart(r record.Restart) *patch {
	value := sts.EncodeAnnotation(r)
	b.annotations[record.RestartAnnotation] = &value
	return b
}

// recover writes the record of recoveries, or removes an empty one.
func (b *patch) recover(r record.Recover) *patch {
	if r.Recovery == nil && len(r.Taints) == 0 {
		return b.drop(record.RecoverAnnotation)
	}
	value := sts.EncodeAnnotation(r)
	b.annotations[record.RecoverAnnotation] = &value
	return b
}

// park records the number of replicas of a set that is scaled to 0.
func (b *patch) park(replicas int32) *patch {
	value := strconv.Itoa(int(replicas))
	b.annotations[record.ParkedAnnotation] = &value
	return b
}

// retention sets what a scale-down does with claims.
func (b *patch) retention(to string) *patch {
	const path = "/spec/persistentVolumeClaimRetentionPolicy/whenScaled"
	b.spec = append(b.spec, Op("test", path, b.set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled), Op("replace", path, to))
	b.p.WhenScaled = to
	return b
}

func (b *patch) drain(d record.Drain) *patch {
	value := sts.EncodeAnnotation(d)
	b.annotations[record.DrainAnnotation] = &value
	return b
}

func (b *patch) owner(o record.Owner) *patch {
	value := sts.EncodeAnnotation(o)
	b.annotations[record.OwnerAnnotation] = &value
	if other, err := record.ReadOwner(b.set); err == nil && other != nil && other.ID != o.ID {
		b.p.TookOver = other
	}
	return b
}

func (b *patch) drop(keys ...string) *patch {
	for _, k := range keys {
		b.annotations[k] = nil
	}
	return b
}

// CarriedOut says whether the set shows that this patch, which ends an operation or only takes a lock,
// was carried out: the records that it removes are gone, the lock is the new one, and the partition has
// its new value. It is used when the server's answer to the patch was lost.
func (p *PatchSet) CarriedOut(set *appsv1.StatefulSet) bool {
	for _, o := range p.Ops {
		key, isAnnotation := o.annotation()
		if !isAnnotation {
			continue
		}
		var value string
		stored, exists := set.Annotations[key]
		switch {
		case o.Op == "remove" && exists:
			return false
		case p.lockOnly && (o.Op == "add" || o.Op == "replace") && (json.Unmarshal(o.Value, &value) != nil || value != stored):
			return false
		}
	}
	return p.Partition == nil || p.Partition.To == sts.Partition(set)
}

// ChangesSpec says whether more than our own annotations change.
func (p *PatchSet) ChangesSpec() bool {
	return p.Partition != nil || p.template != nil || p.WhenScaled != ""
}

// LockOnly says whether the patch only takes the lock from another command.
func (p *PatchSet) LockOnly() bool { return p.lockOnly }

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
func disown(set *appsv1.StatefulSet) *PatchSet {
	b := newPatch(set)
	if b.spec = DisownOps(set); len(b.spec) == 0 {
		return nil
	}
	return b.action("", stepRemoveManagedFields())
}

// DisownOps removes our entries, the last first, so that the indexes of the others hold.
func DisownOps(o metav1.Object) []PatchOp {
	var ops []PatchOp
	for i, e := range slices.Backward(o.GetManagedFields()) {
		if e.Manager != sts.FieldManager || !slices.Contains([]string{"", "scale", "status"}, e.Subresource) {
			continue
		}
		path := fmt.Sprintf("/metadata/managedFields/%d", i)
		ops = append(ops, Op("test", path+"/manager", sts.FieldManager), PatchOp{Op: "remove", Path: path})
	}
	return ops
}

// action renders the patch. The generation is tested, not the resourceVersion, which
// every status update changes.
func (b *patch) action(event, why string) *PatchSet {
	b.p.Event, b.p.Description = event, why
	ops := []PatchOp{
		Op("test", "/metadata/uid", b.set.UID),
		Op("test", "/metadata/generation", b.set.Generation),
	}
	adds := slices.ContainsFunc(slices.Collect(maps.Values(b.annotations)), func(v *string) bool { return v != nil })
	if adds && len(b.set.Annotations) == 0 {
		ops = append(ops, Op("test", "/metadata/annotations", nil), Op("add", "/metadata/annotations", map[string]string{}))
	}
	for _, k := range slices.Sorted(maps.Keys(b.annotations)) {
		path := "/metadata/annotations/" + EscapePointer(k)
		want := b.annotations[k]
		have, exists := b.set.Annotations[k]
		switch {
		case exists && want == nil:
			ops = append(ops, Op("test", path, have), PatchOp{Op: "remove", Path: path})
		case exists:
			ops = append(ops, Op("test", path, have), Op("replace", path, *want))
		case want != nil:
			ops = append(ops, Op("test", path, nil), Op("add", path, *want))
		}
	}
	b.p.Ops = slices.Concat(ops, b.spec)
	return &b.p
}

// Op is an operation with a value.
func Op(verb, path string, value any) PatchOp {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("patch value for %s: %v", path, err)) // strings, numbers and our own types
	}
	return PatchOp{Op: verb, Path: path, Value: raw}
}

// EscapePointer writes a key as a JSON pointer segment (RFC 6901).
func EscapePointer(key string) string {
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
