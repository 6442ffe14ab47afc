package plan

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
)

// Objection is why admission or validation in the API server refuses a request.
type Objection struct {
	Kind ObjectionKind
	// Name is that of the quota, webhook, policy, ServiceAccount …, empty where there is none.
	Name string
	// Message is the API server's, cut to its point.
	Message string
	// Exceeded are the resources of which a quota has not enough left. They are those of the
	// first quota only: the API server does not check the others then.
	Exceeded map[corev1.ResourceName]QuotaUse
}

// QuotaUse is what a quota says of one resource. Freed is what the pods that will be replaced use.
type QuotaUse struct{ Requested, Used, Limited, Freed resource.Quantity }

// fits says whether the new pods have room once the old ones have ended.
func (u QuotaUse) fits() bool {
	sum := u.Used.DeepCopy()
	sum.Sub(u.Freed)
	sum.Add(u.Requested)
	return sum.Cmp(u.Limited) <= 0
}

// String is what a person has to know of it.
func (u QuotaUse) String() string {
	text := fmt.Sprintf("%s used of %s, %s requested", u.Used.String(), u.Limited.String(), u.Requested.String())
	if u.Freed.Sign() > 0 {
		text += ", " + u.Freed.String() + " freed by replaced pods"
	}
	return text
}

// ObjectionKind is what refuses.
type ObjectionKind string

// What refuses, or why a request could not be checked.
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
	// ByAdmission: the API server does not say which plugin of it refuses. An error of this kind
	// may as well be one of authorization: see [Objection.Unclear].
	ByAdmission ObjectionKind = "Admission"
	// NoDryRun: a webhook with side effects cannot take part in a dry run.
	NoDryRun ObjectionKind = "NoDryRun"
	// NotAllowed: the user lacks the permission for the request.
	NotAllowed ObjectionKind = "NotAllowed"
)

// The API server's words, in the order in which they are looked for: a webhook may use any others
// after its own. The first group is the name, the last one the point.
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

// ReadObjection reads an answer of the API server. It is nil for what says nothing about the
// request itself: an object that is gone or has changed, a server that is busy or out of reach.
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

// toThePoint is a message in one line that is not too long to be read.
func toThePoint(message string) string {
	return sts.Shorten(strings.Join(strings.Fields(message), " "))
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

// Unclear says that the API server's words do not tell whether a permission is missing or
// admission refuses: both answer Forbidden.
func (o *Objection) Unclear() bool { return o.Kind == ByAdmission }

// AfterOld is the objection as it will be once the old pod has ended, with the resources only that
// do not fit then; nil where all of them do. decided is false where that cannot be calculated: the
// two pods may not count for the same quotas.
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

// By names what refuses.
func (o *Objection) By() string {
	switch o.Kind {
	case ByPodSecurity:
		return fmt.Sprintf("PodSecurity %q", o.Name)
	case ByWebhook, NoDryRun, ByFailingWebhook:
		return fmt.Sprintf("admission webhook %q", o.Name)
	case ByPolicy:
		return "validatingadmissionpolicy " + o.Name
	case ByValidation:
		return "validation"
	case ByAdmission, NotAllowed:
		return "admission"
	}
	if o.Name == "" {
		return map[ObjectionKind]string{ByQuota: "a resource quota", ByLimitRange: "a LimitRange"}[o.Kind]
	}
	return strings.ToLower(string(o.Kind)) + " " + o.Name
}

// Error implements error.
func (o *Objection) Error() string {
	switch {
	case o.Kind == ByAdmission, o.Kind == NotAllowed, o.Kind == ByMutation:
		return o.Message
	case o.Kind == ByFailingWebhook:
		return o.By() + " does not answer: " + o.Message
	case o.Kind == ByQuota && len(o.Exceeded) > 0:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(o.Exceeded)) {
			parts = append(parts, string(name)+": "+o.Exceeded[name].String())
		}
		return o.By() + " is exceeded (" + strings.Join(parts, "; ") + ")"
	case o.Kind == NoDryRun:
		return o.By() + " " + o.Message
	}
	return strings.TrimSuffix(o.By()+": "+o.Message, ": ")
}

// fix is what can be done about it.
func (o *Objection) fix(ns string) string {
	switch o.Kind {
	case ByPodSecurity:
		return "change the pod template so that it meets this level, or the namespace's level: " +
			"kubectl get namespace " + ns + " --show-labels"
	case ByQuota:
		if o.Name == "" {
			return "look at the quotas: " + sts.Kubectl(ns, "get resourcequota")
		}
		if what, ok := strings.CutPrefix(o.Message, "must specify "); ok {
			return "set " + strings.ReplaceAll(strings.ReplaceAll(what, ";", ","), " for: ", " of container ") + " in the pod template, or a default in a LimitRange: " +
				sts.Kubectl(ns, "describe resourcequota", o.Name)
		}
		return "raise the quota, or make room in it: " + sts.Kubectl(ns, "describe resourcequota", o.Name)
	case ByServiceAccount:
		return "create it: " + sts.Kubectl(ns, "create serviceaccount", o.Name)
	case ByLimitRange:
		return "change the resources in the pod template, or the LimitRange: " + sts.Kubectl(ns, "describe limitrange")
	case ByWebhook:
		return "do what the webhook requires, or find out who runs it: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"
	case ByFailingWebhook:
		return "rerun when the webhook answers: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"
	case ByPolicy:
		return "do what the policy requires, or change it: kubectl describe validatingadmissionpolicy " + o.Name
	case ByPriorityClass:
		return "create the PriorityClass, or name another one in the pod template: kubectl get priorityclasses"
	case ByRuntimeClass:
		return "create the RuntimeClass, or name another one in the pod template: kubectl get runtimeclasses"
	case ByMutation:
		return "exempt the set's pods from that: kubectl get mutatingwebhookconfigurations,mutatingadmissionpolicies"
	case ByNamespace:
		return ""
	}
	return "fix what the API server names, then rerun"
}

