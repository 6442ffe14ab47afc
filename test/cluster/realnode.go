package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/image"
	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/realnode"
	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

// The real node carries this label, and a taint of the same key and value that
// keeps all pods away that don't ask for it.
const (
	NodeLabel = "test.kubectl-sts.dev/node"
	RealNode  = "real"
)

// OnRealNode makes a pod run on the real node.
func OnRealNode(pod *corev1.PodSpec) {
	pod.NodeSelector = map[string]string{NodeLabel: RealNode}
	pod.Tolerations = append(pod.Tolerations, corev1.Toleration{
		Key: NodeLabel, Operator: corev1.TolerationOpEqual, Value: RealNode, Effect: corev1.TaintEffectNoSchedule,
	})
}

// Images of the real node, besides app.
const (
	BusyboxImage = "busybox:stable"
	EtcdImage    = "etcd:v3.6.8" // the version in components/etcd/go.mod
)

// postgresTags are the tags of an image that stands for PostgreSQL, for the scripts of docs/ci.md: an app with
// pg_isready and psql. Queries of 17.2 fail, and 17.3-crash crashes.
var postgresTags = []string{"17.0", "17.1", "17.2", "17.3-crash"}

// imageTags are the tags that the real node has of the image app. Any other
// can't be pulled, since there is nowhere to pull from.
func imageTags() []string {
	var tags []string
	for _, version := range []string{"v1", "v2", "v3"} {
		tags = append(tags, version)
		for _, behaviour := range []string{Crash, NeverReady, Late} {
			tags = append(tags, version+"-"+behaviour)
		}
	}
	return tags
}

// nodePrograms are what the real node needs, beside the components.
type nodePrograms struct {
	tools realnode.Tools
	init  string // cmd/node
	app   string // cmd/app

	coredns string // components/coredns
	etcd    string // components/etcd
}

// prepareNode makes sure that this machine can have a real node.
func prepareNode(ctx context.Context, c Config, supervisorBin string) (*nodePrograms, error) {
	if !c.RealNode {
		return nil, nil
	}
	// Called without arguments it ends at once.
	if err := supervisor.TryNamespaces(supervisorBin); err != nil {
		return nil, &NoNodeError{Why: "it takes Linux, root, and in a container all its capabilities", Err: err}
	}
	tools, err := nodeTools(ctx, "/", c.Log)
	if err != nil {
		return nil, err
	}
	source, err := sourceDir()
	if err != nil {
		return nil, err
	}
	p := &nodePrograms{tools: tools}
	for _, program := range []struct {
		target target
		path   *string
	}{
		{nodeTarget(source), &p.init},
		{appTarget(source), &p.app},
		{corednsTarget(source), &p.coredns},
		{etcdTarget(source), &p.etcd},
	} {
		dir, err := build(ctx, program.target, c.Log)
		if err != nil {
			return nil, err
		}
		*program.path = filepath.Join(dir, program.target.name)
	}
	return p, nil
}

// cgroup is the parent of the cgroups of the real node's pods. All clusters of
// a machine share one place for these.
func (l *layout) cgroup() string {
	return "kubectl-sts-" + hash(l.dir)
}

