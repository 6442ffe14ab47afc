package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// question reads the StatefulSet, and says what to predict.
func (o *planOptions) question(ctx context.Context, c *common) (*sts.Snapshot, forecast.Question, error) {
	q := forecast.Question{From: forecast.Live, Delete: o.delete, LoseNode: o.loseNode, Assumptions: o.assumed, Domain: o.domain}
	read := o.live
	if len(o.files) > 0 {
		q.From, read = forecast.Manifest, o.offline
	}
	s, err := read(ctx, c)
	if err != nil {
		return nil, q, err
	}
	q.Features.KubernetesMinor = o.assumed.Features.KubernetesMinor
	if err := requirePredictable(s.Set, q.From); err != nil {
		return nil, q, err
	}
	o.gates(s, &q)
	if problem := strictRefusal(s); problem != "" {
		q.Notes = append(q.Notes, forecast.ForecastNote{Reason: forecast.NoteUnknownField, Message: msgWithoutStrictValidation(problem)})
	}
	if !o.changes() {
		if err := o.requireNode(s, q); err != nil {
			return nil, q, err
		}
		err := o.requireRecreate(s, &q)
		return s, q, err
	}
	if q.Set, err = o.changed(ctx, c, s, &q); err != nil {
		return nil, q, err
	}
	if err := o.requireMutable(s.Set, q.Set); err != nil {
		return nil, q, err
	}
	if err := o.requireRecreate(s, &q); err != nil {
		return nil, q, err
	}
	return s, q, requirePredictable(q.Set, q.From)
}

// recreateGate is the feature gate of the update strategy Recreate.
const recreateGate = "StatefulSetRecreateStrategy"

// requireRecreate refuses the update strategy Recreate if the API server does not have it, and
// notes if that is not certain.
func (o *planOptions) requireRecreate(s *sts.Snapshot, q *forecast.Question) error {
	after := cmp.Or(q.Set, s.Set)
	switch minor := q.Features.KubernetesMinor; {
	case !sts.IsRecreate(after), q.From == forecast.Live && sts.IsRecreate(s.Set):
	case minor > 0 && minor < 37:
		return refused(reasonInvalid, msgServerRejectsRecreate(after.Name), nil)
	case minor < 38:
		q.Notes = append(q.Notes, forecast.ForecastNote{Reason: forecast.NoteAssumedGate, Message: msgRecreateGateAssumed(recreateGate)})
	}
	return nil
}

// strictRefusal is the error of the API server for misspelled fields in kubectl apply, empty if there
// are none.
func strictRefusal(s *sts.Snapshot) string {
	var objects []string
	fields := map[string][]string{}
	for _, p := range s.Misspelled() {
		object := "statefulset/" + s.Set.Name
		if _, isSet := p.Object.(*appsv1.StatefulSet); !isSet {
			object = "service " + p.Object.GetName()
		}
		if fields[object] == nil {
			objects = append(objects, object)
		}
		fields[object] = append(fields[object], p.Refusal())
	}
	for i, object := range objects {
		objects[i] = msgServerRejectsFields(object, fields[object])
	}
	return strings.Join(objects, "; ")
}

// maxPlanReplicas is the number of replicas up to which a prediction takes a reasonable time.
const maxPlanReplicas = 2000

// requirePredictable refuses a set that the API server would reject, or that is too large.
func requirePredictable(set *appsv1.StatefulSet, from forecast.Source) error {
	if problems := sts.Objections(set); from == forecast.Manifest && len(problems) > 0 {
		return refused(reasonInvalid, msgServerRejects(set.Name, problems), nil)
	}
	if n := sts.DesiredReplicas(set); n > maxPlanReplicas {
		return usagef("statefulset/%s has %d replicas, more than the maximum of %d", set.Name, n, maxPlanReplicas)
	}
	return checkRange(set)
}

// live reads the set from the cluster: what status reads, and the set's revisions.
func (o *planOptions) live(ctx context.Context, c *common) (*sts.Snapshot, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	inv, err := client.Read(ctx, kube.Query{Namespace: o.namespace, Names: []string{o.name}, Revisions: true, SchedulingGrace: o.schedulingGrace})
	if err != nil {
		return nil, err
	}
	if v, err := client.Version(ctx); err == nil { // its rules apply; if unknown, those of older versions
		o.assumed.Features.KubernetesMinor, _ = strconv.Atoi(strings.TrimRight(v.Minor, "+"))
	}
	needed := []string{"pods", "controllerrevisions"}
	if len(inv.Sets[0].Spec.VolumeClaimTemplates) > 0 {
		needed = append(needed, "persistentvolumeclaims")
	}
	for _, m := range inv.Missing {
		if slices.Contains(needed, m.Resource) {
			return nil, errors.New(msgPlanUnreadable(o.name, m.Resource, m.Reason))
		}
	}
	return inv.Snapshots()[0], nil
}

