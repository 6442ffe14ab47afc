package kube

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestTemplateOf: the API server fills in what a manifest leaves out, in a dry run.
func TestTemplateOf(t *testing.T) {
	const template = `"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"app","image":"web:2"}]}}`
	defaults := func(set *appsv1.StatefulSet) { set.Spec.Template.Spec.RestartPolicy = "Always" }
	inject := func(set *appsv1.StatefulSet) {
		set.Spec.Template.Labels["injected"] = "yes"
	}
	for name, test := range map[string]struct {
		manifest string
		admit    func(*appsv1.StatefulSet)
		want     string // in the template
		others   []string
	}{
		"the image":       {`{"spec":{` + template + `}}`, nil, `"image":"web:2"`, nil},
		"with defaults":   {`{"spec":{` + template + `}}`, defaults, `"restartPolicy":"Always"`, nil},
		"with more":       {`{"spec":{"replicas":5,"serviceName":"web",` + template + `}}`, nil, `"image":"web:2"`, []string{"spec.replicas"}},
		"with a label":    {`{"metadata":{"labels":{"a":"b"},"annotations":{"c":"d"}},"spec":{` + template + `}}`, nil, `"image":"web:2"`, []string{"metadata.labels[a]", "metadata.annotations[c]"}},
		"with its labels": {`{"metadata":{"labels":{"tier":"db"}},"spec":{` + template + `}}`, nil, `"image":"web:2"`, nil},
		"with admission":  {`{"spec":{` + template + `}}`, inject, `"image":"web:2"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(3)
			live := inv.Sets[0]
			live.Labels = map[string]string{"tier": "db"}
			r, client := script(t, inv, func(q request) any {
				if q.method != http.MethodPut {
					return nil
				}
				stored := q.object.DeepCopyObject().(*appsv1.StatefulSet)
				stored.Name = live.Name
				if test.admit != nil {
					test.admit(stored)
				}
				return stamped(stored)
			})
			got, others, err := client.TemplateOf(t.Context(), live, []byte(test.manifest))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got), test.want) || strings.Contains(string(got), "injected") {
				t.Errorf("template %s, want %s", got, test.want)
			}
			if diff := cmp.Diff(test.others, others); diff != "" {
				t.Errorf("what else changes (-want +got):\n%s", diff)
			}
			writes, _ := r.writes()
			if len(writes) != 1 || writes[0].line != "PUT /apis/apps/v1/namespaces/test/statefulsets/web?dryRun=All&fieldManager=kubectl-sts&fieldValidation=Strict" {
				t.Fatalf("sent %v", writes)
			}
			if sent := writes[0].object.(*appsv1.StatefulSet); sent.ResourceVersion != "" || sent.Spec.Template.Spec.Containers[0].Image != "web:2" {
				t.Errorf("sent %v", sent)
			}
		})
	}
}

func TestTemplateOfABadManifest(t *testing.T) {
	inv := ststest.Web(1)
	for name, manifest := range map[string]string{
		"no JSON": "kind: StatefulSet", "no template": `{"spec":{"replicas":3}}`, "a template that is none": `{"spec":{"template":"web:2"}}`,
		"another case": `{"spec":{"Template":{}}}`,
	} {
		r, client := recordRequests(t, inv)
		if _, _, err := client.TemplateOf(t.Context(), inv.Sets[0], []byte(manifest)); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if writes, _ := r.writes(); len(writes) > 0 {
			t.Errorf("%s is sent", name)
		}
		if _, err := Merged(inv.Sets[0], []byte(manifest)); err == nil {
			t.Errorf("%s is merged", name)
		}
	}
	_, client := script(t, inv, func(request) any {
		return failure(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "no such field")
	})
	if _, _, err := client.TemplateOf(t.Context(), inv.Sets[0], []byte(`{"spec":{"template":{}}}`)); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "statefulset/web") {
		t.Errorf("the API server refuses it: %v", err)
	}
	merged, err := Merged(inv.Sets[0], []byte(`{"spec":{"replicas":9,"template":{}}}`))
	if err != nil || *merged.Spec.Replicas != 9 || merged.Spec.ServiceName != "web" || *inv.Sets[0].Spec.Replicas != 1 {
		t.Errorf("%v, %v", merged, err)
	}
}

// TestAdmitters: the webhooks and policies that are named are those whose rules and selectors match.
func TestAdmitters(t *testing.T) {
	rule := func(group, resource string, operations ...admissionv1.OperationType) admissionv1.RuleWithOperations {
		return admissionv1.RuleWithOperations{Operations: operations, Rule: admissionv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}}}
	}
	named := func(r admissionv1.RuleWithOperations, names ...string) []admissionv1.NamedRuleWithOperations {
		return []admissionv1.NamedRuleWithOperations{{ResourceNames: names, RuleWithOperations: r}}
	}
	label := func(key, value string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
	}
	update := rule("apps", "statefulsets", admissionv1.Update)
	for name, test := range map[string]struct {
		policy, binding *admissionv1.MatchResources
		bound           string // the policy that the binding names
		want            bool
	}{
		"all updates":               {&admissionv1.MatchResources{ResourceRules: named(update)}, nil, "policy", true},
		"creations":                 {&admissionv1.MatchResources{ResourceRules: named(rule("apps", "statefulsets", admissionv1.Create))}, nil, "policy", false},
		"pods":                      {&admissionv1.MatchResources{ResourceRules: named(rule("", "pods", "*"))}, nil, "policy", false},
		"another group":             {&admissionv1.MatchResources{ResourceRules: named(rule("batch", "*", "*"))}, nil, "policy", false},
		"all resources":             {&admissionv1.MatchResources{ResourceRules: named(rule("*", "*/*", "*"))}, nil, "policy", true},
		"its subresource":           {&admissionv1.MatchResources{ResourceRules: named(rule("apps", "statefulsets/scale", "*"))}, nil, "policy", false},
		"this set":                  {&admissionv1.MatchResources{ResourceRules: named(update, "web")}, nil, "policy", true},
		"another set":               {&admissionv1.MatchResources{ResourceRules: named(update, "db")}, nil, "policy", false},
		"this namespace":            {&admissionv1.MatchResources{ResourceRules: named(update), NamespaceSelector: label("env", "prod")}, nil, "policy", true},
		"another namespace":         {&admissionv1.MatchResources{ResourceRules: named(update), NamespaceSelector: label("env", "test")}, nil, "policy", false},
		"other labels":              {&admissionv1.MatchResources{ResourceRules: named(update), ObjectSelector: label("tier", "web")}, nil, "policy", false},
		"not bound":                 {&admissionv1.MatchResources{ResourceRules: named(update)}, nil, "another", false},
		"bound to the namespace":    {&admissionv1.MatchResources{ResourceRules: named(update)}, &admissionv1.MatchResources{NamespaceSelector: label("env", "prod")}, "policy", true},
		"bound to another":          {&admissionv1.MatchResources{ResourceRules: named(update)}, &admissionv1.MatchResources{NamespaceSelector: label("env", "test")}, "policy", false},
		"bound to another set":      {&admissionv1.MatchResources{ResourceRules: named(update)}, &admissionv1.MatchResources{ResourceRules: named(update, "db")}, "policy", false},
		"a selector that is no one": {&admissionv1.MatchResources{ResourceRules: named(update), ObjectSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "?"}}}}, nil, "policy", false},
	} {
		var objects []runtime.Object
		m := metav1.ObjectMeta{Name: "policy"}
		policy := &admissionv1.MutatingAdmissionPolicy{ObjectMeta: m}
		policy.Spec.MatchConstraints = test.policy
		binding := &admissionv1.MutatingAdmissionPolicyBinding{ObjectMeta: m}
		binding.Spec.PolicyName, binding.Spec.MatchResources = test.bound, test.binding
		set := ststest.Web(1).Sets[0]
		set.Labels = map[string]string{"tier": "db"}
		objects = append(objects, policy, binding)
		namespace := &metav1.ObjectMeta{Name: "test", Labels: map[string]string{"env": "prod"}}
		_, client := script(t, &sts.Inventory{}, replies(map[string]any{
			"GET /api/v1/namespaces/test":                                               map[string]any{"kind": "Namespace", "apiVersion": "v1", "metadata": namespace},
			"GET /apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies":       page("/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies", "", objects[0]),
			"GET /apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings": page("/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings", "", objects[1]),
		}))
		got := fmt.Sprint(client.admitters(t.Context(), setWrite(set, "")))
		if want := map[bool]string{true: "[mutatingadmissionpolicy/policy]", false: "[]"}[test.want]; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Whether the API server would accept a set is asked with a dry run. Only what it finds invalid counts: the user
// may lack the permission.
func TestInvalid(t *testing.T) {
	for name, test := range map[string]struct {
		answer any
		want   string
	}{
		"accepted":  {nil, ""},
		"invalid":   {failure(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, `StatefulSet.apps "web" is invalid: spec.template: wrong`), "spec.template: wrong"},
		"forbidden": {failure(http.StatusForbidden, metav1.StatusReasonForbidden, `statefulsets.apps "web" is forbidden: User "kim" cannot update`), ""},
	} {
		inv := ststest.Web(3)
		r, client := script(t, inv, func(q request) any {
			if q.method != http.MethodPut {
				return nil
			}
			if test.answer != nil {
				return test.answer
			}
			return stamped(q.object)
		})
		got, err := client.Invalid(t.Context(), inv.Sets[0])
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		for _, url := range r.urls() {
			if !strings.Contains(url, "dryRun=All") {
				t.Errorf("%s: not a dry run: %s", name, url)
			}
		}
	}
}
