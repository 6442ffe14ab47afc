package kube

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// pageSize is how many objects one request asks for when a whole namespace or
// cluster is listed.
const pageSize = 1000

// Query says which StatefulSets to read.
type Query struct {
	// Namespace, or metav1.NamespaceAll.
	Namespace string
	// Names of sets; all when empty.
	Names []string
	// SomeNames: sets that do not exist are no error.
	SomeNames bool
	// Selector on the sets' labels.
	Selector string
	// Revisions asks for ControllerRevisions too.
	Revisions bool
	// SchedulingGrace is the inventory's: see [sts.Inventory].
	SchedulingGrace *time.Duration
	// Recover is the ordinal whose pod is recovered from a lost node: the node is read, too. Nil for none.
	Recover *sts.Ordinal
	// Found is the one set as [Client.Read] has returned it, for [Client.Open]: it is not requested again.
	Found *appsv1.StatefulSet
}

// pick keeps the sets that were requested by name; an error names one that does not exist.
func (q Query) pick(inv *sts.Inventory) error {
	if len(q.Names) == 0 {
		return checkSizes(inv)
	}
	inv.Sets = slices.DeleteFunc(inv.Sets, func(s *appsv1.StatefulSet) bool { return !slices.Contains(q.Names, s.Name) })
	for _, name := range q.Names {
		if !q.SomeNames && !slices.ContainsFunc(inv.Sets, func(s *appsv1.StatefulSet) bool { return s.Name == name }) {
			return apierrors.NewNotFound(appsv1.Resource("statefulsets"), name)
		}
	}
	return checkSizes(inv)
}

func checkSizes(inv *sts.Inventory) error {
	for _, set := range inv.Sets {
		if err := sts.CheckSize(set); err != nil {
			return err
		}
	}
	return nil
}

