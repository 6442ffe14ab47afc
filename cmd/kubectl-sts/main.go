// Command kubectl-sts is a kubectl plugin for running StatefulSets.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the cloud providers' logins

	"k8s.io/klog/v2"

	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

func main() { os.Exit(run()) }

func run() int {
	// Without -v, log lines of libraries would be mixed with the messages of the plugin.
	klog.SetLogger(logr.Discard())
	// Detect a dead connection within 15 seconds instead of client-go's 45: a command waits for it.
	for name, seconds := range map[string]string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS": "10", "HTTP2_PING_TIMEOUT_SECONDS": "5"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, seconds) // client-go reads it there
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	// A write to a closed pipe is an error then, instead of the end of the process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		cancel(&cli.SignalError{Signal: <-signals})
		// A second one does not wait for the call in flight.
		if <-signals == syscall.SIGTERM {
			os.Exit(cli.ExitTerminated)
		}
		os.Exit(cli.ExitInterrupted)
	}()
	if cli.IsCompletionHelper(os.Args[0]) {
		// Nothing but candidates may appear on the command line that is being typed, also from the
		// login of a cloud provider.
		os.Stderr, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0) // nil discards, too
	}
	env := cli.OSEnv(func(err error) { cancel(err) })
	err := cli.Execute(ctx, env, cli.CommandLine(os.Args))
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = context.Cause(ctx) // a request that was under way says only that it was cancelled
	}
	return cli.Exit(env.ErrOut, err)
}
