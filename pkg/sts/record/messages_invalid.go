package record

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What commands report about a record that cannot be read.

func msgInvalidRecord(set, annotation, problem string) string {
	return fmt.Sprintf("statefulset/%s: annotation %s is not a valid record: %s", set, annotation, problem)
}

func msgUnexpectedJSON(kind, field string) string {
	if field == "" {
		return "unexpected " + kind
	}
	return fmt.Sprintf("unexpected %s in field %s", kind, field)
}

func msgNoStableRevision() string { return "no stable revision" }

func msgNoCommand() string { return "no start time, or an invalid command" }

func msgNoOwner() string { return "no name, or no ID" }

func msgNoSizes() string { return "no valid sizes or member" }

func msgNoRecovery() string { return "no valid pod, node, action or taint" }

func hintBadRecover(remove sts.Hint) sts.Hint {
	return sts.Hintf("check which nodes have the taint node.kubernetes.io/out-of-service, then remove the record: %s", remove)
}

func hintBadOwner(remove sts.Hint) sts.Hint {
	return sts.Hintf("if no kubectl sts command is running for this StatefulSet, remove the annotation: %s", remove)
}

func hintBadCanary(remove sts.Hint) sts.Hint {
	return sts.Hintf("remove the record: %s; then complete or roll back the update with kubectl", remove)
}

func hintBadDrain(remove sts.Hint) sts.Hint {
	return sts.Hintf("check which members are in their cluster, then remove the record: %s", remove)
}

func hintBadRestart(forget sts.Hint) sts.Hint { return sts.Hintf("discard the record: %s", forget) }
