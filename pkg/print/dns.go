package print

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
)

// DNS prints each set's names, a line per ordinal.
func DNS(w io.Writer, r *inspect.DNSReport, st Style) error {
	t := table{style: st}
	t.header("NAME", "IP", "READY", "PUBLISHED")
	for i := range r.Items {
		for _, replica := range r.Items[i].Replicas {
			t.row(cell{replica.FQDN, Plain}, cell{dash(strings.Join(replica.IPs, ",")), Plain},
				cell{fmt.Sprint(replica.Ready), Plain}, cell{fmt.Sprint(replica.Published != nil && *replica.Published), Plain})
		}
	}
	return t.print(w)
}
