package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

func newProfileLint(c *common) *cobra.Command {
	return withHelp("profile-lint", &cobra.Command{
		Use: "lint FILE...",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s: a file name, or - for stdin, is required", cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: c.completing(yamlFiles),
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
