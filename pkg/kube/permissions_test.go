package kube

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func resourceRule(verbs, group, resources string, names ...string) authorizationv1.ResourceRule {
	return authorizationv1.ResourceRule{Verbs: strings.Split(verbs, ","), APIGroups: []string{group}, Resources: strings.Split(resources, ","), ResourceNames: names}
}

// TestPermissions: the rules of the namespace answer what they can with one request, and every other permission
// is reviewed once.
func TestPermissions(t *testing.T) {
	here := access.Permission{Verb: "patch", Group: "apps", Resource: "statefulsets", Namespace: "db"}
	evict := access.Permission{Verb: "create", Resource: "pods/eviction", Namespace: "db"}
	nodes := access.Permission{Verb: "list", Resource: "nodes"}
	lease := access.Permission{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Namespace: "kube-node-lease"}
	config := access.Permission{Verb: "get", Resource: "configmaps", Namespace: "db", Name: "coredns"}
	keda := access.Permission{Verb: "list", Group: "keda.sh", Resource: "scaledobjects", Namespace: "db", Custom: true}
	everywhere := access.Permission{Verb: "patch", Group: "apps", Resource: "statefulsets"}
	refused := failure(http.StatusForbidden, metav1.StatusReasonForbidden, `selfsubjectrulesreviews.authorization.k8s.io is forbidden: User "kim" cannot create resource "selfsubjectrulesreviews"`)
	for _, test := range []struct {
		name       string
		namespace  string
		rules      []authorizationv1.ResourceRule
		incomplete bool
		rejected   bool // the rules cannot be read
		all        []access.Permission
		reviews    []access.Permission // in any order; all of them are allowed
		allowed    []access.Permission
	}{
		{name: "all of it in the namespace", namespace: "db", rules: []authorizationv1.ResourceRule{resourceRule("get,patch", "apps", "statefulsets")},
			all: []access.Permission{here, evict}, allowed: []access.Permission{here}},
		{name: "wildcards", namespace: "db", rules: []authorizationv1.ResourceRule{resourceRule("*", "*", "*")},
			all: []access.Permission{here, evict, keda}, allowed: []access.Permission{here, evict, keda}},
		{name: "any eviction", namespace: "db", rules: []authorizationv1.ResourceRule{resourceRule("create", "", "*/eviction")},
			all: []access.Permission{evict}, allowed: []access.Permission{evict}},
		{name: "another group, and a resource without its subresource", namespace: "db",
			rules: []authorizationv1.ResourceRule{resourceRule("*", "batch", "statefulsets"), resourceRule("create", "", "pods")},
			all:   []access.Permission{here, evict}},
		{name: "only some objects", namespace: "db", rules: []authorizationv1.ResourceRule{resourceRule("patch", "apps", "statefulsets", "web"), resourceRule("get", "", "configmaps", "coredns")},
			all: []access.Permission{here, config}, allowed: []access.Permission{config}},
		{name: "a rule of the namespace may be one of the cluster", namespace: "db", rules: []authorizationv1.ResourceRule{resourceRule("list", "", "nodes")},
			all: []access.Permission{nodes, everywhere}, reviews: []access.Permission{nodes}, allowed: []access.Permission{nodes}},
		{name: "another namespace", namespace: "db", all: []access.Permission{lease}, reviews: []access.Permission{lease}, allowed: []access.Permission{lease}},
		{name: "authorizers that cannot list rules", namespace: "db", incomplete: true, rules: []authorizationv1.ResourceRule{resourceRule("patch", "apps", "statefulsets")},
			all: []access.Permission{here, evict, nodes}, reviews: []access.Permission{evict, nodes}, allowed: []access.Permission{here, evict, nodes}},
		{name: "rules that cannot be read", namespace: "db", rejected: true,
			all: []access.Permission{here, evict, nodes}, reviews: []access.Permission{here, evict, nodes}, allowed: []access.Permission{here, evict, nodes}},
		{name: "all namespaces", rules: []authorizationv1.ResourceRule{resourceRule("patch", "apps", "statefulsets")},
			all: []access.Permission{everywhere, nodes}, reviews: []access.Permission{everywhere}, allowed: []access.Permission{everywhere}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var (
				mu       sync.Mutex
				reviewed []access.Permission
				rules    int
			)
			_, client := script(t, &sts.Inventory{}, func(q request) any {
				mu.Lock()
				defer mu.Unlock()
				switch review := q.object.(type) {
				case *authorizationv1.SelfSubjectRulesReview:
					rules++
					if test.rejected {
						return refused
					}
					if want := test.namespace; review.Spec.Namespace != want && (want != "" || review.Spec.Namespace != "default") {
						t.Errorf("rules of namespace %q", review.Spec.Namespace)
					}
					review.Status = authorizationv1.SubjectRulesReviewStatus{ResourceRules: test.rules, Incomplete: test.incomplete}
					return review
				case *authorizationv1.SelfSubjectAccessReview:
					a := review.Spec.ResourceAttributes
					p := access.Permission{Verb: a.Verb, Group: a.Group, Resource: a.Resource, Namespace: a.Namespace, Name: a.Name}
					if a.Subresource != "" {
						p.Resource += "/" + a.Subresource
					}
					reviewed = append(reviewed, p)
					review.Status.Allowed = true
					return review
				}
				return nil
			})
			answers, err := client.Permissions(t.Context(), test.namespace, test.all)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range test.all {
				if answers.Allowed[p] != slices.Contains(test.allowed, p) {
					t.Errorf("%+v: %t", p, answers.Allowed[p])
				}
				want := 0
				if slices.Contains(test.reviews, p) {
					want = 1
				}
				if n := len(slices.DeleteFunc(slices.Clone(reviewed), func(r access.Permission) bool { return r != p })); n != want {
					t.Errorf("%+v was reviewed %d times, want %d", p, n, want)
				}
			}
			if rules != 1 || len(reviewed) != len(test.reviews) {
				t.Errorf("%d requests for rules, reviewed %v", rules, reviewed)
			}
		})
	}
}

