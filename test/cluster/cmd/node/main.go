// Command node is the first process of a test cluster's real node. Its argument
// is the cluster's state folder. The supervisor starts it.
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/realnode"
)

func init() {
	// Locked before it gets a network of its own, so that no other thread is
	// made after its model.
	runtime.LockOSThread()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: node STATE-FOLDER")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "node:", realnode.Run(os.Args[1]))
	os.Exit(1)
}
