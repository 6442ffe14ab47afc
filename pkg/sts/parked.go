package sts

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
)

// ParkedAnnotation holds the size, a number, of a set that was scaled down to 0 to
// come back.
const ParkedAnnotation = AnnotationPrefix + "parked"

// ParkedSize is the size to which a set at 0 is to come back; false when none was
// written down.
func ParkedSize(set *appsv1.StatefulSet) (int32, bool) {
	n, err := strconv.ParseInt(set.Annotations[ParkedAnnotation], 10, 32)
	return int32(n), err == nil && n > 0
}
