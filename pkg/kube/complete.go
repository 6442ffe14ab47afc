package kube

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Completer reads what the completion of a command line needs: one page of a kind with each request, whatever
// the cluster has.
type Completer struct{ *Client }

// firstPage selects by labels, all if empty.
func firstPage(labels string) metav1.ListOptions {
	return metav1.ListOptions{Limit: pageSize, LabelSelector: labels}
}

// Sets lists the StatefulSets in a namespace.
func (c Completer) Sets(ctx context.Context, namespace string) ([]appsv1.StatefulSet, error) {
	list, err := c.kube.AppsV1().StatefulSets(namespace).List(ctx, firstPage(""))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Set reads one StatefulSet. One that is too large for a list of its ordinals is an error.
func (c Completer) Set(ctx context.Context, namespace, name string) (*appsv1.StatefulSet, error) {
	set, err := c.kube.AppsV1().StatefulSets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return set, sts.CheckSize(set)
}

// WithPods reads one StatefulSet and its pods, none if they cannot be listed.
func (c Completer) WithPods(ctx context.Context, namespace, name string) (*sts.Snapshot, error) {
	set, err := c.Set(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	inv := &sts.Inventory{Sets: []*appsv1.StatefulSet{set}}
	if pods, err := c.Pods(ctx, namespace, metav1.FormatLabelSelector(set.Spec.Selector)); err == nil {
		for i := range pods {
			inv.Pods = append(inv.Pods, &pods[i])
		}
	}
	inv.TakenAt = c.Now()
	return inv.Snapshots()[0], nil
}

// WithRevisions reads one StatefulSet and its ControllerRevisions.
func (c Completer) WithRevisions(ctx context.Context, namespace, name string) (*sts.Snapshot, error) {
	set, err := c.Set(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	list, err := c.kube.AppsV1().ControllerRevisions(namespace).List(ctx, firstPage(metav1.FormatLabelSelector(set.Spec.Selector)))
	if err != nil {
		return nil, err
	}
	inv := &sts.Inventory{Sets: []*appsv1.StatefulSet{set}, TakenAt: c.Now()}
	for i := range list.Items {
		inv.Revisions = append(inv.Revisions, &list.Items[i])
	}
	return inv.Snapshots()[0], nil
}

// Ports are those of the governing Service of a set.
func (c Completer) Ports(ctx context.Context, namespace, name string) ([]corev1.ServicePort, error) {
	set, err := c.Set(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	service, err := c.kube.CoreV1().Services(namespace).Get(ctx, set.Spec.ServiceName, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return service.Spec.Ports, nil
}

// Pods lists the pods in a namespace with these labels, all if empty.
func (c Completer) Pods(ctx context.Context, namespace, labels string) ([]corev1.Pod, error) {
	list, err := c.kube.CoreV1().Pods(namespace).List(ctx, firstPage(labels))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Pod reads one pod.
func (c Completer) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	return c.kube.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
}

// Claims lists the claims in a namespace.
func (c Completer) Claims(ctx context.Context, namespace string) ([]corev1.PersistentVolumeClaim, error) {
	list, err := c.kube.CoreV1().PersistentVolumeClaims(namespace).List(ctx, firstPage(""))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Volumes lists PersistentVolumes with these labels, all if empty.
func (c Completer) Volumes(ctx context.Context, labels string) ([]corev1.PersistentVolume, error) {
	list, err := c.kube.CoreV1().PersistentVolumes().List(ctx, firstPage(labels))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Nodes lists the nodes.
func (c Completer) Nodes(ctx context.Context) ([]corev1.Node, error) {
	list, err := c.kube.CoreV1().Nodes().List(ctx, firstPage(""))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Namespaces lists the namespaces.
func (c Completer) Namespaces(ctx context.Context) ([]corev1.Namespace, error) {
	list, err := c.kube.CoreV1().Namespaces().List(ctx, firstPage(""))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}
