package claimloop

import "fmt"

func msgClaimStepsExceeded(limit int, last string) string {
	return fmt.Sprintf("no progress after %d steps, last step: %s", limit, last)
}

func msgClaimWouldStay(step string) string { return "not deleted; next step: " + step }

func msgClaimInterrupted() string { return "interrupted; rerun the command to resume" }

func msgClaimInterruptedDeleting(volume string) string {
	return "interrupted during the deletion; data retained on persistentvolume/" + volume
}
