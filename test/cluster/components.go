package cluster

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

//go:embed audit-policy.yaml
var auditPolicy []byte

// Files in a state folder.
const (
	stateFile      = "cluster.json"
	kubeconfigFile = "kubeconfig"
	auditFile      = "audit.log"
	caCertFile     = "pki/ca.crt"
	caKeyFile      = "pki/ca.key"
)

// layout is a cluster whose state folder is being written.
type layout struct {
	dir    string
	name   string
	binDir string
	port   int
	gates  map[string]bool
	// controllerGates are additional gates of the controller manager.
	controllerGates map[string]bool

	ca *authority
	// controllers are the only ones, see Config.
	controllers []string
	// programs of the real node, nil without one.
	programs *nodePrograms
	// dns is nil without it.
	dns *dnsParts
}

func (l *layout) path(parts ...string) string {
	return filepath.Join(append([]string{l.dir}, parts...)...)
}

func (l *layout) server() string {
	return fmt.Sprintf("https://127.0.0.1:%d", l.port)
}

// write writes all files that the processes need to the state folder.
func (l *layout) write(ctx context.Context) error {
	for _, sub := range []string{"pki", "logs", "users"} {
		if err := os.MkdirAll(l.path(sub), 0o700); err != nil {
			return err
		}
	}
	if err := l.writePKI(); err != nil {
		return fmt.Errorf("make certificates: %w", err)
	}
	stages, err := kwokConfig(ctx, l.binDir)
	if err != nil {
		return err
	}
	if l.dns != nil {
		if err := l.writeDNS(); err != nil {
			return fmt.Errorf("lay down the DNS: %w", err)
		}
		forwards, err := l.kwokForwards()
		if err != nil {
			return err
		}
		stages = append(stages, forwards...)
	}
	for file, content := range map[string][]byte{"kwok.yaml": stages, "audit-policy.yaml": auditPolicy} {
		if err := os.WriteFile(l.path(file), content, 0o600); err != nil {
			return err
		}
	}
	plan := supervisor.Plan{Processes: l.processes(), AuditLog: l.path(auditFile)}
	if l.programs != nil {
		if err := l.writeNode(ctx); err != nil {
			return fmt.Errorf("lay down the real node: %w", err)
		}
		plan.Cgroup = l.cgroup()
	}
	return supervisor.WritePlan(l.dir, plan)
}

