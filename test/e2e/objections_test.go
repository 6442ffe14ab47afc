package e2e

import (
	"context"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// TestObjectionsAreTheServers: sts.Objections objects to an object if the API server refuses to create it,
// and to no other.
func TestObjectionsAreTheServers(t *testing.T) {
	t.Parallel()
	c, minor := cluster.Shared(t, nil), kubernetesMinor(t)
	config := c.RESTConfig()
	config.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2**patience)
	defer cancel()
	namespace := c.Namespace(t)
	var all sync.WaitGroup
	limit := make(chan struct{}, 4)
	for _, v := range append(ststest.Refused(), ststest.Accepted()...) {
		limit <- struct{}{}
		all.Go(func() {
			defer func() { <-limit }()
			fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(v.Object)
			if err != nil {
				t.Errorf("%s: %v", v.Name, err)
				return
			}
			object := &unstructured.Unstructured{Object: fields}
			resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
			var to dynamic.ResourceInterface = client.Resource(resource)
			if object.GetKind() != "StorageClass" {
				to = client.Resource(resource).Namespace(namespace)
			}
			_, err = to.Create(ctx, object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if err != nil && !apierrors.IsInvalid(err) {
				t.Errorf("%s: %v", v.Name, err)
				return
			}
			objections := sts.Objections(v.Object)
			if (err != nil) != (v.Field != "") == (v.Since <= minor) {
				t.Errorf("%s: the field should be %q, the server says %v", v.Name, v.Field, err)
			}
			if (v.Field != "") != (len(objections) > 0) {
				t.Errorf("%s: the field should be %q, we say %v", v.Name, v.Field, objections)
			}
		})
	}
	all.Wait()
}
