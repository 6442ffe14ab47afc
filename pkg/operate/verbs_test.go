package operate

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard/guardtest"
)

func TestVerbs(t *testing.T) {
	guardtest.Registry{
		Verbs:     Verbs(),
		NotListed: map[string]string{"confirmed": "it wraps another intent"},
		Common:    claimsGuards.Rules(), // by the function Next, for all intents
		AtLeast:   10,
	}.Check(t)
}
