package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	apiwatch "k8s.io/apimachinery/pkg/watch"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Claims carries out actions on claims and their volumes, one view at a time. It is safe
// for concurrent use.
type Claims struct {
	Client *Client
	// Known are the claims of each namespace as they were listed: a claim of a deleted set is
	// judged by similar claims, which may be deleted before it.
	Known map[string][]*corev1.PersistentVolumeClaim
	// Reserve are annotations of sets that hold a size, in addition to the known ones.
	Reserve []string
	// Backup is called with a claim and its volume right before the claim is deleted; if it
	// fails the claim is not deleted. Nil for none.
	Backup func(*corev1.PersistentVolumeClaim, *corev1.PersistentVolume) error
	// DryRun has the server check writes and not carry them out.
	DryRun bool

	mu sync.Mutex
	// tried are the kinds of writes, by namespace, of which a dry run was stored as it was sent.
	tried map[string]bool
}

// try sends the first write of each kind as a dry run before: what mutating admission makes of it
// must be known before it is stored.
func (w *Claims) try(kind string, send func(dryRun []string) error) error {
	if w.DryRun {
		return send([]string{metav1.DryRunAll})
	}
	w.mu.Lock()
	if !w.tried[kind] {
		err := send([]string{metav1.DryRunAll})
		if err != nil && !takesNoPart(err) {
			w.mu.Unlock()
			return err
		}
		if w.tried == nil {
			w.tried = map[string]bool{}
		}
		w.tried[kind] = true
	}
	w.mu.Unlock()
	return send(nil)
}

// takesNoPart says whether a webhook takes no part in dry runs.
func takesNoPart(err error) bool {
	o := operate.ReadObjection(err)
	return o != nil && o.Kind == operate.NoDryRun
}

func (w *Claims) dry() []string {
	if w.DryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// Read looks at the claim and its volume as they are now.
func (w *Claims) Read(ctx context.Context, v claims.View) (claims.View, error) {
	core := w.Client.kube.CoreV1()
	claim, err := core.PersistentVolumeClaims(v.Namespace).Get(ctx, v.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		v.Claim = nil
	case err != nil:
		return v, failed("read persistentvolumeclaim "+v.Name, err)
	default:
		if sts.ControllerMade(claim.ManagedFields) {
			v.Made = claim.UID
		}
		trim(claim)
		v.Claim = claim
		if v.VolumeName == "" {
			v.VolumeName = claim.Spec.VolumeName
		}
	}
	if v.VolumeName == "" {
		return v, nil
	}
	if v.Volume, err = w.volume(ctx, v.VolumeName); err != nil {
		return v, err
	}
	return w.beside(ctx, v)
}

// beside reads the other volumes that matter: the one that the claim is on instead, and
// the copy of one that is being deleted.
func (w *Claims) beside(ctx context.Context, v claims.View) (_ claims.View, err error) {
	v.Other, v.Copy = nil, nil
	if v.Claim != nil && v.Claim.Spec.VolumeName != "" && v.Claim.Spec.VolumeName != v.VolumeName {
		if v.Other, err = w.volume(ctx, v.Claim.Spec.VolumeName); err != nil {
			return v, err
		}
	}
	if v.Volume != nil && v.Volume.DeletionTimestamp != nil {
		v.Copy, err = w.volume(ctx, sts.CopyName(v.VolumeName))
	}
	return v, err
}

// volume reads a volume, nil when there is none.
func (w *Claims) volume(ctx context.Context, name string) (*corev1.PersistentVolume, error) {
	volume, err := w.Client.kube.CoreV1().PersistentVolumes().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, failed("read persistentvolume "+name, err)
	}
	trim(volume)
	return volume, nil
}

