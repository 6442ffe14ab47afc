package render

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What doctor prints around the findings.

func msgHealthy() string { return "no findings:" }

func msgDoctorCount(c sts.FindingCount) string {
	return sts.Count(c.Errors, "error") + ", " + sts.Count(c.Warnings, "warning")
}

func msgDoctorSum(c sts.FindingCount, sets int) string {
	parts := []string{msgDoctorCount(c), sts.Count(c.Infos, "info")}
	if c.Ignored > 0 {
		parts = append(parts, fmt.Sprintf("%d ignored", c.Ignored))
	}
	return strings.Join(parts, ", ") + " in " + sts.Count(sets, "StatefulSet")
}

func msgAtOrdinals(ordinals []sts.Ordinal) string {
	if len(ordinals) == 1 {
		return "ordinal " + sts.FormatOrdinals(ordinals)
	}
	return "ordinals " + sts.FormatOrdinals(ordinals)
}

func msgIgnoredTitle() string { return "ignored:" }

func msgIgnored(code, reason string) string {
	if reason == "" {
		return code
	}
	return fmt.Sprintf("%s (%s)", code, reason)
}

func msgUnreadTitle() string { return "not read:" }

func msgOmittedTitle() string { return "omitted:" }

func msgOmitted(resource string, codes []string) string {
	return strings.Join(codes, ", ") + ": cannot list " + resource
}

func msgLooks(l doctor.Looks) string {
	switch l {
	case doctor.Manifests:
		return "manifests"
	case doctor.Cluster:
		return "cluster"
	}
	return "both"
}

func msgRemedyTitle() string { return "Remedy:" }

func msgLooksTitle() string { return "Looks at:" }

func msgNeedsTitle() string { return "Needs permission to list:" }

func msgHowToIgnore(code, annotation string) string {
	return fmt.Sprintf("To ignore it for one StatefulSet, annotate the set or its pod template: %s: \"%s # why\"", annotation, code)
}
