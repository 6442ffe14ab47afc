package kube

import (
	"context"
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// Held are the pods of a StatefulSet, by its name, that have our finalizer, also when the
// set itself is gone.
func (c *Client) Held(ctx context.Context, namespace, set string) ([]*corev1.Pod, error) {
	var out []*corev1.Pod
	options := metav1.ListOptions{Limit: pageSize}
	for {
		page, err := c.kube.CoreV1().Pods(namespace).List(ctx, options)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			pod := &page.Items[i]
			if _, ok := sts.ParsePodName(set, pod.Name); ok && record.HoldsLeaving(pod) {
				out = append(out, pod)
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return out, nil
		}
	}
}

// Mounted reads the claims that the pods of a deleted set mount, and their volumes: a snapshot
// of these pods.
func (c *Client) Mounted(ctx context.Context, namespace, set string, pods []*corev1.Pod) (*sts.Snapshot, error) {
	inv := &sts.Inventory{}
	r := reader{ctx: ctx, inv: inv}
	var replicas []sts.Replica
	for _, pod := range pods {
		replicas = append(replicas, sts.Replica{Pod: pod})
	}
	r.byNames("persistentvolumeclaims", mountedBy(replicas), listOf(c.kube.CoreV1().PersistentVolumeClaims(namespace).List),
		func(o runtime.Object) { inv.Claims = append(inv.Claims, o.(*corev1.PersistentVolumeClaim)) })
	if err := r.wait(); err != nil {
		return nil, err
	}
	c.volumes(&r, inv.Claims)
	if err := r.wait(); err != nil {
		return nil, err
	}
	return &sts.Snapshot{
		TakenAt: c.Now(), Set: &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: set}},
		Pods: pods, Mounted: inv.Claims, Volumes: inv.Volumes, Missing: inv.Missing,
	}, nil
}

// PatchFinalizer adds our finalizer to a pod, or removes it. An error is [operate.ErrChanged] when a
// precondition of the patch did not hold, and a [operate.AnswerError] when the API server has stored, or in
// a dry run would store, something else.
func (c *Client) PatchFinalizer(ctx context.Context, namespace string, p *operate.FinalizerPatch, dryRun ...string) (*corev1.Pod, error) {
	body, err := json.Marshal(p.Ops)
	if err != nil {
		return nil, err
	}
	pod, err := c.kube.CoreV1().Pods(namespace).Patch(ctx, p.Name, types.JSONPatchType, body,
		metav1.PatchOptions{FieldManager: sts.FieldManager, DryRun: dryRun})
	if apierrors.IsNotFound(err) || testFailed(err) || apierrors.IsConflict(err) {
		return nil, fmt.Errorf("%w: %w", operate.ErrChanged, err)
	}
	if err != nil {
		return nil, err
	}
	alteration, err := operate.NotStored(p.Ops, pod)
	return pod, c.storedAs(ctx, write{operation: admissionv1.Update, resource: "pods", object: pod}, "pod "+p.Name, alteration, err)
}
