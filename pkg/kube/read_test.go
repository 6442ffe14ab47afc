package kube

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

const (
	inNamespace = "/api/v1/namespaces/test/"
	paged       = "?limit=1000"
	namedWeb    = "?fieldSelector=metadata.name%3Dweb"
	warnings    = "?fieldSelector=type%3DWarning&limit=1000"
	done        = "?fieldSelector=type%3DNormal%2CinvolvedObject.kind%3DStatefulSet"
)

// onVolumes has the claims of the set be bound to volumes, which it returns.
func onVolumes(inv *sts.Inventory) []runtime.Object {
	var volumes []runtime.Object
	for i, c := range inv.Claims {
		c.Spec.VolumeName = fmt.Sprintf("volume-%d", i)
		volumes = append(volumes, &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: c.Spec.VolumeName}})
	}
	return volumes
}

// TestRead: which requests a read sends. Of one set the server selects what belongs to it; of several,
// each kind is listed once.
func TestRead(t *testing.T) {
	one := func(extra ...string) []string {
		return append(extra, "/apis/apps/v1/namespaces/test/statefulsets/web", inNamespace+"pods?labelSelector=app%3Dweb", inNamespace+"persistentvolumeclaims"+paged,
			"/apis/policy/v1/namespaces/test/poddisruptionbudgets"+paged, inNamespace+"services"+namedWeb, inNamespace+"events"+warnings,
			inNamespace+"events"+done+"%2CinvolvedObject.name%3Dweb&limit=1000", "/apis/autoscaling/v2/namespaces/test/horizontalpodautoscalers"+paged)
	}
	several := func(extra ...string) []string {
		return append(extra, inNamespace+"pods"+paged, inNamespace+"persistentvolumeclaims"+paged,
			"/apis/policy/v1/namespaces/test/poddisruptionbudgets"+paged, inNamespace+"services"+paged, inNamespace+"events"+warnings,
			inNamespace+"events"+done+"&limit=1000", "/apis/autoscaling/v2/namespaces/test/horizontalpodautoscalers"+paged)
	}
	volumes := func(names ...string) (urls []string) {
		for _, n := range names {
			urls = append(urls, "/api/v1/persistentvolumes?fieldSelector=metadata.name%3D"+n)
		}
		return urls
	}
	scaleUps := func() (urls []string) {
		for _, reason := range diagnose.ScaleUpEvents() {
			urls = append(urls, inNamespace+"events?fieldSelector=involvedObject.kind%3DPod%2Creason%3D"+reason+"&limit=1000")
		}
		return urls
	}
	web := Query{Namespace: "test", Names: []string{"web"}}
	for name, test := range map[string]struct {
		change func(*sts.Inventory) []runtime.Object
		query  Query
		want   []string
	}{
		"one set":                {nil, web, one()},
		"one set, its revisions": {nil, Query{Namespace: "test", Names: []string{"web"}, Revisions: true}, one("/apis/apps/v1/namespaces/test/controllerrevisions?labelSelector=app%3Dweb")},
		"one set on volumes":     {onVolumes, web, one(volumes("volume-0", "volume-1", "volume-2")...)},
		"a volume that is being deleted, and its copy": {func(inv *sts.Inventory) []runtime.Object {
			inv.Claims = inv.Claims[:1]
			v := claimed(provisioned, deletingVolume, recorded)
			retained, err := sts.ReadRetained(v.Volume)
			if err != nil {
				panic(err)
			}
			retained.Copy = "volume-copy"
			v.Volume.Annotations[sts.ClaimAnnotation] = sts.EncodeAnnotation(*retained)
			inv.Claims[0].Spec.VolumeName = "volume"
			return []runtime.Object{v.Volume}
		}, web, one(volumes("volume", "volume-copy")...)},
		"a pod that no node takes": {func(inv *sts.Inventory) []runtime.Object {
			inv.Pods[2].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse}}
			return nil
		}, web, one(scaleUps()...)},
		"a pod that is missing": {func(inv *sts.Inventory) []runtime.Object {
			inv.Pods = inv.Pods[:2]
			return nil
		}, web, one(inNamespace + "pods?fieldSelector=metadata.name%3Dweb-2")},
		"all sets":          {nil, Query{Namespace: "test", Selector: "app=web", Revisions: true}, several("/apis/apps/v1/namespaces/test/statefulsets?labelSelector=app%3Dweb&limit=1000", "/apis/apps/v1/namespaces/test/controllerrevisions"+paged)},
		"some sets by name": {func(*sts.Inventory) []runtime.Object { return []runtime.Object{setNamed("db")} }, Query{Namespace: "test", Names: []string{"web", "db"}}, several("/apis/apps/v1/namespaces/test/statefulsets" + paged)},
		"no sets": {func(inv *sts.Inventory) []runtime.Object { inv.Sets = nil; return nil }, Query{Namespace: "test"},
			[]string{"/apis/apps/v1/namespaces/test/statefulsets" + paged}},
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(3)
			var more []runtime.Object
			if test.change != nil {
				more = test.change(inv)
			}
			r, client := recordRequests(t, inv, more...)
			got, err := client.Read(t.Context(), test.query)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, r.urls()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if len(got.Missing) > 0 || !got.TakenAt.Equal(ststest.Now) {
				t.Errorf("missing %v, taken at %s", got.Missing, got.TakenAt)
			}
		})
	}
}