func (l *layout) writePKI() error {
	ca, caPair, err := newAuthority()
	if err != nil {
		return err
	}
	l.ca = ca
	server, err := ca.server("kube-apiserver", net.IPv4(127, 0, 0, 1), "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
	if err != nil {
		return err
	}
	frontProxy, err := ca.user("front-proxy-client")
	if err != nil {
		return err
	}
	serviceAccounts, err := ca.user("service-accounts") // only its key is used
	if err != nil {
		return err
	}
	for file, content := range map[string][]byte{
		caCertFile: caPair.cert, caKeyFile: caPair.key,
		"pki/apiserver.crt": server.cert, "pki/apiserver.key": server.key,
		"pki/front-proxy.crt": frontProxy.cert, "pki/front-proxy.key": frontProxy.key,
		"pki/service-accounts.key": serviceAccounts.key,
	} {
		if err := os.WriteFile(l.path(file), content, 0o600); err != nil {
			return err
		}
	}
	for file, user := range map[string][]string{
		kubeconfigFile:                  {"admin", "system:masters"},
		"users/controller-manager.yaml": {"system:kube-controller-manager"},
		"users/scheduler.yaml":          {"system:kube-scheduler"},
		"users/kwok.yaml":               {"kwok", "system:masters"},
	} {
		if err := writeKubeconfig(l.path(file), l.name, l.server(), l.ca, user[0], user[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// writeKubeconfig writes the kubeconfig of a user, with its own certificate.
func writeKubeconfig(path, name, server string, ca *authority, user string, groups ...string) error {
	cert, err := ca.user(user, groups...)
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca.certPEM}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: cert.cert, ClientKeyData: cert.key}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: user, Namespace: "default"}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, path)
}

// processes are the components with their flags, in the order of their start.
// The API server is the only one to listen on a port, without DNS: etcd has a socket
// in the state folder, and the others need no port.
func (l *layout) processes() []supervisor.Process {
	// Some components check their permissions when they start, and exit if the API server
	// does not respond yet.
	ready := l.ready()
	// Relative, because the path of a socket must have no more than 107 characters, and
	// all components run in the state folder.
	const etcdSocket = "unix://etcd.sock"

	process := func(name string, waitFor *supervisor.Probe, args ...string) supervisor.Process {
		return supervisor.Process{
			Name:    name,
			Path:    filepath.Join(l.binDir, name),
			Args:    args,
			Log:     l.path("logs", name+".log"),
			WaitFor: waitFor,
		}
	}
	gates := "--feature-gates=" + FormatGates(l.gates)
	controllerGates := map[string]bool{}
	maps.Copy(controllerGates, l.gates)
	maps.Copy(controllerGates, l.controllerGates)
	var toKubelet []string
	var realNode, dns []supervisor.Process
	var kwokServes []string
	if l.programs != nil {
		toKubelet = []string{
			"--kubelet-client-certificate=" + l.path("pki/kubelet-client.crt"),
			"--kubelet-client-key=" + l.path("pki/kubelet-client.key"),
			"--kubelet-certificate-authority=" + l.path(caCertFile),
			"--kubelet-preferred-address-types=InternalIP",
			"--egress-selector-config-file=" + l.path("egress.json"),
		}
		realNode = []supervisor.Process{l.nodeProcess()}
	}
	if l.dns != nil {
		toKubelet = []string{
			"--kubelet-certificate-authority=" + l.path(caCertFile),
			"--kubelet-preferred-address-types=InternalIP",
		}
		kwokServes = []string{
			fmt.Sprintf("--server-address=127.0.0.1:%d", l.dns.kubelet),
			fmt.Sprintf("--node-port=%d", l.dns.kubelet),
			"--tls-cert-file=" + l.path("pki/kwok.crt"),
			"--tls-private-key-file=" + l.path("pki/kwok.key"),
		}
		dns = []supervisor.Process{l.corednsProcess()}
	}
	audit := []string{
		"--audit-policy-file=" + l.path("audit-policy.yaml"),
		"--audit-log-path=" + l.path(auditFile),
		// A response is sent only after its event is in the file.
		"--audit-log-mode=blocking",
		// A single file: 0 would mean 100 MB.
		"--audit-log-maxsize=1000000",
	}
	manager := []string{"--kube-api-qps=500", "--kube-api-burst=1000"}
	if l.lean() {
		audit = []string{"--disable-admission-plugins=ServiceAccount"}
		manager = []string{
			"--kube-api-qps=5000", "--kube-api-burst=10000",
			"--controllers=" + strings.Join(l.controllers, ","),
			"--concurrent-statefulset-syncs=20", "--concurrent-gc-syncs=20",
		}
	}
	// The real node has much to do before its first request to the API server.
	processes := slices.Concat(realNode, []supervisor.Process{
		process("etcd", nil,
			"--name=etcd",
			"--data-dir="+l.path("etcd"),
			"--listen-client-urls="+etcdSocket,
			"--listen-peer-urls=unix://etcd-peer.sock",
			// Only addresses may be advertised, and they are not used.
			"--advertise-client-urls=http://127.0.0.1:1",
			"--initial-advertise-peer-urls=http://127.0.0.1:2",
			"--initial-cluster=etcd=http://127.0.0.1:2",
			"--unsafe-no-fsync", // the data need not survive a crash
			"--quota-backend-bytes=8589934592",
			"--log-level=warn",
		),
		process("kube-apiserver", nil, append(slices.Concat(toKubelet, audit),
			fmt.Sprintf("--secure-port=%d", l.port),
			"--bind-address=127.0.0.1",
			"--advertise-address=127.0.0.1",
			"--endpoint-reconciler-type=none",
			"--etcd-servers="+etcdSocket,
			"--tls-cert-file="+l.path("pki/apiserver.crt"),
			"--tls-private-key-file="+l.path("pki/apiserver.key"),
			"--client-ca-file="+l.path(caCertFile),
			"--authorization-mode=Node,RBAC",
			"--service-cluster-ip-range=10.96.0.0/16",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file="+l.path("pki/service-accounts.key"),
			"--service-account-signing-key-file="+l.path("pki/service-accounts.key"),
			"--requestheader-client-ca-file="+l.path(caCertFile),
			"--requestheader-allowed-names=front-proxy-client",
			"--requestheader-extra-headers-prefix=X-Remote-Extra-",
			"--requestheader-group-headers=X-Remote-Group",
			"--requestheader-username-headers=X-Remote-User",
			"--proxy-client-cert-file="+l.path("pki/front-proxy.crt"),
			"--proxy-client-key-file="+l.path("pki/front-proxy.key"),
			"--profiling=false",
			gates,
		)...),
		process("kube-controller-manager", ready, append(manager,
			"--kubeconfig="+l.path("users/controller-manager.yaml"),
			"--authentication-skip-lookup",
			"--secure-port=0",
			"--leader-elect=false",
			"--use-service-account-credentials",
			"--service-account-private-key-file="+l.path("pki/service-accounts.key"),
			"--root-ca-file="+l.path(caCertFile),
			"--enable-hostpath-provisioner",
			"--profiling=false",
			"--feature-gates="+FormatGates(controllerGates),
		)...),
		process("kube-scheduler", ready,
			"--kubeconfig="+l.path("users/scheduler.yaml"),
			"--authentication-skip-lookup",
			"--secure-port=0",
			"--leader-elect=false",
			"--kube-api-qps=500",
			"--kube-api-burst=1000",
			"--profiling=false",
			gates,
		),
		process("kwok", ready, append(kwokServes,
			"--kubeconfig="+l.path("users/kwok.yaml"),
			"--config="+l.path("kwok.yaml"),
		)...),
	}, dns)
	return slices.DeleteFunc(processes, func(p supervisor.Process) bool {
		return l.lean() && (p.Name == "kube-scheduler" || p.Name == "kwok")
	})
}

// lean reports whether only the controllers run: no scheduler and no nodes.
func (l *layout) lean() bool { return len(l.controllers) > 0 }

// ready passes when the API server is ready.
func (l *layout) ready() *supervisor.Probe {
	return &supervisor.Probe{URL: l.server() + "/readyz", CAFile: l.path(caCertFile)}
}

// FormatGates formats feature gates for the components' flag, always in the same
// order.
func FormatGates(gates map[string]bool) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(gates)) {
		all = append(all, fmt.Sprintf("%s=%t", name, gates[name]))
	}
	return strings.Join(all, ",")
}
