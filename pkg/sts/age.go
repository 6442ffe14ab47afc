package sts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// Age writes a duration the way kubectl's AGE column does: "45s", "3m20s", "5d".
// What a skewed clock makes negative is shown as "0s".
func Age(d time.Duration) string { return duration.HumanDuration(max(0, d)) }

// Duration writes a duration as on a command line: "5m", "1h30m", "1.5s".
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

// ParseAge reads an age: "30d", "1d12h", and all durations that Go accepts. A day has 24 hours.
func ParseAge(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		days, rest = "0", s
	}
	n, err := strconv.ParseUint(days, 10, 16)
	d := time.Duration(0)
	if err == nil && rest != "" {
		d, err = time.ParseDuration(rest)
	}
	if err != nil || d < 0 || s == "" {
		return 0, fmt.Errorf("invalid value %q, must be an age such as 30d, 36h or 1d12h", s)
	}
	return time.Duration(n)*24*time.Hour + d, nil
}
