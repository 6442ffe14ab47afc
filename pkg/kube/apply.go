package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// recordTimeout limits the creation of one Event.
const recordTimeout = 10 * time.Second

// transient says whether a retry can help: the server was not reached, or could not
// answer.
func transient(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), "stream error when reading response body") || // a text of client-go
		utilnet.IsConnectionReset(err) || utilnet.IsConnectionRefused(err) || utilnet.IsProbableEOF(err) ||
		utilnet.IsHTTP2ConnectionLost(err) || errors.As(err, &timeout) && timeout.Timeout() ||
		apierrors.IsInternalError(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsTooManyRequests(err)
}

// failed wraps the error of a write, and warns when it is retried.
func (v *View) failed(what string, err error) error {
	text := msgRetrying(what, err)
	v.mu.Lock() // dry runs are sent several at once
	said := text == v.failing
	if transient(err) {
		v.failing = text
	}
	v.mu.Unlock()
	if transient(err) && !said {
		v.tell.Warn(text)
	}
	return failed(what, err)
}

func failed(what string, err error) error {
	if !transient(err) {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w: %w", what, operate.ErrTransient, err)
}

// Apply carries out one action on the view's set. The returned function reports
// whether a snapshot shows the write.
func (v *View) Apply(ctx context.Context, s *sts.Snapshot, a operate.SetAction) (func(*sts.Snapshot) bool, error) {
	if err := v.tryFirst(ctx, s, a); err != nil {
		return nil, err
	}
	if a.Disrupts() {
		if err := v.confirm(ctx, s, a); err != nil {
			return nil, err
		}
	}
	if seen, handled, err := v.applyNode(ctx, s, a); handled {
		return seen, err
	}
	switch a := a.(type) {
	case *operate.PatchSet:
		set, err := v.patchSet(ctx, s, a)
		if err != nil {
			return nil, err
		}
		if a.Event != "" {
			v.record(ctx, set, a.Event, a.Describe())
		}
		return func(s *sts.Snapshot) bool { return notOlder(s.Set, set) }, nil
	case *operate.DeletePod:
		if err := v.deletePod(ctx, a.Name, metav1.DeleteOptions{Preconditions: asSeen(s, a.UID)}); err != nil {
			return nil, err
		}
		v.record(ctx, s.Set, "PodDeleted", a.Describe())
		return func(s *sts.Snapshot) bool { return podGone(s, a.UID) }, nil
	case *operate.EvictPod:
		if err := v.evict(ctx, a.PodRef); err != nil {
			return nil, err
		}
		v.record(ctx, s.Set, "PodEvicted", a.Describe())
		return func(s *sts.Snapshot) bool { return podGone(s, a.UID) }, nil
	case *operate.DryRunEviction:
		if err := checkedByDryRun(v.DryRunEviction(ctx, a.PodRef)); err != nil {
			return nil, err
		}
		return func(*sts.Snapshot) bool { return true }, nil
	case *operate.Scale:
		return v.scale(ctx, s, a)
	case *operate.AddFinalizer:
		return v.addFinalizer(ctx, a)
	case *operate.RemoveFinalizer:
		return v.removeFinalizer(ctx, a)
	}
	return nil, fmt.Errorf("%s is not sent to the API server (this is a bug)", a.Type())
}

// confirm rereads, right before the action, what decides whether another pod may be disrupted:
// pods, budgets, and the claims of the pods concerned, with their volumes. A watch may have
// stalled without an error, and the preconditions that the API server checks cover none of
// these.
func (v *View) confirm(ctx context.Context, s *sts.Snapshot, a operate.SetAction) error {
	inv := &sts.Inventory{TakenAt: s.TakenAt, Sets: []*appsv1.StatefulSet{s.Set}, NodeStates: s.NodeStates} // see confirmNode
	r, ns, core := reader{ctx: ctx, inv: inv}, v.query.Namespace, v.client.kube.CoreV1()
	r.list("pods", metav1.ListOptions{Limit: pageSize, LabelSelector: metav1.FormatLabelSelector(s.Set.Spec.Selector)},
		listOf(core.Pods(ns).List), func(o runtime.Object) { inv.Pods = append(inv.Pods, o.(*corev1.Pod)) })
	r.list("poddisruptionbudgets", metav1.ListOptions{Limit: pageSize},
		listOf(v.client.kube.PolicyV1().PodDisruptionBudgets(ns).List), func(o runtime.Object) { inv.Budgets = append(inv.Budgets, o.(*policyv1.PodDisruptionBudget)) })
	if s.Knows("persistentvolumeclaims") {
		r.byNames("persistentvolumeclaims", mountedBy(a.Endangers(s)), listOf(core.PersistentVolumeClaims(ns).List),
			func(o runtime.Object) { inv.Claims = append(inv.Claims, o.(*corev1.PersistentVolumeClaim)) })
	} else {
		inv.Missing = append(inv.Missing, sts.Missing{Resource: "persistentvolumeclaims"})
	}
	if err := r.wait(); err != nil {
		return v.failed(msgReread(s.Set.Name), err)
	}
	if s.Volumes != nil && s.Knows("persistentvolumes") {
		v.client.volumes(&r, inv.Claims)
		if err := r.wait(); err != nil {
			return v.failed(msgReread(s.Set.Name), err)
		}
	}
	for _, m := range inv.Missing { // what may not be listed was not used for the decision either
		switch m.Resource {
		case "pods":
			inv.Pods = s.Pods
		case "poddisruptionbudgets":
			inv.Budgets = s.Budgets
		}
	}
	fresh := inv.Snapshots()[0]
	if fresh.Progress() != s.Progress() {
		return operate.ErrBehind
	}
	// The decision has taken the risks of the snapshot into account.
	known := diagnose.RiskClaims(operate.Risks(a, s))
	if slices.ContainsFunc(diagnose.RiskClaims(operate.Risks(a, fresh)), func(claim string) bool { return !slices.Contains(known, claim) }) {
		return operate.ErrBehind
	}
	return v.confirmNode(ctx, s, a)
}

// mountedBy are the names of the claims that the pods mount and that should outlive them.
func mountedBy(replicas []sts.Replica) []string {
	var names []string
	for _, r := range replicas {
		for i := range r.Pod.Spec.Volumes {
			if source := r.Pod.Spec.Volumes[i].PersistentVolumeClaim; source != nil {
				names = append(names, source.ClaimName)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// podByUID is that pod of the snapshot, nil when it is gone.
func podByUID(s *sts.Snapshot, uid types.UID) *corev1.Pod {
	for _, p := range s.Pods {
		if p.UID == uid {
			return p
		}
	}
	return nil
}

// asSeen are preconditions for exactly the pod of the snapshot, unchanged: one that has
// become ready since is not deleted.
func asSeen(s *sts.Snapshot, uid types.UID) *metav1.Preconditions {
	p := metav1.NewUIDPreconditions(string(uid))
	if pod := podByUID(s, uid); pod != nil {
		p.ResourceVersion = &pod.ResourceVersion
	}
	return p
}

// scale patches the set's scale subresource.
func (v *View) scale(ctx context.Context, s *sts.Snapshot, a *operate.Scale) (func(*sts.Snapshot) bool, error) {
	scaled, err := v.patchScale(ctx, a)
	if err != nil {
		return nil, err
	}
	if scaled.Spec.Replicas != a.To {
		return nil, operate.RefuseScaled(s, a, scaled.Spec.Replicas, v.client.admitters(ctx, setWrite(s.Set, "scale")))
	}
	if a.Event != "" {
		v.record(ctx, s.Set, a.Event, a.Describe())
	}
	return func(s *sts.Snapshot) bool { return !olderThan(s.Set.ResourceVersion, scaled.ResourceVersion) }, nil
}

func (v *View) patchScale(ctx context.Context, c *operate.Scale, dryRun ...string) (*autoscalingv1.Scale, error) {
	body, err := json.Marshal(c.Ops)
	if err != nil {
		return nil, err
	}
	set := v.query.Names[0]
	scaled := &autoscalingv1.Scale{} // the typed client would take it for a StatefulSet
	err = v.client.kube.AppsV1().RESTClient().Patch(types.JSONPatchType).
		Namespace(v.query.Namespace).Resource("statefulsets").Name(set).SubResource("scale").
		VersionedParams(&metav1.PatchOptions{FieldManager: sts.FieldManager, DryRun: dryRun}, scheme.ParameterCodec).
		Body(body).Do(ctx).Into(scaled)
	switch {
	case err == nil:
		return scaled, nil
	case testFailed(err), apierrors.IsConflict(err):
		return nil, fmt.Errorf("%w: %w", operate.ErrChanged, err)
	}
	if answer := v.writeRefused(ctx, err, "scale", "scale"); answer != nil {
		return nil, answer
	}
	return nil, v.failed(msgScale(set), err)
}

// TryFinalizer has the API server check whether it would add our finalizer to the pod, or remove it.
func (v *View) TryFinalizer(ctx context.Context, p *operate.FinalizerPatch) error {
	_, err := v.patchPod(ctx, p, metav1.DryRunAll)
	return err
}

func (v *View) patchPod(ctx context.Context, p *operate.FinalizerPatch, dryRun ...string) (*corev1.Pod, error) {
	pod, err := v.client.PatchFinalizer(ctx, v.query.Namespace, p, dryRun...)
	answer := (*operate.AnswerError)(nil)
	if err == nil || errors.Is(err, operate.ErrChanged) || errors.As(err, &answer) {
		return pod, err
	}
	if refusal := v.removalRefused(ctx, err, "patch", p.Name, "patch", ""); refusal != nil {
		return nil, refusal
	}
	return nil, v.failed(msgPatchPod(p.Name), err)
}

// addFinalizer adds our finalizer to a pod.
func (v *View) addFinalizer(ctx context.Context, a *operate.AddFinalizer) (func(*sts.Snapshot) bool, error) {
	pod, err := v.patchPod(ctx, &a.FinalizerPatch)
	if err != nil {
		return nil, err
	}
	return func(s *sts.Snapshot) bool {
		p := podByUID(s, a.UID)
		return p == nil || !olderThan(p.ResourceVersion, pod.ResourceVersion)
	}, nil
}

// removeFinalizer removes our finalizer from a pod.
func (v *View) removeFinalizer(ctx context.Context, a *operate.RemoveFinalizer) (func(*sts.Snapshot) bool, error) {
	pod, err := v.patchPod(ctx, &a.FinalizerPatch)
	if err != nil {
		return nil, err
	}
	return func(s *sts.Snapshot) bool {
		p := podByUID(s, a.UID)
		if p != nil && record.HoldsLeaving(p) {
			// A pod that is removed with its last finalizer is returned with its previous
			// resourceVersion, so only a later one proves anything.
			return olderThan(pod.ResourceVersion, p.ResourceVersion)
		}
		return p == nil || !olderThan(p.ResourceVersion, pod.ResourceVersion)
	}, nil
}

// DryRunEviction checks whether the API server would evict the pod now. Unlike an eviction
// that it declines, this does not use up a disruption of a budget.
func (v *View) DryRunEviction(ctx context.Context, p operate.PodRef) error {
	return v.evict(ctx, p, metav1.DryRunAll)
}

func (v *View) evict(ctx context.Context, e operate.PodRef, dryRun ...string) error {
	// Without MaxRetries client-go would wait and retry by itself while a budget is being
	// counted, without any output.
	err := v.client.kube.CoreV1().RESTClient().Post().
		Namespace(v.query.Namespace).Resource("pods").Name(e.Name).SubResource("eviction").
		VersionedParams(&metav1.CreateOptions{FieldManager: sts.FieldManager, DryRun: dryRun}, scheme.ParameterCodec).
		Body(&policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: v.query.Namespace, Name: e.Name},
			DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(e.UID))},
		}).
		MaxRetries(0).Do(ctx).Error()
	if err == nil {
		return nil
	}
	if answer := evictionAnswer(e, err); answer != nil {
		return answer
	}
	if answer := v.removalRefused(ctx, err, "evict", e.Name, "create", "eviction"); answer != nil {
		return answer
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return fmt.Errorf("%w: %w", operate.ErrChanged, err)
	}
	return v.failed(msgEvictPod(e.Name), err)
}

// evictionAnswer reads what the API server answers about budgets.
func evictionAnswer(e operate.PodRef, err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return nil
	}
	st := status.Status()
	if cause, ok := apierrors.StatusCause(err, policyv1.DisruptionBudgetCause); ok {
		return &operate.AnswerError{Cause: cause.Message, Decision: operate.Decision{Verdict: operate.Wait, Reason: operate.ReasonBudgetShort, Subject: "pod/" + e.Name,
			Message: msgEvictionBlocked(e.Name, cause.Message)}}
	}
	// The one 500 that is no fault of the server; it comes without a reason.
	if st.Code == http.StatusInternalServerError && strings.Contains(st.Message, "more than one PodDisruptionBudget") {
		return &operate.AnswerError{Decision: operate.Decision{Verdict: operate.Refused, Reason: operate.ReasonTwoBudgets,
			Message: msgEvictionRefused(e.Name, st.Message), Hint: hintOneBudget()}}
	}
	return nil
}

