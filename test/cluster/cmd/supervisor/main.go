// Command supervisor runs the processes of one test cluster, whose state folder
// is its argument, until it receives a signal or its standard input ends.
package main

import (
	"fmt"
	"os"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: supervisor STATE-FOLDER")
		os.Exit(2)
	}
	if err := supervisor.Run(os.Args[1], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "supervisor:", err)
		os.Exit(1)
	}
}
