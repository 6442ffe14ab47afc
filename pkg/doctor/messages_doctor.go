package doctor

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Checks and the annotation that ignores them.

func msgNoSuchCheck(code string, near []string) string {
	if len(near) == 0 {
		return fmt.Sprintf("check %q not found", code)
	}
	return fmt.Sprintf("check %q not found, did you mean %s?", code, strings.Join(near, " or "))
}

func msgIgnoreUnused(code string) string {
	return "check " + code + " is ignored but has found nothing"
}

// What the API server rejects.

func msgMisspelledField(path, near string) string {
	return fmt.Sprintf("unknown field %q (did you mean %q?): kubectl apply rejects it", path, near)
}

func msgUnknownField(path string) string {
	return fmt.Sprintf("unknown field %q: kubectl apply rejects it unless the cluster runs a newer Kubernetes that has it", path)
}

func hintDuplicateField() sts.Hint { return sts.Hintf("remove one of the two") }

func msgDuplicateField(path string) string {
	return fmt.Sprintf("duplicate field %q: the last value applies", path)
}

func msgVersionRemoved(version, now string) string {
	return fmt.Sprintf("no supported Kubernetes serves %s, only %s", version, now)
}

// Updates.

func msgOnDelete() string {
	return "update strategy OnDelete: a new template has no effect on a pod until it is deleted"
}

func msgNoHistory() string {
	return "revisionHistoryLimit is 0: the previous template is not kept, so an update cannot be rolled back"
}