// Look reads the sets, pods, autoscalers and what else names claims of the namespace, no older
// than the call.
func (w *Claims) Look(ctx context.Context, namespace string) (func(claims.View) *claims.Around, error) {
	inv := &sts.Inventory{Claims: w.Known[namespace], ReserveAnnotations: w.Reserve}
	r := reader{ctx: ctx, inv: inv, needed: []string{"statefulsets", "persistentvolumeclaims"}}
	w.Client.around(&r, namespace)
	r.list("persistentvolumeclaims", metav1.ListOptions{Limit: pageSize}, listOf(w.Client.kube.CoreV1().PersistentVolumeClaims(namespace).List),
		func(o runtime.Object) { r.cloned(o.(*corev1.PersistentVolumeClaim)) })
	if err := r.wait(); err != nil {
		return nil, failed("read namespace "+namespace, err)
	}
	inv.TakenAt = w.Client.Now()
	judge := claims.NewJudge(inv)
	return func(v claims.View) *claims.Around {
		claim := lasting(v)
		return &claims.Around{At: inv.TakenAt, Verdict: judge.Judge(claim), MountedBy: judge.MountedBy(claim), Stays: judge.Stays(claim), Users: judge.Users(claim)}
	}, nil
}

// Fill completes views of one namespace with one list of its claims and one look, so that
// they can be judged before anything is changed.
func (w *Claims) Fill(ctx context.Context, namespace string, views []*claims.View) error {
	names := map[string][]*claims.View{}
	for _, v := range views {
		names[v.Name] = append(names[v.Name], v)
	}
	err := each(ctx, listOf(w.Client.kube.CoreV1().PersistentVolumeClaims(namespace).List), metav1.ListOptions{Limit: pageSize},
		func(o runtime.Object) {
			claim := o.(*corev1.PersistentVolumeClaim)
			for _, v := range names[claim.Name] {
				v.Claim = claim
			}
		})
	if err != nil {
		return err
	}
	judge, err := w.Look(ctx, namespace)
	if err != nil {
		return err
	}
	for _, v := range views {
		v.Around = judge(*v)
	}
	return nil
}

// Volumes are all volumes of the cluster, without the large parts.
func (c *Client) Volumes(ctx context.Context) ([]sts.Volume, error) {
	var out []sts.Volume
	words := newShared()
	err := each(ctx, listOf(c.kube.CoreV1().PersistentVolumes().List), metav1.ListOptions{Limit: pageSize},
		func(o runtime.Object) {
			volume := words.slimVolume(o.(*corev1.PersistentVolume))
			volume.Retained = nil
			out = append(out, volume)
		})
	return out, err
}

// Marked are the claims on which an interrupted undo has left its keep annotation.
func (c *Client) Marked(ctx context.Context, namespace string) ([]*corev1.PersistentVolumeClaim, error) {
	var out []*corev1.PersistentVolumeClaim
	err := each(ctx, listOf(c.kube.CoreV1().PersistentVolumeClaims(namespace).List), metav1.ListOptions{Limit: pageSize},
		func(o runtime.Object) {
			if claim := o.(*corev1.PersistentVolumeClaim); claim.Annotations[claims.KeepAnnotation] == claims.KeptMeanwhile {
				out = append(out, claim)
			}
		})
	return out, err
}

// lasting is the claim as if it had not been deleted: it is also judged when it is gone.
func lasting(v claims.View) *corev1.PersistentVolumeClaim {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: v.Namespace, Name: v.Name}}
	if v.Volume != nil {
		if r, err := sts.ReadRetained(v.Volume); err == nil && r != nil {
			claim = r.Claim
			claim.OwnerReferences = nil // what it is does not depend on who owned it
		}
	}
	if v.Claim != nil {
		claim = v.Claim.DeepCopy()
		claim.DeletionTimestamp = nil
	}
	return claim
}

