package realnode

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

// patience is the timeout of each step of the start. They take a second; waiting
// for the cluster times out earlier than this.
const patience = 2 * time.Minute

// Run is the whole life of the node, as the first process of new namespaces for
// processes and mounts. It returns only when something went wrong. It must be
// called from the main goroutine, and that must be locked to the main thread,
// which goes into a network of its own; all other threads stay in the
// machine's.
func Run(dir string) error {
	var config Config
	data, err := os.ReadFile(filepath.Join(dir, ConfigFile))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return fmt.Errorf("read %s: %w", ConfigFile, err)
	}
	if err := makeRoot(dir, config.Visible); err != nil {
		return fmt.Errorf("make a root folder: %w", err)
	}
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network: %w", err)
	}
	if err := makeLinks(config.Tools.Busybox); err != nil {
		return fmt.Errorf("make the bridge: %w", err)
	}
	inside := make(chan func())
	if err := makeDoors(config.APIServer, inside); err != nil {
		return fmt.Errorf("make a way in and out: %w", err)
	}
	if err := supervisor.MakeCgroup(config.Cgroup); err != nil {
		return fmt.Errorf("make the pods' cgroup: %w", err)
	}
	if err := start(dir, config); err != nil {
		return err
	}
	for f := range inside {
		f()
	}
	return nil
}

// start starts containerd, CoreDNS and the kubelet, and has the process end when
// one of them does.
func start(dir string, config Config) error {
	containerd, err := spawn(dir, "containerd", []string{config.Tools.Containerd, "--config", filepath.Join(dir, ContainerdFile)}, config.Tools)
	if err != nil {
		return err
	}
	if err := await("containerd", dir, func() bool { return answers("unix", ContainerdSocket) }); err != nil {
		return err
	}
	if out, err := exec.Command(config.Tools.Ctr, "--address", ContainerdSocket, "--namespace", "k8s.io", "images", "import",
		"--digests", filepath.Join(dir, ImagesFile)).CombinedOutput(); err != nil {
		return fmt.Errorf("import the images: %w\n%s", err, out)
	}
	// A kubelet that can't register tries again only seconds later, and CoreDNS
	// waits as long before it answers.
	if err := await("the API server", dir, config.Ready.Passes); err != nil {
		return err
	}
	coredns, err := spawn(dir, "coredns", config.CoreDNS, config.Tools)
	if err != nil {
		return err
	}
	kubelet, err := spawn(dir, "kubelet", config.Kubelet, config.Tools)
	if err != nil {
		return err
	}
	go reap(dir, map[int]string{containerd: "containerd", coredns: "coredns", kubelet: "kubelet"})
	return await("coredns", dir, func() bool { return answers("tcp", Address+":53") })
}

// spawn starts a process. Nothing but reap waits for it.
func spawn(dir, name string, command []string, tools Tools) (pid int, err error) {
	log, err := os.OpenFile(logFile(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	// containerd takes its shim from the PATH: it has to be of the same version.
	path := strings.Join([]string{filepath.Dir(tools.Shim), filepath.Dir(tools.Runc), "/usr/sbin", "/usr/bin", "/sbin", "/bin"}, ":")
	pid, err = syscall.ForkExec(command[0], command, &syscall.ProcAttr{
		Dir:   dir,
		Env:   []string{"HOME=/root", "PATH=" + path},
		Files: []uintptr{0, log.Fd(), log.Fd()},
	})
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", name, err)
	}
	return pid, nil
}

func logFile(dir, name string) string { return filepath.Join(dir, "logs", name+".log") }

// await waits for what happens outside of our own processes' reach.
func await(what, dir string, done func() bool) error {
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			quote(dir, what)
			return fmt.Errorf("%s did not answer within %s", what, patience)
		}
	}
	return nil
}

// answers reports whether a process listens on the address.
func answers(network, address string) bool {
	c, err := net.Dial(network, address)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// reap does what the first process has to do: bury all that were left alone,
// shims above all.
func reap(dir string, ours map[int]string) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if name := ours[pid]; err == nil && name != "" {
			quote(dir, name)
			fmt.Fprintf(os.Stderr, "node: %s ended: exit code %d, signal %d\n", name, status.ExitStatus(), status.Signal())
			os.Exit(1)
		}
	}
}

// quote repeats the end of a process's log in ours. What we have to say comes
// after it, because of ours, too, the end is read.
func quote(dir, name string) {
	fmt.Fprintln(os.Stderr, supervisor.Tail(logFile(dir, name)))
}

