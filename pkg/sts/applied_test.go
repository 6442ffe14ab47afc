package sts_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestChangedBy(t *testing.T) {
	early, late := time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 11, 30, 0, 0, time.UTC)
	owns := func(manager, container string, at time.Time) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &metav1.Time{Time: at},
			FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"` + container + `\"}":{"f:image":{}}}}}}}`)}
	}
	status := owns("kube-controller-manager", "app", early)
	status.Subresource = "status"
	for _, test := range []struct {
		name    string
		entries []metav1.ManagedFieldsEntry
		who     string
		at      time.Time
	}{
		{"no manager", nil, "", time.Time{}},
		{"kubectl set image", []metav1.ManagedFieldsEntry{owns("kubectl-set", "app", late)}, sts.MsgFieldManagers([]string{"kubectl-set"}), late},
		{"who owns another field has not", []metav1.ManagedFieldsEntry{owns("helm", "sidecar", late)}, "", time.Time{}},
		{"the same value applied later by another one", []metav1.ManagedFieldsEntry{owns("helm", "app", late), owns("kubectl-set", "app", early)}, sts.MsgFieldManagers([]string{"kubectl-set"}), early},
		{"ourselves, when the record is lost", []metav1.ManagedFieldsEntry{owns(sts.FieldManager, "app", early)}, sts.MsgFieldManagers([]string{"kubectl-sts"}), early},
		{"status is not the spec", []metav1.ManagedFieldsEntry{status}, "", time.Time{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stable, err := sts.RevisionTemplate(ststest.Web(2).Revisions[0])
			if err != nil {
				t.Fatal(err)
			}
			set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{ManagedFields: test.entries}}
			set.Spec.Template = ststest.Template("web:2")
			if who, at := sts.ChangedBy(set, stable); who != test.who || !at.Equal(test.at) {
				t.Errorf("%q at %s, want %q at %s", who, at, test.who, test.at)
			}
		})
	}
}

func TestAppliedBy(t *testing.T) {
	image := func(manager, subresource string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource,
			FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{"f:image":{}}}}}}}`)}
	}
	elsewhere := metav1.ManagedFieldsEntry{Manager: "other",
		FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"sidecar\"}":{"f:image":{}}}}}}}`)}
	applier := metav1.ManagedFieldsEntry{Manager: "kubectl-client-side-apply",
		FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:annotations":{"f:kubectl.kubernetes.io/last-applied-configuration":{}}}}`)}
	applied := func(image string) string {
		return `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"` + image + `"}]}}}}`
	}
	for _, test := range []struct {
		name    string
		entries []metav1.ManagedFieldsEntry
		last    string
		want    string
	}{
		{"no manager", nil, "", ""},
		{"we alone", []metav1.ManagedFieldsEntry{image(sts.FieldManager, ""), elsewhere}, "", ""},
		{"the same value applied again", []metav1.ManagedFieldsEntry{image(sts.FieldManager, ""), image("helm", "")}, "", sts.MsgFieldManagers([]string{"helm"})},
		{"two", []metav1.ManagedFieldsEntry{image("helm", ""), image("argocd-controller", "")}, "", sts.MsgFieldManagers([]string{"argocd-controller", "helm"})},
		{"status is not the spec", []metav1.ManagedFieldsEntry{image("kube-controller-manager", "status")}, "", ""},
		{"kubectl apply with the value", []metav1.ManagedFieldsEntry{applier}, applied("web:2"), sts.MsgFieldManagers([]string{"kubectl-client-side-apply"})},
		{"kubectl apply, no manager recorded", nil, applied("web:2"), sts.MsgFieldManagers([]string{"kubectl apply"})},
		{"kubectl apply with the old value", []metav1.ManagedFieldsEntry{applier}, applied(ststest.StableImage), ""},
		{"kubectl apply with a third value", []metav1.ManagedFieldsEntry{applier}, applied("web:3"), ""},
		{"what kubectl applied cannot be read", []metav1.ManagedFieldsEntry{applier}, "{", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(2)
			stable, err := sts.RevisionTemplate(inv.Revisions[0])
			if err != nil {
				t.Fatal(err)
			}
			set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{ManagedFields: test.entries}}
			if test.last != "" {
				set.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": test.last}
			}
			set.Spec.Template = ststest.Template("web:2")
			if got := sts.AppliedBy(set, stable); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
