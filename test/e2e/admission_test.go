package e2e

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Policies and webhooks are cluster-scoped, and other scenarios use the same cluster: they apply only
// to the scenario's namespace, and are removed at its end. It takes a moment until one is in force;
// it also applies to a ConfigMap, which is created in dry runs until it is.

// probe is the name of that ConfigMap.
const probe = "admission-probe"

// isProbe matches the requests that only test whether admission is in force.
const isProbe = `request.resource.resource == "configmaps"`

func (s *scenario) clientset() (kubernetes.Interface, error) {
	return kubernetes.NewForConfig(s.cluster.RESTConfig())
}

// onlyHere selects the scenario's namespace.
func (s *scenario) onlyHere() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: s.namespace}}
}

// rules are those for RESOURCE and OPERATION of a command, and for the probe.
func rules(resource, operation string) []admissionregistrationv1.RuleWithOperations {
	group := ""
	if strings.HasPrefix(resource, "statefulsets") {
		group = "apps"
	}
	one := func(op, group, resource string) admissionregistrationv1.RuleWithOperations {
		return admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationType(op)},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}},
		}
	}
	return []admissionregistrationv1.RuleWithOperations{one(operation, group, resource), one("CREATE", "", "configmaps")}
}

// untilInForce creates the probe in dry runs until the response is the expected one.
func (s *scenario) untilInForce(ts *testscript.TestScript, client kubernetes.Interface, answered func(error) bool) {
	until(ts, func() error {
		ctx, cancel := requestContext()
		defer cancel()
		_, err := client.CoreV1().ConfigMaps(s.namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: probe}},
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if !answered(err) {
			return fmt.Errorf("admission is not in force: %w", err)
		}
		return nil
	})
}

// cmdPolicy is "policy NAME RESOURCE OPERATION CEL [MESSAGE]", or "policy NAME off".
func cmdPolicy(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	off := len(args) == 2 && args[1] == "off"
	if neg || !off && (len(args) < 4 || len(args) > 5) {
		ts.Fatalf("usage: policy NAME RESOURCE OPERATION CEL [MESSAGE] or policy NAME off")
	}
	client, err := s.clientset()
	ts.Check(err)
	api := client.AdmissionregistrationV1()
	ctx, cancel := requestContext()
	defer cancel()
	name := s.namespace + "-" + args[0]
	remove := func(ctx context.Context) {
		_ = api.ValidatingAdmissionPolicyBindings().Delete(ctx, name, metav1.DeleteOptions{})
		_ = api.ValidatingAdmissionPolicies().Delete(ctx, name, metav1.DeleteOptions{})
	}
	if off {
		remove(ctx)
		s.untilInForce(ts, client, func(err error) bool { return err == nil })
		return
	}
	s.atEnd = append(s.atEnd, remove)
	message := "denied"
	if len(args) == 5 {
		message = args[4]
	}
	var named []admissionregistrationv1.NamedRuleWithOperations
	for _, r := range rules(args[1], args[2]) {
		named = append(named, admissionregistrationv1.NamedRuleWithOperations{RuleWithOperations: r})
	}
	_, err = api.ValidatingAdmissionPolicies().Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: named},
			Validations:      []admissionregistrationv1.Validation{{Expression: isProbe + " ? false : (" + args[3] + ")", Message: message}},
		},
	}, metav1.CreateOptions{})
	ts.Check(err)
	_, err = api.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
			MatchResources: &admissionregistrationv1.MatchResources{NamespaceSelector: s.onlyHere()},
		},
	}, metav1.CreateOptions{})
	ts.Check(err)
	s.untilInForce(ts, client, func(err error) bool { return err != nil && strings.Contains(err.Error(), name) })
}

// webhook is a webhook server for the resources of a scenario.
type webhook struct {
	*httptest.Server
	deny    *regexp.Regexp // names of objects; nil for none
	message string
	code    int32
	dryRun  bool   // deny dry runs, too
	patch   string // a JSON patch of every object, empty for none

	mu     sync.Mutex
	probed bool
	off    bool // everything is allowed from now on
}

