package kube

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// The custom resources that need claims: KEDA's ScaledObjects and VolumeSnapshots, on two pages each.
const (
	keda      = "/apis/keda.sh"
	snapshots = "/apis/snapshot.storage.k8s.io"
)

func customResources() map[string]any {
	group := func(name, version string) any {
		return map[string]any{"kind": "APIGroup", "name": name, "preferredVersion": map[string]string{"groupVersion": name + "/" + version, "version": version}}
	}
	objects := func(next string, items ...any) any {
		return map[string]any{"metadata": map[string]string{"continue": next}, "items": items}
	}
	scaled := func(name, kind, set string, most any, annotations map[string]string) any {
		return map[string]any{"metadata": map[string]any{"namespace": "test", "name": name, "annotations": annotations},
			"spec": map[string]any{"scaleTargetRef": map[string]string{"kind": kind, "name": set}, "maxReplicaCount": most}}
	}
	snapshot := func(name, claim string, ready bool) any {
		return map[string]any{"metadata": map[string]string{"namespace": "test", "name": name},
			"spec": map[string]any{"source": map[string]string{"persistentVolumeClaimName": claim}}, "status": map[string]bool{"readyToUse": ready}}
	}
	return map[string]any{
		"GET " + keda: group("keda.sh", "v1alpha1"),
		"GET " + keda + "/v1alpha1/namespaces/test/scaledobjects?continue=&": objects("two", scaled("web", "StatefulSet", "web", 7, nil),
			scaled("app", "Deployment", "app", 7, nil)),
		"GET " + keda + "/v1alpha1/namespaces/test/scaledobjects?continue=two&": objects("", scaled("db", "StatefulSet", "db", nil, nil),
			scaled("paused", "StatefulSet", "paused", 3, map[string]string{"autoscaling.keda.sh/paused-replicas": "9"})),
		"GET " + snapshots: group("snapshot.storage.k8s.io", "v1"),
		"GET " + snapshots + "/v1/namespaces/test/volumesnapshots?continue=&":    objects("two", snapshot("ready", "a", true)),
		"GET " + snapshots + "/v1/namespaces/test/volumesnapshots?continue=two&": objects("", snapshot("taking", "snapshotted", false)),
	}
}

// mounting is a pod template with claims.
func mounting(claims ...string) corev1.PodTemplateSpec {
	var out corev1.PodTemplateSpec
	for _, c := range claims {
		out.Spec.Volumes = append(out.Spec.Volumes, corev1.Volume{Name: c, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: c}}})
	}
	return out
}

// workloads is one object of each kind that may name a claim.
func workloads() []runtime.Object {
	m := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "test", Name: name} }
	zero, template := int32(0), mounting("of-rc")
	old := &appsv1.ReplicaSet{ObjectMeta: m("old"), Spec: appsv1.ReplicaSetSpec{Replicas: &zero, Template: mounting("of-old")}}
	old.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "app", Controller: new(true)}}
	return []runtime.Object{
		&appsv1.Deployment{ObjectMeta: m("app"), Spec: appsv1.DeploymentSpec{Template: mounting("of-app", "shared")}},
		&appsv1.DaemonSet{ObjectMeta: m("agent"), Spec: appsv1.DaemonSetSpec{Template: mounting("of-agent")}},
		old, &appsv1.ReplicaSet{ObjectMeta: m("bare"), Spec: appsv1.ReplicaSetSpec{Replicas: &zero, Template: mounting("of-bare")}},
		&corev1.ReplicationController{ObjectMeta: m("rc"), Spec: corev1.ReplicationControllerSpec{Template: &template}},
		&corev1.ReplicationController{ObjectMeta: m("rc-without")},
		&batchv1.Job{ObjectMeta: m("job"), Spec: batchv1.JobSpec{Template: mounting("of-job")}},
		&batchv1.CronJob{ObjectMeta: m("backup"), Spec: batchv1.CronJobSpec{JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: mounting("of-backup")}}}},
		&autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: m("hpa")},
	}
}

