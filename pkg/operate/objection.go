package operate

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// Objection is why admission or validation in the API server rejects a request.
type Objection struct {
	Kind ObjectionKind
	// Name is that of the quota, webhook, policy, ServiceAccount …, empty where there is none.
	Name string
	// Message is the API server's, shortened.
	Message string
	// Exceeded are the resources of which a quota has not enough left. They are those of the
	// first quota only: the API server does not check the others then.
	Exceeded map[corev1.ResourceName]QuotaUse
}

// QuotaUse is a quota's usage of one resource. Freed is the usage of the pods that will be replaced.
type QuotaUse struct{ Requested, Used, Limited, Freed resource.Quantity }

// fits says whether the new pods have room once the old ones have ended.
func (u QuotaUse) fits() bool {
	sum := u.Used.DeepCopy()
	sum.Sub(u.Freed)
	sum.Add(u.Requested)
	return sum.Cmp(u.Limited) <= 0
}

// String is the usage for a message.
func (u QuotaUse) String() string {
	freed := ""
	if u.Freed.Sign() > 0 {
		freed = u.Freed.String()
	}
	return msgQuotaUse(u.Used.String(), u.Limited.String(), u.Requested.String(), freed)
}

// ObjectionKind is what rejects a request.
type ObjectionKind string

// What rejects a request, or why the request could not be checked.
const (
	ByPodSecurity    ObjectionKind = "PodSecurity"
	ByQuota          ObjectionKind = "ResourceQuota"
	ByServiceAccount ObjectionKind = "ServiceAccount"
	ByLimitRange     ObjectionKind = "LimitRange"
	ByWebhook        ObjectionKind = "Webhook"
	// ByFailingWebhook: the webhook cannot be reached and its failurePolicy is Fail.
	ByFailingWebhook ObjectionKind = "FailingWebhook"
	ByPolicy         ObjectionKind = "ValidatingAdmissionPolicy"
	ByPriorityClass  ObjectionKind = "PriorityClass"
	ByRuntimeClass   ObjectionKind = "RuntimeClass"
	ByNamespace      ObjectionKind = "Namespace"
	ByValidation     ObjectionKind = "Validation"
	// ByMutation: the pod would be created, but with labels that the controller cannot work with.
	ByMutation ObjectionKind = "MutatingAdmission"
	// ByAdmission: the API server does not report which of its plugins rejects. An error of this
	// kind may also come from authorization: see [Objection.Unclear].
	ByAdmission ObjectionKind = "Admission"
	// NoDryRun: a webhook with side effects cannot take part in a dry run.
	NoDryRun ObjectionKind = "NoDryRun"
	// NotAllowed: the user lacks the permission for the request.
	NotAllowed ObjectionKind = "NotAllowed"
)

// The API server's messages, in the order in which they are looked for: a webhook's own message may
// contain any of the later ones. The first group is the name, the last one the reason.
var objections = []struct {
	kind  ObjectionKind
	words *regexp.Regexp
}{
	{NoDryRun, regexp.MustCompile(`admission webhook "([^"]+)" (does not support dry run)`)},
	{ByWebhook, regexp.MustCompile(`(?s)admission webhook "([^"]+)" denied the request:? ?(.*)`)},
	{ByFailingWebhook, regexp.MustCompile(`(?s)failed calling webhook "([^"]+)": (.*)`)},
	{ByPolicy, regexp.MustCompile(`(?s)ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: (.*)`)},
	{ByPodSecurity, regexp.MustCompile(`(?s)violates PodSecurity "([^"]+)": (.*)`)},
	{ByQuota, regexp.MustCompile(`exceeded quota: ([^,\s]+), (requested: .*)`)},
	{ByQuota, regexp.MustCompile(`failed quota: ([^:\s]+): (.*)`)},
	{ByQuota, regexp.MustCompile(`()(insufficient quota to .*)`)},
	{ByServiceAccount, regexp.MustCompile(`error looking up service account [^/\s]+/([^:\s]+): (.*)`)},
	{ByServiceAccount, regexp.MustCompile(`service account [^/\s]+/(\S+) (was not found.*)`)},
	{ByLimitRange, regexp.MustCompile(`()((?:maximum|minimum) \S+ usage per (?:Container|Pod) .*)`)},
	{ByLimitRange, regexp.MustCompile(`()(\S+ max limit to request ratio per .*)`)},
	{ByPriorityClass, regexp.MustCompile(`(no PriorityClass with name (\S+) was found)`)},
	{ByRuntimeClass, regexp.MustCompile(`RuntimeClass "([^"]+)" (not found)`)},
	{ByNamespace, regexp.MustCompile(`unable to create new content in namespace (\S+) (because it is being terminated)`)},
}

