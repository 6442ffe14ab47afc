// Package cli is the command line: flags become an Intent or a Query, and two runners do
// the rest, runReport and runChange.
package cli

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// version is set by the build: see the Makefile.
var version = "v0.0.0-dev"

// common is what every command shares.
type common struct {
	env    *Env
	config *genericclioptions.ConfigFlags
}

// NewRoot makes the command tree.
func NewRoot(env Env) *cobra.Command {
	c := &common{env: &env, config: genericclioptions.NewConfigFlags(true)}
	root := withHelp("root", &cobra.Command{
		Use:               "kubectl-sts",
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: env.Called},
		SilenceUsage:      true,
		SilenceErrors:     true,
		Args:              unknownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return checkFlagGroups(cmd) },
	})
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%s\nSee '%s --help' for usage.", flagError(err), cmd.CommandPath())
	})
	c.config.AddFlags(root.PersistentFlags())
	root.AddCommand(
		newStatus(c),
		newCanary(c),
		newDrainScale(c),
		newDiff(c),
		newDNS(c),
		newHistory(c),
		newPause(c),
		newPlan(c),
		newRestart(c),
		newProfile(c),
		newPVCGC(c),
		newResume(c),
		newUndo(c),
		newUnstick(c),
		newVersion(c),
	)
	root.AddCommand(newOptions(root))
	root.InitDefaultCompletionCmd()
	// As in kubectl, global flags are listed once, by options.
	root.SetUsageTemplate(strings.NewReplacer(
		inheritedFlags, "",
		"{{if .HasAvailableLocalFlags}}", "{{if .LocalNonPersistentFlags.HasAvailableFlags}}",
		"{{.LocalFlags.FlagUsages |", "{{.LocalNonPersistentFlags.FlagUsagesWrapped 100 |",
	).Replace(root.UsageTemplate()) + globalFlagsHint)
	return root
}

// inheritedFlags is the part of cobra's usage template that help pages leave out.
const inheritedFlags = `{{if .HasAvailableInheritedFlags}}

Global Flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}`

const globalFlagsHint = `{{if not .HasAvailableSubCommands}}
{{end}}Use "{{.Root.CommandPath}} options" for a list of global flags (apply to all commands).
`

func newOptions(root *cobra.Command) *cobra.Command {
	cmd := withHelp("options", &cobra.Command{
		Use:  "options",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "The following flags can be passed to any command:\n\n%s", root.PersistentFlags().FlagUsagesWrapped(100))
			return err
		},
	})
	return cmd
}

// unknownCommand rejects arguments of a command group that name none of its commands.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	msg := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2 // cobra's own default, which it sets too late for us
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		msg += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return usagef("%s\nSee '%s --help' for usage.", msg, cmd.CommandPath())
}

// client makes a cluster client from the kubectl flags.
func (c *common) client() (*kube.Client, error) {
	config, err := c.config.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	return c.clientFor(config)
}

func (c *common) clientFor(config *rest.Config) (*kube.Client, error) {
	agent := fmt.Sprintf("kubectl-sts/%s (%s/%s)", version, runtime.GOOS, runtime.GOARCH)
	return kube.New(config, agent, c.env.Clock, c.env.ErrOut)
}

func (c *common) namespace() (string, error) {
	ns, _, err := c.config.ToRawKubeConfigLoader().Namespace()
	return ns, err
}

// hint adapts the commands in a hint to the command line: the namespace is left out where
// the context has it, and a context, kubeconfig or identity that was given is repeated.
func (c *common) hint(hint sts.Hint) sts.Hint {
	var flags []string
	for _, f := range []struct {
		name  string
		value *string
	}{{"context", c.config.Context}, {"kubeconfig", c.config.KubeConfig}, {"cluster", c.config.ClusterName}, {"as", c.config.Impersonate}} {
		if f.value != nil && *f.value != "" {
			flags = append(flags, "--"+f.name, *f.value)
		}
	}
	context, err := c.namespace()
	return hint.MapCommands(func(command sts.Command) sts.Command {
		if command.Namespace == context && *c.config.Namespace == "" && err == nil {
			command.Namespace = ""
		}
		command.Flags = flags
		return command
	})
}

// target are the sets that a command line selects.
type target struct {
	all      bool
	selector string
}

func (t *target) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&t.all, "all-namespaces", "A", false, "List across all namespaces")
	cmd.Flags().StringVarP(&t.selector, "selector", "l", "", "Label selector to filter StatefulSets (for example app=db,tier!=test)")
}

func (t *target) query(c *common, args []string) (kube.Query, error) {
	names, err := setNames(args)
	if err != nil {
		return kube.Query{}, err
	}
	switch {
	case len(names) > 0 && t.selector != "":
		return kube.Query{}, usagef("StatefulSet names and --selector are mutually exclusive")
	case len(names) > 0 && t.all:
		return kube.Query{}, usagef("a StatefulSet name and --all-namespaces are mutually exclusive")
	}
	if _, err := labels.Parse(t.selector); err != nil {
		return kube.Query{}, usagef("--selector: %s", err)
	}
	q := kube.Query{Names: names, Selector: t.selector}
	if !t.all {
		if q.Namespace, err = c.namespace(); err != nil {
			return kube.Query{}, err
		}
	}
	return q, nil
}

// setTypes are the ways to write the resource, as kubectl takes them.
var setTypes = map[string]bool{
	"sts": true, "statefulset": true, "statefulsets": true,
	"statefulset.apps": true, "statefulsets.apps": true,
	"statefulset.v1.apps": true, "statefulsets.v1.apps": true,
}

// setNames reads NAME, sts/NAME or "statefulset NAME…", each of them once.
func setNames(args []string) ([]string, error) {
	if len(args) > 1 && setTypes[strings.ToLower(args[0])] {
		args = args[1:]
	}
	seen := map[string]bool{}
	var names []string
	for _, arg := range args {
		name := arg
		if kind, rest, typed := strings.Cut(arg, "/"); typed {
			if !setTypes[strings.ToLower(kind)] {
				return nil, usagef("%q is not a StatefulSet, must be NAME or statefulset/NAME", arg)
			}
			name = rest
		}
		if name == "" || strings.Contains(name, "/") {
			return nil, usagef("%q has no name, must be NAME or statefulset/NAME", arg)
		}
		if !seen[name] {
			names = append(names, name)
			seen[name] = true
		}
	}
	return names, nil
}

// setName reads the name of the one StatefulSet of a change.
func setName(args []string) (string, error) {
	names, err := setNames(args)
	if err != nil {
		return "", err
	}
	if len(names) != 1 {
		return "", usagef("exactly one StatefulSet name is required (for example web or sts/web)")
	}
	return names[0], nil
}

// completeNames completes StatefulSet names from the cluster, with a short timeout.
func (c *common) completeNames(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	config, err := c.config.ToRESTConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	config.Timeout = 3 * time.Second
	client, err := c.clientFor(config)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ns, err := c.namespace()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, err := client.SetNames(cmd.Context(), ns)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	taken := map[string]bool{}
	for _, a := range args {
		taken[a] = true
	}
	var out []string
	for _, n := range names {
		if !taken[n] {
			out = append(out, n)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
