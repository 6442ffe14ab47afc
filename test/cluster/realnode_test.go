package cluster

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

// realSet is a StatefulSet of app on the real node, with a volume.
func realSet(replicas int32) *appsv1.StatefulSet {
	set := statefulSet("web", StandardClass, replicas)
	pod := &set.Spec.Template.Spec
	OnRealNode(pod)
	pod.Containers[0].Image = "app:v1"
	pod.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}
	pod.Containers[0].ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)}},
		PeriodSeconds: 1,
	}
	return set
}

func realPod(image string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "pod"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
	OnRealNode(&pod.Spec)
	return pod
}

func createPod(t *testing.T, c *Cluster, ns string, pod *corev1.Pod) {
	t.Helper()
	if _, err := c.Client().CoreV1().Pods(ns).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func kubectl(t *testing.T, c *Cluster, ns string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.Bin("kubectl"), append([]string{"--kubeconfig", c.Kubeconfig(), "--namespace", ns}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	return cmd
}

func TestRealStatefulSet(t *testing.T) {
	t.Parallel()
	c := SharedNode(t)
	ns := c.Namespace(t)
	sets := c.Client().AppsV1().StatefulSets(ns)
	if _, err := sets.Create(t.Context(), realSet(2), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wait for the set", func(ctx context.Context) (bool, error) {
		set, err := sets.Get(ctx, "web", metav1.GetOptions{})
		return err == nil && set.Status.AvailableReplicas == 2, err
	})

	// The exit code is the program's own, and its input has an end.
	store := kubectl(t, c, ns, "exec", "-i", "web-1", "--", "sh", "-c", "cat > /data/file; echo kept; exit 7")
	store.Stdin = strings.NewReader("some data")
	out, err := store.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 || string(out) != "kept\n" {
		t.Errorf("exec: %v, and said %q; want exit code 7", err, out)
	}
	claim, err := c.Client().CoreV1().PersistentVolumeClaims(ns).Get(t.Context(), "data-web-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	volume, err := c.Client().CoreV1().PersistentVolumes().Get(t.Context(), claim.Spec.VolumeName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(volume.Spec.HostPath.Path, "file")); string(data) != "some data" {
		t.Errorf("the volume has %q (%v)", data, err)
	}

	if out, err := kubectl(t, c, ns, "logs", "web-0").Output(); !strings.Contains(string(out), "web-0 starts with version v1\n") {
		t.Errorf("logs: %s (%v)", out, err)
	}
	if got := forwarded(t, kubectl(t, c, ns, "port-forward", "pod/web-0", ":8080")); got != "web-0 v1\n" {
		t.Errorf("port-forward: %q", got)
	}

	// kwok has no say about these pods.
	events, err := c.Audit(ns)
	if err != nil {
		t.Fatal(err)
	}
	writers := map[string]bool{}
	for _, e := range events {
		if e.Resource == "pods" && e.Subresource == "status" {
			writers[e.User] = true
		}
	}
	if !writers["system:node:"+RealNode] || writers["kwok"] {
		t.Errorf("status of the pods was written by %v", writers)
	}
}

// forwarded is what the pod at the other end of a port-forward answers.
func forwarded(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(string(line[:n]))
	if address == "" {
		t.Fatalf("port-forward said %q (%v)", line[:n], err)
	}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestRealCrashLoop(t *testing.T) {
	t.Parallel()
	c := SharedNode(t)
	ns := c.Namespace(t)
	createPod(t, c, ns, realPod("app:v2-crash"))
	awaitPod(t, c, ns, "in CrashLoopBackOff", func(pod *corev1.Pod) bool {
		return waiting(pod) == "CrashLoopBackOff" && pod.Status.ContainerStatuses[0].RestartCount > 0 &&
			pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.ExitCode == 1
	})
	// The kubelet may just be removing the one that the status tells of.
	eventually(t, "read the logs of the crashed container", func(context.Context) (bool, error) {
		out, err := kubectl(t, c, ns, "logs", "--previous", "pod").CombinedOutput()
		found := strings.Contains(string(out), "fatal: the data on disk is of a newer version")
		if !found {
			t.Logf("logs of the crashed container: %s (%v)", out, err)
			time.Sleep(time.Second)
		}
		return found, nil
	})
}

func TestRealNotReady(t *testing.T) {
	t.Parallel()
	c := SharedNode(t)
	for image, ready := range map[string]bool{"app:v2-never-ready": false, "app:v2-late": true} {
		ns := c.Namespace(t)
		pod := realPod(image)
		pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "READY_AFTER", Value: "2s"}}
		pod.Spec.Containers[0].ReadinessProbe = realSet(1).Spec.Template.Spec.Containers[0].ReadinessProbe
		createPod(t, c, ns, pod)
		awaitPod(t, c, ns, "running and not ready", func(pod *corev1.Pod) bool {
			return pod.Status.Phase == corev1.PodRunning && !podReady(pod)
		})
		if ready {
			awaitPod(t, c, ns, "ready", podReady)
		}
	}
}

