//go:build record

package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestRecord brings each scenario up on the cluster of KUBECONFIG (make cluster-up)
// and records it into testdata. It needs kubectl and kubectl-sts on the PATH:
//
//	go test -tags record -run 'TestRecord/canary-paused' -v ./pkg/report
//
// Then read the new golden files that -update writes here and in pkg/render.
func TestRecord(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			c := bench{t: t, namespace: s.name}
			c.kubectl("create", "namespace", s.name)
			t.Cleanup(func() {
				c.kubectl("delete", "pod", "--all", "--force", "--grace-period=0", "--wait=false")
				c.kubectl("delete", "namespace", s.name, "--wait=false")
			})
			o := s.options
			c.apply(o)
			s.arrange(c)
			file := c.read(o)
			if err := os.WriteFile(filepath.Join("testdata", s.name+".yaml"), file, 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// options are how the set of a scenario differs from the usual one.
type options struct {
	spec        string // more of the set's spec
	replicas    int
	image       string
	annotations string // of the pods
	class       string // of the volumes
	noService   bool
	hidePods    bool
}

const (
	slowToGo    = `{test.kubectl-sts.dev/terminate-after: 60s}`
	slowToReady = `{test.kubectl-sts.dev/ready-after: 20s}`
)

var scenarios = []struct {
	name    string
	options options
	arrange func(bench)
}{
	{"complete", options{}, func(c bench) { c.ready(3) }},
	{"canary-paused", options{}, func(c bench) {
		c.ready(3)
		c.sts("canary", "start", "web", "--image=registry.example/web:2", "--yes", "--owner=alice@laptop")
	}},
	{"canary-crash-looping", options{}, func(c bench) {
		c.ready(3)
		c.sts("canary", "start", "web", "--image=registry.example/web:2-crash", "--yes", "--owner=alice@laptop", "--wait=false")
		c.until(`{.status.containerStatuses[0].restartCount}`, "4", "pod", "web-2")
	}},
	{"forced-rollback-trap", options{}, func(c bench) {
		c.ready(3)
		c.kubectl("set", "image", "sts/web", "app=registry.example/web:2-crash")
		c.until(`{.status.containerStatuses[0].restartCount}`, "2", "pod", "web-2")
		c.kubectl("set", "image", "sts/web", "app=registry.example/web:1")
		time.Sleep(4 * time.Second)
	}},
	{"rolling-update", options{annotations: slowToReady}, func(c bench) {
		c.ready(3)
		c.kubectl("set", "image", "sts/web", "app=registry.example/web:2-late")
		c.until(`{.metadata.deletionTimestamp}{.spec.containers[0].image}{.status.phase}`, "registry.example/web:2-lateRunning", "pod", "web-1")
	}},
	{"scaling-up", options{image: "registry.example/web:1-late", annotations: `{test.kubectl-sts.dev/ready-after: 3s}`}, func(c bench) {
		c.ready(3)
		c.kubectl("scale", "sts/web", "--replicas=5")
		c.until(`{.status.phase}`, "Running", "pod", "web-3")
	}},
	{"scaling-down", options{replicas: 5, annotations: slowToGo}, func(c bench) {
		c.ready(5)
		c.kubectl("scale", "sts/web", "--replicas=3")
		c.until(`{.metadata.deletionGracePeriodSeconds}`, "30", "pod", "web-4")
	}},
	{"parked", options{}, func(c bench) {
		c.ready(3)
		c.kubectl("scale", "sts/web", "--replicas=0")
		c.until(`{.status.replicas}`, "0", "sts", "web")
	}},
	{"ordinals-start-3", options{replicas: 4, spec: "ordinals: {start: 3}"}, func(c bench) {
		c.ready(4)
		c.sts("canary", "start", "web", "--image=registry.example/web:2", "--canaries=50%", "--yes", "--owner=alice@laptop")
	}},
	{"unbound-claim", options{class: "never"}, func(c bench) {
		c.until(`{.status.conditions[?(@.type=="PodScheduled")].reason}`, "Unschedulable", "pod", "web-0")
		time.Sleep(40 * time.Second)
	}},
	{"on-delete", options{spec: "updateStrategy: {type: OnDelete}"}, func(c bench) {
		c.ready(3)
		c.kubectl("set", "image", "sts/web", "app=registry.example/web:2")
		c.until(`{.status.observedGeneration}`, "2", "sts", "web")
		c.kubectl("delete", "pod", "web-1")
		c.ready(3)
	}},
	{"restart-interrupted", options{annotations: `{test.kubectl-sts.dev/behaviour: late, test.kubectl-sts.dev/ready-after: 7s}`}, func(c bench) {
		c.ready(3)
		c.interrupted("restart", "web") // while the first pod is being replaced
		c.ready(3)
	}},
	{"drain-interrupted", options{replicas: 5}, func(c bench) {
		c.ready(5)
		c.interrupted("drain-scale", "web", "--replicas=3", "--drain-cmd", "if [ $(POD_NAME) != web-4 ]; then sleep 60; fi")
	}},
	{"drain-removing", options{replicas: 5, annotations: slowToGo}, func(c bench) {
		c.ready(5)
		c.interrupted("drain-scale", "web", "--replicas=3", "--drain-cmd", "true")
		c.until(`{.metadata.deletionGracePeriodSeconds}`, "30", "pod", "web-4")
	}},
	{"parked-to-come-back", options{}, func(c bench) {
		c.ready(3)
		c.sts("drain-scale", "web", "--replicas=0", "--park", "--yes", "--owner=alice@laptop")
	}},
	{"missing-service", options{noService: true}, func(c bench) { c.ready(3) }},
	{"hidden-pods", options{hidePods: true}, func(c bench) { c.ready(3) }},
	{"canary-after-zero", options{}, func(c bench) {
		c.ready(3)
		c.sts("canary", "start", "web", "--image=registry.example/web:2", "--yes", "--owner=alice@laptop")
		c.kubectl("scale", "sts/web", "--replicas=0")
		c.until(`{.status.replicas}`, "0", "sts", "web")
		c.kubectl("scale", "sts/web", "--replicas=3")
		time.Sleep(time.Second)
		c.ready(3)
	}},
	{"canary-scaled", options{}, func(c bench) {
		c.ready(3)
		c.sts("canary", "start", "web", "--image=registry.example/web:2", "--yes", "--owner=alice@laptop")
		c.kubectl("autoscale", "sts/web", "--min=5", "--max=8")
		c.ready(5)
		c.until(`{.status.conditions[?(@.type=="ScalingActive")].status}`, "False", "hpa", "web")
	}},
	{"deleting", options{annotations: slowToGo}, func(c bench) {
		c.ready(3)
		c.kubectl("delete", "sts/web", "--cascade=foreground", "--wait=false")
		c.until(`{.metadata.deletionGracePeriodSeconds}`, "30", "pod", "web-0")
	}},
	{"parallel-pull", options{spec: "podManagementPolicy: Parallel"}, func(c bench) {
		c.ready(3)
		c.kubectl("set", "image", "sts/web", "app=registry.example/web:2-pull")
		c.until(`{.status.containerStatuses[0].state.waiting.reason}`, "ImagePullBackOff", "pod", "web-2")
	}},
	{"forbidden-by-quota", options{replicas: 2}, func(c bench) {
		c.ready(2)
		c.kubectl("create", "quota", "pods", "--hard=pods=2")
		c.until(`{.status.used.pods}`, "2", "quota", "pods")
		c.kubectl("scale", "sts/web", "--replicas=3")
		c.until(`{.items[0].reason}`, "FailedCreate", "events", "--field-selector=reason=FailedCreate")
	}},
}

// bench is one namespace of the cluster.
type bench struct {
	t         *testing.T
	namespace string
}

func (c bench) kubectl(args ...string) string {
	return c.run(nil, "kubectl", append([]string{"-n", c.namespace}, args...)...)
}

func (c bench) sts(args ...string) {
	c.run(nil, "kubectl-sts", append([]string{"-n", c.namespace}, args...)...)
}

// interrupted is a command that comes to its end too soon.
func (c bench) interrupted(args ...string) {
	args = append([]string{"-n", c.namespace}, args...)
	out, _ := exec.Command("kubectl-sts", append(args, "--yes", "--owner=alice@laptop", "--timeout=5s")...).CombinedOutput()
	c.t.Logf("%s", out)
}

func (c bench) run(in []byte, name string, args ...string) string {
	c.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		c.t.Fatalf("%s %q: %v\n%s", name, args, err, exit.Stderr)
	}
	return string(out)
}

func (c bench) ready(n int) {
	c.t.Helper()
	c.until(`{.status.availableReplicas}`, strconv.Itoa(n), "sts", "web")
}

// until waits until the jsonpath of the object gives the value.
func (c bench) until(path, want string, object ...string) {
	c.t.Helper()
	object = append(object, "-o", "jsonpath="+path)
	var got []byte
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		got, _ = exec.Command("kubectl", append([]string{"-n", c.namespace, "get"}, object...)...).Output()
		if string(got) == want {
			return
		}
	}
	c.t.Fatalf("%v: %q, never %q", object, got, want)
}

