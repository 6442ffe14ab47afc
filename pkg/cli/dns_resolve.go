package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
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
	Resolve(context.Context, []names.Question) ([]names.Answer, error)
	// String names the server in the report.
	String() string
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
		return newAddressServer(c, server)
	case o.server != "":
		return newAddressServer(c, o.server)
	case o.from != "":
		return newPodServer(c, client, o.from, o.container)
	}
	return &forwardServer{client: client, clock: c.env.Clock}, nil
}

// resolveDNS queries every name and prints the verdicts on the answers.
func resolveDNS(ctx context.Context, c *common, client *kube.Client, o dnsOptions, out *output, inv *sts.Inventory) error {
	server, err := o.open(c, client)
	if err != nil {
		return err
	}
	defer server.Close()
	if o.wait || o.watch {
		return watchDNS(ctx, c, client, server, o, out)
	}
	r := names.NewReport(inv, o.names)
	if questions := r.Questions(); len(questions) > 0 {
		answers, err := server.Resolve(ctx, questions)
		if err != nil {
			return err
		}
		r.Server = server.String()
		r.Judge(client.Now(), answers)
	}
	if err := showDNS(c, o, out, r); err != nil {
		return err
	}
	if err := unresolved(r); err != nil {
		return err
	}
	return o.verdict(r)
}

// mostNamed is how many names are listed.
const mostNamed = 3

// unresolved is the error for names that should resolve but do not.
func unresolved(r *names.DNSReport) error {
	failed := r.Unresolved()
	if len(failed) == 0 {
		return nil
	}
	return &outcomeError{Decision: operate.Decision{
		Verdict: operate.Stuck, Message: msgDNSUnresolved(len(failed), failed[:min(len(failed), mostNamed)]),
		Hint: serverHint(r),
	}}
}

// serverHint says what to check if all answers are incorrect in the same way: then the cause is the
// server, not a name.
func serverHint(r *names.DNSReport) sts.Hint {
	codes, failed := map[string]bool{}, true
	r.Lookups(func(l *names.DNSLookup) {
		if l.Expected {
			codes[l.Code] = true
			failed = failed && l.Verdict == names.Failed
		}
	})
	switch {
	case len(codes) != 1:
		return nil
	case failed:
		return hintDNSServerLog()
	case codes["NXDOMAIN"] && r.ClusterDomainSource != names.DomainCorefile:
		return hintDNSClusterDomain(r.ClusterDomain)
	}
	return nil
}

// addressServer is queried from here, over the network.
type addressServer struct {
	*kube.Resolver
	address string
}

func newAddressServer(c *common, address string) (*addressServer, error) {
	server, err := kube.ResolverAt(address, questionTimeout, c.env.Clock)
	if err != nil {
		return nil, usagef("--server: %s", err)
	}
	return &addressServer{server, address}, nil
}

// Resolve implements nameServer.
func (s *addressServer) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	answers, err := s.Resolver.Resolve(ctx, questions)
	if err != nil && ctx.Err() == nil {
		err = errDNSServer(s.address, err)
	}
	return answers, err
}

func (s *addressServer) String() string { return s.address }

// Close implements nameServer.
func (s *addressServer) Close() {}

// ownServer is the first name server of this machine. In a pod it is that of the cluster.
func ownServer(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", errDNSResolvConf(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			return f[1], nil
		}
	}
	return "", errors.New(msgDNSNoNameserver(file))
}

// forwardServer is a pod of the cluster's DNS behind a port-forward. If a pod cannot be reached, the
// next one is used.
type forwardServer struct {
	client  *kube.Client
	clock   clock.Clock
	at      kube.NameServer
	forward *kube.Forward
}

// Resolve implements nameServer.
func (s *forwardServer) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	if s.forward != nil { // as long as it lasts
		if answers, err := s.ask(ctx, questions); err == nil || ctx.Err() != nil {
			return answers, err
		}
		s.Close()
	}
	found, err := s.client.NameServers(ctx)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	for _, at := range found {
		s.at = at
		if s.forward, err = s.client.Forward(ctx, at.Namespace, at.Pod); err == nil {
			var answers []names.Answer
			if answers, err = s.ask(ctx, questions); err == nil {
				return answers, nil
			}
			s.Close()
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	if denied := s.client.May(ctx, s.at.Namespace, "create", "pods", "portforward"); denied != nil {
		err = &hopelessError{denied}
	}
	return nil, s.explain(ctx, err)
}

func (s *forwardServer) ask(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	server := &kube.Resolver{Timeout: questionTimeout, Clock: s.clock, Stream: func(ctx context.Context) (io.ReadWriteCloser, error) {
		return s.forward.Dial(ctx, s.at.Port)
	}}
	answers, err := server.Resolve(ctx, questions)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", s.at, err)
	}
	return answers, err
}

func (s *forwardServer) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	explained := &hintedError{err: errors.New(msgDNSClusterServer(err)), hint: hintDNSOtherServers()}
	if hopeless(err) {
		return &hopelessError{explained}
	}
	return explained
}

func (s *forwardServer) String() string {
	if s.at.Pod == "" {
		return "" // none yet
	}
	return msgDNSForwardServer(s.at.Namespace, s.at.Pod)
}

// Close implements nameServer.
func (s *forwardServer) Close() {
	if s.forward != nil {
		_ = s.forward.Close() // no longer needed
		s.forward = nil
	}
}

// podServer makes queries with the tools of a pod's image.
type podServer struct {
	kube.PodResolver
	pod string
}

func newPodServer(c *common, client *kube.Client, from, container string) (*podServer, error) {
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
	return &podServer{pod: pod, PodResolver: kube.PodResolver{
		Timeout: questionTimeout,
		Exec: func(ctx context.Context, command []string, stdout, stderr io.Writer) (int, error) {
			return client.Exec(ctx, namespace, pod, container, command, stdout, stderr)
		},
	}}, nil
}

// Resolve implements nameServer.
func (s *podServer) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	answers, err := s.PodResolver.Resolve(ctx, questions)
	switch {
	case err == nil || ctx.Err() != nil:
		return answers, err
	case errors.Is(err, kube.ErrNoShell), errors.Is(err, kube.ErrNoTool):
		return nil, &hopelessError{&hintedError{err: errDNSPod(s.pod, err), hint: hintDNSOtherPods()}}
	}
	return nil, errDNSPod(s.pod, err)
}

func (s *podServer) String() string {
	tool, server := s.Tool()
	return msgDNSPodServer(s.pod, tool, server)
}

// Close implements nameServer.
func (s *podServer) Close() {}

// hopelessError is an error that retrying does not resolve.
type hopelessError struct{ error }

func (e *hopelessError) Unwrap() error { return e.error }

// hopeless reports whether retrying is pointless.
func hopeless(err error) bool {
	var (
		without *hopelessError
		usage   *usageError
	)
	return errors.As(err, &without) || errors.As(err, &usage) || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err)
}
