// Command testcluster starts real Kubernetes control planes on this machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

const usage = `testcluster starts a real Kubernetes control plane with simulated nodes.

  testcluster build   [--kubernetes 1.35] [--helm] build the components (takes minutes the first time), and Helm
  testcluster up      [--name N] [--dir D] [--kubernetes 1.35] [--nodes 3|real|3,real] [--dns]
                      [--feature-gates A=true,B=false]
  testcluster down    [--name N | --dir D | --all]
  testcluster list    show the clusters
`

// defaultName is the default name of a cluster.
const defaultName = "default"

// defaultNodes is the default number of simulated nodes.
const defaultNodes = 3

func main() {
	os.Exit(exitCode(os.Args[1:]))
}

func exitCode(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, args)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "testcluster: %v\n\n%s", err, usage)
		return 2
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "testcluster: interrupted, everything was removed")
		return 130
	default:
		fmt.Fprintln(os.Stderr, "testcluster:", err)
		return 1
	}
}

var errUsage = errors.New("invalid command line")

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: a command is required", errUsage)
	}
	commands := map[string]func(context.Context, []string) error{
		"build": build, "up": up, "down": down, "list": list,
	}
	switch command := commands[args[0]]; {
	case command != nil:
		return command(ctx, args[1:])
	case args[0] == "help" || args[0] == "-h" || args[0] == "--help":
		return flag.ErrHelp
	default:
		return fmt.Errorf("%w: unknown command %q", errUsage, args[0])
	}
}

// parse parses the flags that define sets up, and rejects anything else.
func parse(args []string, define func(*flag.FlagSet)) error {
	flags := flag.NewFlagSet("testcluster", flag.ContinueOnError)
	flags.Usage = func() {}
	flags.SetOutput(devNull{})
	define(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%w: unexpected argument %q", errUsage, flags.Arg(0))
	}
	return nil
}

// devNull discards the output of the flag package: main prints errors.
type devNull struct{}

func (devNull) Write(p []byte) (int, error) { return len(p), nil }

