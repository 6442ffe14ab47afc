package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// TemplateOf is the pod template that the set would get from a manifest, as the API server would
// store it with its defaults, but without the changes of mutating admission; nothing is written. It
// also lists the other fields that the manifest would change. Fields that are not in the manifest
// stay unchanged.
func (c *Client) TemplateOf(ctx context.Context, live *appsv1.StatefulSet, manifest []byte) (template json.RawMessage, others []string, err error) {
	want, next, err := merge(live, manifest)
	if err != nil {
		return nil, nil, err
	}
	before, err := fields(live.Spec)
	if err != nil {
		return nil, nil, err
	}
	next.ResourceVersion = "" // nothing is written, so a changed status is no conflict
	stored, err := c.kube.AppsV1().StatefulSets(live.Namespace).Update(ctx, next, metav1.UpdateOptions{
		DryRun: []string{metav1.DryRunAll}, FieldManager: sts.FieldManager, FieldValidation: metav1.FieldValidationStrict,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("manifest of statefulset/%s: %w", live.Name, err)
	}
	spec := stored.Spec
	if alteration := sts.Altered(live, next, stored); alteration != nil {
		if spec, err = alteration.ExpectedSpec(); err != nil {
			return nil, nil, fmt.Errorf("manifest of statefulset/%s: %w", live.Name, err)
		}
	}
	after, err := fields(spec)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if name != "template" && !sameJSON(before[name], after[name]) {
			others = append(others, "spec."+name)
		}
	}
	others = append(others, differing("metadata.labels", want.Metadata.Labels, live.Labels)...)
	others = append(others, differing("metadata.annotations", want.Metadata.Annotations, live.Annotations)...)
	return after["template"], others, nil
}

// Invalid is why the API server would reject this version of a set, empty if it would not: nothing is written.
// Without permission to update the set it is not known, and neither is what admission rejects.
func (c *Client) Invalid(ctx context.Context, set *appsv1.StatefulSet) (string, error) {
	next := set.DeepCopy()
	next.ResourceVersion = "" // a changed status is no conflict
	_, err := c.kube.AppsV1().StatefulSets(set.Namespace).Update(ctx, next, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: sts.FieldManager})
	switch {
	case apierrors.IsInvalid(err):
		return operate.ReadObjection(err).Message, nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case apierrors.IsForbidden(err):
		return "", nil
	}
	return "", err
}

// manifestFields are the fields of a set in a manifest.
type manifestFields struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec map[string]json.RawMessage `json:"spec"`
}

// Merged is the set with the fields of the spec from the manifest, before the API server's defaults.
// Fields that are not in the manifest stay unchanged.
func Merged(live *appsv1.StatefulSet, manifest []byte) (*appsv1.StatefulSet, error) {
	_, next, err := merge(live, manifest)
	return next, err
}

func merge(live *appsv1.StatefulSet, manifest []byte) (want manifestFields, next *appsv1.StatefulSet, err error) {
	if err := kjson.Unmarshal(manifest, &want); err != nil { // case-sensitive, as the API server reads
		return want, nil, fmt.Errorf("read the manifest: %w", err)
	}
	if want.Spec["template"] == nil {
		return want, nil, errors.New(msgNoTemplate(live.Name))
	}
	merged, err := fields(live.Spec)
	if err != nil {
		return want, nil, err
	}
	maps.Copy(merged, want.Spec)
	raw, err := json.Marshal(merged)
	if err != nil {
		return want, nil, err
	}
	next = live.DeepCopy()
	next.Spec = appsv1.StatefulSetSpec{}
	if err := kjson.Unmarshal(raw, &next.Spec); err != nil {
		return want, nil, fmt.Errorf("manifest of statefulset/%s: %w", live.Name, err)
	}
	return want, next, nil
}

func fields(spec appsv1.StatefulSetSpec) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	err = json.Unmarshal(raw, &out)
	return out, err
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func differing(field string, want, have map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if v, ok := have[k]; !ok || v != want[k] {
			out = append(out, field+"["+k+"]")
		}
	}
	return out
}
