package resolve

import (
	"fmt"
	"strconv"
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

func msgNoAnswer() string { return "no answer" }

func msgAliasLoop() string { return "CNAME loop" }

func msgMismatch() string { return "the answer does not match the query" }

func msgMalformed() string { return "malformed answer" }

func msgGetentSRV() string { return "getent cannot query SRV records" }

func msgUnexpectedOutput(line string) string { return "unexpected output: " + strconv.Quote(line) }
