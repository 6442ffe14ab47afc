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

// ParseAge reads a duration as one would say it of ages: "30d", "1d12h", and all that
// Go takes. A day has 24 hours.
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
		return 0, fmt.Errorf("%q is not an age: write it like 30d, 36h or 1d12h", s)
	}
	return time.Duration(n)*24*time.Hour + d, nil
}
