package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// explainNotFound adds to the error of a StatefulSet or a namespace that does not exist what may have been meant. If
// the namespace does not exist either, the error is about that, as kubectl's is. Other errors stay as they are, also if
// the cluster cannot be asked.
func (c *common) explainNotFound(ctx context.Context, err error) error {
	kind, name := notFound(err)
	if kind == "" || ctx.Err() != nil {
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
	if kind == "statefulsets" {
		e := client.CheckNamespace(ctx, namespace)
		if e == nil {
			return withHint(err, setMeant(client.Namesakes(ctx, namespace, name), namespace, name))
		}
		err, name = e, namespace
	}
	return withHint(err, namespaceMeant(ctx, client, name))
}

// notFound is the StatefulSet or the namespace that does not exist.
func notFound(err error) (kind, name string) {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return "", ""
	}
	if d := status.Status().Details; d != nil && (d.Kind == "statefulsets" || d.Kind == "namespaces") && d.Name != "" {
		return d.Kind, d.Name
	}
	return "", ""
}

func withHint(err error, hint sts.Hint) error {
	if len(hint) == 0 {
		return err
	}
	return &sts.HintedError{Err: err, Hint: hint}
}

// setMeant is the hint for the name of a StatefulSet that does not exist.
func setMeant(have kube.Namesakes, namespace, name string) sts.Hint {
	switch near := nearNames(name, have.Sets); {
	case have.PodOf != "":
		return hintPodOf(name, have.PodOf)
	case have.Kind != "":
		return hintOtherKind(have.Kind, name)
	case len(near) > 0:
		return hintNearNames(namespace, near)
	case have.Sets != nil:
		return hintSetsOf(namespace, have.Sets)
	}
	return nil
}

// namespaceMeant is the hint for the name of a namespace that does not exist.
func namespaceMeant(ctx context.Context, client *kube.Client, name string) sts.Hint {
	list, err := kube.Completer{Client: client}.Namespaces(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for i := range list {
		names = append(names, list[i].Name)
	}
	if near := nearNames(name, names); len(near) > 0 {
		return hintNearNamespaces(near)
	}
	return nil
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
