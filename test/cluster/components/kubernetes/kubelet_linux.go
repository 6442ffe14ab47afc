package main

import (
	"context"

	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// The kubelet is for one real node, which only Linux can be.
func init() {
	components["kubelet"] = func() { run(kubelet.NewKubeletCommand(context.Background())) }
}
