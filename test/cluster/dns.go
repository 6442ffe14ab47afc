package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

// How many seconds CoreDNS caches answers and negative answers: long enough to be
// observed on a busy machine, short enough to wait for.
const (
	keepsAnswers = 5
	keepsDenials = 60
)

// dnsPort is the port for pods, the usual one.
const dnsPort = 53

// dnsParts are the additional parts of a cluster with DNS: a CoreDNS process, and a
// kwok that forwards connections to the simulated pods of CoreDNS.
type dnsParts struct {
	coredns string // the program
	port    int    // where CoreDNS listens
	kubelet int    // where kwok listens, for the API server
}

// prepareDNS builds the programs of a cluster with DNS.
func prepareDNS(ctx context.Context, c Config) (*dnsParts, error) {
	if !c.DNS {
		return nil, nil
	}
	if c.RealNode {
		return nil, errors.New("DNS and a real node are mutually exclusive: a real node has its own CoreDNS")
	}
	program, err := buildCoreDNS(ctx, c.Log)
	return &dnsParts{coredns: program}, err
}

// BuildDNS builds the additional parts of a cluster with DNS, if necessary. Up does this,
// too; use it before measuring time.
func BuildDNS(ctx context.Context, log io.Writer) error {
	_, err := buildCoreDNS(ctx, log)
	return err
}

func buildCoreDNS(ctx context.Context, log io.Writer) (program string, err error) {
	source, err := sourceDir()
	if err != nil {
		return "", err
	}
	t := corednsTarget(source)
	dir, err := build(ctx, t, log)
	return filepath.Join(dir, t.name), err
}

func (d *dnsParts) address() string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("127.0.0.1:%d", d.port)
}

// withPorts are the same parts for one attempt to start them.
func (d *dnsParts) withPorts(pick func() (int, error)) (*dnsParts, error) {
	if d == nil {
		return nil, nil
	}
	out := *d
	for _, port := range []*int{&out.port, &out.kubelet} {
		var err error
		if *port, err = pick(); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// dnsCorefile is the part of kubeadm's CoreDNS configuration for the names of the
// cluster.
func (l *layout) dnsCorefile() string {
	return fmt.Sprintf(`.:%d {
	bind 127.0.0.1
	errors
	cache {
		success 9984 %d
		denial 9984 %[3]d
	}
	kubernetes cluster.local in-addr.arpa ip6.arpa {
		kubeconfig %[4]q
		ttl %[3]d
	}
}
`, l.dns.port, keepsAnswers, keepsDenials, l.path("users/coredns.yaml"))
}

// writeDNS writes the files for CoreDNS and kwok.
func (l *layout) writeDNS() error {
	if err := writeKubeconfig(l.path("users/coredns.yaml"), l.name, l.server(), l.ca, "coredns", "system:masters"); err != nil {
		return err
	}
	serving, err := l.ca.server("kwok", net.IPv4(127, 0, 0, 1))
	if err != nil {
		return err
	}
	for file, content := range map[string][]byte{
		l.path("Corefile"):     []byte(l.dnsCorefile()),
		l.path("pki/kwok.crt"): serving.cert,
		l.path("pki/kwok.key"): serving.key,
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// kwokForwards is the part of kwok's configuration for connections to CoreDNS.
func (l *layout) kwokForwards() ([]byte, error) {
	text, err := json.Marshal(map[string]any{
		"apiVersion": "kwok.x-k8s.io/v1alpha1",
		"kind":       "ClusterPortForward",
		"metadata":   map[string]any{"name": "dns"},
		"spec": map[string]any{
			"selector": map[string]any{"matchNamespaces": []string{metav1.NamespaceSystem}},
			"forwards": []any{map[string]any{
				"ports":  []int{dnsPort},
				"target": map[string]any{"address": "127.0.0.1", "port": l.dns.port},
			}},
		},
	})
	return append(append([]byte("---\n"), text...), '\n'), err
}

func (l *layout) corednsProcess() supervisor.Process {
	return supervisor.Process{
		Name: "coredns", Path: l.dns.coredns, Args: []string{"-conf", l.path("Corefile")},
		Log: l.path("logs", "coredns.log"), WaitFor: l.ready(),
	}
}

// installDNS creates the objects of the cluster DNS, and waits for its endpoints.
func (c *Cluster) installDNS(ctx context.Context) error {
	if err := c.untilServiceAccount(ctx, metav1.NamespaceSystem); err != nil {
		return err
	}
	corefile, err := os.ReadFile(filepath.Join(c.dir, "Corefile"))
	if err != nil {
		return err
	}
	const name, service = "coredns", "kube-dns"
	labels := map[string]string{"k8s-app": service}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceSystem, Labels: labels}
	}
	if _, err := c.client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: meta(name), Data: map[string]string{"Corefile": string(corefile)},
	}, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := c.client.CoreV1().Services(metav1.NamespaceSystem).Create(ctx, &corev1.Service{
		ObjectMeta: meta(service),
		Spec: corev1.ServiceSpec{
			ClusterIP: "10.96.0.10", Selector: labels,
			Ports: []corev1.ServicePort{
				{Name: "dns", Port: dnsPort, Protocol: corev1.ProtocolUDP, TargetPort: intstr.FromString("dns")},
				{Name: "dns-tcp", Port: dnsPort, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromString("dns-tcp")},
			},
		},
	}, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := c.client.AppsV1().Deployments(metav1.NamespaceSystem).Create(ctx, &appsv1.Deployment{
		ObjectMeta: meta(name),
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: name, Image: "coredns:simulated",
					Ports: []corev1.ContainerPort{
						{Name: "dns", ContainerPort: dnsPort, Protocol: corev1.ProtocolUDP},
						{Name: "dns-tcp", ContainerPort: dnsPort, Protocol: corev1.ProtocolTCP},
					},
				}}},
			},
		},
	}, metav1.CreateOptions{}); err != nil {
		return err
	}
	return wait.PollUntilContextCancel(ctx, pollEvery, true, func(ctx context.Context) (bool, error) {
		slices, err := c.client.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + service})
		if err != nil {
			return false, err
		}
		for _, slice := range slices.Items {
			for _, e := range slice.Endpoints {
				if e.Conditions.Ready != nil && *e.Conditions.Ready {
					return true, nil
				}
			}
		}
		return false, nil
	})
}