// writeNode lays down what the real node is started with.
func (l *layout) writeNode(ctx context.Context) error {
	if err := os.MkdirAll(l.path(realnode.CNIFolder), 0o700); err != nil {
		return err
	}
	serving, err := l.ca.server("system:node:"+RealNode, net.ParseIP(realnode.Address))
	if err != nil {
		return err
	}
	client, err := l.ca.user("kube-apiserver-kubelet-client", "system:masters")
	if err != nil {
		return err
	}
	if err := writeKubeconfig(l.path("users/kubelet.yaml"), l.name, l.server(), l.ca, "system:node:"+RealNode, "system:nodes"); err != nil {
		return err
	}
	if err := writeKubeconfig(l.path("users/coredns.yaml"), l.name, l.server(), l.ca, "coredns", "system:masters"); err != nil {
		return err
	}
	for file, content := range map[string][]byte{
		l.path(realnode.Corefile):        []byte(l.corefile()),
		l.path("pki/kubelet.crt"):        serving.cert,
		l.path("pki/kubelet.key"):        serving.key,
		l.path("pki/kubelet-client.crt"): client.cert,
		l.path("pki/kubelet-client.key"): client.key,
		l.path(realnode.ResolvFile):      []byte("nameserver " + realnode.Address + "\n"),
		l.path(realnode.ContainerdFile):  []byte(containerdConfig(l.programs.tools, l.path(realnode.CNIFolder))),
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	for file, content := range map[string]any{
		l.path(realnode.KubeletFile):                     l.kubeletConfig(),
		l.path(realnode.CNIFolder, "10-bridge.conflist"): cniConfig,
		l.path(realnode.ConfigFile):                      l.nodeConfig(),
		l.path("egress.json"):                            egressConfig,
	} {
		text, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
	}
	return l.writeImages(ctx)
}

func (l *layout) nodeConfig() realnode.Config {
	return realnode.Config{
		Tools: l.programs.tools,
		Kubelet: []string{
			filepath.Join(l.binDir, "kubelet"),
			"--config=" + l.path(realnode.KubeletFile),
			"--kubeconfig=" + l.path("users/kubelet.yaml"),
			"--hostname-override=" + RealNode,
			"--node-ip=" + realnode.Address,
			"--node-labels=" + NodeLabel + "=" + RealNode,
			"--root-dir=/var/lib/kubelet",
			"--feature-gates=" + FormatGates(l.gates),
		},
		CoreDNS:   []string{l.programs.coredns, "-conf", l.path(realnode.Corefile)},
		APIServer: fmt.Sprintf("127.0.0.1:%d", l.port),
		Ready:     *l.ready(),
		Cgroup:    l.cgroup(),
		Visible:   []string{l.dir, l.binDir, filepath.Dir(l.programs.coredns)},
	}
}

// nodeProcess is the parent process of the real node.
func (l *layout) nodeProcess() supervisor.Process {
	return supervisor.Process{
		Name:       "node",
		Path:       l.programs.init,
		Args:       []string{l.dir},
		Log:        l.path("logs", "node.log"),
		Namespaces: true,
	}
}

// egressConfig sends the API server through the node's door to the kubelet.
var egressConfig = map[string]any{
	"apiVersion": "apiserver.k8s.io/v1beta1",
	"kind":       "EgressSelectorConfiguration",
	"egressSelections": []any{map[string]any{
		"name": "cluster",
		"connection": map[string]any{
			"proxyProtocol": "HTTPConnect",
			"transport":     map[string]any{"uds": map[string]any{"udsName": realnode.ConnectSocket}},
		},
	}},
}

// cniConfig has no default route and no masquerading: pods reach only each other and
// the node.
var cniConfig = map[string]any{
	"cniVersion": "0.4.0",
	"name":       "pods",
	"plugins": []any{map[string]any{
		"type":      "bridge",
		"bridge":    realnode.Bridge,
		"isGateway": true,
		"ipam": map[string]any{
			"type":    "host-local",
			"ranges":  []any{[]any{map[string]any{"subnet": realnode.Subnet, "gateway": realnode.Address}}},
			"dataDir": "/var/lib/cni/networks",
		},
	}},
}

func (l *layout) kubeletConfig() map[string]any {
	return map[string]any{
		"apiVersion":               "kubelet.config.k8s.io/v1beta1",
		"kind":                     "KubeletConfiguration",
		"address":                  realnode.Address,
		"healthzPort":              0,
		"containerRuntimeEndpoint": "unix://" + realnode.ContainerdSocket,
		"tlsCertFile":              l.path("pki/kubelet.crt"),
		"tlsPrivateKeyFile":        l.path("pki/kubelet.key"),
		"authentication": map[string]any{
			"x509":      map[string]any{"clientCAFile": l.path(caCertFile)},
			"anonymous": map[string]any{"enabled": false},
		},
		"clusterDNS":      []string{realnode.Address},
		"clusterDomain":   "cluster.local",
		"resolvConf":      l.path(realnode.ResolvFile),
		"volumePluginDir": "/var/lib/kubelet/volumeplugins",
		"registerWithTaints": []any{map[string]any{
			"key": NodeLabel, "value": RealNode, "effect": corev1.TaintEffectNoSchedule,
		}},
		"kubeAPIQPS":   500,
		"kubeAPIBurst": 1000,

		// The machine belongs to the user: it may swap, be short of space and
		// have cgroups of the first version, and its settings are not ours.
		"failSwapOn":             false,
		"failCgroupV1":           false,
		"cgroupDriver":           "cgroupfs",
		"cgroupRoot":             "/" + l.cgroup(),
		"enforceNodeAllocatable": []string{},
		// Limits of emptyDir volumes are enforced, within seconds instead of minutes.
		"localStorageCapacityIsolation": true,
		"volumeStatsAggPeriod":          "5s",
		"makeIPTablesUtilChains":        false,
		"evictionHard": map[string]string{
			"memory.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%",
			"imagefs.available": "0%", "imagefs.inodesFree": "0%",
		},
		// There is nowhere to get an image from again.
		"imageGCHighThresholdPercent":            100,
		"imagePullCredentialsVerificationPolicy": "NeverVerify",
		// Long enough to look at it, and not longer each time.
		"crashLoopBackOff": map[string]any{"maxContainerRestartPeriod": "10s"},
	}
}

// corefile has no cache, so that answers are never older than what CoreDNS has received
// from the API server, and a TTL of a second for clients. There is no server to forward
// other names to.
func (l *layout) corefile() string {
	return fmt.Sprintf(`cluster.local in-addr.arpa {
	bind %s
	errors
	kubernetes {
		kubeconfig %q
		ttl 1
	}
}
`, realnode.Address, l.path("users/coredns.yaml"))
}

// containerdConfig: a lower oom_score_adj than one's own takes a capability that
// root may lack in a container.
func containerdConfig(tools realnode.Tools, cniFolder string) string {
	return fmt.Sprintf(`version = 2
root = "/var/lib/containerd"
state = %q
[grpc]
address = %q
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = %q
disable_apparmor = true
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = %q
SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = %q
conf_dir = %q
`, filepath.Dir(realnode.ContainerdSocket), realnode.ContainerdSocket, realnode.Sandbox, tools.Runc, tools.CNI, cniFolder)
}

// writeImages makes the images: busybox with all its names, app, etcd, and postgres.
func (l *layout) writeImages(ctx context.Context) error {
	applets, err := exec.CommandContext(ctx, l.programs.tools.Busybox, "--list").Output()
	if err != nil {
		return fmt.Errorf("ask busybox for its applets: %w", failed(err))
	}
	files := []image.File{
		{Path: "etc/passwd", Mode: 0o644, Content: []byte("root:x:0:0:root:/:/bin/sh\n")},
		{Path: "tmp/.keep", Mode: 0o644},
	}
	for name, program := range map[string]string{"app": l.programs.app, "bin/busybox": l.programs.tools.Busybox} {
		content, err := os.ReadFile(program)
		if err != nil {
			return err
		}
		files = append(files, image.File{Path: name, Mode: 0o755, Content: content})
	}
	for applet := range strings.FieldsSeq(string(applets)) {
		if applet != "busybox" {
			files = append(files, image.File{Path: "bin/" + applet, Mode: 0o777, To: "busybox"})
		}
	}
	etcd, err := os.ReadFile(l.programs.etcd)
	if err != nil {
		return err
	}
	const path = "PATH=/bin"
	images := []image.Image{
		{Name: realnode.Sandbox, Entrypoint: []string{"/app", "pause"}, Env: []string{path}},
		{Name: "docker.io/library/" + BusyboxImage, Entrypoint: []string{"/bin/sh"}, Env: []string{path}},
		{
			Name: "docker.io/library/" + EtcdImage, Entrypoint: []string{"/bin/etcd"}, Env: []string{path},
			Files: []image.File{
				{Path: "bin/etcd", Mode: 0o755, Content: etcd},
				{Path: "bin/etcdctl", Mode: 0o777, To: "etcd"},
			},
		},
	}
	for _, tag := range imageTags() {
		images = append(images, image.Image{
			Name: "docker.io/library/app:" + tag, Entrypoint: []string{"/app"}, Env: []string{path, "IMAGE_TAG=" + tag},
		})
	}
	for _, tag := range postgresTags {
		images = append(images, image.Image{
			Name: "docker.io/library/postgres:" + tag, Entrypoint: []string{"/app"}, Env: []string{path, "IMAGE_TAG=" + tag},
			Files: []image.File{
				{Path: "bin/pg_isready", Mode: 0o755, Content: []byte("#!/bin/sh\nwget -qO- http://127.0.0.1:8080/ready\n")},
				{Path: "bin/psql", Mode: 0o755, Content: []byte("#!/bin/sh\n[ $IMAGE_TAG != 17.2 ] || { echo 'psql: error: relation is missing' >&2; exit 2; }\n")},
			},
		})
	}
	archive, err := os.Create(l.path(realnode.ImagesFile))
	if err != nil {
		return err
	}
	defer archive.Close()
	if err := image.Write(archive, files, images); err != nil {
		return fmt.Errorf("make the images: %w", err)
	}
	return archive.Close()
}
