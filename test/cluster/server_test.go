package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	ns, other := c.Namespace(t), c.Namespace(t)
	config := c.RESTConfig()
	config.UserAgent = "the-test"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	sets := client.AppsV1().StatefulSets(ns)
	if _, err := sets.Create(t.Context(), statefulSet("web", NeverClass, 0), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, patch := range []struct {
		kind types.PatchType
		body string
	}{
		{types.JSONPatchType, `[{"op":"test","path":"/spec/replicas","value":0},{"op":"replace","path":"/spec/replicas","value":1}]`},
		{types.MergePatchType, `{"metadata":{"annotations":{"a":"b"}}}`},
		{types.ApplyPatchType, `{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web","labels":{"c":"d"}}}`},
	} {
		if _, err := sets.Patch(t.Context(), "web", patch.kind, []byte(patch.body), metav1.PatchOptions{FieldManager: "the-test"}); err != nil {
			t.Fatalf("%s: %v", patch.kind, err)
		}
		// The event of what was just answered is there, without waiting.
		events, err := c.Audit(ns)
		if err != nil {
			t.Fatal(err)
		}
		var last AuditEvent
		for _, e := range events {
			if e.UserAgent == "the-test" {
				last = e
			}
		}
		if last.Verb != "patch" || last.Patch != patch.kind || last.Code != http.StatusOK || last.Resource != "statefulsets" ||
			last.Name != "web" || last.Namespace != ns || last.User != "admin" || last.Stage != "ResponseComplete" ||
			!strings.Contains(last.URI, "fieldManager=the-test") || last.Time.IsZero() {
			t.Errorf("%s: the audit log has %+v", patch.kind, last)
		}
		if !sameJSON(t, last.Request, []byte(patch.body)) {
			t.Errorf("%s: the audit log has the body %s", patch.kind, last.Request)
		}
		if !strings.Contains(string(last.Response), `"kind":"StatefulSet"`) {
			t.Errorf("%s: the audit log has the response %.80s", patch.kind, last.Response)
		}
	}
	if err := sets.Delete(t.Context(), "none", metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	var codes []string
	events, err := c.Audit(ns)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.UserAgent == "the-test" {
			codes = append(codes, fmt.Sprintf("%s %d", e.Verb, e.Code))
		}
	}
	if got := strings.Join(codes, ", "); got != "create 201, patch 200, patch 200, patch 200, delete 404" {
		t.Errorf("the audit log has %s", got)
	}
	// Another namespace has none of it.
	events, err = c.Audit(other)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.UserAgent == "the-test" {
			t.Errorf("namespace %s has %+v", other, e)
		}
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatalf("%v: %s", err, a)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

// An answer and its audit event must not race, even with many at a time.
func TestAuditHasWhatWasAnswered(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	ns := c.Namespace(t)
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for j := range 10 {
				name := fmt.Sprintf("set-%d-%d", i, j)
				set := statefulSet(name, NeverClass, 0)
				set.Annotations = map[string]string{"large": strings.Repeat("x", 20_000)}
				if _, err := c.Client().AppsV1().StatefulSets(ns).Create(t.Context(), set, metav1.CreateOptions{}); err != nil {
					t.Error(err)
					return
				}
				events, err := c.Audit(ns)
				if err != nil {
					t.Error(err)
					return
				}
				if !created(events, name) {
					t.Errorf("%s was created and is not in the audit log", name)
				}
			}
		})
	}
	writers.Wait()
}

func created(events []AuditEvent, name string) bool {
	for _, e := range events {
		if e.Verb == "create" && e.Name == name && e.Code == http.StatusCreated {
			return true
		}
	}
	return false
}

func TestKubeconfigFor(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	ns := c.Namespace(t)
	kubeconfig, err := c.KubeconfigFor(t.Context(), "viewer", "viewers")
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	viewer := kubernetes.NewForConfigOrDie(config).AppsV1().StatefulSets(ns)
	if _, err := viewer.List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Fatalf("a new user lists StatefulSets: %v, want forbidden", err)
	}
	_, err = c.Client().RbacV1().RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "viewers"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "viewers"}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "wait for the role binding to count", func(ctx context.Context) (bool, error) {
		_, err := viewer.List(ctx, metav1.ListOptions{})
		return err == nil, nil
	})
	if err := viewer.Delete(t.Context(), "web", metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a viewer deletes: %v, want forbidden", err)
	}
}
