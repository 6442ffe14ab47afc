package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// trialCounts is how long a kind of write that was tried is not tried again: policies and webhooks
// may be added and removed while a command waits.
const trialCounts = time.Minute

// subresource is that of a StatefulSet which a patch is sent to, empty for the set itself.
type subresource []string

// status keeps the spec out of a write: after admission the API server restores the stored one.
// So a record that is written there cannot change the template.
var status = subresource{"status"}

// admission is what a view knows about admission.
type admission struct {
	tried map[string]time.Time // kinds of writes, when a dry run last showed one to be stored unchanged
	// records is the subresource for patches that change no field of the spec.
	records subresource
}

func (a *admission) knows(kind string, now time.Time) bool {
	at, ok := a.tried[kind]
	return ok && now.Sub(at) < trialCounts
}

func (a *admission) learned(kind string, now time.Time) {
	if a.tried == nil {
		a.tried = map[string]time.Time{}
	}
	a.tried[kind] = now
}

const scaleKind = "scale"

// tryFirst tries a write of a kind that was not tried recently.
func (v *View) tryFirst(ctx context.Context, s *sts.Snapshot, a operate.SetAction) error {
	switch a := a.(type) {
	case *operate.PatchSet:
		if v.admission.knows(a.Kind(), v.client.Now()) {
			return nil
		}
		set, alteration, err := v.Try(ctx, s, a)
		if err != nil || alteration == nil || a.Canary == nil {
			return err
		}
		if digest := record.TemplateDigest(&set.Spec.Template); digest != a.Canary.TemplateDigest {
			return &operate.StoredError{Digest: digest}
		}
	case *operate.Scale:
		if !v.admission.knows(scaleKind, v.client.Now()) {
			return v.TryScale(ctx, s, a)
		}
	}
	return nil
}

// Try sends a patch with dryRun=All: admission and validation run, nothing is stored. It compares
// the object that the API server would store with the patch: where they differ it returns a
// [operate.AnswerError], or the alteration for a patch that accepts it. A record is then tried through
// the status subresource. It returns the set as it would be.
func (v *View) Try(ctx context.Context, s *sts.Snapshot, p *operate.PatchSet) (*appsv1.StatefulSet, *sts.Alteration, error) {
	var to subresource
	if p.RecordOnly() {
		to = v.admission.records
	}
	set, err := v.patch(ctx, p, to, metav1.DryRunAll)
	if err != nil {
		return nil, nil, err
	}
	alteration, err := altered(s.Set, set, p)
	switch {
	case err != nil:
		return nil, nil, err
	case alteration == nil:
		v.admission.learned(p.Kind(), v.client.Now())
		return set, nil, nil
	}
	alteration.By = v.client.admitters(ctx, setWrite(s.Set, ""))
	switch {
	case p.RecordOnly() && to == nil:
		set, err = v.tryStatus(ctx, s, p, alteration)
		return set, nil, err
	case !p.Accepts(alteration):
		return nil, nil, operate.RefuseAltered(s, alteration)
	}
	v.admission.learned(p.Kind(), v.client.Now())
	return set, alteration, nil
}

// tryStatus writes records through the status subresource from now on, if that is allowed.
func (v *View) tryStatus(ctx context.Context, s *sts.Snapshot, p *operate.PatchSet, alteration *sts.Alteration) (*appsv1.StatefulSet, error) {
	set, err := v.patch(ctx, p, status, metav1.DryRunAll)
	if apierrors.IsForbidden(err) {
		return nil, operate.RefuseRecord(s, alteration)
	}
	if err != nil {
		return nil, err
	}
	left, err := altered(s.Set, set, p)
	if err != nil {
		return nil, err
	}
	if left != nil {
		left.By = alteration.By
		return nil, operate.RefuseAltered(s, left)
	}
	v.admission.records = status
	v.admission.learned(p.Kind(), v.client.Now())
	v.tell.Warn(msgRecordsThroughStatus(s.Set.Name, alteration.Changes))
	return set, nil
}

// TryScale is [View.Try] for a change of size.
func (v *View) TryScale(ctx context.Context, s *sts.Snapshot, c *operate.Scale) error {
	scaled, err := v.patchScale(ctx, c, metav1.DryRunAll)
	if err != nil {
		return err
	}
	if scaled.Spec.Replicas != c.To {
		return operate.RefuseScaled(s, c, scaled.Spec.Replicas, v.client.admitters(ctx, setWrite(s.Set, "scale")))
	}
	v.admission.learned(scaleKind, v.client.Now())
	return nil
}

// patchSet writes a patch of a kind that was tried, and checks once more what is stored.
func (v *View) patchSet(ctx context.Context, s *sts.Snapshot, p *operate.PatchSet) (*appsv1.StatefulSet, error) {
	var to subresource
	if p.RecordOnly() {
		to = v.admission.records
	}
	set, err := v.patch(ctx, p, to)
	if to != nil && apierrors.IsForbidden(err) {
		v.admission.records = nil // the permission is gone: the next dry run reports why it is needed
		v.admission.tried = nil
	}
	if err != nil {
		return nil, err
	}
	alteration, err := altered(s.Set, set, p)
	if err != nil || alteration == nil || p.Accepts(alteration) || !alteration.Spec() {
		return set, nil // records that another command has written meanwhile are not an alteration
	}
	alteration.By = v.client.admitters(ctx, setWrite(s.Set, ""))
	return nil, operate.StopAltered(s, alteration)
}

