// Package claims judges PersistentVolumeClaims: which StatefulSet and ordinal a claim belongs to, which
// object needs it, and whether it is a candidate for deletion. It deletes nothing.
package claims
