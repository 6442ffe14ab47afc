package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// proxy is between the plugin and the API server and can fail like networks and busy servers. It uses
// the identity of the cluster admin.
type proxy struct {
	server  *http.Server
	address string

	mu      sync.Mutex
	open    map[net.Conn]bool
	cut     bool
	stalled chan struct{} // the data of watches waits until it is closed; nil if it need not wait
	cutIn   int           // the number of writes until it is cut, including the last one
	lose    int           // the number of responses to writes that will be lost
	fail    map[int]int   // the number of writes that will fail with this code
	race    func()        // once, before a write is passed on
	raceOn  string        // with this method only, empty for any
	onWrite func()        // after a write, before the plugin receives the response
	before  func()        // each time, before a write is passed on
}

func newProxy(c *cluster.Cluster) (*proxy, error) {
	to, err := url.Parse(c.State().Server)
	if err != nil {
		return nil, err
	}
	transport, err := rest.TransportFor(c.RESTConfig())
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{address: l.Addr().String(), open: map[net.Conn]bool{}, fail: map[int]int{}}
	reverse := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport:     transport,
		FlushInterval: -1, // watches
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ModifyResponse: func(r *http.Response) error {
			p.answered(r)
			if r.Request.URL.Query().Get("watch") != "" {
				r.Body = &stallable{r.Body, p}
			}
			return nil
		},
	}
	p.server = &http.Server{
		ConnState: p.track,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r, err := markCountedWrite(r)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			if p.before != nil && isCountedWrite(r) {
				p.before()
			}
			if code := p.refuses(r); code != 0 {
				w.WriteHeader(code)
				return
			}
			reverse.ServeHTTP(w, r)
		}),
	}
	go func() { _ = p.server.Serve(l) }() // until it is closed
	return p, nil
}

type countedWrite struct{}

// markCountedWrite marks the writes that the proxy counts: all but events, access reviews and dry runs.
func markCountedWrite(r *http.Request) (*http.Request, error) {
	counts := slices.ContainsFunc([]string{"/statefulsets/", "/pods/", "/persistentvolumeclaims", "/persistentvolumes", "/nodes/"},
		func(part string) bool { return strings.Contains(r.URL.Path, part) })
	if r.Method == http.MethodGet || !counts || r.URL.Query().Get("dryRun") != "" {
		return r, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if hasDryRun(body) {
		return r, nil
	}
	return r.WithContext(context.WithValue(r.Context(), countedWrite{}, true)), nil
}

// hasDryRun: deletions and evictions have the dry run in their body.
func hasDryRun(body []byte) bool {
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return false // a patch
	}
	switch o := object.(type) {
	case *metav1.DeleteOptions:
		return len(o.DryRun) > 0
	case *policyv1.Eviction:
		return o.DeleteOptions != nil && len(o.DeleteOptions.DryRun) > 0
	}
	return false
}

func isCountedWrite(r *http.Request) bool { return r.Context().Value(countedWrite{}) != nil }

func (p *proxy) refuses(r *http.Request) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cutIn > 0 && isCountedWrite(r) {
		if p.cutIn--; p.cutIn == 0 {
			p.breakOff()
		}
	}
	if p.cut {
		panic(http.ErrAbortHandler)
	}
	if p.race != nil && isCountedWrite(r) && (p.raceOn == "" || p.raceOn == r.Method) {
		p.race()
		p.race = nil
	}
	for code, n := range p.fail {
		if n > 0 && isCountedWrite(r) {
			p.fail[code]--
			return code
		}
	}
	return 0
}

