package cli

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
)

// completionTimeout leaves kubectl and this process the time to start: a shell waits for 2s at most.
const completionTimeout = 1700 * time.Millisecond

// What a shell does besides offering the candidates.
const (
	noFiles  = cobra.ShellCompDirectiveNoFileComp
	inOrder  = noFiles | cobra.ShellCompDirectiveKeepOrder
	goesOn   = noFiles | cobra.ShellCompDirectiveNoSpace
	anyFile  = cobra.ShellCompDirectiveDefault
	ofSuffix = cobra.ShellCompDirectiveFilterFileExt
	folders  = cobra.ShellCompDirectiveFilterDirs
)

// word is what is completed: the arguments before it, and what is typed of it.
type word struct {
	*common
	ctx   context.Context
	cmd   *cobra.Command
	args  []string
	typed string
}

// completer finds what a word can be, each with a description after a tab. Those that do not begin
// with what is typed are left out later.
type completer func(w *word) ([]string, cobra.ShellCompDirective)

// completing is a completion that takes a limited time, and offers nothing where something fails. It
// does not wait for what cannot be cancelled, such as the login of a cloud provider.
func (c *common) completing(find completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		type answer struct {
			found     []string
			directive cobra.ShellCompDirective
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		answers := make(chan answer, 1)
		go func() {
			found, directive := find(&word{c, ctx, cmd, args, typed})
			answers <- answer{found, directive}
		}()
		select {
		case <-ctx.Done():
			return nil, noFiles
		case a := <-answers:
			if a.directive&(ofSuffix|folders) != 0 {
				return a.found, a.directive // suffixes of names of files
			}
			return slices.DeleteFunc(a.found, func(s string) bool { return !strings.HasPrefix(s, typed) }), a.directive
		}
	}
}

// fixed completes one of a few words.
func fixed(words ...string) completer {
	return func(*word) ([]string, cobra.ShellCompDirective) { return slices.Clone(words), inOrder }
}

// offering completes one of a few words, where a flag is made.
func offering(words ...string) cobra.CompletionFunc {
	return (&common{}).completing(fixed(words...))
}

// nothing completes what only the user knows.
func nothing(*word) ([]string, cobra.ShellCompDirective) { return nil, noFiles }

func files(*word) ([]string, cobra.ShellCompDirective)       { return nil, anyFile }
func directories(*word) ([]string, cobra.ShellCompDirective) { return nil, folders }

// yamlFiles completes as kubectl's --filename does.
func yamlFiles(*word) ([]string, cobra.ShellCompDirective) {
	return []string{"json", "yaml", "yml"}, ofSuffix
}

// listed completes the last item of a list with commas: what is before it stays, and is not offered again.
func listed(find completer) completer {
	return func(w *word) ([]string, cobra.ShellCompDirective) {
		i := strings.LastIndexByte(w.typed, ',') + 1
		before, item := w.typed[:i], *w
		item.typed = w.typed[i:]
		found, directive := find(&item)
		taken := strings.Split(before, ",")
		var out []string
		for _, candidate := range found {
			if value, _, _ := strings.Cut(candidate, "\t"); !slices.Contains(taken, value) {
				out = append(out, before+candidate)
			}
		}
		return out, directive
	}
}

// completeFlags registers the completion of the value of every flag; see flagCompleters. A flag that is a
// choice, and --output, have registered theirs.
func (c *common) completeFlags(root *cobra.Command) {
	root.CompletionOptions.SetDefaultShellCompDirective(noFiles)
	byName := flagCompleters()
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		path := strings.TrimPrefix(cmd.CommandPath(), root.CommandPath()+" ")
		register := func(f *pflag.Flag) {
			find := byName[path+" --"+f.Name]
			if find == nil {
				find = byName["--"+f.Name]
			}
			if f.Value.Type() == "bool" {
				find = fixed("true", "false")
			}
			if find != nil {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, c.completing(find))
			}
		}
		cmd.Flags().VisitAll(register)
		cmd.PersistentFlags().VisitAll(register)
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
}

// cluster is a client that reads little and prints nothing, and the namespace of the command line.
func (w *word) cluster() (client kube.Completer, namespace string, err error) {
	config, err := w.config.ToRESTConfig()
	if err != nil {
		return client, "", err
	}
	if config.ExecProvider != nil {
		config.ExecProvider.StdinUnavailable = true // a login must not read what is typed
		config.ExecProvider.StdinUnavailableMessage = "used by a shell"
	}
	if namespace, err = w.namespace(); err != nil {
		return client, "", err
	}
	c, err := w.clientFor(config, io.Discard)
	return kube.Completer{Client: c}, namespace, err
}

// oneSet is a client, and the one set that is named before the word.
func (w *word) oneSet() (client kube.Completer, namespace, name string, err error) {
	if name, err = setName(w.args); err != nil {
		return client, "", "", err
	}
	client, namespace, err = w.cluster()
	return client, namespace, name, err
}
