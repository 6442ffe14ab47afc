package sts

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// Age writes a duration the way kubectl's AGE column does: "45s", "3m20s", "5d".
// What a skewed clock makes negative is shown as "0s".
func Age(d time.Duration) string { return duration.HumanDuration(max(0, d)) }

// Duration writes a duration as one would on the command line: "5m", "1h30m", "1.5s".
func Duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
