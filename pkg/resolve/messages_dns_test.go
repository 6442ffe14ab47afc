package resolve

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestDNSMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "dns",
		call(msgRecordType, "MX"), call(msgNameTooLong, 254, 253), call(msgEmptyLabel), call(msgLabelTooLong, strings.Repeat("x", 64), 63),
		call(msgSilent), call(errSilentFor, errSilent, 5*time.Second), call(msgServerClosed), call(errConnectionCut, io.ErrUnexpectedEOF),
		call(msgTooLongForUDP, errSilentFor(errSilent, 5*time.Second)), call(msgTruncated), call(msgTooManyAliases, 8), call(msgAliasLoop), call(msgForeign), call(msgMalformed),
		call(msgNoShell), call(msgNoTool), call(msgSkipped), call(msgGetentSRV), call(msgUnexpectedOutput, "Segmentation fault"), call(msgStderr, "nslookup: not found"),
		call(errInvalidAddress, "udp://10.96.0.10"), call(errInvalidPort, "10.96.0.10:dns"),
	)
}
