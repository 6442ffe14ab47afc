package sts

import (
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// Age writes a duration the way kubectl's AGE column does: "45s", "3m20s", "5d".
// What a skewed clock makes negative is shown as "0s".
func Age(d time.Duration) string { return duration.HumanDuration(max(0, d)) }
