package render

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestDoctorMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "doctor",
		call(msgHealthy),
		call(msgDoctorCount, sts.FindingCount{Errors: 1, Warnings: 2, Infos: 3}),
		call(msgDoctorSum, sts.FindingCount{Errors: 1, Warnings: 2}, 3),
		call(msgDoctorSum, sts.FindingCount{Infos: 1, Ignored: 1}, 1),
		call(msgAtOrdinals, []sts.Ordinal{2}),
		call(msgAtOrdinals, []sts.Ordinal{2, 3, 5}),
		call(msgIgnoredTitle),
		call(msgIgnored, "NoHistory", "the operator keeps its own"),
		call(msgIgnored, "NoHistory", ""),
		call(msgUnreadTitle),
		call(msgOmittedTitle),
		call(msgOmitted, "nodes", []string{"LostNode", "VolumeZoneLost"}),
		call(msgLooks, doctor.Manifests), call(msgLooks, doctor.Cluster), call(msgLooks, doctor.Everywhere),
		call(msgRemedyTitle), call(msgLooksTitle), call(msgNeedsTitle),
		call(msgHowToIgnore, "NoHistory", doctor.IgnoreAnnotation),
	)
}
