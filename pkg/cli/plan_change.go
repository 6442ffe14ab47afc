package cli

import (
	"context"
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// changed is the set after the change.
func (o *planOptions) changed(ctx context.Context, c *common, s *sts.Snapshot, q *forecast.Question) (*appsv1.StatefulSet, error) {
	set := s.Set.DeepCopy()
	if o.newFile != "" {
		var err error
		if set, err = o.replaced(ctx, c, s, q); err != nil {
			return nil, err
		}
		if err := checkNewImages(s.Set, set); err != nil {
			return nil, usagef("--new-file %s: %s", o.newFile, err)
		}
	}
	if o.template.given() {
		options, err := o.template.toOptions(ctx, c.env)
		if err != nil {
			return nil, err
		}
		options.RestartAt = o.template.restartAt(s.TakenAt)
		template, d := options.NewTemplate(&sts.Snapshot{Set: set})
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
	if !sts.StrategyOf(set).HasPartition() {
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
	manifest, err := manifestFile{"--new-file", o.newFile}.read(ctx, c.env, s.Set.Namespace, []string{s.Set.Name})
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
	err = json.Unmarshal(raw, set)
	set.Namespace = s.Set.Namespace // a manifest need not have it
	return sts.Defaulted(set), err  // a list of claim templates is replaced as a whole, with its defaults
}

// checkNewImages checks the images that are new in a set.
func checkNewImages(before, after *appsv1.StatefulSet) error {
	var templates [2]json.RawMessage
	for i, set := range []*appsv1.StatefulSet{before, after} {
		raw, err := json.Marshal(set.Spec.Template)
		if err != nil {
			return err
		}
		templates[i] = raw
	}
	changes, err := sts.Changes(templates[0], templates[1])
	if err != nil {
		return err
	}
	return operate.CheckImages(changes)
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
