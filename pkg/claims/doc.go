// Package claims is pvc-gc without the cluster. It judges PersistentVolumeClaims: which StatefulSet and
// ordinal a claim belongs to, which object needs it, and whether it is a candidate for deletion. Its
// intents decide on each step of deleting, rescuing, restoring and purging one claim, so that it can be
// undone. Package claimloop carries them out.
package claims
