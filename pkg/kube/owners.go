package kube

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// asMetadata has the server answer with an object's metadata only, whatever its kind.
const asMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

// owners looks up each owner, of any kind. Why it cannot be restored is in its Why; an error
// is a server that does not answer.
func (c *Client) owners(ctx context.Context, a *claims.CheckOwners) ([]claims.Owner, error) {
	out := make([]claims.Owner, len(a.Refs))
	for i, ref := range a.Refs {
		why, err := c.ownerGone(ctx, a.Namespace, ref)
		if err != nil {
			return nil, failed("read "+strings.ToLower(ref.Kind)+" "+ref.Name, err)
		}
		out[i] = claims.Owner{Ref: ref, Why: why}
	}
	return out, nil
}

// ownerGone is why the object of the reference cannot be an owner, empty when it can.
func (c *Client) ownerGone(ctx context.Context, namespace string, ref metav1.OwnerReference) (why string, err error) {
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil {
		return msgOwnerVersionInvalid(ref.APIVersion), nil
	}
	resources, err := c.kube.Discovery().ServerResourcesForGroupVersion(gv.String())
	switch {
	case apierrors.IsNotFound(err):
		return msgOwnerCollected(msgOwnerVersionUnknown(gv.String())), nil
	case apierrors.IsForbidden(err):
		return msgOwnerVersionHidden(gv.String()), nil
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
		return msgOwnerCollected(msgOwnerKindUnknown(gv.String())), nil
	}
	raw, err := c.kube.Discovery().RESTClient().Get().AbsPath(path).SetHeader("Accept", asMetadata).Do(ctx).Raw()
	var status *apierrors.StatusError
	switch {
	case apierrors.IsNotFound(err):
		return msgOwnerCollected(msgOwnerNotFound()), nil
	case apierrors.IsForbidden(err):
		return msgOwnerHidden(), nil
	case errors.As(err, &status) && !transient(err):
		return msgOwnerUnreadable(status.Error()), nil
	case err != nil:
		return "", err
	}
	var owner metav1.PartialObjectMetadata
	switch err := json.Unmarshal(raw, &owner); {
	case err != nil:
		return "", err
	case owner.UID != ref.UID:
		return msgOwnerCollected(msgOwnerReplaced()), nil
	case owner.DeletionTimestamp != nil:
		return msgOwnerCollected(msgOwnerDeleting()), nil
	}
	return "", nil
}

// restoreOwners patches the owner references of the claim. Where the server rejects them, for example
// because the user may not block the deletion of the owner, the claim stays without, and the
// view has the reason.
func (w *Claims) restoreOwners(ctx context.Context, v claims.View, a *claims.RestoreOwners) (claims.View, error) {
	next, err := w.patchClaim(ctx, v, a.Ops)
	if err == nil || errors.Is(err, operate.ErrChanged) || errors.Is(err, operate.ErrTransient) {
		return next, err
	}
	v.Owners = append([]claims.Owner(nil), v.Owners...)
	for i := range v.Owners {
		if v.Owners[i].Why == "" {
			v.Owners[i].Why = err.Error()
		}
	}
	return v, nil
}
