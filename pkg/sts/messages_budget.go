package sts

import "fmt"

func msgBudgetNumbers(healthy, expected, required, allowed int32) string {
	return fmt.Sprintf("%d of %s healthy, %d required, %s allowed", healthy, Count(expected, "pod"), required, Count(allowed, "disruption"))
}

func msgBudgetNotCounted() string { return "its status is not up to date" }
