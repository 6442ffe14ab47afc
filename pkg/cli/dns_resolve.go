package cli

import (
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/names/nameloop"
)

// questionTimeout is the timeout of one DNS query, the default of resolvers (resolv.conf(5)).
const questionTimeout = 5 * time.Second

// resolvConf is the --server that stands for the name server of this machine, and resolvConfFile the
// file with its address.
const (
	resolvConf     = "resolv.conf"
	resolvConfFile = "/etc/resolv.conf"
)

// resolveOptions are the options for queries.
type resolveOptions struct {
	resolve   bool
	from      string
	container string
	server    string
	wait      bool
	watch     bool
	timeout   time.Duration
}

func (o *resolveOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.resolve, "resolve", false, "Query the cluster's DNS for each name, through a port-forward to CoreDNS")
	f.StringVar(&o.from, "from-pod", "", "Query from inside this `POD`, with its dig, nslookup or getent")
	f.StringVarP(&o.container, "container", "c", "", "Container of --from-pod (default: the pod's default container)")
	f.StringVar(&o.server, "server", "", "DNS server to query: `HOST:PORT`, tcp://HOST:PORT, or resolv.conf")
	f.BoolVar(&o.wait, "wait", false, "Wait until the name of every ordinal resolves correctly")
	f.BoolVarP(&o.watch, "watch", "w", false, "Query again when pods or EndpointSlices change")
	f.DurationVar(&o.timeout, "timeout", 0, "Maximum time for --wait and --watch (for example 90s or 10m; 0 means no limit)")
	notNegative(cmd, "timeout")
	notEmpty(cmd, "from-pod", "server", "container")
	cmd.MarkFlagsMutuallyExclusive("from-pod", "server")
	requires(cmd, "container", "from-pod")
	requires(cmd, "timeout", "wait", "watch")
}

// nameServer answers DNS queries.
type nameServer interface {
	nameloop.Server
	Close()
}

// open selects the DNS server. Nothing is sent yet.
func (o *resolveOptions) open(c *common, client *kube.Client) (nameServer, error) {
	switch {
	case o.server == resolvConf:
		server, err := ownServer(resolvConfFile)
		if err != nil {
			return nil, err
		}
		return serverAt(c, server)
	case o.server != "":
		return serverAt(c, o.server)
	case o.from != "":
		return podServer(c, client, o.from, o.container)
	}
	return &kube.ClusterServer{Client: client, Timeout: questionTimeout, Clock: c.env.Clock}, nil
}

func serverAt(c *common, address string) (nameServer, error) {
	server, err := kube.ServerAt(address, questionTimeout, c.env.Clock)
	if err != nil {
		return nil, usagef("--server: %s", err)
	}
	return server, nil
}

// ownServer is the first name server of this machine. In a pod it is that of the cluster.
func ownServer(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", errDNSResolvConf(err)
	}
	server := names.Nameserver(string(text))
	if server == "" {
		return "", errors.New(msgDNSNoNameserver(file))
	}
	return server, nil
}

func podServer(c *common, client *kube.Client, from, container string) (nameServer, error) {
	pod := from
	if kind, name, typed := strings.Cut(from, "/"); typed {
		if kind != "pod" && kind != "pods" && kind != "po" {
			return nil, invalidFlag("from-pod", from, "must be pod/NAME")
		}
		pod = name
	}
	if pod == "" || strings.Contains(pod, "/") {
		return nil, invalidFlag("from-pod", from, "must be pod/NAME")
	}
	namespace, err := c.namespace()
	if err != nil {
		return nil, err
	}
	return client.PodServer(namespace, pod, container, questionTimeout), nil
}