// cloning is a claim with the other one as its data source.
func cloning(name string, change func(*corev1.PersistentVolumeClaimSpec)) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: name}}
	change(&c.Spec)
	return c
}

func clones() []runtime.Object {
	core, other, elsewhere := "", "snapshot.storage.k8s.io", "other"
	ref := func(group *string, kind string, namespace *string) func(*corev1.PersistentVolumeClaimSpec) {
		return func(s *corev1.PersistentVolumeClaimSpec) {
			s.DataSourceRef = &corev1.TypedObjectReference{APIGroup: group, Kind: kind, Name: "of-" + kind, Namespace: namespace}
		}
	}
	return []runtime.Object{
		cloning("clone", func(s *corev1.PersistentVolumeClaimSpec) {
			s.DataSource = &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "source"}
		}),
		cloning("clone-by-ref", ref(&core, "PersistentVolumeClaim", nil)),
		cloning("clone-from-elsewhere", ref(nil, "PersistentVolumeClaim", &elsewhere)),
		cloning("restored", ref(&other, "VolumeSnapshot", nil)),
		cloning("of-another-group", ref(&other, "PersistentVolumeClaim", nil)),
	}
}

// TestReadClaims: everything that may need a claim is listed in full, and what it needs is noted.
func TestReadClaims(t *testing.T) {
	inv := ststest.Web(2)
	inv.Sets[0].Spec.Template = mounting("of-web")
	more := slices.Concat(onVolumes(inv), workloads(), clones())
	r, client := script(t, inv, replies(customResources()), more...)
	got, err := client.ReadClaims(t.Context(), "test", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	large := "?limit=500"
	want := []string{
		inNamespace + "persistentvolumeclaims" + paged, "/api/v1/persistentvolumes" + paged, inNamespace + "pods" + paged, inNamespace + "replicationcontrollers" + large,
		"/apis/apps/v1/namespaces/test/statefulsets" + paged, "/apis/apps/v1/namespaces/test/deployments" + large, "/apis/apps/v1/namespaces/test/daemonsets" + large,
		"/apis/apps/v1/namespaces/test/replicasets" + large, "/apis/batch/v1/namespaces/test/jobs" + large, "/apis/batch/v1/namespaces/test/cronjobs" + large,
		"/apis/autoscaling/v2/namespaces/test/horizontalpodautoscalers" + paged, keda, keda + "/v1alpha1/namespaces/test/scaledobjects?continue=&limit=1000",
		keda + "/v1alpha1/namespaces/test/scaledobjects?continue=two&limit=1000", snapshots, snapshots + "/v1/namespaces/test/volumesnapshots?continue=&limit=1000",
		snapshots + "/v1/namespaces/test/volumesnapshots?continue=two&limit=1000",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, r.urls()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	uses := []sts.ClaimUse{}
	for _, u := range []struct {
		namespace, claim, by string
		how                  sts.UseKind
	}{
		{"other", "of-PersistentVolumeClaim", "persistentvolumeclaim/clone-from-elsewhere", sts.UseClones},
		{"test", "of-PersistentVolumeClaim", "persistentvolumeclaim/clone-by-ref", sts.UseClones},
		{"test", "of-agent", "daemonset.apps/agent", sts.UseNames}, {"test", "of-app", "deployment.apps/app", sts.UseNames},
		{"test", "of-backup", "cronjob.batch/backup", sts.UseNames}, {"test", "of-bare", "replicaset.apps/bare", sts.UseNames},
		{"test", "of-job", "job.batch/job", sts.UseNames}, {"test", "of-rc", "replicationcontroller/rc", sts.UseNames},
		{"test", "of-web", "statefulset.apps/web", sts.UseNames}, {"test", "shared", "deployment.apps/app", sts.UseNames},
		{"test", "snapshotted", "volumesnapshot.snapshot.storage.k8s.io/taking", sts.UseSnapshots}, {"test", "source", "persistentvolumeclaim/clone", sts.UseClones},
	} {
		uses = append(uses, sts.ClaimUse{Namespace: u.namespace, Claim: u.claim, By: u.by, How: u.how})
	}
	slices.SortFunc(got.ClaimUses, func(a, b sts.ClaimUse) int { return strings.Compare(a.Namespace+"/"+a.Claim, b.Namespace+"/"+b.Claim) })
	if diff := cmp.Diff(uses, got.ClaimUses); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	scaled := []sts.ScaledObject{{Namespace: "test", Name: "web", Set: "web", MaxReplicas: 7}, {Namespace: "test", Name: "db", Set: "db", MaxReplicas: 100},
		{Namespace: "test", Name: "paused", Set: "paused", MaxReplicas: 9}}
	if diff := cmp.Diff(scaled, got.ScaledObjects); diff != "" {
		t.Errorf("ScaledObjects (-want +got):\n%s", diff)
	}
	if len(got.Missing) > 0 || len(got.Claims) != 7 || len(got.Volumes) != 2 || len(got.HPAs) != 1 {
		t.Errorf("missing %v, claims %v, volumes %v, autoscalers %v", got.Missing, namesOf(got.Claims), got.Volumes, namesOf(got.HPAs))
	}

	// Which groups the server has is asked once.
	r.forget()
	if _, err := client.ReadClaims(t.Context(), "test", nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, url := range r.urls() {
		if url == keda || url == snapshots {
			t.Errorf("%s is read again", url)
		}
	}
}

// TestReadClaimsOfAllNamespaces: no list is limited to a namespace.
func TestReadClaimsOfAllNamespaces(t *testing.T) {
	responses := map[string]any{"GET " + keda: customResources()["GET "+keda], "GET " + keda + "/v1alpha1/scaledobjects": map[string]any{}}
	r, client := script(t, ststest.Web(1), replies(responses))
	if _, err := client.ReadClaims(t.Context(), "", nil, nil); err != nil {
		t.Fatal(err)
	}
	if len(r.urls()) < 12 {
		t.Errorf("only %v", r.urls())
	}
	for _, url := range r.urls() {
		if strings.Contains(url, "/namespaces/") {
			t.Errorf("%s is of one namespace", url)
		}
	}
}

// TestReadClaimsNeedsSetsAndClaims: without the sets, every claim would look like one that is not needed.
func TestReadClaimsNeedsSetsAndClaims(t *testing.T) {
	for _, resource := range []string{"statefulsets", "persistentvolumeclaims"} {
		_, client := script(t, ststest.Web(1), forbids(resource))
		if inv, err := client.ReadClaims(t.Context(), "test", nil, nil); !apierrors.IsForbidden(err) || inv != nil {
			t.Errorf("%s are forbidden: %v, %v", resource, inv, err)
		}
	}
}

// TestReadClaimsReportsWhatIsForbidden: what else may not be listed is missing, so that the claims are
// not judged as if there were none.
func TestReadClaimsReportsWhatIsForbidden(t *testing.T) {
	responses := replies(customResources())
	for _, resource := range append([]string{"pods", "persistentvolumes", "horizontalpodautoscalers", "scaledobjects"}, sts.UseResources...) {
		_, client := script(t, ststest.Web(1), func(q request) any {
			if q.resource == resource {
				return mayNot(resource)
			}
			if strings.HasSuffix(q.line, "/"+resource) || strings.Contains(q.line, "/"+resource+"?") {
				return mayNot(resource)
			}
			return responses(q)
		}, workloads()...)
		inv, err := client.ReadClaims(t.Context(), "test", nil, nil)
		if err != nil {
			t.Errorf("%s: %v", resource, err)
			continue
		}
		if diff := cmp.Diff([]sts.Missing{{Resource: resource, Reason: mayNot(resource).Message}}, inv.Missing); diff != "" {
			t.Errorf("%s is missing (-want +got):\n%s", resource, diff)
		}
	}
	// A custom resource that the server does not serve is not missing. That cannot be told where the
	// group itself may not be read.
	for group, resource := range map[string]string{keda: "scaledobjects", snapshots: "volumesnapshots"} {
		for name, test := range map[string]struct {
			response *metav1.Status
			missing  bool
		}{
			"not served": {failure(http.StatusNotFound, metav1.StatusReasonNotFound, "not found"), false},
			"forbidden":  {mayNot(resource), true},
		} {
			_, client := script(t, ststest.Web(1), func(q request) any {
				if strings.HasPrefix(q.line, "GET "+group) {
					return test.response
				}
				return responses(q)
			})
			inv, err := client.ReadClaims(t.Context(), "test", nil, nil)
			if err != nil || inv.Knows(resource) == test.missing {
				t.Errorf("%s %s: %v, missing %v", group, name, err, inv.Missing)
			}
		}
		_, client := script(t, ststest.Web(1), func(q request) any {
			if strings.HasPrefix(q.line, "GET "+group) {
				return []string{"no object"}
			}
			return responses(q)
		})
		if _, err := client.ReadClaims(t.Context(), "test", nil, nil); err == nil || !strings.Contains(err.Error(), group) {
			t.Errorf("%s is no API group: %v", group, err)
		}
	}
}

// TestReadClaimsKeeps: claims are many, so little of each object is kept, but all that decides.
func TestReadClaimsKeeps(t *testing.T) {
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	class := "fast"
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: "test", Name: "data-web-7", UID: "uid", ResourceVersion: "7", Labels: map[string]string{"app": "web"}, CreationTimestamp: metav1.NewTime(ststest.Now.Local()),
		Annotations:     map[string]string{claims.KeepAnnotation: "true", "a.example/large": "text", "pv.kubernetes.io/bind-completed": "yes"},
		OwnerReferences: []metav1.OwnerReference{{Kind: "Pod", Name: "web-7"}}, Finalizers: []string{"kubernetes.io/pvc-protection"},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:accessModes":{}}}`)}},
	}}
	claim.Spec.VolumeName, claim.Spec.StorageClassName, claim.Spec.Resources.Requests = "volume", &class, size
	claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	claim.Status.Phase, claim.Status.Capacity = corev1.ClaimBound, size
	claim.Status.Conditions = []corev1.PersistentVolumeClaimCondition{{Type: "Resizing"},
		{Type: corev1.PersistentVolumeClaimUnused, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(ststest.Now.Local()), Message: "text"}}
	want := claim.DeepCopy()
	want.ResourceVersion, want.Spec.AccessModes = "", nil
	want.Annotations = map[string]string{claims.KeepAnnotation: "true"}
	want.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager"}}
	want.Status.Conditions = want.Status.Conditions[1:]
	want.Status.Conditions[0].Message = ""

	twin := claim.DeepCopy() // of the same size and labels
	twin.Name = "data-web-8"
	bare := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: "bare"}}
	set := ststest.Web(1).Sets[0]
	set.Annotations = map[string]string{"a.example/old-replicas": "3", "b.example/size": "4", "c.example/text": "large", record.ParkedAnnotation: "5"}
	set.Spec.VolumeClaimTemplates[0].Spec.AccessModes = claim.Spec.AccessModes
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: "web-0", UID: "pod-uid", Labels: map[string]string{"app": "web"}}}
	pod.Spec = mounting("data-web-0").Spec
	pod.Spec.NodeName, pod.Spec.Containers = "node-1", []corev1.Container{{Name: "app"}}
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "tmp"},
		corev1.Volume{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{}}}})
	another := pod.DeepCopy() // mounts no claim
	another.Name, another.Spec.Volumes = "web-1", nil
	retained := claimed(retained, deleted).Volume
	elsewhere := retained.DeepCopy()
	elsewhere.Name = "of-another-namespace"
	elsewhere.Annotations[sts.ClaimAnnotation] = strings.ReplaceAll(elsewhere.Annotations[sts.ClaimAnnotation], `"namespace":"test"`, `"namespace":"other"`)

	have := &sts.Inventory{Sets: []*appsv1.StatefulSet{set}, Pods: []*corev1.Pod{pod, another}, Claims: []*corev1.PersistentVolumeClaim{claim, twin, bare}}
	_, client := script(t, have, nil, retained, elsewhere)
	inv, err := client.ReadClaims(t.Context(), "test", []string{"b.example/size"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, inv.Claims[0]); diff != "" {
		t.Errorf("claim (-want +got):\n%s", diff)
	}
	want.Name = twin.Name
	if diff := cmp.Diff([]*corev1.PersistentVolumeClaim{want, bare}, inv.Claims[1:]); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	s := inv.Sets[0]
	if diff := cmp.Diff(map[string]string{"a.example/old-replicas": "3", "b.example/size": "4", record.ParkedAnnotation: "5"}, s.Annotations); diff != "" {
		t.Errorf("annotations of the set (-want +got):\n%s", diff)
	}
	if *s.Spec.Replicas != 1 || s.Spec.Selector == nil || s.Spec.VolumeClaimTemplates[0].Name != "data" || s.Spec.VolumeClaimTemplates[0].Spec.AccessModes != nil || len(s.Spec.Template.Spec.Containers) > 0 {
		t.Errorf("set: %v", s.Spec)
	}
	p := inv.Pods[0]
	if len(inv.Pods) != 1 || p.UID != pod.UID || p.Spec.NodeName != "node-1" || len(p.Spec.Volumes) != 2 || p.Spec.Volumes[1].Ephemeral.VolumeClaimTemplate != nil || len(p.Spec.Containers) > 0 {
		t.Errorf("pods: %v", inv.Pods)
	}
	if len(inv.Volumes) != 2 || inv.Volumes[0].Retained == nil || inv.Volumes[1].Retained != nil {
		t.Errorf("volumes: %+v", inv.Volumes)
	}
}

