package sts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
)

// Ordinal is the number at the end of a pod's name. It is a type of its own so
// that it is never mixed up with a count of replicas or with a partition, which
// is an offset.
type Ordinal int32

// String is the ordinal in canonical decimal, as in pod and claim names.
func (o Ordinal) String() string { return strconv.Itoa(int(o)) }

// Start is the set's lowest ordinal: spec.ordinals.start, 0 when unset (KEP-3335).
func Start(set *appsv1.StatefulSet) Ordinal {
	if set.Spec.Ordinals == nil {
		return 0
	}
	return Ordinal(set.Spec.Ordinals.Start)
}

// DesiredReplicas is spec.replicas, 1 when unset: the API server's default.
func DesiredReplicas(set *appsv1.StatefulSet) int32 {
	if set.Spec.Replicas == nil {
		return 1
	}
	return *set.Spec.Replicas
}

// End is one past the set's highest desired ordinal.
func End(set *appsv1.StatefulSet) Ordinal {
	return Start(set) + Ordinal(DesiredReplicas(set))
}

// Wants says whether the ordinal is in the set's range, start to start+replicas-1.
func Wants(set *appsv1.StatefulSet, o Ordinal) bool {
	return Within(set, o, DesiredReplicas(set))
}

// Within says whether the ordinal is in the set's range if it has this many replicas. The
// difference is computed in 64 bits: the end of a range may not fit in an ordinal.
func Within(set *appsv1.StatefulSet, o Ordinal, replicas int32) bool {
	return o >= Start(set) && int64(o)-int64(Start(set)) < int64(replicas)
}

// Partition is spec.updateStrategy.rollingUpdate.partition as it is in the
// object: an offset from the start ordinal, not an ordinal. 0 when unset.
func Partition(set *appsv1.StatefulSet) int32 {
	if ru := set.Spec.UpdateStrategy.RollingUpdate; ru != nil && ru.Partition != nil {
		return *ru.Partition
	}
	return 0
}

// UpdateFrom is the lowest ordinal that gets the update revision: start+partition
// (newVersionedStatefulSetPod in Kubernetes' StatefulSet controller). It may lie
// beyond the set's end: then no ordinal gets it.
func UpdateFrom(set *appsv1.StatefulSet) Ordinal {
	return Start(set) + Ordinal(Partition(set))
}

// PartitionAt is the partition for which o is the lowest ordinal that gets the
// update revision: the inverse of [UpdateFrom].
func PartitionAt(set *appsv1.StatefulSet, o Ordinal) int32 {
	return max(0, int32(o-Start(set)))
}

// IsParallel says whether the set starts and stops pods without waiting for
// lower ordinals (podManagementPolicy: Parallel).
func IsParallel(set *appsv1.StatefulSet) bool {
	return set.Spec.PodManagementPolicy == appsv1.ParallelPodManagement
}

// PodName is the name that the controller gives to an ordinal's pod.
func PodName(set string, o Ordinal) string { return set + "-" + o.String() }

// ClaimName is the name that the controller gives to the claim of a
// volumeClaimTemplate for an ordinal: <template>-<set>-<ordinal>.
func ClaimName(template, set string, o Ordinal) string {
	return template + "-" + set + "-" + o.String()
}

// ParsePodName reads the ordinal from a pod name of the named set. Only what
// [PodName] would write is accepted: "web-01" is not a pod of set web.
func ParsePodName(set, pod string) (Ordinal, bool) {
	digits, ok := strings.CutPrefix(pod, set+"-")
	if !ok {
		return 0, false
	}
	return parseOrdinal(digits)
}

func parseOrdinal(s string) (Ordinal, bool) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, false
	}
	return Ordinal(n), true
}

// FormatOrdinals writes ordinals for people: "0-2, 4". The order
// of the input does not matter; duplicates are written once. Empty input gives "none".
func FormatOrdinals(ordinals []Ordinal) string {
	if len(ordinals) == 0 {
		return "none"
	}
	sorted := slices.Clone(ordinals)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	var parts []string
	for i := 0; i < len(sorted); {
		j := i
		for j+1 < len(sorted) && sorted[j+1] == sorted[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, sorted[i].String())
		} else {
			parts = append(parts, sorted[i].String()+"-"+sorted[j].String())
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// SayOrdinals is FormatOrdinals with its noun: "ordinal 4", "ordinals 0-2, 4".
func SayOrdinals(ordinals []Ordinal) string {
	switch len(ordinals) {
	case 0:
		return "no ordinal"
	case 1:
		return "ordinal " + ordinals[0].String()
	}
	return "ordinals " + FormatOrdinals(ordinals)
}

// Count writes a number with its noun, "1 pod" or "3 pods".
func Count[N int | int32](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Ordinals is a set of ordinals as given on a command line.
type Ordinals []struct{ First, Last Ordinal }

// ParseOrdinals reads "2", "2,5-7" or several of these. An error names the part
// that it could not read.
func ParseOrdinals(items ...string) (Ordinals, error) {
	var out Ordinals
	for _, item := range items {
		for part := range strings.SplitSeq(item, ",") {
			part = strings.TrimSpace(part)
			first, last, isRange := strings.Cut(part, "-")
			lo, ok := parseOrdinal(first)
			hi := lo
			if ok && isRange {
				hi, ok = parseOrdinal(last)
			}
			if !ok || hi < lo {
				return nil, fmt.Errorf("invalid value %q, must be ordinals such as 2 or 2,5-7", part)
			}
			out = append(out, struct{ First, Last Ordinal }{lo, hi})
		}
	}
	return out, nil
}

// Beyond is the first of these ordinals that the set does not have.
func (s Ordinals) Beyond(set *appsv1.StatefulSet) (Ordinal, bool) {
	for _, r := range s {
		switch {
		case r.First < Start(set):
			return r.First, true
		case r.Last >= End(set):
			return max(r.First, End(set)), true
		}
	}
	return 0, false
}

// Has says whether the ordinal is one of these. An empty list means all ordinals.
func (s Ordinals) Has(o Ordinal) bool {
	if len(s) == 0 {
		return true
	}
	for _, r := range s {
		if o >= r.First && o <= r.Last {
			return true
		}
	}
	return false
}
