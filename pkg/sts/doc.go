// Package sts is the vocabulary of kubectl-sts: StatefulSets seen by ordinal.
//
// Everything here is pure: functions of API objects that the caller has read.
// An [Inventory] holds what was read from the cluster, a [Snapshot] is one
// StatefulSet's view of it, and [Snapshot.Replicas] is the list by ordinal
// that every verb starts from.
package sts
