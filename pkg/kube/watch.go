package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	appsinformers "k8s.io/client-go/informers/apps/v1"
	autoscalinginformers "k8s.io/client-go/informers/autoscaling/v2"
	coreinformers "k8s.io/client-go/informers/core/v1"
	discoveryinformers "k8s.io/client-go/informers/discovery/v1"
	policyinformers "k8s.io/client-go/informers/policy/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// heartbeat is how often a Snapshot is sent although nothing has changed, so that
// durations that are counted (minReadySeconds, a standstill) pass.
const heartbeat = time.Second

// View watches StatefulSets and everything that belongs to them.
type View struct {
	client *Client
	query  Query
	uid    types.UID // of the one set that is watched, empty when there may be several
	needed []string
	tell   Tell

	watcher kubernetes.Interface
	kinds   []*kind
	// later are kinds that are watched once a pod cannot be scheduled.
	later []*kind
	dirty chan struct{}

	admission admission // what is known about it; Apply and Try are not called concurrently

	records sync.WaitGroup
	failing string // the last warning about a write that is retried

	mu     sync.Mutex
	hidden map[string]string // resource → why it cannot be seen
	met    bool              // the server has answered once
	lost   map[string]bool   // resources without a watch connection at the moment
	err    error
	// down is since when the connection is lost, warned when it was last said; zero while it is there.
	down, warned time.Time
	memory       sts.Memory
	ready        map[types.UID]bool // pods that were ready at some time

	stranger unexplained
	nodes    nodeMemory // of a recovery
	hanging  nodeEvidence
	doubted  map[doubt]*sts.Volume

	// NoTrials: no pods are tried with dry runs while the view waits. A view without revisions
	// cannot try any.
	NoTrials bool
	tried    time.Time // when pods that the controller cannot create were last tried
}

// unexplained is a pod that should exist, and what was found with its name.
type unexplained struct {
	name         string
	since, asked time.Time
	found        []*corev1.Pod
}

// A pod that does not exist is looked up by its name after it was missing for missedFor, and
// again after askedAgain.
const (
	missedFor  = 3 * time.Second
	askedAgain = 10 * time.Second
)

// Tell is the output of a View while it watches, in lines.
type Tell struct{ Warn, Say func(string) }

type kind struct {
	resource string
	informer cache.SharedIndexInformer
}

// Needs are the resources without which a change cannot be decided.
var Needs = []string{"pods", "poddisruptionbudgets", "controllerrevisions"}

// Open prepares a view. It ends when a resource that is needed may not be watched;
// others are reported as missing. When the connection fails, the view warns and
// retries.
func (c *Client) Open(ctx context.Context, q Query, needed []string, tell Tell) (*View, error) {
	v, only, err := c.newView(ctx, q, needed, tell)
	if err != nil {
		return nil, err
	}
	ns := q.Namespace
	v.kinds = []*kind{
		{"statefulsets", appsinformers.NewFilteredStatefulSetInformer(v.watcher, ns, 0, nil, only.sets)},
		{"pods", coreinformers.NewFilteredPodInformer(v.watcher, ns, 0, nil, only.owned)},
		{"persistentvolumeclaims", coreinformers.NewFilteredPersistentVolumeClaimInformer(v.watcher, ns, 0, nil, all)},
		{"poddisruptionbudgets", policyinformers.NewFilteredPodDisruptionBudgetInformer(v.watcher, ns, 0, nil, all)},
		{"services", coreinformers.NewFilteredServiceInformer(v.watcher, ns, 0, nil, only.service)},
		{"events", coreinformers.NewFilteredEventInformer(v.watcher, ns, 0, nil, byField("type=Warning"))},
		{"events", coreinformers.NewFilteredEventInformer(v.watcher, ns, 0, nil, byField(setEvents(q)))},
		{"horizontalpodautoscalers", autoscalinginformers.NewFilteredHorizontalPodAutoscalerInformer(v.watcher, ns, 0, nil, all)},
	}
	for _, reason := range diagnose.ScaleUpEvents() {
		v.later = append(v.later, &kind{"events", coreinformers.NewFilteredEventInformer(v.watcher, ns, 0, nil, byField(podEvent(reason)))})
	}
	if only.volumes {
		v.kinds = append(v.kinds, &kind{"persistentvolumes", coreinformers.NewFilteredPersistentVolumeInformer(v.watcher, 0, nil, all)})
	}
	if slices.Contains(needed, "controllerrevisions") {
		v.kinds = append(v.kinds, &kind{"controllerrevisions", appsinformers.NewFilteredControllerRevisionInformer(v.watcher, ns, 0, nil, only.owned)})
	}
	return v, nil
}

