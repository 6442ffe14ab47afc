package doctor

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Names that are used and not served.

func msgUsed(u names.Use) string { return u.Name + " is used in " + u.Object }

func msgNameServiceMissing(u names.Use, service string) string {
	return fmt.Sprintf("%s but does not resolve: service %s does not exist", msgUsed(u), service)
}

func msgNameServiceNotInManifests(u names.Use, service string) string {
	return fmt.Sprintf("%s but resolves only with service %s, which is not in these manifests", msgUsed(u), service)
}

func msgNameServiceElsewhere(u names.Use, service string, namespaces []string, namespace string) string {
	return fmt.Sprintf("%s but does not resolve: in these manifests service %s is in namespace %s, the StatefulSet in %s",
		msgUsed(u), service, strings.Join(namespaces, ", "), namespace)
}

func msgNameServiceExternal(u names.Use, service string) string {
	return fmt.Sprintf("%s but does not resolve: service %s is of type ExternalName", msgUsed(u), service)
}

func msgNameNotSelected(u names.Use, service string, lacking map[string]string) string {
	return fmt.Sprintf("%s but does not resolve: service %s selects %s, which the pod template does not have", msgUsed(u), service, labels.Set(lacking))
}

func msgNameSelectedLater(u names.Use, service string, lacking map[string]string) string {
	return fmt.Sprintf("%s but resolves only for pods that are labeled later: service %s selects %s, which the pod template does not have",
		msgUsed(u), service, labels.Set(lacking))
}

func msgNameWithoutService(u names.Use, service string) string {
	return fmt.Sprintf("%s but does not resolve: spec.serviceName is not set, so service %s gives the pods no DNS names", msgUsed(u), service)
}

func hintCreateService(service string) sts.Hint {
	return sts.Hintf("create headless service %s that selects the pods", service)
}

func hintSameNamespace() sts.Hint {
	return sts.Hintf("put the Service and the StatefulSet into the same namespace")
}

func hintMakeHeadless() sts.Hint {
	return sts.Hintf("make it a headless Service that selects the pods")
}

func hintCorrectSelector() sts.Hint {
	return sts.Hintf("set the selector of the Service to labels of the pod template")
}

func hintNameWithoutService(service string, offline bool) sts.Hint {
	hint := sts.Hintf("set spec.serviceName to %s", service)
	if !offline {
		hint = sts.Hintf("%s; the field is immutable: delete the StatefulSet with --cascade=orphan, create it again, then restart the pods", hint)
	}
	return hint
}

// Names of pods that do not exist.

func msgMemberOutOfRange(u names.Use, ordinals, has []sts.Ordinal) string {
	return fmt.Sprintf("%s, but the StatefulSet has only %s: no pod has %s",
		msgUsed(u), sts.SayOrdinals(has), sts.SayOrdinals(ordinals))
}

func hintMemberOutOfRange() sts.Hint {
	return sts.Hintf("correct the list of members, or scale the StatefulSet")
}

// Names with a namespace.

func msgNamespaceInName(u names.Use, namespace, set, own string, written bool) string {
	name := u.Name + "." + namespace + ".svc"
	switch {
	case own == "" || !written:
		return fmt.Sprintf("%s is used in %s: it resolves only if the StatefulSet is in namespace %s", name, u.Object, namespace)
	default:
		return fmt.Sprintf("%s is used in %s, but statefulset/%s is in namespace %s", name, u.Object, set, own)
	}
}

func msgDomainInName(u names.Use, domain, own string, offline bool) string {
	if offline {
		return fmt.Sprintf("%s is used in %s with domain %s, but the cluster domain is %s", u.Name, u.Object, domain, own)
	}
	return fmt.Sprintf("%s is used in %s with domain %s, but this cluster has domain %s", u.Name, u.Object, domain, own)
}

func hintShortName() sts.Hint {
	return sts.Hintf("use the short name, POD.SERVICE, or take the namespace from the downward API")
}

// The order of the first start.

func msgOrderedReady(image string) string {
	return fmt.Sprintf("podManagementPolicy is OrderedReady: the second pod is created only when the first one is ready, but members of %s often become ready only with a majority", image)
}

func msgFirstPodWaits(pod, image string) string {
	return fmt.Sprintf("pod %s is not ready, and with podManagementPolicy OrderedReady the others are created only when it is; members of %s often become ready only with a majority", pod, image)
}

func hintParallel(namespace, set string) sts.Hint {
	return sts.Hintf("the field is immutable: delete the StatefulSet, keep its pods: %s; then create it again with podManagementPolicy: Parallel",
		sts.Kubectl(namespace, "delete statefulset", set, "--cascade=orphan"))
}
