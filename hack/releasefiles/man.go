package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/hack/commandtree"
	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

// manual returns a page for each command by its file name, such as kubectl-sts-canary-start.1. man finds it as
// "man kubectl-sts-canary-start", and the first one as "man kubectl sts".
func manual(version string, at time.Time) map[string]string {
	root := cli.NewRoot(cli.Env{Called: "kubectl sts", Who: "user@host"})
	pages := map[string]string{}
	add := func(c *cobra.Command) { pages[pageOf(c)+".1"] = page(c, version, at) }
	add(root)
	commandtree.Each(root, add)
	return pages
}

func pageOf(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

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
		for _, f := range commandtree.Flags(own) {
			option(&b, f)
		}
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
	if above := c.Parent(); above != nil {
		if above.Name() == "completion" { // it has no page
			above = above.Parent()
		}
		also = append(also, pageOf(above))
	}
	for _, sub := range commandtree.Below(c) {
		also = append(also, pageOf(sub))
	}
	b.WriteString(".SH SEE ALSO\n")
	for i, name := range also {
		b.WriteString(".BR " + roff(name) + " (1)" + strings.Repeat(" ,", min(1, len(also)-1-i)) + "\n")
	}
	return b.String()
}

func option(b *strings.Builder, f commandtree.Flag) {
	kind, usage := f.Kind, f.Usage
	if kind != "" {
		kind = " \\fI" + roff(kind) + "\\fR"
	}
	if f.Default != "" {
		usage += " (default " + f.Default + ")"
	}
	fmt.Fprintf(b, ".TP\n\\fB%s\\fR%s\n%s\n", roff(f.Names), kind, roff(usage))
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
