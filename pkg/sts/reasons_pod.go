package sts

// podReasons are read from a pod that exists and is not terminating.
var podReasons = []ReasonInfo{}
