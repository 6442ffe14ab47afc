package cli

import "fmt"

func msgTypeNode(node string) string {
	return fmt.Sprintf("Type %s to confirm that its machine is off and stays off: ", node)
}

func hintNodeIsOff(node string) string {
	return fmt.Sprintf("a confirmation is required that the machine of node %s is off, but there is no terminal: rerun with --node-is-off %s", node, node)
}

// problem is that of the dry run.
func msgNodeNotTried(problem string) string {
	return "the change of the node was not checked with a dry run: " + problem
}
