// Package cluster starts a real Kubernetes control plane on this machine: the
// released etcd, kube-apiserver, kube-controller-manager and kube-scheduler, built
// from Go modules, with nodes simulated by kwok. It requires no root, no container
// engine and no downloaded binary, and listens only on the loopback interface.
//
// Tests use Shared and then a Namespace of their own.
package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/lockfile"
	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

// startTimeout is the timeout of starting a cluster after its components are built.
// It takes seconds, but longer on a busy machine.
const startTimeout = 2 * time.Minute

// ErrExists: a cluster with this name or folder is already running.
var ErrExists = errors.New("a cluster with this name is already running")

// Config is the configuration of a cluster.
type Config struct {
	// Name of the cluster and of its kubectl context; generated if empty.
	Name string
	// Dir is the state folder, by default one called Name below Root.
	// Down removes it.
	Dir string
	// Kubernetes is the version, like 1.35; by default that of KubernetesEnv, or
	// else the newest. A real node can only have the newest.
	Kubernetes string
	// Nodes is the number of simulated nodes, by default 3.
	Nodes int
	// RealNode adds a node whose pods run: a kubelet and containerd, for exec,
	// logs and port-forward. It requires root; if it is not possible, Up
	// returns a NoNodeError. OnRealNode assigns a pod to it.
	RealNode bool
	// DNS adds a CoreDNS process behind a simulated pod in kube-system, which is
	// reached by a port-forward to it.
	DNS bool
	// FeatureGates are passed to all components.
	FeatureGates map[string]bool
	// ControllerGates are for the controller manager only, where they take precedence: so there can be
	// objects that were created before a gate was turned off.
	ControllerGates map[string]bool
	// Controllers, if given, are the only ones that the controller manager runs. There
	// is no scheduler, no node, no service account and no audit log then:
	// the caller plays the nodes, and much happens in little time.
	Controllers []string
	// Log receives the progress of the build and the start; it may be nil.
	Log io.Writer
	// Detached lets the cluster outlive this process. All others always end with it.
	Detached bool
}

// State is the state of a cluster in its folder.
type State struct {
	Name       string `json:"name"`
	Kubernetes string `json:"kubernetes"` // the full version
	Server     string `json:"server"`
	Nodes      int    `json:"nodes"`
	RealNode   bool   `json:"realNode,omitempty"`
	// DNS is where the CoreDNS process listens, "" without one.
	DNS          string          `json:"dns,omitempty"`
	FeatureGates map[string]bool `json:"featureGates,omitempty"`
	Created      time.Time       `json:"created"`
	// Detached is false for a cluster that belongs to a running program.
	Detached bool   `json:"detached"`
	BinDir   string `json:"binDir"`
}

// Cluster is a running cluster.
type Cluster struct {
	dir    string
	state  State
	config *rest.Config
	client kubernetes.Interface
	audit  auditReader

	// alive is the pipe by whose end the supervisor notices that this process has
	// ended. It is nil if the cluster does not depend on this process.
	alive io.Closer
}

// Up starts a cluster and returns when pods can run on it: its nodes are
// Ready and there is a default storage class. If it fails, it cleans up.
func Up(ctx context.Context, c Config) (*Cluster, error) {
	return up(ctx, c, freePort)
}

func up(ctx context.Context, c Config, pickPort func() (int, error)) (*Cluster, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	binDir, err := Build(ctx, c.Kubernetes, c.Log)
	if err != nil {
		return nil, err
	}
	supervisorBin, err := buildSupervisor(ctx, c.Log)
	if err != nil {
		return nil, err
	}
	programs, err := prepareNode(ctx, c, supervisorBin)
	if err != nil {
		return nil, err
	}
	dns, err := prepareDNS(ctx, c)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout,
		fmt.Errorf("timed out waiting for the cluster after %s", startTimeout))
	defer cancel()
	unlock, err := lockfile.Take(ctx, supervisor.Lock(c.Dir), nil)
	if err != nil {
		return nil, fmt.Errorf("wait for another start or stop of cluster %s: %w", c.Name, err)
	}
	defer unlock()
	if supervisor.Self(c.Dir).Alive() {
		return nil, fmt.Errorf("%w: %s, in %s", ErrExists, c.Name, c.Dir)
	}
	// The remains of an Up that was killed.
	if err := removable(c.Dir); err != nil {
		return nil, err
	}
	if err := supervisor.Stop(c.Dir); err != nil {
		return nil, fmt.Errorf("remove an earlier cluster: %w", err)
	}

	const attempts = 5
	for attempt := 1; ; attempt++ {
		cluster, err := start(ctx, c, binDir, supervisorBin, programs, dns, pickPort)
		if err == nil {
			newProgress(c.Log).say("cluster %s started in %s", c.Name, time.Since(began).Round(100*time.Millisecond))
			return cluster, nil
		}
		// The port was free at first, but another process took it before the API
		// server could.
		if !strings.Contains(err.Error(), "address already in use") || attempt == attempts {
			return nil, fmt.Errorf("start of cluster %s: %w", c.Name, err)
		}
	}
}

