package kube

import (
	"fmt"
	"strconv"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// Why a DNS server has not answered a query.

func errNoAnswerWithin(timeout time.Duration) error {
	return fmt.Errorf("%w within %s", names.ErrNoAnswer, timeout)
}

func msgServerClosed() string { return "the server closed the connection" }

func errConnectionCut(err error) error {
	return fmt.Errorf("the connection was closed in the middle of an answer: %w", err)
}

func msgTooLongForUDP(err error) string {
	return "answer too long for UDP; query over TCP failed: " + err.Error()
}

func msgTruncated() string { return "truncated answer over TCP" }

func msgTooManyAliases(most int) string { return fmt.Sprintf("CNAME chain longer than %d", most) }

// Why a pod cannot make queries.

func msgNoShell() string { return "no shell found" }

func msgNoTool() string { return "no dig, nslookup or getent found" }

func msgSkipped() string { return "skipped because the DNS server did not answer earlier queries" }

// msgStderr is what a command in a pod wrote to standard error.
func msgStderr(text string) string { return strconv.Quote(text) }

// What is wrong with the address of a server.

func errInvalidAddress(address string) error {
	return fmt.Errorf("invalid address %q, must be HOST or HOST:PORT", address)
}

func errInvalidPort(address string) error {
	return fmt.Errorf("invalid address %q, must be HOST or HOST:PORT with a port from 1 to 65535", address)
}
