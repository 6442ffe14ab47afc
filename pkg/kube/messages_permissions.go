package kube

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

func msgCannotReview() string { return "cannot find out which permissions you have" }

func hintReview() sts.Hint {
	return sts.Hintf("request the ClusterRole system:basic-user, which all authenticated users usually have")
}