// TestReadKeeps: pods of other owners are not kept, except those that have the name of a missing pod.
func TestReadKeeps(t *testing.T) {
	inv := ststest.Web(2)
	volumes := onVolumes(inv)
	pod := func(name string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: name, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "x"}}}}
	}
	inv.Pods[0].ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet"}}
	inv.Pods = append(inv.Pods, pod("web-7"), pod("job"), pod("db-0"))
	events := page(inNamespace+"events", "", &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "event"}})
	_, client := script(t, inv, replies(map[string]any{"GET " + inNamespace + "events": events}), volumes...)
	got, err := client.Read(t.Context(), Query{Namespace: "test", Revisions: true})
	if err != nil {
		t.Fatal(err)
	}
	have := map[string][]string{
		"sets": namesOf(got.Sets), "pods": namesOf(got.Pods), "strangers": namesOf(got.Strangers), "claims": namesOf(got.Claims), "budgets": namesOf(got.Budgets),
		"services": namesOf(got.Services), "revisions": namesOf(got.Revisions), "events": namesOf(got.Events),
	}
	for _, v := range got.Volumes {
		have["volumes"] = append(have["volumes"], v.Name)
	}
	if diff := cmp.Diff(map[string][]string{
		"sets": {"web"}, "pods": {"web-0", "web-1"}, "strangers": {"web-7"}, "claims": {"data-web-0", "data-web-1"}, "budgets": {"web-pdb"},
		"services": {"web"}, "revisions": {"web-stable"}, "events": {"event", "event"}, "volumes": {"volume-0", "volume-1"},
	}, have); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, p := range got.Pods {
		if len(p.ManagedFields) > 0 {
			t.Errorf("%s: managedFields are kept", p.Name)
		}
	}
}

// TestReadPages: a list comes in pages, and nothing of a later one is lost.
func TestReadPages(t *testing.T) {
	inv := ststest.Web(3)
	path := inNamespace + "pods"
	r, client := script(t, inv, replies(map[string]any{
		"GET " + path + paged:               page(path, "two", inv.Pods[0]),
		"GET " + path + "?continue=two&lim": page(path, "three", inv.Pods[1]),
		"GET " + path + "?continue=three&l": page(path, "", inv.Pods[2]),
	}))
	got, err := client.Read(t.Context(), Query{Namespace: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"web-0", "web-1", "web-2"}, namesOf(got.Pods)); diff != "" {
		t.Errorf("pods (-want +got):\n%s\n%v", diff, r.urls())
	}
}

