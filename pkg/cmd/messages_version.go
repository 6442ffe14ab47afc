package cmd

import (
	"fmt"
	"time"
)

func msgServerTimeout(server string, after time.Duration) string {
	return fmt.Sprintf("timed out after %s waiting for server %s: increase --request-timeout, or use --client to skip the server", after, server)
}
