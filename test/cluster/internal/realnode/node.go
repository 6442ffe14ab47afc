// Package realnode runs the real node of a test cluster: containerd, a kubelet and
// CoreDNS in process, mount and network namespaces of their own. All containers,
// mounts, links and addresses are removed with the namespaces when their first
// process ends for any reason. The machine is not changed, and its network cannot
// be reached from inside.
package realnode

import "github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"

// The node's own network: a bridge to which the pods are attached. Its first address
// is that of the bridge, of the kubelet and of CoreDNS, the pods' DNS server.
const (
	Subnet  = "10.245.0.0/24"
	Address = "10.245.0.1"
	Bridge  = "pods"
)

// Sandbox is the image that holds a pod's namespaces.
const Sandbox = "docker.io/library/app:pause"

// ContainerdSocket is where containerd listens, inside.
const ContainerdSocket = "/run/containerd/containerd.sock"

// ConnectSocket, in the state folder, takes HTTP CONNECT to addresses inside:
// the API server's way to the kubelet.
const ConnectSocket = "node.sock"

// Config is all that Run wants to know. It stands in the state folder.
type Config struct {
	Tools Tools `json:"tools"`
	// Kubelet is the kubelet's command line.
	Kubelet []string `json:"kubelet"`
	// CoreDNS is the name server's command line.
	CoreDNS []string `json:"coreDNS"`
	// APIServer is its address on the machine's loopback; processes inside
	// reach it under the same one.
	APIServer string           `json:"apiServer"`
	Ready     supervisor.Probe `json:"ready"`
	// Cgroup is the parent of the pods' cgroups.
	Cgroup string `json:"cgroup"`
	// Visible are folders that the node has to see, wherever they are. Of the
	// machine's /run and /var it sees nothing else.
	Visible []string `json:"visible"`
}

// Tools are programs that the node needs.
type Tools struct {
	Containerd string `json:"containerd"`
	Ctr        string `json:"ctr"`
	Shim       string `json:"shim"`
	Runc       string `json:"runc"`
	Busybox    string `json:"busybox"`
	CNI        string `json:"cni"` // a folder
}

// Files of the node, as seen from the state folder.
const (
	ConfigFile     = "node/node.json"
	ContainerdFile = "node/containerd.toml"
	KubeletFile    = "node/kubelet.json"
	ResolvFile     = "node/resolv.conf"
	Corefile       = "node/Corefile"
	CNIFolder      = "node/cni"
	ImagesFile     = "node/images.tar"
)