func (c bench) apply(o options) {
	if o.replicas == 0 {
		o.replicas = 3
	}
	if o.image == "" {
		o.image = "registry.example/web:1"
	}
	if o.annotations == "" {
		o.annotations = "{}"
	}
	if o.class == "" {
		o.class = "standard"
	}
	manifest := fmt.Sprintf(`
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, labels: {app: web}}
spec:
  replicas: %d
  serviceName: web
  selector: {matchLabels: {app: web}}
  %s
  template:
    metadata: {labels: {app: web}, annotations: %s}
    spec: {containers: [{name: app, image: "%s"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: %s, resources: {requests: {storage: 1Gi}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
`, o.replicas, o.spec, o.annotations, o.image, o.class)
	if !o.noService {
		manifest += "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: None, selector: {app: web}}\n"
	}
	c.run([]byte(manifest), "kubectl", "-n", c.namespace, "apply", "--server-side", "-f", "-")
}

// read takes the objects as a verb would read them: warnings are the only events.
func (c bench) read(o options) []byte {
	kinds := []string{"sts", "pods", "pvc", "pdb", "svc", "controllerrevisions", "hpa"}
	scenario := ststest.Scenario{}
	if o.hidePods {
		kinds = append(kinds[:1], kinds[2:]...)
		out, _ := exec.Command("kubectl", "-n", c.namespace, "get", "pods", "--as=bob").CombinedOutput()
		_, reason, _ := strings.Cut(strings.TrimSpace(string(out)), "Error from server (Forbidden): ")
		scenario.Missing = []sts.Missing{{Resource: "pods", Reason: reason}}
	}
	var objects, warnings struct{ Items []json.RawMessage }
	c.decode(c.kubectl("get", strings.Join(kinds, ","), "-o", "json", "--show-managed-fields"), &objects)
	c.decode(c.kubectl("get", "events", "-o", "json", "--field-selector=type=Warning"), &warnings)
	scenario.TakenAt = time.Now().UTC().Truncate(time.Second)
	for _, raw := range append(objects.Items, warnings.Items...) {
		if trimmed := c.trim(raw); trimmed != nil {
			scenario.Items = append(scenario.Items, trimmed)
		}
	}
	file, err := yaml.Marshal(scenario)
	if err != nil {
		c.t.Fatal(err)
	}
	return file
}

