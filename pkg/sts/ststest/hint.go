package ststest

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

// Commands returns the commands of a hint, without the words around them.
func Commands(h sts.Hint) []string {
	var out []string
	h.MapCommands(func(c sts.Command) sts.Command {
		out = append(out, c.String())
		return c
	})
	return out
}
