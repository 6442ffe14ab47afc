package cli

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgLintValid(file, profile string) string {
	return fmt.Sprintf("%s: profile %s is valid", file, profile)
}

func msgLintFailed(errors, files int) string {
	return fmt.Sprintf("found %s in %s", sts.Count(errors, "error"), sts.Count(files, "file"))
}