func (c bench) decode(raw string, into any) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(raw), into); err != nil {
		c.t.Fatal(err)
	}
}

// trim drops what no verb looks at. Of managedFields only the set keeps all, and a claim who has
// created it.
func (c bench) trim(raw json.RawMessage) json.RawMessage {
	var kind metav1.TypeMeta
	c.decode(string(raw), &kind)
	var object metav1.Object
	switch kind.Kind {
	case "StatefulSet":
		object = &appsv1.StatefulSet{}
	case "Pod":
		object = &corev1.Pod{}
	case "PersistentVolumeClaim":
		object = &corev1.PersistentVolumeClaim{}
	case "PodDisruptionBudget":
		object = &policyv1.PodDisruptionBudget{}
	case "Service":
		object = &corev1.Service{}
	case "ControllerRevision":
		object = &appsv1.ControllerRevision{}
	case "Event":
		object = &corev1.Event{}
	case "HorizontalPodAutoscaler":
		object = &autoscalingv2.HorizontalPodAutoscaler{}
	}
	c.decode(string(raw), object)
	if claim, ok := object.(*corev1.PersistentVolumeClaim); ok {
		claim.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: sts.ClaimMaker(claim)}}
	} else if kind.Kind != "StatefulSet" {
		object.SetManagedFields(nil)
	}
	if pod, ok := object.(*corev1.Pod); ok {
		pod.Spec = corev1.PodSpec{NodeName: pod.Spec.NodeName, Containers: pod.Spec.Containers}
		for i := range pod.Spec.Containers {
			pod.Spec.Containers[i] = corev1.Container{Name: pod.Spec.Containers[i].Name, Image: pod.Spec.Containers[i].Image}
		}
		st := pod.Status
		pod.Status = corev1.PodStatus{Phase: st.Phase, Reason: st.Reason, Message: st.Message, Conditions: st.Conditions,
			InitContainerStatuses: st.InitContainerStatuses, ContainerStatuses: st.ContainerStatuses}
	}
	out, err := json.Marshal(object)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}