// TestReadReportsWhatIsForbidden: what may not be listed is missing, with the server's reason. Only
// without StatefulSets there is nothing to report, and any other failure ends the read.
func TestReadReportsWhatIsForbidden(t *testing.T) {
	query := Query{Namespace: "test", Names: []string{"web"}, Revisions: true}
	resources := []string{"controllerrevisions", "events", "horizontalpodautoscalers", "persistentvolumeclaims", "persistentvolumes", "poddisruptionbudgets", "pods", "services"}
	for _, resource := range resources {
		inv := ststest.Web(2)
		_, client := script(t, inv, forbids(resource), onVolumes(inv)...)
		got, err := client.Read(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", resource, err)
			continue
		}
		want := []sts.Missing{{Resource: resource, Reason: mayNot(resource).Message}}
		if diff := cmp.Diff(want, got.Missing); diff != "" {
			t.Errorf("%s is missing (-want +got):\n%s", resource, diff)
		}
		if got.Knows(resource) || len(got.Sets) != 1 {
			t.Errorf("%s: known, or the set is not: %v", resource, got.Sets)
		}
	}
	inv := ststest.Web(2)
	_, client := script(t, inv, forbids(resources...), onVolumes(inv)...)
	got, err := client.Read(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, m := range got.Missing {
		missing = append(missing, m.Resource)
	}
	if diff := cmp.Diff(slices.DeleteFunc(resources, func(r string) bool { return r == "persistentvolumes" }), missing); diff != "" { // no claim names a volume
		t.Errorf("all are forbidden (-want +got):\n%s", diff)
	}

	for _, q := range []Query{query, {Namespace: "test"}} {
		_, client = script(t, inv, forbids("statefulsets"))
		if _, err := client.Read(t.Context(), q); !apierrors.IsForbidden(err) {
			t.Errorf("without the permission to read statefulsets: %v", err)
		}
		_, client = script(t, inv, func(q request) any {
			if q.resource != "poddisruptionbudgets" {
				return nil
			}
			return failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd")
		})
		if _, err := client.Read(t.Context(), q); !apierrors.IsInternalError(err) || !strings.HasPrefix(err.Error(), "poddisruptionbudgets: ") {
			t.Errorf("a list that fails: %v", err)
		}
	}
}

func TestReadOfASetThatIsNotThere(t *testing.T) {
	for _, names := range [][]string{{"gone"}, {"web", "gone"}} {
		_, client := recordRequests(t, ststest.Web(1))
		if _, err := client.Read(t.Context(), Query{Namespace: "test", Names: names}); !apierrors.IsNotFound(err) || !strings.Contains(err.Error(), "gone") {
			t.Errorf("%v: %v", names, err)
		}
	}
}

// TestManyNames: up to a few objects are asked for by name; more of them cost one list.
func TestManyNames(t *testing.T) {
	for n, want := range map[int][]string{
		few:     nil, // one request each
		few + 1: {"/api/v1/persistentvolumes" + paged},
	} {
		inv := ststest.Web(int32(n))
		volumes := append(onVolumes(inv), &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "another"}})
		for i := range n {
			if n <= few {
				want = append(want, fmt.Sprintf("/api/v1/persistentvolumes?fieldSelector=metadata.name%%3Dvolume-%d", i))
			}
		}
		r, client := recordRequests(t, inv, volumes...)
		got, err := client.Read(t.Context(), Query{Namespace: "test", Names: []string{"web"}})
		if err != nil {
			t.Fatal(err)
		}
		sent := slices.DeleteFunc(r.urls(), func(url string) bool { return !strings.Contains(url, "persistentvolumes") })
		if diff := cmp.Diff(want, sent); diff != "" {
			t.Errorf("%d volumes (-want +got):\n%s", n, diff)
		}
		if len(got.Volumes) != n {
			t.Errorf("%d volumes: read %d", n, len(got.Volumes))
		}
	}
}

// TestSmallReads holds the requests that read one thing.
func TestSmallReads(t *testing.T) {
	ctx := t.Context()
	inv := ststest.Web(3)
	inv.Pods[1].Finalizers = []string{record.LeavingFinalizer}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: "small"}}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "test"}}
	version := map[string]string{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}
	for name, test := range map[string]struct {
		read func(*Client) (any, error)
		want any
		sent []string
	}{
		"version": {func(c *Client) (any, error) {
			v, err := c.Version(ctx)
			return v.GitVersion, err
		}, "v1.36.3", []string{"/version"}},
		"sets to complete": {func(c *Client) (any, error) {
			sets, err := Completer{c}.Sets(ctx, "test")
			return len(sets), err
		}, 1, []string{"/apis/apps/v1/namespaces/test/statefulsets" + paged}},
		"a namespace":             {func(c *Client) (any, error) { return nil, c.CheckNamespace(ctx, "test") }, nil, []string{"/api/v1/namespaces/test"}},
		"a pod that is there":     {func(c *Client) (any, error) { return c.PodGone(ctx, "test", "web-1", inv.Pods[1].UID), nil }, false, []string{inNamespace + "pods?fieldSelector=metadata.name%3Dweb-1"}},
		"a pod that was replaced": {func(c *Client) (any, error) { return c.PodGone(ctx, "test", "web-1", "other"), nil }, true, []string{inNamespace + "pods?fieldSelector=metadata.name%3Dweb-1"}},
		"a pod that is gone":      {func(c *Client) (any, error) { return c.PodGone(ctx, "test", "web-9", "uid"), nil }, true, []string{inNamespace + "pods?fieldSelector=metadata.name%3Dweb-9"}},
		"pods with our finalizer": {func(c *Client) (any, error) {
			pods, err := c.Held(ctx, "test", "web")
			return namesOf(pods), err
		}, []string{"web-1"}, []string{inNamespace + "pods" + paged}},
		"pods of another set with our finalizer": {func(c *Client) (any, error) {
			pods, err := c.Held(ctx, "test", "db")
			return len(pods), err
		}, 0, []string{inNamespace + "pods" + paged}},
		"quotas": {func(c *Client) (any, error) {
			quotas, _, err := c.Quotas(ctx, "test")
			return namesOf(quotas), err
		}, []string{"small"}, []string{inNamespace + "resourcequotas" + paged}},
	} {
		r, client := script(t, inv, replies(map[string]any{"GET /version": version, "GET /api/v1/namespaces/test": namespace,
			"GET /api/v1/namespaces/test/": nil}), quota)
		got, err := test.read(client)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(test.sent, r.urls()); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
	}
}

