package resolve

import (
	"fmt"
	"strconv"
	"time"
)

// Why a query has no answer.

func msgRecordType(record string) string { return "unsupported record type " + record }

func msgNameTooLong(length, most int) string {
	return fmt.Sprintf("invalid DNS name: it has %d characters, must be no more than %d", length, most)
}

func msgEmptyLabel() string { return "invalid DNS name: a label is empty" }

func msgLabelTooLong(label string, most int) string {
	return fmt.Sprintf("invalid DNS name: label %q has %d characters, must be no more than %d", label, len(label), most)
}

func msgSilent() string { return "no answer" }

// errSilentFor: silent is what msgSilent returns, as an error.
func errSilentFor(silent error, timeout time.Duration) error {
	return fmt.Errorf("%w within %s", silent, timeout)
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

func msgAliasLoop() string { return "CNAME loop" }

func msgForeign() string { return "the answer does not match the query" }

func msgMalformed() string { return "malformed answer" }

// Why a pod cannot make queries.

func msgNoShell() string { return "no shell found" }

func msgNoTool() string { return "no dig, nslookup or getent found" }

func msgSkipped() string { return "skipped because the DNS server did not answer earlier queries" }

func msgGetentSRV() string { return "getent cannot query SRV records" }

func msgUnexpectedOutput(line string) string { return "unexpected output: " + strconv.Quote(line) }

// msgStderr is what a command in a pod wrote to standard error.
func msgStderr(text string) string { return strconv.Quote(text) }

// What is wrong with the address of a server.

func errInvalidAddress(address string) error {
	return fmt.Errorf("invalid address %q, must be HOST or HOST:PORT", address)
}

func errInvalidPort(address string) error {
	return fmt.Errorf("invalid address %q, must be HOST or HOST:PORT with a port from 1 to 65535", address)
}
