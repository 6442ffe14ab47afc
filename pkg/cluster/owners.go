package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
)

// asMetadata has the server answer with an object's metadata only, whatever its kind.
const asMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

// owners looks for each owner, of whatever kind. What speaks against one is in its Why; an
// error is a server that does not answer.
func (c *Client) owners(ctx context.Context, l *plan.LookOwners) ([]plan.Owner, error) {
	out := make([]plan.Owner, len(l.Refs))
	for i, ref := range l.Refs {
		why, err := c.ownerGone(ctx, l.Namespace, ref)
		if err != nil {
			return nil, failed("read "+strings.ToLower(ref.Kind)+" "+ref.Name, err)
		}
		out[i] = plan.Owner{Ref: ref, Why: why}
	}
	return out, nil
}

// ownerGone says why the object that the reference means cannot own anything, empty when
// it exists.
func (c *Client) ownerGone(ctx context.Context, namespace string, ref metav1.OwnerReference) (why string, err error) {
	const collected = ", and the garbage collector would delete the claim with it"
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil {
		return "its apiVersion " + ref.APIVersion + " is invalid", nil
	}
	resources, err := c.kube.Discovery().ServerResourcesForGroupVersion(gv.String())
	switch {
	case apierrors.IsNotFound(err):
		return "the server does not know " + gv.String() + collected, nil
	case apierrors.IsForbidden(err):
		return "you may not read the resources of " + gv.String(), nil
	case err != nil:
		return "", err
	}
	path := "/apis/" + gv.String()
	if gv.Group == "" {
		path = "/api/" + gv.Version
	}
	found := false
	for i := range resources.APIResources {
		r := &resources.APIResources[i]
		if r.Kind != ref.Kind || strings.Contains(r.Name, "/") {
			continue
		}
		if found = true; r.Namespaced {
			path += "/namespaces/" + namespace
		}
		path += "/" + r.Name + "/" + ref.Name
		break
	}
	if !found {
		return "the server does not know this kind in " + gv.String() + collected, nil
	}
	raw, err := c.kube.Discovery().RESTClient().Get().AbsPath(path).SetHeader("Accept", asMetadata).Do(ctx).Raw()
	var status *apierrors.StatusError
	switch {
	case apierrors.IsNotFound(err):
		return "it does not exist" + collected, nil
	case apierrors.IsForbidden(err):
		return "you may not get it, so whether it exists is unknown", nil
	case errors.As(err, &status) && !Transient(err):
		return "it could not be read: " + status.Error(), nil
	case err != nil:
		return "", err
	}
	var owner metav1.PartialObjectMetadata
	switch err := json.Unmarshal(raw, &owner); {
	case err != nil:
		return "", err
	case owner.UID != ref.UID:
		return "the one of that name is another object" + collected, nil
	case owner.DeletionTimestamp != nil:
		return "it is being deleted" + collected, nil
	}
	return "", nil
}

// own patches the owner references of the claim. Where the server refuses them, as an
// admission plugin may for those who must not block the owner's deletion, the claim stays
// without, and the view says why.
func (w *Claims) own(ctx context.Context, v plan.ClaimView, a *plan.OwnClaim) (plan.ClaimView, error) {
	next, err := w.patchClaim(ctx, v, a.Ops)
	if err == nil || errors.Is(err, plan.ErrChanged) || errors.Is(err, plan.ErrTransient) {
		return next, err
	}
	v.Owners = append([]plan.Owner(nil), v.Owners...)
	for i := range v.Owners {
		if v.Owners[i].Why == "" {
			v.Owners[i].Why = err.Error()
		}
	}
	return v, nil
}
