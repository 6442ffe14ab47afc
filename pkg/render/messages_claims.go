package render

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

func msgRetainedSum(volumes int, size string, namespaces int) string {
	verb := " retain "
	if volumes == 1 {
		verb = " retains "
	}
	text := sts.Count(volumes, "volume") + verb + size + " of deleted claims"
	if namespaces > 0 {
		text += " in " + sts.Count(namespaces, "namespace")
	}
	return text + "; run pvc-gc undo to restore claims, or pvc-gc purge to delete volumes"
}

func titleRetained() string { return "retained:" }

func titleExcluded() string { return "excluded:" }

func titleAtRisk() string { return "at risk:" }

func titleWarning() string { return "warning:" }