// TestReadClaimsCounts: how far a long list has come is reported.
func TestReadClaimsCounts(t *testing.T) {
	inv := &sts.Inventory{}
	for i := range seenEvery + 1 {
		inv.Claims = append(inv.Claims, &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: fmt.Sprintf("claim-%d", i)}})
	}
	_, client := script(t, inv, nil)
	var seen []string // of one list, so not from several goroutines
	if _, err := client.ReadClaims(t.Context(), "test", nil, func(resource string, n int) { seen = append(seen, fmt.Sprint(resource, " ", n)) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"persistentvolumeclaims 500"}, seen); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

var errNoSpace = errors.New("no space left")

// TestClaimStaysWithoutBackup: a claim whose backup fails is not deleted.
func TestClaimStaysWithoutBackup(t *testing.T) {
	c := claimCases()[1]
	a := c.action(t)
	if _, ok := a.(*claims.DeleteClaim); !ok {
		t.Fatal(c.name)
	}
	for _, fails := range []bool{true, false} {
		r, client := recordRequests(t, &sts.Inventory{}, c.known()...)
		var backed []string
		w := &Claims{Client: client, Backup: func(claim *corev1.PersistentVolumeClaim, volume *corev1.PersistentVolume) error {
			if writes, _ := r.writes(); len(writes) > 0 {
				t.Errorf("the backup comes after %v", writes)
			}
			backed = append(backed, claim.Name, volume.Name)
			if fails {
				return errNoSpace
			}
			return nil
		}}
		_, err := w.Apply(t.Context(), c.view, a)
		writes, _ := r.writes()
		if errors.Is(err, errNoSpace) != fails || (len(writes) == 0) != fails || !slices.Equal(backed, []string{"data-web-3", "volume"}) {
			t.Errorf("backup fails: %t: %v, sent %v, backed up %v", fails, err, writes, backed)
		}
	}
}