func (v *View) patch(ctx context.Context, p *operate.PatchSet, to subresource, dryRun ...string) (*appsv1.StatefulSet, error) {
	body, err := json.Marshal(p.Ops)
	if err != nil {
		return nil, err
	}
	set, err := v.client.kube.AppsV1().StatefulSets(v.query.Namespace).Patch(ctx, v.query.Names[0], types.JSONPatchType, body,
		metav1.PatchOptions{FieldManager: sts.FieldManager, DryRun: dryRun}, to...)
	switch {
	case err == nil:
		return set, nil
	case testFailed(err), apierrors.IsConflict(err):
		return nil, fmt.Errorf("%w: %w", operate.ErrChanged, err)
	case apierrors.IsInvalid(err) && strings.Contains(err.Error(), "metadata.annotations: Too long"):
		message, hint := msgAnnotationsTooLarge(v.query.Names[0])
		return nil, &operate.AnswerError{Decision: operate.Decision{Verdict: operate.Refused, Reason: operate.ReasonWriteRefused, Message: message, Hint: hint}}
	}
	if answer := v.writeRefused(ctx, err, "patch", strings.Join(to, "/")); answer != nil {
		return nil, answer
	}
	return nil, v.failed(msgPatchSet(v.query.Names[0]), err)
}