// OpenNames prepares a view on what the DNS names of sets depend on.
func (c *Client) OpenNames(ctx context.Context, q Query, tell Tell) (*View, error) {
	v, only, err := c.newView(ctx, q, []string{"pods"}, tell)
	if err != nil {
		return nil, err
	}
	ns := q.Namespace
	v.kinds = []*kind{
		{"statefulsets", appsinformers.NewFilteredStatefulSetInformer(v.watcher, ns, 0, nil, only.sets)},
		{"pods", coreinformers.NewFilteredPodInformer(v.watcher, ns, 0, nil, only.owned)},
		{"services", coreinformers.NewFilteredServiceInformer(v.watcher, ns, 0, nil, only.service)},
		{"endpointslices", discoveryinformers.NewFilteredEndpointSliceInformer(v.watcher, ns, 0, nil, only.slices)},
	}
	return v, nil
}

// only limits what the server sends, where one set is watched.
type only struct {
	sets, owned, service, slices func(*metav1.ListOptions)
	// volumes: some pods may mount claims.
	volumes bool
}

func all(*metav1.ListOptions) {}

func byField(f string) func(*metav1.ListOptions) {
	return func(o *metav1.ListOptions) { o.FieldSelector = f }
}

func byLabel(l string) func(*metav1.ListOptions) {
	return func(o *metav1.ListOptions) { o.LabelSelector = l }
}

func (c *Client) newView(ctx context.Context, q Query, needed []string, tell Tell) (*View, only, error) {
	v := &View{
		client: c, query: q, tell: tell,
		needed: append([]string{"statefulsets"}, needed...),
		dirty:  make(chan struct{}, 1), hidden: map[string]string{}, lost: map[string]bool{}, ready: map[types.UID]bool{},
	}
	config := rest.CopyConfig(c.streaming)
	config.Wrap(v.persist)
	var err error
	if v.watcher, err = kubernetes.NewForConfig(config); err != nil {
		return nil, only{}, err
	}
	if len(q.Names) != 1 {
		return v, only{sets: byLabel(q.Selector), owned: all, service: all, slices: all, volumes: true}, nil
	}
	set := q.Found
	if set == nil {
		if set, err = c.kube.AppsV1().StatefulSets(q.Namespace).Get(ctx, q.Names[0], metav1.GetOptions{}); err != nil {
			return nil, only{}, err
		}
	}
	v.uid, v.met = set.UID, true
	return v, only{
		sets:    byField("metadata.name=" + set.Name),
		owned:   byLabel(metav1.FormatLabelSelector(set.Spec.Selector)),
		service: byField("metadata.name=" + set.Spec.ServiceName),
		slices:  byLabel(discoveryv1.LabelServiceName + "=" + set.Spec.ServiceName),
		volumes: len(set.Spec.VolumeClaimTemplates) > 0 ||
			slices.ContainsFunc(set.Spec.Template.Spec.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil }),
	}, nil
}

// GoneError means that the set of a view was deleted, or replaced by another one of its name.
type GoneError struct{ message string }

func (e *GoneError) Error() string { return e.message }

// Err says why the channel of Watch was closed, nil when its context ended.
func (v *View) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

// Watch sends a Snapshot of the one set that the view is on, on every change,
// coalesced, and at every heartbeat; none while the connection is lost. A View is
// watched once.
func (v *View) Watch(ctx context.Context) <-chan *sts.Snapshot {
	return watch(ctx, v, func(inv *sts.Inventory) *sts.Snapshot { return inv.Snapshots()[0] })
}

// WatchAll is Watch for a view on several sets.
func (v *View) WatchAll(ctx context.Context) <-chan *sts.Inventory {
	return watch(ctx, v, func(inv *sts.Inventory) *sts.Inventory { return inv })
}

// watch starts the goroutine that owns the channel: it alone sends and closes.
func watch[T any](ctx context.Context, v *View, of func(*sts.Inventory) T) <-chan T {
	out := make(chan T)
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(out)
		defer cancel()
		v.run(ctx, func(inv *sts.Inventory) {
			select {
			case out <- of(inv):
			case <-ctx.Done():
			}
		})
	}()
	return out
}

