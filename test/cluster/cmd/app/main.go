// Command app plays a member of a database in containers of the real node. The
// tag of its image says how it behaves, like the tags of simulated pods; the
// variables BEHAVIOUR, READY_AFTER and TERMINATE_AFTER win over that.
//
// It serves on port 8080: /ready says whether it is, anything else who it is.
// As "app pause" it holds a pod's namespaces.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

var behaviours = regexp.MustCompile(`^(.*-)?(crash|never-ready|late)$`)

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if len(os.Args) > 1 && os.Args[1] == "pause" {
		<-ctx.Done()
		return
	}
	if err := run(ctx, time.Now()); err != nil {
		say("fatal: %v", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, started time.Time) error {
	tag, host := os.Getenv("IMAGE_TAG"), os.Getenv("HOSTNAME")
	behaviour := os.Getenv("BEHAVIOUR")
	if match := behaviours.FindStringSubmatch(tag); match != nil && behaviour == "" {
		behaviour = match[2]
	}
	readyAfter, err := duration("READY_AFTER", 5*time.Second)
	if err != nil {
		return err
	}
	terminateAfter, err := duration("TERMINATE_AFTER", 0)
	if err != nil {
		return err
	}
	say("%s starts with version %s", host, tag)
	if behaviour == "crash" {
		return errors.New("the data on disk is of a newer version")
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s %s\n", host, tag)
	})
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		if behaviour == "never-ready" || (behaviour == "late" && time.Since(started) < readyAfter) {
			http.Error(w, "not yet a member", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "a member")
	})
	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	server := http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until the end
	say("serving")
	<-ctx.Done()
	say("told to stop")
	time.Sleep(terminateAfter)
	say("stopped")
	return nil
}

func duration(variable string, otherwise time.Duration) (time.Duration, error) {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("variable %s: %w", variable, err)
	}
	return d, nil
}

func say(format string, args ...any) {
	fmt.Printf("%s "+format+"\n", append([]any{time.Now().UTC().Format("15:04:05.000")}, args...)...)
}
