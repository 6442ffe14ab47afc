package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// Pods of a test cluster are simulated: kwok moves their status along by
// stages, which are a condition on a pod and what its status becomes then. The
// stages that kwok ships make every pod Ready at once. Those here let a test
// make a pod misbehave, by an annotation or by the tag of an image, so that
// changing the image is a broken canary: postgres:17-crash.

// Annotations that steer how a simulated pod behaves.
const (
	// BehaviourAnnotation names a behaviour, and wins over the image's tag.
	// Any other word than a behaviour stands for a healthy pod. Changing it
	// on a running pod takes effect, too.
	BehaviourAnnotation = "test.kubectl-sts.dev/behaviour"
	// ReadyAfterAnnotation is how long a late pod takes to be Ready ("3s").
	ReadyAfterAnnotation = "test.kubectl-sts.dev/ready-after"
	// TerminateAfterAnnotation is how long a deleted pod takes to go ("3s").
	TerminateAfterAnnotation = "test.kubectl-sts.dev/terminate-after"
)

// Behaviours of a pod, each also as a tag of an image (":crash", ":17-crash").
const (
	// Crash starts, exits with 1 and sits in CrashLoopBackOff, over and over.
	Crash = "crash"
	// NeverReady runs, but its readiness probe does not pass.
	NeverReady = "never-ready"
	// Late runs, and is Ready only after 5s or its ReadyAfterAnnotation.
	Late = "late"
	// Pull can't get its image.
	Pull = "pull"
)

var behaviours = []string{Crash, NeverReady, Late, Pull}

// crashesEvery is the time between two restarts of a pod that crashes.
const crashesEvery = 2 * time.Second

// jq expressions over a pod. They are jq because kwok's other language, CEL,
// refuses to compile for pods that have no status yet. Mind that kwok takes a
// condition that does not compile as fulfilled.
const (
	jqBehaviour = `.metadata.annotations["` + BehaviourAnnotation + `"] //` +
		` ([.spec.containers[].image | capture(":([^:/@]*-)?(?<b>crash|never-ready|late|pull)(@.*)?$") | .b] | first) // "none"`
	jqReady   = `.status.conditions.[] | select(.type == "Ready") | .status`
	jqWaiting = `.status.containerStatuses.[].state.waiting.reason`
	// Only a pod that something holds back is seen in its terminated state:
	// all others are gone in the same moment.
	jqHeld = `if (.metadata.finalizers // []) != [] and (.status.phase | IN("Succeeded", "Failed") | not) then "yes" else "no" end`

	// Both are points in time, so that a change to the pod in between, which
	// makes kwok look again, does not restart the wait. The server cuts
	// times to seconds: the added one makes sure that it is never too early.
	jqReadyAt = `.status.startTime as $from | (.metadata.annotations["` + ReadyAfterAnnotation + `"] // "5s") | ` + jqSeconds +
		` | ($from | fromdateiso8601) + . + 1 | ceil | todateiso8601`
	jqGoneAt = `(.metadata.deletionTimestamp | fromdateiso8601) - (.metadata.deletionGracePeriodSeconds // 0) as $from |` +
		` .metadata.annotations["` + TerminateAfterAnnotation + `"] | ` + jqSeconds + ` | $from + . + 1 | ceil | todateiso8601`
	jqSeconds = `(capture("^(?<n>[0-9.]+)(?<unit>ms|s|m)$") | (.n | tonumber) * ({ms: 0.001, s: 1, m: 60}[.unit]))`
)

// condition is one line of a stage's selector.
type condition map[string]any

func in(jq string, values ...string) condition {
	return condition{"key": jq, "operator": "In", "values": values}
}

func notIn(jq string, values ...string) condition {
	return condition{"key": jq, "operator": "NotIn", "values": values}
}

