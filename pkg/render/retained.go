package render

import (
	"cmp"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// RetainedTable prints the volumes that retain the data of deleted claims.
func RetainedTable(w io.Writer, kept []sts.RetainedVolume, now time.Time, st Style) error {
	t := table{style: st}
	t.header("CLAIM", "VOLUME", "SIZE", "CLASS", "PHASE", "ORIG-RECLAIM", "STATE", "DELETED", "BY")
	for _, k := range kept {
		size := k.Volume.Spec.Capacity[corev1.ResourceStorage]
		t.row(cell{k.Record.Claim.Name, Plain}, cell{k.Volume.Name, Plain}, cell{size.String(), Plain}, cell{dash(k.Volume.Spec.StorageClassName), Plain},
			cell{string(k.Volume.Status.Phase), Plain}, cell{string(k.Record.ReclaimPolicy), Plain},
			cell{sts.Words(k.Record.Kind()), Plain}, cell{sts.Age(now.Sub(k.Record.DeletedAt)) + " ago", Plain}, cell{dash(cmp.Or(k.Record.DeletedBy, k.Record.RescuedBy)), Plain})
	}
	t.fit("CLASS", "PHASE", "ORIG-RECLAIM")
	return t.print(w)
}

// RescueTable prints the claims to rescue, and why each is at risk.
func RescueTable(w io.Writer, items []claims.Claim, now time.Time, st Style) error {
	t := table{style: st}
	t.header("CLAIM", "VOLUME", "SIZE", "CLASS", "RECLAIM", "DELETED", "RISK")
	for i := range items {
		c := &items[i]
		deleted := "-"
		if c.DeletionTimestamp != nil {
			deleted = sts.Age(now.Sub(c.DeletionTimestamp.Time)) + " ago"
		}
		risk := "-"
		if c.Risk != nil {
			risk = string(c.Risk.Reason)
		}
		t.row(cell{c.Name, Plain}, cell{dash(c.Volume), Plain}, cell{dash(c.Size), Plain}, cell{dash(c.Class), Plain},
			cell{dash(c.ReclaimPolicy), Plain}, cell{deleted, Plain}, cell{risk, Plain})
	}
	t.fit("CLASS", "SIZE", "RECLAIM")
	return t.print(w)
}