// ReadObjection reads an error of the API server. It is nil for errors that are not about the
// request itself: an object that is gone or has changed, a server that is busy or unreachable.
func ReadObjection(err error) *Objection {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return nil
	}
	st := status.Status()
	for _, o := range objections {
		if m := o.words.FindStringSubmatch(st.Message); m != nil {
			out := &Objection{Kind: o.kind, Name: m[1], Message: toThePoint(m[len(m)-1])}
			switch o.kind {
			case ByPriorityClass:
				out.Name, out.Message = m[2], m[1]
			case ByQuota:
				out.Exceeded = exceeded(out.Message)
			}
			return out
		}
	}
	message := afterObject.ReplaceAllString(st.Message, "")
	switch {
	case apierrors.IsInvalid(err):
		return &Objection{Kind: ByValidation, Message: toThePoint(message)}
	case apierrors.IsForbidden(err):
		return &Objection{Kind: ByAdmission, Message: toThePoint(message)}
	}
	return nil
}

// afterObject is what the API server puts in front: `pods "web-2" is forbidden: `.
var afterObject = regexp.MustCompile(`^\S+ "[^"]*" is (?:forbidden|invalid): (?:: )?`)

// toThePoint is a message in one line of limited length.
func toThePoint(message string) string {
	return diagnose.Shorten(strings.Join(strings.Fields(message), " "))
}

// exceeded reads "requested: pods=1, used: pods=3, limited: pods=3". It is empty when that
// cannot be read.
func exceeded(message string) map[corev1.ResourceName]QuotaUse {
	m := exceededWords.FindStringSubmatch(message)
	if m == nil {
		return nil
	}
	var lists [3]map[corev1.ResourceName]resource.Quantity
	for i := range lists {
		lists[i] = map[corev1.ResourceName]resource.Quantity{}
		for part := range strings.SplitSeq(m[i+1], ",") {
			name, value, ok := strings.Cut(part, "=")
			q, err := resource.ParseQuantity(value)
			if !ok || err != nil {
				return nil
			}
			lists[i][corev1.ResourceName(name)] = q
		}
	}
	out := map[corev1.ResourceName]QuotaUse{}
	for name, requested := range lists[0] {
		used, isUsed := lists[1][name]
		limited, isLimited := lists[2][name]
		if !isUsed || !isLimited {
			return nil
		}
		out[name] = QuotaUse{Requested: requested, Used: used, Limited: limited}
	}
	return out
}

var exceededWords = regexp.MustCompile(`^requested: (\S+), used: (\S+), limited: (\S+)$`)

// Unclear says that the API server's message does not show whether a permission is missing or
// admission rejects: both return Forbidden.
func (o *Objection) Unclear() bool { return o.Kind == ByAdmission }

// AfterOld is the objection once the old pod has ended, with only the resources that do not fit
// then; nil where all of them do. decided is false where that cannot be calculated: the two pods
// may not count for the same quotas.
func (o *Objection) AfterOld(old, created *corev1.Pod, now time.Time) (after *Objection, decided bool) {
	if o.Kind != ByQuota || len(o.Exceeded) == 0 || old == nil {
		return o, true
	}
	if !sts.SameQuotas(old, created) {
		return o, false
	}
	freed := sts.PodUsage(old, now)
	short := map[corev1.ResourceName]QuotaUse{}
	for name, use := range o.Exceeded {
		if use.Freed = freed[name]; !use.fits() {
			short[name] = use
		}
	}
	if len(short) == 0 {
		return nil, true
	}
	out := *o
	out.Exceeded = short
	return &out, true
}

// By names what rejects.
func (o *Objection) By() string {
	switch o.Kind {
	case ByPodSecurity:
		return fmt.Sprintf("PodSecurity %q", o.Name)
	case ByWebhook, NoDryRun, ByFailingWebhook:
		return fmt.Sprintf("admission webhook %q", o.Name)
	case ByPolicy:
		return "validatingadmissionpolicy/" + o.Name
	case ByValidation:
		return "validation"
	case ByAdmission, NotAllowed:
		return "admission"
	}
	if o.Name == "" {
		return map[ObjectionKind]string{ByQuota: "a ResourceQuota", ByLimitRange: "a LimitRange"}[o.Kind]
	}
	return strings.ToLower(string(o.Kind)) + "/" + o.Name
}

// Error implements error.
func (o *Objection) Error() string {
	switch {
	case o.Kind == ByAdmission, o.Kind == NotAllowed, o.Kind == ByMutation:
		return o.Message
	case o.Kind == ByFailingWebhook:
		return msgWebhookFails(o.By(), o.Message)
	case o.Kind == ByQuota && len(o.Exceeded) > 0:
		return msgQuotaExceeded(o.By(), o.Uses())
	case o.Kind == ByValidation:
		return msgInvalid(o.Message)
	case o.Kind == NoDryRun:
		return o.By() + " " + o.Message
	}
	return strings.TrimSuffix(o.By()+": "+o.Message, ": ")
}

// Uses is what of a quota does not fit, by resource.
func (o *Objection) Uses() []string {
	var uses []string
	for _, name := range slices.Sorted(maps.Keys(o.Exceeded)) {
		uses = append(uses, string(name)+": "+o.Exceeded[name].String())
	}
	return uses
}

