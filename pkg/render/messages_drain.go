package render

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgDrain(from, to int32, profile string) string {
	if profile == "" {
		return fmt.Sprintf("from %d to %s, one member at a time", from, sts.Count(to, "replica"))
	}
	return fmt.Sprintf("from %d to %s with %s", from, sts.Count(to, "replica"), profile)
}

func msgDrainFinalizer() string { return "its pod has a finalizer" }

func msgDrainDone(members int, last string) string {
	return fmt.Sprintf("%s, last: %s", sts.Count(members, "member"), last)
}
