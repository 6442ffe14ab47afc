package kube

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// NameServer is a pod that serves the cluster's DNS.
type NameServer struct {
	Namespace, Pod string
	// Port is where it listens for DNS over TCP.
	Port int32
}

// String names the pod.
func (n NameServer) String() string { return msgDNSServer(n.Namespace, n.Pod) }

// nameServices are the Services of the cluster's DNS, and the labels of the pods behind
// them: kubeadm and most others, RKE2, OpenShift.
var nameServices = []struct {
	namespace, services, pods string
}{
	{metav1.NamespaceSystem, "kubernetes.io/service-name in (kube-dns,coredns,rke2-coredns-rke2-coredns)", "k8s-app in (kube-dns,coredns)"},
	{"openshift-dns", "kubernetes.io/service-name=dns-default", "dns.operator.openshift.io/daemonset-dns=default"},
}

// ErrNoNameServer: no pod that serves DNS is ready.
var ErrNoNameServer = errors.New(msgNoDNSServer())

// NameServers finds the ready pods that serve the cluster's DNS, by the EndpointSlices of their
// Service or, if there are none or they cannot be read, by their labels. They are sorted by name,
// so that the same one is queried again.
func (c *Client) NameServers(ctx context.Context) ([]NameServer, error) {
	var forbidden error
	for _, at := range nameServices {
		for _, find := range []func() ([]NameServer, error){
			func() ([]NameServer, error) { return c.servingEndpoints(ctx, at.namespace, at.services) },
			func() ([]NameServer, error) { return c.servingPods(ctx, at.namespace, at.pods) },
		} {
			found, err := find()
			switch {
			case apierrors.IsForbidden(err):
				forbidden = cmp.Or(forbidden, err) // the first is where most clusters have it
			case err != nil:
				return nil, err
			case len(found) > 0:
				slices.SortFunc(found, func(a, b NameServer) int { return cmp.Compare(a.Pod, b.Pod) })
				return slices.Compact(found), nil
			}
		}
	}
	if forbidden != nil {
		return nil, forbidden
	}
	return nil, ErrNoNameServer
}

func (c *Client) servingEndpoints(ctx context.Context, namespace, selector string) ([]NameServer, error) {
	var found []NameServer
	err := each(ctx, listOf(c.kube.DiscoveryV1().EndpointSlices(namespace).List), metav1.ListOptions{Limit: pageSize, LabelSelector: selector}, func(o runtime.Object) {
		slice := o.(*discoveryv1.EndpointSlice)
		i := slices.IndexFunc(slice.Ports, func(p discoveryv1.EndpointPort) bool {
			return p.Port != nil && p.Name != nil && (p.Protocol == nil || *p.Protocol == corev1.ProtocolTCP) && strings.HasPrefix(*p.Name, "dns")
		})
		if i < 0 {
			return
		}
		for _, e := range slice.Endpoints {
			if e.TargetRef != nil && e.TargetRef.Kind == "Pod" && (e.Conditions.Ready == nil || *e.Conditions.Ready) {
				found = append(found, NameServer{Namespace: namespace, Pod: e.TargetRef.Name, Port: *slice.Ports[i].Port})
			}
		}
	})
	return found, err
}

func (c *Client) servingPods(ctx context.Context, namespace, selector string) ([]NameServer, error) {
	var found []NameServer
	err := each(ctx, listOf(c.kube.CoreV1().Pods(namespace).List), metav1.ListOptions{Limit: pageSize, LabelSelector: selector}, func(o runtime.Object) {
		pod := o.(*corev1.Pod)
		if pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		}) {
			found = append(found, NameServer{Namespace: namespace, Pod: pod.Name, Port: servingPort(pod)})
		}
	})
	return found, err
}

// servingPort is the container port that is named for DNS over TCP, or the default port.
func servingPort(pod *corev1.Pod) int32 {
	for i := range pod.Spec.Containers {
		for _, p := range pod.Spec.Containers[i].Ports {
			if strings.HasPrefix(p.Name, "dns") && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP) {
				return p.ContainerPort
			}
		}
	}
	return 53
}