// TestSmallReadsThatFail: who may not read namespaces or quotas is not stopped by that.
func TestSmallReadsThatFail(t *testing.T) {
	ctx := t.Context()
	gone := func(request) any { return failure(http.StatusNotFound, metav1.StatusReasonNotFound, "not found") }
	denied := func(request) any { return mayNot("namespaces") }
	for name, test := range map[string]struct {
		reply func(request) any
		read  func(*Client) error
		fails bool
	}{
		"no such namespace":               {gone, func(c *Client) error { return c.CheckNamespace(ctx, "nope") }, true},
		"namespaces are forbidden":        {denied, func(c *Client) error { return c.CheckNamespace(ctx, "test") }, false},
		"quotas are forbidden":            {denied, func(c *Client) error { _, _, err := c.Quotas(ctx, "test"); return err }, false},
		"the version is forbidden":        {denied, func(c *Client) error { _, err := c.Version(ctx); return err }, true},
		"the version is no JSON":          {func(request) any { return []string{"no"} }, func(c *Client) error { _, err := c.Version(ctx); return err }, true},
		"pods are forbidden":              {denied, func(c *Client) error { _, err := c.Held(ctx, "test", "web"); return err }, true},
		"sets to complete are forbidden":  {denied, func(c *Client) error { _, err := Completer{c}.Sets(ctx, "test"); return err }, true},
		"marked claims are forbidden":     {denied, func(c *Client) error { _, err := c.Marked(ctx, "test"); return err }, true},
		"retained volumes are forbidden":  {denied, func(c *Client) error { _, err := c.Retained(ctx, "test"); return err }, true},
		"a claim is forbidden":            {denied, func(c *Client) error { _, err := c.ClaimExists(ctx, "test", "data-web-0"); return err }, true},
		"no such claim":                   {gone, func(c *Client) error { _, err := c.ClaimExists(ctx, "test", "data-web-0"); return err }, false},
		"a permission cannot be reviewed": {denied, func(c *Client) error { return c.May(ctx, "test", "create", "pods", "exec") }, false},
	} {
		_, client := script(t, &sts.Inventory{}, test.reply)
		if err := test.read(client); (err != nil) != test.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, client := script(t, &sts.Inventory{}, denied)
	if _, missing, _ := client.Quotas(ctx, "test"); len(missing) != 1 || missing[0].Resource != "resourcequotas" {
		t.Errorf("quotas that could not be read: %v", missing)
	}
	if client.PodGone(ctx, "test", "web-0", "uid") {
		t.Error("a pod counts as gone although the server did not tell")
	}
}

// TestMounted: the claims of pods whose set is gone, and their volumes, are read by name.
func TestMounted(t *testing.T) {
	inv := web(3)
	r, client := recordRequests(t, inv, onVolumes(inv)...)
	s, err := client.Mounted(t.Context(), "test", "web", inv.Pods[1:])
	if err != nil {
		t.Fatal(err)
	}
	field := "?fieldSelector=metadata.name%3D"
	if diff := cmp.Diff([]string{
		inNamespace + "persistentvolumeclaims" + field + "data-web-1", inNamespace + "persistentvolumeclaims" + field + "data-web-2",
		"/api/v1/persistentvolumes" + field + "volume-1", "/api/v1/persistentvolumes" + field + "volume-2",
	}, r.urls()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"data-web-1", "data-web-2"}, namesOf(s.Mounted)); diff != "" || len(s.Volumes) != 2 || len(s.Missing) > 0 || s.Set.Name != "web" {
		t.Errorf("%s volumes %v, missing %v, set %s", diff, s.Volumes, s.Missing, s.Set.Name)
	}
	_, client = script(t, inv, forbids("persistentvolumeclaims"))
	if s, err = client.Mounted(t.Context(), "test", "web", inv.Pods); err != nil || s.Knows("persistentvolumeclaims") {
		t.Errorf("claims are forbidden: %v, and not missing in %v", err, s.Missing)
	}
}

// TestMay: the server says whether the user has the permission.
func TestMay(t *testing.T) {
	for _, allowed := range []bool{true, false} {
		r, client := recordRequests(t, &sts.Inventory{})
		r.review = allow(allowed)
		err := client.May(t.Context(), "test", "patch", "statefulsets.apps", "scale")
		if (err == nil) != allowed || err != nil && !strings.Contains(err.Error(), "statefulsets/scale") {
			t.Errorf("allowed %t: %v", allowed, err)
		}
		writes, _ := r.writes()
		if len(writes) != 1 || writes[0].line != "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews" {
			t.Fatalf("sent %v", writes)
		}
		got := writes[0].String()
		for _, want := range []string{"group: apps\n", "namespace: test\n", "resource: statefulsets\n", "subresource: scale\n", "verb: patch\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in the review:\n%s", want, got)
			}
		}
	}
}
