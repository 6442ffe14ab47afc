package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// TryPod checks with a dry run whether the API server would create the pod. Nil if it would; a
// [operate.Objection] is why not, or why that could not be checked.
//
// The pod has its own name also where a pod of this name exists, so that admission which depends on
// the name decides as it will for the controller: the server checks admission, validation and
// quotas before it checks whether the name is taken, so AlreadyExists means that all of them accept
// the pod. That answer does not show what they change: for that the pod is sent again with another
// name. A dry run charges no quota.
func (v *View) TryPod(ctx context.Context, set *appsv1.StatefulSet, pod *corev1.Pod) error {
	pod = pod.DeepCopy()
	for i := range pod.OwnerReferences {
		// Where OwnerReferencesPermissionEnforcement is on, this would require the permission
		// to update the set's finalizers, which the controller has. No other admission plugin of
		// Kubernetes checks it.
		pod.OwnerReferences[i].BlockOwnerDeletion = nil
	}
	create := func() (*corev1.Pod, error) {
		return v.client.kube.CoreV1().Pods(v.query.Namespace).Create(ctx, pod, metav1.CreateOptions{
			DryRun: []string{metav1.DryRunAll}, FieldManager: sts.FieldManager,
		})
	}
	stored, err := create()
	if err == nil {
		return mislabelled(set, pod, stored)
	}
	switch o := v.client.objection(ctx, v.query.Namespace, err, "create", "pods", ""); {
	case o != nil && o.Kind == operate.ByFailingWebhook:
		return fmt.Errorf("%w: %w", operate.ErrTransient, o)
	case o != nil:
		return o
	case apierrors.IsAlreadyExists(err):
		pod.Name += otherName
		if stored, err = create(); err != nil {
			return nil // the name that counts was accepted
		}
		return mislabelled(set, pod, stored)
	}
	return failed("create pod "+pod.Name+" (dry run)", err)
}

