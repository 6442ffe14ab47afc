package operate_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func status(code int32, reason metav1.StatusReason, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}}
}

// The messages are those of kube-apiserver 1.36.
func TestReadObjection(t *testing.T) {
	long := strings.Repeat("word ", 200)
	for name, test := range map[string]struct {
		err  error
		kind operate.ObjectionKind
		of   string
		want string // as it is shown
	}{
		"PodSecurity": {status(403, "Forbidden", `pods "web-2" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or container "app" must set it)`),
			operate.ByPodSecurity, "restricted:latest", `PodSecurity "restricted:latest": runAsNonRoot != true (pod or container "app" must set it)`},
		"quota": {status(403, "Forbidden", `pods "web-2" is forbidden: exceeded quota: small, requested: pods=1,requests.cpu=100m, used: pods=3,requests.cpu=300m, limited: pods=3,requests.cpu=300m`),
			operate.ByQuota, "small", operate.MsgQuotaExceeded("resourcequota/small", []string{"pods: " + operate.MsgQuotaUse("3", "3", "1", ""), "requests.cpu: " + operate.MsgQuotaUse("300m", "300m", "100m", "")})},
		"quota that requires a request": {status(403, "Forbidden", `pods "web-2" is forbidden: failed quota: cpu: must specify requests.cpu for: app`),
			operate.ByQuota, "cpu", "resourcequota/cpu: must specify requests.cpu for: app"},
		"limited resource without a quota": {status(403, "Forbidden", `pods "web-2" is forbidden: insufficient quota to consume: cpu`),
			operate.ByQuota, "", "a ResourceQuota: insufficient quota to consume: cpu"},
		"ServiceAccount": {status(403, "Forbidden", `pods "web-2" is forbidden: error looking up service account shop/web: serviceaccount "web" not found`),
			operate.ByServiceAccount, "web", `serviceaccount/web: serviceaccount "web" not found`},
		"LimitRange": {status(403, "Forbidden", `pods "web-2" is forbidden: maximum cpu usage per Container is 100m, but limit is 1`),
			operate.ByLimitRange, "", "a LimitRange: maximum cpu usage per Container is 100m, but limit is 1"},
		"webhook": {status(403, "Forbidden", "admission webhook \"guard.example.com\" denied the request: no\n\n  more  today"),
			operate.ByWebhook, "guard.example.com", `admission webhook "guard.example.com": no more today`},
		"webhook with a code of its own": {status(500, "", `admission webhook "guard.example.com" denied the request: broken`),
			operate.ByWebhook, "guard.example.com", `admission webhook "guard.example.com": broken`},
		"webhook that calls it a conflict": {status(409, "AlreadyExists", `admission webhook "guard.example.com" denied the request: pods "web-2" already exists`),
			operate.ByWebhook, "guard.example.com", `admission webhook "guard.example.com": pods "web-2" already exists`},
		"webhook without words": {status(400, "", `admission webhook "guard.example.com" denied the request without explanation`),
			operate.ByWebhook, "guard.example.com", `admission webhook "guard.example.com": without explanation`},
		"webhook out of reach": {status(500, "InternalError", `Internal error occurred: failed calling webhook "guard.example.com": failed to call webhook: Post "https://x": context deadline exceeded`),
			operate.ByFailingWebhook, "guard.example.com", operate.MsgWebhookFails(`admission webhook "guard.example.com"`, `failed to call webhook: Post "https://x": context deadline exceeded`)},
		"webhook with side effects": {status(400, "BadRequest", `admission webhook "guard.example.com" does not support dry run`),
			operate.NoDryRun, "guard.example.com", `admission webhook "guard.example.com" does not support dry run`},
		"policy": {status(422, "Invalid", `pods "web-1" is invalid: : ValidatingAdmissionPolicy 'guard' with binding 'all' denied request: the operator does that`),
			operate.ByPolicy, "guard", "validatingadmissionpolicy/guard: the operator does that"},
		"policy that says Forbidden": {status(403, "Forbidden", `pods "web-1" is forbidden: ValidatingAdmissionPolicy 'guard' with binding 'all' denied request: not now`),
			operate.ByPolicy, "guard", "validatingadmissionpolicy/guard: not now"},
		"PriorityClass": {status(403, "Forbidden", `pods "web-2" is forbidden: no PriorityClass with name gone was found`),
			operate.ByPriorityClass, "gone", "priorityclass/gone: no PriorityClass with name gone was found"},
		"RuntimeClass": {status(403, "Forbidden", `pods "web-2" is forbidden: pod rejected: RuntimeClass "gone" not found`),
			operate.ByRuntimeClass, "gone", "runtimeclass/gone: not found"},
		"namespace": {status(403, "Forbidden", `pods "web-2" is forbidden: unable to create new content in namespace shop because it is being terminated`),
			operate.ByNamespace, "shop", "namespace/shop: because it is being terminated"},
		"validation": {status(422, "Invalid", `Pod "web-2" is invalid: spec.containers[0].image: Required value`),
			operate.ByValidation, "", operate.MsgInvalid("spec.containers[0].image: Required value")},
		"another plugin, or authorization": {status(403, "Forbidden", `pods "web-2" is forbidden: node affinity is not allowed here`),
			operate.ByAdmission, "", "node affinity is not allowed here"},
		"pages of text": {status(403, "Forbidden", `admission webhook "guard.example.com" denied the request: `+long),
			operate.ByWebhook, "guard.example.com", `admission webhook "guard.example.com": ` + long[:299] + " …"},
		"wrapped":   {fmt.Errorf("create: %w", status(403, "Forbidden", `admission webhook "a" denied the request: no`)), operate.ByWebhook, "a", `admission webhook "a": no`},
		"not found": {status(404, "NotFound", `pods "web-2" not found`), "", "", ""},
		"conflict":  {status(409, "Conflict", "the object has been modified"), "", "", ""},
		"taken":     {status(409, "AlreadyExists", `pods "web-2" already exists`), "", "", ""},
		"busy":      {status(429, "TooManyRequests", "too many requests"), "", "", ""},
		"broken":    {status(500, "InternalError", "Internal error occurred: etcd"), "", "", ""},
		"no answer": {io.EOF, "", "", ""},
		"none":      {nil, "", "", ""},
	} {
		o := operate.ReadObjection(test.err)
		if o == nil {
			o = &operate.Objection{}
		}
		shown := ""
		if o.Kind != "" {
			shown = o.Error()
		}
		if diff := cmp.Diff([]string{string(test.kind), test.of, test.want}, []string{string(o.Kind), o.Name, shown}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if o.Unclear() != (test.kind == operate.ByAdmission) {
			t.Errorf("%s: Unclear = %t", name, o.Unclear())
		}
	}
}

// TestRefusalsHaveHints: each has a hint, with --skip-pod-check only where the StatefulSet controller may
// get another answer.
func TestRefusalsHaveHints(t *testing.T) {
	for message, test := range map[string]struct {
		hint string
		skip bool
	}{
		`admission webhook "a" denied the request: no`:                                 {"kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations", true},
		`x: violates PodSecurity "baseline:latest": no`:                                {"kubectl get namespace shop --show-labels", false},
		`x: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1`:       {operate.HintQuotaExceeded("shop", "q").String(), false},
		`x: failed quota: q: must specify limits.cpu for: a,b; limits.memory for: app`: {operate.HintQuotaRequires("shop", "q", "limits.cpu of container a,b, limits.memory of container app").String(), false},
		`x: error looking up service account shop/web: serviceaccount "web" not found`: {"kubectl create serviceaccount web -n shop", false},
		`x: no PriorityClass with name gone was found`:                                 {"kubectl get priorityclasses", false},
		`x: pod rejected: RuntimeClass "gone" not found`:                               {"kubectl get runtimeclasses", false},
		`x: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`:         {"kubectl describe validatingadmissionpolicy p", true},
		`x: minimum cpu usage per Pod is 1`:                                            {"kubectl describe limitrange -n shop", false},
		`x: something else`:                                                            {operate.HintRejected().String(), true},
	} {
		o := operate.ReadObjection(status(403, "Forbidden", message))
		d := o.Refuse("shop", operate.Trial{Pod: ststest.Web(1).Pods[0]})
		if d.Verdict != operate.Refused || d.Reason != operate.ReasonPodRefused || !strings.Contains(d.Hint.String(), test.hint) || strings.Contains(d.Hint.String(), "--skip-pod-check") != test.skip {
			t.Errorf("%s: %s %s: %s", message, d.Verdict, d.Reason, d.Hint)
		}
		if d := o.RefuseRemoval("shop", "evict", "web-1"); !strings.Contains(d.Hint.String(), test.hint) || !strings.HasPrefix(d.Message, operate.MsgCannotRemove("evict", "web-1", "")) {
			t.Errorf("%s: %s: %s", message, d.Message, d.Hint)
		}
	}
}

// TestQuotaAfterTheOldPod: resources that the old pod frees are not reported as exceeded.
func TestQuotaAfterTheOldPod(t *testing.T) {
	pod := func(cpu, class string) *corev1.Pod {
		p := &corev1.Pod{Spec: corev1.PodSpec{PriorityClassName: class, Containers: []corev1.Container{{Name: "app"}}}}
		if cpu != "" {
			p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse(cpu)}
		}
		return p
	}
	for name, test := range map[string]struct {
		message string
		old     *corev1.Pod
		want    string
		decided bool
	}{
		"full by the old pod": {"requested: pods=1, used: pods=3, limited: pods=3", pod("1", ""), "", true},
		"over its limit": {"requested: pods=1, used: pods=4, limited: pods=3", pod("1", ""),
			operate.MsgQuotaExceeded("resourcequota/q", []string{"pods: " + operate.MsgQuotaUse("4", "3", "1", "1")}), true},
		"cpu comes free": {"requested: requests.cpu=1500m, used: requests.cpu=3, limited: requests.cpu=3500m", pod("1", ""), "", true},
		"not enough cpu comes free": {"requested: requests.cpu=2, used: requests.cpu=3, limited: requests.cpu=3500m", pod("1", ""),
			operate.MsgQuotaExceeded("resourcequota/q", []string{"requests.cpu: " + operate.MsgQuotaUse("3", "3500m", "2", "1")}), true},
		"only the cpu does not fit": {"requested: pods=1,requests.cpu=50m, used: pods=6,requests.cpu=60m, limited: pods=6,requests.cpu=60m", pod("10m", ""),
			operate.MsgQuotaExceeded("resourcequota/q", []string{"requests.cpu: " + operate.MsgQuotaUse("60m", "60m", "50m", "10m")}), true},
		"no pod goes": {"requested: pods=1, used: pods=3, limited: pods=3", nil,
			operate.MsgQuotaExceeded("resourcequota/q", []string{"pods: " + operate.MsgQuotaUse("3", "3", "1", "")}), true},
		"the quota may count other pods": {"requested: pods=1, used: pods=3, limited: pods=3", pod("1", "high"),
			operate.MsgQuotaExceeded("resourcequota/q", []string{"pods: " + operate.MsgQuotaUse("3", "3", "1", "")}), false},
		"another reason": {"requested: something", pod("1", ""), "resourcequota/q: requested: something", true},
	} {
		o := operate.ReadObjection(status(403, "Forbidden", `pods "web-2" is forbidden: exceeded quota: q, `+test.message))
		after, decided := o.AfterOld(test.old, pod("2", ""), ststest.Now)
		got := ""
		if after != nil {
			got = after.Error()
		}
		if got != test.want || decided != test.decided {
			t.Errorf("%s: %q, decided %t; want %q", name, got, decided, test.want)
		}
	}
}