// TestClaimWritesThatFail: an object that has changed is looked at again, a server that does not
// answer is asked again, what admission or validation rejects is refused, and anything else is an error.
func TestClaimWritesThatFail(t *testing.T) {
	for name, test := range map[string]struct {
		response           *metav1.Status
		changed, transient bool
		refused            string // whose answer it is
	}{
		"not found":          {failure(http.StatusNotFound, metav1.StatusReasonNotFound, "not found"), true, false, ""},
		"exists":             {failure(http.StatusConflict, metav1.StatusReasonAlreadyExists, "exists"), true, false, ""},
		"another version":    {failure(http.StatusConflict, metav1.StatusReasonConflict, "conflict"), true, false, ""},
		"a test that failed": {failure(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "the server rejected our request due to an error in our request"), true, false, ""},
		"invalid": {&metav1.Status{Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid, Message: "invalid",
			Details: &metav1.StatusDetails{Name: "volume", Causes: []metav1.StatusCause{{Field: "spec"}}}}, false, false, "validation failed"},
		"no permission": {mayNot("persistentvolumes"), false, false, ""},
		"a webhook": {failure(http.StatusForbidden, metav1.StatusReasonForbidden, `admission webhook "guard.example.com" denied the request: no`), false, false,
			"guard.example.com"},
		"a webhook that is down": {failure(http.StatusInternalServerError, metav1.StatusReasonInternalError,
			`Internal error occurred: failed calling webhook "guard.example.com": refused`), false, true, "guard.example.com"},
		"a bad server": {failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd"), false, true, ""},
	} {
		for _, c := range claimCases() {
			a := c.action(t)
			switch a.(type) {
			case *claims.CheckOwners, *claims.RestoreOwners:
				continue
			}
			_, client := script(t, &sts.Inventory{}, func(q request) any {
				switch {
				case q.resource == "selfsubjectaccessreviews":
					return &authorizationv1.SelfSubjectAccessReview{TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"}}
				case q.method == http.MethodGet:
					return nil
				}
				return test.response
			}, c.known()...)
			after, err := (&Claims{Client: client}).Apply(t.Context(), c.view, a)
			if err == nil || errors.Is(err, operate.ErrChanged) != test.changed || errors.Is(err, operate.ErrTransient) != test.transient {
				t.Errorf("%s, %s: %v", c.name, name, err)
			}
			answer := (*operate.AnswerError)(nil)
			if errors.As(err, &answer) != (test.refused != "") || answer != nil &&
				(answer.Verdict != operate.Refused || answer.Reason != operate.ReasonWriteRefused || !strings.Contains(answer.Message, test.refused)) {
				t.Errorf("%s, %s: refused: %+v", c.name, name, answer)
			}
			if c.view.Claim != nil && after.Claim == nil {
				t.Errorf("%s, %s: the claim counts as gone", c.name, name)
			}
		}
	}
	_, client := recordRequests(t, &sts.Inventory{})
	if _, err := (&Claims{Client: client}).Apply(t.Context(), claimed(), &claims.CheckUsage{}); err == nil {
		t.Error("CheckUsage is carried out")
	}
}

// TestDeletedClaim: the API server returns a claim that a finalizer holds, and a status for one that is
// gone. What was known of the namespace is from before.
func TestDeletedClaim(t *testing.T) {
	c := claimCases()[1]
	held := c.view.Claim.DeepCopy()
	held.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"}
	held.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
	for name, test := range map[string]struct {
		response runtime.Object
		there    bool
	}{
		"held": {held, true},
		"gone": {&metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess, Code: http.StatusOK}, false},
	} {
		_, client := script(t, &sts.Inventory{}, func(q request) any {
			if q.method == http.MethodDelete {
				return test.response
			}
			return nil
		}, c.known()...)
		after, err := (&Claims{Client: client}).Apply(t.Context(), c.view, c.action(t))
		if err != nil || (after.Claim != nil) != test.there || after.Around != nil {
			t.Errorf("%s: %v, claim %v, around %v", name, err, after.Claim, after.Around)
		}
	}
}