// Retry tries the pods that the controller is known to fail to create, the lowest one of each
// revision, from time to time: the cause may be gone, while the controller retries only after up to
// 1000 s. It returns the snapshot's memory with the results.
func (v *View) Retry(ctx context.Context, s *sts.Snapshot) sts.Memory {
	if v.NoTrials || s.TakenAt.Sub(v.tried) < askedAgain {
		return s.Memory
	}
	answers := map[string]bool{}
	for _, o := range diagnose.Refused(s) {
		v.tried = s.TakenAt
		name := s.RevisionFor(o)
		accepted, known := answers[name]
		if !known {
			accepted = v.accepts(ctx, s, name, o)
			answers[name] = accepted
		}
		if accepted {
			v.mu.Lock()
			v.memory.Accept(types.NamespacedName{Namespace: s.Set.Namespace, Name: s.Name(o)}, v.client.Now())
			v.mu.Unlock()
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	out := s.Memory
	out.Accepted = maps.Clone(v.memory.Accepted)
	return out
}

// accepts says whether the API server would create the pod of that revision; no when that is unknown.
func (v *View) accepts(ctx context.Context, s *sts.Snapshot, revision string, o sts.Ordinal) bool {
	r := s.Revision(revision)
	if r == nil {
		return false
	}
	raw, err := sts.RevisionTemplate(r)
	if err != nil {
		return false
	}
	template, err := sts.ParseTemplate(raw)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, missedFor)
	defer cancel()
	return v.TryPod(ctx, s.Set, sts.NewPod(s.Set, template, revision, o)) == nil
}

// otherName is appended to the name of a pod that is sent with another name, in a dry run.
const otherName = "-dry-run"

// mislabelled is the [operate.Objection] to a pod whose labels mutating admission changes so that the
// controller could not manage it, nil for any other.
func mislabelled(set *appsv1.StatefulSet, sent, stored *corev1.Pod) error {
	if o := operate.CheckLabels(set, sent, stored); o != nil {
		return o
	}
	return nil
}

// DryRunDeletion checks whether the API server would delete the pod.
func (v *View) DryRunDeletion(ctx context.Context, p operate.PodRef) error {
	return v.deletePod(ctx, p.Name, metav1.DeleteOptions{
		DryRun: []string{metav1.DryRunAll}, Preconditions: metav1.NewUIDPreconditions(string(p.UID)),
	})
}

func (v *View) deletePod(ctx context.Context, name string, options metav1.DeleteOptions) error {
	r := v.client.kube.CoreV1().RESTClient().Delete().
		Namespace(v.query.Namespace).Resource("pods").Name(name).Body(&options)
	for _, d := range options.DryRun {
		r.Param("dryRun", d) // the body decides; this is for logs of URLs
	}
	err := r.Do(ctx).Error()
	if err == nil {
		return nil
	}
	if answer := v.removalRefused(ctx, err, "delete", name, "delete", ""); answer != nil {
		return answer
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return fmt.Errorf("%w: %w", operate.ErrChanged, err)
	}
	return v.failed("delete pod "+name, err)
}

// removalRefused is the decision about a pod whose removal admission denies, or the [operate.Objection]
// of a webhook that does not support dry runs. It is nil for any other error: a missing permission,
// a server or webhook that does not respond.
func (v *View) removalRefused(ctx context.Context, err error, what, pod, verb, subresource string) error {
	o := v.client.objection(ctx, v.query.Namespace, err, verb, "pods", subresource)
	switch {
	case o == nil, o.Kind == operate.NotAllowed, o.Kind == operate.ByFailingWebhook:
		return nil
	case o.Kind == operate.NoDryRun:
		return o
	}
	return &operate.AnswerError{Decision: o.RefuseRemoval(v.query.Namespace, what, pod)}
}

// writeRefused is the decision about a write to the set that admission denies. It is nil for any other
// error: a missing permission, a server or webhook that does not respond.
func (v *View) writeRefused(ctx context.Context, err error, verb, subresource string) error {
	o := v.client.objection(ctx, v.query.Namespace, err, "patch", "statefulsets", subresource)
	if o == nil || o.Kind == operate.NotAllowed || o.Kind == operate.ByFailingWebhook || o.Kind == operate.NoDryRun {
		return nil
	}
	return &operate.AnswerError{Decision: o.RefuseWrite(v.query.Namespace, verb, v.query.Names[0])}
}

// objection reads why a request was rejected. Authorization and admission both return Forbidden:
// where the message does not show which it was, an access review decides.
func (c *Client) objection(ctx context.Context, namespace string, err error, verb, resource, subresource string) *operate.Objection {
	o := operate.ReadObjection(err)
	if o == nil || !o.Unclear() {
		return o
	}
	review, failure := c.review(ctx, namespace, verb, resource, subresource)
	denied := failure == nil && !review.Status.Allowed
	if failure != nil { // then the authorizer's own message decides
		denied = strings.Contains(err.Error(), "cannot "+verb+" resource ")
	}
	if denied {
		o.Kind = operate.NotAllowed
	}
	return o
}

// checkedByDryRun ignores the error of a webhook that does not support dry runs.
func checkedByDryRun(err error) error {
	if o := (*operate.Objection)(nil); errors.As(err, &o) && o.Kind == operate.NoDryRun {
		return nil
	}
	return err
}

// Quotas are the namespace's; missing says why there are none without permission to list them.
func (c *Client) Quotas(ctx context.Context, namespace string) (quotas []*corev1.ResourceQuota, missing []sts.Missing, err error) {
	inv := &sts.Inventory{}
	r := reader{ctx: ctx, inv: inv}
	r.list("resourcequotas", metav1.ListOptions{Limit: pageSize}, listOf(c.kube.CoreV1().ResourceQuotas(namespace).List),
		func(o runtime.Object) { quotas = append(quotas, o.(*corev1.ResourceQuota)) })
	err = r.wait()
	return quotas, inv.Missing, err
}
