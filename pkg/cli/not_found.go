package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// explainNotFound adds to the error of a StatefulSet that does not exist what may have been meant, or replaces it by
// that of the namespace, as kubectl does. Other errors stay as they are, also if the cluster cannot be asked.
func (c *common) explainNotFound(ctx context.Context, err error) error {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) || ctx.Err() != nil {
		return err
	}
	d := status.Status().Details
	if d == nil || d.Kind != "statefulsets" || d.Name == "" {
		return err
	}
	namespace, e := c.namespace()
	if e != nil {
		return err
	}
	client, e := c.client()
	if e != nil {
		return err
	}
	const patience = 3 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if e := client.CheckNamespace(ctx, namespace); apierrors.IsNotFound(e) {
		return e
	}
	have := client.Namesakes(ctx, namespace, d.Name)
	var hint sts.Hint
	switch near := nearNames(d.Name, have.Sets); {
	case have.PodOf != "":
		hint = hintPodOf(d.Name, have.PodOf)
	case have.Kind != "":
		hint = hintOtherKind(have.Kind, d.Name)
	case len(near) > 0:
		hint = hintNearNames(namespace, near)
	case have.Sets != nil:
		hint = hintSetsOf(namespace, have.Sets)
	default:
		return err
	}
	return &sts.HintedError{Err: err, Hint: hint}
}

// nearNames are the names that differ by a typing error at most, the nearest first. Two letters that are swapped
// count twice; the first letter is seldom wrong then.
func nearNames(name string, names []string) []string {
	const most = 2
	distance := func(other string) int { return sts.Distance(name, other) }
	near := slices.DeleteFunc(slices.Clone(names), func(other string) bool {
		n := distance(other)
		return n > most || n >= len(name) || n > 1 && other[0] != name[0]
	})
	slices.SortStableFunc(near, func(a, b string) int { return distance(a) - distance(b) })
	return near[:min(len(near), mostNamed)]
}