// Read reads the sets and what belongs to them: one request per kind (and page), in
// parallel. What the user may not list is in the Inventory's Missing; only the sets
// themselves are required.
func (c *Client) Read(ctx context.Context, q Query) (*sts.Inventory, error) {
	inv := &sts.Inventory{SchedulingGrace: q.SchedulingGrace}
	if err := c.sets(ctx, q, inv); err != nil {
		return nil, err
	}
	if len(inv.Sets) == 0 {
		inv.TakenAt = c.Now()
		return inv, nil
	}
	pods := metav1.ListOptions{Limit: pageSize}
	services := metav1.ListOptions{Limit: pageSize}
	if len(q.Names) == 1 {
		// One set: let the server pick, in one page.
		pods = metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(inv.Sets[0].Spec.Selector)}
		services = metav1.ListOptions{FieldSelector: "metadata.name=" + inv.Sets[0].Spec.ServiceName}
	}
	r := reader{ctx: ctx, inv: inv}
	core := c.kube.CoreV1()
	named := map[string]bool{}
	for _, set := range inv.Sets {
		named[set.Namespace+"/"+set.Name] = true
	}
	r.list("pods", pods, listOf(core.Pods(q.Namespace).List), func(o runtime.Object) {
		// Most pods of a cluster belong to no StatefulSet: they are not kept.
		pod := o.(*corev1.Pod)
		if sts.OwnerSet(pod) != "" {
			inv.Pods = append(inv.Pods, pod)
		} else if i := strings.LastIndexByte(pod.Name, '-'); i > 0 && named[pod.Namespace+"/"+pod.Name[:i]] {
			inv.Strangers = append(inv.Strangers, pod)
		}
	})
	r.list("persistentvolumeclaims", metav1.ListOptions{Limit: pageSize}, listOf(core.PersistentVolumeClaims(q.Namespace).List),
		func(o runtime.Object) { inv.Claims = append(inv.Claims, o.(*corev1.PersistentVolumeClaim)) })
	r.list("poddisruptionbudgets", metav1.ListOptions{Limit: pageSize}, listOf(c.kube.PolicyV1().PodDisruptionBudgets(q.Namespace).List),
		func(o runtime.Object) { inv.Budgets = append(inv.Budgets, o.(*policyv1.PodDisruptionBudget)) })
	r.list("services", services, listOf(core.Services(q.Namespace).List),
		func(o runtime.Object) { inv.Services = append(inv.Services, o.(*corev1.Service)) })
	r.list("events", metav1.ListOptions{Limit: pageSize, FieldSelector: "type=Warning"}, listOf(core.Events(q.Namespace).List),
		func(o runtime.Object) { inv.Events = append(inv.Events, o.(*corev1.Event)) })
	var done []*corev1.Event
	r.list("events", metav1.ListOptions{Limit: pageSize, FieldSelector: setEvents(q)}, listOf(core.Events(q.Namespace).List),
		func(o runtime.Object) { done = append(done, o.(*corev1.Event)) })
	r.list("horizontalpodautoscalers", metav1.ListOptions{Limit: pageSize}, listOf(c.kube.AutoscalingV2().HorizontalPodAutoscalers(q.Namespace).List),
		func(o runtime.Object) { inv.HPAs = append(inv.HPAs, o.(*autoscalingv2.HorizontalPodAutoscaler)) })
	if q.Revisions {
		r.list("controllerrevisions", pods, listOf(c.kube.AppsV1().ControllerRevisions(q.Namespace).List),
			func(o runtime.Object) { inv.Revisions = append(inv.Revisions, o.(*appsv1.ControllerRevision)) })
	}
	if err := r.wait(); err != nil {
		return nil, err
	}
	inv.Events = append(inv.Events, done...)
	// After the claims: a claim that is seen bound has a volume by then.
	var claims []*corev1.PersistentVolumeClaim
	for _, s := range inv.Snapshots() {
		claims = append(append(claims, s.Claims...), s.Mounted...)
	}
	c.volumes(&r, claims)
	if diagnose.Unscheduled(inv) && inv.Knows("events") {
		r.read("events", func() error {
			for _, reason := range diagnose.ScaleUpEvents() {
				if err := each(ctx, listOf(core.Events(q.Namespace).List), metav1.ListOptions{Limit: pageSize, FieldSelector: podEvent(reason)},
					func(o runtime.Object) { inv.Events = append(inv.Events, o.(*corev1.Event)) }); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := r.wait(); err != nil {
		return nil, err
	}
	if q.Recover != nil {
		if err := c.addNodes(ctx, inv, *q.Recover); err != nil {
			return nil, err
		}
	}
	inv.TakenAt = c.Now()
	if q.Recover == nil {
		inv.NodeStates = c.evidence(ctx, diagnose.Nodes(inv, inv.TakenAt))
	}
	if len(q.Names) == 1 { // else all pods were listed
		if name := diagnose.Unexplained(inv.Snapshots()[0]); name != "" {
			var err error
			if inv.Strangers, err = c.podNamed(ctx, q.Namespace, name); err != nil {
				return nil, err
			}
		}
	}
	return inv, nil
}

// setEvents selects the normal events of StatefulSets: pods created and deleted. Warnings are
// read separately, of all objects.
func setEvents(q Query) string {
	selector := "type=Normal,involvedObject.kind=StatefulSet"
	if len(q.Names) == 1 {
		selector += ",involvedObject.name=" + q.Names[0]
	}
	return selector
}

// podNamed is the pod with that name, with any labels; none where it does not exist or may not
// be listed. The request is a list, so that one permission is enough.
func (c *Client) podNamed(ctx context.Context, namespace, name string) ([]*corev1.Pod, error) {
	var found []*corev1.Pod
	err := each(ctx, listOf(c.kube.CoreV1().Pods(namespace).List), metav1.ListOptions{FieldSelector: "metadata.name=" + name},
		func(o runtime.Object) { found = append(found, o.(*corev1.Pod)) })
	_, _, err = missing("pods", err)
	return found, err
}

// podEvent selects a reason of events about pods. The events of autoscalers are no warnings, and
// all other events would be most of a namespace's: so each of their reasons is requested
// separately, and only where a pod cannot be scheduled.
func podEvent(reason string) string { return "involvedObject.kind=Pod,reason=" + reason }

// few is how many objects are requested one by one instead of listing all of their kind.
const few = 8

// byNames lists the objects with these names only, which are sorted. Every request is a list,
// so that one permission is enough.
func (r *reader) byNames(resource string, names []string, list listFunc, add func(runtime.Object)) {
	if len(names) > few {
		r.list(resource, metav1.ListOptions{Limit: pageSize}, list, func(o runtime.Object) {
			if _, found := slices.BinarySearch(names, o.(metav1.Object).GetName()); found {
				add(o)
			}
		})
		return
	}
	if len(names) == 0 {
		return
	}
	r.read(resource, func() error {
		var wg sync.WaitGroup
		found, errs := make([][]runtime.Object, len(names)), make([]error, len(names))
		for k, name := range names {
			wg.Go(func() {
				errs[k] = each(r.ctx, list, metav1.ListOptions{FieldSelector: "metadata.name=" + name}, func(o runtime.Object) { found[k] = append(found[k], o) })
			})
		}
		wg.Wait()
		for _, o := range slices.Concat(found...) {
			add(o)
		}
		return cmp.Or(errs...)
	})
}

// volumes reads the PersistentVolumes that the claims name, and the copies that a rescue made.
func (c *Client) volumes(r *reader, claims []*corev1.PersistentVolumeClaim) {
	r.inv.Volumes = []sts.Volume{}
	list := listOf(c.kube.CoreV1().PersistentVolumes().List)
	add := func(o runtime.Object) {
		r.inv.Volumes = append(r.inv.Volumes, sts.NewVolume(o.(*corev1.PersistentVolume)))
	}
	r.byNames("persistentvolumes", volumeNames(claims), list, add)
	r.wg.Wait()
	var copies []string
	for i := range r.inv.Volumes {
		if name := r.inv.Volumes[i].CopiedTo(); name != "" {
			copies = append(copies, name)
		}
	}
	slices.Sort(copies)
	r.byNames("persistentvolumes", copies, list, add)
}

// volumeNames are the names of the claims' volumes, sorted.
func volumeNames(claims []*corev1.PersistentVolumeClaim) []string {
	var names []string
	for _, c := range claims {
		if c.Spec.VolumeName != "" {
			names = append(names, c.Spec.VolumeName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *Client) sets(ctx context.Context, q Query, inv *sts.Inventory) error {
	api := c.kube.AppsV1().StatefulSets(q.Namespace)
	if len(q.Names) == 1 {
		set, err := api.Get(ctx, q.Names[0], metav1.GetOptions{})
		if err != nil {
			return err
		}
		inv.Sets = append(inv.Sets, set)
		return sts.CheckSize(set)
	}
	err := each(ctx, listOf(api.List), metav1.ListOptions{Limit: pageSize, LabelSelector: q.Selector},
		func(o runtime.Object) { inv.Sets = append(inv.Sets, o.(*appsv1.StatefulSet)) })
	if err != nil {
		return err
	}
	return q.pick(inv)
}

type listFunc func(context.Context, metav1.ListOptions) (runtime.Object, error)

func listOf[L runtime.Object](list func(context.Context, metav1.ListOptions) (L, error)) listFunc {
	return func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return list(ctx, o) }
}

// each calls f for every object, page by page.
func each(ctx context.Context, list listFunc, opts metav1.ListOptions, f func(runtime.Object)) error {
	p := pager.New(pager.ListPageFunc(list))
	p.PageSize = opts.Limit
	p.PageBufferSize = 1 // a page ahead is enough to overlap with reading it
	return p.EachListItemWithAlloc(ctx, opts, func(o runtime.Object) error {
		trim(o)
		f(o)
		return nil
	})
}

// reader runs lists side by side and gathers what they find.
type reader struct {
	ctx context.Context
	inv *sts.Inventory
	// needed are the resources that have to be readable.
	needed []string
	// seen receives how many objects were read so far; it may be nil.
	seen func(resource string, n int)
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func (r *reader) list(resource string, opts metav1.ListOptions, list listFunc, add func(runtime.Object)) {
	n := 0
	r.read(resource, func() error {
		return each(r.ctx, list, opts, func(o runtime.Object) { // every kind has a list of its own to add to
			add(o)
			if n++; r.seen != nil && n%seenEvery == 0 {
				r.seen(resource, n)
			}
		})
	})
}

// seenEvery is after how many objects seen is called.
const seenEvery = 500

// read runs what reads a resource beside the others.
func (r *reader) read(resource string, read func() error) {
	r.wg.Go(func() {
		err := read()
		reason, hidden := "", false
		if !slices.Contains(r.needed, resource) || !apierrors.IsForbidden(err) {
			reason, hidden, err = missing(resource, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if hidden && r.inv.Knows(resource) {
			r.inv.Missing = append(r.inv.Missing, sts.Missing{Resource: resource, Reason: reason})
		}
		if err != nil {
			r.errs = append(r.errs, err)
		}
	})
}

func (r *reader) wait() error {
	r.wg.Wait()
	slices.SortFunc(r.inv.Missing, func(a, b sts.Missing) int {
		if a.Resource < b.Resource {
			return -1
		}
		return 1
	})
	if len(r.errs) > 0 {
		return r.errs[0]
	}
	return nil
}