// makeRoot gives this process a root folder in memory, with the machine's
// folders in it as they are, but with its own /run and /var. So it leaves
// nothing in the machine's.
func makeRoot(dir string, visible []string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	// The old /proc is of no use among new processes, so its place is free.
	const root = "/proc"
	if err := syscall.Mount("node", root, "tmpfs", 0, "mode=0755"); err != nil {
		return err
	}
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := "/" + e.Name()
		switch {
		case e.Type()&os.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err == nil {
				err = os.Symlink(to, root+path)
			}
			if err != nil {
				return err
			}
		case e.IsDir() && !slices.Contains([]string{"/proc", "/run", "/var"}, path):
			if err := show(path, root, syscall.MS_REC); err != nil {
				return err
			}
		}
	}
	for _, path := range visible {
		if err := show(path, root, 0); err != nil {
			return err
		}
	}
	for _, path := range []string{"/proc", "/run/sysctl", "/var/tmp"} {
		if err := os.MkdirAll(root+path, 0o755); err != nil {
			return err
		}
	}
	if err := os.Symlink("/run", root+"/var/run"); err != nil {
		return err
	}
	if err := syscall.Mount("proc", root+"/proc", "proc", 0, ""); err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	// The old root is put over the new one and taken off again.
	if err := syscall.PivotRoot(".", "."); err != nil {
		return err
	}
	if err := syscall.Unmount(".", syscall.MNT_DETACH); err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	return coverSysctls()
}

func show(path, root string, flags uintptr) error {
	if err := os.MkdirAll(root+path, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(path, root+path, "", syscall.MS_BIND|flags, ""); err != nil {
		return fmt.Errorf("show %s: %w", path, err)
	}
	return nil
}

// coverSysctls lays files over those settings of the kernel that a kubelet
// changes for the whole machine. It finds there what it would have written.
func coverSysctls() error {
	for name, value := range map[string]string{
		"vm/overcommit_memory":      "1",
		"vm/panic_on_oom":           "0",
		"kernel/panic":              "10",
		"kernel/panic_on_oops":      "1",
		"kernel/keys/root_maxkeys":  "1000000",
		"kernel/keys/root_maxbytes": "25000000",
	} {
		over := "/proc/sys/" + name
		if _, err := os.Stat(over); os.IsNotExist(err) {
			continue
		}
		file := "/run/sysctl/" + strings.ReplaceAll(name, "/", ".")
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := syscall.Mount(file, over, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("cover %s: %w", over, err)
		}
	}
	return nil
}

func makeLinks(busybox string) error {
	for _, args := range [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"brctl", "addbr", Bridge},
		// One that was given stays. Else it is the lowest of the pods', and when such a
		// pod goes, the others don't reach the name server for half a minute.
		{"ip", "link", "set", Bridge, "address", "02:00:0a:f5:00:01"},
		{"ip", "address", "add", Address + "/24", "dev", Bridge},
		{"ip", "link", "set", Bridge, "up"},
	} {
		if out, err := exec.Command(busybox, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// makeDoors opens the two ways between the node's network and the machine's:
// out to the API server and nowhere else, and in for the API server.
func makeDoors(apiServer string, inside chan<- func()) error {
	out, err := net.Listen("tcp", apiServer) // the main thread's network is the node's
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := out.Accept()
			if err != nil {
				return
			}
			go func() {
				// A goroutine runs on any thread but the main one.
				if to, err := net.Dial("tcp", apiServer); err == nil {
					pipe(c, to)
				} else {
					c.Close()
				}
			}()
		}
	}()
	in, err := net.Listen("unix", ConnectSocket) // in the state folder, where we are
	if err != nil {
		return err
	}
	server := http.Server{Handler: connect(inside), ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(in) }() // until the end
	return nil
}

// connect answers HTTP CONNECT.
func connect(inside chan<- func()) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "CONNECT is all there is", http.StatusMethodNotAllowed)
			return
		}
		type result struct {
			conn net.Conn
			err  error
		}
		dialled := make(chan result)
		inside <- func() {
			c, err := net.DialTimeout("tcp", r.Host, 2*time.Second)
			dialled <- result{c, err}
		}
		to := <-dialled
		if to.err != nil {
			http.Error(w, to.err.Error(), http.StatusBadGateway)
			return
		}
		from, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			to.conn.Close()
			return
		}
		if _, err := io.WriteString(from, "HTTP/1.1 200 Connected\r\n\r\n"); err != nil {
			from.Close()
			to.conn.Close()
			return
		}
		pipe(from, to.conn)
	}
}

// pipe joins two connections until both have ended.
func pipe(a, b net.Conn) {
	defer a.Close()
	defer b.Close()
	done := make(chan struct{})
	go func() {
		forward(a, b)
		close(done)
	}()
	forward(b, a)
	<-done
}

func forward(to, from net.Conn) {
	_, _ = io.Copy(to, from) // both ends see the error
	if c, ok := to.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
}