func (c Config) withDefaults() (Config, error) {
	kubernetes, err := releaseOf(c.Kubernetes)
	if err != nil {
		return c, err
	}
	c.Kubernetes = kubernetes.version
	if c.RealNode && kubernetes != releases[0] {
		return c, &NoNodeError{Why: "only Kubernetes " + releases[0].version + " is built with a kubelet"}
	}
	if c.Nodes == 0 && len(c.Controllers) == 0 {
		c.Nodes = 3
	}
	if c.Nodes < 0 || c.Nodes > maxNodes {
		return c, fmt.Errorf("invalid number of nodes %d, must be from 1 to %d", c.Nodes, maxNodes)
	}
	if c.Name == "" && c.Dir != "" {
		c.Name = filepath.Base(c.Dir)
	}
	if c.Name == "" {
		c.Name = "test-" + rand.String(8)
	}
	if strings.ContainsAny(c.Name, "/\\ \t\n") || strings.HasPrefix(c.Name, ".") {
		return c, fmt.Errorf("invalid cluster name %q, must consist of letters, digits and dashes", c.Name)
	}
	if c.Dir == "" {
		root, err := Root()
		if err != nil {
			return c, err
		}
		c.Dir = filepath.Join(root, c.Name)
	}
	dir, err := filepath.Abs(c.Dir)
	c.Dir = dir
	return c, err
}

// removable rejects a --dir that is not the folder of a cluster, because its content
// will be deleted.
func removable(dir string) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, known := range []string{"pki", "plan.json", stateFile} {
		if _, err := os.Lstat(filepath.Join(dir, known)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s is not the state folder of a test cluster: use one that is, or a new folder", dir)
}

// start makes one attempt to start the cluster.
func start(ctx context.Context, c Config, binDir, supervisorBin string, programs *nodePrograms, dns *dnsParts, pickPort func() (int, error)) (_ *Cluster, err error) {
	port, err := pickPort()
	if err != nil {
		return nil, err
	}
	l := &layout{dir: c.Dir, name: c.Name, binDir: binDir, port: port, gates: c.FeatureGates, controllerGates: c.ControllerGates, controllers: c.Controllers, programs: programs}
	if l.dns, err = dns.withPorts(pickPort); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, supervisor.Stop(c.Dir))
		}
	}()
	if err := l.write(ctx); err != nil {
		return nil, err
	}
	alive, exited, err := launch(supervisorBin, c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			alive.Close()
		}
	}()

	cluster, err := newCluster(c.Dir, State{
		Name: c.Name, Kubernetes: c.Kubernetes, Server: l.server(), Nodes: c.Nodes, RealNode: c.RealNode, DNS: l.dns.address(), FeatureGates: c.FeatureGates,
		Created: time.Now(), Detached: c.Detached, BinDir: binDir,
	})
	if err != nil {
		return nil, err
	}
	// If a component has failed, stop waiting.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go watchStart(ctx, cancel, c.Dir, exited)
	prepare := cluster.prepare
	if len(c.Controllers) > 0 {
		prepare = cluster.untilReady
	}
	if err := prepare(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	state, err := json.MarshalIndent(cluster.state, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(c.Dir, stateFile), state, 0o600); err != nil {
		return nil, err
	}
	if !c.Detached {
		cluster.alive = alive
		return cluster, nil
	}
	if _, err := io.WriteString(alive, supervisor.Detach); err != nil {
		return nil, fmt.Errorf("detach from the supervisor: %w", err)
	}
	return cluster, alive.Close()
}

// launch starts the supervisor of dir. It lives as long as the returned pipe
// is open; exited is closed when it is gone.
func launch(bin, dir string) (alive io.WriteCloser, exited <-chan struct{}, err error) {
	log, err := os.Create(filepath.Join(dir, "logs", "supervisor.log"))
	if err != nil {
		return nil, nil, err
	}
	defer log.Close()
	cmd := exec.Command(bin, dir)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	// A session of its own: it must not receive Ctrl-C in a terminal.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	alive, err = cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start the supervisor: %w", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the result is in its log
		close(done)
	}()
	return alive, done, nil
}

