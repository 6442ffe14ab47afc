package cli

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What may have been meant by a name that no StatefulSet or no namespace has.

func hintPodOf(pod, set string) sts.Hint {
	return sts.Hintf("pod/%s belongs to statefulset/%s: name that", pod, set)
}

func hintOtherKind(kind, name string) sts.Hint {
	return sts.Hintf("%s is a %s: use kubectl rollout", name, kind)
}

func hintNearNames(namespace string, names []string) sts.Hint {
	return sts.Hintf("did you mean %s, in namespace %s?", strings.Join(names, " or "), namespace)
}

func hintNearNamespaces(names []string) sts.Hint {
	return sts.Hintf("did you mean namespace %s?", strings.Join(names, " or "))
}

func hintSetsOf(namespace string, names []string) sts.Hint {
	if len(names) == 0 {
		return sts.Hintf("there are no StatefulSets in namespace %s", namespace)
	}
	text := strings.Join(names[:min(len(names), mostNamed)], ", ")
	if more := len(names) - mostNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return sts.Hintf("StatefulSets in namespace %s: %s", namespace, text)
}
