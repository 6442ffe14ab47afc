package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ReadNames reads the sets and what their DNS names depend on: pods, Services, EndpointSlices, the
// cluster's domain unless it is given, and Endpoints for Services without a selector. One set
// takes at most nine requests, several sets one list per kind and page. What the user may not read
// is in the Inventory's Missing; only the sets themselves are required. Without any set there is no
// domain.
func (c *Client) ReadNames(ctx context.Context, q Query, given string) (*sts.Inventory, names.Domain, error) {
	inv, domain := &sts.Inventory{}, names.Domain{Name: given, Source: names.DomainGiven}
	if err := c.sets(ctx, q, inv); err != nil {
		return nil, domain, err
	}
	if len(inv.Sets) == 0 {
		inv.TakenAt = c.Now()
		return inv, names.Domain{}, nil
	}
	pods := metav1.ListOptions{Limit: pageSize}
	services, endpoints := pods, pods // also headless Services that are not governing ones
	if len(q.Names) == 1 {
		set := inv.Sets[0]
		pods = metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(set.Spec.Selector)}
		endpoints = metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + set.Spec.ServiceName}
	}
	r := reader{ctx: ctx, inv: inv}
	core := c.kube.CoreV1()
	r.list("pods", pods, listOf(core.Pods(q.Namespace).List), func(o runtime.Object) {
		if pod := o.(*corev1.Pod); sts.OwnerSet(pod) != "" {
			inv.Pods = append(inv.Pods, pod)
		}
	})
	governs := governing(inv.Sets)
	r.list("services", services, listOf(core.Services(q.Namespace).List), func(o runtime.Object) {
		if s := o.(*corev1.Service); governs[[2]string{s.Namespace, s.Name}] || s.Spec.ClusterIP == corev1.ClusterIPNone {
			inv.Services = append(inv.Services, s)
		}
	})
	if len(governs) > 0 {
		r.list("endpointslices", endpoints, listOf(c.kube.DiscoveryV1().EndpointSlices(q.Namespace).List), func(o runtime.Object) {
			if s := o.(*discoveryv1.EndpointSlice); governs[[2]string{s.Namespace, s.Labels[discoveryv1.LabelServiceName]}] {
				inv.Slices = append(inv.Slices, s)
			}
		})
	}
	if given == "" {
		r.read("configmaps", func() (err error) {
			domain, err = c.corefileDomain(ctx)
			return err
		})
	}
	if err := r.wait(); err != nil {
		return nil, domain, err
	}
	if err := c.selectorless(ctx, q, inv, governs); err != nil {
		return nil, domain, err
	}
	if domain.Name == "" {
		var err error
		if domain, err = c.kubeletDomain(ctx, inv); err != nil {
			return nil, domain, err
		}
	}
	if domain.Name == "" {
		domain = names.Domain{Name: names.DefaultDomain, Source: names.DomainAssumed}
	}
	inv.TakenAt = c.Now()
	return inv, domain, nil
}

// selectorless reads the Endpoints of governing Services without a selector: their managed fields
// name the client that writes them, unlike the EndpointSlices that Kubernetes mirrors.
func (c *Client) selectorless(ctx context.Context, q Query, inv *sts.Inventory, governs map[[2]string]bool) error {
	named := map[[2]string]bool{}
	for _, s := range inv.Services {
		if at := [2]string{s.Namespace, s.Name}; governs[at] && len(s.Spec.Selector) == 0 {
			named[at] = true
		}
	}
	if len(named) == 0 {
		return nil
	}
	opts := metav1.ListOptions{Limit: pageSize}
	if len(q.Names) == 1 {
		opts = metav1.ListOptions{FieldSelector: "metadata.name=" + inv.Sets[0].Spec.ServiceName}
	}
	r := reader{ctx: ctx, inv: inv}
	r.list("endpoints", opts, func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		list := &corev1.EndpointsList{}
		err := c.kube.CoreV1().RESTClient().Get().Namespace(q.Namespace).Resource("endpoints").VersionedParams(&opts, scheme.ParameterCodec).
			WarningHandler(rest.NoWarnings{}). // of the deprecation, which does not concern the user
			Do(ctx).Into(list)
		return list, err
	}, func(o runtime.Object) {
		if e := o.(*corev1.Endpoints); named[[2]string{e.Namespace, e.Name}] { //nolint:staticcheck // deprecated, and still what Patroni writes
			inv.Endpoints = append(inv.Endpoints, e)
		}
	})
	return r.wait()
}

// governing are the governing Services of the sets.
func governing(sets []*appsv1.StatefulSet) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, s := range sets {
		if s.Spec.ServiceName != "" {
			out[[2]string{s.Namespace, s.Spec.ServiceName}] = true
		}
	}
	return out
}

// corefiles are the ConfigMaps with the CoreDNS configuration: of kubeadm and most other
// distributions, of RKE2 and of OpenShift.
var corefiles = []struct{ namespace, name string }{
	{metav1.NamespaceSystem, "coredns"},
	{metav1.NamespaceSystem, "rke2-coredns-rke2-coredns"},
	{"openshift-dns", "dns-default"},
}

// corefileDomain reads the domain from the CoreDNS configuration; it is empty if there is none.
func (c *Client) corefileDomain(ctx context.Context) (names.Domain, error) {
	var hidden error
	for _, at := range corefiles {
		config, err := c.kube.CoreV1().ConfigMaps(at.namespace).Get(ctx, at.name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			continue
		case apierrors.IsForbidden(err):
			// The user may be allowed to read the next one.
			hidden = cmp.Or(hidden, err)
			continue
		case err != nil:
			return names.Domain{}, err
		}
		if found := names.CorefileDomains(config.Data["Corefile"]); len(found) > 0 {
			return names.Domain{Name: found[0], Source: names.DomainCorefile, Others: found[1:]}, nil
		}
	}
	return names.Domain{}, hidden
}

// kubeletPatience is the timeout of a request to a kubelet: its node may be down.
const kubeletPatience = 3 * time.Second

// kubeletDomain reads the domain from the configuration of a kubelet that runs one of the pods. It is
// empty if the API server or the node does not allow it.
func (c *Client) kubeletDomain(ctx context.Context, inv *sts.Inventory) (names.Domain, error) {
	i := slices.IndexFunc(inv.Pods, func(p *corev1.Pod) bool { return p.Spec.NodeName != "" })
	if i < 0 {
		return names.Domain{}, nil
	}
	asking, cancel := context.WithTimeout(ctx, kubeletPatience)
	defer cancel()
	result := c.kube.CoreV1().RESTClient().Get().Resource("nodes").Name(inv.Pods[i].Spec.NodeName).
		SubResource("proxy", "configz").SetHeader("Accept", runtime.ContentTypeJSON).Do(asking)
	if err := result.Error(); err != nil {
		reason, hidden, _ := missing("nodes/proxy", err)
		if hidden {
			inv.Missing = append(inv.Missing, sts.Missing{Resource: "nodes/proxy", Reason: reason})
		}
		return names.Domain{}, ctx.Err() // a node that cannot be reached is no reason to fail
	}
	raw, err := result.Raw()
	if err != nil {
		return names.Domain{}, nil
	}
	var config struct {
		Kubelet struct {
			ClusterDomain string `json:"clusterDomain"`
		} `json:"kubeletconfig"`
	}
	if json.Unmarshal(raw, &config) != nil || config.Kubelet.ClusterDomain == "" {
		return names.Domain{}, nil
	}
	return names.Domain{Name: config.Kubelet.ClusterDomain, Source: names.DomainKubelet}, nil
}
