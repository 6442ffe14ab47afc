package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

// manual returns a page for each command by its file name, such as kubectl-sts-canary-start.1. man finds it as
// "man kubectl-sts-canary-start", and the first one as "man kubectl sts".
func manual(version string, at time.Time) map[string]string {
	root := cli.NewRoot(cli.Env{Called: "kubectl sts", Who: "user@host"})
	pages := map[string]string{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		pages[pageOf(c)+".1"] = page(c, version, at)
		for _, sub := range subcommands(c) {
			visit(sub)
		}
	}
	visit(root)
	return pages
}

func pageOf(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// subcommands are those with a page.
func subcommands(c *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(c.Commands()), func(sub *cobra.Command) bool {
		return !sub.IsAvailableCommand() || slices.Contains([]string{"completion", "help", "options"}, sub.Name())
	})
}

func page(c *cobra.Command, version string, at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 %s %s %s\n", quoted(strings.ToUpper(pageOf(c))), quoted(at.UTC().Format(time.DateOnly)),
		quoted("kubectl sts "+version), quoted("kubectl sts"))
	b.WriteString(".SH NAME\n" + roff(pageOf(c)) + " \\- " + roff(c.Short) + "\n")
	b.WriteString(".SH SYNOPSIS\n.B " + roff(c.UseLine()) + "\n")
	if c.Long != "" {
		b.WriteString(".SH DESCRIPTION\n" + asIs(c.Long))
	}
	own := c.LocalNonPersistentFlags()
	if !c.HasParent() {
		own = c.LocalFlags() // and those of every command
	}
	if own.HasAvailableFlags() {
		b.WriteString(".SH OPTIONS\n")
		own.VisitAll(func(f *pflag.Flag) { option(&b, f) })
	}
	if c.HasParent() && c.Runnable() {
		b.WriteString("For the options of every command, such as \\fB\\-n\\fR and \\fB\\-\\-context\\fR, see \\fBkubectl\\-sts\\fR(1).\n")
	}
	if c.Example != "" {
		b.WriteString(".SH EXAMPLES\n" + asIs(c.Example))
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range cli.ExitCodes {
		fmt.Fprintf(&b, ".TP\n.B %d\n%s\n", e.Code, roff(strings.ReplaceAll(e.Meaning, "`", "")))
	}
	also := []string{"kubectl"}
	if c.HasParent() {
		also = append(also, pageOf(c.Parent()))
	}
	for _, sub := range subcommands(c) {
		also = append(also, pageOf(sub))
	}
	b.WriteString(".SH SEE ALSO\n")
	for i, name := range also {
		b.WriteString(".BR " + roff(name) + " (1)" + strings.Repeat(" ,", min(1, len(also)-1-i)) + "\n")
	}
	return b.String()
}

func option(b *strings.Builder, f *pflag.Flag) {
	if f.Hidden {
		return
	}
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	kind, usage := pflag.UnquoteUsage(f)
	if kind != "" {
		kind = " \\fI" + roff(kind) + "\\fR"
	}
	fmt.Fprintf(b, ".TP\n\\fB%s\\fR%s\n%s\n", roff(name), kind, roff(usage))
}

// asIs keeps the lines, as --help does.
func asIs(text string) string {
	var b strings.Builder
	b.WriteString(".nf\n")
	for line := range strings.Lines(strings.Trim(text, "\n") + "\n") {
		b.WriteString(roff(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return b.String() + ".fi\n"
}

// roff escapes a line of text: backslashes, dashes (others than in the source would be printed, which cannot be
// pasted into a shell), and what would be a request at the beginning of a line.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	return line
}

func quoted(arg string) string { return `"` + roff(arg) + `"` }