// Apply carries out one action. The view that it returns has the server's response.
func (w *Claims) Apply(ctx context.Context, v claims.View, a claims.Action) (claims.View, error) {
	var err error
	switch a := a.(type) {
	case *claims.DeleteClaim:
		return w.deleteClaim(ctx, v, a)
	case *claims.MarkKept:
		return w.patchClaim(ctx, v, a.Ops)
	case *claims.UnmarkKept:
		return w.patchClaim(ctx, v, a.Ops)
	case *claims.RestoreOwners:
		return w.restoreOwners(ctx, v, a)
	case *claims.CreateClaim:
		return w.createClaim(ctx, v, a.Claim)
	case *claims.CheckOwners:
		v.Owners, err = w.Client.owners(ctx, a)
	case *claims.DeleteVolume:
		v.Volume, err = w.deleteVolume(ctx, v.Volume, a)
	case *claims.CopyVolume:
		return w.createVolume(ctx, v, a.Volume)
	case *claims.SetAsideVolume:
		v.Other, err = w.patchVolume(ctx, &a.VolumePatch)
	case *claims.RetainVolume:
		v.Volume, err = w.patchVolume(ctx, &a.VolumePatch)
	case *claims.RescueVolume:
		v.Volume, err = w.patchVolume(ctx, &a.VolumePatch)
	case *claims.ClearClaimRef:
		v.Volume, err = w.patchVolume(ctx, &a.VolumePatch)
	case *claims.ReleaseVolume:
		v.Volume, err = w.patchVolume(ctx, &a.VolumePatch)
	case *claims.PurgeVolume:
		v.Volume, err = w.patchVolume(ctx, &a.VolumePatch)
	default:
		return v, fmt.Errorf("%T is not sent to the API server (this is a bug)", a)
	}
	return v, err
}

// deleteVolume deletes a PersistentVolume, and returns what is there then.
func (w *Claims) deleteVolume(ctx context.Context, volume *corev1.PersistentVolume, d *claims.DeleteVolume) (*corev1.PersistentVolume, error) {
	err := w.Client.kube.CoreV1().PersistentVolumes().Delete(ctx, d.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &d.UID, ResourceVersion: &d.ResourceVersion}, DryRun: w.dry(),
	})
	if err != nil {
		return volume, w.written(ctx, "delete", "", d.Name, err)
	}
	return w.volume(ctx, d.Name)
}

func (w *Claims) createClaim(ctx context.Context, v claims.View, c *corev1.PersistentVolumeClaim) (claims.View, error) {
	err := w.try("create persistentvolumeclaim "+c.Namespace, func(dryRun []string) error {
		claim, err := w.Client.kube.CoreV1().PersistentVolumeClaims(c.Namespace).Create(ctx, c,
			metav1.CreateOptions{FieldManager: sts.FieldManager, DryRun: dryRun})
		if err != nil {
			return w.written(ctx, "create", c.Namespace, c.Name, err)
		}
		v.Claim = claim
		alteration, err := operate.NotCreated(c, claim)
		return w.Client.storedAs(ctx, write{admissionv1.Create, "", "persistentvolumeclaims", claim}, "persistentvolumeclaim/"+c.Name, alteration, err)
	})
	return v, err
}

func (w *Claims) createVolume(ctx context.Context, v claims.View, c *corev1.PersistentVolume) (claims.View, error) {
	err := w.try("create persistentvolume", func(dryRun []string) error {
		volume, err := w.Client.kube.CoreV1().PersistentVolumes().Create(ctx, c, metav1.CreateOptions{FieldManager: sts.FieldManager, DryRun: dryRun})
		if err != nil {
			return w.written(ctx, "create", "", c.Name, err)
		}
		v.Copy = volume
		alteration, err := operate.NotCreated(c, volume)
		return w.Client.storedAs(ctx, write{admissionv1.Create, "", "persistentvolumes", volume}, "persistentvolume/"+c.Name, alteration, err)
	})
	return v, err
}