func (v *View) run(ctx context.Context, send func(*sts.Inventory)) {
	if !v.start(ctx, v.kinds) {
		return
	}
	tick := v.client.clock.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.dirty:
		case <-tick.C():
		}
		if v.Err() != nil {
			return
		}
		if !v.current() {
			continue
		}
		inv, err := v.inventory()
		if err != nil {
			v.fail(err)
			return
		}
		if !v.confirmVolumes(ctx, inv) {
			continue
		}
		if len(v.later) > 0 && diagnose.Unscheduled(inv) {
			if !v.start(ctx, v.later) {
				return
			}
			v.kinds, v.later = append(v.kinds, v.later...), nil
			continue // the decision may depend on them
		}
		if !v.refreshNodes(ctx, inv) {
			continue // it is read again at the next tick
		}
		v.explainHanging(ctx, inv)
		inv.Strangers = v.strangers(ctx, inv)
		if v.uid != "" {
			inv.Memory = v.Retry(ctx, inv.Snapshots()[0])
		}
		send(inv)
	}
}

// start watches the kinds; false when that is not possible.
func (v *View) start(ctx context.Context, kinds []*kind) bool {
	for _, k := range kinds {
		if err := v.prepare(k); err != nil {
			v.fail(err)
			return false
		}
		go k.informer.RunWithContext(ctx)
		go func() {
			select {
			case <-k.informer.HasSyncedChecker().Done():
				v.Wake()
			case <-ctx.Done():
			}
		}()
	}
	return true
}

func (v *View) prepare(k *kind) error {
	if err := k.informer.SetTransform(func(o any) (any, error) {
		trim(o)
		return o, nil
	}); err != nil {
		return err
	}
	if err := k.informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
		v.watchFailed(ctx, r, k.resource, err)
	}); err != nil {
		return err
	}
	seen := func(old, o any) {
		v.remember(old, o)
		v.changed(k.resource)
	}
	_, err := k.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) { seen(nil, o) }, DeleteFunc: func(o any) { seen(o, nil) }, UpdateFunc: seen,
	})
	return err
}

// remember records what later versions of an object do not show: old is nil for a new one, and o
// for one that is gone.
func (v *View) remember(old, o any) {
	if set, ok := o.(*appsv1.StatefulSet); ok && set.UID == v.uid {
		if lock, locked := set.Annotations[record.OwnerAnnotation]; locked {
			v.mu.Lock()
			v.memory.Lock = lock
			v.mu.Unlock()
		}
		return
	}
	if last, ok := old.(cache.DeletedFinalStateUnknown); ok {
		old = last.Obj
	}
	was, _ := old.(*corev1.Pod)
	is, _ := o.(*corev1.Pod)
	if was == nil && is == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case is == nil || was != nil && was.UID != is.UID:
		v.memory.Forget(was, v.client.Now(), v.ready[was.UID] || !sts.ReadySince(was).IsZero())
		delete(v.ready, was.UID)
	case was != nil && is.DeletionTimestamp != nil && len(was.Finalizers) > 0 && len(is.Finalizers) == 0:
		v.memory.Release(is.UID, v.client.Now())
	}
	if is != nil && !sts.ReadySince(is).IsZero() {
		v.ready[is.UID] = true
	}
}

// strangers looks for a foreign pod with the name of a missing pod of the set, where nothing
// else explains why it is missing: one request from time to time, and only then.
func (v *View) strangers(ctx context.Context, inv *sts.Inventory) []*corev1.Pod {
	names := !slices.ContainsFunc(v.kinds, func(k *kind) bool { return k.resource == "events" })
	if v.uid == "" || names || len(inv.Pods) >= int(sts.DesiredReplicas(inv.Sets[0])) {
		return nil // all pods are watched, the view is about DNS names, or no pod is missing
	}
	u := &v.stranger
	name := diagnose.Unexplained(inv.Snapshots()[0])
	switch {
	case name == "":
		*u = unexplained{}
	case name != u.name:
		*u = unexplained{name: name, since: inv.TakenAt}
	case inv.TakenAt.Sub(u.since) >= missedFor && inv.TakenAt.Sub(u.asked) >= askedAgain:
		ctx, cancel := context.WithTimeout(ctx, missedFor)
		defer cancel()
		if found, err := v.client.podNamed(ctx, v.query.Namespace, name); err == nil {
			u.found = found
		}
		u.asked = inv.TakenAt
	}
	return u.found
}