// TestUnservedPermissions: where KEDA is not installed, its permission is not missing.
func TestUnservedPermissions(t *testing.T) {
	keda := access.Permission{Verb: "list", Group: "keda.sh", Resource: "scaledobjects", Namespace: "db", Custom: true}
	for _, served := range []bool{true, false} {
		_, client := script(t, &sts.Inventory{}, func(q request) any {
			if review, ok := q.object.(*authorizationv1.SelfSubjectRulesReview); ok {
				return review
			}
			if served && strings.HasSuffix(q.line, "/apis/keda.sh") {
				return &metav1.APIGroup{Name: "keda.sh", PreferredVersion: metav1.GroupVersionForDiscovery{Version: "v1alpha1"}}
			}
			return nil
		})
		answers, err := client.Permissions(t.Context(), "db", []access.Permission{keda})
		if err != nil || answers.Unserved["keda.sh"] == served || answers.Allowed[keda] {
			t.Errorf("served %t: %+v, %v", served, answers, err)
		}
	}
}

// TestReviewsRefused: a server that refuses the reviews themselves is an error with a hint; it is not asked again
// and again. Any other failure is an error, too.
func TestReviewsRefused(t *testing.T) {
	var all []access.Permission
	for _, c := range access.Commands() {
		all = append(all, access.All([]access.Command{c}, "db")...)
	}
	for _, test := range []struct {
		code   int32
		reason metav1.StatusReason
		hinted bool
	}{
		{http.StatusForbidden, metav1.StatusReasonForbidden, true},
		{http.StatusInternalServerError, metav1.StatusReasonInternalError, false},
	} {
		r, client := script(t, &sts.Inventory{}, func(q request) any {
			if q.method == http.MethodPost {
				return failure(test.code, test.reason, `x is forbidden: User "system:anonymous" cannot create resource "x"`)
			}
			return nil
		})
		_, err := client.Permissions(t.Context(), "db", all)
		hinted := (*sts.HintedError)(nil)
		if err == nil || errors.As(err, &hinted) != test.hinted || apierrors.IsForbidden(err) != test.hinted {
			t.Errorf("%d: %v", test.code, err)
		}
		if writes, _ := r.writes(); len(writes) > 1+reviewsAtOnce {
			t.Errorf("%d: sent %d requests", test.code, len(writes))
		}
		if _, err := client.User(t.Context()); err == nil || errors.As(err, &hinted) != test.hinted {
			t.Errorf("%d: user: %v", test.code, err)
		}
	}
}

func TestUser(t *testing.T) {
	_, client := script(t, &sts.Inventory{}, func(q request) any {
		review, ok := q.object.(*authenticationv1.SelfSubjectReview)
		if !ok {
			return nil
		}
		review.Status.UserInfo.Username = "kim"
		return review
	})
	if user, err := client.User(t.Context()); user != "kim" || err != nil {
		t.Errorf("%q, %v", user, err)
	}
}

// TestIsDenied: what admission rejects is no missing permission.
func TestIsDenied(t *testing.T) {
	for message, want := range map[string]bool{
		`statefulsets.apps "web" is forbidden: User "jane" cannot get resource "statefulsets" in API group "apps" in the namespace "db"`: true,
		`pods "web-2" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=3, limited: pods=3`:                              false,
		`pods "web-2" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)`:                          false,
	} {
		if got := IsDenied(&apierrors.StatusError{ErrStatus: *failure(http.StatusForbidden, metav1.StatusReasonForbidden, message)}); got != want {
			t.Errorf("%s: %t", message, got)
		}
	}
	if !IsDenied(&PermissionError{"no"}) || IsDenied(errors.New("a cannot b")) || IsDenied(nil) {
		t.Error("other errors")
	}
}