// patchClaim patches the view's claim, if it is there.
func (w *Claims) patchClaim(ctx context.Context, v claims.View, ops []operate.PatchOp) (claims.View, error) {
	body, err := json.Marshal(ops)
	if err != nil {
		return v, err
	}
	err = w.try(operate.WritesWhat(ops)+" of persistentvolumeclaim "+v.Namespace, func(dryRun []string) error {
		claim, err := w.Client.kube.CoreV1().PersistentVolumeClaims(v.Namespace).Patch(ctx, v.Name, types.JSONPatchType, body,
			metav1.PatchOptions{FieldManager: sts.FieldManager, DryRun: dryRun})
		if err != nil {
			return w.written(ctx, "patch", v.Namespace, v.Name, err)
		}
		alteration, err := operate.NotStored(ops, claim)
		if err := w.Client.storedAs(ctx, write{admissionv1.Update, "", "persistentvolumeclaims", claim}, "persistentvolumeclaim/"+v.Name, alteration, err); err != nil {
			return err
		}
		trim(claim)
		v.Claim = claim
		return nil
	})
	return v, err
}

func (w *Claims) patchVolume(ctx context.Context, p *claims.VolumePatch) (volume *corev1.PersistentVolume, err error) {
	body, err := json.Marshal(p.Ops)
	if err != nil {
		return nil, err
	}
	err = w.try(operate.WritesWhat(p.Ops)+" of persistentvolume", func(dryRun []string) error {
		stored, err := w.Client.kube.CoreV1().PersistentVolumes().Patch(ctx, p.Name, types.JSONPatchType, body,
			metav1.PatchOptions{FieldManager: sts.FieldManager, DryRun: dryRun})
		if err != nil {
			return w.written(ctx, "patch", "", p.Name, err)
		}
		alteration, err := operate.NotStored(p.Ops, stored)
		if err := w.Client.storedAs(ctx, write{admissionv1.Update, "", "persistentvolumes", stored}, "persistentvolume/"+p.Name, alteration, err); err != nil {
			return err
		}
		trim(stored)
		volume = stored
		return nil
	})
	if err != nil {
		return nil, err
	}
	return volume, nil
}

// deleteClaim deletes the claim and drops the last look, which is outdated from then on.
func (w *Claims) deleteClaim(ctx context.Context, v claims.View, d *claims.DeleteClaim) (claims.View, error) {
	if w.Backup != nil {
		if err := w.Backup(v.Claim, v.Volume); err != nil {
			return v, fmt.Errorf("nothing was deleted: %w", err)
		}
	}
	// The typed client does not return the response.
	answer, err := w.Client.kube.CoreV1().RESTClient().Delete().
		Namespace(d.Namespace).Resource("persistentvolumeclaims").Name(d.Name).
		Body(&metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &d.UID, ResourceVersion: &d.ResourceVersion}, DryRun: w.dry(),
		}).Do(ctx).Get()
	if err != nil {
		return v, w.written(ctx, "delete", d.Namespace, d.Name, err)
	}
	v.Claim, v.Around = nil, nil
	if claim, ok := answer.(*corev1.PersistentVolumeClaim); ok && claim.DeletionTimestamp != nil && len(claim.Finalizers) > 0 {
		trim(claim)
		v.Claim = claim
	}
	return v, nil
}

// written interprets the response to a write to a claim or, without a namespace, to a volume.
func (w *Claims) written(ctx context.Context, verb, namespace, name string, err error) error {
	kind := "persistentvolumeclaim"
	if namespace == "" {
		kind = "persistentvolume"
	}
	what := verb + " " + kind + " " + name
	switch {
	case err == nil:
		return nil
	case testFailed(err), apierrors.IsConflict(err), apierrors.IsNotFound(err), apierrors.IsAlreadyExists(err):
		return fmt.Errorf("%w: %s: %w", operate.ErrChanged, what, err)
	}
	o := w.Client.objection(ctx, namespace, err, verb, kind+"s", "")
	switch {
	case o == nil, o.Kind == operate.NotAllowed, o.Kind == operate.NoDryRun:
		return failed(what, err)
	case o.Kind == operate.ByFailingWebhook: // the answer if it is the same after retries
		return fmt.Errorf("%w: %w", operate.ErrTransient, o.RefuseObject(namespace, verb, kind+"/"+name))
	}
	return o.RefuseObject(namespace, verb, kind+"/"+name)
}

