package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	registrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// cause is a problem of a random world, and what docs/stuck.md documents about it.
type cause struct {
	// refuses: the API server rejects the new pods.
	refuses bool
	// mutates: an update of the set is rewritten.
	mutates bool
	// heals: the problem may end before it counts as stuck.
	heals bool
	// passes: the problem always ends by itself.
	passes bool
	// soonest is the time after which it may count as stuck, latest the time after which it must. Both are
	// never if that takes longer than a round.
	soonest, latest time.Duration
	// behaviour is that of a simulated pod, injected is a JSON patch of each new pod, in CEL.
	behaviour, injected string
}

const never = time.Duration(1<<63 - 1)

// nodeLabel is the start of a label that no node has until the world heals.
const nodeLabel = "world.kubectl-sts.dev/"

var causes = map[string]cause{
	"none":         {soonest: never, latest: never, passes: true},
	"refused":      {refuses: true, heals: true, soonest: 10 * time.Second, latest: 30 * time.Second},
	"quota":        {refuses: true, heals: true, soonest: 10 * time.Second, latest: 30 * time.Second},
	"pod-security": {refuses: true, heals: true, soonest: 10 * time.Second, latest: 30 * time.Second},
	"limit-range":  {refuses: true, heals: true, soonest: 10 * time.Second, latest: 30 * time.Second},
	"keep-pods":    {heals: true, soonest: 10 * time.Second, latest: 30 * time.Second},
	"no-evictions": {soonest: never, latest: never},
	"crash":        {behaviour: cluster.Crash},
	"pull":         {behaviour: cluster.Pull},
	"never-ready":  {behaviour: cluster.NeverReady, heals: true, soonest: never, latest: never},
	"late":         {behaviour: cluster.Late, passes: true, soonest: never, latest: never},
	"gated": {heals: true, soonest: never, latest: never,
		// An apply configuration, because a list in a JSONPatch makes the API server panic (1.36.3).
		injected: `Object{spec: Object.spec{schedulingGates: [Object.spec.schedulingGates{name: "queue.example/admission"}]}}`},
	// Both are --scheduling-grace.
	"unschedulable": {heals: true, injected: `[JSONPatch{op: "add", path: "/spec/nodeSelector", value: {"` + nodeLabel + `NAMESPACE": "yes"}}]`},
	"template":      {mutates: true, soonest: never, latest: never},
	"size":          {mutates: true, soonest: never, latest: never},
	"scale":         {mutates: true, soonest: never, latest: never},
}

var causeNames = slices.Sorted(maps.Keys(causes))

// grace is the time after which the problem must count as stuck.
func (c cause) grace(w *rolloutWorld) time.Duration {
	if w.Cause == "unschedulable" {
		return w.Grace
	}
	return c.latest
}

func (r *round) cause() cause { return causes[r.Cause] }

// troubled reports whether a pod has the problem.
func (r *round) troubled(p *corev1.Pod) bool {
	switch {
	case r.cause().behaviour != "":
		return p.Annotations[cluster.BehaviourAnnotation] == r.cause().behaviour
	case r.Cause == "gated":
		return len(p.Spec.SchedulingGates) > 0
	case r.Cause == "unschedulable":
		return p.Spec.NodeName == "" && p.Spec.NodeSelector[nodeLabel+r.ns] != ""
	}
	return false
}