// Pods find each other by their names, in a lookup and in a connection, also those that
// are not ready where the Service says so.
func TestRealNames(t *testing.T) {
	t.Parallel()
	c := SharedNode(t)
	ns := c.Namespace(t)
	services, sets := c.Client().CoreV1().Services(ns), c.Client().AppsV1().StatefulSets(ns)
	service, err := services.Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app": "web"}, PublishNotReadyAddresses: true,
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	set := realSet(2)
	set.Spec.ServiceName, set.Spec.PodManagementPolicy = "web", appsv1.ParallelPodManagement
	set.Spec.Template.Spec.Containers[0].Image = "app:v1-never-ready"
	if _, err := sets.Create(t.Context(), set, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	full := "web-1.web." + ns + ".svc.cluster.local"
	lookup := func() (answer string, err error) {
		out, err := kubectl(t, c, ns, "exec", "web-0", "--", "nslookup", full).Output()
		return string(out), err
	}
	eventually(t, "look up a pod that is not ready", func(ctx context.Context) (bool, error) {
		answer, err := lookup()
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		pod, err := c.Client().CoreV1().Pods(ns).Get(ctx, "web-1", metav1.GetOptions{})
		if err != nil || podReady(pod) || !strings.Contains(answer, full) || !strings.Contains(answer, pod.Status.PodIP) {
			t.Errorf("the answer for %s at %s, ready %t: %s (%v)", pod.Name, pod.Status.PodIP, podReady(pod), answer, err)
		}
		return true, nil
	})
	eventually(t, "reach a pod by its short name", func(context.Context) (bool, error) {
		out, _ := kubectl(t, c, ns, "exec", "web-0", "--", "timeout", "5", "wget", "-qO-", "http://web-1.web:8080").Output()
		return string(out) == "web-1 v1-never-ready\n", nil
	})

	service.Spec.PublishNotReadyAddresses = false
	if _, err := services.Update(t.Context(), service, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wait for the name to go", func(context.Context) (bool, error) {
		answer, _ := lookup()
		return strings.Contains(answer, "can't find "+full), nil
	})
}

// The image of etcd is the version that it says, with a shell beside it.
func TestRealEtcd(t *testing.T) {
	t.Parallel()
	c := SharedNode(t)
	ns := c.Namespace(t)
	pod := realPod(EtcdImage)
	pod.Spec.Containers[0].Command = []string{"sh", "-c", "etcdctl version; exec etcd --version"}
	pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	createPod(t, c, ns, pod)
	awaitPod(t, c, ns, "done", func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodSucceeded })
	out, err := kubectl(t, c, ns, "logs", "pod").Output()
	version := strings.TrimPrefix(EtcdImage, "etcd:v")
	for _, line := range []string{"etcdctl version: " + version, "etcd Version: " + version} {
		if !strings.Contains(string(out), line+"\n") {
			t.Errorf("%q is not in what it says: %s (%v)", line, out, err)
		}
	}
}

// Nothing can be pulled: there is no way out of the node.
func TestRealPull(t *testing.T) {
	t.Parallel()
	c := SharedNode(t)
	ns := c.Namespace(t)
	createPod(t, c, ns, realPod("app:v2-pull"))
	awaitPod(t, c, ns, "without an image", func(pod *corev1.Pod) bool {
		return waiting(pod) == "ErrImagePull" || waiting(pod) == "ImagePullBackOff"
	})
}

// A pod has to ask for the real node, and kwok's nodes are the others.
func TestRealNodeIsForVolunteers(t *testing.T) {
	t.Parallel()
	c := SharedNode(t)
	ns := c.Namespace(t)
	pod := realPod("app:v1")
	pod.Spec.Tolerations = nil
	createPod(t, c, ns, pod)
	awaitPod(t, c, ns, "refused by the scheduler", func(pod *corev1.Pod) bool {
		return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
			return condition.Type == corev1.PodScheduled && strings.Contains(condition.Message, "untolerated taint")
		})
	})
	ns = c.Namespace(t)
	runPod(t, c, ns, "app:v1", nil)
	if pod := awaitPod(t, c, ns, "ready", podReady); pod.Spec.NodeName == RealNode {
		t.Error("a pod that did not ask for it is on the real node")
	}
}

