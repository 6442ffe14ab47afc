package cli

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
)

func causes(d *metav1.StatusDetails) string {
	parts := make([]string, len(d.Causes))
	for i, c := range d.Causes {
		parts[i] = c.Field + ": " + c.Message
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "\n* " + strings.Join(parts, "\n* ")
}

// errorText is kubectl's own text for an error of the API server. kubectl checks only the
// outermost error, so ours are unwrapped for it and their text is put in front.
func errorText(err error) string {
	var status apierrors.APIStatus
	if apierrors.IsInvalid(err) && errors.As(err, &status) {
		// kubectl has its own text for these, which it does not export.
		if d := status.Status().Details; d != nil && d.Name != "" {
			return fmt.Sprintf("The %s %q is invalid: %s", d.Kind, d.Name, causes(d))
		}
	}
	if errors.As(err, &status) {
		if inner, ok := status.(error); ok {
			if text, ok := cmdutil.StandardErrorMessage(inner); ok {
				context := strings.TrimSuffix(strings.TrimSuffix(err.Error(), inner.Error()), ": ")
				if context != "" && context != err.Error() {
					return "error: " + context + "\n" + text
				}
				return text
			}
		}
	}
	if text, ok := cmdutil.StandardErrorMessage(err); ok {
		return text
	}
	return "error: " + err.Error()
}