// makeCause creates the problem, and waits until it is in force.
func (r *round) makeCause(ctx context.Context) {
	r.makeOnce.Do(func() {
		r.note("cause: %s", r.Cause)
		names := []string{probe}
		if r.Target >= 0 {
			names = append(names, fmt.Sprintf("web-%d", r.Target))
		}
		chosen := "true"
		if r.Target >= 0 {
			chosen = fmt.Sprintf("name in [%q, %q]", names[0], names[1])
		}
		object, old := strings.ReplaceAll(chosen, "name", "object.metadata.name"), strings.ReplaceAll(chosen, "name", "oldObject.metadata.name")
		switch c := r.cause(); {
		case r.Cause == "refused":
			r.validate(ctx, "cause", "pods", "CREATE", "!("+object+")")
			r.untilTried(ctx, true)
		case r.Cause == "keep-pods": // deletions by the kubelet are allowed
			r.validate(ctx, "cause", "pods", "DELETE", "has(oldObject.metadata.deletionTimestamp) || !("+old+")")
			r.untilProbed(ctx)
		case r.Cause == "no-evictions":
			r.validate(ctx, "cause", "pods/eviction", "CREATE", "!("+object+")")
			r.untilProbed(ctx)
		case r.Cause == "quota":
			r.quota(ctx)
		case r.Cause == "pod-security":
			r.enforce(ctx, "restricted")
			r.undoCause = func(ctx context.Context) { r.enforce(ctx, "privileged") }
			r.untilTried(ctx, true)
		case r.Cause == "limit-range":
			r.limit(ctx, "cause", corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Max: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m")}})
			r.undoCause = func(ctx context.Context) {
				r.check(r.kube.CoreV1().LimitRanges(r.ns).Delete(ctx, "cause", metav1.DeleteOptions{}))
			}
			r.untilTried(ctx, true)
		case c.behaviour != "":
			r.mutate(ctx, "cause", "pods", registrationv1.Create, object, fmt.Sprintf(`[JSONPatch{op: "add", path: "/metadata/annotations/%s", value: %q}]`,
				strings.ReplaceAll(cluster.BehaviourAnnotation, "/", "~1"), c.behaviour))
			r.untilInjected(ctx)
		case c.injected != "":
			r.mutate(ctx, "cause", "pods", registrationv1.Create, object, strings.ReplaceAll(c.injected, "NAMESPACE", r.ns))
			r.untilInjected(ctx)
		case r.Cause == "template":
			r.mutate(ctx, "cause", "statefulsets", registrationv1.Update, "true", `[JSONPatch{op: "add", path: "/spec/template/metadata/annotations/injected", value: "yes"}]`)
			r.untilMutated(ctx)
		case r.Cause == "size":
			r.mutate(ctx, "cause", "statefulsets", registrationv1.Update, "true", fmt.Sprintf(`[JSONPatch{op: "replace", path: "/spec/replicas", value: %d}]`, r.Replicas+3))
			r.untilMutated(ctx)
		case r.Cause == "scale":
			r.mutate(ctx, "cause", "statefulsets/scale", registrationv1.Update, "true", fmt.Sprintf(`[JSONPatch{op: "replace", path: "/spec/replicas", value: %d}]`, r.Replicas+3))
		}
	})
}

// makeBeside creates admission policies that do not affect rollouts.
func (r *round) makeBeside(ctx context.Context) {
	switch r.Beside {
	case "label":
		r.mutate(ctx, "beside", "statefulsets", registrationv1.Update, "true", `Object{metadata: Object.metadata{labels: {"team": "payments"}}}`)
	case "other-objects":
		r.validate(ctx, "beside", "secrets", "CREATE", "false")
	case "quota-room":
		_, err := r.kube.CoreV1().ResourceQuotas(r.ns).Create(ctx, &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "room"},
			Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("50"), corev1.ResourceRequestsCPU: resource.MustParse("20")}}}, metav1.CreateOptions{})
		r.check(err)
	case "default-limits":
		r.limit(ctx, "beside", corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Default: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}})
	}
}

// atEnd removes cluster-scoped objects.
func (r *round) atEnd(remove func(context.Context)) {
	r.Cleanup(func() {
		ctx, cancel := requestContext()
		defer cancel()
		remove(ctx)
	})
}

func (r *round) here() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: r.ns}}
}

