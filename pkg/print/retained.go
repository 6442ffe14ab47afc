package print

import (
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// RetainedTable prints what is kept of claims that were deleted.
func RetainedTable(w io.Writer, kept []sts.RetainedVolume, now time.Time, st Style) error {
	t := table{style: st}
	t.header("CLAIM", "VOLUME", "SIZE", "CLASS", "PHASE", "OWN-POLICY", "DELETED", "BY")
	for _, k := range kept {
		size := k.Volume.Spec.Capacity[corev1.ResourceStorage]
		t.row(cell{k.Record.Claim.Name, Plain}, cell{k.Volume.Name, Plain}, cell{size.String(), Plain}, cell{dash(k.Volume.Spec.StorageClassName), Plain},
			cell{string(k.Volume.Status.Phase), Plain}, cell{string(k.Record.ReclaimPolicy), Plain},
			cell{sts.Age(now.Sub(k.Record.DeletedAt)) + " ago", Plain}, cell{dash(k.Record.DeletedBy), Plain})
	}
	t.fit("CLASS", "PHASE")
	return t.print(w)
}
