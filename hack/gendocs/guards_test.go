package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/hack/commandtree"
	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

// The verbs with guards are the commands that write, and every one of these has guards.
func TestEveryCommandThatWritesHasGuards(t *testing.T) {
	root := cli.NewRoot(cli.Env{Called: "kubectl sts", Who: "user@host"})
	guarded := map[string]bool{}
	for _, v := range allVerbs() {
		words := strings.Fields(v.Name)
		c, rest, err := root.Find(words)
		if err != nil || c == root {
			t.Errorf("%s: there is no such command: %v", v.Name, err)
			continue
		}
		for _, flag := range rest {
			if c.Flags().Lookup(strings.TrimPrefix(flag, "--")) == nil {
				t.Errorf("%s: the command has no flag %s", v.Name, flag)
			}
		}
		guarded[c.CommandPath()] = true
	}
	commandtree.Each(root, func(c *cobra.Command) {
		if c.Parent().Name() == "completion" {
			return // it writes to this machine, not to the cluster
		}
		if writes := c.Flags().Lookup("dry-run") != nil; writes != guarded[c.CommandPath()] {
			t.Errorf("%s has --dry-run: %t, is a verb with guards: %t", c.CommandPath(), writes, guarded[c.CommandPath()])
		}
	})
}