// fix is the hint.
func (o *Objection) fix(ns string) sts.Hint {
	switch o.Kind {
	case ByPodSecurity:
		return hintPodSecurity(ns)
	case ByQuota:
		if o.Name == "" {
			return hintQuotas(ns)
		}
		if what, ok := strings.CutPrefix(o.Message, "must specify "); ok {
			return hintQuotaRequires(ns, o.Name, strings.ReplaceAll(strings.ReplaceAll(what, ";", ","), " for: ", " of container "))
		}
		return hintQuotaExceeded(ns, o.Name)
	case ByServiceAccount:
		return hintServiceAccount(ns, o.Name)
	case ByLimitRange:
		return hintLimitRange(ns)
	case ByWebhook:
		return hintWebhook()
	case ByFailingWebhook:
		return hintWebhookFails()
	case ByPolicy:
		return hintPolicy(o.Name)
	case ByPriorityClass:
		return hintPriorityClass()
	case ByRuntimeClass:
		return hintRuntimeClass()
	case ByMutation:
		return hintMutation()
	case ByNamespace:
		return nil
	}
	return hintRejected()
}

// CheckLabels compares the labels that the StatefulSet controller depends on with those that the API
// server stores, nil when they are correct. The revision shows the controller whether the pod is up to
// date, and it deletes a pod that is not; by the selector it finds its pods, and it cannot create one
// whose name is taken by a pod that it does not find.
func CheckLabels(set *appsv1.StatefulSet, sent, stored *corev1.Pod) *Objection {
	const revision = appsv1.StatefulSetRevisionLabel
	if have := stored.Labels[revision]; have != sent.Labels[revision] && sts.StrategyOf(set).HasPartition() {
		return &Objection{Kind: ByMutation, Name: revision, Message: msgRevisionLabelChanged(revision, sent.Labels[revision], have)}
	}
	selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector)
	if err == nil && selector.Matches(labels.Set(sent.Labels)) && !selector.Matches(labels.Set(stored.Labels)) {
		return &Objection{Kind: ByMutation, Message: msgSelectorMismatch(selector.String())}
	}
	return nil
}

// Refuse is the decision about a pod that the StatefulSet controller would not be able to create
// or to keep.
func (o *Objection) Refuse(ns string, t Trial) Decision {
	hint := o.fix(ns)
	if o.dependsOnUser() {
		hint = append(hint, hintSkipPodCheck()...)
	}
	message := msgPodRejected(t.pods(), t.source(), o.Error())
	if o.Kind == ByMutation {
		message = msgPodUnusable(t.pods(), t.source(), o.Error())
	}
	return Decision{Verdict: Refused, Reason: ReasonPodRefused, Subject: podSubject(t.Pod.Name), Message: message, Hint: hint}
}

// Warn is the warning about a pod that will not be created, where nothing is lost by that.
func (o *Objection) Warn(t Trial) string {
	if o.Kind == ByMutation {
		return msgPodNotKept(t.pods(), o.Error())
	}
	return msgPodNotCreated(t.pods(), o.Error())
}

// dependsOnUser says whether the StatefulSet controller may get another answer: policies and webhooks
// may check which user creates a pod. An invalid pod is invalid for the controller, too.
func (o *Objection) dependsOnUser() bool {
	switch o.Kind {
	case ByPolicy, ByWebhook, ByFailingWebhook, ByMutation, ByAdmission:
		return true
	}
	return false
}

// RefuseRemoval is the decision about a pod whose removal admission denies. verb is evict or delete.
func (o *Objection) RefuseRemoval(ns, verb, pod string) Decision {
	return Decision{Verdict: Refused, Reason: ReasonRemovalRefused, Subject: podSubject(pod),
		Message: msgCannotRemove(verb, pod, o.refusal()), Hint: o.fix(ns)}
}

// RefuseWrite is the decision about a write to a StatefulSet or its size that admission denies.
// verb is patch or scale.
func (o *Objection) RefuseWrite(ns, verb, set string) Decision {
	return Decision{Verdict: Refused, Reason: ReasonWriteRefused,
		Message: msgCannotWrite(verb, "statefulset/"+set, o.refusal()), Hint: o.fix(ns)}
}

// RefuseObject is the decision about a write to another object that admission denies. object is
// "persistentvolume/pvc-1", verb create, patch or delete; ns is empty for a cluster-scoped object.
func (o *Objection) RefuseObject(ns, verb, object string) *AnswerError {
	return &AnswerError{Decision: Decision{Verdict: Refused, Reason: ReasonWriteRefused, Subject: object,
		Message: msgCannotWrite(verb, object, o.refusal()), Hint: o.fix(ns)}}
}

// RefuseAction is the decision about an action that admission denies, nil for one that writes nothing.
func (o *Objection) RefuseAction(ns, set string, a SetAction) *Decision { return a.refusal(o, ns, set) }

// refusal names what denies a request that is not the creation of a pod.
func (o *Objection) refusal() string {
	switch {
	case o.Kind == ByAdmission:
		return msgDeniedBy("admission: " + o.Message)
	case o.Kind == ByFailingWebhook, o.Kind == ByValidation, len(o.Exceeded) > 0:
		return o.Error()
	}
	return msgDeniedBy(o.Error())
}

// SkipPodCheck is the flag that skips the dry run of new pods.
const SkipPodCheck = "skip-pod-check"