// watchStart cancels the start as soon as it can no longer succeed.
func watchStart(ctx context.Context, cancel context.CancelCauseFunc, dir string, exited <-chan struct{}) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-exited:
			log, _ := os.ReadFile(filepath.Join(dir, "logs", "supervisor.log")) // it may be gone with the folder
			cancel(fmt.Errorf("the supervisor ended: %s", strings.TrimSpace(string(log))))
			return
		case <-tick.C:
			if why := supervisor.Failure(dir); why != "" {
				cancel(errors.New(why))
				return
			}
		}
	}
}

// freePort finds a port that is not in use at this moment.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Attach opens a running cluster by its state folder.
func Attach(dir string) (*Cluster, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	state, err := readState(dir)
	if err != nil {
		return nil, fmt.Errorf("no cluster found in %s: %w", dir, err)
	}
	if !supervisor.Self(dir).Alive() {
		return nil, fmt.Errorf("the cluster in %s is no longer running: remove it and start it again", dir)
	}
	if why := supervisor.Failure(dir); why != "" {
		return nil, fmt.Errorf("the cluster in %s is broken, remove it and start it again: %s", dir, why)
	}
	return newCluster(dir, state)
}

func readState(dir string) (State, error) {
	var state State
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return state, err
	}
	err = json.Unmarshal(data, &state)
	return state, err
}

func newCluster(dir string, state State) (*Cluster, error) {
	c := &Cluster{dir: dir, state: state}
	c.audit.path = filepath.Join(dir, auditFile)
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, err
	}
	// Tests should not be slowed down by a client-side rate limit.
	config.QPS, config.Burst = -1, -1
	config.UserAgent = "kubectl-sts-testcluster"
	c.config = config
	c.client, err = kubernetes.NewForConfig(config)
	return c, err
}

// Down stops the cluster and removes everything of it.
func (c *Cluster) Down() error {
	err := Remove(c.dir)
	if c.alive != nil {
		_ = c.alive.Close() // the supervisor is gone
	}
	return err
}

// Remove stops the cluster in dir and removes everything of it, also the remains of
// a killed program.
func Remove(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	unlock, err := lockfile.Take(ctx, supervisor.Lock(dir), nil)
	if err != nil {
		return fmt.Errorf("wait for a start of the cluster in %s: %w", dir, err)
	}
	defer unlock()
	if err := removable(dir); err != nil {
		return err
	}
	return supervisor.Stop(dir)
}

// Dir is the cluster's state folder.
func (c *Cluster) Dir() string { return c.dir }

// State is the state of the cluster.
func (c *Cluster) State() State { return c.state }

// RESTConfig is a new configuration of a client with all permissions.
func (c *Cluster) RESTConfig() *rest.Config { return rest.CopyConfig(c.config) }

// Client is a client with all permissions.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Kubeconfig is the path of a kubeconfig with all permissions.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.dir, kubeconfigFile) }

// Bin is the path of a component: kubectl, etcd, kube-apiserver …
func (c *Cluster) Bin(name string) string { return filepath.Join(c.state.BinDir, name) }

// KubeconfigFor creates a user with a client certificate, and returns the path of
// its kubeconfig. The user has no permissions until RBAC binds it or one of its
// groups to a role.
func (c *Cluster) KubeconfigFor(ctx context.Context, user string, groups ...string) (path string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	ca, err := loadAuthority(filepath.Join(c.dir, caCertFile), filepath.Join(c.dir, caKeyFile))
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Join(c.dir, "users"), "user-*.yaml")
	if err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	path = file.Name()
	return path, writeKubeconfig(path, c.state.Name, c.state.Server, ca, user, groups...)
}

// Pause suspends a component until Resume: so a test can observe the state between
// two steps of a controller.
func (c *Cluster) Pause(component string) error {
	p, err := c.component(component)
	if err != nil {
		return err
	}
	return p.Pause()
}

// Resume resumes a paused component.
func (c *Cluster) Resume(component string) error {
	p, err := c.component(component)
	if err != nil {
		return err
	}
	return p.Resume()
}

func (c *Cluster) component(name string) (supervisor.Running, error) {
	running, err := supervisor.Processes(c.dir)
	if err != nil {
		return supervisor.Running{}, err
	}
	for _, p := range running {
		if p.Name == name && p.Alive() {
			return p, nil
		}
	}
	return supervisor.Running{}, fmt.Errorf("cluster %s has no component %q", c.state.Name, name)
}
