package sts

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (o *objections) resources(at *field.Path, r *corev1.ResourceRequirements, claims map[string]bool) {
	limits, requests := at.Child("limits"), at.Child("requests")
	o.quantities(limits, r.Limits)
	o.quantities(requests, r.Requests)
	for _, name := range slices.Sorted(maps.Keys(r.Requests)) {
		request, at := rounded(r.Requests[name]), requests.Key(string(name))
		limit, limited := r.Limits[name]
		limit = rounded(limit)
		switch order := request.Cmp(limit); {
		case !limited && !overcommits(name):
			o.required(limits.Key(string(name)), msgLimitRequired())
		case !limited, order == 0:
		case !overcommits(name):
			o.invalid(at, request.String(), msgEqualsLimit(name, limit.String()))
		case order > 0:
			o.invalid(at, request.String(), msgWithinLimit(name, limit.String()))
		}
	}
	huge, compute := false, false
	for _, list := range []corev1.ResourceList{r.Limits, r.Requests} {
		for name := range list {
			huge = huge || isHugePages(name)
			compute = compute || name == corev1.ResourceCPU || name == corev1.ResourceMemory
		}
	}
	if huge && !compute {
		o.forbidden(at, msgHugePagesAlone())
	}
	o.claimNames(at.Child("claims"), r.Claims, claims)
}

// claimNames checks which resource claims of the pod a container uses: each as a whole, or some of its
// requests.
func (o *objections) claimNames(at *field.Path, used []corev1.ResourceClaim, claims map[string]bool) {
	whole, requests, partly := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, claim := range used {
		request, at := at.Index(i).Child("request"), at.Index(i).Child("name")
		switch key := claim.Name + "/" + claim.Request; {
		case claim.Name == "":
			o.required(at, "")
		case !claims[claim.Name]:
			o.notFound(at, claim.Name)
		case whole[claim.Name], claim.Request == "" && partly[claim.Name]:
			o.found = append(o.found, field.Duplicate(at, claim.Name))
		case claim.Request == "":
			whole[claim.Name] = true
		default:
			partly[claim.Name] = true
			o.label(request, claim.Request)
			o.unique(request, key, requests)
		}
	}
}

func (o *objections) quantities(at *field.Path, list corev1.ResourceList) {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		quantity, at := list[name], at.Key(string(name))
		switch problems := validation.IsQualifiedName(string(name)); {
		case len(problems) > 0:
			o.invalid(at, string(name), problems...)
		case isContainerResource(name), isNative(name) && strings.Contains(string(name), "/"):
		case isNative(name):
			o.invalid(at, string(name), msgStandardResource())
		case !isExtended(name):
			o.invalid(at, string(name), msgExtendedResource())
		}
		if quantity.Cmp(resource.Quantity{}) < 0 {
			o.invalid(at, quantity.String(), msgNotNegative())
		}
		if quantity := rounded(quantity); isExtended(name) && quantity.MilliValue()%1000 != 0 {
			o.invalid(at, quantity.String(), msgInteger())
		}
		if isHugePages(name) && !divides(name, quantity) {
			o.invalid(at, quantity.String(), msgHugePagesMultiple(name))
		}
	}
}

// rounded is a quantity as the API server keeps it.
func rounded(q resource.Quantity) resource.Quantity {
	q = q.DeepCopy()
	q.RoundUp(resource.Milli)
	return q
}

func isHugePages(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

func isContainerResource(name corev1.ResourceName) bool {
	return name == corev1.ResourceCPU || name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage || isHugePages(name)
}

// isNative says whether a resource is one of Kubernetes' own.
func isNative(name corev1.ResourceName) bool {
	return !strings.Contains(string(name), "/") || strings.Contains(string(name), corev1.ResourceDefaultNamespacePrefix)
}

// isExtended says whether a resource can be that of a device: its name has to leave room for the
// prefix that it has in quotas.
func isExtended(name corev1.ResourceName) bool {
	return !isNative(name) && !strings.HasPrefix(string(name), corev1.DefaultResourceRequestsPrefix) &&
		len(validation.IsQualifiedName(corev1.DefaultResourceRequestsPrefix+string(name))) == 0
}

// overcommits says whether a resource can have another limit than its request.
func overcommits(name corev1.ResourceName) bool { return isNative(name) && !isHugePages(name) }

// divides says whether a quantity is a number of pages.
func divides(name corev1.ResourceName, quantity resource.Quantity) bool {
	page, err := resource.ParseQuantity(strings.TrimPrefix(string(name), corev1.ResourceHugePagesPrefix))
	return err == nil && page.Value() > 0 && quantity.Value()%page.Value() == 0
}
