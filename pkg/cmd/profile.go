package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newProfile(c *common) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profile",
		Short: "Look at the drain profiles: how members leave and join a cluster",
		Long: `Look at the drain profiles. A profile is a YAML file that says how a member of a
database or queue leaves its cluster for good before its pod is removed, and how one
joins. Some come with the program; write your own by copying one. None of these
commands needs a cluster.`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProfileList(c), newProfileShow(c), newProfileLint(c))
	return cmd
}

// profileResource is what -o name calls a profile.
const profileResource = "drainprofile.kubectl-sts.dev"

// profileList is the answer of profile list for programs.
type profileList struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Items      []*profile.Profile `json:"items"`
}

func newProfileList(c *common) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the drain profiles that come with the program",
		Long: `List the drain profiles that come with the program: what they are for, whether they
were run for real (the file says with which version), and which image or label of a
StatefulSet they are found by. One that refuses is for a system whose members cannot
leave one by one; it says why.`,
		Example: `  kubectl sts profile list

  # only the names
  kubectl sts profile list -o jsonpath='{.items[*].metadata.name}'`,
		Args: noArgs,
	}
	out := newOutput(cmd)
	out.resource = profileResource
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := out.check(); err != nil {
			return err
		}
		list := profile.Builtin()
		if out.human() {
			return print.Profiles(c.env.Out, list, c.env.style())
		}
		names := make([]string, len(list))
		for i, p := range list {
			names[i] = p.Metadata.Name
		}
		return out.print(c.env.Out, profileList{sts.APIVersion, profile.Kind + "List", list}, names)
	}
	return cmd
}

func newProfileShow(c *common) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Print a drain profile",
		Long: `Print a drain profile that comes with the program, as its file stands, with comments:
a copy of it is the best beginning for one of your own. With -o json or -o yaml all
defaults are filled in.`,
		Example: `  kubectl sts profile show etcd

  # one of your own, with TLS files for etcdctl
  kubectl sts profile show etcd > my-etcd.yaml

  # what is run in which pod?
  kubectl sts profile show etcd -o jsonpath='{range .drain[*]}{.on}: {.command}{"\n"}{end}'`,
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
	}
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
	return &cobra.Command{
		Use:   "lint FILE...",
		Short: "Check drain profiles of your own",
		Long: `Check the files of drain profiles, and print every mistake with file, line and field:
unknown fields, regular expressions that do not compile, variables that would have no
value, commands in a place where they cannot run. A file named - is standard input.
The exit code is 1 when there is a mistake.`,
		Example: `  kubectl sts profile lint my-etcd.yaml`,
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
				return fmt.Errorf("%s in %s", sts.Count(total, "mistake"), sts.Count(bad, "file"))
			}
			return nil
		},
	}
}

// lint prints what is wrong in one file, and says how much.
func (c *common) lint(ctx context.Context, file string) (int, error) {
	raw, err := readFile(ctx, c.env, file)
	if err != nil {
		return 0, err
	}
	p, err := profile.Parse(raw)
	if err == nil {
		_, err = fmt.Fprintf(c.env.Out, "%s: profile %s is in order\n", file, p.Metadata.Name)
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