// validate creates a ValidatingAdmissionPolicy for the round's namespace.
func (r *round) validate(ctx context.Context, name, resource, operation, allowed string) {
	api, name := r.kube.AdmissionregistrationV1(), r.ns+"-"+name
	remove := func(ctx context.Context) {
		_ = api.ValidatingAdmissionPolicyBindings().Delete(ctx, name, metav1.DeleteOptions{})
		_ = api.ValidatingAdmissionPolicies().Delete(ctx, name, metav1.DeleteOptions{})
	}
	r.atEnd(remove)
	if name == r.ns+"-cause" {
		r.undoCause = remove
	}
	var matched []registrationv1.NamedRuleWithOperations
	for _, rule := range rules(resource, operation) {
		matched = append(matched, registrationv1.NamedRuleWithOperations{RuleWithOperations: rule})
	}
	_, err := api.ValidatingAdmissionPolicies().Create(ctx, &registrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: registrationv1.ValidatingAdmissionPolicySpec{MatchConstraints: &registrationv1.MatchResources{ResourceRules: matched},
			Validations: []registrationv1.Validation{{Expression: isProbe + " ? false : (" + allowed + ")", Message: "not in this world"}}}}, metav1.CreateOptions{})
	r.check(err)
	_, err = api.ValidatingAdmissionPolicyBindings().Create(ctx, &registrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: registrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name, ValidationActions: []registrationv1.ValidationAction{registrationv1.Deny},
			MatchResources: &registrationv1.MatchResources{NamespaceSelector: r.here()}}}, metav1.CreateOptions{})
	r.check(err)
}

// mutate creates a MutatingAdmissionPolicy for the round's namespace, for objects that match a
// condition.
func (r *round) mutate(ctx context.Context, name, resource string, operation registrationv1.OperationType, condition, expression string) {
	api, name := r.kube.AdmissionregistrationV1(), r.ns+"-"+name
	remove := func(ctx context.Context) {
		_ = api.MutatingAdmissionPolicyBindings().Delete(ctx, name, metav1.DeleteOptions{})
		_ = api.MutatingAdmissionPolicies().Delete(ctx, name, metav1.DeleteOptions{})
	}
	r.atEnd(remove)
	if name == r.ns+"-cause" {
		r.undoCause = remove
	}
	group := "apps"
	if resource == "pods" {
		group = ""
	}
	_, err := api.MutatingAdmissionPolicies().Create(ctx, &registrationv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: registrationv1.MutatingAdmissionPolicySpec{
			FailurePolicy: new(registrationv1.Fail), ReinvocationPolicy: registrationv1.NeverReinvocationPolicy,
			MatchConditions: []registrationv1.MatchCondition{{Name: "chosen", Expression: condition}},
			MatchConstraints: &registrationv1.MatchResources{NamespaceSelector: r.here(), ResourceRules: []registrationv1.NamedRuleWithOperations{{
				RuleWithOperations: registrationv1.RuleWithOperations{Operations: []registrationv1.OperationType{operation},
					Rule: registrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}}}}}},
			Mutations: []registrationv1.Mutation{mutation(expression)},
		}}, metav1.CreateOptions{})
	r.check(err)
	_, err = api.MutatingAdmissionPolicyBindings().Create(ctx, &registrationv1.MutatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: registrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name, MatchResources: &registrationv1.MatchResources{NamespaceSelector: r.here()}}}, metav1.CreateOptions{})
	r.check(err)
}

func (r *round) limit(ctx context.Context, name string, item corev1.LimitRangeItem) {
	_, err := r.kube.CoreV1().LimitRanges(r.ns).Create(ctx, &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{item}}}, metav1.CreateOptions{})
	r.check(err)
}

// quota is exhausted, even if one of the pods is gone.
func (r *round) quota(ctx context.Context) {
	quotas := r.kube.CoreV1().ResourceQuotas(r.ns)
	hard := r.Replicas - 1
	if r.Verb == "up" {
		hard = r.Replicas // no further pod fits
	}
	_, err := quotas.Create(ctx, &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "cause"},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(int64(hard), resource.DecimalSI)}}}, metav1.CreateOptions{})
	r.check(err)
	r.undoCause = func(ctx context.Context) { r.check(quotas.Delete(ctx, "cause", metav1.DeleteOptions{})) }
	r.until(ctx, "the quota is counted", func() bool {
		q, err := quotas.Get(ctx, "cause", metav1.GetOptions{})
		r.check(err)
		_, counted := q.Status.Used[corev1.ResourcePods]
		return counted
	})
}

