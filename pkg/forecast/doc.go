// Package forecast implements the rules of the StatefulSet controller: what it does next, in which
// order, and what it waits for. A [World] is one StatefulSet in memory, with its pods and claims,
// nodes that take their time, and a clock that only the world advances.
//
// The rules are those of pkg/controller/statefulset in k8s.io/kubernetes 1.34 to 1.37. The tests of
// this project compare them with the running controller. [Features] has the differences between
// versions and feature gates.
//
// The types of its report keep the prefix Forecast: the JSON Schema has their names.
package forecast
