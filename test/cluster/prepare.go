package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Nodes that kwok is to simulate carry this annotation.
const (
	simulatedNode      = "kwok.x-k8s.io/node"
	simulatedNodeValue = "fake"
)

// maxNodes is how many pod ranges of 4096 addresses 10.64.0.0/10 has.
const maxNodes = 1024

// NodesOff is a ConfigMap in kube-system. kwok does nothing to the pods of the nodes that are keys of its data.
const NodesOff = "nodes-off"

// Storage classes of every cluster.
const (
	// StandardClass is the default: volumes go when their claim goes.
	StandardClass = "standard"
	// RetainClass keeps volumes whose claim is gone.
	RetainClass = "standard-retain"
	// NeverClass has no provisioner, so its claims stay Pending.
	NeverClass = "never"
)

// pollEvery is how often we look whether the cluster has come further.
const pollEvery = 50 * time.Millisecond

// prepare makes a bare control plane one that pods can run on.
func (c *Cluster) prepare(ctx context.Context) error {
	if err := c.untilReady(ctx); err != nil {
		return fmt.Errorf("wait for the API server: %w", err)
	}
	for _, class := range storageClasses() {
		if _, err := c.client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("make storage class %s: %w", class.Name, err)
		}
	}
	if err := c.guardPods(ctx); err != nil {
		return fmt.Errorf("guard pods from a second deletion: %w", err)
	}
	for i := range c.state.Nodes {
		if _, err := c.client.CoreV1().Nodes().Create(ctx, node(i), metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("make node %d: %w", i, err)
		}
	}
	if err := c.untilNodesReady(ctx); err != nil {
		return fmt.Errorf("wait for the nodes: %w", err)
	}
	if c.state.DNS != "" {
		if err := c.installDNS(ctx); err != nil {
			return fmt.Errorf("install the DNS: %w", err)
		}
	}
	return c.untilServiceAccount(ctx, metav1.NamespaceDefault)
}

// guardPods limits what kwok does to pods.
//
// It deletes by name, now and then twice, and by the second time the next pod may be there; a real kubelet names
// the UID. And it starts its controllers of nodes and of pods in random order: that of pods heeds the leases of
// nodes only if it comes second. So nodes that are off are named in a ConfigMap.
func (c *Cluster) guardPods(ctx context.Context) error {
	off := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: NodesOff}}
	if _, err := c.client.CoreV1().ConfigMaps(off.Namespace).Create(ctx, off, metav1.CreateOptions{}); err != nil {
		return err
	}
	err := c.guard(ctx, "kwok-deletes-what-is-deleted", admissionv1.Fail, nil, admissionv1.Validation{
		Expression: "request.operation != 'DELETE' || has(oldObject.metadata.deletionTimestamp)",
		Message:    "this pod is not being deleted; the one before it was",
	})
	if err != nil {
		return err
	}
	// Ignore: until the ConfigMap has been read, no node is off.
	return c.guard(ctx, "kwok-heeds-nodes-off", admissionv1.Ignore, off, admissionv1.Validation{
		Expression: "!has(params.data) || !has(oldObject.spec.nodeName) || !(oldObject.spec.nodeName in params.data)",
		Message:    "the node of this pod is off",
	})
}

// guard validates what kwok does to pods, with the ConfigMap as its parameters.
func (c *Cluster) guard(ctx context.Context, name string, failure admissionv1.FailurePolicyType, params *corev1.ConfigMap, validation admissionv1.Validation) error {
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &failure,
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Update, admissionv1.Delete},
					Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods", "pods/status"}},
				},
			}}},
			MatchConditions: []admissionv1.MatchCondition{{Name: "kwok", Expression: `request.userInfo.username == "kwok"`}},
			Validations:     []admissionv1.Validation{validation},
		},
	}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
	if params != nil {
		allow := admissionv1.AllowAction
		policy.Spec.ParamKind = &admissionv1.ParamKind{APIVersion: "v1", Kind: "ConfigMap"}
		binding.Spec.ParamRef = &admissionv1.ParamRef{Namespace: params.Namespace, Name: params.Name, ParameterNotFoundAction: &allow}
	}
	api := c.client.AdmissionregistrationV1()
	if _, err := api.ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil {
		return err
	}
	_, err := api.ValidatingAdmissionPolicyBindings().Create(ctx, binding, metav1.CreateOptions{})
	return err
}

func (c *Cluster) untilReady(ctx context.Context) error {
	return wait.PollUntilContextCancel(ctx, pollEvery, true, func(ctx context.Context) (bool, error) {
		_, err := c.client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, nil
	})
}

func (c *Cluster) untilNodesReady(ctx context.Context) error {
	return wait.PollUntilContextCancel(ctx, pollEvery, true, func(ctx context.Context) (bool, error) {
		nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for _, n := range nodes.Items {
			// The taint goes a moment after the node is Ready; until then
			// nothing is scheduled there.
			if slices.ContainsFunc(n.Spec.Taints, passing) || !isReady(n.Status.Conditions) {
				return false, nil
			}
		}
		want := c.state.Nodes
		if c.state.RealNode {
			want++ // it registers itself
		}
		return len(nodes.Items) == want, nil
	})
}

// passing tells whether a taint goes by itself.
func passing(t corev1.Taint) bool { return t.Key != NodeLabel }

func isReady(conditions []corev1.NodeCondition) bool {
	for _, condition := range conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// untilServiceAccount waits for the account without which no pod is admitted.
func (c *Cluster) untilServiceAccount(ctx context.Context, namespace string) error {
	err := wait.PollUntilContextCancel(ctx, pollEvery, true, func(ctx context.Context) (bool, error) {
		_, err := c.client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("wait for the default service account of namespace %s: %w", namespace, err)
	}
	return nil
}

func storageClasses() []*storagev1.StorageClass {
	class := func(name, provisioner string, reclaim corev1.PersistentVolumeReclaimPolicy) *storagev1.StorageClass {
		immediate := storagev1.VolumeBindingImmediate
		return &storagev1.StorageClass{
			ObjectMeta:        metav1.ObjectMeta{Name: name},
			Provisioner:       provisioner,
			ReclaimPolicy:     &reclaim,
			VolumeBindingMode: &immediate,
		}
	}
	standard := class(StandardClass, "kubernetes.io/host-path", corev1.PersistentVolumeReclaimDelete)
	standard.Annotations = map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
	return []*storagev1.StorageClass{
		standard,
		class(RetainClass, "kubernetes.io/host-path", corev1.PersistentVolumeReclaimRetain),
		class(NeverClass, "test.kubectl-sts.dev/never", corev1.PersistentVolumeReclaimDelete),
	}
}

func node(i int) *corev1.Node {
	name := fmt.Sprintf("node-%d", i)
	podRange := fmt.Sprintf("10.%d.%d.0/20", 64+i/16, i%16*16)
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{simulatedNode: simulatedNodeValue},
			Labels: map[string]string{
				corev1.LabelHostname:           name,
				corev1.LabelOSStable:           "linux",
				corev1.LabelArchStable:         "amd64",
				corev1.LabelTopologyRegion:     "test",
				corev1.LabelTopologyZone:       fmt.Sprintf("zone-%c", 'a'+i%3),
				"node.kubernetes.io/simulated": "true",
			},
		},
		Spec: corev1.NodeSpec{PodCIDR: podRange, PodCIDRs: []string{podRange}},
	}
}
