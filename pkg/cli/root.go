// Package cli is the command line. Each verb has a file: its flags, and one conversion of them to a
// complete intent or query. What verbs share is in files named after what they do: [mutation] runs
// those that write to a set, gcRun those that write to claims, runReport and others print reports.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// version is set by the build: see the Makefile.
var version = "v0.0.0-dev"

// common is what every command shares.
type common struct {
	root   *cobra.Command
	env    *Env
	config *genericclioptions.ConfigFlags
	// noTopic is why --help has shown nothing.
	noTopic error
}

// Execute runs a command line, without the name of the program.
func Execute(ctx context.Context, env Env, args []string) error {
	c := newRoot(env)
	c.root.SetArgs(args)
	if err := c.root.ExecuteContext(ctx); err != nil {
		return err
	}
	return c.noTopic
}

// NewRoot makes the command tree.
func NewRoot(env Env) *cobra.Command { return newRoot(env).root }

func newRoot(env Env) *common {
	c := &common{env: &env, config: genericclioptions.NewConfigFlags(true)}
	var showVersion bool
	root := withHelp("root", &cobra.Command{
		Use:           "kubectl-sts",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: env.Called},
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return render.Version(env.Out, report.NewVersionReport(clientVersion()), env.style())
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFlagGroups(cmd); err != nil {
				return err
			}
			return env.startLog()
		},
	})
	c.root = root
	root.Flags().BoolVar(&showVersion, "version", false, "Print the version of the plugin")
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd == root { // "scale web --replicas 3": the flag is not what is wrong
			if err := unknownCommand(cmd, cmd.Flags().Args()); err != nil {
				return err
			}
		}
		return usagef("%s\nSee '%s --help' for usage.", flagError(err), cmd.CommandPath())
	})
	c.config.AddFlags(root.PersistentFlags())
	addColor(root, &env.color)
	addProgress(root, &env.progress)
	addQuiet(root, &env.quiet)
	addVerbosity(root, &env.verbosity)
	root.AddCommand(
		newStatus(c),
		newAuth(c),
		newCanary(c),
		newDrainScale(c),
		newDiff(c),
		newDNS(c),
		newDoctor(c),
		newHistory(c),
		newPause(c),
		newPlan(c),
		newRecover(c),
		newRestart(c),
		newProfile(c),
		newPVCGC(c),
		newResume(c),
		newUndo(c),
		newUnstick(c),
		newVersion(c),
	)
	root.AddCommand(newOptions(&env, root))
	root.InitDefaultHelpCmd()
	refuseUnknownTopics(root)
	c.refuseHelp(root)
	root.InitDefaultCompletionCmd()
	c.addHelperCommands(root)
	c.completeFlags(root)
	renameInHelp(root, env.plugin())
	c.fitErrors(root)
	// As in kubectl, global flags are listed once, by options.
	root.SetUsageTemplate(strings.NewReplacer(
		inheritedFlags, "",
		"{{if .HasAvailableLocalFlags}}", "{{if .LocalNonPersistentFlags.HasAvailableFlags}}",
		"{{.LocalFlags.FlagUsages |", fmt.Sprintf("{{.LocalNonPersistentFlags.FlagUsagesWrapped %d |", env.helpWidth()),
	).Replace(root.UsageTemplate()) + globalFlagsHint)
	return c
}

// refuseHelp lets --help reject what is no command, too: cobra's shows the help of the group, without an error.
func (c *common) refuseHelp(root *cobra.Command) {
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd.HasSubCommands() {
			if c.noTopic = cmd.ValidateArgs(cmd.Flags().Args()); c.noTopic != nil {
				return
			}
		}
		show(cmd, args)
	})
}

// renameInHelp lets the help texts show the name of the plugin under which the program is installed.
func renameInHelp(cmd *cobra.Command, plugin string) {
	for _, text := range []*string{&cmd.Long, &cmd.Example} {
		*text = strings.ReplaceAll(*text, "kubectl sts", "kubectl "+plugin)
	}
	for _, sub := range cmd.Commands() {
		renameInHelp(sub, plugin)
	}
}

// refuseUnknownTopics lets help reject what is no command. Cobra's shows the help of the group then.
func refuseUnknownTopics(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" {
			continue
		}
		show := cmd.Run
		cmd.Run, cmd.RunE = nil, func(cmd *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err == nil && about.HasSubCommands() {
				if err := unknownCommand(about, rest); err != nil {
					return err
				}
			}
			show(cmd, args)
			return nil
		}
	}
}

// unknownCommand rejects arguments of a command group that name none of its commands.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	msg := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2 // cobra's own default, which it sets too late for us
	if other := msgCommandOfOthers(args); other != "" && !cmd.HasParent() {
		msg += ": " + other
	} else if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
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
	return c.clientFor(config, c.env.ErrOut)
}

