package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// cmdMutate creates a MutatingAdmissionPolicy for updates in the scenario's namespace, and waits until
// it takes effect in a dry run.
func cmdMutate(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && (len(args) == 3 || len(args) == 2 && args[0] == "stop"), "mutate SET|OBJECT RESOURCE[,RESOURCE…] EXPRESSION, or mutate stop SET|OBJECT")
	s := of(ts)
	kinds := s.cluster.Client().AdmissionregistrationV1()
	name := "scenario-" + s.namespace
	remove := func() {
		ctx, cancel := requestContext()
		defer cancel()
		_ = kinds.MutatingAdmissionPolicyBindings().Delete(ctx, name, metav1.DeleteOptions{})
		_ = kinds.MutatingAdmissionPolicies().Delete(ctx, name, metav1.DeleteOptions{})
	}
	if args[0] == "stop" {
		remove()
		until(ts, func() error {
			if strings.Contains(args[1], "/") {
				return s.marked(args[1], false)
			}
			return s.mutated(args[1], "statefulsets", false)
		})
		return
	}
	fail, here := registrationv1.Fail, &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": s.namespace}}
	resources := strings.Split(args[1], ",")
	ctx, cancel := requestContext()
	defer cancel()
	ts.Defer(remove)
	group, mutations, conditions := "apps", []registrationv1.Mutation{mutation(args[2])}, []registrationv1.MatchCondition(nil)
	object := strings.Contains(args[0], "/")
	if object { // the change may be invisible in a write that changes nothing else
		group, mutations = "", append(mutations, mutation(`Object{metadata: Object.metadata{annotations: {"`+mutatedMark+`": "yes"}}}`))
	}
	if resources[0] == "persistentvolumes" { // which are not namespaced: other scenarios have their own
		conditions = []registrationv1.MatchCondition{{Name: "here", Expression: `object.spec.?claimRef.?namespace.orValue("") == "` + s.namespace + `"`}}
	}
	_, err := kinds.MutatingAdmissionPolicies().Create(ctx, &registrationv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: registrationv1.MutatingAdmissionPolicySpec{
			MatchConditions: conditions,
			FailurePolicy:   &fail, ReinvocationPolicy: registrationv1.NeverReinvocationPolicy,
			MatchConstraints: &registrationv1.MatchResources{NamespaceSelector: here, ResourceRules: []registrationv1.NamedRuleWithOperations{{
				RuleWithOperations: registrationv1.RuleWithOperations{Operations: []registrationv1.OperationType{registrationv1.Update},
					Rule: registrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: resources}}}}},
			Mutations: mutations,
		},
	}, metav1.CreateOptions{})
	ts.Check(err)
	_, err = kinds.MutatingAdmissionPolicyBindings().Create(ctx, &registrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       registrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name, MatchResources: &registrationv1.MatchResources{NamespaceSelector: here}},
	}, metav1.CreateOptions{})
	ts.Check(err)
	until(ts, func() error {
		if object {
			return s.marked(args[0], true)
		}
		return s.mutated(args[0], resources[0], true)
	})
}

// mutatedMark is an annotation that a policy for objects other than StatefulSets adds.
const mutatedMark = "scenario/mutated"

// marked reports whether admission adds the annotation to the object in a write that removes it.
func (s *scenario) marked(object string, want bool) error {
	before, err := s.get(object)
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(object, "/")
	ctx, cancel := requestContext()
	defer cancel()
	after, err := s.api(kind).Patch(ctx, before.GetName(), types.MergePatchType, []byte(`{"metadata":{"annotations":{"scenario":"asks","`+mutatedMark+`":null}}}`),
		metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return err
	}
	if _, marked := after.GetAnnotations()[mutatedMark]; marked != want {
		return errNotYet
	}
	return nil
}

