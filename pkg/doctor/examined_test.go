package doctor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
)

// Where sets are selected, findings are about them and about the objects that belong to them: in the list, and in
// all counts.
func TestExamined(t *testing.T) {
	set := func(name string) string {
		return strings.ReplaceAll(`apiVersion: apps/v1
kind: StatefulSet
metadata: {name: NAME}
spec:
  serviceName: NAME
  wrong: 1
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      volumes: [{name: c, configMap: {name: NAME-config}}]
      containers: [{name: a, image: "b:1"}]
  volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: NAME-class}}]
---
{apiVersion: v1, kind: Service, metadata: {name: NAME}, spec: {wrong: 1}}
---
{apiVersion: v1, kind: Service, metadata: {name: NAME-client}, spec: {wrong: 1, selector: {app: NAME}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME-config}, wrong: 1}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data-NAME-0}, spec: {wrong: 1}}
---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME-0}, spec: {wrong: 1, claimRef: {namespace: default, name: data-NAME-0}}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: NAME-class}, wrong: 1}
---
{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: NAME-1}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: NAME}}}}
---
{apiVersion: autoscaling/v2beta2, kind: HorizontalPodAutoscaler, metadata: {name: NAME-2}, spec: {maxReplicas: 3, scaleTargetRef: {kind: StatefulSet, name: NAME}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME-3}, spec: {wrong: 1, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}}}}
---
`, "NAME", name)
	}
	objects, err := manifest.Parse([]byte(set("web") + set("other")))
	if err != nil {
		t.Fatal(err)
	}
	of := func(examined doctor.Examined) (*doctor.Report, []string) {
		r := examineManifests(t, objects, doctor.Placement{Namespace: "default"}, examined, nil)
		var names []string
		for _, f := range r.Findings {
			if (f.Code == "UnknownField" || f.Code == "APIVersionRemoved") && !slices.Contains(names, f.Object) {
				names = append(names, f.Object)
			}
		}
		slices.Sort(names)
		return r, names
	}
	r, got := of(func(s *appsv1.StatefulSet) bool { return s.Name == "web" })
	want := []string{
		"configmap/web-config", "horizontalpodautoscaler/web-2", "persistentvolume/web-0", "persistentvolumeclaim/data-web-0", "poddisruptionbudget/web-1",
		"service/web", "service/web-client", "statefulset/web", "storageclass/web-class",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := r.Summary.Errors + r.Summary.Warnings + r.Summary.Infos; len(r.Items) != 1 || n != len(r.Findings) {
		t.Errorf("%d sets, %d of %d findings counted", len(r.Items), n, len(r.Findings))
	}
	if _, all := of(nil); len(all) != 20 {
		t.Errorf("without a selection: %q", all)
	}
}

// With a namespace, only the objects in it are examined, not only the sets.
func TestExaminedNamespace(t *testing.T) {
	objects, err := manifest.Parse([]byte(strings.ReplaceAll(ignoring, "IGNORED", "") + `---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: test}, spec: {replicas: x}}
---
{apiVersion: v1, kind: Service, metadata: {name: api, namespace: test}, spec: {wrong: 1}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, given := range []bool{false, true} {
		found := 0
		for _, f := range examineManifests(t, objects, doctor.Placement{Namespace: "shop", Given: given}, nil, nil).Findings {
			if f.Namespace == "test" {
				found++
			}
		}
		if (found == 0) != given {
			t.Errorf("namespace given %t: %d findings", given, found)
		}
	}
}

// An object of the cluster gets no namespace.
func TestClusterScoped(t *testing.T) {
	objects, err := manifest.Parse([]byte(`{apiVersion: scheduling.k8s.io/v1beta1, kind: PriorityClass, metadata: {name: db}}`))
	if err != nil {
		t.Fatal(err)
	}
	r := examineManifests(t, objects, doctor.Placement{Namespace: "default"}, nil, nil)
	if len(r.Findings) != 1 || r.Findings[0].Object != "priorityclass/db" || r.Findings[0].Namespace != "" {
		t.Errorf("%+v", r.Findings)
	}
}
