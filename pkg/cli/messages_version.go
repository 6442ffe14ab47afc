package cli

import (
	"fmt"
	"time"
)

func msgServerTimeout(server string, after time.Duration) string {
	return fmt.Sprintf("server %s did not respond within %s: increase --request-timeout, or use --client to skip the server", server, after)
}