func build(ctx context.Context, args []string) error {
	var helm bool
	var kubernetes string
	err := parse(args, func(flags *flag.FlagSet) {
		flags.BoolVar(&helm, "helm", false, "")
		flags.StringVar(&kubernetes, "kubernetes", "", "")
	})
	if err != nil {
		return err
	}
	dir, err := cluster.Build(ctx, kubernetes, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Println(dir)
	if helm {
		path, err := cluster.BuildHelm(ctx, os.Stderr)
		if err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}

func up(ctx context.Context, args []string) error {
	config := cluster.Config{Nodes: defaultNodes, Log: os.Stderr, Detached: true}
	gates := gatesValue{}
	err := parse(args, func(flags *flag.FlagSet) {
		flags.StringVar(&config.Name, "name", "", "")
		flags.StringVar(&config.Dir, "dir", "", "")
		flags.StringVar(&config.Kubernetes, "kubernetes", "", "")
		flags.Func("nodes", "", func(text string) error { return setNodes(&config, text) })
		flags.BoolVar(&config.DNS, "dns", false, "")
		flags.Var(&gates, "feature-gates", "")
	})
	if err != nil {
		return err
	}
	if config.Name == "" && config.Dir == "" {
		config.Name = defaultName
	}
	config.FeatureGates = gates
	c, err := cluster.Up(ctx, config)
	if errors.Is(err, cluster.ErrExists) {
		c, err = reuse(config)
	}
	if err != nil {
		return err
	}
	fmt.Println(c.Kubeconfig())
	fmt.Printf("# use it:  export KUBECONFIG=%s\n", c.Kubeconfig())
	fmt.Printf("# kubectl: %s\n", c.Bin("kubectl"))
	fmt.Printf("# remove:  testcluster down %s\n", selects(config))
	return nil
}

// selects are the flags that select the cluster of config.
func selects(config cluster.Config) string {
	if config.Dir != "" {
		return "--dir " + config.Dir
	}
	return "--name " + config.Name
}

// reuse makes a second up succeed if the running cluster has the requested configuration.
func reuse(config cluster.Config) (*cluster.Cluster, error) {
	dir, err := dirOf(config.Name, config.Dir)
	if err != nil {
		return nil, err
	}
	c, err := cluster.Attach(dir)
	if err != nil {
		return nil, err
	}
	state := c.State()
	version, err := cluster.Version(config.Kubernetes)
	if err != nil {
		return nil, err
	}
	if state.Kubernetes != version || state.Nodes != config.Nodes || state.RealNode != config.RealNode || (state.DNS != "") != config.DNS || !maps.Equal(state.FeatureGates, config.FeatureGates) {
		return nil, fmt.Errorf("cluster %s is already running with Kubernetes %s, %s nodes and feature gates %q: remove it first, or use another name",
			state.Name, state.Kubernetes, nodes(state), gatesValue(state.FeatureGates).String())
	}
	fmt.Fprintf(os.Stderr, "cluster %s is already running\n", state.Name)
	return c, nil
}

func dirOf(name, dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	root, err := cluster.Root()
	return filepath.Join(root, name), err
}

func down(_ context.Context, args []string) error {
	var name, dir string
	var all bool
	err := parse(args, func(flags *flag.FlagSet) {
		flags.StringVar(&name, "name", "", "")
		flags.StringVar(&dir, "dir", "", "")
		flags.BoolVar(&all, "all", false, "")
	})
	if err != nil {
		return err
	}
	if all {
		if name != "" || dir != "" {
			return fmt.Errorf("%w: --all and --name or --dir are mutually exclusive", errUsage)
		}
		return downAll()
	}
	if name == "" {
		name = defaultName
	}
	if dir, err = dirOf(name, dir); err != nil {
		return err
	}
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		fmt.Fprintf(os.Stderr, "no cluster found in %s\n", dir)
	}
	return cluster.Remove(dir)
}

// downAll does not remove clusters that belong to a running program: they are removed
// with it, and it may be in the middle of a test.
func downAll() error {
	all, err := cluster.List()
	if err != nil {
		return err
	}
	var failed error
	for _, c := range all {
		if c.Running && !c.Detached {
			fmt.Fprintf(os.Stderr, "%s belongs to a running program and is removed with it\n", c.Name)
			continue
		}
		failed = errors.Join(failed, cluster.Remove(c.Dir))
	}
	return failed
}

func list(_ context.Context, args []string) error {
	if err := parse(args, func(*flag.FlagSet) {}); err != nil {
		return err
	}
	all, err := cluster.List()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(os.Stderr, "no clusters found")
		return nil
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "NAME\tSTATUS\tVERSION\tNODES\tAGE\tSERVER\tFEATURE GATES\tFOLDER")
	for _, c := range all {
		age := ""
		if !c.Created.IsZero() {
			age = time.Since(c.Created).Round(time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			c.Name, c.Status, c.Kubernetes, nodes(c.State), age, c.Server, gatesValue(c.FeatureGates), c.Dir)
	}
	return w.Flush()
}

// nodes is the number of nodes as text.
func nodes(state cluster.State) string {
	text := strconv.Itoa(state.Nodes)
	if state.RealNode {
		text += " + real"
	}
	if state.DNS != "" {
		text += " + DNS"
	}
	return text
}

// setNodes parses --nodes: the number of simulated nodes, and whether there is a real one.
func setNodes(config *cluster.Config, text string) error {
	config.Nodes, config.RealNode = defaultNodes, false
	for part := range strings.SplitSeq(text, ",") {
		if part == "real" {
			config.RealNode = true
			continue
		}
		count, err := strconv.Atoi(part)
		if err != nil {
			return fmt.Errorf("invalid value %q, must be a number of simulated nodes, real, or both: 3,real", text)
		}
		config.Nodes = count
	}
	return nil
}

// gatesValue is the flag A=true,B=false.
type gatesValue map[string]bool

func (g gatesValue) String() string { return cluster.FormatGates(g) }

func (g gatesValue) Set(text string) error {
	for pair := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(pair, "=")
		on, err := strconv.ParseBool(value)
		if !found || name == "" || err != nil {
			return fmt.Errorf("invalid feature gate %q, must be NAME=true or NAME=false", pair)
		}
		g[name] = on
	}
	return nil
}
