package cmd

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

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/resolve"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// questionTimeout is how long one DNS question is waited for: as long as resolvers do
// (resolv.conf(5)).
const questionTimeout = 5 * time.Second

// resolvConf is the --server that stands for this machine's own, and the file that names it.
const (
	resolvConf     = "resolv.conf"
	resolvConfFile = "/etc/resolv.conf"
)

// resolveOptions say how names are asked for, if they are.
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
	f.StringVar(&o.from, "from", "", "Query from inside this `POD`, with its dig, nslookup or getent")
	f.StringVarP(&o.container, "container", "c", "", "Container of --from (default: the pod's default container)")
	f.StringVar(&o.server, "server", "", "DNS server to query: `HOST:PORT`, tcp://HOST:PORT, or resolv.conf")
	f.BoolVar(&o.wait, "wait", false, "Wait until the name of every ordinal resolves correctly")
	f.BoolVarP(&o.watch, "watch", "w", false, "Query again when pods or EndpointSlices change")
	f.DurationVar(&o.timeout, "timeout", 0, "Maximum time for --wait and --watch (for example 90s or 10m; 0 means no limit)")
	notNegative(cmd, "timeout")
	notEmpty(cmd, "from", "server", "container")
	cmd.MarkFlagsMutuallyExclusive("from", "server")
	requires(cmd, "container", "from")
	requires(cmd, "timeout", "wait", "watch")
}

// nameServer answers DNS questions.
type nameServer interface {
	Ask(context.Context, []sts.DNSQuestion) ([]sts.DNSAnswer, error)
	// String says for the report who it is.
	String() string
	Close()
}

// open finds who is to be asked. Nothing is sent yet.
func (o *resolveOptions) open(c *common, client *cluster.Client) (nameServer, error) {
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

// resolveDNS asks for every name and prints what the answers are worth.
func resolveDNS(ctx context.Context, c *common, client *cluster.Client, o dnsOptions, out *output, inv *sts.Inventory) error {
	server, err := o.open(c, client)
	if err != nil {
		return err
	}
	defer server.Close()
	if o.wait || o.watch {
		return watchDNS(ctx, c, client, server, o, out, inv.Domain)
	}
	report := inspect.NewDNSReport(inv, o.names)
	if questions := report.Questions(); len(questions) > 0 {
		answers, err := server.Ask(ctx, questions)
		if err != nil {
			return err
		}
		report.Server = server.String()
		report.Judge(client.Now(), answers)
	}
	if err := showDNS(c, o, out, report); err != nil {
		return err
	}
	if err := unresolved(c, report); err != nil {
		return err
	}
	return o.verdict(report)
}

// mostNamed is how many names are spelled out.
const mostNamed = 3

// unresolved is the error for names that should resolve and do not.
func unresolved(c *common, report *inspect.DNSReport) error {
	names := report.Unresolved()
	if len(names) == 0 {
		return nil
	}
	text := strings.Join(names[:min(len(names), mostNamed)], ", ")
	if more := len(names) - mostNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	verb := "does"
	if len(names) > 1 {
		verb = "do"
	}
	return &outcomeError{style: c.env.errStyle(), Decision: plan.Decision{
		Verdict: plan.Stuck, Message: sts.Count(len(names), "name") + " that should resolve " + verb + " not: " + text,
		Hint: serverHint(report),
	}}
}

// serverHint is what to look at when all answers are bad in the same way: then it is the
// server, and not a name.
func serverHint(report *inspect.DNSReport) string {
	codes, failed := map[string]bool{}, true
	report.Lookups(func(l *inspect.DNSLookup) {
		if l.Expected {
			codes[l.Code] = true
			failed = failed && l.Verdict == inspect.DNSFailed
		}
	})
	switch {
	case len(codes) != 1:
		return ""
	case failed:
		return "the DNS server answers none of the questions: its log says why, with CoreDNS kubectl logs -n kube-system -l k8s-app=kube-dns"
	case codes["NXDOMAIN"] && report.ClusterDomainSource != sts.DomainCorefile:
		return "the DNS server knows none of the names: is " + report.ClusterDomain + " the cluster's domain? --cluster-domain says another"
	}
	return ""
}

// addressServer is asked from here, over the network.
type addressServer struct {
	*resolve.Server
	address string
}

func newAddressServer(c *common, address string) (*addressServer, error) {
	server, err := resolve.At(address, questionTimeout, c.env.Clock)
	if err != nil {
		return nil, usagef("--server: %s", err)
	}
	return &addressServer{server, address}, nil
}

// Ask implements nameServer.
func (s *addressServer) Ask(ctx context.Context, questions []sts.DNSQuestion) ([]sts.DNSAnswer, error) {
	answers, err := s.Server.Ask(ctx, questions)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("the DNS server %s cannot be asked: %w", s.address, err)
	}
	return answers, err
}

