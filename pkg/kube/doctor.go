package kube

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ReadDoctor reads everything that the checks of doctor look at: one list per kind and page, in parallel, however
// many sets are examined, because other sets, pods and workloads may use the same claims, budgets and names. Only
// the sets are required; what else the user must not list is in the Inventory's Missing. domain is that of
// --cluster-domain, or empty.
func (c *Client) ReadDoctor(ctx context.Context, q Query, domain string) (*doctor.Input, error) {
	inv := &sts.Inventory{Volumes: []sts.Volume{}}
	in := &doctor.Input{Inventory: inv, Domain: names.Domain{Name: domain, Source: names.DomainGiven}}
	r := reader{ctx: ctx, inv: inv, needed: []string{"statefulsets"}}
	core, apps, page := c.kube.CoreV1(), c.kube.AppsV1(), metav1.ListOptions{Limit: pageSize}
	r.list("statefulsets", page, listOf(apps.StatefulSets(q.Namespace).List), func(o runtime.Object) {
		set := o.(*appsv1.StatefulSet)
		r.uses("statefulset.apps", set, &set.Spec.Template)
		inv.Sets = append(inv.Sets, set)
	})
	if err := r.wait(); err != nil {
		return nil, err
	}
	examined, err := q.examined(inv.Sets)
	if err != nil || len(inv.Sets) == 0 {
		return in, err
	}
	in.Examined = examined
	mounted := configMaps(inv.Sets)
	r.list("pods", page, listOf(core.Pods(q.Namespace).List), func(o runtime.Object) {
		// Most pods of a cluster belong to no StatefulSet and mount no claim: they are not kept.
		if pod := o.(*corev1.Pod); sts.OwnerSet(pod) != "" || len(sts.MountedClaims(pod)) > 0 {
			inv.Pods = append(inv.Pods, pod)
		}
	})
	r.list("persistentvolumeclaims", page, listOf(core.PersistentVolumeClaims(q.Namespace).List), func(o runtime.Object) {
		claim := o.(*corev1.PersistentVolumeClaim)
		r.cloned(claim)
		inv.Claims = append(inv.Claims, claim)
	})
	r.list("persistentvolumes", page, listOf(core.PersistentVolumes().List), func(o runtime.Object) {
		in.PersistentVolumes = append(in.PersistentVolumes, o.(*corev1.PersistentVolume))
	})
	r.list("storageclasses", page, listOf(c.kube.StorageV1().StorageClasses().List), func(o runtime.Object) {
		in.Classes = append(in.Classes, o.(*storagev1.StorageClass))
	})
	r.list("volumeattachments", page, listOf(c.kube.StorageV1().VolumeAttachments().List), func(o runtime.Object) {
		in.Attachments = append(in.Attachments, o.(*storagev1.VolumeAttachment))
	})
	r.list("nodes", page, listOf(core.Nodes().List), func(o runtime.Object) {
		node := o.(*corev1.Node)
		node.Status.Images = nil // most of a node, and not looked at
		in.Nodes = append(in.Nodes, node)
	})
	r.list("poddisruptionbudgets", page, listOf(c.kube.PolicyV1().PodDisruptionBudgets(q.Namespace).List), func(o runtime.Object) {
		inv.Budgets = append(inv.Budgets, o.(*policyv1.PodDisruptionBudget))
	})
	r.list("services", page, listOf(core.Services(q.Namespace).List), func(o runtime.Object) {
		inv.Services = append(inv.Services, o.(*corev1.Service))
	})
	r.list("endpointslices", page, listOf(c.kube.DiscoveryV1().EndpointSlices(q.Namespace).List), func(o runtime.Object) {
		inv.Slices = append(inv.Slices, o.(*discoveryv1.EndpointSlice))
	})
	r.list("events", metav1.ListOptions{Limit: pageSize, FieldSelector: "type=Warning"}, listOf(core.Events(q.Namespace).List), func(o runtime.Object) {
		inv.Events = append(inv.Events, o.(*corev1.Event))
	})
	r.list("horizontalpodautoscalers", page, listOf(c.kube.AutoscalingV2().HorizontalPodAutoscalers(q.Namespace).List), func(o runtime.Object) {
		inv.HPAs = append(inv.HPAs, o.(*autoscalingv2.HorizontalPodAutoscaler))
	})
	r.list("controllerrevisions", page, listOf(apps.ControllerRevisions(q.Namespace).List), func(o runtime.Object) {
		if revision := o.(*appsv1.ControllerRevision); sts.OwnerSet(revision) != "" {
			inv.Revisions = append(inv.Revisions, revision)
		}
	})
	r.list("configmaps", page, listOf(core.ConfigMaps(q.Namespace).List), func(o runtime.Object) {
		// Most are large, and not looked at.
		if m := o.(*corev1.ConfigMap); mounted[[2]string{m.Namespace, m.Name}] {
			in.ConfigMaps = append(in.ConfigMaps, m)
		}
	})
	r.read("scaledobjects", func() (err error) {
		inv.ScaledObjects, err = c.scaledObjects(ctx, q.Namespace)
		return err
	})
	r.read("volumesnapshots", func() error { return c.snapshots(&r, q.Namespace) })
	c.templates(&r, q.Namespace, func(d *appsv1.Deployment) { in.Deployments = append(in.Deployments, d) })
	if domain == "" {
		r.read("configmaps", func() error {
			found, err := c.corefileDomain(ctx)
			if apierrors.IsForbidden(err) {
				return nil // those of the sets may be readable, and there are other ways to find the domain
			}
			in.Domain = found
			return err
		})
	}
	if err := r.wait(); err != nil {
		return nil, err
	}
	return in, c.complete(ctx, q, in)
}

// complete reads what depends on what was read.
func (c *Client) complete(ctx context.Context, q Query, in *doctor.Input) (err error) {
	for _, volume := range in.PersistentVolumes {
		in.Volumes = append(in.Volumes, sts.NewVolume(volume))
	}
	if err := c.selectorless(ctx, Query{Namespace: q.Namespace}, in.Inventory, governing(in.Sets)); err != nil {
		return err
	}
	if in.Domain.Name == "" {
		if in.Domain, err = c.kubeletDomain(ctx, in.Inventory); err != nil {
			return err
		}
	}
	if in.Domain.Name == "" {
		in.Domain = names.Domain{Name: names.DefaultDomain, Source: names.DomainAssumed}
	}
	in.TakenAt = c.Now()
	return checkSizes(in.Inventory)
}

// examined says which of the sets are requested, nil for all; an error names one that does not exist.
func (q Query) examined(sets []*appsv1.StatefulSet) (func(*appsv1.StatefulSet) bool, error) {
	selector, err := labels.Parse(q.Selector)
	if err != nil {
		return nil, err
	}
	for _, name := range q.Names {
		if !slices.ContainsFunc(sets, func(s *appsv1.StatefulSet) bool { return s.Name == name }) {
			return nil, apierrors.NewNotFound(appsv1.Resource("statefulsets"), name)
		}
	}
	if selector.Empty() && len(q.Names) == 0 {
		return nil, nil
	}
	return func(s *appsv1.StatefulSet) bool {
		return selector.Matches(labels.Set(s.Labels)) && (len(q.Names) == 0 || slices.Contains(q.Names, s.Name))
	}, nil
}

// configMaps are the ConfigMaps that the sets' pod templates refer to, by namespace and name.
func configMaps(sets []*appsv1.StatefulSet) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, set := range sets {
		for _, name := range sts.TemplateConfigMaps(&set.Spec.Template.Spec) {
			out[[2]string{set.Namespace, name}] = true
		}
	}
	return out
}
