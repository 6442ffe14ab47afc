package sts_test

import (
	"strings"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// The API server takes names of up to 63 letters without a dot, however little their pods can
// do with them.
func TestObjectionsToNames(t *testing.T) {
	for name, takes := range map[string]bool{
		"web": true, "web-x": true, "0": true, strings.Repeat("w", sts.LongestSetName+1): true, strings.Repeat("w", 63): true,
		"web.x": false, "Web": false, "web-": false, "": false, strings.Repeat("w", 64): false,
	} {
		set := ststest.Web(1).Sets[0]
		set.Name = name
		if problems := sts.Objections(sts.Defaulted(set)); (len(problems) == 0) != takes {
			t.Errorf("%q: %q", name, problems)
		}
	}
}