// offline reads the set from manifests.
func (o *planOptions) offline(ctx context.Context, c *common) (*sts.Snapshot, error) {
	inv, err := c.readManifests(ctx, o.files, o.namespace)
	if err != nil {
		return nil, err
	}
	var have []string
	inv.Sets = slices.DeleteFunc(inv.Sets, func(s *appsv1.StatefulSet) bool {
		have = append(have, s.Name)
		return o.name != "" && s.Name != o.name
	})
	switch {
	case len(inv.Sets) == 0:
		return nil, usagef("--filename %s: StatefulSet %s not found, only %s", strings.Join(o.files, ","), o.name, strings.Join(have, ", "))
	case len(inv.Sets) > 1 && inv.Sets[0].Name == inv.Sets[1].Name && inv.Sets[0].Namespace != inv.Sets[1].Namespace:
		return nil, usagef("--filename %s: StatefulSet %s is in namespaces %s and %s: set --namespace",
			strings.Join(o.files, ","), inv.Sets[0].Name, inv.Sets[0].Namespace, inv.Sets[1].Namespace)
	case len(slices.Compact(slices.Sorted(slices.Values(have)))) < len(have) && len(inv.Sets) > 1:
		return nil, usagef("--filename %s: StatefulSet %s is defined more than once", strings.Join(o.files, ","), inv.Sets[0].Name)
	case len(inv.Sets) > 1:
		return nil, usagef("--filename %s contains several StatefulSets, name one of %s", strings.Join(o.files, ","), strings.Join(have, ", "))
	}
	s := inv.Snapshots()[0]
	s.Set = sts.Defaulted(s.Set)
	return s, nil
}

// gates sets what is assumed about the feature gate MaxUnavailableStatefulSet. An API server that has
// it on sets maxUnavailable where it is missing; one that has it off drops it.
func (o *planOptions) gates(s *sts.Snapshot, q *forecast.Question) {
	note := func(message string) {
		q.Notes = append(q.Notes, forecast.ForecastNote{Reason: forecast.NoteAssumedGate, Message: message})
	}
	ru := s.Set.Spec.UpdateStrategy.RollingUpdate
	set := ru != nil && ru.MaxUnavailable != nil
	switch {
	case o.gate != nil:
		q.Features.MaxUnavailable = *o.gate
	case q.From == forecast.Live:
		// Without spec.updateStrategy.rollingUpdate there is no default for it.
		q.Features.MaxUnavailable = set || ru == nil && q.Features.KubernetesMinor >= 37
	case set || o.maxUnavailable != nil:
		note(msgMaxUnavailableGateAssumed(maxUnavailableGate))
	}
	if q.From == forecast.Live && o.maxUnavailable != nil && !q.Features.MaxUnavailable {
		note(msgMaxUnavailableGateOff(maxUnavailableGate))
	}
}

// changed is the set after the change.
func (o *planOptions) changed(ctx context.Context, c *common, s *sts.Snapshot, q *forecast.Question) (*appsv1.StatefulSet, error) {
	set := s.Set.DeepCopy()
	if o.newFile != "" {
		var err error
		if set, err = o.replaced(ctx, c, s, q); err != nil {
			return nil, err
		}
	}
	if o.changesTemplate() {
		intent, err := o.template.intent(ctx, c.env)
		if err != nil {
			return nil, err
		}
		if o.template.restart {
			intent.RestartAt = s.TakenAt.UTC().Format(time.RFC3339)
		}
		template, d := intent.NewTemplate(&sts.Snapshot{Set: set})
		if d != nil {
			return nil, &outcomeError{Decision: *d}
		}
		set.Spec.Template = *template
	}
	if o.replicas != nil {
		set.Spec.Replicas = o.replicas
	}
	if o.partition == nil && o.maxUnavailable == nil {
		return set, nil
	}
	if !sts.IsRollingUpdate(set) {
		return nil, usagef("statefulset/%s has the update strategy %s: --partition and --max-unavailable require RollingUpdate", set.Name, set.Spec.UpdateStrategy.Type)
	}
	ru := appsv1.RollingUpdateStatefulSetStrategy{}
	if before := set.Spec.UpdateStrategy.RollingUpdate; before != nil {
		ru = *before
	}
	if o.partition != nil {
		ru.Partition = o.partition
	}
	if o.maxUnavailable != nil && (q.From == forecast.Manifest || q.Features.MaxUnavailable) {
		ru.MaxUnavailable = o.maxUnavailable
	}
	if ru != (appsv1.RollingUpdateStatefulSetStrategy{}) {
		set.Spec.UpdateStrategy.RollingUpdate = &ru
	}
	return set, nil
}

