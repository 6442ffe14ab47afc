package sts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

const (
	ownsTemplate  = `{"f:spec":{"f:template":{"f:spec":{}}}}`
	ownsPartition = `{"f:spec":{"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}`
	ownsReplicas  = `{"f:spec":{"f:replicas":{}}}`
	ownsAll       = `{"f:spec":{"f:replicas":{},"f:template":{},"f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}}}}}`
	ownsLabels    = `{"f:metadata":{"f:labels":{}}}`
)

func entry(manager string, op metav1.ManagedFieldsOperationType, subresource, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, Operation: op, Subresource: subresource, FieldsV1: metav1.NewFieldsV1(fields)}
}

func TestManagers(t *testing.T) {
	const apply, update = metav1.ManagedFieldsOperationApply, metav1.ManagedFieldsOperationUpdate
	type m = metav1.ManagedFieldsEntry
	all := []sts.Field{sts.FieldTemplate, sts.FieldPartition, sts.FieldReplicas}
	tests := []struct {
		name        string
		annotations map[string]string
		labels      map[string]string
		managed     []m
		want        []sts.Manager // without hints
	}{
		{name: "no other manager"},
		{name: "Argo CD by its tracking-id", annotations: map[string]string{"argocd.argoproj.io/tracking-id": "shop:apps/StatefulSet:ns/web"},
			want: []sts.Manager{{Name: "Argo CD application shop", Evidence: "argocd.argoproj.io/tracking-id", Reverts: true}}},
		{name: "Argo CD by its mark and its server-side apply is one", labels: map[string]string{"argocd.argoproj.io/instance": "shop"},
			managed: []m{entry("argocd-controller", apply, "", ownsTemplate)},
			want: []sts.Manager{{Name: "Argo CD application shop", Evidence: "argocd.argoproj.io/instance", Reverts: true,
				Applies: []sts.Field{sts.FieldTemplate}}}},
		{name: "Argo CD by managedFields alone", managed: []m{entry("argocd-controller", update, "", ownsAll)},
			want: []sts.Manager{{Name: "Argo CD", Evidence: "field manager argocd-controller", Reverts: true}}},
		{name: "Flux by managedFields alone", managed: []m{entry("kustomize-controller", apply, "", ownsAll)},
			want: []sts.Manager{{Name: "Flux", Evidence: "field manager kustomize-controller", Reverts: true, Applies: all}}},
		{name: "a HelmRelease has Helm's mark too", labels: map[string]string{"helm.toolkit.fluxcd.io/name": "shop"},
			annotations: map[string]string{"meta.helm.sh/release-name": "shop"}, managed: []m{entry("helm-controller", apply, "", ownsTemplate)},
			want: []sts.Manager{{Name: "Flux HelmRelease shop", Evidence: "helm.toolkit.fluxcd.io/name", Applies: []sts.Field{sts.FieldTemplate}}}},
		{name: "Helm", annotations: map[string]string{"meta.helm.sh/release-name": "shop"}, managed: []m{entry("helm", apply, "", ownsAll)},
			want: []sts.Manager{{Name: "Helm release shop", Evidence: "meta.helm.sh/release-name", Applies: all}}},
		{name: "others who apply server-side", managed: []m{
			entry("kubectl", apply, "", ownsTemplate), entry("ci", apply, "", ownsPartition), entry("ci", apply, "scale", ownsReplicas)},
			want: []sts.Manager{
				{Name: "field manager ci", Evidence: "metadata.managedFields", Applies: []sts.Field{sts.FieldPartition, sts.FieldReplicas}},
				{Name: "field manager kubectl", Evidence: "metadata.managedFields", Applies: []sts.Field{sts.FieldTemplate}}}},
		{name: "what is no concern of ours", managed: []m{
			entry("kubectl-edit", update, "", ownsAll), entry("labeler", apply, "", ownsLabels), entry("controller", apply, "status", ownsAll),
			entry(sts.FieldManager, apply, "", ownsAll), entry("broken", apply, "", `{`)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := &appsv1.StatefulSet{}
			set.Annotations, set.Labels, set.ManagedFields = test.annotations, test.labels, test.managed
			got := sts.Managers(set)
			for i := range got {
				if len(got[i].Hint) == 0 {
					t.Errorf("%s has no hint", got[i].Name)
				}
				got[i].Hint = nil
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnOperatorsResourceIsNamedAsKubectlTakesIt(t *testing.T) {
	yes := true
	for apiVersion, kind := range map[string]string{
		"acid.zalan.do/v1": "postgresql.acid.zalan.do",
		"v1":               "postgresql",
	} {
		set := &appsv1.StatefulSet{}
		set.Namespace = "shop"
		set.OwnerReferences = []metav1.OwnerReference{
			{APIVersion: "apps/v1", Kind: "Other", Name: "not the controller"},
			{APIVersion: apiVersion, Kind: "postgresql", Name: "db", Controller: &yes}}
		want := []sts.Manager{{Name: "postgresql db (" + apiVersion + ")", Evidence: "metadata.ownerReferences", Reverts: true, Operator: true,
			Hint: sts.HintOperator("postgresql", "db", sts.Kubectl("shop", "edit", kind, "db"))}}
		if diff := cmp.Diff(want, sts.Managers(set)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// A manager that does not apply replicas does not revert them.
func TestManagerWrites(t *testing.T) {
	known, unknown := sts.Manager{Applies: []sts.Field{sts.FieldTemplate, sts.FieldPartition}}, sts.Manager{}
	for _, test := range []struct {
		m      sts.Manager
		fields []sts.Field
		want   bool
	}{
		{known, []sts.Field{sts.FieldPartition}, true},
		{known, []sts.Field{sts.FieldReplicas}, false},
		{known, []sts.Field{sts.FieldReplicas, sts.FieldTemplate}, true},
		{unknown, []sts.Field{sts.FieldReplicas}, true},
	} {
		if got := test.m.Writes(test.fields...); got != test.want {
			t.Errorf("%v writes %v: %t", test.m.Applies, test.fields, got)
		}
	}
}

func TestCaution(t *testing.T) {
	m := sts.Manager{Name: "Helm release shop", Hint: sts.Hintf("make it in the values"), Applies: []sts.Field{sts.FieldTemplate, sts.FieldPartition}}
	plain := sts.MsgAlsoManages("Helm release shop", m.Hint)
	for want, fields := range map[string][]sts.Field{
		plain.String(): {sts.FieldReplicas},
		sts.MsgAppliesFields(plain, []string{"spec.updateStrategy.rollingUpdate.partition"}).String():                  {sts.FieldPartition},
		sts.MsgAppliesFields(plain, []string{"spec.template", "spec.updateStrategy.rollingUpdate.partition"}).String(): {sts.FieldTemplate, sts.FieldPartition},
	} {
		if got := m.Caution(fields...).String(); got != want {
			t.Errorf("%v:\n%s", fields, got)
		}
	}
}

func TestLastManager(t *testing.T) {
	const partition = `{"f:spec":{"f:updateStrategy":{"f:rollingUpdate":{".":{},"f:partition":{}}}}}`
	const image = `{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{"f:image":{}}}}}}}`
	written := func(manager, fields string, minute int, subresource string) metav1.ManagedFieldsEntry {
		e := metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, FieldsV1: metav1.NewFieldsV1(fields)}
		if minute >= 0 {
			e.Time = &metav1.Time{Time: ststest.Now.Add(time.Duration(minute) * time.Minute)}
		}
		return e
	}
	path := []string{"spec", "updateStrategy", "rollingUpdate", "partition"}
	tests := []struct {
		name    string
		entries []metav1.ManagedFieldsEntry
		path    []string
		want    string
	}{
		{"no manager", nil, path, ""},
		{"one", []metav1.ManagedFieldsEntry{written("helm", partition, 0, "")}, path, "helm"},
		{"the later one", []metav1.ManagedFieldsEntry{written("helm", partition, 0, ""), written("kubectl-edit", partition, 5, ""), written("argo", partition, 3, "")}, path, "kubectl-edit"},
		{"who wrote something else later", []metav1.ManagedFieldsEntry{written("helm", partition, 0, ""), written("kubectl-set", image, 5, "")}, path, "helm"},
		{"somewhere below the path", []metav1.ManagedFieldsEntry{written("kubectl-set", image, 0, "")}, []string{"spec", "template"}, "kubectl-set"},
		{"status writes do not count", []metav1.ManagedFieldsEntry{written("kube-controller-manager", partition, 9, "status"), written("helm", partition, 0, "")}, path, "helm"},
		{"no time is the earliest", []metav1.ManagedFieldsEntry{written("old", partition, -1, ""), written("helm", partition, 0, "")}, path, "helm"},
		{"our own do not count", []metav1.ManagedFieldsEntry{written(sts.FieldManager, partition, 9, ""), written("helm", partition, 0, "")}, path, "helm"},
		{"no time alone", []metav1.ManagedFieldsEntry{written("old", partition, -1, "")}, path, "old"},
		{"garbage", []metav1.ManagedFieldsEntry{written("broken", "{", 3, ""), {Manager: "empty"}}, path, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := &appsv1.StatefulSet{}
			set.ManagedFields = test.entries
			if got := sts.LastManager(set, test.path...); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