// testFailed distinguishes a JSON patch whose test operation failed from an object
// that the server finds invalid: both are 422. For a patch that does not apply the
// server gives no details, only a general text; validation names the object and the
// fields, and a webhook has its own text.
func testFailed(err error) bool {
	var status apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) {
		return false
	}
	st := status.Status()
	bare := st.Details == nil || st.Details.Name == "" && st.Details.Kind == "" && len(st.Details.Causes) == 0
	return bare && strings.Contains(st.Message, "the server rejected our request due to an error in our request")
}

// notOlder compares resourceVersions of one object. They are numbers that grow
// (KEP-5504); where they are not, only equality remains.
func notOlder(have, written *appsv1.StatefulSet) bool {
	if _, err := strconv.ParseUint(have.ResourceVersion, 10, 64); err != nil {
		return have.ResourceVersion == written.ResourceVersion || have.Generation > written.Generation
	}
	return !olderThan(have.ResourceVersion, written.ResourceVersion)
}

// olderThan compares the resourceVersions of one object.
func olderThan(have, written string) bool {
	a, err1 := strconv.ParseUint(have, 10, 64)
	b, err2 := strconv.ParseUint(written, 10, 64)
	if err1 != nil || err2 != nil {
		return have != written
	}
	return a < b
}

// record creates an Event for the set without delaying the next step; Close waits for
// it. A failure is only a warning.
func (v *View) record(ctx context.Context, set *appsv1.StatefulSet, reason, message string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	now := v.client.Now()
	v.records.Go(func() {
		defer cancel()
		if err := v.client.leave(ctx, set, reason, message, now); err != nil {
			v.tell.Warn(err.Error())
		}
	})
}