// cmdWebhook is "webhook NAME RESOURCE OPERATION [deny=REGEXP] [message=TEXT] [code=N]
// [dry-run=allow] [patch=JSON]", "webhook NAME off": it allows everything from then on, or
// "webhook NAME down": it does not answer from then on.
func cmdWebhook(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if !neg && len(args) == 2 && s.webhooks[args[0]] != nil {
		switch w := s.webhooks[args[0]]; args[1] {
		case "down":
			w.CloseClientConnections()
			w.Close()
			return
		case "off":
			w.mu.Lock()
			w.off = true
			w.mu.Unlock()
			return
		}
	}
	if neg || len(args) < 3 {
		ts.Fatalf("usage: webhook NAME RESOURCE OPERATION [deny=REGEXP] [message=TEXT] [code=N] [dry-run=allow] [patch=JSON], or webhook NAME off|down")
	}
	w := &webhook{message: "denied", code: http.StatusForbidden, dryRun: true}
	sideEffects := admissionregistrationv1.SideEffectClassNone
	for _, option := range args[3:] {
		key, value, _ := strings.Cut(option, "=")
		var err error
		switch key {
		case "deny":
			w.deny, err = regexp.Compile("^(?:" + value + ")$")
		case "message":
			w.message = value
		case "code":
			var code int
			code, err = strconv.Atoi(value)
			w.code = int32(code) //nolint:gosec // a scenario's HTTP status
		case "dry-run":
			w.dryRun = value != "allow"
		case "patch":
			w.patch = value
		default:
			ts.Fatalf("webhook: unknown option %s", option)
		}
		ts.Check(err)
	}
	client, err := s.clientset()
	ts.Check(err)
	w.Server = httptest.NewTLSServer(w)
	if s.webhooks == nil {
		s.webhooks = map[string]*webhook{}
	}
	s.webhooks[args[0]] = w
	api, name := client.AdmissionregistrationV1(), s.namespace+"-"+args[0]
	s.atEnd = append(s.atEnd, func(ctx context.Context) {
		_ = api.ValidatingWebhookConfigurations().Delete(ctx, name, metav1.DeleteOptions{})
		_ = api.MutatingWebhookConfigurations().Delete(ctx, name, metav1.DeleteOptions{})
		w.Close()
	})
	ctx, cancel := requestContext()
	defer cancel()
	called := admissionregistrationv1.WebhookClientConfig{
		URL:      new(w.URL + "/"),
		CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Certificate().Raw}),
	}
	if w.patch != "" {
		_, err = api.MutatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.MutatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Webhooks: []admissionregistrationv1.MutatingWebhook{{
				Name: args[0] + ".example.com", ClientConfig: called, Rules: rules(args[1], args[2]), NamespaceSelector: s.onlyHere(),
				SideEffects: &sideEffects, AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: new(int32(5)),
			}},
		}, metav1.CreateOptions{})
	} else {
		_, err = api.ValidatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Webhooks: []admissionregistrationv1.ValidatingWebhook{{
				Name: args[0] + ".example.com", ClientConfig: called, Rules: rules(args[1], args[2]), NamespaceSelector: s.onlyHere(),
				SideEffects: &sideEffects, AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: new(int32(5)),
			}},
		}, metav1.CreateOptions{})
	}
	ts.Check(err)
	s.untilInForce(ts, client, func(error) bool { return w.wasProbed() })
}

func (w *webhook) wasProbed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.probed
}

// ServeHTTP implements [http.Handler].
func (w *webhook) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil || review.Request == nil {
		http.Error(to, "no AdmissionReview", http.StatusBadRequest)
		return
	}
	review.Response = w.answer(review.Request)
	review.Request = nil
	to.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(to).Encode(review)
}

func (w *webhook) answer(q *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	a := &admissionv1.AdmissionResponse{UID: q.UID, Allowed: true}
	name := q.Name
	var o metav1.PartialObjectMetadata
	if json.Unmarshal(q.Object.Raw, &o) == nil && name == "" {
		name = o.Name
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case q.Resource.Resource == "configmaps":
		w.probed = true
	case w.off, !w.dryRun && q.DryRun != nil && *q.DryRun:
	case w.deny != nil && w.deny.MatchString(name):
		a.Allowed = false
		a.Result = &metav1.Status{Code: w.code, Message: w.message}
	case w.patch != "":
		a.Patch, a.PatchType = []byte(w.patch), new(admissionv1.PatchTypeJSONPatch)
	}
	return a
}