func (r *round) enforce(ctx context.Context, level string) {
	_, err := r.kube.CoreV1().Namespaces().Patch(ctx, r.ns, types.MergePatchType,
		fmt.Appendf(nil, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":%q}}}`, level), metav1.PatchOptions{})
	r.check(err)
}

// tried creates the probe, a pod, in a dry run.
func (r *round) tried(ctx context.Context) (*corev1.Pod, error) {
	return r.kube.CoreV1().Pods(r.ns).Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: probe, Annotations: map[string]string{"world": "random"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:v1",
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}}}}}},
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

func (r *round) untilTried(ctx context.Context, refused bool) {
	r.until(ctx, "new pods are refused, or no longer", func() bool {
		_, err := r.tried(ctx)
		return (err != nil) == refused
	})
}

func (r *round) untilInjected(ctx context.Context) {
	r.until(ctx, "new pods are rewritten", func() bool {
		pod, err := r.tried(ctx)
		return err == nil && r.troubled(pod)
	})
}

// untilProbed waits for a policy that applies to more than the creation of pods.
func (r *round) untilProbed(ctx context.Context) {
	r.until(ctx, "the policy is in force", func() bool {
		_, err := r.kube.CoreV1().ConfigMaps(r.ns).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: probe}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err != nil && strings.Contains(err.Error(), r.ns+"-cause")
	})
}

func (r *round) untilMutated(ctx context.Context) {
	r.until(ctx, "updates are rewritten", func() bool {
		set, err := r.kube.AppsV1().StatefulSets(r.ns).Patch(ctx, "web", types.MergePatchType, []byte(`{"metadata":{"annotations":{"probe":"yes"}}}`),
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err == nil && (set.Spec.Template.Annotations["injected"] != "" || int(*set.Spec.Replicas) == r.Replicas+3)
	})
}

// heal waits until the problem is visible and then for its duration, and ends it.
func (r *round) heal(ctx context.Context) {
	if r.Heals == 0 {
		return
	}
	shows := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, p := range r.seen {
			if r.troubled(p) {
				return true
			}
		}
		return r.failed
	}
	for !shows() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(glance):
		}
	}
	select {
	case <-ctx.Done():
		return
	case <-time.After(r.Heals):
	}
	if r.Cause == "unschedulable" {
		r.labelNode(ctx)
	} else if r.undoCause != nil {
		r.undoCause(ctx)
	}
	if r.cause().refuses {
		for ctx.Err() == nil {
			if _, err := r.tried(ctx); err == nil {
				break
			}
			time.Sleep(glance)
		}
	}
	r.mu.Lock()
	r.ended = time.Now()
	var there []*corev1.Pod
	for _, p := range r.seen {
		there = append(there, p)
	}
	r.mu.Unlock()
	r.note("healed")
	for _, p := range there {
		r.fixPod(ctx, p)
	}
}

// labelNode adds the label that unschedulable pods require to a node.
func (r *round) labelNode(ctx context.Context) {
	label := func(ctx context.Context, value string) {
		_, _ = r.kube.CoreV1().Nodes().Patch(ctx, "node-0", types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{%q:%s}}}`, nodeLabel+r.ns, value), metav1.PatchOptions{})
	}
	r.atEnd(func(ctx context.Context) { label(ctx, "null") })
	label(ctx, `"yes"`)
}

// fixPod ends the problem of one pod, which may be gone.
func (r *round) fixPod(ctx context.Context, p *corev1.Pod) {
	if !r.troubled(p) {
		return
	}
	switch {
	case r.Cause == "gated":
		_, _ = r.kube.CoreV1().Pods(r.ns).Patch(ctx, p.Name, types.JSONPatchType, fmt.Appendf(nil,
			`[{"op":"test","path":"/metadata/uid","value":%q},{"op":"remove","path":"/spec/schedulingGates"}]`, p.UID), metav1.PatchOptions{})
	case r.cause().behaviour != "":
		_, _ = r.kube.CoreV1().Pods(r.ns).Patch(ctx, p.Name, types.MergePatchType, fmt.Appendf(nil,
			`{"metadata":{"uid":%q,"annotations":{%q:"healthy"}}}`, p.UID, cluster.BehaviourAnnotation), metav1.PatchOptions{})
	}
}