// gather is how long to wait for more changes after the first one: one look at the
// namespace serves all of them.
const gather = time.Second

// Await waits until at least one of the views, all of one namespace, is outdated, and
// brings those that are up to date.
func (w *Claims) Await(ctx context.Context, namespace string, views []*claims.View) ([]bool, error) {
	core := w.Client.kube.CoreV1()
	pvcs := follower{names: map[string][]int{}, list: listOf(core.PersistentVolumeClaims(namespace).List), watch: core.PersistentVolumeClaims(namespace).Watch}
	volumes := follower{names: map[string][]int{}, list: listOf(core.PersistentVolumes().List), watch: core.PersistentVolumes().Watch,
		selector: sts.RetainedSelector(namespace)}
	for n, v := range views {
		pvcs.names[v.Name] = append(pvcs.names[v.Name], n)
		if v.Volume != nil && (v.Claim == nil || v.Claim.DeletionTimestamp == nil) {
			volumes.names[v.VolumeName] = append(volumes.names[v.VolumeName], n)
		}
	}
	changed := make([]bool, len(views))
	pvcs.see = func(n int, o runtime.Object) {
		claim, _ := o.(*corev1.PersistentVolumeClaim)
		if moved(v1Object(views[n].Claim), v1Object(claim)) {
			views[n].Claim, changed[n] = claim, true
		}
	}
	volumes.see = func(n int, o runtime.Object) {
		volume, _ := o.(*corev1.PersistentVolume)
		if moved(v1Object(views[n].Volume), v1Object(volume)) {
			views[n].Volume, changed[n] = volume, true
		}
	}
	for {
		switch err := w.follow(ctx, &pvcs, &volumes, changed); {
		case errors.Is(err, errStale):
		case err != nil:
			return nil, err
		default:
			return changed, errors.Join(w.confirmGone(ctx, views), w.readReplaced(ctx, views, changed))
		}
	}
}

// confirmGone reads the volumes that are no longer listed: one that has lost its label still
// exists.
func (w *Claims) confirmGone(ctx context.Context, views []*claims.View) (err error) {
	for _, v := range views {
		if v.VolumeName != "" && v.Volume == nil {
			if v.Volume, err = w.volume(ctx, v.VolumeName); err != nil {
				return err
			}
		}
	}
	return nil
}

// readReplaced reads the views whose claim is on another volume now: the decision depends on
// that volume, and on which client created the claim.
func (w *Claims) readReplaced(ctx context.Context, views []*claims.View, changed []bool) (err error) {
	for n, v := range views {
		if changed[n] && v.Claim != nil && v.Claim.Spec.VolumeName != "" && v.Claim.Spec.VolumeName != v.VolumeName {
			if *v, err = w.Read(ctx, *v); err != nil {
				return err
			}
		}
	}
	return nil
}

// v1Object turns a pointer that may be nil into an interface that is nil with it.
func v1Object[T any, P interface {
	*T
	metav1.Object
}](o P) metav1.Object {
	if o == nil {
		return nil
	}
	return o
}

func moved(seen, now metav1.Object) bool {
	if seen == nil || now == nil {
		return seen != now
	}
	return seen.GetUID() != now.GetUID() || olderThan(seen.GetResourceVersion(), now.GetResourceVersion())
}

// follower follows some objects of a list.
type follower struct {
	list     listFunc
	watch    func(context.Context, metav1.ListOptions) (apiwatch.Interface, error)
	selector string
	names    map[string][]int
	// see receives the current object, nil when it is gone.
	see func(n int, o runtime.Object)

	events apiwatch.Interface
	blind  bool // list is permitted, watch is not
}

var errStale = errors.New("the watch has ended")

