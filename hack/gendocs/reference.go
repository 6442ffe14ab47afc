package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-sts/kubectl-sts/pkg/cmd"
)

const doNotEdit = "<!-- Written by make docs from the commands themselves: change their help in pkg/cmd. -->\n"

// reference makes a page for each command, and one with what they have in common.
func reference() map[string]string {
	root := cmd.NewRoot(cmd.Env{Called: "kubectl sts", Who: "user@host"})
	files := map[string]string{}
	var list strings.Builder
	eachCommand(root, func(c *cobra.Command) {
		file := pageName(c)
		files["docs/reference/"+file] = page(c)
		fmt.Fprintf(&list, "| [%s](%s) | %s |\n", c.CommandPath(), file, cell(c.Short))
	})
	var b strings.Builder
	fmt.Fprintf(&b, "# Command reference\n\n%s\n", doNotEdit)
	fmt.Fprintf(&b, "%s\n\n", root.Long)
	fmt.Fprintf(&b, "| command | |\n|---|---|\n%s\n", list.String())
	b.WriteString("`kubectl sts completion bash` (or zsh, fish, powershell) prints a completion script for the program under its own name, `kubectl-sts`. " +
		"For `kubectl sts` see [Install](../../README.md#install).\n\n")
	b.WriteString("## Flags of every command\n\nThey are kubectl's own and mean the same as there.\n\n")
	flags(&b, root.PersistentFlags())
	files["docs/reference/README.md"] = b.String()
	return files
}

// eachCommand visits the commands below c that a page is worth: help, options and completion are not.
func eachCommand(c *cobra.Command, visit func(*cobra.Command)) {
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() || slices.Contains([]string{"completion", "help", "options"}, sub.Name()) {
			continue
		}
		visit(sub)
		eachCommand(sub, visit)
	}
}

func pageName(c *cobra.Command) string {
	words := strings.Fields(strings.TrimPrefix(c.CommandPath(), "kubectl sts "))
	return strings.Join(words, "-") + ".md"
}

func page(c *cobra.Command) string {
	var b strings.Builder
	long := c.Long
	if long == "" {
		long = c.Short + "."
	}
	fmt.Fprintf(&b, "# %s\n\n%s\n%s\n\n", c.CommandPath(), doNotEdit, long)
	if c.HasAvailableSubCommands() {
		b.WriteString("| command | |\n|---|---|\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "| [%s](%s) | %s |\n", sub.CommandPath(), pageName(sub), cell(sub.Short))
			}
		}
		if c.Example == "" {
			return b.String() // it is no command itself
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "```\n%s\n```\n", c.UseLine())
	if c.Example != "" {
		fmt.Fprintf(&b, "\n## Examples\n\n```sh\n%s\n```\n", unindent(c.Example))
	}
	if own := c.LocalNonPersistentFlags(); own.HasAvailableFlags() {
		b.WriteString("\n## Flags\n\n")
		flags(&b, own)
	}
	b.WriteString("\nThe flags of kubectl (`-n`, `--context`, `--as` …) stand in the [list of commands](README.md#flags-of-every-command), " +
		"what the exit codes mean in [exit codes](../exit-codes.md).\n")
	return b.String()
}

func unindent(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

func flags(b *strings.Builder, set *pflag.FlagSet) {
	b.WriteString("| flag | default | |\n|---|---|---|\n")
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, usage := pflag.UnquoteUsage(f)
		if kind != "" {
			name += " " + kind
		}
		standard := f.DefValue
		switch {
		case f.Name == "cache-dir":
			standard = "$HOME/.kube/cache" // not that of this machine
		case slices.Contains([]string{"[]", "0", "0s", "false"}, standard):
			standard = "" // help does not say it either
		}
		if standard != "" {
			standard = "`" + standard + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", cell(name), cell(standard), cell(usage))
	})
}

func exitCodes() string {
	var b strings.Builder
	b.WriteString("| code | meaning |\n|---|---|\n")
	for _, e := range cmd.ExitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", e.Code, cell(e.Meaning))
	}
	return b.String()
}
