package sts

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Latest is the latest of the times.
func Latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// StatusWritten is when the set's status last changed, zero if unknown: pods that are created,
// deleted, or become ready change it.
func (s *Snapshot) StatusWritten() time.Time {
	return written(s.Set, func(e metav1.ManagedFieldsEntry) bool { return e.Subresource == "status" })
}

// SpecWritten is when the field of the spec was last written, or with an empty name the set
// (its status does not count). Zero if unknown.
func (s *Snapshot) SpecWritten(field string) time.Time {
	return written(s.Set, func(e metav1.ManagedFieldsEntry) bool {
		return e.Subresource != "status" && (field == "" || e.FieldsV1 != nil && strings.Contains(e.FieldsV1.GetRawString(), `"f:`+field+`"`))
	})
}

func written(set *appsv1.StatefulSet, counts func(metav1.ManagedFieldsEntry) bool) time.Time {
	last := time.Time{}
	for _, e := range set.ManagedFields {
		if e.Time != nil && counts(e) {
			last = Latest(last, e.Time.Time)
		}
	}
	return last
}
