package cli

import (
	"flag"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// addVerbosity adds -v, kubectl's flag for the log of the client libraries: requests from 6, their headers from 7,
// their contents from 8.
func addVerbosity(root *cobra.Command, level *int) {
	root.PersistentFlags().IntVarP(level, "v", "v", 0, "Log level `N` of the Kubernetes client on stderr: 6 for requests, 8 with their contents")
	notNegativeIn(root.PersistentFlags(), "v")
}

// startLog logs what the client libraries do, from level 1.
func (e *Env) startLog() error {
	if e.verbosity == 0 {
		return nil
	}
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	if err := flags.Set("v", strconv.Itoa(e.verbosity)); err != nil {
		return err
	}
	klog.SetLoggerWithOptions(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(e.ErrOut), textlogger.Verbosity(e.verbosity))), klog.ContextualLogger(true))
	return nil
}
