package sts_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func names[T metav1.Object](objects []T) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.GetName())
	}
	return out
}

func TestSnapshotsBelongToOneSet(t *testing.T) {
	inv := ststest.Web(3)
	other := ststest.Web(2)
	other.Sets[0].Namespace = "other"
	for _, p := range other.Pods {
		p.Namespace = "other"
	}
	inv.Sets = append(inv.Sets, other.Sets...)
	inv.Pods = append(inv.Pods, other.Pods...)
	web := inv.Sets[0]

	stranger := ststest.Pod(web, 1, "x") // named like ours, owned by an earlier set of the name
	stranger.OwnerReferences[0].UID = "earlier-set"
	orphan := ststest.Pod(web, 2, "x")
	orphan.OwnerReferences = nil
	inv.Pods = append([]*corev1.Pod{stranger, orphan}, inv.Pods...)
	slices.Reverse(inv.Pods)

	foreign := ststest.Revision(web, "foreign", 1, web.Spec.Template)
	foreign.OwnerReferences[0].UID = "earlier-set"
	inv.Revisions = append(inv.Revisions, foreign, ststest.Revision(web, "older", 0, web.Spec.Template))

	inv.Events = []*corev1.Event{
		ststest.Event("StatefulSet", "web", "of the set"), ststest.Event("Pod", "web-1", "of a pod"),
		ststest.Event("PersistentVolumeClaim", "data-web-0", "of a claim"), ststest.Event("Pod", "job-1", "of a stranger"),
		ststest.Event("Pod", "web", "of a pod with the set's name"),
	}

	got := inv.Snapshots()
	if len(got) != 2 || got[0].Set.Namespace != "other" || got[1].Set.Namespace != "test" {
		t.Fatalf("snapshots are not sorted by namespace and name: %v", got)
	}
	s := got[1]
	if diff := cmp.Diff([]string{"web-0", "web-1", "web-2"}, names(s.Pods)); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
	for _, p := range s.Pods {
		if !metav1.IsControlledBy(p, web) {
			t.Errorf("pod %s (%s) is not the set's", p.Name, p.UID)
		}
	}
	if diff := cmp.Diff([]string{"older", ststest.StableRevision}, names(s.Revisions)); diff != "" {
		t.Errorf("revisions, oldest first (-want +got):\n%s", diff)
	}
	var reasons []string
	for _, e := range s.Events {
		reasons = append(reasons, e.Message)
	}
	slices.Sort(reasons)
	if diff := cmp.Diff([]string{"of a claim", "of a pod", "of the set"}, reasons); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if s.Service == nil || got[0].Service != nil {
		t.Errorf("services: %v and %v, want one and none", s.Service, got[0].Service)
	}
}

// The claim data-web-1-0 is wanted by set web-1 (template data, ordinal 0) and by
// set 1 (template data-web, ordinal 0): both must see it.
func TestClaimNamesOverlap(t *testing.T) {
	set := func(name string, templates ...string) *appsv1.StatefulSet {
		s := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: name}}
		for _, template := range templates {
			s.Spec.VolumeClaimTemplates = append(s.Spec.VolumeClaimTemplates,
				corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: template}})
		}
		return s
	}
	claim := func(name string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: name}}
	}
	inv := &sts.Inventory{
		Sets: []*appsv1.StatefulSet{set("web-1", "data"), set("1", "data-web", "log"), set("web", "data")},
		Claims: []*corev1.PersistentVolumeClaim{
			claim("data-web-1-0"), claim("data-web-1"), claim("data-web-01"), claim("log-1-3"), claim("data-web-x"), claim("data"), claim("7"),
		},
	}
	got := map[string][]string{}
	for _, s := range inv.Snapshots() {
		got[s.Set.Name] = names(s.Claims)
	}
	want := map[string][]string{
		"web-1": {"data-web-1-0"},
		"1":     {"data-web-1-0", "log-1-3"},
		"web":   {"data-web-1"}, // data-web-01 is no ordinal's claim
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims by set (-want +got):\n%s", diff)
	}
	for _, s := range inv.Snapshots() {
		if s.Set.Name == "web-1" {
			if r := s.Replicas()[0]; len(r.Claims) != 1 || r.Claims[0].Name != "data-web-1-0" {
				t.Errorf("ordinal 0 of web-1 has the claims %v", names(r.Claims))
			}
		}
	}
}

func TestBudgetsSelectByTheTemplatesLabels(t *testing.T) {
	budget := func(name string, sel *metav1.LabelSelector) *policyv1.PodDisruptionBudget {
		return &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: name}, Spec: policyv1.PodDisruptionBudgetSpec{Selector: sel}}
	}
	inv := ststest.Web(0)
	inv.Budgets = []*policyv1.PodDisruptionBudget{
		budget("z-labels", &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}),
		budget("expression", &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "In", Values: []string{"web", "db"}}}}),
		budget("everything", &metav1.LabelSelector{}),
		budget("nothing", nil),
		budget("another", &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}}),
		budget("broken", &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}}),
	}
	elsewhere := budget("elsewhere", &metav1.LabelSelector{})
	elsewhere.Namespace = "other"
	inv.Budgets = append(inv.Budgets, elsewhere)
	got := names(inv.Snapshots()[0].Budgets)
	if diff := cmp.Diff([]string{"everything", "expression", "z-labels"}, got); diff != "" {
		t.Errorf("budgets, sorted (-want +got):\n%s", diff)
	}
}

func TestKnows(t *testing.T) {
	s := &sts.Snapshot{Missing: []sts.Missing{{Resource: "pods"}}}
	if s.Knows("pods") || !s.Knows("services") {
		t.Error("what is missing is known, or the other way round")
	}
}
