package cli

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

// versionTimeout is how long the version request to a server may take by default; see
// --request-timeout.
const versionTimeout = 5 * time.Second

func newVersion(c *common) *cobra.Command {
	var clientOnly bool
	cmd := withHelp("version", &cobra.Command{
		Use:  "version",
		Args: noArgs,
	})
	out := newOutput(cmd)
	out.resource = ""
	cmd.Flags().BoolVar(&clientOnly, "client", false, "Print only the client version (no server required)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := out.check(); err != nil {
			return err
		}
		r := report.NewVersionReport(clientVersion())
		var unknown error
		if !clientOnly {
			r.Server, unknown = c.serverVersion(cmd.Context())
		}
		// The program's version is printed in any case.
		show := func() error { return render.Version(c.env.Out, r, c.env.style()) }
		if !out.human() {
			show = func() error { return out.print(c.env.Out, r, []string{version}) }
		}
		if err := show(); err != nil {
			return err
		}
		return unknown
	}
	return cmd
}

func clientVersion() report.ClientVersion {
	return report.ClientVersion{Version: version, Platform: runtime.GOOS + "/" + runtime.GOARCH, GoVersion: runtime.Version()}
}

func (c *common) serverVersion(ctx context.Context) (*report.ServerVersion, error) {
	config, err := c.config.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	if config.Timeout == 0 {
		config.Timeout = versionTimeout
	}
	client, err := c.clientFor(config, c.env.ErrOut)
	if err != nil {
		return nil, err
	}
	info, err := client.Version(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		// An error as in kubectl, not exit code 124: no condition was waited for.
		return nil, errors.New(msgServerTimeout(config.Host, config.Timeout))
	}
	if err != nil {
		return nil, err
	}
	return c.serverReport(info.GitVersion, info.Platform)
}

// serverReport is the report on a server, with workarounds that fit the command line.
func (c *common) serverReport(version, platform string) (*report.ServerVersion, error) {
	r, err := report.NewServerVersion(version, platform)
	if err != nil {
		return nil, err
	}
	for i := range r.KnownIssues {
		r.KnownIssues[i].WayOut = c.hint(r.KnownIssues[i].WayOut)
	}
	return r, nil
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s: unknown argument %q", cmd.CommandPath(), args[0])
	}
	return nil
}
