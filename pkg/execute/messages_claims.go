package execute

import "fmt"

func msgClaimStepsExceeded(limit int, last string) string {
	return fmt.Sprintf("no progress after %d steps, last step: %s", limit, last)
}

func msgEarlierWritesStay() string { return "; earlier writes were kept" }

func hintRerunClaims(first string) string {
	if first == "" {
		return "rerun the command to resume"
	}
	return first + "; rerun the command to resume"
}