// begin lists, passes on what exists and what does not, and watches from there.
func (f *follower) begin(ctx context.Context) error {
	if len(f.names) == 0 {
		return nil
	}
	there := map[string]bool{}
	opts := metav1.ListOptions{Limit: pageSize, LabelSelector: f.selector}
	var version string
	for {
		page, err := f.list(ctx, opts)
		if err != nil {
			return err
		}
		list, err := meta.ListAccessor(page)
		if err != nil {
			return err
		}
		version = list.GetResourceVersion()
		err = meta.EachListItemWithAlloc(page, func(o runtime.Object) error {
			there[f.tell(o, false)] = true
			return nil
		})
		if err != nil {
			return err
		}
		if opts.Continue = list.GetContinue(); opts.Continue == "" {
			break
		}
	}
	for name, views := range f.names {
		for _, n := range views {
			if !there[name] {
				f.see(n, nil)
			}
		}
	}
	var err error
	f.events, err = f.watch(ctx, metav1.ListOptions{ResourceVersion: version, LabelSelector: f.selector})
	if f.blind = apierrors.IsForbidden(err); f.blind {
		return nil
	}
	return err
}

// tell passes an object on to the views that wait for it, and returns its name.
func (f *follower) tell(o runtime.Object, gone bool) string {
	trim(o)
	m, err := meta.Accessor(o)
	if err != nil {
		return ""
	}
	for _, n := range f.names[m.GetName()] {
		if gone {
			f.see(n, nil)
		} else {
			f.see(n, o)
		}
	}
	return m.GetName()
}

func (f *follower) end() {
	if f.events != nil {
		f.events.Stop()
		f.events = nil
	}
}

// result is the channel of events, nil while there is none.
func (f *follower) result() <-chan apiwatch.Event {
	if f.events == nil {
		return nil
	}
	return f.events.ResultChan()
}

// follow returns a little after something has changed: more changes may follow.
func (w *Claims) follow(ctx context.Context, pvcs, volumes *follower, changed []bool) error {
	defer pvcs.end()
	defer volumes.end()
	err := pvcs.begin(ctx)
	if err == nil {
		err = volumes.begin(ctx)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err()
	case slices.Contains(changed, true):
		return nil
	case transient(err):
		select {
		case <-w.Client.clock.After(gather):
			return errStale
		case <-ctx.Done():
			return ctx.Err()
		}
	default:
		return err
	}
	var enough, again <-chan time.Time
	if pvcs.blind || volumes.blind { // without permission to watch, poll
		again = w.Client.clock.After(gather)
	}
	for slices.Contains(changed, false) {
		if enough == nil && slices.Contains(changed, true) {
			enough = w.Client.clock.After(gather)
		}
		var (
			e  apiwatch.Event
			ok bool
			by = pvcs
		)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-enough:
			return nil
		case <-again:
			if enough != nil {
				return nil
			}
			return errStale
		case e, ok = <-pvcs.result():
		case e, ok = <-volumes.result():
			by = volumes
		}
		switch {
		case !ok, e.Type == apiwatch.Error:
			if enough != nil {
				return nil
			}
			return errStale
		case e.Type == apiwatch.Added, e.Type == apiwatch.Modified, e.Type == apiwatch.Deleted:
			by.tell(e.Object, e.Type == apiwatch.Deleted)
		}
	}
	return nil
}

// Retained lists the volumes that keep the data of claims that were deleted in the
// namespace, or in all of them.
func (c *Client) Retained(ctx context.Context, namespace string) ([]*corev1.PersistentVolume, error) {
	var out []*corev1.PersistentVolume
	err := each(ctx, listOf(c.kube.CoreV1().PersistentVolumes().List), metav1.ListOptions{Limit: pageSize, LabelSelector: sts.RetainedSelector(namespace)},
		func(o runtime.Object) { out = append(out, o.(*corev1.PersistentVolume)) })
	return out, err
}

// ClaimExists says whether there is a claim of that name.
func (c *Client) ClaimExists(ctx context.Context, namespace, name string) (bool, error) {
	_, err := c.kube.CoreV1().PersistentVolumeClaims(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
