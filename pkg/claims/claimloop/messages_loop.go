package claimloop

import "fmt"

func msgClaimStepsExceeded(limit int, last string) string {
	return fmt.Sprintf("no progress after %d steps, last step: %s", limit, last)
}
