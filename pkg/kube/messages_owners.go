package kube

// Why an owner reference is not restored: what is wrong with its object.

func msgOwnerCollected(why string) string {
	return why + ", and the garbage collector would delete the claim with it"
}

func msgOwnerVersionInvalid(apiVersion string) string {
	return "its apiVersion " + apiVersion + " is invalid"
}

func msgOwnerVersionUnknown(apiVersion string) string {
	return "the API server does not serve " + apiVersion
}

func msgOwnerVersionHidden(apiVersion string) string {
	return "no permission to read the resources of " + apiVersion
}

func msgOwnerKindUnknown(apiVersion string) string {
	return "the API server does not serve this kind in " + apiVersion
}

func msgOwnerNotFound() string { return "it does not exist" }

func msgOwnerHidden() string { return "cannot determine whether it exists: no permission to get it" }

func msgOwnerUnreadable(answer string) string { return "it could not be read: " + answer }

func msgOwnerReplaced() string { return "it was deleted, and its name belongs to another object" }

func msgOwnerDeleting() string { return "it is being deleted" }
