package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// question reads the StatefulSet, and says what to predict.
func (o *planOptions) question(ctx context.Context, c *common) (*sts.Snapshot, forecast.Question, error) {
	q := forecast.Question{From: forecast.Live, Delete: o.delete, LoseNode: o.loseNode, Assumptions: o.assumed, Domain: o.domain}
	read := o.live
	if o.manifests.given() {
		q.From, read = forecast.Manifest, o.offline
	}
	s, err := read(ctx, c)
	if err != nil {
		return nil, q, err
	}
	if len(o.quotas) > 0 {
		q.Notes = append(q.Notes, forecast.ForecastNote{Reason: forecast.NoteQuota, Message: msgQuotasIgnored(o.quotas)})
	}
	q.Features.KubernetesMinor = o.assumed.Features.KubernetesMinor
	var accepted *appsv1.StatefulSet
	if q.From == forecast.Live {
		accepted = s.Set
	}
	if err := requirePredictable(s.Set, accepted); err != nil {
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
	if err := requirePredictable(q.Set, accepted); err != nil {
		return nil, q, err
	}
	if q.From == forecast.Live && o.newFile != "" {
		problem, err := o.client.Invalid(ctx, q.Set)
		if err != nil {
			return nil, q, err
		}
		if problem != "" {
			return nil, q, refused(reasonInvalid, msgServerRejects(q.Set.Name, []string{problem}), nil)
		}
	}
	return s, q, nil
}

// live reads the set from the cluster: what status reads, and the set's revisions.
func (o *planOptions) live(ctx context.Context, c *common) (*sts.Snapshot, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	o.client = client
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
	if o.delete == "" {
		if err := o.readQuotas(ctx, client, inv); err != nil {
			return nil, err
		}
	}
	return inv.Snapshots()[0], nil
}

// readQuotas reads which quotas there are, which are not considered. A failure is a note, as for what
// else is optional.
func (o *planOptions) readQuotas(ctx context.Context, client *kube.Client, inv *sts.Inventory) error {
	quotas, missing, err := client.Quotas(ctx, o.namespace)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		missing = []sts.Missing{{Resource: "resourcequotas", Reason: err.Error()}}
	}
	inv.Missing = append(inv.Missing, missing...)
	for _, q := range quotas {
		o.quotas = append(o.quotas, q.Name)
	}
	return nil
}

// offline reads the set from manifests.
func (o *planOptions) offline(ctx context.Context, c *common) (*sts.Snapshot, error) {
	inv, err := c.readManifests(ctx, &o.manifests, o.namespace)
	if err != nil {
		return nil, err
	}
	var have []string
	inv.Sets = slices.DeleteFunc(inv.Sets, func(s *appsv1.StatefulSet) bool {
		have = append(have, s.Name)
		return o.name != "" && s.Name != o.name
	})
	if err := definedTwice(&o.manifests, inv.Sets); err != nil {
		return nil, err
	}
	switch {
	case len(inv.Sets) == 0:
		return nil, usagef("%s: StatefulSet %s not found, only %s", &o.manifests, o.name, strings.Join(have, ", "))
	case len(inv.Sets) > 1 && inv.Sets[0].Name == inv.Sets[1].Name && inv.Sets[0].Namespace != inv.Sets[1].Namespace:
		return nil, usagef("%s: StatefulSet %s is in namespaces %s and %s: set --namespace",
			&o.manifests, inv.Sets[0].Name, inv.Sets[0].Namespace, inv.Sets[1].Namespace)
	case len(inv.Sets) > 1:
		return nil, usagef("%s contains several StatefulSets, name one of %s", &o.manifests, strings.Join(have, ", "))
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