var (
	deleted    = condition{"key": ".metadata.deletionTimestamp", "operator": "Exists"}
	notDeleted = condition{"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
	neverReady = condition{"key": jqReady, "operator": "DoesNotExist"} // a new pod
	alive      = in(".status.phase", "Pending", "Running")
)

// ownStages come after kwok's. To add a behaviour, add its word above, to
// jqBehaviour and to behaviours, and its stages here. Conditions of two stages
// must not overlap: kwok picks one by chance.
func ownStages() []map[string]any {
	backOff := map[string]any{"type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container"}
	noImage := map[string]any{"type": "Warning", "reason": "Failed", "message": "Failed to pull image: not found"}
	after := func(jq string) map[string]any {
		return map[string]any{"durationMilliseconds": 0, "durationFrom": map[string]any{"expressionFrom": jq}}
	}
	return []map[string]any{
		stage("pod-crash", nil, backOff, podStatus("Running", "False", containerCrashed),
			notDeleted, alive, in(jqBehaviour, Crash), notIn(jqWaiting, "CrashLoopBackOff")),
		stage("pod-crash-again", map[string]any{"durationMilliseconds": crashesEvery.Milliseconds()}, backOff, podStatus("Running", "False", containerCrashed),
			notDeleted, alive, in(jqBehaviour, Crash), in(jqWaiting, "CrashLoopBackOff")),
		stage("pod-never-ready", nil, nil, podStatus("Running", "False", containerRunning),
			notDeleted, alive, in(jqBehaviour, NeverReady), notIn(jqReady, "False")),
		stage("pod-late", nil, nil, podStatus("Running", "False", containerRunning),
			notDeleted, alive, in(jqBehaviour, Late), neverReady),
		stage("pod-late-ready", after(jqReadyAt), nil, podStatus("Running", "True", containerReady),
			notDeleted, alive, in(jqBehaviour, Late), in(jqReady, "False")),
		stage("pod-pull", nil, noImage, podStatus("Pending", "False", containerPulling),
			notDeleted, in(".status.phase", "Pending"), in(jqBehaviour, Pull), notIn(jqWaiting, "ImagePullBackOff")),
		stage("pod-recover", nil, nil, podStatus("Running", "True", containerReady),
			notDeleted, in(".status.phase", "Running"), notIn(jqBehaviour, behaviours...), in(jqReady, "False")),
		stage("pod-terminated", after(jqGoneAt), nil, podStatus("Succeeded", "False", containerTerminated),
			deleted, in(jqHeld, "yes")),
	}
}

// adaptStock makes room for ownStages among the stages that kwok ships.
func adaptStock(stock map[string]any) error {
	metadata, _ := stock["metadata"].(map[string]any)
	spec, _ := stock["spec"].(map[string]any)
	selector, _ := spec["selector"].(map[string]any)
	expressions, ok := selector["matchExpressions"].([]any)
	if !ok {
		return fmt.Errorf("a stage of kwok has no matchExpressions: %v", stock)
	}
	switch metadata["name"] {
	case "pod-ready":
		expressions = append(expressions, notIn(jqBehaviour, behaviours...))
	case "pod-delete":
		expressions = append(expressions, notIn(jqHeld, "yes"))
		spec["delay"] = map[string]any{"durationMilliseconds": 0, "durationFrom": map[string]any{"expressionFrom": jqGoneAt}}
	}
	selector["matchExpressions"] = expressions
	return nil
}

// nameUID makes a stage of pods write the pod's UID along with its status, as kubelets
// do. kwok patches by name, and may be late: when the pod has been deleted and recreated
// meanwhile, the API server refuses the UID, and the new pod does not get the status, the
// restarts and the addresses of the old one.
func nameUID(stage map[string]any) error {
	spec, _ := stage["spec"].(map[string]any)
	ref, _ := spec["resourceRef"].(map[string]any)
	if ref["kind"] != "Pod" {
		return nil
	}
	next, _ := spec["next"].(map[string]any)
	for key := range next {
		if !slices.Contains([]string{"event", "delete", "statusTemplate"}, key) {
			return fmt.Errorf("stage %v: next.%s: unknown way to set the pod's UID", stage["metadata"], key)
		}
	}
	status, ok := next["statusTemplate"].(string)
	if !ok {
		return nil // guardPods is there for deletions, which cannot name it
	}
	delete(next, "statusTemplate")
	var template strings.Builder
	template.WriteString("metadata: {uid: {{ .metadata.uid | Quote }}}\nstatus:\n")
	for line := range strings.Lines(status) {
		template.WriteString("  " + line)
	}
	next["patches"] = []any{map[string]any{"subresource": "status", "template": template.String()}}
	return nil
}

func stage(name string, delay, event map[string]any, statusTemplate string, conditions ...condition) map[string]any {
	next := map[string]any{"statusTemplate": statusTemplate}
	if event != nil {
		next["event"] = event
	}
	spec := map[string]any{
		"resourceRef": map[string]any{"apiGroup": "v1", "kind": "Pod"},
		"selector":    map[string]any{"matchExpressions": conditions},
		"next":        next,
	}
	if delay != nil {
		spec["delay"] = delay
	}
	return map[string]any{
		"apiVersion": "kwok.x-k8s.io/v1alpha1",
		"kind":       "Stage",
		"metadata":   map[string]any{"name": name},
		"spec":       spec,
	}
}

// What a container's status says, by behaviour. $now, $start and $restarts are
// set around it.
const (
	containerReady = `
  ready: true
  started: true
  restartCount: {{ $restarts }}
  state: {running: {startedAt: {{ $start | Quote }}}}`
	containerRunning = `
  ready: false
  started: true
  restartCount: {{ $restarts }}
  state: {running: {startedAt: {{ $start | Quote }}}}`
	containerCrashed = `
  ready: false
  started: false
  restartCount: {{ add1 $restarts }}
  state: {waiting: {reason: CrashLoopBackOff, message: back-off restarting failed container}}
  lastState: {terminated: {exitCode: 1, reason: Error, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}`
	containerPulling = `
  ready: false
  started: false
  restartCount: {{ $restarts }}
  state: {waiting: {reason: ImagePullBackOff, message: {{ printf "Back-off pulling image %q" $container.image | Quote }}}}`
	containerTerminated = `
  ready: false
  started: false
  restartCount: {{ $restarts }}
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $start | Quote }}, finishedAt: {{ $now | Quote }}}}`
)

// podStatus is the template of a pod's status in which all containers are in
// the same state.
func podStatus(phase, ready, container string) string {
	reason := ""
	if ready != "True" {
		reason = "ContainersNotReady"
	}
	return fmt.Sprintf(`
{{ $now := Now }}
{{ $root := . }}
{{ $start := or .status.startTime $now }}
phase: %[1]s
startTime: {{ $start | Quote }}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $start | Quote }}}
- {type: Ready, status: %[2]q, reason: %[3]q, lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: %[2]q, reason: %[3]q, lastTransitionTime: {{ $now | Quote }}}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $start | Quote }}}
{{ end }}
containerStatuses:
{{ range $i, $container := .spec.containers }}
{{ $restarts := 0 }}
{{ with $root.status.containerStatuses }}{{ $restarts = (index . $i).restartCount }}{{ end }}
- name: {{ $container.name | Quote }}
  image: {{ $container.image | Quote }}%[4]s
{{ end }}
{{ if not .status.podIP }}
{{ with NodeIPWith .spec.nodeName }}
hostIP: {{ . | Quote }}
hostIPs: [{ip: {{ . | Quote }}}]
{{ end }}
{{ with PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
podIP: {{ . | Quote }}
podIPs: [{ip: {{ . | Quote }}}]
{{ end }}
{{ end }}
`, phase, ready, reason, container)
}

// kwokConfig is the file that kwok is started with. kwok sets no defaults for
// such a file, so all that has to be more than nothing is spelled out.
func kwokConfig(ctx context.Context, binDir string) ([]byte, error) {
	stock, err := exec.CommandContext(ctx, filepath.Join(binDir, "components"), "kwok-stages").Output()
	if err != nil {
		return nil, fmt.Errorf("ask for kwok's own stages: %w", failed(err))
	}
	documents := []map[string]any{{
		"apiVersion": "config.kwok.x-k8s.io/v1alpha1",
		"kind":       "KwokConfiguration",
		"metadata":   map[string]any{"name": "kwok"},
		"options": map[string]any{
			"cidr":                              "10.128.0.0/16",
			"nodeIP":                            "127.0.0.1",
			"manageAllNodes":                    false,
			"manageNodesWithAnnotationSelector": simulatedNode + "=" + simulatedNodeValue,
			"enableDebuggingHandlers":           true,
			"podPlayStageParallelism":           16,
			"nodePlayStageParallelism":          4,
			"nodeLeaseDurationSeconds":          40,
			"nodeLeaseParallelism":              4,
			"podsOnNodeSyncParallelism":         4,
			"enablePodsOnNodeSyncListPager":     true,
			"enablePodsOnNodeSyncStreamWatch":   false,
		},
	}}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stock), 4096)
	for {
		var document map[string]any
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read kwok's own stages: %w", err)
		}
		if document == nil {
			continue
		}
		if err := adaptStock(document); err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
	documents = append(documents, ownStages()...)
	for _, document := range documents {
		if err := nameUID(document); err != nil {
			return nil, err
		}
	}

	var out bytes.Buffer
	for _, document := range documents {
		text, err := json.Marshal(document) // which is YAML as well
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "---\n%s\n", text)
	}
	return out.Bytes(), nil
}