// mutation is an apply configuration or, for Scale, which has none, a JSON patch.
func mutation(expression string) registrationv1.Mutation {
	if strings.HasPrefix(expression, "[") {
		return registrationv1.Mutation{PatchType: registrationv1.PatchTypeJSONPatch, JSONPatch: &registrationv1.JSONPatch{Expression: expression}}
	}
	return registrationv1.Mutation{PatchType: registrationv1.PatchTypeApplyConfiguration, ApplyConfiguration: &registrationv1.ApplyConfiguration{Expression: expression}}
}

// mutated reports whether admission changes a write to the set that changes nothing else.
func (s *scenario) mutated(set, resource string, want bool) error {
	before, err := s.get("sts/" + set)
	if err != nil {
		return err
	}
	ctx, cancel := requestContext()
	defer cancel()
	patch, sub := `{"metadata":{"annotations":{"scenario":"asks"}}}`, []string{}
	if _, name, is := strings.Cut(resource, "/"); is {
		patch, sub = `{"metadata":{"resourceVersion":""}}`, []string{name}
	}
	after, err := s.api("sts").Patch(ctx, set, types.MergePatchType, []byte(patch), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}, sub...)
	if err != nil {
		return err
	}
	var same bool
	if len(sub) > 0 {
		x, _, _ := unstructured.NestedInt64(before.Object, "spec", "replicas")
		y, _, _ := unstructured.NestedInt64(after.Object, "spec", "replicas")
		same = x == y
	} else {
		unstructured.RemoveNestedField(after.Object, "metadata", "annotations", "scenario")
		same = reflect.DeepEqual(before.Object["spec"], after.Object["spec"]) &&
			reflect.DeepEqual(before.GetLabels(), after.GetLabels()) && len(before.GetAnnotations()) == len(after.GetAnnotations())
	}
	if same == want {
		return errNotYet
	}
	return nil
}

// cmdDigests serves a mutating webhook that turns the image tags of StatefulSets into digests on every
// update, and waits until it is called.
func cmdDigests(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "digests SET")
	s := of(ts)
	server := httptest.NewTLSServer(http.HandlerFunc(digests))
	ts.Defer(server.Close)
	kinds := s.cluster.Client().AdmissionregistrationV1().MutatingWebhookConfigurations()
	name := "digests-" + s.namespace
	ts.Defer(func() {
		ctx, cancel := requestContext()
		defer cancel()
		_ = kinds.Delete(ctx, name, metav1.DeleteOptions{})
	})
	fail, none, all := registrationv1.Fail, registrationv1.SideEffectClassNone, registrationv1.AllScopes
	ctx, cancel := requestContext()
	defer cancel()
	_, err := kinds.Create(ctx, &registrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Webhooks: []registrationv1.MutatingWebhook{{
			Name: "digests.kubectl-sts.dev", FailurePolicy: &fail, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			ClientConfig: registrationv1.WebhookClientConfig{URL: new(server.URL),
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": s.namespace}},
			Rules: []registrationv1.RuleWithOperations{{Operations: []registrationv1.OperationType{registrationv1.Update},
				Rule: registrationv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"statefulsets", "statefulsets/status"}, Scope: &all}}},
		}},
	}, metav1.CreateOptions{})
	ts.Check(err)
	until(ts, func() error { return s.mutated(args[0], "statefulsets", true) })
}

func digests(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	var set appsv1.StatefulSet
	if json.NewDecoder(r.Body).Decode(&review) != nil || json.Unmarshal(review.Request.Object.Raw, &set) != nil {
		http.Error(w, "no StatefulSet", http.StatusBadRequest)
		return
	}
	var ops []string
	for i, c := range set.Spec.Template.Spec.Containers {
		if !strings.Contains(c.Image, "@") {
			ops = append(ops, fmt.Sprintf(`{"op":"replace","path":"/spec/template/spec/containers/%d/image","value":"%s@sha256:%x"}`, i, c.Image, sha256.Sum256([]byte(c.Image))))
		}
	}
	jsonPatch := admissionv1.PatchTypeJSONPatch
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, PatchType: &jsonPatch, Patch: []byte("[" + strings.Join(ops, ",") + "]")}
	review.Request = nil
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}