func (s *addressServer) String() string { return s.address }

// Close implements nameServer.
func (s *addressServer) Close() {}

// ownServer is the first name server of the machine that this runs on. In a pod it is the
// cluster's own.
func ownServer(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--server=%s: %w", resolvConf, err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			return f[1], nil
		}
	}
	return "", fmt.Errorf("--server=%s: %s names no name server", resolvConf, file)
}

// forwardServer is a pod of the cluster's DNS behind a port-forward. A pod that cannot be
// reached is followed by the next.
type forwardServer struct {
	client  *cluster.Client
	clock   clock.Clock
	at      cluster.NameServer
	forward *cluster.Forward
}

// Ask implements nameServer.
func (s *forwardServer) Ask(ctx context.Context, questions []sts.DNSQuestion) ([]sts.DNSAnswer, error) {
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
			var answers []sts.DNSAnswer
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

func (s *forwardServer) ask(ctx context.Context, questions []sts.DNSQuestion) ([]sts.DNSAnswer, error) {
	server := &resolve.Server{Timeout: questionTimeout, Clock: s.clock, Stream: func(ctx context.Context) (io.ReadWriteCloser, error) {
		return s.forward.Dial(ctx, s.at.Port)
	}}
	answers, err := server.Ask(ctx, questions)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", s.at, err)
	}
	return answers, err
}

// otherWays is what to do when CoreDNS cannot be asked through a port-forward.
const otherWays = "ask from a pod, with --from pod/NAME, or a server by its address, with --server HOST:PORT"

func (s *forwardServer) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	explained := fmt.Errorf("the cluster's DNS cannot be asked: %s\n%s", err, otherWays) //nolint:errorlint // its text goes between ours
	if hopeless(err) {
		return &hopelessError{explained}
	}
	return explained
}

func (s *forwardServer) String() string {
	if s.at.Pod == "" {
		return "" // nobody yet
	}
	return fmt.Sprintf("pod %s/%s, by port-forward", s.at.Namespace, s.at.Pod)
}

// Close implements nameServer.
func (s *forwardServer) Close() {
	if s.forward != nil {
		_ = s.forward.Close() // nothing is expected of it any more
		s.forward = nil
	}
}

// podServer asks with what a pod's image has.
type podServer struct {
	resolve.Inside
	pod string
}

func newPodServer(c *common, client *cluster.Client, from, container string) (*podServer, error) {
	pod := from
	if kind, name, typed := strings.Cut(from, "/"); typed {
		if kind != "pod" && kind != "pods" && kind != "po" {
			return nil, invalidFlag("from", from, "must be pod/NAME")
		}
		pod = name
	}
	if pod == "" || strings.Contains(pod, "/") {
		return nil, invalidFlag("from", from, "must be pod/NAME")
	}
	namespace, err := c.namespace()
	if err != nil {
		return nil, err
	}
	return &podServer{pod: pod, Inside: resolve.Inside{
		Timeout: questionTimeout,
		Exec: func(ctx context.Context, command []string, stdout, stderr io.Writer) (int, error) {
			return client.Exec(ctx, namespace, pod, container, command, stdout, stderr)
		},
	}}, nil
}

// Ask implements nameServer.
func (s *podServer) Ask(ctx context.Context, questions []sts.DNSQuestion) ([]sts.DNSAnswer, error) {
	answers, err := s.Inside.Ask(ctx, questions)
	switch {
	case err == nil || ctx.Err() != nil:
		return answers, err
	case errors.Is(err, resolve.ErrNoShell), errors.Is(err, resolve.ErrNoTool):
		err = fmt.Errorf("pod %s cannot ask: %w\nname another pod with --from, another container with --container, or leave out --from", s.pod, err)
		return nil, &hopelessError{err}
	}
	return nil, fmt.Errorf("pod %s cannot ask: %w", s.pod, err)
}

func (s *podServer) String() string {
	text := "pod " + s.pod
	tool, server := s.Tool()
	if tool != "" {
		text = tool + " in " + text
	}
	if server != "" {
		text += ", which asks " + server
	}
	return text
}

// Close implements nameServer.
func (s *podServer) Close() {}

// hopelessError will be the same the next time.
type hopelessError struct{ error }

func (e *hopelessError) Unwrap() error { return e.error }

// hopeless says whether waiting does not help.
func hopeless(err error) bool {
	var (
		without *hopelessError
		usage   *usageError
	)
	return errors.As(err, &without) || errors.As(err, &usage) || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err)
}
