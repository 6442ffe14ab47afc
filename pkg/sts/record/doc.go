// Package record is what kubectl-sts keeps on a StatefulSet between commands, as annotations: the
// canary, the restart, the scale operation and the lock. The records on volumes are in package sts,
// because the inventory has them.
package record
