package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// requireRecreate refuses the update strategy Recreate if the API server does not have it, and
// notes if that is not certain.
func (o *planOptions) requireRecreate(s *sts.Snapshot, q *forecast.Question) error {
	after := cmp.Or(q.Set, s.Set)
	gate := sts.StrategyOf(after).Gate()
	switch minor := q.Features.KubernetesMinor; {
	case gate == "", q.From == forecast.Live && sts.StrategyOf(s.Set).Gate() == gate:
	case minor > 0 && minor < 37:
		return refused(reasonInvalid, msgServerRejectsRecreate(after.Name), nil)
	case minor < 38:
		q.Notes = append(q.Notes, forecast.ForecastNote{Reason: forecast.NoteAssumedGate, Message: msgRecreateGateAssumed(gate)})
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

// requirePredictable refuses a set that the API server would reject, or that is too large. What is wrong
// with accepted, too, is no reason: the API server has accepted that set. It may be nil.
func requirePredictable(set, accepted *appsv1.StatefulSet) error {
	var old []sts.Objection
	if accepted != nil {
		old = sts.Objections(accepted)
	}
	var problems []string
	for _, o := range sts.Objections(set) {
		if !slices.Contains(old, o) {
			problems = append(problems, o.String())
		}
	}
	if len(problems) > 0 {
		return refused(reasonInvalid, msgServerRejects(set.Name, problems), nil)
	}
	if n := sts.DesiredReplicas(set); n > maxPlanReplicas {
		return usagef("statefulset/%s has %d replicas, more than the maximum of %d", set.Name, n, maxPlanReplicas)
	}
	return names.CheckOrdinals(set)
}

// requireMutable refuses a change that the API server would reject.
func (o *planOptions) requireMutable(before, after *appsv1.StatefulSet) error {
	if before.DeletionTimestamp != nil {
		return refused(operate.ReasonDeleting, msgSetTerminating(before.Name), nil)
	}
	preview := sts.Kubectl(before.Namespace, "sts plan", before.Name, "--delete", "--cascade=orphan")
	if o.manifests.given() {
		preview = sts.Kubectl("", "sts plan", slices.Concat([]string{before.Name}, o.manifests.args(), []string{"--delete", "--cascade=orphan"})...)
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
	// reasonManifestChangesMore: the template is not all that a manifest changes.
	reasonManifestChangesMore = "ManifestChangesMore"
)