func (p *proxy) answered(r *http.Response) {
	if !isCountedWrite(r.Request) || r.StatusCode >= http.StatusMultipleChoices {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.onWrite != nil {
		p.onWrite()
	}
	if p.lose > 0 {
		p.lose--
		panic(http.ErrAbortHandler)
	}
}

// stallable is the body of a watch. Read blocks while the proxy stalls.
type stallable struct {
	io.ReadCloser
	proxy *proxy
}

func (s *stallable) Read(b []byte) (int, error) {
	n, err := s.ReadCloser.Read(b)
	s.proxy.mu.Lock()
	stalled := s.proxy.stalled
	s.proxy.mu.Unlock()
	if stalled != nil {
		<-stalled
	}
	return n, err
}

func (p *proxy) restore() {
	p.cut, p.cutIn = false, 0
	if p.stalled != nil {
		close(p.stalled)
	}
	p.stalled = nil
}

func (p *proxy) track(c net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state {
	case http.StateNew:
		p.open[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(p.open, c)
	}
}

func (p *proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *proxy) breakOff() {
	p.cut = true
	for c := range p.open {
		_ = c.Close() // it may be closed by the other side
	}
}

func (p *proxy) close() {
	p.set(p.restore)
	_ = p.server.Close()
}

// cmdProxy starts the proxy for all later programs, or makes it misbehave.
func cmdProxy(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 0, "proxy start|cut [COUNT]|stall|restore|lose COUNT|fail CODE COUNT|race OBJECT MERGEPATCH [METHOD]")
	number := func(i int) int {
		usage(ts, len(args) > i, "proxy cut COUNT|lose COUNT|fail CODE COUNT")
		n, err := strconv.Atoi(args[i])
		ts.Check(err)
		return n
	}
	s := of(ts)
	if args[0] == "start" {
		ts.Check(s.startProxy())
		ts.Setenv("KUBECONFIG", filepath.Join(s.work, "proxied.kubeconfig"))
		return
	}
	if s.proxy == nil {
		ts.Fatalf("run proxy start first")
	}
	switch args[0] {
	case "cut":
		if len(args) == 1 {
			s.proxy.set(s.proxy.breakOff)
			return
		}
		n := number(1)
		s.proxy.set(func() { s.proxy.cutIn = n })
	case "restore":
		s.proxy.set(s.proxy.restore)
	case "stall":
		s.proxy.set(func() { s.proxy.stalled = make(chan struct{}) })
	case "lose":
		n := number(1)
		s.proxy.set(func() { s.proxy.lose = n })
	case "fail":
		code, n := number(1), number(2)
		s.proxy.set(func() { s.proxy.fail[code] = n })
	case "race":
		usage(ts, len(args) == 3 || len(args) == 4, "proxy race OBJECT MERGEPATCH [METHOD]")
		s.proxy.set(func() {
			s.proxy.race, s.proxy.raceOn = func() { s.mergePatch(args[1], args[2]) }, strings.Join(args[3:], "")
		})
	default:
		ts.Fatalf("proxy %s: must be start, cut, stall, restore, lose, fail or race", args[0])
	}
}

// mergePatch changes an object as another client would. The result of the race shows that it did.
func (s *scenario) mergePatch(object, patch string) {
	kind, name, _ := strings.Cut(object, "/")
	ctx, cancel := requestContext()
	defer cancel()
	_, _ = s.api(kind).Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "racer"})
}

func (s *scenario) startProxy() error {
	p, err := newProxy(s.cluster)
	if err != nil {
		return err
	}
	s.proxy = p
	return s.writeKubeconfig(s.cluster.Kubeconfig(), filepath.Join(s.work, "proxied.kubeconfig"), "http://"+p.address)
}

// cmdKillAt runs a command through the proxy, which kills it after its Nth write to a set or pod,
// before the command receives the response.
func cmdKillAt(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 2, "killat COUNT sts ARG…")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := killAt(ts, n, args[1:]); code != "killed" {
		ts.Fatalf("ended with exit code %s before its write number %d", code, n)
	}
}

// cmdKillEach runs a command repeatedly and kills it at its first write, until it ends by itself.
func cmdKillEach(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 2, "killeach CODE sts ARG…")
	const limit = 50
	for kills := range limit {
		n := 1
		if !slices.Contains(args, "pvc-gc") {
			n += kills % 2 // a rerun may first take the lock
		}
		switch code := killAt(ts, n, args[1:]); code {
		case "killed":
			continue
		case args[0]:
			_, err := fmt.Fprintf(ts.Stdout(), "killed %d times\n", kills)
			ts.Check(err)
			return
		default:
			ts.Fatalf("exit code %s, want %s", code, args[0])
		}
	}
	ts.Fatalf("not finished after being killed %d times", limit)
}

func killAt(ts *testscript.TestScript, n int, args []string) (code string) {
	s := of(ts)
	if s.proxy == nil {
		cmdProxy(ts, false, []string{"start"})
	}
	cmd := program(ts, args[0], args[1:])
	s.proxy.set(func() {
		s.proxy.onWrite = func() {
			if n--; n == 0 {
				_ = cmd.Process.Kill() // it is waiting for the response
			}
		}
	})
	p, err := start(cmd)
	ts.Check(err)
	s.processes["killed"] = p
	code = p.end(ts)
	s.proxy.set(func() { s.proxy.onWrite = nil })
	return code
}