// traces are what a node may leave on a machine besides its processes.
func traces(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, file := range []string{
		"/proc/self/mountinfo", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/panic", "/proc/sys/kernel/panic_on_oops",
		"/proc/sys/kernel/keys/root_maxkeys", "/proc/sys/net/ipv4/ip_forward",
	} {
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = append(all, file+": "+string(text))
	}
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		all = append(all, "link "+link.Name)
	}
	for _, place := range []string{
		"/run/containerd", "/run/netns", "/run/runc", "/var/lib/kubelet", "/var/lib/containerd", "/var/lib/cni",
		"/var/log/pods", "/var/log/containers", "/etc/cni", "/usr/libexec/kubernetes", "/opt/containerd",
	} {
		_, err := os.Stat(place)
		all = append(all, place+": "+map[bool]string{true: "there", false: "not there"}[err == nil])
	}
	return all
}

// inNode are the processes that live in the real node, but for those of
// containers, which have namespaces of their own.
func inNode(t *testing.T, dir string) []string {
	t.Helper()
	var node string
	for _, p := range processesOf(t, dir) {
		if p.Name == "node" {
			link, err := os.Readlink("/proc/" + strconv.Itoa(p.PID) + "/ns/pid")
			if err != nil {
				t.Fatal(err)
			}
			node = link
		}
	}
	if node == "" {
		t.Fatal("the cluster has no node process")
	}
	var members []string
	links, _ := filepath.Glob("/proc/[0-9]*/ns/pid")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == node {
			members = append(members, strings.TrimSuffix(link, "/ns/pid"))
		}
	}
	return members
}

// However the owner of a cluster ends, its real node leaves nothing.
func TestRealNodeLeavesNothing(t *testing.T) {
	t.Parallel()
	SharedNode(t) // skips where there can be no node
	before := traces(t)
	owner, c := owned(t, ownerNodeEnv+"=yes")
	dir := c.Dir()
	sets := c.Client().AppsV1().StatefulSets("default")
	if _, err := sets.Create(t.Context(), realSet(1), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wait for the pod", func(ctx context.Context) (bool, error) {
		set, err := sets.Get(ctx, "web", metav1.GetOptions{})
		return err == nil && set.Status.AvailableReplicas == 1, err
	})
	if during := traces(t); !slices.Equal(during, before) {
		t.Errorf("the machine has changed from\n%s\nto\n%s", strings.Join(before, "\n"), strings.Join(during, "\n"))
	}
	members := inNode(t, dir)
	if len(members) < 4 {
		t.Errorf("in the node are %v, want its first process, containerd, a kubelet and a shim", members)
	}
	cgroups := func() []string {
		found, err := filepath.Glob("/sys/fs/cgroup/*/kubectl-sts-" + hash(dir))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat("/sys/fs/cgroup/kubectl-sts-" + hash(dir)); err == nil {
			found = append(found, "/sys/fs/cgroup")
		}
		return found
	}
	// They can be removed only when no container is left in them.
	if len(cgroups()) == 0 {
		t.Error("the node's pods have no cgroup")
	}
	processes := processesOf(t, dir)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // it was killed
	assertGone(t, dir, processes, nil)
	for _, member := range members {
		if _, err := os.Stat(member); err == nil {
			t.Errorf("%s is left", member)
		}
	}
	if left := cgroups(); len(left) > 0 {
		t.Errorf("cgroups are left: %v", left)
	}
	if after := traces(t); !slices.Equal(after, before) {
		t.Errorf("the machine has changed from\n%s\nto\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// Without the programs, and without a way to get them, it says which and where
// they would come from.
func TestNodeToolsMissing(t *testing.T) {
	emptyCache(t)
	t.Setenv("PATH", t.TempDir())
	_, err := nodeTools(t.Context(), t.TempDir(), nil)
	var noNode *NoNodeError
	if !errors.As(err, &noNode) || !strings.Contains(err.Error(), "containerd, ctr") || !strings.Contains(err.Error(), "busybox-static") {
		t.Errorf("without tools: %v", err)
	}
}

// A node that breaks says what broke.
func TestRealNodeBroken(t *testing.T) {
	t.Parallel()
	SharedNode(t) // skips where there can be no node
	dir := filepath.Join(t.TempDir(), "cluster")
	c, err := Up(t.Context(), Config{Dir: dir, Nodes: 1, RealNode: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Down(); err != nil {
			t.Error(err)
		}
	})
	for _, member := range inNode(t, dir) {
		if name, _ := os.ReadFile(member + "/comm"); string(name) == "kubelet\n" {
			pid, err := strconv.Atoi(filepath.Base(member))
			if err == nil {
				err = syscall.Kill(pid, syscall.SIGKILL)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "wait for the failure", func(context.Context) (bool, error) {
		return strings.Contains(supervisor.Failure(dir), "node: kubelet ended: exit code -1, signal 9"), nil
	})
}
