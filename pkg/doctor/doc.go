// Package doctor finds what is wrong with StatefulSets before it hurts: of a cluster, and of manifests
// before they are applied. A [Check] is one value; [Checks] lists all of them, and the flags, the docs and
// the formats come from that list.
//
// An error is reported only where it cannot be right. A check that cannot see what it needs, for lack of
// permission or because the manifests do not contain it, reports nothing.
package doctor
