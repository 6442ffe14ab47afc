// Command messages prints every message, hint and help text of the plugin, with example arguments, for
// review: the golden files testdata/messages of all packages, and the output of --help.
//
//	go run ./hack/messages
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

func main() {
	if err := dump(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func dump(out io.Writer) error {
	var files []string
	for _, folder := range []string{"*", filepath.Join("*", "*")} {
		found, err := filepath.Glob(filepath.Join("pkg", folder, "testdata", "messages", "*.txt"))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	if len(files) == 0 {
		return fmt.Errorf("no messages found: run this in the root folder of the module")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "==> %s\n%s\n", name, text); err != nil {
			return err
		}
	}
	return help(out, cli.NewRoot(cli.Env{Called: "kubectl sts", Who: "user@host"}))
}

func help(out io.Writer, c *cobra.Command) error {
	if _, err := fmt.Fprintf(out, "==> %s --help\n", c.CommandPath()); err != nil {
		return err
	}
	c.SetOut(out)
	if err := c.Help(); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := help(out, sub); err != nil {
			return err
		}
	}
	return nil
}