// writtenAt reduces an object's managedFields to when it was written: that is how old a DNS
// name is, and since when a template is the newest.
func writtenAt(o metav1.Object) []metav1.ManagedFieldsEntry {
	return []metav1.ManagedFieldsEntry{{Time: &metav1.Time{Time: sts.LastWritten(o)}}}
}

// trim drops what no verb uses, to save memory. managedFields are kept of a set; of volumes
// only which managers there are, and of what DNS names are made from and of revisions only when
// they were written.
func trim(o any) {
	switch o := o.(type) {
	case *appsv1.StatefulSet:
		return
	case *corev1.Endpoints: //nolint:staticcheck // they are read for their field managers
		for i := range o.ManagedFields {
			o.ManagedFields[i].FieldsV1 = nil
		}
		o.Subsets = nil
		return
	case *corev1.PersistentVolume:
		for i := range o.ManagedFields {
			o.ManagedFields[i].FieldsV1 = nil
		}
		return
	case *corev1.Service:
		o.ManagedFields = writtenAt(o)
		return
	case *discoveryv1.EndpointSlice:
		o.ManagedFields = writtenAt(o)
		return
	case *appsv1.ControllerRevision:
		o.ManagedFields = writtenAt(o)
		return
	case *corev1.PersistentVolumeClaim:
		maker := sts.ClaimMaker(o)
		if o.ManagedFields = nil; maker != "" {
			o.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: maker}}
		}
		return
	}
	if m, ok := o.(metav1.Object); ok {
		m.SetManagedFields(nil)
	}
}

func (v *View) changed(resource string) {
	v.mu.Lock()
	delete(v.hidden, resource) // the permission may have been granted since
	v.mu.Unlock()
	v.Wake()
}

// Wake has Watch send a Snapshot although nothing has changed.
func (v *View) Wake() {
	select {
	case v.dirty <- struct{}{}:
	default: // a rebuild is due already
	}
}

// hide records that the resource must not be seen, and why.
func (v *View) hide(resource, reason string) {
	v.mu.Lock()
	v.hidden[resource] = reason
	v.mu.Unlock()
	v.Wake()
}

func (v *View) watchFailed(ctx context.Context, r *cache.Reflector, resource string, err error) {
	reason, hidden, _ := missing(resource, err)
	switch {
	case hidden && slices.Contains(v.needed, resource):
		v.fail(fmt.Errorf("%s: %w", msgCannotWatch(resource, v.query.Namespace), err))
	case hidden:
		v.hide(resource, reason)
	case apierrors.IsUnauthorized(err):
		v.fail(err)
	default:
		cache.DefaultWatchErrorHandler(ctx, r, err)
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || strings.Contains(err.Error(), "EOF") {
			return // the ordinary end of a watch
		}
		v.troubled(resource, err)
	}
}

// Between two attempts to reach the server: short, since a user at a terminal sees the network
// come back, while the backoff of informers grows to a minute.
const (
	firstReconnect = time.Second
	lastReconnect  = 5 * time.Second
	// warnAgain is how often a lost connection is reported: jobs without output count as dead in many CI systems.
	warnAgain = time.Minute
)

// persist sends a view's requests, which only read, until the server has answered them.
func (v *View) persist(next http.RoundTripper) http.RoundTripper {
	return roundTripper{next, func(r *http.Request) (*http.Response, error) {
		resource, ctx := path.Base(r.URL.Path), r.Context()
		for pause := firstReconnect; ; pause = min(2*pause, lastReconnect) {
			resp, err := next.RoundTrip(r.Clone(ctx))
			switch {
			case ctx.Err() != nil:
				return resp, err
			case err == nil && (resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusForbidden):
				v.reached(resource)
				return resp, nil
			case err == nil: // the informer reports what the server answered, and retries
				v.mu.Lock()
				v.lost[resource] = true
				v.mu.Unlock()
				return resp, nil
			}
			if !v.troubled(resource, &url.Error{Op: "Get", URL: r.URL.String(), Err: err}) {
				return nil, err
			}
			select {
			case <-v.client.clock.After(pause):
			case <-ctx.Done():
				return nil, err
			}
		}
	}}
}