// CheckLabels compares the labels that the StatefulSet controller needs of a pod with what the API
// server makes of them, nil when they are as they should be. By the revision it decides whether the
// pod is up to date, and deletes it where it is not; by the selector it finds its pods, and it cannot
// create one whose name is taken by a pod that it does not find.
func CheckLabels(set *appsv1.StatefulSet, sent, stored *corev1.Pod) *Objection {
	const revision = appsv1.StatefulSetRevisionLabel
	if have := stored.Labels[revision]; have != sent.Labels[revision] && sts.IsRollingUpdate(set) {
		return &Objection{Kind: ByMutation, Name: revision, Message: fmt.Sprintf("mutating admission changes its label %s from %q to %q, "+
			"so that the StatefulSet controller would delete it and create it again and again", revision, sent.Labels[revision], have)}
	}
	selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector)
	if err == nil && selector.Matches(labels.Set(sent.Labels)) && !selector.Matches(labels.Set(stored.Labels)) {
		return &Objection{Kind: ByMutation, Message: fmt.Sprintf("mutating admission changes its labels, so that the set's selector (%s) does not match it "+
			"and the StatefulSet controller would not find it", selector)}
	}
	return nil
}

// Refuse is the decision about a pod that the API server would not let the StatefulSet controller
// create.
func (o *Objection) Refuse(ns string, t Trial) Decision {
	hint := o.fix(ns)
	if o.dependsOnUser() {
		hint += "; if this applies to your user but not to the StatefulSet controller, add --" + SkipPodCheck
	}
	return Decision{Verdict: Refused, Reason: ReasonPodRefused, Subject: t.Pod.Name,
		Message: fmt.Sprintf("%s (%s) would not %s: %s", t.pods(), t.source(), o.outcome(), o.Error()), Hint: hint}
}

// Warn is the sentence about a pod that will not be created, where nothing is lost by that.
func (o *Objection) Warn(t Trial) string {
	return fmt.Sprintf("%s will not %s: %s", t.pods(), o.outcome(), o.Error())
}

// outcome is what becomes of a new pod only without the objection.
func (o *Objection) outcome() string {
	if o.Kind == ByMutation {
		return "stay"
	}
	return "be created"
}

// dependsOnUser says whether the answer to the StatefulSet controller may be another one: policies and
// webhooks may check who creates a pod. What the pod itself lacks, it lacks for the controller too.
func (o *Objection) dependsOnUser() bool {
	switch o.Kind {
	case ByPolicy, ByWebhook, ByFailingWebhook, ByMutation, ByAdmission:
		return true
	}
	return false
}

// RefuseRemoval is the decision about a pod that admission does not let go. verb is evict or delete.
func (o *Objection) RefuseRemoval(ns, verb, pod string) Decision {
	return Decision{Verdict: Refused, Reason: ReasonRemovalRefused, Subject: pod,
		Message: fmt.Sprintf("cannot %s pod %s: %s", verb, pod, o.refusal()), Hint: o.fix(ns)}
}

// RefuseWrite is the decision about a write to a StatefulSet or its size that admission does not
// let through. verb is patch or scale.
func (o *Objection) RefuseWrite(ns, verb, set string) Decision {
	return Decision{Verdict: Refused, Reason: ReasonWriteRefused,
		Message: fmt.Sprintf("cannot %s statefulset %s: %s", verb, set, o.refusal()), Hint: o.fix(ns)}
}

// RefuseAction is the decision about an action that admission does not let through, nil for one that
// writes nothing.
func (o *Objection) RefuseAction(ns, set string, a *Action) *Decision {
	var d Decision
	verb, pod := a.Removes()
	switch {
	case pod != "":
		d = o.RefuseRemoval(ns, verb, pod)
	case a.HoldPod != nil:
		d = o.RefuseRemoval(ns, "patch", a.HoldPod.Name)
	case a.Scale != nil:
		d = o.RefuseWrite(ns, "scale", set)
	case a.PatchSet != nil:
		d = o.RefuseWrite(ns, "patch", set)
	default:
		return nil
	}
	return &d
}

// refusal says who refuses a request that is not the creation of a pod.
func (o *Objection) refusal() string {
	switch o.Kind {
	case ByAdmission:
		return "refused by admission: " + o.Message
	case ByFailingWebhook:
		return o.Error()
	}
	return "refused by " + o.Error()
}

// SkipPodCheck is the flag that leaves the trial of new pods out.
const SkipPodCheck = "skip-pod-check"