// clientFor makes a client that prints the warnings of the server to w.
func (c *common) clientFor(config *rest.Config, w io.Writer) (*kube.Client, error) {
	agent := fmt.Sprintf("kubectl-sts/%s (%s/%s)", version, runtime.GOOS, runtime.GOARCH)
	return kube.New(config, agent, c.env.Clock, w)
}

func (c *common) namespace() (string, error) {
	ns, _, err := c.config.ToRawKubeConfigLoader().Namespace()
	return ns, err
}

// fitErrors lets the command and those below it end with errors whose hints fit the command line and the
// terminal. So no command needs to do that where it makes an error.
func (c *common) fitErrors(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			return c.fitError(c.explainDenied(cmd, c.explainNotFound(cmd.Context(), run(cmd, args))))
		}
	}
	for _, sub := range cmd.Commands() {
		c.fitErrors(sub)
	}
}

func (c *common) fitError(err error) error {
	if batch := (*batchError)(nil); errors.As(err, &batch) {
		for i := range batch.errs {
			batch.errs[i] = c.fitError(batch.errs[i])
		}
		batch.hint, batch.style = c.hint(batch.hint), c.env.errStyle()
		return batch
	}
	if outcome := (*outcomeError)(nil); errors.As(err, &outcome) {
		outcome.Hint, outcome.style = c.hint(outcome.Hint), c.env.errStyle()
	}
	if hinted := (*sts.HintedError)(nil); errors.As(err, &hinted) {
		err = &fittedError{err: err, hint: c.hint(hinted.Hint), style: c.env.errStyle()}
	}
	return err
}

// hint adapts the commands in a hint to the command line: they have the name under which the plugin is
// installed, the namespace is left out where the context has it, and the flags that select the cluster and the
// user are repeated, but no secrets, and no user in a command for another one. A hint that is adapted twice is as
// if it was adapted once.
func (c *common) hint(hint sts.Hint) sts.Hint {
	cluster, user := c.clusterFlags(), c.userFlags()
	current, err := c.namespace()
	return hint.MapCommands(func(command sts.Command) sts.Command {
		if command.Namespace == current && *c.config.Namespace == "" && err == nil {
			command.Namespace = ""
		}
		command.Flags = cluster
		if !command.OtherUser {
			command.Flags = slices.Concat(cluster, user)
		}
		command.Args = c.setNotVerb(command)
		if verb, ours := strings.CutPrefix(command.Verb+" ", "sts "); ours && !strings.HasPrefix(command.Verb+" ", c.env.plugin()+" ") {
			command.Verb = strings.TrimSpace(c.env.plugin() + " " + verb)
		}
		return command
	})
}

// clusterFlags are the flags of the command line that select the cluster, and how it is verified.
func (c *common) clusterFlags() []string {
	f := c.config
	flags := setFlags([]stringFlag{
		{"context", f.Context}, {"kubeconfig", f.KubeConfig}, {"cluster", f.ClusterName}, {"server", f.APIServer},
		{"certificate-authority", f.CAFile}, {"tls-server-name", f.TLSServerName},
	})
	if f.Insecure != nil && *f.Insecure {
		flags = append(flags, "--insecure-skip-tls-verify")
	}
	return flags
}

// userFlags are those that select the user.
func (c *common) userFlags() []string {
	f := c.config
	flags := setFlags([]stringFlag{{"user", f.AuthInfoName}, {"as", f.Impersonate}, {"as-uid", f.ImpersonateUID}})
	for _, group := range *f.ImpersonateGroup {
		flags = append(flags, "--as-group", group)
	}
	return flags
}

type stringFlag struct {
	name  string
	value *string
}

// setFlags are those that have a value, as arguments.
func setFlags(flags []stringFlag) []string {
	var out []string
	for _, f := range flags {
		if f.value != nil && *f.value != "" {
			out = append(out, "--"+f.name, *f.value)
		}
	}
	return out
}

// setNotVerb are the arguments of a command for a StatefulSet, with its type if a subcommand has its
// name: "pvc-gc sts/undo".
func (c *common) setNotVerb(command sts.Command) []string {
	path := strings.Fields(command.Verb)
	if c.root == nil || len(path) == 0 || path[0] != "sts" || len(command.Args) == 0 {
		return command.Args
	}
	named := func(parent *cobra.Command, name string) *cobra.Command {
		for _, sub := range parent.Commands() {
			if sub.Name() == name || sub.HasAlias(name) {
				return sub
			}
		}
		return nil
	}
	cmd := c.root
	for _, name := range path[1:] {
		if cmd = named(cmd, name); cmd == nil {
			return command.Args
		}
	}
	if named(cmd, command.Args[0]) == nil {
		return command.Args
	}
	return append([]string{"sts/" + command.Args[0]}, command.Args[1:]...)
}
