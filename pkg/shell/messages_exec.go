package shell

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What became of a command: the predicate of a sentence.

func msgTimedOut(after time.Duration) string { return "timed out after " + sts.Duration(after) }

func msgDisconnected(err error) string { return "lost the connection: " + err.Error() }

func msgFailed(err error) string { return "could not be run: " + err.Error() }

func msgPodGone() string { return "was interrupted: its pod is gone" }

func msgNoExecutable(program, container, pod string) string {
	return fmt.Sprintf("%s not found in container %s of pod %s", program, container, pod)
}
