// Package simulate states the rules of the StatefulSet controller: what it does next, in
// which order, and what it waits for. It is a world in memory with one StatefulSet, its pods
// and claims, nodes that take their time, and no clock but the one that it moves itself.
//
// The rules are those of pkg/controller/statefulset in k8s.io/kubernetes 1.34 to 1.37, read
// there and held against the running controller by the tests of this project. Where versions
// and feature gates differ, [Features] says so.
package simulate
