package cmd

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
)

// askVersion is how long a server may take to say its version, unless --request-timeout
// says otherwise.
const askVersion = 5 * time.Second

func newVersion(c *common) *cobra.Command {
	var clientOnly bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what is known of the server's",
		Long: `Print the version of this program and that of the server, whether it is one that the
tests run on, and what StatefulSets are known to do on it that nobody would expect:
each with a way out and the issue where it is discussed. Some of it depends on a
feature gate that a client cannot see; then the text says so.

The first line is the program's version alone. A server that does not answer within
five seconds is an error, as with kubectl; --request-timeout waits longer, --client
asks no server.`,
		Example: `  kubectl sts version

  # without a cluster
  kubectl sts version --client

  # the codes of what is known, for a script
  kubectl sts version -o jsonpath='{.server.knownIssues[*].code}'`,
		Args: noArgs,
	}
	out := newOutput(cmd)
	out.resource = ""
	cmd.Flags().BoolVar(&clientOnly, "client", false, "Print only the client version (no server required)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := out.check(); err != nil {
			return err
		}
		report := inspect.NewVersionReport(inspect.ClientVersion{
			Version: version, Platform: runtime.GOOS + "/" + runtime.GOARCH, GoVersion: runtime.Version(),
		})
		var unknown error
		if !clientOnly {
			report.Server, unknown = c.serverVersion(cmd.Context())
		}
		// The program's version is told in any case.
		show := func() error { return print.Version(c.env.Out, report, c.env.style()) }
		if !out.human() {
			show = func() error { return out.print(c.env.Out, report, []string{version}) }
		}
		if err := show(); err != nil {
			return err
		}
		return unknown
	}
	return cmd
}

func (c *common) serverVersion(ctx context.Context) (*inspect.ServerVersion, error) {
	config, err := c.config.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	if config.Timeout == 0 {
		config.Timeout = askVersion
	}
	client, err := c.clientFor(config)
	if err != nil {
		return nil, err
	}
	info, err := client.Version(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		// Not a time-out of something that was to be waited for: kubectl calls it an error.
		return nil, fmt.Errorf("the server %s did not answer within %s; --request-timeout=1m waits longer, --client asks no server",
			config.Host, config.Timeout)
	}
	if err != nil {
		return nil, err
	}
	return inspect.NewServerVersion(info.GitVersion, info.Platform)
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s: unknown argument %q", cmd.CommandPath(), args[0])
	}
	return nil
}