// replaced is the set as the new manifest makes it.
func (o *planOptions) replaced(ctx context.Context, c *common, s *sts.Snapshot, q *forecast.Question) (*appsv1.StatefulSet, error) {
	source := startOptions{manifest: o.newFile, manifestFlag: "--new-file"}
	manifest, err := source.readManifest(ctx, c.env, s.Set.Namespace, []string{s.Set.Name})
	if err != nil {
		return nil, err
	}
	set := &appsv1.StatefulSet{}
	if q.From == forecast.Manifest {
		if _, err := sts.DecodeObject(manifest, set); err != nil {
			return nil, usagef("--new-file %s: %s", o.newFile, err)
		}
		set.Namespace = s.Set.Namespace
		q.Notes = append(q.Notes, forecast.ForecastNote{Reason: forecast.NoteDefaults,
			Message: msgManifestsComparedAsWritten()})
		return sts.Defaulted(set), nil
	}
	raw, err := applied(s.Set, manifest)
	if err != nil {
		return nil, usagef("--new-file %s: %s", o.newFile, err)
	}
	if s.Set.Annotations[lastApplied] == "" {
		q.Notes = append(q.Notes, forecast.ForecastNote{Reason: forecast.NoteDefaults,
			Message: msgNoLastApplied(lastApplied)})
	}
	return set, json.Unmarshal(raw, set)
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// applied is the live set after kubectl apply of the manifest: fields that were applied before and
// are missing now are removed, defaults of the API server stay.
func applied(live *appsv1.StatefulSet, manifest []byte) ([]byte, error) {
	schema, err := strategicpatch.NewPatchMetaFromStruct(appsv1.StatefulSet{})
	if err != nil {
		return nil, err
	}
	current, err := json.Marshal(live)
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch([]byte(live.Annotations[lastApplied]), manifest, current, schema, true)
	if err != nil {
		return nil, err
	}
	return strategicpatch.StrategicMergePatch(current, patch, appsv1.StatefulSet{})
}

// requireMutable refuses a change that the API server would reject.
func (o *planOptions) requireMutable(before, after *appsv1.StatefulSet) error {
	if before.DeletionTimestamp != nil {
		return refused(operate.ReasonDeleting, msgSetTerminating(before.Name), nil)
	}
	preview := sts.Kubectl(before.Namespace, "sts plan", before.Name, "--delete", "--cascade=orphan")
	if len(o.files) > 0 {
		preview = sts.Kubectl("", "sts plan", before.Name, "-f", strings.Join(o.files, ","), "--delete", "--cascade=orphan")
	}
	return immutable(before, after, preview)
}

// immutable refuses a change of immutable fields. preview is the command that predicts the deletion
// of the set without its pods.
func immutable(before, after *appsv1.StatefulSet, preview sts.Hint) error {
	fields := sts.ChangesForbidden(before, after)
	if len(fields) == 0 {
		return nil
	}
	return refused(reasonImmutable, msgFieldsImmutable(before.Name, fields, sts.Mutable), hintFieldsImmutable(preview))
}

// immutableForServer is the refusal if a server has more immutable fields than this program knows;
// nil for every other error. Kubernetes names the fields as of 1.37; before, it names the spec and
// the fields that can be changed.
func immutableForServer(err error, set *appsv1.StatefulSet, preview sts.Hint) error {
	var status apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var fields, texts []string
	for _, c := range status.Status().Details.Causes {
		says := strings.Contains(c.Message, "field is immutable") || strings.Contains(c.Message, "for fields other than")
		if says && strings.HasPrefix(c.Field, "spec") && !strings.HasPrefix(c.Field, "spec.template") {
			fields, texts = append(fields, c.Field), append(texts, c.Field+": "+c.Message)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return refused(reasonImmutable, msgFieldsImmutableForServer(set.Name, fields, texts), hintFieldsImmutable(preview))
}

func refused(reason, message string, hint sts.Hint) error {
	return &outcomeError{Decision: operate.Decision{Verdict: operate.Refused, Reason: reason, Hint: hint, Message: message}}
}

// requireNode refuses a node without pods of the set. The pods of a manifest run on one node each.
func (o *planOptions) requireNode(s *sts.Snapshot, q forecast.Question) error {
	if o.loseNode == "" {
		return nil
	}
	nodes := map[string]bool{}
	for _, p := range s.Pods {
		nodes[p.Spec.NodeName] = true
	}
	hint := ""
	if q.From == forecast.Manifest {
		hint = fmt.Sprintf("; each is taken to run on a node of its own: %s …", forecast.NodeOf(sts.Start(s.Set)))
		for ordinal := sts.Start(s.Set); ordinal < sts.End(s.Set); ordinal++ {
			nodes[forecast.NodeOf(ordinal)] = true
		}
	}
	if !nodes[o.loseNode] {
		return usagef("--lose-node=%s: no pod of statefulset/%s runs there%s", o.loseNode, s.Set.Name, hint)
	}
	return nil
}

// Reasons for which the API server would reject a change.
const (
	reasonImmutable = "FieldImmutable"
	reasonInvalid   = "Invalid"
)
