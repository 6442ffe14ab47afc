package names

import (
	"errors"
	"math"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// MostNames is the maximum number of ordinals of a set: more than a cluster has pods, but few enough
// to print.
const MostNames = 100_000

// CheckOrdinals rejects a set whose ordinals are invalid or too many to list.
func CheckOrdinals(set *appsv1.StatefulSet) error {
	switch n := sts.DesiredReplicas(set); {
	case n < 0:
		return errors.New(msgNegativeReplicas(set.Name, n))
	case n > MostNames:
		return errors.New(msgTooManyReplicas(set.Name, n, MostNames))
	case sts.Start(set) < 0 || int64(sts.Start(set))+int64(n) > math.MaxInt32:
		return errors.New(msgInvalidOrdinals(set.Name, n, sts.Start(set)))
	}
	return nil
}
