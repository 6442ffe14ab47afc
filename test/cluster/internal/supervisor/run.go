package supervisor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// probeEvery is how often a process that waits for another one looks again.
const probeEvery = 50 * time.Millisecond

// Run is the supervisor's whole life. It must be called from the main
// goroutine: on Linux the children die with the thread that started them, so
// that thread has to be the one that lasts.
func Run(dir string, stdin io.Reader) error {
	runtime.LockOSThread()
	r := &runner{dir: dir, exits: make(chan exit)}
	if err := readJSON(filepath.Join(dir, planFile), &r.plan); err != nil {
		return err
	}
	self := Running{Name: "supervisor", PID: os.Getpid(), Identity: identity(os.Getpid())}
	if err := writeJSON(filepath.Join(dir, selfFile), self); err != nil {
		return err
	}
	r.supervise(stopRequests(stdin))
	return clean(dir, r.plan)
}

// stopRequests yields when the cluster has to go: a signal, or the other end
// of stdin is gone without having said Detach.
func stopRequests(stdin io.Reader) <-chan struct{} {
	stop := make(chan struct{}, 2)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGHUP)
	go func() {
		<-signals
		stop <- struct{}{}
	}()
	go func() {
		said, _ := io.ReadAll(stdin) // any end of it is the end
		if string(said) != Detach {
			stop <- struct{}{}
		}
	}()
	return stop
}

type runner struct {
	dir     string
	plan    Plan
	started []*exec.Cmd
	running []Running
	exits   chan exit
}

type exit struct {
	process Process
	err     error
}

// supervise returns when stop was asked for and no process is left.
func (r *runner) supervise(stop <-chan struct{}) {
	waiting := r.plan.Processes
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		for len(waiting) > 0 && waiting[0].WaitFor.Passes() {
			if err := r.start(waiting[0]); err != nil {
				r.fail(fmt.Sprintf("%s did not start: %v", waiting[0].Name, err), stop)
				return
			}
			waiting = waiting[1:]
		}
		if len(waiting) == 0 {
			tick.Stop()
		}
		select {
		case <-stop:
			r.killAll()
			return
		case e := <-r.exits:
			r.started = without(r.started, e.process)
			r.fail(fmt.Sprintf("%s ended: %v\n%s", e.process.Name, e.err, Tail(e.process.Log)), stop)
			return
		case <-tick.C:
		}
	}
}

// fail stops the remaining processes, since an incomplete cluster is misleading,
// and keeps the logs until they could be read.
func (r *runner) fail(why string, stop <-chan struct{}) {
	r.killAll()
	_ = writeFile(filepath.Join(r.dir, failureFile), []byte(why)) // an error cannot be reported
	<-stop
}

func (r *runner) start(p Process) error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, log, log
	// A HOME of its own: none of the components is to pick up, or leave,
	// anything in the user's.
	cmd.Env = []string{"HOME=" + r.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + r.dir}
	cmd.SysProcAttr = attributes(p)
	if err := cmd.Start(); err != nil {
		return err
	}
	r.started = append(r.started, cmd)
	r.running = append(r.running, Running{Name: p.Name, PID: cmd.Process.Pid, Identity: identity(cmd.Process.Pid)})
	go func() { r.exits <- exit{p, cmd.Wait()} }()
	return writeJSON(filepath.Join(r.dir, processesFile), r.running)
}

// killAll uses SIGKILL: nothing in a test cluster is worth a graceful end, and
// it works on processes that a test has stopped.
func (r *runner) killAll() {
	for _, cmd := range r.started {
		_ = cmd.Process.Kill() // already gone is fine
	}
	for range r.started {
		<-r.exits
	}
	r.started = nil
}

func without(all []*exec.Cmd, gone Process) []*exec.Cmd {
	var left []*exec.Cmd
	for _, cmd := range all {
		if cmd.Path != gone.Path {
			left = append(left, cmd)
		}
	}
	return left
}

// Passes is true when there is nothing to wait for, too.
func (p *Probe) Passes() bool {
	if p == nil {
		return true
	}
	ca, err := os.ReadFile(p.CAFile)
	if err != nil {
		return false
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	client := http.Client{Transport: transport, Timeout: time.Second}
	response, err := client.Get(p.URL)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Tail is the end of a log, where a component that gave up says why.
func Tail(path string) string {
	const lines, most = 12, 16 << 10
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > most {
		_, err = f.Seek(-most, io.SeekEnd)
		if err != nil {
			return ""
		}
	} else if _, err := f.Seek(0, io.SeekStart); err != nil {
		return ""
	}
	text, err := io.ReadAll(f)
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
