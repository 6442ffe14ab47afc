package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

func newProfile(c *common) *cobra.Command {
	cmd := withHelp("profile", &cobra.Command{
		Use:  "profile",
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	cmd.AddCommand(newProfileList(c), newProfileShow(c), newProfileLint(c))
	return cmd
}

// profileResource is what -o name calls a profile.
const profileResource = "drainprofile.kubectl-sts.dev"

func newProfileList(c *common) *cobra.Command {
	cmd := withHelp("profile-list", &cobra.Command{
		Use:  "list",
		Args: noArgs,
	})
	out := newOutput(cmd)
	out.resource = profileResource
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := out.check(); err != nil {
			return err
		}
		list := profile.Builtin()
		if out.human() {
			return render.Profiles(c.env.Out, list, c.env.style())
		}
		names := make([]string, len(list))
		for i, p := range list {
			names[i] = p.Metadata.Name
		}
		return out.print(c.env.Out, profile.List{TypeMeta: metav1.TypeMeta{APIVersion: profile.APIVersion, Kind: profile.ListKind}, Items: list}, names)
	}
	return cmd
}

func newProfileShow(c *common) *cobra.Command {
	cmd := withHelp("profile-show", &cobra.Command{
		Use: "show NAME",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s: exactly one profile name is required (for example etcd)", cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if len(args) == 0 {
				for _, p := range profile.Builtin() {
					names = append(names, p.Metadata.Name+"\t"+p.System)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	})
	out := newOutput(cmd)
	out.resource = profileResource
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		p, err := profile.Find(args[0])
		if err != nil {
			return usagef("%s", err)
		}
		if !out.human() {
			return out.print(c.env.Out, p, args)
		}
		source, err := profile.Source(args[0])
		if err != nil {
			return err
		}
		_, err = c.env.Out.Write(source)
		return err
	}
	return cmd
}

func newProfileLint(c *common) *cobra.Command {
	return withHelp("profile-lint", &cobra.Command{
		Use: "lint FILE...",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s: a file name, or - for stdin, is required", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			total, bad := 0, 0
			for _, file := range args {
				found, err := c.lint(cmd.Context(), file)
				if err != nil {
					return err
				}
				if total += found; found > 0 {
					bad++
				}
			}
			if total > 0 {
				return errors.New(msgLintFailed(total, bad))
			}
			return nil
		},
	})
}

// lint prints the errors in one file, and returns how many there are.
func (c *common) lint(ctx context.Context, file string) (int, error) {
	raw, err := readFile(ctx, c.env, file)
	if err != nil {
		return 0, err
	}
	p, err := profile.Parse(raw)
	if err == nil {
		_, err = fmt.Fprintln(c.env.Out, msgLintValid(file, p.Metadata.Name))
		return 0, err
	}
	var mistakes profile.Mistakes
	if !errors.As(err, &mistakes) {
		return 0, err
	}
	for _, m := range mistakes {
		text := m.Message
		if m.Path != "" {
			text = m.Path + ": " + text
		}
		if _, err := fmt.Fprintf(c.env.Out, "%s:%d:%d: %s\n", file, max(m.Line, 1), max(m.Column, 1), text); err != nil {
			return 0, err
		}
	}
	return len(mistakes), nil
}