func TestCheckQuotas(t *testing.T) {
	pod := func(cpu string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-" + cpu}, Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse(cpu)}}}}}}
	}
	quota := func(name, resourceName, used, hard string, scopes ...corev1.ResourceQuotaScope) *corev1.ResourceQuota {
		list := func(q string) corev1.ResourceList {
			return corev1.ResourceList{corev1.ResourceName(resourceName): resource.MustParse(q)}
		}
		return &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ResourceQuotaSpec{Scopes: scopes},
			Status: corev1.ResourceQuotaStatus{Hard: list(hard), Used: list(used)}}
	}
	three := []operate.Trial{{Pod: pod("1"), Count: 3, Ordinals: []sts.Ordinal{3, 4, 5}}}
	grow := []operate.Trial{{Pod: pod("2"), Replaces: pod("1"), Count: 3, Ordinals: []sts.Ordinal{0, 1, 2}}}
	mixed := []operate.Trial{grow[0], {Pod: pod("1"), Replaces: pod("1"), Count: 1, Ordinals: []sts.Ordinal{3}},
		{Pod: pod("3"), Replaces: pod("1"), Count: 1, Ordinals: []sts.Ordinal{4}, Costs: true}}
	same := []operate.Trial{{Pod: pod("1"), Replaces: pod("1"), Count: 3}}
	for name, test := range map[string]struct {
		quota  *corev1.ResourceQuota
		trials []operate.Trial
		more   bool
		want   string
	}{
		"room for all":                   {quota("q", "pods", "3", "6"), three, true, ""},
		"room for some":                  {quota("q", "pods", "3", "5"), three, true, operate.MsgPodNotCreated(operate.MsgPodsTogether([]sts.Ordinal{3, 4, 5}), operate.MsgQuotaExceeded("resourcequota/q", []string{"pods: " + operate.MsgQuotaUse("3", "5", "3", "")}))},
		"replaced one by one":            {quota("q", "pods", "3", "3"), same, false, ""},
		"each requests more":             {quota("q", "requests.cpu", "3", "5"), grow, true, operate.MsgPodNotCreated(operate.MsgPodsTogether([]sts.Ordinal{0, 1, 2}), operate.MsgQuotaExceeded("resourcequota/q", []string{"requests.cpu: " + operate.MsgQuotaUse("3", "5", "6", "3")}))},
		"several revisions":              {quota("q", "requests.cpu", "5", "9"), mixed, true, operate.MsgPodNotCreated(operate.MsgPodsTogether([]sts.Ordinal{0, 1, 2, 4}), operate.MsgQuotaExceeded("resourcequota/q", []string{"requests.cpu: " + operate.MsgQuotaUse("5", "9", "10", "5")}))},
		"each requests more, with room":  {quota("q", "requests.cpu", "3", "6"), grow, true, ""},
		"a scope that may not hold them": {quota("q", "pods", "3", "3", corev1.ResourceQuotaScopeBestEffort), three, true, ""},
		"claims": {quota("q", "requests.storage", "3Gi", "4Gi"), []operate.Trial{{Pod: pod("1"), Count: 1, Claims: corev1.ResourceList{"requests.storage": resource.MustParse("2Gi")}}}, true,
			operate.MsgPodNotCreated("pod web-1", operate.MsgQuotaExceeded("resourcequota/q", []string{"requests.storage: " + operate.MsgQuotaUse("3Gi", "4Gi", "2Gi", "")}))},
		"one that is replaced": {quota("q", "pods", "3", "3"), []operate.Trial{{Pod: pod("1"), Replaces: pod("1"), Count: 1}}, false, ""},
	} {
		if more := operate.NeedsMore(test.trials, ststest.Now); more != test.more {
			t.Errorf("%s: NeedsMore = %t", name, more)
		}
		o, trial := operate.CheckQuotas([]*corev1.ResourceQuota{test.quota}, test.trials, ststest.Now)
		got := ""
		if o != nil {
			got = o.Warn(trial)
			if costs := test.trials[len(test.trials)-1].Costs; trial.Pod != test.trials[0].Pod || trial.Costs != costs {
				t.Errorf("%s: about %v", name, trial.Pod)
			}
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestCheckLabels: only the labels by which the controller finds a pod and its revision matter.
func TestCheckLabels(t *testing.T) {
	label := func(key, value string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			if p.Labels[key] = value; value == "" {
				delete(p.Labels, key)
			}
		}
	}
	onDelete := func(set *appsv1.StatefulSet) {
		set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	}
	for name, test := range map[string]struct {
		admit func(*corev1.Pod)
		set   func(*appsv1.StatefulSet)
		want  string
	}{
		"a label of its own":                 {label("team", "payments"), nil, ""},
		"the label with its name":            {label(appsv1.StatefulSetPodNameLabel, "other"), nil, ""},
		"another revision":                   {label(appsv1.StatefulSetRevisionLabel, "gitops"), nil, operate.MsgRevisionLabelChanged(appsv1.StatefulSetRevisionLabel, ststest.StableRevision, "gitops")},
		"no revision":                        {label(appsv1.StatefulSetRevisionLabel, ""), nil, operate.MsgRevisionLabelChanged(appsv1.StatefulSetRevisionLabel, ststest.StableRevision, "")},
		"another revision, which none needs": {label(appsv1.StatefulSetRevisionLabel, "gitops"), onDelete, ""},
		"a label of the selector":            {label("app", ""), onDelete, operate.MsgSelectorMismatch("app=web")},
	} {
		set := ststest.Web(3).Sets[0]
		if test.set != nil {
			test.set(set)
		}
		sent := sts.NewPod(set, &set.Spec.Template, ststest.StableRevision, 1)
		stored := sent.DeepCopy()
		test.admit(stored)
		got := ""
		if o := operate.CheckLabels(set, sent, stored); o != nil {
			got = o.Error()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
