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

	"github.com/kubectl-sts/kubectl-sts/pkg/cmd"
)

func main() { os.Exit(run()) }

func run() int {
	// What libraries log would fall into the middle of our own messages.
	klog.SetLogger(logr.Discard())
	// A connection that has died without a word is to be noticed in 15 seconds, not in
	// client-go's 45: somebody waits for what comes over it.
	for name, seconds := range map[string]string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS": "10", "HTTP2_PING_TIMEOUT_SECONDS": "5"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, seconds) // it is how client-go is told
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		cancel(&cmd.SignalError{Signal: <-signals})
		// A second one does not wait for the call in flight.
		if <-signals == syscall.SIGTERM {
			os.Exit(cmd.ExitTerminated)
		}
		os.Exit(cmd.ExitInterrupted)
	}()
	env := cmd.OSEnv()
	root := cmd.NewRoot(env)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = context.Cause(ctx) // a request that was under way says only that it was cancelled
	}
	return cmd.Exit(env.ErrOut, err)
}