// Record creates an Event for the set.
func (c *Client) Record(ctx context.Context, set *appsv1.StatefulSet, reason, message string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	return c.leave(ctx, set, reason, message, c.Now())
}

// Close waits until all Events are created.
func (v *View) Close() { v.records.Wait() }

func (c *Client) leave(ctx context.Context, set *appsv1.StatefulSet, reason, message string, now time.Time) error {
	_, err := c.kube.CoreV1().Events(set.Namespace).Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: set.Namespace,
			Name:      fmt.Sprintf("%s.%x", set.Name, now.UnixNano()),
		},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "apps/v1", Kind: "StatefulSet", Namespace: set.Namespace, Name: set.Name,
			UID: set.UID, ResourceVersion: set.ResourceVersion,
		},
		Reason: reason, Message: clip(message), Type: corev1.EventTypeNormal, Count: 1,
		FirstTimestamp: metav1.NewTime(now), LastTimestamp: metav1.NewTime(now),
		Source: corev1.EventSource{Component: sts.FieldManager}, ReportingController: sts.FieldManager,
	}, metav1.CreateOptions{FieldManager: sts.FieldManager})
	if err != nil {
		return fmt.Errorf("%s: %w", msgNoEvent(set.Name), err)
	}
	return nil
}

// clip keeps an event's message within the API's limit of 1024 bytes.
func clip(message string) string {
	const limit = 1000
	if len(message) <= limit {
		return message
	}
	return strings.ToValidUTF8(message[:limit], "") + "…"
}
