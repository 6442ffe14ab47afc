package doctor

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// isPath: what looks like a name is a file or a directory, such as /data/web-0.etcd or
// --data-dir=$(POD_NAME).etcd.
func isPath(u names.Use, service string) bool {
	before := strings.TrimSuffix(u.Before, strings.TrimSuffix(u.Name, "."+service))
	return strings.HasSuffix(before, "/") && !strings.HasSuffix(before, "//") || strings.HasSuffix(before, "dir=") || strings.HasSuffix(before, "dir ")
}

// nameAfter is the rest of a DNS name.
var nameAfter = regexp.MustCompile(`^(\.[a-z0-9-]+)*\.?`)

// ranges are the ranges of ordinals that MinIO, and shells, expand: {0...3}, {0..3}.
var ranges = regexp.MustCompile(`^\{([0-9]{1,4})\.\.\.?([0-9]{1,4})\}$`)

// ordinalsIn are the ordinals that a name means, none if it is computed otherwise.
func ordinalsIn(set string, u names.Use) []sts.Ordinal {
	if u.Computed == "" {
		if o, ok := sts.ParsePodName(set, u.Pod); ok {
			return []sts.Ordinal{o}
		}
		return nil
	}
	m := ranges.FindStringSubmatch(u.Computed)
	if m == nil || u.Pod != set+"-" {
		return nil
	}
	var out []sts.Ordinal
	first, _ := strconv.Atoi(m[1]) // digits
	last, _ := strconv.Atoi(m[2])
	for o := first; o <= last; o++ {
		out = append(out, sts.Ordinal(o))
	}
	return out
}
