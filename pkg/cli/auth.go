package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// roleFormat prints RBAC manifests.
const roleFormat = "role"

// authOptions is `auth` as a plain value.
type authOptions struct {
	commands []access.Command
	// options are flags of the commands, without dashes.
	options   []string
	namespace string // "" for all
	exitCode  bool
}

func newAuth(c *common) *cobra.Command {
	var (
		o   authOptions
		all bool
	)
	cmd := withHelp("auth", &cobra.Command{
		Use:               "auth [COMMAND]",
		ValidArgsFunction: c.completing(authCommands),
	})
	out := newOutput(cmd, roleFormat)
	out.resource = "" // permissions have no kind
	f := cmd.Flags()
	f.BoolVarP(&all, "all-namespaces", "A", false, "Check permissions in all namespaces")
	f.StringSliceVar(&o.options, "with", nil, "`FLAG`s of the command that will be used (for example check-exec)")
	f.BoolVar(&o.exitCode, "exit-code", false, "Exit with 3 if a required permission is missing")
	notEmpty(cmd, "with")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		if err := o.read(args); err != nil {
			return err
		}
		if o.exitCode && out.format() == roleFormat {
			return usagef("--exit-code and -o %s are mutually exclusive", roleFormat)
		}
		if !all {
			var err error
			if o.namespace, err = c.namespace(); err != nil {
				return err
			}
		}
		return runAuth(cmd.Context(), c, o, out)
	}
	return cmd
}

// read takes the words of a command, and checks the flags.
func (o *authOptions) read(args []string) error {
	if o.commands = access.Find(args); len(o.commands) == 0 {
		var names []string
		for _, command := range access.Find(nil) {
			names = append(names, command.Name)
		}
		name := strings.Join(args, " ")
		if near := nearNames(name, names); len(near) > 0 {
			return usagef("unknown command %q, did you mean %s?", name, strings.Join(near, " or "))
		}
		return usagef("unknown command %q, must be one of: %s", name, strings.Join(names, ", "))
	}
	for i, option := range o.options {
		o.options[i] = strings.TrimLeft(option, "-")
	}
	known := access.Options(o.commands)
	for _, option := range o.options {
		if !slices.Contains(known, option) {
			return usagef("--with: invalid value %q, must be %s", option, anyOf(known))
		}
	}
	return nil
}

// runAuth asks the API server, and prints.
func runAuth(ctx context.Context, c *common, o authOptions, out *output) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if out.format() == roleFormat {
		user, err := client.User(ctx)
		if err != nil {
			return err
		}
		_, err = io.WriteString(exactly(c.env.Out), access.RoleFor(user, o.commands, o.options, o.namespace))
		return err
	}
	answers, err := client.Permissions(ctx, o.namespace, access.All(o.commands, o.namespace))
	if err != nil {
		return err
	}
	r := access.NewReport(o.commands, o.options, o.namespace, answers)
	lacks := slices.IndexFunc(r.Items, func(item access.CommandAccess) bool { return item.Allowed == access.No })
	if lacks < 0 && o.namespace != "" { // a namespace that does not exist must not look like a success
		if err := client.CheckNamespace(ctx, o.namespace); err != nil {
			return err
		}
	}
	if err := c.printAuth(r, o, out); err != nil {
		return err
	}
	if lacks >= 0 && o.exitCode {
		return &notYetError{msgAuthMissing(r.Items[lacks].Command)}
	}
	return nil
}

func (c *common) printAuth(r *access.AuthReport, o authOptions, out *output) error {
	if !out.human() {
		return out.print(c.env.Out, r, r.Lacking())
	}
	var hint sts.Hint
	if slices.ContainsFunc(r.Items, func(item access.CommandAccess) bool { return item.Allowed != access.Yes }) {
		if len(o.commands) > 1 {
			hint = hintAuthCommand(authCommand(o.namespace, []string{"COMMAND"}, nil))
		} else {
			hint = hintAuthRole(authCommand(o.namespace, strings.Fields(o.commands[0].Name), o.options, "-o", roleFormat))
		}
	}
	return render.Auth(c.env.Out, r, c.hint(hint), c.env.style())
}

// authCommand is the command that shows the permissions of a command.
func authCommand(namespace string, words, options []string, more ...string) sts.Hint {
	if namespace == "" {
		words = append(slices.Clone(words), "-A")
	}
	if len(options) > 0 {
		words = append(slices.Clone(words), "--with", strings.Join(options, ","))
	}
	return sts.Kubectl(namespace, "sts auth", append(slices.Clone(words), more...)...)
}

// authCommands completes the words of commands.
func authCommands(w *word) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, command := range access.Commands() {
		words := strings.Fields(command.Name)
		if len(words) > len(w.args) && slices.Equal(words[:len(w.args)], w.args) && !slices.Contains(out, words[len(w.args)]) {
			out = append(out, words[len(w.args)])
		}
	}
	return out, noFiles
}

// authOptionNames completes --with for the command that was typed.
func authOptionNames(w *word) ([]string, cobra.ShellCompDirective) {
	commands := access.Find(w.args)
	if len(commands) == 0 {
		return nil, noFiles
	}
	return access.Options(commands), noFiles
}

// explainDenied adds the command that shows the missing permissions to an error about one.
func (c *common) explainDenied(cmd *cobra.Command, err error) error {
	words := strings.Fields(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath()))
	if !kube.IsDenied(err) || len(words) == 0 || len(access.Find(words)) != 1 {
		return err
	}
	namespace, failed := c.namespace()
	if failed != nil {
		return err
	}
	if all := cmd.Flags().Lookup("all-namespaces"); all != nil && all.Changed {
		namespace = ""
	}
	hints := []sts.Hint{hintDenied(authCommand(namespace, words, nil))}
	if hinted := (*sts.HintedError)(nil); errors.As(err, &hinted) {
		hints = append([]sts.Hint{hinted.Hint}, hints...)
	}
	return &sts.HintedError{Err: err, Hint: sts.JoinHints(hints, "; ")}
}
