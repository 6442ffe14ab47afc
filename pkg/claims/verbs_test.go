package claims

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard/guardtest"
)

func TestClaimVerbs(t *testing.T) {
	guardtest.Registry{
		Verbs:     Verbs(),
		NotListed: map[string]string{"FinishRestore": "it removes what pvc-gc undo has left when it was interrupted at its end"},
		AtLeast:   5,
	}.Check(t)
}

func TestGuardsAreDescribedAlike(t *testing.T) {
	guardtest.Described(t, append(operate.Verbs(), Verbs()...))
}
