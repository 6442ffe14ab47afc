// Command demo demonstrates kubectl sts on a real Kubernetes control plane that it starts for this purpose: each
// step has a short explanation, the command and its real output. It checks all exit codes and objects, and cleans
// up at the end. Run it with `make demo`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// chapters run in this order on one cluster, each with the state of the previous one.
var chapters = []chapter{
	canary,
	drain,
	claimGC,
	dns,
}

// chapter is one part of the demo, in a file of its own.
type chapter struct {
	title string
	play  func(context.Context, *stage) error
	shown []string // for the summary
}

// limit is a timeout: a demo that hangs is worse than one that fails.
const limit = 5 * time.Minute

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the cleanup
	folder := flag.String("pictures", "", "take pictures for the documentation and write them to this `DIRECTORY`")
	flag.Parse()
	d := demo{stage: newStage(os.Stdout)}
	if *folder != "" {
		d.pictures = &pictures{folder: *folder}
	}
	err := d.show(ctx)
	left := d.cleanUp()
	if left != nil {
		fmt.Fprintln(os.Stderr, "\ndemo: could not clean up:", left)
	}
	switch {
	case ctx.Err() != nil && left == nil:
		fmt.Fprintln(os.Stderr, "\ndemo: interrupted, everything was removed")
		return 130
	case err != nil:
		fmt.Fprintln(os.Stderr, "\ndemo: FAILED:", err)
		return 1
	case left != nil:
		return 1
	}
	return 0
}

// demo has what must be cleaned up, in any case.
type demo struct {
	*stage
	bin     string
	cluster *cluster.Cluster
}

func (d *demo) cleanUp() error {
	var err error
	if d.cluster != nil {
		err = d.cluster.Down()
	}
	if d.bin != "" {
		err = errors.Join(err, os.RemoveAll(d.bin))
	}
	return err
}

func (d *demo) show(ctx context.Context) error {
	// Building Kubernetes takes minutes the first time: this does not count for the limit.
	if _, err := cluster.Build(ctx, "", os.Stderr); err != nil {
		return fmt.Errorf("build Kubernetes: %w", err)
	}
	if err := cluster.BuildDNS(ctx, os.Stderr); err != nil {
		return err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("timed out after %s", limit))
	defer cancel()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	for _, ch := range chapters {
		d.title(ch.title)
		if err := ch.play(ctx, d.stage); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s: %w", ch.title, err)
		}
	}
	d.title("Summary")
	for _, ch := range chapters {
		for _, line := range ch.shown {
			d.item(line)
		}
	}
	d.say(fmt.Sprintf("%d commands and %d checks in %s. The cluster is removed now.",
		d.commands, d.checks, time.Since(began).Round(time.Second)))
	d.say("Next: run make install, then kubectl sts status on your own cluster; it only reads. " +
		"For a cluster like this one, run make cluster-up.")
	return nil
}

// prepare builds the plugin and starts the cluster at the same time.
func (d *demo) prepare(ctx context.Context) error {
	root, err := repository(ctx)
	if err != nil {
		return err
	}
	if d.bin, err = os.MkdirTemp("", "kubectl-sts-demo-"); err != nil {
		return err
	}
	d.title("kubectl sts, on a real Kubernetes control plane")
	d.say("Building the plugin, and starting etcd, kube-apiserver, the controllers, the scheduler and CoreDNS on this machine. " +
		"Nodes and containers are simulated; the control plane is real.")
	built := make(chan error, 1)
	go func() { built <- build(ctx, root, d.bin) }()
	// The process ID in the name distinguishes two demos.
	d.cluster, err = cluster.Up(ctx, cluster.Config{Name: fmt.Sprintf("demo-%d", os.Getpid()), DNS: true, Log: os.Stderr})
	if err := errors.Join(err, <-built); err != nil {
		return err
	}
	d.use(d.cluster, root, d.bin)
	return nil
}

// repository is the checkout that this program is part of.
func repository(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w", err)
	}
	root := filepath.Dir(filepath.Dir(strings.TrimSpace(string(out))))
	if _, err := os.Stat(filepath.Join(root, "cmd", "kubectl-sts")); err != nil {
		return "", fmt.Errorf("run make demo in a checkout of kubectl-sts: %w", err)
	}
	return root, nil
}

func build(ctx context.Context, root, bin string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(bin, "kubectl-sts"), "./cmd/kubectl-sts")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return nil
}