// altered compares the API server's answer to a patch with the patch. The generation that it
// tests makes sure that the spec was as in live; another command may have written records.
func altered(live, stored *appsv1.StatefulSet, p *operate.PatchSet) (*sts.Alteration, error) {
	sent, err := operate.Patched(live, p.Ops)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", operate.ErrChanged, err)
	}
	alteration := sts.Altered(live, sent, stored)
	if alteration != nil && !alteration.Spec() && stored.ResourceVersion != live.ResourceVersion {
		return nil, fmt.Errorf("%w: its records have changed", operate.ErrChanged)
	}
	return alteration, nil
}

// write is a kind of write, as matched by the rules and selectors of admission.
type write struct {
	operation       admissionv1.OperationType
	group, resource string // with its subresource: statefulsets/scale
	object          metav1.Object
}

// setWrite is an update of the set or its subresource.
func setWrite(set *appsv1.StatefulSet, subresource string) write {
	w := write{operation: admissionv1.Update, group: appsv1.GroupName, resource: "statefulsets", object: set}
	if subresource != "" {
		w.resource += "/" + subresource
	}
	return w
}

// storedAs returns the decision about an object that the API server has not stored as it was sent:
// see [operate.NotStored]. object is what it is called in messages: "pod web-2", "persistentvolume/pvc-1".
func (c *Client) storedAs(ctx context.Context, w write, object string, alteration *sts.Alteration, err error) error {
	if err != nil || alteration == nil {
		return err
	}
	alteration.By = c.admitters(ctx, w)
	return operate.RefuseWritten(w.object.GetNamespace(), object, alteration)
}

// admitters are the webhooks and policies that match a write, as far as they can be listed: the API
// server does not report which of them has changed the object.
func (c *Client) admitters(ctx context.Context, w write) []string {
	a := admitted{write: w}
	if ns := w.object.GetNamespace(); ns != "" {
		a.namespace = labels.Set{corev1.LabelMetadataName: ns}
		if ns, err := c.kube.CoreV1().Namespaces().Get(ctx, ns, metav1.GetOptions{}); err == nil {
			a.namespace = ns.Labels
		}
	}
	var out []string
	add := func(kind, name string) {
		if by := kind + "/" + name; !slices.Contains(out, by) {
			out = append(out, by)
		}
	}
	kinds := c.kube.AdmissionregistrationV1()
	if list, err := kinds.MutatingWebhookConfigurations().List(ctx, metav1.ListOptions{Limit: pageSize}); err == nil {
		for _, w := range list.Items {
			for _, hook := range w.Webhooks {
				if a.selected(hook.NamespaceSelector, hook.ObjectSelector) && slices.ContainsFunc(hook.Rules, a.matches) {
					add("mutatingwebhookconfiguration", w.Name)
				}
			}
		}
	}
	policies, err := kinds.MutatingAdmissionPolicies().List(ctx, metav1.ListOptions{Limit: pageSize})
	if err != nil {
		return out
	}
	bindings, err := kinds.MutatingAdmissionPolicyBindings().List(ctx, metav1.ListOptions{Limit: pageSize})
	if err != nil {
		return out
	}
	for _, p := range policies.Items {
		bound := slices.ContainsFunc(bindings.Items, func(b admissionv1.MutatingAdmissionPolicyBinding) bool {
			return b.Spec.PolicyName == p.Name && a.constrained(b.Spec.MatchResources)
		})
		if bound && a.constrained(p.Spec.MatchConstraints) {
			add("mutatingadmissionpolicy", p.Name)
		}
	}
	return out
}

// admitted is the write that rules and selectors are matched against.
type admitted struct {
	write
	namespace labels.Set // its labels, nil for a cluster-scoped object: then every namespace selector matches
}

func (a admitted) selected(namespaces, objects *metav1.LabelSelector) bool {
	return (a.namespace == nil || selects(namespaces, a.namespace)) && selects(objects, a.object.GetLabels())
}

// selects says whether the selector, or the lack of one, selects an object with these labels.
func selects(selector *metav1.LabelSelector, of labels.Set) bool {
	if selector == nil {
		return true
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(of)
}

func (a admitted) matches(r admissionv1.RuleWithOperations) bool {
	has := func(list []string, values ...string) bool {
		return slices.ContainsFunc(list, func(v string) bool { return slices.Contains(values, v) })
	}
	resource, sub, _ := strings.Cut(a.resource, "/")
	named := []string{a.resource, "*/*", resource + "/*", "*/" + sub}
	if sub == "" {
		named = []string{resource, "*", "*/*", resource + "/*"}
	}
	var operations []string
	for _, o := range r.Operations {
		operations = append(operations, string(o))
	}
	return has(operations, string(a.operation), "*") && has(r.APIGroups, a.group, "*") && has(r.Resources, named...)
}

// constrained says whether a policy or a binding matches the write. A binding without rules matches
// the same writes as its policy.
func (a admitted) constrained(m *admissionv1.MatchResources) bool {
	if m == nil {
		return true
	}
	rules := len(m.ResourceRules) == 0 || slices.ContainsFunc(m.ResourceRules, func(r admissionv1.NamedRuleWithOperations) bool {
		return a.matches(r.RuleWithOperations) && (len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, a.object.GetName()))
	})
	return rules && a.selected(m.NamespaceSelector, m.ObjectSelector)
}
