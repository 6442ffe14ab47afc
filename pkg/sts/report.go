package sts

// APIVersion is the version of every report. Fields are added within a version,
// never renamed or removed.
const APIVersion = "kubectl-sts.dev/v1alpha1"
