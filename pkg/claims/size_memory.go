package claims

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// SizeMemory is an annotation in which another program records the number of replicas of a set
// that it has scaled down.
type SizeMemory struct {
	Annotation string
	// Replicas is the size, 0 where the value holds none.
	Replicas int32
}

// knownMemories are the annotations on a StatefulSet in which known programs record the size to
// which they will scale it back. kube-green records it in a Secret, which is not read.
var knownMemories = []string{
	"downscaler/original-replicas",             // kube-downscaler, py-kube-downscaler
	"autoscaling.keda.sh/paused-replicas",      // KEDA; on a ScaledObject it counts, too
	"idling.alpha.openshift.io/previous-scale", // oc idle
}

// RemembersSize says whether an annotation of a set may hold a size: one that is known to, or
// whose key ends in "replicas", in any case. chosen are further keys.
func RemembersSize(annotation string, chosen []string) bool {
	return holdsSize(annotation, chosen) || strings.HasSuffix(strings.ToLower(annotation), "replicas")
}

// holdsSize says whether the annotation is known, or chosen, to hold a size.
func holdsSize(annotation string, chosen []string) bool {
	return slices.Contains(knownMemories, annotation) || slices.Contains(chosen, annotation)
}

// SizeMemories are the sizes that annotations on the set hold, in order of their keys. A value
// is a number, or JSON in which the largest number below a key that ends in "replicas" counts,
// as in {"spec":{"replicas":3}}. An annotation that is known to hold a size, or is chosen to,
// and holds none, is there with 0, others are left out. A value of 0 holds a size and reserves
// nothing: it is left out, too. Annotations of kubectl-sts itself are not among them.
func SizeMemories(set *appsv1.StatefulSet, chosen []string) []SizeMemory {
	var out []SizeMemory
	for key, value := range set.Annotations {
		if !RemembersSize(key, chosen) || strings.HasPrefix(key, sts.AnnotationPrefix) && !slices.Contains(chosen, key) {
			continue
		}
		n, ok := readSize(value)
		if ok && n > 0 || !ok && holdsSize(key, chosen) {
			out = append(out, SizeMemory{key, n})
		}
	}
	slices.SortFunc(out, func(a, b SizeMemory) int { return strings.Compare(a.Annotation, b.Annotation) })
	return out
}

func readSize(value string) (int32, bool) {
	text := strings.TrimSpace(value)
	if n, err := strconv.ParseInt(strings.Trim(text, `"`), 10, 64); err == nil {
		return clampSize(float64(n))
	}
	var tree any
	if json.Unmarshal([]byte(text), &tree) != nil {
		return 0, false
	}
	return largestSize(tree, false)
}

// largestSize is the largest size in a JSON value; inside: it is below a key that names one.
func largestSize(tree any, inside bool) (size int32, ok bool) {
	most := func(n int32, found bool) {
		if found {
			size, ok = max(size, n), true
		}
	}
	switch v := tree.(type) {
	case float64:
		if inside {
			most(clampSize(v))
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && inside {
			most(clampSize(float64(n)))
		}
	case []any:
		for _, item := range v {
			most(largestSize(item, inside))
		}
	case map[string]any:
		for key, item := range v {
			most(largestSize(item, inside || strings.HasSuffix(strings.ToLower(key), "replicas")))
		}
	}
	return size, ok
}

func clampSize(n float64) (int32, bool) {
	if n < 0 {
		return 0, false
	}
	return int32(min(n, math.MaxInt32)), true
}