// troubled records that the watch of the resource is behind until it is reached again. A
// server that has never answered may be the wrong one: that ends the view without a retry.
func (v *View) troubled(resource string, err error) (again bool) {
	text := err.Error()
	if u := (*url.Error)(nil); errors.As(err, &u) {
		text = u.Err.Error() // the URL does not matter
	}
	v.mu.Lock()
	v.lost[resource] = true
	met, now, first := v.met, v.client.clock.Now(), v.warned.IsZero()
	if first {
		v.down = now
	}
	due, lasts := first || now.Sub(v.warned) >= warnAgain, now.Sub(v.down)
	if due { // each resource has its own text for the same failure
		v.warned = now
	}
	v.mu.Unlock()
	switch {
	case !met:
		v.fail(err)
	case first:
		v.tell.Warn(msgDisconnected(text))
	case due:
		v.tell.Warn(msgStillDisconnected(lasts, text))
	}
	return met
}

// reached records that the watch of the resource is, or will soon be, up to date.
func (v *View) reached(resource string) {
	v.mu.Lock()
	v.met = true
	delete(v.lost, resource)
	back := len(v.lost) == 0 && !v.warned.IsZero()
	if back {
		v.down, v.warned = time.Time{}, time.Time{}
	}
	v.mu.Unlock()
	if back {
		v.tell.Say(msgReconnected())
	}
}

func (v *View) fail(err error) {
	v.mu.Lock()
	if v.err == nil {
		v.err = err
	}
	v.mu.Unlock()
	v.Wake()
}

// current reports whether everything that may be listed is loaded and up to date.
func (v *View) current() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.lost) > 0 {
		return false
	}
	for _, k := range v.kinds {
		if _, hidden := v.hidden[k.resource]; !hidden && !k.informer.HasSynced() {
			return false
		}
	}
	return true
}

func (v *View) inventory() (*sts.Inventory, error) {
	inv := &sts.Inventory{TakenAt: v.client.Now(), SchedulingGrace: v.query.SchedulingGrace}
	v.mu.Lock()
	for _, k := range v.kinds {
		if reason, hidden := v.hidden[k.resource]; hidden && inv.Knows(k.resource) {
			inv.Missing = append(inv.Missing, sts.Missing{Resource: k.resource, Reason: reason})
		}
	}
	// Snapshots are read while the watch continues.
	inv.Memory = v.memory.Clone()
	v.mu.Unlock()
	for _, k := range v.kinds {
		for _, o := range k.informer.GetStore().List() {
			switch o := o.(type) {
			case *appsv1.StatefulSet:
				inv.Sets = append(inv.Sets, o)
			case *corev1.Pod:
				inv.Pods = append(inv.Pods, o)
			case *corev1.PersistentVolumeClaim:
				inv.Claims = append(inv.Claims, o)
			case *policyv1.PodDisruptionBudget:
				inv.Budgets = append(inv.Budgets, o)
			case *corev1.Service:
				inv.Services = append(inv.Services, o)
			case *discoveryv1.EndpointSlice:
				inv.Slices = append(inv.Slices, o)
			case *appsv1.ControllerRevision:
				inv.Revisions = append(inv.Revisions, o)
			case *corev1.Event:
				inv.Events = append(inv.Events, o)
			case *autoscalingv2.HorizontalPodAutoscaler:
				inv.HPAs = append(inv.HPAs, o)
			}
		}
	}
	v.volumes(inv)
	if v.uid == "" {
		return inv, v.query.pick(inv)
	}
	if len(inv.Sets) == 0 {
		return nil, &GoneError{msgSetDeleted(v.query.Names[0])}
	}
	if set := inv.Sets[0]; set.UID != v.uid {
		return nil, &GoneError{msgSetRecreated(set.Name, string(set.UID), string(v.uid))}
	}
	return inv, sts.CheckSize(inv.Sets[0])
}

// podGone reports whether the pod of this UID is gone or terminating in the snapshot.
func podGone(s *sts.Snapshot, uid types.UID) bool {
	for _, p := range s.Pods {
		if p.UID == uid {
			return p.DeletionTimestamp != nil
		}
	}
	return true
}
